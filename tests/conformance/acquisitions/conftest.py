"""Where the acquisition cases come from, the book they are run on, and the table at the end.

``QUIRE_CASES`` names the folder of the cases (default ``../shared/cases`` beside the repository). A missing set is a
loud skip, and a failure where ``CI=true``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.orders.funds.book import Book
from tests.support.service import ServiceUnderTest, service_under_test

AREAS = ("budget-total", "encumbrance", "limit", "transfer", "split", "fx", "concurrency")
_REPOSITORY = Path(__file__).resolve().parents[3]
_outcomes: dict[str, tuple[str, str, str]] = {}


def cases_file() -> Path:
    folder = Path(os.environ.get("QUIRE_CASES", "../shared/cases"))
    return (folder if folder.is_absolute() else _REPOSITORY / folder) / "acquisitions.jsonl"


def load_cases() -> list[dict[str, Any]]:
    """The cases of the ledger's areas; numbers are read as decimals, never as floats."""
    path = cases_file()
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines if line.strip()]
    return [case for case in cases if case["area"] in AREAS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = load_cases()
        metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


Outcome = Callable[[dict[str, Any], str, str], None]


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """Notes a case as met or not met, and why."""

    def note(case: dict[str, Any], result: str, why: str) -> None:
        _outcomes[case["id"]] = (case["area"], result, why)

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _outcomes:
        return
    write = terminalreporter.write_line
    terminalreporter.section("acquisition cases")
    write(f"{'area':<14}{'cases':>6}{'met':>6}{'not met':>9}")
    areas = [area for area in AREAS if any(o[0] == area for o in _outcomes.values())]
    for area in areas:
        counts = Counter(result for owner, result, _ in _outcomes.values() if owner == area)
        write(f"{area:<14}{counts.total():>6}{counts['met']:>6}{counts.total() - counts['met']:>9}")
    met = sum(1 for _, result, _ in _outcomes.values() if result == "met")
    write(f"{'all':<14}{len(_outcomes):>6}{met:>6}{len(_outcomes) - met:>9}")
    for name, (_, result, why) in sorted(_outcomes.items()):
        if why:
            write(f"{name}: {result}: {why}")


@pytest.fixture(scope="session")
def case_count() -> int:
    return len(load_cases())


@pytest.fixture(scope="session")
async def shared_orders(postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceUnderTest]:
    """One orders service for all cases; each case has its own calendar, ledgers and funds in it."""
    async with service_under_test("orders", postgres_dsn, tmp_path_factory.mktemp("orders")) as service:
        yield service


@pytest.fixture
async def book(shared_orders: ServiceUnderTest) -> Book:
    return await Book.open(shared_orders)

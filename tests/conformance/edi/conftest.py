"""Where the EDI files come from: `QUIRE_CORPORA` (default `../shared/corpora` beside the repository), folder `edi`.

A missing set is a loud skip, and a failure where `CI=true`. The session ends with a table of what was met.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Fact = dict[str, Any]
_REPOSITORY = Path(__file__).resolve().parents[3]
_NOT_FILES = ("FACTS.jsonl", "INDEX.tsv")
_outcomes: dict[tuple[str, str], tuple[str, str]] = {}


def corpus_folder() -> Path:
    folder = Path(os.environ.get("QUIRE_CORPORA", "../shared/corpora"))
    return (folder if folder.is_absolute() else _REPOSITORY / folder) / "edi"


def corpus_files() -> list[Path]:
    folder = corpus_folder()
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name not in _NOT_FILES)


def load_facts() -> dict[str, list[Fact]]:
    """Facts of each file, one per message in the order of the file; files without messages are not in it."""
    path = corpus_folder() / "FACTS.jsonl"
    facts: dict[str, list[Fact]] = defaultdict(list)
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                fact = json.loads(line)
                facts[fact["file"]].append(fact)
    return dict(facts)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`edi_file`: each file of the corpus. A test that takes it also takes `edi_corpus`, which skips without one."""
    if "edi_file" in metafunc.fixturenames:
        files = corpus_files()
        metafunc.parametrize("edi_file", files or [corpus_folder()], ids=[path.name for path in files] or ["no corpus"])


@pytest.fixture(scope="session")
def edi_corpus() -> Path:
    """The corpus folder; skips, or fails in CI, when it is not there."""
    folder = corpus_folder()
    if not corpus_files():
        reason = f"No EDI files in {folder}. Set QUIRE_CORPORA to the folder that holds the folder edi."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def edi_facts(edi_corpus: Path) -> dict[str, list[Fact]]:
    return load_facts()


Outcome = Callable[[str, str, str, str], None]


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """Notes a case: group, case, `met` or `not met`, and why."""

    def note(group: str, case: str, result: str, why: str) -> None:
        _outcomes[group, case] = (result, why)

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _outcomes:
        return
    write = terminalreporter.write_line
    terminalreporter.section("EDI corpus")
    write(f"{'':<24}{'cases':>6}{'met':>6}{'not met':>9}")
    for group in sorted({group for group, _ in _outcomes}):
        counts = Counter(result for (owner, _), (result, _) in _outcomes.items() if owner == group)
        write(f"{group:<24}{counts.total():>6}{counts['met']:>6}{counts.total() - counts['met']:>9}")
    for (group, case), (result, why) in sorted(_outcomes.items()):
        if result != "met" or why:
            write(f"{group}: {case}: {result}: {why}")

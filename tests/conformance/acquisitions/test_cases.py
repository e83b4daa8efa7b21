"""The published acquisition cases of the ledger's areas, run as black-box cases. What each must give stands in the case."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from quire_orders.funds.rules import Figures, Totals, sum_totals
from quire_orders.funds.rules_distribution import DistributionKind, Part, split
from quire_orders.funds.rules_limits import Check, Demand, Limit, Limits, check_limits
from quire_shared.values.money import Money

Case = dict[str, Any]
PURE = ("budget_totals", "aggregate_totals", "limit", "split")


def figures(given: Case, currency: str) -> Figures:
    """Figures from a case; ``allocated`` stands for the initial allocation."""
    initial: Decimal = given.get("initial", given.get("allocated", Decimal(0)))
    amounts: dict[str, Decimal] = {"initial": initial}
    for name in ("alloc_in", "alloc_out"):
        amounts[name.replace("alloc", "allocated")] = given.get(name, Decimal(0))
    for name in ("net_transfers", "encumbered", "awaiting", "expended", "credited"):
        amounts[name] = given.get(name, Decimal(0))
    return Figures(currency=currency, **amounts)


def compare_totals(totals: Totals, expected: Case) -> None:
    assert {name: getattr(totals, name) for name in expected} == expected


def budget_totals(case: Case) -> None:
    compare_totals(figures(case["given"], case["currency"]).totals(), case["then"])


def aggregate_totals(case: Case) -> None:
    budgets = [figures(given, case["currency"]) for given in case["given"]["budgets"]]
    compare_totals(sum_totals(budgets)[case["currency"]], case["then"])


def limit(case: Case) -> None:
    given = case["given"]
    stop = Limit(percent=given["allowed_pct"]) if "allowed_pct" in given else Limit()
    check = Check.ENCUMBRANCE if given["what"] == "encumbrance" else Check.EXPENDITURE
    limits = Limits(encumbrance_stop=stop, expenditure_stop=stop)
    demand = Demand(UUID(int=1), "A", "funds/0", figures(given, case["currency"]), limits, given["new"])
    stopped = any(finding.stops for finding in check_limits(check, [demand]))
    assert ("rejected" if stopped else "accepted") == case["then"]["result"]


def split_shares(case: Case) -> None:
    parts = [Part(f"funds/{i}", percent) for i, percent in enumerate(case["given"]["percents"])]
    total = Money(Decimal(case["given"]["total"]), case["currency"])
    shares = split(DistributionKind.PERCENT, total, parts)
    assert [share.amount for share in shares] == case["then"]["shares"]


KINDS: dict[str, Callable[[Case], None]] = {
    "budget_totals": budget_totals,
    "aggregate_totals": aggregate_totals,
    "limit": limit,
    "split": split_shares,
}


def test_the_cases_are_there(case_count: int) -> None:
    if case_count == 0:
        reason = "no acquisition cases: set QUIRE_CASES to the folder that holds acquisitions.jsonl"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)


def test_case(case: Case, outcome: Callable[[Case, str, str], None]) -> None:
    run = KINDS.get(case["kind"])
    if run is None:
        outcome(case, "not met", "runs on the command layer")
        pytest.skip("runs on the command layer")
    outcome(case, "not met", "the figures differ")
    run(case)
    outcome(case, "met", "")

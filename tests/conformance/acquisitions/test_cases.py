"""The published acquisition cases of the ledger's areas, run on the real commands. What must come out stands in the case."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from quire_orders.funds.commands_booking import Override
from quire_orders.funds.rules import Figures, Totals, sum_totals
from quire_orders.funds.rules_commitments import OrderState
from quire_orders.funds.rules_distribution import DistributionKind, Part, split
from quire_orders.funds.rules_limits import Check, Demand, Limit, Limits, check_limits
from quire_shared.api.problems import Invalid
from quire_shared.values.money import Money
from tests.conformance.acquisitions.narratives import LATER, NARRATIVES
from tests.orders.funds.book import Book

Case = dict[str, Any]
Note = Callable[[Case, str, str], None]


def figures(given: Case, currency: str) -> Figures:
    """Figures from a case; ``allocated`` stands for the initial allocation."""
    amounts = {"initial": Decimal(given["initial"] if "initial" in given else given.get("allocated", 0))}
    for name in ("alloc_in", "alloc_out"):
        amounts[name.replace("alloc", "allocated")] = given.get(name, Decimal(0))
    for name in ("net_transfers", "encumbered", "awaiting", "expended", "credited"):
        amounts[name] = given.get(name, Decimal(0))
    return Figures(currency=currency, **amounts)


async def book_figures(book: Book, name: str, given: Case, ledger: str = "1") -> None:
    """Brings a budget to the figures of a case by commands: allocations, transfers, an order, invoices."""
    wanted = figures(given, book.currency)
    await book.fund_with_budget(name, wanted.initial, ledger)
    if wanted.allocated_in:
        await book.allocate(name, wanted.allocated_in)
    if wanted.allocated_out:
        await book.allocate(name, -wanted.allocated_out)
    if wanted.net_transfers:
        if "elsewhere" not in book.funds:
            await book.fund_with_budget("elsewhere", 0, "elsewhere")
        giver, taker = ("elsewhere", name) if wanted.net_transfers > 0 else (name, "elsewhere")
        await book.transfer(giver, taker, abs(wanted.net_transfers))
    override = Override("as the case is given")
    for invoice, amount in (("paid", wanted.expended), ("credited", -wanted.credited), ("awaiting", wanted.awaiting)):
        if amount:
            await book.approve(f"{invoice} {name}", amount, funds={name: amount}, override=override)
            if invoice != "awaiting":
                await book.pay(f"{invoice} {name}")
    if wanted.encumbered:
        book.line(f"given {name}", wanted.encumbered, [(name, 100)])
        await book.open_order(f"order of given {name}", override)


def compare_totals(totals: Totals, expected: Case) -> None:
    assert {name: getattr(totals, name) for name in expected} == expected


async def budget_totals(case: Case, book: Book) -> None:
    compare_totals(figures(case["given"], case["currency"]).totals(), case["then"])
    await book.ledger("1", restrict=False)
    await book.ledger("elsewhere", restrict=False)
    await book_figures(book, "A", case["given"])
    stands = await book.figures("A")
    assert {name: stands[name] for name in case["then"]} == case["then"]


async def aggregate_totals(case: Case, book: Book) -> None:
    given = case["given"]["budgets"]
    compare_totals(sum_totals(figures(g, case["currency"]) for g in given)[case["currency"]], case["then"])
    await book.ledger("1", restrict=False)
    await book.ledger("elsewhere", restrict=False)
    for number, budget in enumerate(given):
        await book_figures(book, f"F{number}", budget)
    stands = await book.totals(ledger_id=str(book.ledgers["1"]))
    assert {name: stands[name] for name in case["then"]} == case["then"]


async def limit(case: Case, book: Book) -> None:
    given = case["given"]
    stop = Limit(percent=given["allowed_pct"]) if "allowed_pct" in given else Limit()
    check = Check.ENCUMBRANCE if given["what"] == "encumbrance" else Check.EXPENDITURE
    limits = Limits(encumbrance_stop=stop, expenditure_stop=stop)
    demand = Demand(UUID(int=1), "A", "funds/0", figures(given, case["currency"]), limits, given["new"])
    stopped = any(finding.stops for finding in check_limits(check, [demand]))
    assert ("rejected" if stopped else "accepted") == case["then"]["result"]
    assert await limit_on_the_books(given, book) == case["then"]["result"]


async def limit_on_the_books(given: Case, book: Book) -> str:
    await book.ledger("1")
    await book.ledger("elsewhere", restrict=False)
    await book_figures(book, "A", given)
    if "allowed_pct" in given:
        percent = {"percent": str(given["allowed_pct"])}
        limits = {"encumbrance_stop": percent, "expenditure_stop": percent}
        answer = await book.client.patch(
            f"/budgets/{book.budgets['A']}", json={"limits": limits}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.text
    before = await book.figures("A")
    kind = "encumbrance" if given["what"] == "encumbrance" else "expenditure"
    refusal: Invalid | None = None
    try:
        if kind == "encumbrance":
            book.line("new", given["new"], [("A", 100)])
            await book.open_order("order of new")
        else:
            await book.approve("new", given["new"], funds={"A": given["new"]})
    except Invalid as problem:
        refusal = problem
    if refusal is None:
        assert (await book.figures("A"))["used"] == before["used"] + given["new"]
        return "accepted"
    assert [fault.code for fault in refusal.errors] == [f"{kind}_limit"]
    assert await book.figures("A") == before
    return "rejected"


async def split_shares(case: Case, book: Book) -> None:
    percents = case["given"]["percents"]
    total = Money(Decimal(case["given"]["total"]), case["currency"])
    shares = split(DistributionKind.PERCENT, total, [Part(f"funds/{i}", p) for i, p in enumerate(percents)])
    assert [share.amount for share in shares] == case["then"]["shares"]
    for number in range(len(percents)):
        await book.fund_with_budget(f"F{number}", 1000)
    book.line("P", total.amount, [(f"F{number}", percent) for number, percent in enumerate(percents)])
    await book.open_order("order of P")
    stands = [(await book.figures(f"F{number}"))["encumbered"] for number in range(len(percents))]
    assert stands == case["then"]["shares"]


async def workflow(case: Case, book: Book) -> None:
    """Runs the steps; after each one the ledger must prove itself."""
    restrict = case["area"] not in ("budget-total", "transfer")  # these say that limits are off
    await book.ledger("1", restrict)
    await book.ledger("2", restrict)
    nets: list[tuple[str, Decimal]] = []
    for name, given in case["given"]["budgets"].items():
        # In the transfer cases fund C lies in the second ledger.
        ledger = "2" if case["area"] == "transfer" and name == "C" else "1"
        await book.fund_with_budget(name, given["allocated"], ledger)
        if given.get("net_transfers"):
            nets.append((name, given["net_transfers"]))
    if nets:
        (giver, out), (taker, into) = sorted(nets, key=lambda pair: pair[1])
        assert -out == into
        await book.transfer(giver, taker, into)
    voided = Decimal(0)
    for step in case["when"]:
        if step["op"] == "cancel_invoice":
            outcome = await book.cancel(step["invoice"])
            voided += sum((c.amount.amount for c in outcome.charges), Decimal(0))
        else:
            await STEPS[step["op"]](book, step)
        assert await book.consistency() == []
    await expect(book, case["then"], voided)


async def expect(book: Book, expected: Case, voided: Decimal = Decimal(0)) -> None:
    for name, wanted in expected.get("budgets", {}).items():
        stands = await book.figures(name)
        assert {key: stands[key] for key in wanted} == wanted, name
    for key, wanted in expected.get("encumbrances", {}).items():
        line, fund = key.split(":")
        held = await book.commitment(line, fund)
        assert {name: held[name] for name in wanted} == wanted, key
    for number in ("1", "2"):
        if f"ledger_{number}" in expected:
            wanted = expected[f"ledger_{number}"]
            sums = await book.totals(ledger_id=str(book.ledgers[number]))
            assert {name: sums[name] for name in wanted} == wanted, number
    if "voided" in expected:
        assert voided == expected["voided"]
    assert set(expected) <= {"op", "budgets", "encumbrances", "ledger_1", "ledger_2", "voided"}


async def create_order(book: Book, step: Case) -> None:
    for line in step["lines"]:
        assert line["split"] == "percent"
        book.line(line["line"], line["price"] * line["qty"], [tuple(f) for f in line["funds"]], step["order"])


async def approve(book: Book, step: Case) -> None:
    await book.approve(
        step["invoice"], step["amount"], line=step.get("line"), funds=step.get("funds"), release=step["release"]
    )


async def open_order(book: Book, step: Case) -> None:
    await book.open_order(step["order"])


async def order_state(book: Book, step: Case) -> None:
    states = {"unopen": OrderState.PENDING, "close": OrderState.CLOSED, "reopen": OrderState.OPEN}
    await book.order_state(step["order"], states[step["op"]])


async def pay(book: Book, step: Case) -> None:
    await book.pay(step["invoice"])


async def release(book: Book, step: Case) -> None:
    await book.release(step["line"])


async def unrelease(book: Book, step: Case) -> None:
    await book.unrelease(step["line"])


async def transfer(book: Book, step: Case) -> None:
    await book.transfer(step["from"], step["to"], step["amount"])


async def change_line(book: Book, step: Case) -> None:
    funds = [tuple(f) for f in step["funds"]] if "funds" in step else None
    await book.change_line(step["line"], step.get("price"), funds)


STEPS: dict[str, Callable[[Book, Case], Awaitable[None]]] = {
    "approve": approve,
    "change_line": change_line,
    "close": order_state,
    "create_order": create_order,
    "expect": expect,
    "open": open_order,
    "pay": pay,
    "release": release,
    "reopen": order_state,
    "transfer": transfer,
    "unopen": order_state,
    "unrelease": unrelease,
}
KINDS: dict[str, Callable[[Case, Book], Awaitable[None]]] = {
    "aggregate_totals": aggregate_totals,
    "budget_totals": budget_totals,
    "limit": limit,
    "split": split_shares,
    "workflow": workflow,
}


def test_the_cases_are_there(case_count: int) -> None:
    if case_count == 0:
        reason = "no acquisition cases: set QUIRE_CASES to the folder that holds acquisitions.jsonl"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)


async def test_case(case: Case, book: Book, outcome: Note) -> None:
    if case["id"] in LATER:
        outcome(case, "not met", LATER[case["id"]])
        pytest.skip(LATER[case["id"]])
    run = NARRATIVES.get(case["id"]) if case["kind"] == "narrative" else KINDS.get(case["kind"])
    if run is None:
        outcome(case, "not met", f"nobody has told this harness how to run it ({case['kind']})")
        pytest.fail(f"{case['id']}: a {case['kind']} case that the harness does not know")
    outcome(case, "not met", "the outcome differs")
    difference = await run(case, book)
    assert await book.consistency() == []
    outcome(case, "met", difference or "")

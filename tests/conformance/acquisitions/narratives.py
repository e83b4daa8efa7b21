"""The cases that are told in words, each as commands and figures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from quire_orders.funds.commands_booking import Override
from quire_orders.funds.commands_charges import approve_charges, cancel_charges
from quire_orders.funds.commands_commitments import LineParts, commit_lines, release_lines
from quire_orders.funds.commands_money import change_allocation
from quire_orders.funds.rules_commitments import OrderState
from quire_orders.funds.rules_distribution import DistributionKind, Part, check_distribution
from quire_orders.funds.schemas_ledger import AllocationIn
from quire_shared.api.problems import Conflict, Invalid
from quire_shared.database.work import Work
from quire_shared.values.money import Money
from tests.orders.funds.book import DAY, Book, get, post

Case = dict[str, Any]

# Cases that need a command which is not the ledger's, and the one that brings it.
LATER = {
    "concurrency-09": "the payment status of an order line comes with purchasing (mark line paid); "
    "the ledger's part, nothing encumbered after a release, is encumbrance-25 and concurrency-08",
}


async def over_encumbrance_at_every_level(case: Case, book: Book) -> None:
    for ledger in ("A", "B"):
        await book.ledger(ledger, restrict=False)
        await book.fund_with_budget(ledger, 100, ledger)
    for fund, price in (("A", 10), ("B", 1)):
        book.line(fund, price, [(fund, 100)])
        await book.open_order(f"order of {fund}")
        await book.approve(fund, 100, funds={fund: Decimal(100)})
        await book.pay(fund)
    group = await post(
        book.client, "/fund-groups", code=f"{book.prefix}-g", name="Group", fund_ids=[str(book.funds["B"])]
    )
    queries = {
        "fiscal_year": {},
        "ledger_A": {"ledger_id": str(book.ledgers["A"])},
        "ledger_B": {"ledger_id": str(book.ledgers["B"])},
        "group": {"group_id": group["id"]},
    }
    found = {name: (await book.totals(**query))["over_encumbered"] for name, query in queries.items()}
    assert found == case["then"]["over_encumbered"]


async def payment_is_never_limited(case: Case, book: Book) -> None:
    given = case["given"]
    await book.ledger("elsewhere", restrict=False)
    for payment in given["payments"]:
        name = f"P{payment}"
        await book.fund_with_budget(name, given["allocated"])
        if "X" not in book.funds:
            await book.fund_with_budget("X", 1000, "elsewhere")
        await book.transfer("X", name, given["net_transfers"])
        override = Override("approved before the limit was set")
        await book.approve(f"old {name}", given["expended"], funds={name: given["expended"]})
        await book.pay(f"old {name}")
        book.line(name, given["encumbered"], [(name, 100)])
        await book.open_order(f"order of {name}")
        rest = given["awaiting"] - payment
        await book.approve(f"rest {name}", rest, funds={name: rest})
        await book.approve(name, payment, funds={name: payment}, override=override)
        limits = {"expenditure_stop": {"percent": "0"}}
        answer = await book.client.patch(
            f"/budgets/{book.budgets[name]}", json={"limits": limits}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.text
        await book.pay(name)
        figures = await book.figures(name)
        assert figures["expended"] == given["expended"] + payment
        assert figures["awaiting"] == given["awaiting"] - payment


async def fund_of_another_location(case: Case, book: Book) -> None:
    await book.fund("A", locations=["Location 1"])
    await book.budget("A", 100)
    line = book.line("P", 10, [("A", 100)])
    parts = book.parts(line, frozenset({"Location 2"}))
    with pytest.raises(Invalid) as refusal:
        await book.run(commit_lines, book.orders[line.order], OrderState.OPEN, [parts], on=DAY)
    assert refusal.value.status == case["then"]["http"]
    assert [fault.code for fault in refusal.value.errors] == [case["then"]["error"]]
    # Nothing is left of the opening, so the order stays as it was.
    assert await book.scalar("SELECT count(*) FROM commitment WHERE line_id = :id", id=line.id) == 0


async def fund_change_with_an_approved_invoice(case: Case, book: Book) -> str:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    book.line("P", 10, [("A", 100)])
    await book.open_order("order of P")
    await book.approve("I", 10, line="P")
    with pytest.raises(Conflict) as refusal:
        await book.change_line("P", funds=[("B", 100)])
    assert [fault.code for fault in refusal.value.errors] == [case["then"]["error"]]
    return f"answered {refusal.value.status} (present state), not {case['then']['http']} (rights)"


async def batch_of_everything(case: Case, book: Book) -> None:
    await book.fund_with_budget("A", 100)
    for price in (10, 5, 3):
        book.line(f"P{price}", price, [("A", 100)])
        await book.open_order(f"order of P{price}")
    first = book.charge_parts("I1", 10, line="P10", release=True)
    second = book.charge_parts("I2", 9, funds={"A": Decimal(9)})

    async def batch(work: Work) -> None:
        await approve_charges(work, book.invoices["I1"], first, on=DAY)
        await approve_charges(work, book.invoices["I2"], second, on=DAY)
        await change_allocation(work, AllocationIn(budget_id=book.budgets["A"], change=book.money(7)), DAY)
        await release_lines(work, [book.lines["P3"].id], on=DAY)
        line = book.lines["P5"]
        await commit_lines(work, book.orders[line.order], OrderState.OPEN, [LineParts(line.id, [])], on=DAY)

    await book.run(batch)
    figures = await book.figures("A")
    assert {name: figures[name] for name in case["then"]["ours"]} == case["then"]["ours"]


async def zero_price(case: Case, book: Book) -> None:
    nothing = Money.zero(case["currency"])
    assert nothing.amount == case["given"]["price"]
    zeros = [Part("0", Decimal(0)), Part("1", Decimal(0))]
    halves = [Part("0", Decimal(50)), Part("1", Decimal(50))]
    assert check_distribution(DistributionKind.AMOUNT, nothing, zeros, "funds") == ()
    assert check_distribution(DistributionKind.PERCENT, nothing, halves, "funds") == ()
    await book.fund_with_budget("A", 10)
    await book.fund_with_budget("B", 10)
    book.line("P", 0, [("A", 50), ("B", 50)])
    await book.open_order("order of P")


async def net_transfers_across_borders(case: Case, book: Book) -> None:
    for fund, ledger in (("1", "1"), ("2", "1"), ("3", "2")):
        await book.fund_with_budget(fund, 100, ledger)
    await book.transfer("1", "2", 10)
    await book.transfer("3", "1", 5)
    group = await post(
        book.client, "/fund-groups", code=f"{book.prefix}-g", name="Group", fund_ids=[str(book.funds["1"])]
    )
    assert (await book.totals(group_id=group["id"]))["net_transfers"] == case["then"]["group_net"]
    ledger_totals = await book.totals(ledger_id=str(book.ledgers["1"]))
    assert ledger_totals["net_transfers"] == case["then"]["ledger_1_net"]


def _row(book: Book, fund: str, change: int, year: Any = None) -> dict[str, Any]:
    return {"fund_id": str(book.funds[fund]), "fiscal_year_id": str(year or book.year_id), "change": book.wire(change)}


async def batch_preview(case: Case, book: Book) -> None:
    await book.fund_with_budget("A", 2000)
    body = {"rows": [_row(book, "A", 500)], "reason": "extra money"}
    effect = await post(book.client, "/allocation-batches?dry_run=true", expected=200, **body)
    assert Decimal(effect["rows"][0]["allocated_after"]["amount"]) == case["then"]["budget_after_preview"]
    assert (await book.figures("A"))["allocated"] == case["then"]["stored_allocated"]
    log = await get(book.client, "/allocation-batches", fiscal_year_id=str(book.year_id))
    assert len(log) == case["then"]["log_entries"]


async def batch_refuses_years_and_doubles(case: Case, book: Book) -> str:
    other = await book.year("2027", "2027-01-01", "2027-12-31")
    for fund in ("A", "B"):
        await book.fund_with_budget(fund, 10)
    years = {"rows": [_row(book, "A", 1), _row(book, "B", 1, other)], "reason": "two years"}
    refused = await post(book.client, "/allocation-batches", expected=422, **years)
    assert [error["code"] for error in refused["errors"]] == ["several_fiscal_years"]
    doubles = {"rows": [_row(book, "A", 1), _row(book, "A", 1)], "reason": "twice"}
    refused = await post(book.client, "/allocation-batches", expected=422, **doubles)
    assert [error["code"] for error in refused["errors"]] == ["fund_twice"]
    assert (await book.figures("A"))["allocated"] == 10
    assert len(case["then"]["http"]) == 2
    return "refused with 422 (not valid) instead of 400"


async def batch_makes_budgets(case: Case, book: Book) -> None:
    future = await book.year("2099", "2099-01-01", "2099-12-31")
    await book.fund("A")
    fund = await book.client.patch(
        f"/funds/{book.funds['A']}", json={"status": "inactive"}, headers={"If-Match": '"1"'}
    )
    assert fund.status_code == 200, fund.text
    for name, year in (("future", future), ("current", book.year_id)):
        made = await post(book.client, "/allocation-batches", rows=[_row(book, "A", 100, year)], reason="new year")
        budget = await get(book.client, f"/budgets/{made['rows'][0]['budget_id']}")
        expected = case["then"][name]
        assert Decimal(budget["figures"]["allocated"]["amount"]) == expected["allocated"]
        assert budget["status"] == expected["status"].lower()
    active = await get(book.client, f"/funds/{book.funds['A']}")
    assert active["status"] == case["then"]["current"]["fund"].lower()


async def _tree(book: Book) -> dict[str, list[Decimal]]:
    """Each fund's total with children and its own, as the cases tell them."""
    answer = await get(book.client, "/fund-tree", fiscal_year_id=str(book.year_id))
    names = {str(fund_id): name for name, fund_id in book.funds.items()}
    return {
        names[item["fund_id"]]: [
            Decimal(item["with_children"][0]["available"]["amount"]),
            Decimal(item["own"][0]["available"]["amount"]),
        ]
        for item in answer["items"]
    }


def _moves(start: dict[str, tuple[int, str | None]], giver: str, taker: str, amount: int) -> Any:
    """A tree given as own balances and parents, from which the case's move must make its figures."""

    async def run(case: Case, book: Book) -> None:
        for fund, (own, parent) in start.items():
            await book.fund_with_budget(fund, own, parent=parent)
        await book.transfer(giver, taker, amount, "/allocation-moves")
        tree = await _tree(book)
        assert {name: tree[name] for name in case["then"]} == case["then"]

    return run


async def rate_of_an_open_line(case: Case, book: Book) -> None:
    await book.fund_with_budget("A", 10000)
    line = book.line("P", 1, [("A", 100)], currency="EUR")
    for number, value in enumerate(case["given"]["rates"]):
        line.rate_id = await book.rate("EUR", "USD", str(value))
        await (book.open_order("order of P") if number == 0 else book.change_line("P"))
        figures = await book.figures("A")
        assert figures["encumbered"] == case["then"]["encumbered"][number]
        assert figures["available"] == case["then"]["available"][number]


async def manual_rate_removed(case: Case, book: Book) -> None:
    await book.rate("EUR", "USD", "1.25")
    await book.fund_with_budget("A", 10000)
    line = book.line("P", 1, [("A", 100)], currency="EUR")
    line.rate_id = await book.rate("EUR", "USD", str(case["given"]["rate"]), source="contract")
    await book.open_order("order of P")
    figures = await book.figures("A")
    assert {name: figures[name] for name in case["then"]["first"]} == case["then"]["first"]
    line.rate_id = None
    await book.change_line("P")
    assert (await book.figures("A"))["encumbered"] == Decimal("1.25")


async def rates_of_an_invoice(case: Case, book: Book) -> None:
    given, then = case["given"], case["then"]
    await book.fund_with_budget("A", given["budget"])
    rates = {str(value): await book.rate("EUR", "USD", str(value)) for value in given["rates"]}

    async def approve(rate: str) -> None:
        amount = given["amount"]
        await book.approve("I", amount, funds={"A": amount}, currency="EUR", rate_id=rates[rate])

    await approve("2.5")
    figures = await book.figures("A")
    assert {name: figures[name] for name in then["2.5"]} == then["2.5"]
    with pytest.raises(Invalid) as refusal:
        await approve("2.7")
    assert refusal.value.status == then["2.7"]["http"]
    assert (await book.figures("A"))["awaiting"] == then["2.7"]["awaiting"]
    await approve("2.6")
    figures = await book.figures("A")
    assert {name: figures[name] for name in then["2.6"]} == then["2.6"]
    await book.pay("I", rates["2.4"])
    figures = await book.figures("A")
    assert {name: figures[name] for name in then["2.4 on pay"]} == then["2.4 on pay"]


async def update_that_fails_half_way(case: Case, book: Book) -> str:
    await book.fund_with_budget("A", 10)
    path = f"/budgets/{book.budgets['A']}"
    before = await get(book.client, path)
    body = {
        "status": "frozen",
        "expense_classes": [{"expense_class_id": "00000000-0000-0000-0000-000000000001", "status": "active"}],
    }
    answer = await book.client.patch(path, json=body, headers={"If-Match": '"1"'})
    assert 400 <= answer.status_code < 500
    assert await get(book.client, path) == before
    return f"answered {answer.status_code}, not {case['then']['http']}; status and version stay as they were"


def _repricing(lines: list[tuple[str, int]], same_order: bool) -> Any:
    async def run(case: Case, book: Book) -> None:
        await book.fund_with_budget("A", 1000)
        for name, _ in lines:
            book.line(name, 10, [("A", 100)], order="O" if same_order else f"order of {name}")
        for order in list(book.orders):
            await book.open_order(order)
        await asyncio.gather(*(book.change_line(name, price=price) for name, price in lines))
        figures = await book.figures("A")
        assert {name: figures[name] for name in case["then"]} == case["then"]

    return run


async def same_payment_twice(case: Case, book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.approve("I", 50, funds={"A": Decimal(50)})
    await asyncio.gather(book.pay("I"), book.pay("I"))
    await book.pay("I")
    payments = await book.scalar(
        "SELECT count(*) FROM transaction WHERE purpose = 'payment' AND document_id = :id", id=book.invoices["I"]
    )
    assert payments == case["then"]["payments"]
    assert (await book.figures("A"))["expended"] == case["then"]["expended"]


async def stopped_between_cancelling_and_encumbering(case: Case, book: Book) -> None:
    await book.fund_with_budget("A", 100)
    book.line("P", 10, [("A", 100)])
    await book.open_order("order of P")
    await book.approve("I", 10, line="P", release=True)
    await book.pay("I")
    before = await book.figures("A")

    class Stopped(Exception):
        pass

    async def cancel_and_stop(work: Work) -> None:
        await cancel_charges(work, book.invoices["I"], on=DAY, reason="sent in error")
        raise Stopped

    with pytest.raises(Stopped):
        await book.run(cancel_and_stop)
    assert await book.figures("A") == before
    await book.cancel("I")
    assert (await book.figures("A"))["encumbered"] == case["then"]["encumbered"]


NARRATIVES: dict[str, Callable[[Case, Book], Awaitable[str | None]]] = {
    "budget-total-20": over_encumbrance_at_every_level,
    "limit-07": payment_is_never_limited,
    "limit-16": fund_of_another_location,
    "encumbrance-37": fund_change_with_an_approved_invoice,
    "encumbrance-40": batch_of_everything,
    "split-07": zero_price,
    "transfer-03": net_transfers_across_borders,
    "transfer-06": batch_preview,
    "transfer-09": batch_refuses_years_and_doubles,
    "transfer-10": batch_makes_budgets,
    # C holds 700 itself; C2 and C21 below it hold 30 and 50, a sibling 20; another child of C 200.
    "transfer-11": _moves(
        {"C": (700, None), "C2": (30, "C"), "C21": (50, "C2"), "C22": (20, "C2"), "C1": (200, "C")}, "C21", "C", 25
    ),
    "transfer-13": _moves(
        {
            "A": (400, None),
            "B": (150, "A"),
            "B1": (300, "B"),
            "B2": (50, "B"),
            "C": (725, "A"),
            "C1": (200, "C"),
            "C2": (30, "C"),
            "C21": (25, "C2"),
            "C22": (120, "C2"),
        },
        "B1",
        "C21",
        300,
    ),
    "transfer-14": _moves(
        {
            "A": (400, None),
            "B": (200, "A"),
            "C": (725, "A"),
            "C2": (475, "C"),
            "C1": (100, "C"),
            "C3": (100, "C"),
            "E": (100, None),
            "F": (100, "E"),
            "F1": (100, "F"),
        },
        "F",
        "C3",
        100,
    ),
    "fx-02": rate_of_an_open_line,
    "fx-03": manual_rate_removed,
    "fx-04": rates_of_an_invoice,
    "concurrency-03": update_that_fails_half_way,
    "concurrency-05": _repricing([("P1", 11), ("P2", 12), ("P3", 13), ("P4", 14)], same_order=False),
    "concurrency-06": _repricing([(f"P{n}", 10 + n) for n in range(1, 6)], same_order=True),
    "concurrency-08": same_payment_twice,
    "concurrency-10": stopped_between_cancelling_and_encumbering,
}

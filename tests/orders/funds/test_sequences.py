"""Any sequence of commands, by two people at once, leaves a ledger that proves itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quire_orders.funds.rules_commitments import OrderState
from quire_shared.api.problems import Conflict, Invalid
from quire_shared.values.ids import uuid7
from tests.orders.funds.book import Book
from tests.support.service import ServiceUnderTest

FUNDS = ("A", "B", "C")
LINES = ("L1", "L2", "L3")  # the first two belong to one order
INVOICES = ("I1", "I2", "I3")


@dataclass(frozen=True)
class Step:
    """One command; ``what`` names it, the others choose its objects."""

    what: str
    line: str
    invoice: str
    funds: tuple[str, str]
    cents: int
    flag: bool

    def run(self, book: Book) -> Awaitable[Any]:
        amount = Decimal(self.cents).scaleb(-2)
        order = book.lines[self.line].order
        giver, taker = self.funds
        match self.what:
            case "open":
                return book.open_order(order)
            case "state":
                return book.order_state(order, OrderState.CLOSED if self.flag else OrderState.PENDING)
            case "reopen":
                return book.order_state(order, OrderState.OPEN)
            case "reprice":
                return book.change_line(self.line, price=abs(amount))
            case "refund":
                return book.change_line(self.line, funds=[(giver, 40), (taker, 60)] if self.flag else [(giver, 100)])
            case "release":
                return book.release(self.line)
            case "unrelease":
                return book.unrelease(self.line)
            case "approve":
                return book.approve(self.invoice, amount, line=self.line, release=self.flag)
            case "approve elsewhere":
                return book.approve(self.invoice, amount, funds={giver: amount})
            case "pay":
                return book.pay(self.invoice)
            case "cancel":
                return book.cancel(self.invoice)
            case "transfer":
                path = "/transfers" if self.flag else "/allocation-moves"
                return self._post(book, path, giver, taker, abs(amount))
            case _:
                return self._allocate(book, giver, amount)

    async def _post(self, book: Book, path: str, giver: str, taker: str, amount: Decimal) -> None:
        body = {
            "from_budget_id": str(book.budgets[giver]),
            "to_budget_id": str(book.budgets[taker]),
            "amount": book.wire(amount),
        }
        answer = await book.client.post(path, json=body)
        assert answer.status_code in (201, 422), answer.text

    async def _allocate(self, book: Book, fund: str, amount: Decimal) -> None:
        body = {"budget_id": str(book.budgets[fund]), "change": book.wire(amount)}
        answer = await book.client.post("/allocations", json=body)
        assert answer.status_code in (201, 422), answer.text


COMMANDS = (
    "open",
    "open",
    "state",
    "reopen",
    "reprice",
    "refund",
    "release",
    "unrelease",
    "approve",
    "approve",
    "approve elsewhere",
    "pay",
    "cancel",
    "transfer",
    "allocate",
)
steps = st.builds(
    Step,
    st.sampled_from(COMMANDS),
    st.sampled_from(LINES),
    st.sampled_from(INVOICES),
    st.permutations(FUNDS).map(lambda order: (order[0], order[1])),
    st.integers(-5_000, 15_000),
    st.booleans(),
)
# Each item is what two people do at the same moment; the second may do nothing.
sequences = st.lists(st.tuples(steps, st.none() | steps), min_size=1, max_size=12)


async def _attempt(step: Step | None, book: Book) -> None:
    """Runs a command; a refusal in words is a fine answer, any other failure is not."""
    if step is None:
        return
    try:
        await step.run(book)
    except (Conflict, Invalid):
        return


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(sequence=sequences)
async def test_any_sequence_by_two_people_keeps_the_ledger_consistent(
    ledger_service: ServiceUnderTest, sequence: list[tuple[Step, Step | None]]
) -> None:
    book = await Book.open(ledger_service)
    for fund in FUNDS:
        await book.fund_with_budget(fund, 200)
    book.line("L1", 40, [("A", 100)], order="O1")
    book.line("L2", 25, [("A", 50), ("B", 50)], order="O1")
    book.line("L3", 60, [("B", 30), ("C", 70)], order="O2")
    for invoice in INVOICES:
        book.invoices[invoice] = uuid7()
    allocated = Decimal(600)
    for first, second in sequence:
        await asyncio.gather(_attempt(first, book), _attempt(second, book))
    assert await book.consistency() == []
    total = await book.totals()
    changes = await book.scalar(
        "SELECT coalesce(sum(CASE WHEN p.debit = 'available' THEN p.amount ELSE -p.amount END), 0) FROM posting p"
        " JOIN transaction t ON t.id = p.transaction_id WHERE t.purpose = 'allocation' AND t.reason <> 'first allocation'"
        " AND t.fiscal_year_id = :year",
        year=book.year_id,
    )
    # Nothing is made or lost: what was given is still there, moved or spent.
    assert total["net_transfers"] == 0
    assert total["allocated"] == allocated + changes
    assert total["available"] == total["total_funding"] - total["used"]

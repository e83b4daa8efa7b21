"""Commitments and charges on the real ledger, beyond what the published cases tell."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from quire_orders.funds.commands_booking import Override
from quire_orders.funds.commands_charges import ChargePart, approve_charges, pay_charges
from quire_orders.funds.commands_commitments import CommitmentPart, LineParts, commit_lines
from quire_orders.funds.rules_commitments import OrderState
from quire_shared.access.principal import Principal
from quire_shared.api.problems import Conflict, Forbidden, Invalid
from quire_shared.values.ids import uuid7
from tests.orders.funds.book import DAY, Book, get, post


async def codes(refused: Any) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        await refused
    return [fault.code for fault in refusal.value.errors]


async def test_opening_tells_the_faults_of_all_lines_at_once(book: Book) -> None:
    await book.fund_with_budget("A", 10)
    await book.fund("B")
    await book.fund("C", locations=["Law"])
    await book.budget("C", 100)
    book.line("P1", 5, [("B", 100)], order="O")
    book.line("P2", 5, [("C", 100)], order="O")
    book.line("P3", 5, [("C", 100)], order="O", currency="XDR")
    book.lines["P3"].currency = "CHF"
    lines = [book.parts(book.lines["P1"]), book.parts(book.lines["P2"], frozenset({"Main"}))]
    assert await codes(book.run(commit_lines, book.orders["O"], OrderState.OPEN, lines, on=DAY)) == [
        "no_budget",
        "fund_location_restriction",
    ]
    assert await codes(
        book.run(commit_lines, book.orders["O"], OrderState.OPEN, [book.parts(book.lines["P3"])], on=DAY)
    ) == ["no_exchange_rate"]
    assert await book.consistency() == []


async def test_limits_of_all_funds_of_an_order_are_answered_together(book: Book) -> None:
    for fund in ("A", "B", "C"):
        await book.fund_with_budget(fund, 10)
    book.line("P1", 11, [("A", 100)], order="O")
    book.line("P2", 12, [("B", 100)], order="O")
    book.line("P3", 9, [("C", 100)], order="O")
    with pytest.raises(Invalid) as refusal:
        await book.open_order("O")
    assert [(f.code, f.pointer) for f in refusal.value.errors] == [
        ("encumbrance_limit", "/A"),
        ("encumbrance_limit", "/B"),
    ]
    assert (await book.figures("C"))["encumbered"] == 0


async def test_a_limit_is_passed_with_reason_by_those_who_may(book: Book) -> None:
    await book.fund_with_budget("A", 10)
    book.line("P", 11, [("A", 100)])
    book.actor = Principal("clerk", frozenset({"orders:write"}))
    with pytest.raises(Forbidden):
        await book.open_order("order of P", Override("dean agreed"))
    book.actor = Principal("head", frozenset({"budgets:override"}))
    outcome = await book.open_order("order of P", Override("dean agreed"))
    assert [fault.code for fault in outcome.warnings] == ["encumbrance_limit"]
    assert (await book.figures("A"))["over_encumbered"] == 1
    assert (
        await book.scalar(
            "SELECT detail->>'reason' FROM audit WHERE action = 'funds.limit_overridden' AND subject = :id",
            id=str(book.budgets["A"]),
        )
        == "dean agreed"
    )


async def test_a_warning_level_does_not_stop(book: Book) -> None:
    await book.fund("A")
    await book.budget("A", 100, limits={"encumbrance_warn": {"percent": "80"}})
    book.line("P", 81, [("A", 100)])
    outcome = await book.open_order("order of P")
    assert [fault.code for fault in outcome.warnings] == ["encumbrance_warning"]


async def test_approval_counts_what_a_line_gives_back(book: Book) -> None:
    """100 encumbered of 100: an invoice of 100 fits when it releases, one of 100.01 does not."""
    await book.fund_with_budget("A", 100)
    book.line("P", 100, [("A", 100)])
    await book.open_order("order of P")
    assert await codes(book.approve("I", "100.01", line="P", release=True)) == ["expenditure_limit"]
    await book.approve("I", 100, line="P", release=True)
    assert (await book.figures("A"))["available"] == 0


async def test_an_invoice_approved_before_the_line_was_opened_uses_it_up(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    book.line("P", 40, [("A", 100)])
    await book.approve("I", 15, line="P")
    await book.open_order("order of P")
    held = await book.commitment("P", "A")
    assert (held["amount"], held["awaiting"]) == (Decimal(25), Decimal(15))
    await book.cancel("I")
    assert (await book.commitment("P", "A"))["amount"] == 40
    assert await book.consistency() == []


async def test_funds_given_up_and_taken_again_keep_what_was_paid(book: Book) -> None:
    """40 on A, 10 paid; moved to B, back to A: 10 stay expended on A, 30 encumbered wherever the line is."""
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    book.line("P", 40, [("A", 100)])
    await book.open_order("order of P")
    await book.approve("I", 10, line="P")
    await book.pay("I")
    await book.change_line("P", funds=[("B", 100)])
    assert (await book.figures("B"))["encumbered"] == 30
    assert (await book.figures("A"))["encumbered"] == 0
    await book.change_line("P", funds=[("A", 100)])
    figures = await book.figures("A")
    assert (figures["encumbered"], figures["expended"]) == (Decimal(30), Decimal(10))
    assert (await book.figures("B"))["encumbered"] == 0
    assert await book.consistency() == []


async def test_each_fiscal_year_of_a_deal_is_encumbered_and_paid_in_its_own_year(book: Book) -> None:
    """Three years of 300: this year's invoice uses up this year only; an early one for next year uses up next year."""
    await book.fund("A")
    years = {2026: book.year_id}
    budgets = {2026: await book.budget("A", 1000)}
    for year in (2027, 2028):
        years[year] = await book.year(str(year), f"{year}-01-01", f"{year}-12-31")
        budgets[year] = await book.budget("A", 1000, years[year], status="planned")
    line_id, order_id = uuid7(), uuid7()
    parts = [CommitmentPart(book.funds["A"], year_id, book.money(300)) for year_id in years.values()]
    await book.run(commit_lines, order_id, OrderState.OPEN, [LineParts(line_id, parts)], on=DAY)

    async def stands(year: int) -> tuple[int, int]:
        figures = (await get(book.client, f"/budgets/{budgets[year]}"))["figures"]
        encumbered, expended = (Decimal(figures[name]["amount"]) for name in ("encumbered", "expended"))
        assert encumbered % 1 == expended % 1 == 0
        return int(encumbered), int(expended)

    async def pay(year: int, amount: int, **more: Any) -> None:
        invoice = uuid7()
        part = ChargePart(invoice, book.funds["A"], years[year], book.money(amount), line_id=line_id, **more)
        await book.run(approve_charges, invoice, [part], on=DAY)
        await book.run(pay_charges, invoice, on=DAY)

    await pay(2026, 310, releases=True)
    assert [await stands(year) for year in years] == [(0, 310), (300, 0), (300, 0)]
    await pay(2027, 100)
    assert [await stands(year) for year in years] == [(0, 310), (200, 100), (300, 0)]
    # Paid out of 2026, but it was next year's money that was meant.
    await pay(2026, 50, commitment_year_id=years[2027])
    assert [await stands(year) for year in years] == [(0, 360), (150, 100), (300, 0)]
    await pay(2026, 1, releases=True, also_release_year_ids=frozenset({years[2028]}))
    assert [await stands(year) for year in years] == [(0, 361), (150, 100), (0, 0)]
    assert await book.consistency() == []


async def test_a_closing_year_takes_late_invoices_from_those_who_close_it(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    path = f"/fiscal-years/{book.year_id}"
    assert (await book.client.patch(path, json={"state": "closing"}, headers={"If-Match": '"1"'})).status_code == 200
    book.actor = Principal("clerk", frozenset({"invoices:write"}))
    assert await codes(book.approve("I", 10, funds={"A": Decimal(10)})) == ["fiscal_year_closing"]
    book.actor = Principal("closer", frozenset({"fiscal_years:close"}))
    await book.approve("I", 10, funds={"A": Decimal(10)})
    await book.pay("I")
    transfer = {
        "from_budget_id": str(book.budgets["A"]),
        "to_budget_id": str(book.budgets["B"]),
        "amount": book.wire(1),
    }
    assert (await book.client.post("/transfers", json=transfer)).status_code == 422
    assert (await book.client.patch(path, json={"state": "closed"}, headers={"If-Match": '"2"'})).status_code == 200
    assert await codes(book.approve("I2", 10, funds={"A": Decimal(10)})) == ["fiscal_year_closed"]
    assert await codes(book.cancel("I")) == ["fiscal_year_closed"]
    reopened = await book.client.patch(path, json={"state": "open"}, headers={"If-Match": '"3"'})
    assert reopened.status_code == 422


async def test_a_frozen_budget_and_a_frozen_fund_take_nothing(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    for path in (f"/budgets/{book.budgets['A']}", f"/funds/{book.funds['B']}"):
        answer = await book.client.patch(path, json={"status": "frozen"}, headers={"If-Match": '"1"'})
        assert answer.status_code == 200, answer.text
    assert await codes(book.approve("I1", 1, funds={"A": Decimal(1)})) == ["budget_not_active"]
    assert await codes(book.approve("I2", 1, funds={"B": Decimal(1)})) == ["fund_not_active"]


async def test_expense_class_completes_the_account_string_and_must_be_allowed(book: Book) -> None:
    classes: dict[str, str] = {}
    for name in ("Print", "Electronic"):
        made = await post(
            book.client, "/expense-classes", code=f"{book.prefix}-{name}", name=name, account_extension=name[:1]
        )
        classes[name] = made["id"]
    await book.fund("A", external_account="4711-200")
    await book.budget("A", 100, expense_classes=[{"expense_class_id": classes["Electronic"]}])

    def part(invoice: UUID, name: str) -> ChargePart:
        return ChargePart(invoice, book.funds["A"], book.year_id, book.money(10), UUID(classes[name]))

    invoice = uuid7()
    assert await codes(book.run(approve_charges, invoice, [part(invoice, "Print")], on=DAY)) == [
        "expense_class_not_usable"
    ]
    await book.run(approve_charges, invoice, [part(invoice, "Electronic")], on=DAY)
    await book.run(pay_charges, invoice, on=DAY)
    postings = await get(book.client, "/postings", document_id=str(invoice))
    assert {p["gl_account"] for p in postings["items"]} == {"4711-200-E"}


async def test_effective_day_lies_within_the_fiscal_year(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.run(
        approve_charges,
        invoice := uuid7(),
        [ChargePart(invoice, book.funds["A"], book.year_id, book.money(1))],
        on=date(2027, 1, 20),
    )
    (posting,) = (await get(book.client, "/postings", document_id=str(invoice)))["items"]
    assert posting["effective_on"] == "2026-12-31"


async def test_paying_at_the_banks_rate_keeps_every_rate(book: Book) -> None:
    agreed, bank = await book.rate("EUR", "USD", "1.10"), await book.rate("EUR", "USD", "1.12", source="bank")
    await book.fund_with_budget("A", 1000)
    book.line("P", 100, [("A", 100)], currency="EUR", rate_id=agreed)
    await book.open_order("order of P")
    assert (await book.figures("A"))["encumbered"] == 110
    await book.approve("I", 100, line="P", release=True, currency="EUR", rate_id=agreed)
    assert (await book.figures("A"))["awaiting"] == 110
    await book.pay("I", bank)
    figures = await book.figures("A")
    assert (figures["expended"], figures["awaiting"], figures["encumbered"]) == (Decimal(112), Decimal(0), Decimal(0))
    postings = (await get(book.client, "/postings", document_id=str(book.invoices["I"])))["items"]
    assert [(p["amount"]["amount"], p["rate_id"]) for p in postings] == [
        ("110.00", str(agreed)),
        ("110.00", str(bank)),
        ("2.00", None),
    ]
    assert postings[0]["original"] == {"amount": "100.00", "currency": "EUR"}
    assert (await book.commitment("P", "A"))["expended"] == 112
    await book.cancel("I")
    assert (await book.figures("A"))["available"] == 890
    assert await book.consistency() == []


async def test_approving_a_paid_invoice_and_paying_nothing_are_refused(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.approve("I", 10, funds={"A": Decimal(10)})
    await book.pay("I")
    with pytest.raises(Conflict, match="is paid"):
        await book.approve("I", 10, funds={"A": Decimal(10)})
    book.invoices["none"] = uuid7()
    with pytest.raises(Conflict, match="no approved charges"):
        await book.pay("none")
    with pytest.raises(Conflict, match="no charges"):
        await book.cancel("none")


async def test_two_people_can_not_spend_the_same_money(book: Book) -> None:
    """100 available and ten invoices of 30 at once: three fit, whoever comes first."""
    await book.fund_with_budget("A", 100)

    async def attempt(number: int) -> int:
        try:
            await book.approve(f"I{number}", 30, funds={"A": Decimal(30)})
        except Invalid:
            return 0
        return 1

    assert sum(await asyncio.gather(*(attempt(number) for number in range(10)))) == 3
    assert (await book.figures("A"))["awaiting"] == 90


async def statements(book: Book, lines: int) -> int:
    for number in range(lines):
        book.line(f"P{number}", 1, [("A", 50), ("B", 50)], order=f"O{lines}")
    counted = 0

    def count(*_: Any) -> None:
        nonlocal counted
        counted += 1

    engine = book.service.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await book.open_order(f"O{lines}")
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return counted


async def test_opening_takes_the_same_number_of_statements_for_any_number_of_lines(book: Book) -> None:
    await book.fund_with_budget("A", 1000)
    await book.fund_with_budget("B", 1000)
    few, many = await statements(book, 2), await statements(book, 100)
    assert few == many
    assert (await book.figures("A"))["encumbered"] == 51


async def test_budget_events_tell_the_figures_after_each_command(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.approve("I", 10, funds={"A": Decimal(10)})
    await book.pay("I")
    async with book.service.database.read() as session:
        rows = await session.execute(
            text("SELECT payload FROM outbox WHERE key = :key AND type = 'orders.budget.changed' ORDER BY id"),
            {"key": str(book.budgets["A"])},
        )
        told = [row[0] for row in rows]
    names = ("awaiting_payment", "expended", "available")
    assert [[Decimal(t[name]) for name in names] for t in told] == [
        [Decimal(0), Decimal(0), Decimal(100)],
        [Decimal(10), Decimal(0), Decimal(90)],
        [Decimal(0), Decimal(10), Decimal(90)],
    ]

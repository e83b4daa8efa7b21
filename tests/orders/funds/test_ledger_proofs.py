"""The ledger proves itself, and names the row that somebody changed behind its back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from quire_shared.values import clock
from tests.orders.funds.book import Book, get


async def lived_in(book: Book) -> None:
    """A budget with an allocation, a transfer, an open order, an approved and a paid invoice."""
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 50)
    await book.transfer("B", "A", 10)
    book.line("P", 40, [("A", 100)])
    await book.open_order("order of P")
    await book.approve("I1", 15, line="P")
    await book.pay("I1")
    await book.approve("I2", 5, line="P")


async def tamper(book: Book, sql: str, **values: object) -> None:
    """Changes rows as somebody could who owns the database: with the triggers off."""
    async with book.service.database.engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        result = await connection.execute(text(sql), values)
        assert result.rowcount == 1


@pytest.mark.parametrize("table", ["posting", "transaction", "exchange_rate"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET actor = actor", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_postings_can_not_be_changed_in_the_database(book: Book, table: str, sql: str) -> None:
    await lived_in(book)
    await book.rate("EUR", "USD", "1.1")
    statement = sql.format(table).replace("actor = actor", "id = id")
    async with book.service.database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="append-only"):
            await connection.execute(text(statement))


async def test_a_changed_balance_is_named(book: Book) -> None:
    await lived_in(book)
    budget = book.budgets["A"]
    await tamper(
        book, "UPDATE account SET balance = balance + 1 WHERE budget_id = :id AND kind = 'available'", id=budget
    )
    found = await book.consistency()
    await tamper(
        book, "UPDATE account SET balance = balance - 1 WHERE budget_id = :id AND kind = 'available'", id=budget
    )
    # 100 + 10 - 40 is available: the 20 invoiced are part of the 40 that were encumbered.
    assert found == [
        {
            "table": "account",
            "row": f"{budget}/available",
            "detail": "The balance is 71.0000, its postings make 70.0000.",
        }
    ]
    assert await book.consistency() == []


async def test_a_changed_posting_is_named(book: Book) -> None:
    await lived_in(book)
    posting = await book.scalar(
        "SELECT p.id FROM posting p JOIN transaction t ON t.id = p.transaction_id"
        " WHERE p.budget_id = :id AND t.purpose = 'payment'",
        id=book.budgets["A"],
    )
    await tamper(book, "UPDATE posting SET amount = amount + 1 WHERE id = :id", id=posting)
    found = await book.consistency()
    await tamper(book, "UPDATE posting SET amount = amount - 1 WHERE id = :id", id=posting)
    assert str(posting) in {f["row"] for f in found if f["table"] == "posting"}
    assert {f["table"] for f in found} >= {"posting", "account", "transaction", "charge"}
    assert await book.consistency() == []


async def test_a_posting_whose_day_was_changed_is_named_though_no_sum_differs(book: Book) -> None:
    await lived_in(book)
    posting = await book.scalar("SELECT id FROM posting WHERE budget_id = :id LIMIT 1", id=book.budgets["B"])
    await tamper(book, "UPDATE posting SET effective_on = effective_on + 1 WHERE id = :id", id=posting)
    found = await book.consistency()
    await tamper(book, "UPDATE posting SET effective_on = effective_on - 1 WHERE id = :id", id=posting)
    assert [(f["table"], f["row"]) for f in found] == [("posting", str(posting))]


async def test_a_commitment_that_its_invoices_contradict_is_named(book: Book) -> None:
    await lived_in(book)
    commitment = await book.scalar("SELECT id FROM commitment WHERE line_id = :id", id=book.lines["P"].id)
    await tamper(book, "UPDATE commitment SET released_by_hand = true WHERE id = :id", id=commitment)
    found = await book.consistency()
    await tamper(book, "UPDATE commitment SET released_by_hand = false WHERE id = :id", id=commitment)
    assert [(f["table"], f["row"]) for f in found] == [("commitment", str(commitment))]


async def test_a_missing_posting_is_named_by_its_transaction(book: Book) -> None:
    await lived_in(book)
    row = "SELECT p.transaction_id FROM posting p WHERE p.budget_id = :id AND p.debit = 'transferred'"
    transaction = await book.scalar(row, id=book.budgets["B"])
    await tamper(book, "UPDATE transaction SET postings = postings + 1 WHERE id = :id", id=transaction)
    found = await book.consistency()
    await tamper(book, "UPDATE transaction SET postings = postings - 1 WHERE id = :id", id=transaction)
    assert [(f["table"], f["row"]) for f in found] == [("transaction", str(transaction))]


async def test_figures_as_they_stood(book: Book) -> None:
    """Each step is recorded at its own hour; asked later, each hour answers what was known then."""
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    seen: list[dict[str, Decimal]] = []
    with clock.fixed(start):
        await book.fund_with_budget("A", 100)
        book.line("P", 40, [("A", 100)])
    commands: list[Callable[[], Awaitable[object]]] = [
        lambda: book.open_order("order of P"),
        lambda: book.approve("I", 30, line="P", release=True),
        lambda: book.pay("I"),
        lambda: book.allocate("A", -20),
        lambda: book.cancel("I"),
    ]
    for hour, command in enumerate(commands, start=1):
        with clock.fixed(start + timedelta(hours=hour)):
            await command()
        seen.append(await book.figures("A"))
    assert [figures["available"] for figures in seen] == [60, 70, 70, 50, 40]
    for hour, figures in enumerate(seen, start=1):
        as_of = (start + timedelta(hours=hour, minutes=30)).isoformat()
        answer = await get(book.client, f"/budgets/{book.budgets['A']}", as_of=as_of)
        assert {name: Decimal(money["amount"]) for name, money in answer["figures"].items()} == figures
        total = await book.totals(as_of=as_of)
        assert total == figures
    before = await book.totals(as_of=(start - timedelta(days=1)).isoformat())
    assert set(before.values()) == {Decimal(0)}


async def test_every_figure_opens_to_its_postings(book: Book) -> None:
    await lived_in(book)
    budget = str(book.budgets["A"])
    figures = await book.figures("A")
    expected = {"encumbered": 20, "awaiting": 5, "expended": 15}
    assert {name: figures[name] for name in expected} == expected
    for account, amount in expected.items():
        answer = await get(book.client, "/postings", budget_id=budget, account=account)
        moved = sum(Decimal(p["amount"]["amount"]) * (1 if p["debit"] == account else -1) for p in answer["items"])
        assert moved == amount
    invoice = await get(book.client, "/postings", document_id=str(book.invoices["I1"]))
    assert [p["purpose"] for p in invoice["items"]] == ["approval", "payment"]


async def test_postings_are_read_page_by_page(book: Book) -> None:
    await lived_in(book)
    whole = await get(book.client, "/postings", budget_id=str(book.budgets["A"]))
    walked: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await get(book.client, "/postings", budget_id=str(book.budgets["A"]), limit=2, **after)
        walked += [p["id"] for p in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert walked == [p["id"] for p in whole["items"]]
    assert len(walked) == len(set(walked)) > 4

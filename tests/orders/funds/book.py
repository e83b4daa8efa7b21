"""A small library with its own calendar, ledgers and funds, whose books are kept through the real commands."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from quire_orders.funds.commands_booking import Override
from quire_orders.funds.commands_charges import (
    ChargeOutcome,
    ChargePart,
    approve_charges,
    cancel_charges,
    pay_charges,
)
from quire_orders.funds.commands_commitments import (
    CommitmentPart,
    LineParts,
    Outcome,
    commit_lines,
    release_lines,
    set_order_state,
    unrelease_lines,
)
from quire_orders.funds.rules_commitments import OrderState
from quire_orders.funds.rules_distribution import DistributionKind, Part, split
from quire_shared.access.principal import SYSTEM, Principal
from quire_shared.database.work import Work
from quire_shared.events.envelope import Cause
from quire_shared.values.ids import uuid7
from quire_shared.values.money import Money
from tests.support.service import ServiceUnderTest

DAY = date(2026, 6, 15)
_numbers = itertools.count(1)


@dataclass
class Line:
    """An order line as the test's purchasing knows it."""

    order: str
    price: Decimal
    funds: list[tuple[str, Decimal]]
    currency: str
    rate_id: UUID | None = None
    id: UUID = field(default_factory=uuid7)


@dataclass
class Book:
    """Funds by letter; every amount in ``currency`` unless a line says otherwise."""

    service: ServiceUnderTest
    client: httpx.AsyncClient
    prefix: str
    calendar_id: UUID
    year_id: UUID
    currency: str = "USD"
    ledgers: dict[str, UUID] = field(default_factory=dict)
    funds: dict[str, UUID] = field(default_factory=dict)
    budgets: dict[str, UUID] = field(default_factory=dict)
    orders: dict[str, UUID] = field(default_factory=dict)
    states: dict[str, OrderState] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    invoices: dict[str, UUID] = field(default_factory=dict)
    actor: Principal = SYSTEM

    @classmethod
    async def open(cls, service: ServiceUnderTest, currency: str = "USD") -> Book:
        client = service.client()
        prefix = f"b{next(_numbers)}-{uuid7().hex[-6:]}"
        calendar = await post(client, "/fiscal-calendars", code=prefix, name="Calendar")
        book = cls(service, client, prefix, UUID(calendar["id"]), UUID(int=0), currency)
        book.year_id = await book.year("2026", "2026-01-01", "2026-12-31")
        return book

    async def year(self, code: str, starts_on: str, ends_on: str) -> UUID:
        answer = await post(
            self.client,
            "/fiscal-years",
            calendar_id=str(self.calendar_id),
            code=f"{self.prefix}-{code}",
            name=code,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        return UUID(answer["id"])

    async def ledger(self, name: str, restrict: bool = True) -> UUID:
        if name not in self.ledgers:
            answer = await post(
                self.client,
                "/ledgers",
                calendar_id=str(self.calendar_id),
                code=f"{self.prefix}-{name}",
                name=name,
                currency=self.currency,
                restrict_encumbrance=restrict,
                restrict_expenditure=restrict,
            )
            self.ledgers[name] = UUID(answer["id"])
        return self.ledgers[name]

    async def fund(self, name: str, ledger: str = "1", parent: str | None = None, **more: Any) -> UUID:
        answer = await post(
            self.client,
            "/funds",
            ledger_id=str(await self.ledger(ledger)),
            code=f"{self.prefix}-{name}",
            name=name,
            parent_id=None if parent is None else str(self.funds[parent]),
            **more,
        )
        self.funds[name] = UUID(answer["id"])
        return self.funds[name]

    async def budget(
        self, name: str, initial: Decimal | int | str = 0, year_id: UUID | None = None, **more: Any
    ) -> UUID:
        """The budget of a fund that is there."""
        answer = await post(
            self.client,
            "/budgets",
            fund_id=str(self.funds[name]),
            fiscal_year_id=str(year_id or self.year_id),
            initial=self.wire(initial),
            **more,
        )
        if year_id is None:
            self.budgets[name] = UUID(answer["id"])
        return UUID(answer["id"])

    async def fund_with_budget(
        self, name: str, initial: Decimal | int | str, ledger: str = "1", parent: str | None = None
    ) -> UUID:
        await self.fund(name, ledger, parent)
        return await self.budget(name, initial)

    def money(self, amount: Decimal | int | str, currency: str | None = None) -> Money:
        return Money.of(amount if isinstance(amount, str) else Decimal(amount), currency or self.currency)

    def wire(self, amount: Decimal | int | str) -> dict[str, str]:
        return {"amount": f"{self.money(amount).amount:f}", "currency": self.currency}

    async def run(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.service.database.run_as(self.actor, Cause(self.actor.id), command, *args, **kwargs)

    # Purchasing

    def line(
        self,
        name: str,
        price: Decimal | int | str,
        funds: Sequence[tuple[str, Decimal | int]],
        order: str | None = None,
        currency: str | None = None,
        rate_id: UUID | None = None,
    ) -> Line:
        order = order or f"order of {name}"
        self.orders.setdefault(order, uuid7())
        self.states.setdefault(order, OrderState.PENDING)
        shares = [(fund, Decimal(percent)) for fund, percent in funds]
        self.lines[name] = Line(order, Decimal(price), shares, currency or self.currency, rate_id)
        return self.lines[name]

    def parts(self, line: Line, locations: frozenset[str] = frozenset()) -> LineParts:
        shares = split(
            DistributionKind.PERCENT,
            self.money(line.price, line.currency),
            [Part(fund, percent) for fund, percent in line.funds],
        )
        return LineParts(
            line.id,
            [
                CommitmentPart(
                    self.funds[fund], self.year_id, share, locations=locations, rate_id=line.rate_id, place=f"/{fund}"
                )
                for (fund, _), share in zip(line.funds, shares, strict=True)
            ],
        )

    async def open_order(self, order: str, override: Override | None = None, on: date = DAY) -> Outcome:
        lines = [self.parts(line) for line in self.lines.values() if line.order == order]
        outcome: Outcome = await self.run(
            commit_lines, self.orders[order], OrderState.OPEN, lines, on=on, override=override
        )
        self.states[order] = OrderState.OPEN
        return outcome

    async def change_line(
        self,
        name: str,
        price: Decimal | int | None = None,
        funds: Sequence[tuple[str, Decimal | int]] | None = None,
        on: date = DAY,
    ) -> Outcome:
        line = self.lines[name]
        before = (line.price, line.funds)
        if price is not None:
            line.price = Decimal(price)
        if funds is not None:
            line.funds = [(fund, Decimal(percent)) for fund, percent in funds]
        try:
            outcome: Outcome = await self.run(
                commit_lines, self.orders[line.order], self.states[line.order], [self.parts(line)], on=on
            )
        except BaseException:
            line.price, line.funds = before
            raise
        return outcome

    async def order_state(self, order: str, state: OrderState) -> None:
        await self.run(set_order_state, self.orders[order], state, on=DAY)
        self.states[order] = state

    async def release(self, line: str) -> None:
        await self.run(release_lines, [self.lines[line].id], on=DAY)

    async def unrelease(self, line: str) -> None:
        await self.run(unrelease_lines, [self.lines[line].id], on=DAY)

    # Invoicing

    def charge_parts(
        self,
        invoice: str,
        amount: Decimal | int | str,
        *,
        line: str | None = None,
        funds: dict[str, Decimal] | None = None,
        release: bool = False,
        currency: str | None = None,
        rate_id: UUID | None = None,
    ) -> list[ChargePart]:
        """An invoice with one line: over the order line's funds, or as the amounts of ``funds`` say."""
        self.invoices.setdefault(invoice, uuid7())
        total = self.money(amount, currency)
        if line is not None:
            shares_of = self.lines[line].funds
            parts = [Part(fund, percent) for fund, percent in shares_of]
            shares = list(zip([f for f, _ in shares_of], split(DistributionKind.PERCENT, total, parts), strict=True))
        else:
            shares = [(fund, self.money(share, currency)) for fund, share in (funds or {}).items()]
        return [
            ChargePart(
                invoice_line_id=self.invoices[invoice],
                fund_id=self.funds[fund],
                fiscal_year_id=self.year_id,
                amount=share,
                line_id=None if line is None else self.lines[line].id,
                releases=release,
                rate_id=rate_id,
                place=f"/{fund}",
            )
            for fund, share in shares
        ]

    async def approve(self, invoice: str, amount: Decimal | int | str, **more: Any) -> ChargeOutcome:
        override = more.pop("override", None)
        parts = self.charge_parts(invoice, amount, **more)
        outcome: ChargeOutcome = await self.run(
            approve_charges, self.invoices[invoice], parts, on=DAY, override=override
        )
        return outcome

    async def pay(self, invoice: str, bank_rate_id: UUID | None = None) -> ChargeOutcome:
        outcome: ChargeOutcome = await self.run(pay_charges, self.invoices[invoice], on=DAY, bank_rate_id=bank_rate_id)
        return outcome

    async def cancel(self, invoice: str) -> ChargeOutcome:
        outcome: ChargeOutcome = await self.run(cancel_charges, self.invoices[invoice], on=DAY, reason="sent in error")
        return outcome

    # Money

    async def transfer(self, giver: str, taker: str, amount: Decimal | int | str, path: str = "/transfers") -> Any:
        return await post(
            self.client,
            path,
            from_budget_id=str(self.budgets[giver]),
            to_budget_id=str(self.budgets[taker]),
            amount=self.wire(amount),
        )

    async def allocate(self, name: str, change: Decimal | int | str) -> Any:
        return await post(
            self.client, "/allocations", budget_id=str(self.budgets[name]), change=self.wire(change), reason="change"
        )

    async def rate(self, base: str, quote: str, value: str, on: str = "2026-01-02", source: str = "manual") -> UUID:
        answer = await post(
            self.client, "/exchange-rates", base=base, quote=quote, value=value, valid_on=on, source=source
        )
        return UUID(answer["id"])

    # What stands

    async def figures(self, name: str) -> dict[str, Decimal]:
        answer = await get(self.client, f"/budgets/{self.budgets[name]}")
        return amounts(answer["figures"])

    async def totals(self, **query: Any) -> dict[str, Decimal]:
        query.setdefault("fiscal_year_id", str(self.year_id))
        answer = await get(self.client, "/budget-totals", **query)
        assert len(answer["totals"]) == 1
        return amounts(answer["totals"][0])

    async def commitment(self, line: str, fund: str) -> dict[str, Any]:
        """The commitment of a line on a fund, in the words of the cases."""

        async def read(work: Work) -> dict[str, Any]:
            from quire_orders.funds.store_commitments import lock_lines

            held = await lock_lines(work.session, [self.lines[line].id])
            (found,) = [h for h in held.values() if h.row.fund_id == self.funds[fund]]
            facts = found.facts()
            return {
                "amount": found.row.encumbered,
                "initial": found.row.initial,
                "awaiting": facts.awaiting,
                "expended": facts.expended,
                "credited": facts.credited,
                "status": facts.status.value.capitalize(),
            }

        answer: dict[str, Any] = await self.run(read)
        return answer

    async def consistency(self) -> list[dict[str, str]]:
        answer = await get(self.client, "/funds/consistency")
        found: list[dict[str, str]] = answer["found"]
        assert answer["consistent"] is (not found)
        return found

    async def scalar(self, sql: str, **values: Any) -> Any:
        async with self.service.database.read() as session:
            return (await session.execute(text(sql), values)).scalar()


def amounts(figures: dict[str, dict[str, str]]) -> dict[str, Decimal]:
    return {name: Decimal(money["amount"]) for name, money in figures.items()}


async def post(client: httpx.AsyncClient, path: str, expected: int = 201, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == expected, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()

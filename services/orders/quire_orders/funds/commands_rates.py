"""Exchange rates: kept with source and date, chosen for a day, never changed; and converting at them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds import store, store_commitments
from quire_orders.funds.commands_booking import as_problems
from quire_orders.funds.rules import Fault
from quire_orders.funds.rules_currencies import ExchangeRate as Rate
from quire_orders.funds.rules_currencies import choose_rate, convert, read_rates
from quire_orders.funds.schemas_ledger import RateIn, RateOut, RatesLoaded
from quire_orders.funds.tables_ledger import ExchangeRate
from quire_shared.api.problems import Invalid
from quire_shared.database.work import Work
from quire_shared.values import clock
from quire_shared.values.money import Money


@dataclass(frozen=True, slots=True)
class Conversions:
    """The rates that a command may need, loaded once."""

    on: date
    named: dict[UUID, Rate]
    newest: list[Rate]

    @classmethod
    async def load(
        cls, session: AsyncSession, pairs: Collection[tuple[str, str]], on: date, rate_ids: Collection[UUID] = ()
    ) -> Conversions:
        """At most two statements, and none when no money is foreign and no rate is named."""
        foreign = {pair for pair in pairs if pair[0] != pair[1]}
        return cls(
            on,
            await store_commitments.rates_by_id(session, rate_ids),
            await store_commitments.newest_rates(session, foreign, on),
        )

    def convert(self, money: Money, to: str, rate_id: UUID | None, place: str) -> tuple[Money, UUID | None] | Fault:
        """The amount in the other currency with the id of the rate used (None: same currency), or what is missing."""
        if money.currency == to:
            return money, None
        rate = choose_rate(self.newest, money.currency, to, self.on) if rate_id is None else self.named.get(rate_id)
        if rate is None or {rate.base, rate.quote} != {money.currency, to}:
            return Fault(
                pointer=place,
                code="no_exchange_rate",
                detail=f"There is no exchange rate from {money.currency} to {to} for {self.on.isoformat()}.",
                fix=f"Load or enter a rate {money.currency}/{to}, or give the line its own rate.",
            )
        return convert(money, rate, to), rate.id


async def add_rate(work: Work, body: RateIn) -> RateOut:
    """Keeps a rate set by hand, from a contract or from the bank."""
    row = ExchangeRate(
        base=body.base,
        quote=body.quote,
        value=body.value,
        valid_on=body.valid_on,
        source=body.source,
        note=body.note,
        recorded_at=clock.now(),
        actor=work.actor.id,
    )
    work.session.add(row)
    await work.session.flush()
    work.audit("funds.rate_added", row.id, base=row.base, quote=row.quote, value=str(row.value))
    return RateOut.model_validate(row, from_attributes=True)


async def load_rates(work: Work, content: str, base: str, note: str) -> RatesLoaded:
    """Keeps the published rates of a file; those of a day, pair and source that are there already stay as they are.

    Raises Invalid with the faults of all rows; nothing is kept then.
    """
    rates, faults = read_rates(content, base)
    if faults:
        raise Invalid("The file of exchange rates has faults; nothing was loaded.", as_problems(faults[:1_000]))
    added = await store.add_published_rates(work.session, rates, note, work.actor.id, clock.now())
    work.audit("funds.rates_loaded", None, rows=len(rates), added=added, note=note)
    return RatesLoaded(rows=len(rates), added=added)

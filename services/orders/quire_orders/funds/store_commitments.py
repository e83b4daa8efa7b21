"""The SQL of commitments and charges: loaded under locks, in the order of their ids, in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import exists, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.rules_commitments import ChargeState, Share
from quire_orders.funds.rules_commitments import Commitment as Facts
from quire_orders.funds.rules_currencies import ExchangeRate as Rate
from quire_orders.funds.rules_currencies import RateSource
from quire_orders.funds.tables import ExpenseClass
from quire_orders.funds.tables_ledger import Charge, ChargeShare, Commitment, ExchangeRate


@dataclass(slots=True)
class Held:
    """A locked commitment with its shares and the charges behind them."""

    row: Commitment
    shares: list[tuple[ChargeShare, Charge]] = field(default_factory=list)

    def facts(self) -> Facts:
        return Facts(
            initial=self.row.initial,
            order=self.row.order_state,
            released_by_hand=self.row.released_by_hand,
            unreleased_step=self.row.unreleased_step,
            shares=tuple(
                Share(state=charge.state, amount=share.amount, releases=charge.releases, step=share.step)
                for share, charge in self.shares
            ),
        )


async def _load(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, Held]:
    rows = await session.exec(
        select(Commitment)
        .where(col(Commitment.line_id).in_(line_ids))
        .order_by(col(Commitment.id))
        .execution_options(populate_existing=True)
    )
    held = {row.id: Held(row) for row in rows}
    if held:
        pairs = await session.exec(
            select(ChargeShare, Charge)
            .join(Charge, col(Charge.id) == col(ChargeShare.charge_id))
            .where(col(ChargeShare.commitment_id).in_(held))
            .order_by(col(ChargeShare.commitment_id), col(ChargeShare.charge_id))
            .execution_options(populate_existing=True)
        )
        for share, charge in pairs:
            held[share.commitment_id].shares.append((share, charge))
    return held


# The upsert makes and locks the rows in the order of their ids. What a line holds is read afterwards, by statements of
# their own: a snapshot older than the lock would miss a commitment that was made meanwhile.
_HOLD_LINES = text(
    """
    INSERT INTO committed_line (line_id, order_id)
    SELECT id, CAST(:order_id AS uuid) FROM unnest(CAST(:ids AS uuid[])) AS l(id) ORDER BY id
        ON CONFLICT (line_id) DO UPDATE SET order_id = coalesce(EXCLUDED.order_id, committed_line.order_id)
    """
)
_HOLD_ORDER = text("SELECT line_id FROM committed_line WHERE order_id = :order_id ORDER BY line_id FOR UPDATE")


async def lock_lines(
    session: AsyncSession, line_ids: Collection[UUID], order_id: UUID | None = None
) -> dict[UUID, Held]:
    """Locks order lines in the ledger and loads what they hold; also lines that hold nothing yet."""
    if not line_ids:
        return {}
    wanted = sorted(line_ids)
    await session.execute(_HOLD_LINES, {"ids": wanted, "order_id": order_id})
    return await _load(session, wanted)


async def lock_order(session: AsyncSession, order_id: UUID) -> dict[UUID, Held]:
    """Locks all lines of an order in the ledger and loads what they hold."""
    line_ids = [row[0] for row in await session.execute(_HOLD_ORDER, {"order_id": order_id})]
    return await _load(session, line_ids) if line_ids else {}


async def unshared_charges(session: AsyncSession, line_ids: Collection[UUID]) -> list[Charge]:
    """Live charges of lines that use up nothing yet, because the line held nothing when they were approved."""
    rows = await session.exec(
        select(Charge)
        .where(
            col(Charge.line_id).in_(sorted(line_ids)),
            col(Charge.state) != ChargeState.CANCELLED,
            ~exists().where(col(ChargeShare.charge_id) == col(Charge.id)),
        )
        .order_by(col(Charge.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


# An invoice without charges has no row here that two first approvals could wait for.
_HOLD_INVOICE = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:id AS text), 7214102))")


async def lock_charges(session: AsyncSession, invoice_id: UUID) -> list[Charge]:
    """The charges of an invoice that are not cancelled. The invoice is locked in the ledger, also without any."""
    await session.execute(_HOLD_INVOICE, {"id": str(invoice_id)})
    rows = await session.exec(
        select(Charge)
        .where(col(Charge.invoice_id) == invoice_id, col(Charge.state) != ChargeState.CANCELLED)
        .order_by(col(Charge.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


_BUDGET_IDS = text(
    """
    SELECT b.fund_id, b.fiscal_year_id, b.id FROM budget b
      JOIN unnest(CAST(:funds AS uuid[]), CAST(:years AS uuid[])) AS w(fund_id, fiscal_year_id)
        ON w.fund_id = b.fund_id AND w.fiscal_year_id = b.fiscal_year_id
    """
)


async def budget_ids(session: AsyncSession, wanted: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], UUID]:
    """The budget of each (fund, fiscal year) that has one."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    rows = await session.execute(_BUDGET_IDS, {"funds": [p[0] for p in pairs], "years": [p[1] for p in pairs]})
    return {(fund, year): budget for fund, year, budget in rows}


_NAMES = text(
    "SELECT f.id, f.code FROM fund f WHERE f.id = ANY(CAST(:ids AS uuid[]))"
    " UNION ALL SELECT y.id, y.code FROM fiscal_year y WHERE y.id = ANY(CAST(:ids AS uuid[]))"
)


async def codes(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The codes of funds and fiscal years, for messages; no statement when there are none."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await session.execute(_NAMES, {"ids": wanted})
    return {row[0]: row[1] for row in rows}


async def expense_classes(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, ExpenseClass]:
    if not ids:
        return {}
    rows = await session.exec(select(ExpenseClass).where(col(ExpenseClass.id).in_(sorted(ids))))
    return {row.id: row for row in rows}


_CLASSES = text(
    """
    SELECT b.budget_id, b.expense_class_id FROM budget_expense_class b
     WHERE b.budget_id = ANY(CAST(:ids AS uuid[])) AND b.status = 'active'
    """
)


async def budget_classes(session: AsyncSession, budgets: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The active expense classes of budgets that name theirs."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for budget_id, class_id in await session.execute(_CLASSES, {"ids": sorted(budgets)}):
        found[budget_id].add(class_id)
    return dict(found)


def as_rate(row: Any) -> Rate:
    return Rate(
        id=row.id, base=row.base, quote=row.quote, value=row.value, valid_on=row.valid_on, source=RateSource(row.source)
    )


async def rates_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Rate]:
    if not ids:
        return {}
    rows = await session.exec(select(ExchangeRate).where(col(ExchangeRate.id).in_(sorted(ids))))
    return {row.id: as_rate(row) for row in rows}


# Of each pair of currencies and source the newest day by then; the last recorded of that day.
_RATES = text(
    """
    SELECT DISTINCT ON (r.base, r.quote, r.source) r.id, r.base, r.quote, r.value, r.valid_on, r.source
      FROM exchange_rate r JOIN unnest(CAST(:one AS text[]), CAST(:other AS text[])) AS w(one, other)
        ON (r.base, r.quote) IN ((w.one, w.other), (w.other, w.one))
     WHERE r.valid_on <= :on AND r.source IN ('published', 'manual')
     ORDER BY r.base, r.quote, r.source, r.valid_on DESC, r.recorded_at DESC, r.id DESC
    """
)


async def newest_rates(session: AsyncSession, pairs: Collection[tuple[str, str]], on: date) -> list[Rate]:
    """The rates that may hold between currencies on a day. Contract and bank rates are named by id, never found."""
    if not pairs:
        return []
    ordered = sorted(pairs)
    values = {"one": [p[0] for p in ordered], "other": [p[1] for p in ordered], "on": on}
    return [as_rate(row) for row in await session.execute(_RATES, values)]

"""The SQL of the structure: lists and single records, as far as the asker sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, or_, text
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.tables import (
    Budget,
    BudgetExpenseClass,
    Fund,
    FundGroupMember,
    FundingCredit,
    TransferPartner,
)
from quire_orders.funds.tables_ledger import AllocationBatch, ExchangeRate
from quire_shared.access.principal import Principal
from quire_shared.api.problems import NotFound
from quire_shared.values.ids import uuid7

Row = TypeVar("Row", bound=SQLModel)


def _seen(model: Any, who: Principal) -> list[ColumnElement[bool]]:
    """The condition that hides rows of units that one does not see; a row without a unit belongs to everybody."""
    if who.units is None or not hasattr(model, "unit_id"):
        return []
    return [or_(col(model.unit_id).is_(None), col(model.unit_id).in_(sorted(who.units)))]


async def page(
    session: AsyncSession,
    model: type[Row],
    who: Principal,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    search: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Row], int]:
    """A page of records by code, and how many there are. ``search`` is looked for in code and name."""
    columns: Any = model
    conditions = [*where, *_seen(model, who)]
    if search:
        like = f"%{search.casefold().replace('%', chr(92) + '%').replace('_', chr(92) + '_')}%"
        conditions.append(or_(func.lower(columns.code).like(like), func.lower(columns.name).like(like)))
    total = (await session.exec(select(func.count()).select_from(model).where(*conditions))).one()
    rows = await session.exec(
        select(model).where(*conditions).order_by(columns.code, columns.id).offset(offset).limit(limit)
    )
    return list(rows), total


async def get(session: AsyncSession, model: type[Row], row_id: UUID, who: Principal, what: str) -> Row:
    """One record. Raises NotFound, also for one that the asker does not see."""
    row = await session.get(model, row_id, populate_existing=True)
    if row is None or not who.sees(getattr(row, "unit_id", None)):
        raise NotFound(f"There is no {what} with the id {row_id}.")
    return row


async def group_members(session: AsyncSession, group_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    members: dict[UUID, list[UUID]] = {group_id: [] for group_id in group_ids}
    rows = await session.exec(
        select(FundGroupMember)
        .where(col(FundGroupMember.group_id).in_(sorted(group_ids)))
        .order_by(col(FundGroupMember.group_id), col(FundGroupMember.fund_id))
    )
    for row in rows:
        members[row.group_id].append(row.fund_id)
    return members


async def partners(session: AsyncSession, fund_ids: Collection[UUID]) -> list[TransferPartner]:
    rows = await session.exec(
        select(TransferPartner)
        .where(col(TransferPartner.fund_id).in_(sorted(fund_ids)))
        .order_by(col(TransferPartner.fund_id), col(TransferPartner.direction), col(TransferPartner.partner_id))
    )
    return list(rows)


async def budget_classes(session: AsyncSession, budget_id: UUID) -> list[BudgetExpenseClass]:
    rows = await session.exec(
        select(BudgetExpenseClass)
        .where(col(BudgetExpenseClass.budget_id) == budget_id)
        .order_by(col(BudgetExpenseClass.expense_class_id))
    )
    return list(rows)


async def overlapping_year(session: AsyncSession, calendar_id: UUID, starts_on: date, ends_on: date) -> str | None:
    """The code of a year of the calendar that shares a day with this period."""
    found = await session.execute(
        text(
            "SELECT code FROM fiscal_year WHERE calendar_id = :calendar AND starts_on <= :ends AND ends_on >= :starts"
            " ORDER BY starts_on LIMIT 1"
        ),
        {"calendar": calendar_id, "starts": starts_on, "ends": ends_on},
    )
    code: str | None = found.scalar()
    return code


_MOVE_SUBTREE = text(
    "UPDATE fund SET path = CAST(:start AS uuid[]) || path[:depth :], version = version + 1"
    " WHERE path @> ARRAY[CAST(:id AS uuid)] AND id <> :id"
)


async def move_subtree(session: AsyncSession, fund_id: UUID, old_depth: int, new_path: Sequence[UUID]) -> None:
    """Gives the descendants of a moved fund their new paths; ``new_path`` is the fund's own."""
    await session.execute(_MOVE_SUBTREE, {"id": fund_id, "start": list(new_path), "depth": old_depth + 1})


async def lock_tree(session: AsyncSession) -> None:
    """Lets one command at a time change the shape of the tree, so that two moves can't make a circle."""
    await session.execute(text("SELECT pg_advisory_xact_lock(7214101)"))


_ADD_RATES = text(
    """
    INSERT INTO exchange_rate (id, base, quote, value, valid_on, source, note, recorded_at, actor)
    SELECT id, base, quote, value, valid_on, 'published', :note, :now, :actor
      FROM unnest(CAST(:id AS uuid[]), CAST(:base AS text[]), CAST(:quote AS text[]), CAST(:value AS numeric[]),
                  CAST(:valid_on AS date[])) AS r(id, base, quote, value, valid_on)
    ON CONFLICT DO NOTHING RETURNING id
    """
)


async def add_published_rates(
    session: AsyncSession,
    rates: Sequence[tuple[str, str, Decimal, date]],
    note: str,
    actor: str,
    now: datetime,
) -> int:
    """Keeps (base, quote, value, day); answers how many were new."""
    values = {
        "id": [uuid7() for _ in rates],
        "base": [r[0] for r in rates],
        "quote": [r[1] for r in rates],
        "value": [r[2] for r in rates],
        "valid_on": [r[3] for r in rates],
        "note": note,
        "actor": actor,
        "now": now,
    }
    return len((await session.execute(_ADD_RATES, values)).all())


async def rates(
    session: AsyncSession, currency: str | None, valid_by: date | None, offset: int, limit: int
) -> list[ExchangeRate]:
    """Rates, newest first; with a currency those that have it on either side."""
    query = select(ExchangeRate)
    if currency is not None:
        query = query.where(or_(col(ExchangeRate.base) == currency, col(ExchangeRate.quote) == currency))
    if valid_by is not None:
        query = query.where(col(ExchangeRate.valid_on) <= valid_by)
    newest = (col(ExchangeRate.valid_on).desc(), col(ExchangeRate.recorded_at).desc(), col(ExchangeRate.id).desc())
    return list(await session.exec(query.order_by(*newest).offset(offset).limit(limit)))


async def credits(session: AsyncSession, source_id: UUID) -> list[FundingCredit]:
    rows = await session.exec(
        select(FundingCredit)
        .where(col(FundingCredit.source_id) == source_id)
        .order_by(col(FundingCredit.expires_on).nulls_last(), col(FundingCredit.effective_on), col(FundingCredit.id))
    )
    return list(rows)


_ALLOCATED_FROM = text(
    """
    SELECT coalesce(sum(CASE WHEN p.debit = 'available' THEN p.amount WHEN p.credit = 'available' THEN -p.amount END), 0)
      FROM transaction t JOIN posting p ON p.transaction_id = t.id WHERE t.funding_source_id = :source
    """
)


async def allocated_from(session: AsyncSession, source_id: UUID) -> Decimal:
    """What budgets got from a source, less what was taken back."""
    found: Decimal = (await session.execute(_ALLOCATED_FROM, {"source": source_id})).scalar_one()
    return found


_BATCHES = text(
    """
    SELECT b.id, b.fiscal_year_id, b.recorded_at, b.actor, b.reason, b.rows, b.undoes_id, u.id AS undone_by_id, b.unit_id
      FROM allocation_batch b LEFT JOIN allocation_batch u ON u.undoes_id = b.id
     WHERE CAST(:year AS uuid) IS NULL OR b.fiscal_year_id = :year
     ORDER BY b.id DESC OFFSET :offset LIMIT :limit
    """
)


async def batches(session: AsyncSession, year: UUID | None, offset: int, limit: int) -> list[RowMapping]:
    rows = await session.execute(_BATCHES, {"year": year, "offset": offset, "limit": limit})
    return list(rows.mappings())


async def undone_by(session: AsyncSession, batch_id: UUID) -> UUID | None:
    rows = await session.exec(select(AllocationBatch.id).where(col(AllocationBatch.undoes_id) == batch_id))
    return rows.first()


async def budgets_by_ids(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Budget]:
    rows = await session.exec(select(Budget).where(col(Budget.id).in_(sorted(ids))))
    return {row.id: row for row in rows}


async def visible_funds(session: AsyncSession, ids: Collection[UUID], who: Principal) -> set[UUID]:
    """Which of these funds are there and seen."""
    if not ids:
        return set()
    return set(await session.exec(select(Fund.id).where(col(Fund.id).in_(sorted(ids)), *_seen(Fund, who))))


async def require_funds(session: AsyncSession, ids: Collection[UUID], who: Principal) -> None:
    """Raises NotFound when one of these funds is not there or not seen."""
    for fund_id in sorted(set(ids) - await visible_funds(session, ids, who)):
        raise NotFound(f"There is no fund with the id {fund_id}.")


async def fund_names(session: AsyncSession, ids: Collection[UUID], who: Principal) -> list[Fund]:
    """The funds with these ids that are seen."""
    if not ids:
        return []
    return list(await session.exec(select(Fund).where(col(Fund.id).in_(sorted(ids)), *_seen(Fund, who))))

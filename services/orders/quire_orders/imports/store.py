"""All SQL of loads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.tables import Budget, FiscalCalendar, FiscalYear, Fund, Ledger
from quire_orders.imports.tables import Load, LoadKind, LoadRow, LoadState, MappingProfile, RowState
from quire_orders.purchasing.tables import VendorCopy
from quire_shared.access.principal import Principal


def _seen(who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(Load.unit_id).is_(None), col(Load.unit_id).in_(sorted(who.units)))]


async def get_load(session: AsyncSession, load_id: UUID, who: Principal) -> Load | None:
    return (await session.exec(select(Load).where(Load.id == load_id, *_seen(who)))).one_or_none()


async def loads(
    session: AsyncSession, who: Principal, kind: LoadKind | None, offset: int, limit: int
) -> tuple[list[Load], int]:
    where = _seen(who)
    if kind:
        where.append(col(Load.kind) == kind)
    total = (await session.exec(select(func.count()).select_from(Load).where(*where))).one()
    rows = await session.exec(select(Load).where(*where).order_by(col(Load.id).desc()).offset(offset).limit(limit))
    return list(rows), total


async def earlier(session: AsyncSession, kind: LoadKind, sha256: str, except_id: UUID) -> UUID | None:
    """An earlier load of the same bytes that was not undone."""
    rows = await session.exec(
        select(Load.id).where(
            Load.kind == kind, Load.sha256 == sha256, Load.id != except_id, Load.state == LoadState.ACCEPTED
        )
    )
    return rows.first()


async def counts(session: AsyncSession, load_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    rows = await session.execute(
        text(
            "SELECT load_id, state, count(*) AS n FROM load_row WHERE load_id = ANY(CAST(:ids AS uuid[])) GROUP BY 1, 2"
        ),
        {"ids": list(load_ids)},
    )
    found: dict[UUID, dict[str, int]] = {load_id: {} for load_id in load_ids}
    for row in rows:
        found[row.load_id][row.state] = row.n
    return found


async def rows_page(
    session: AsyncSession, load_id: UUID, state: RowState | None, offset: int, limit: int
) -> tuple[list[LoadRow], int]:
    where: list[ColumnElement[bool]] = [col(LoadRow.load_id) == load_id]
    if state:
        where.append(col(LoadRow.state) == state)
    total = (await session.exec(select(func.count()).select_from(LoadRow).where(*where))).one()
    rows = await session.exec(select(LoadRow).where(*where).order_by(col(LoadRow.position)).offset(offset).limit(limit))
    return list(rows), total


async def good_rows(session: AsyncSession, load_id: UUID) -> list[LoadRow]:
    rows = await session.exec(
        select(LoadRow)
        .where(LoadRow.load_id == load_id, LoadRow.state == RowState.GOOD)
        .order_by(col(LoadRow.position))
        .with_for_update()
    )
    return list(rows)


async def mark(session: AsyncSession, load_id: UUID, before: RowState, after: RowState) -> None:
    await session.execute(
        text("UPDATE load_row SET state = :after WHERE load_id = :id AND state = :before"),
        {"after": after.value, "before": before.value, "id": load_id},
    )


async def profiles(session: AsyncSession, kind: LoadKind | None) -> list[MappingProfile]:
    query = select(MappingProfile).order_by(col(MappingProfile.name))
    if kind:
        query = query.where(MappingProfile.kind == kind)
    return list(await session.exec(query))


async def profile(session: AsyncSession, kind: LoadKind, name: str) -> MappingProfile | None:
    rows = await session.exec(select(MappingProfile).where(MappingProfile.kind == kind, MappingProfile.name == name))
    return rows.one_or_none()


# What stands already, by code


async def calendar(session: AsyncSession, code: str) -> FiscalCalendar | None:
    return (await session.exec(select(FiscalCalendar).where(FiscalCalendar.code == code))).one_or_none()


async def year(session: AsyncSession, code: str) -> FiscalYear | None:
    return (await session.exec(select(FiscalYear).where(FiscalYear.code == code))).one_or_none()


async def ledger(session: AsyncSession, code: str) -> Ledger | None:
    return (await session.exec(select(Ledger).where(Ledger.code == code))).one_or_none()


async def funds(session: AsyncSession, codes: Collection[str]) -> dict[str, Fund]:
    rows = await session.exec(select(Fund).where(col(Fund.code).in_(list(codes))))
    return {fund.code: fund for fund in rows}


async def budgets(session: AsyncSession, fund_ids: Collection[UUID], year_id: UUID) -> set[UUID]:
    rows = await session.exec(
        select(Budget.fund_id).where(col(Budget.fund_id).in_(list(fund_ids)), Budget.fiscal_year_id == year_id)
    )
    return set(rows)


async def vendors(session: AsyncSession, codes: Sequence[str]) -> dict[str, UUID]:
    rows = await session.exec(
        select(VendorCopy.code, VendorCopy.vendor_id).where(col(VendorCopy.code).in_(list(codes)))
    )
    return {code: vendor_id for code, vendor_id in rows if code}


async def used_budgets(session: AsyncSession, budget_ids: Sequence[UUID]) -> list[str]:
    """Codes of funds on whose budgets more than the first allocation was posted."""
    rows = await session.execute(
        text(
            "SELECT DISTINCT f.code FROM commitment c JOIN fund f ON f.id = c.fund_id"
            " WHERE c.budget_id = ANY(CAST(:ids AS uuid[])) ORDER BY 1 LIMIT 20"
        ),
        {"ids": list(budget_ids)},
    )
    return [r.code for r in rows]

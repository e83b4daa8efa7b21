"""All SQL of costs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_usage.costs.tables import OrderLineCopy, PaidInvoiceLine, ResourceLink, ToldCostPerUse
from quire_usage.facts.tables import Platform, Report, ReportMonth


def _seen(who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(OrderLineCopy.unit_id).is_(None), col(OrderLineCopy.unit_id).in_(sorted(who.units)))]


async def make_stubs(session: AsyncSession, line_ids: Collection[UUID]) -> None:
    """Rows for order lines that were not told of yet."""
    if line_ids:
        rows = [OrderLineCopy(id=i).model_dump() for i in sorted(line_ids)]
        await session.execute(insert(OrderLineCopy).values(rows).on_conflict_do_nothing(index_elements=["id"]))


async def put_paid_lines(session: AsyncSession, rows: Sequence[PaidInvoiceLine]) -> None:
    """Keep paid lines; a line that comes again is as told last, a rate that a person gave stays."""
    if not rows:
        return
    statement = insert(PaidInvoiceLine).values([row.model_dump() for row in rows])
    told = {name: statement.excluded[name] for name in PaidInvoiceLine.model_fields if name not in {"id", "rate"}}
    await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=told))


async def lines_of_invoice(session: AsyncSession, invoice_id: UUID) -> list[PaidInvoiceLine]:
    rows = await session.exec(
        select(PaidInvoiceLine).where(PaidInvoiceLine.invoice_id == invoice_id).order_by(col(PaidInvoiceLine.id))
    )
    return list(rows)


async def order_line(session: AsyncSession, line_id: UUID, who: Principal) -> OrderLineCopy | None:
    return (await session.exec(select(OrderLineCopy).where(OrderLineCopy.id == line_id, *_seen(who)))).one_or_none()


async def order_lines(
    session: AsyncSession, who: Principal, q: str | None, platform_id: UUID | None, offset: int, limit: int
) -> tuple[list[OrderLineCopy], int]:
    where = _seen(who)
    if q:
        where.append(
            or_(
                col(OrderLineCopy.title).icontains(q, autoescape=True),
                col(OrderLineCopy.number).icontains(q, autoescape=True),
            )
        )
    if platform_id:
        linked = select(ResourceLink.order_line_id).where(ResourceLink.platform_id == platform_id)
        where.append(col(OrderLineCopy.id).in_(linked))
    total = (await session.exec(select(func.count()).select_from(OrderLineCopy).where(*where))).one()
    rows = await session.exec(
        select(OrderLineCopy)
        .where(*where)
        .order_by(OrderLineCopy.number, col(OrderLineCopy.id))
        .offset(offset)
        .limit(limit)
    )
    return list(rows), total


async def lines_by_id(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, OrderLineCopy]:
    rows = await session.exec(select(OrderLineCopy).where(col(OrderLineCopy.id).in_(line_ids)))
    return {row.id: row for row in rows}


async def links_of_lines(
    session: AsyncSession, line_ids: Collection[UUID]
) -> dict[UUID, list[tuple[ResourceLink, Platform]]]:
    """The platforms that each order line pays, by name."""
    rows = await session.exec(
        select(ResourceLink, Platform)
        .join(Platform, col(Platform.id) == col(ResourceLink.platform_id))
        .where(col(ResourceLink.order_line_id).in_(line_ids))
        .order_by(Platform.name, col(Platform.id))
    )
    found: dict[UUID, list[tuple[ResourceLink, Platform]]] = {line_id: [] for line_id in line_ids}
    for link, platform in rows:
        found[link.order_line_id].append((link, platform))
    return found


async def remove_links(session: AsyncSession, line_id: UUID) -> None:
    await session.execute(delete(ResourceLink).where(col(ResourceLink.order_line_id) == line_id))


async def platforms_of_lines(session: AsyncSession, line_ids: Collection[UUID]) -> set[UUID]:
    rows = await session.exec(
        select(ResourceLink.platform_id).where(col(ResourceLink.order_line_id).in_(line_ids)).distinct()
    )
    return set(rows)


async def lines_of_platform(session: AsyncSession, platform_id: UUID) -> set[UUID]:
    rows = await session.exec(select(ResourceLink.order_line_id).where(ResourceLink.platform_id == platform_id))
    return set(rows)


async def paid_lines(session: AsyncSession, order_line_ids: Collection[UUID]) -> list[PaidInvoiceLine]:
    """Paid lines of order lines whose payment stands, in the order of payment."""
    rows = await session.exec(
        select(PaidInvoiceLine)
        .where(col(PaidInvoiceLine.order_line_id).in_(order_line_ids), col(PaidInvoiceLine.reversed_on).is_(None))
        .order_by(
            col(col(PaidInvoiceLine.paid_on)),
            PaidInvoiceLine.invoice_number,
            PaidInvoiceLine.number,
            col(PaidInvoiceLine.id),
        )
    )
    return list(rows)


async def month_reports(
    session: AsyncSession, platform_id: UUID, months: Sequence[str]
) -> list[tuple[ReportMonth, Report]]:
    """What stands for these months, with the report that it came with."""
    rows = await session.exec(
        select(ReportMonth, Report)
        .join(Report, col(Report.id) == col(ReportMonth.from_report))
        .where(ReportMonth.platform_id == platform_id, col(ReportMonth.month).in_(months))
    )
    return list(rows)


async def rollup(session: AsyncSession, platform_id: UUID, months: Sequence[str], column: str) -> Sequence[Any]:
    """Sums of one metric (``column``, of the models' own names) with the attributes they are filtered by."""
    rows = await session.execute(
        text(
            "SELECT month, report_id, release, data_type, access_type, access_method,"
            f" {column} AS uses, no_license + limit_exceeded AS turnaways"
            " FROM rollup WHERE platform_id = :platform AND month = ANY(CAST(:months AS text[]))"
        ),
        {"platform": platform_id, "months": list(months)},
    )
    return rows.all()


async def years_with_usage(session: AsyncSession, platform_id: UUID) -> set[int]:
    rows = await session.exec(
        select(func.substr(ReportMonth.month, 1, 4)).where(ReportMonth.platform_id == platform_id).distinct()
    )
    return {int(year) for year in rows}


async def told(session: AsyncSession, platform_id: UUID) -> dict[int, ToldCostPerUse]:
    rows = await session.exec(select(ToldCostPerUse).where(ToldCostPerUse.platform_id == platform_id))
    return {row.year: row for row in rows}

"""All SQL of licenses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_licenses.agreements.rules import Kind, Status
from quire_licenses.agreements.tables import (
    HolidayCalendar,
    InvoiceReceipt,
    License,
    LicenseDocument,
    LicenseLine,
    LicenseParty,
    LicenseRelation,
    LineCopy,
    StatusChange,
    VendorCopy,
)
from quire_licenses.renewals.spans import WorkCalendar
from quire_shared.access.principal import Principal


@dataclass
class Parts:
    """What belongs to one license."""

    parties: Sequence[LicenseParty]
    vendors: dict[UUID, VendorCopy]
    lines: Sequence[LineCopy]
    documents: Sequence[LicenseDocument]
    relations: Sequence[tuple[LicenseRelation, str]]
    history: Sequence[StatusChange]
    invoices: dict[date, date]


def seen(who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(License.unit_id).is_(None), col(License.unit_id).in_(sorted(who.units)))]


async def get_license(session: AsyncSession, license_id: UUID, who: Principal) -> License | None:
    return (await session.exec(select(License).where(License.id == license_id, *seen(who)))).one_or_none()


async def work_calendar(session: AsyncSession, calendar_id: UUID | None) -> WorkCalendar:
    """The holiday calendar of a license; Saturday and Sunday off where it has none."""
    row = await session.get(HolidayCalendar, calendar_id) if calendar_id else None
    if row is None:
        return WorkCalendar()
    return WorkCalendar(
        weekend=frozenset(row.weekend), holidays=frozenset(date.fromisoformat(day) for day in row.holidays)
    )


async def line_ids(session: AsyncSession, license_id: UUID) -> list[UUID]:
    rows = await session.exec(
        select(LicenseLine.line_id).where(LicenseLine.license_id == license_id).order_by(col(LicenseLine.line_id))
    )
    return list(rows)


async def invoices_received(session: AsyncSession, license_id: UUID) -> dict[date, date]:
    rows = await session.exec(select(InvoiceReceipt).where(InvoiceReceipt.license_id == license_id))
    return {row.renewal_date: row.received_on for row in rows}


async def parts(session: AsyncSession, license_id: UUID, who: Principal) -> Parts:
    parties = (
        await session.exec(
            select(LicenseParty).where(LicenseParty.license_id == license_id).order_by(col(LicenseParty.position))
        )
    ).all()
    vendor_ids = {party.vendor_id for party in parties if party.vendor_id}
    vendors = (await session.exec(select(VendorCopy).where(col(VendorCopy.vendor_id).in_(vendor_ids)))).all()
    lines = (
        await session.exec(
            select(LineCopy)
            .join(LicenseLine, col(LicenseLine.line_id) == col(LineCopy.line_id))
            .where(LicenseLine.license_id == license_id)
            .order_by(col(LineCopy.number), col(LineCopy.line_id))
        )
    ).all()
    documents = (
        await session.exec(
            select(LicenseDocument)
            .where(LicenseDocument.license_id == license_id)
            .order_by(col(LicenseDocument.position))
        )
    ).all()
    relations = (
        await session.exec(
            select(LicenseRelation, License.name)
            .join(License, col(License.id) == col(LicenseRelation.other_id))
            .where(LicenseRelation.license_id == license_id, *seen(who))
            .order_by(col(License.sort_name), col(License.id))
        )
    ).all()
    history = (
        await session.exec(
            select(StatusChange)
            .where(StatusChange.license_id == license_id)
            .order_by(col(StatusChange.recorded_at), col(StatusChange.id))
        )
    ).all()
    return Parts(
        parties,
        {vendor.vendor_id: vendor for vendor in vendors},
        lines,
        documents,
        list(relations),
        history,
        await invoices_received(session, license_id),
    )


async def delete_parts(session: AsyncSession, license_id: UUID) -> None:
    """Take away parties, lines, documents and relations before they are written anew."""
    for table in (LicenseParty, LicenseLine, LicenseDocument, LicenseRelation):
        await session.execute(delete(table).where(col(table.license_id) == license_id))


async def stub_lines(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Make a row for each line that no event has told of yet."""
    if ids:
        await session.execute(insert(LineCopy).values([{"line_id": i} for i in ids]).on_conflict_do_nothing())


async def stub_vendors(session: AsyncSession, ids: Sequence[UUID]) -> None:
    if ids:
        await session.execute(insert(VendorCopy).values([{"vendor_id": i} for i in ids]).on_conflict_do_nothing())


async def visible_licenses(session: AsyncSession, ids: Sequence[UUID], who: Principal) -> set[UUID]:
    return set(await session.exec(select(License.id).where(col(License.id).in_(list(ids)), *seen(who))))


async def foreign_lines(session: AsyncSession, ids: Sequence[UUID], who: Principal) -> set[UUID]:
    """Lines of units that the principal does not see."""
    if who.units is None or not ids:
        return set()
    rows = await session.exec(
        select(LineCopy.line_id).where(
            col(LineCopy.line_id).in_(list(ids)),
            col(LineCopy.unit_id).is_not(None),
            col(LineCopy.unit_id).not_in(sorted(who.units)),
        )
    )
    return set(rows)


async def licenses_page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str,
    status: Status | None,
    kind: Kind | None,
    vendor_id: UUID | None,
    line_id: UUID | None,
    responsible_id: str | None,
    act_by_until: date | None,
    offset: int,
    limit: int,
) -> tuple[list[License], int]:
    where = seen(who)
    if q:
        where.append(col(License.name).icontains(q, autoescape=True))
    if status:
        where.append(col(License.status) == status)
    if kind:
        where.append(col(License.kind) == kind)
    if vendor_id:
        where.append(col(License.id).in_(select(LicenseParty.license_id).where(LicenseParty.vendor_id == vendor_id)))
    if line_id:
        where.append(col(License.id).in_(select(LicenseLine.license_id).where(LicenseLine.line_id == line_id)))
    if responsible_id:
        where.append(or_(col(License.responsible_id) == responsible_id, col(License.second_id) == responsible_id))
    if act_by_until:
        where.append(col(License.act_by) <= act_by_until)
    total = (await session.exec(select(func.count()).select_from(License).where(*where))).one()
    order = col(License.act_by) if act_by_until else col(License.sort_name)
    rows = await session.exec(
        select(License).where(*where).order_by(order, col(License.id)).offset(offset).limit(limit)
    )
    return list(rows), total


async def calendars(session: AsyncSession, offset: int, limit: int) -> tuple[list[HolidayCalendar], int]:
    total = (await session.exec(select(func.count()).select_from(HolidayCalendar))).one()
    rows = await session.exec(select(HolidayCalendar).order_by(col(HolidayCalendar.name)).offset(offset).limit(limit))
    return list(rows), total


async def calendar_named(session: AsyncSession, name: str) -> HolidayCalendar | None:
    return (await session.exec(select(HolidayCalendar).where(HolidayCalendar.name == name))).one_or_none()


async def check_again(session: AsyncSession, calendar_id: UUID, day: date) -> None:
    """Have the clock compute every license with this calendar anew."""
    await session.execute(
        update(License)
        .where(col(License.calendar_id) == calendar_id, col(License.rule).is_not(None))
        .values(next_check=day, updated_at=License.updated_at, version=License.version)
        .execution_options(synchronize_session=False)
    )

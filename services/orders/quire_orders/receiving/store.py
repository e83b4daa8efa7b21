"""All SQL of receiving."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.purchasing.tables import LineCopy, LineIdentifier, Order, OrderLine, VendorCopy
from quire_orders.receiving.rules import Condition, FoundBy, NextStep, Scanned, StepState
from quire_orders.receiving.tables import Receipt, Shipment
from quire_shared.access.principal import Principal
from quire_shared.api.problems import NotFound


def _seen(who: Principal, column: Any) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(column.is_(None), column.in_(sorted(who.units)))]


async def get(session: AsyncSession, shipment_id: UUID, who: Principal) -> Shipment:
    where = _seen(who, col(Shipment.unit_id))
    row = (await session.exec(select(Shipment).where(Shipment.id == shipment_id, *where))).one_or_none()
    if row is None:
        raise NotFound(f"There is no shipment with the id {shipment_id}.")
    return row


async def found(
    session: AsyncSession, who: Principal, vendor_id: UUID, code: str, identifiers: Collection[tuple[str, str]]
) -> list[Scanned]:
    """The order lines of a vendor that a code may mean, the oldest first; those that wait before the others."""
    lines: dict[UUID, Scanned] = {}
    base = (
        select(OrderLine)
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(Order.vendor_id == vendor_id, *_seen(who, col(Order.unit_id)))
    )
    by = {
        FoundBy.BARCODE: base.where(col(OrderLine.id).in_(select(LineCopy.line_id).where(LineCopy.barcode == code))),
        FoundBy.LINE_NUMBER: base.where(func.lower(OrderLine.number) == code.casefold()),
    }
    if identifiers:
        same = or_(
            *(
                (col(LineIdentifier.kind) == kind) & (col(LineIdentifier.normalized) == number)
                for kind, number in identifiers
            )
        )
        by[FoundBy.IDENTIFIER] = base.where(col(OrderLine.id).in_(select(LineIdentifier.line_id).where(same)))
    for found_by, query in by.items():
        for line in await session.exec(query.order_by(col(OrderLine.id)).limit(50)):
            lines.setdefault(line.id, scanned(line, found_by))
    return list(lines.values())


def scanned(line: OrderLine, found_by: FoundBy) -> Scanned:
    return Scanned(line.id, line.number, line.title, line.status, line.quantity, line.received, found_by)


async def order_of_line(session: AsyncSession, line_id: UUID) -> UUID | None:
    return (await session.exec(select(OrderLine.order_id).where(OrderLine.id == line_id))).one_or_none()


async def line_of_receipt(session: AsyncSession, receipt_id: UUID) -> UUID | None:
    return (await session.exec(select(Receipt.line_id).where(Receipt.id == receipt_id))).one_or_none()


async def location_of(session: AsyncSession, line_id: UUID, received_before: int) -> str | None:
    """The location of the next copy of a line: copies fill up in the order of the order."""
    copies = await session.exec(select(LineCopy).where(LineCopy.line_id == line_id).order_by(col(LineCopy.position)))
    filled = 0
    for copy in copies:
        filled += copy.quantity
        if received_before < filled:
            return copy.location
    return None


async def vendor_names(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(
        select(VendorCopy.vendor_id, VendorCopy.name).where(col(VendorCopy.vendor_id).in_(sorted(ids)))
    )
    return dict(rows.all())


async def line_numbers(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(select(OrderLine.id, OrderLine.number).where(col(OrderLine.id).in_(sorted(ids))))
    return dict(rows.all())


async def receipts_of(session: AsyncSession, shipment_id: UUID) -> list[Receipt]:
    rows = await session.exec(select(Receipt).where(Receipt.shipment_id == shipment_id).order_by(col(Receipt.id)))
    return list(rows)


async def shipments(
    session: AsyncSession,
    who: Principal,
    *,
    q: str = "",
    vendor_id: UUID | None = None,
    closed: bool | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Shipment], int]:
    """Shipments, the newest first."""
    where = _seen(who, col(Shipment.unit_id))
    if q:
        where.append(col(Shipment.number).icontains(q, autoescape=True))
    if vendor_id is not None:
        where.append(col(Shipment.vendor_id) == vendor_id)
    if closed is not None:
        where.append(col(Shipment.closed) == closed)
    total = (await session.exec(select(func.count()).select_from(Shipment).where(*where))).one()
    rows = await session.exec(
        select(Shipment)
        .where(*where)
        .order_by(col(Shipment.received_on).desc(), col(Shipment.id).desc())
        .offset(offset)
        .limit(limit)
    )
    return list(rows), total


async def receipts(
    session: AsyncSession,
    who: Principal,
    *,
    condition: Condition | None = None,
    next_step: NextStep | None = None,
    step_state: StepState | None = None,
    line_id: UUID | None = None,
    undone: bool | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Receipt], int]:
    """Pieces of all shipments, the newest first."""
    where = _seen(who, col(Receipt.unit_id))
    if condition is not None:
        where.append(col(Receipt.condition) == condition)
    if next_step is not None:
        where.append(col(Receipt.next_step) == next_step)
    if step_state is not None:
        where.append(col(Receipt.step_state) == step_state)
    if line_id is not None:
        where.append(col(Receipt.line_id) == line_id)
    if undone is not None:
        where.append(col(Receipt.undone_at).is_not(None) if undone else col(Receipt.undone_at).is_(None))
    total = (await session.exec(select(func.count()).select_from(Receipt).where(*where))).one()
    rows = await session.exec(
        select(Receipt).where(*where).order_by(col(Receipt.id).desc()).offset(offset).limit(limit)
    )
    return list(rows), total

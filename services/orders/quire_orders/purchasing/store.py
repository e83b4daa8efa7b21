"""All SQL of purchasing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.tables import FiscalYear, Fund, Ledger
from quire_orders.funds.tables_ledger import Commitment
from quire_orders.purchasing.rules import LineStatus, OrderStatus, PaymentStatus, ReceiptStatus
from quire_orders.purchasing.tables import LineCopy, LineFund, LineIdentifier, Order, OrderLine, VendorCopy
from quire_shared.access.principal import Principal


@dataclass
class Parts:
    """What belongs to lines, by line."""

    funds: dict[UUID, list[LineFund]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[UUID, list[LineCopy]] = field(default_factory=lambda: defaultdict(list))
    identifiers: dict[UUID, list[LineIdentifier]] = field(default_factory=lambda: defaultdict(list))
    codes: dict[UUID, str] = field(default_factory=dict)
    commitments: dict[tuple[UUID, UUID], Commitment] = field(default_factory=dict)


def _seen(who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(Order.unit_id).is_(None), col(Order.unit_id).in_(sorted(who.units)))]


async def next_number(session: AsyncSession, prefix: str) -> int:
    """The next number of a series, without gaps: the row stays locked until the commit."""
    row = await session.execute(
        text(
            "INSERT INTO number_series (prefix, last) VALUES (:p, 1)"
            " ON CONFLICT (prefix) DO UPDATE SET last = number_series.last + 1 RETURNING last"
        ),
        {"p": prefix},
    )
    return int(row.scalar_one())


async def vendor(session: AsyncSession, vendor_id: UUID) -> VendorCopy | None:
    return await session.get(VendorCopy, vendor_id)


async def vendors(session: AsyncSession, q: str, offset: int, limit: int) -> tuple[list[VendorCopy], int]:
    where: list[ColumnElement[bool]] = [col(VendorCopy.code).is_not(None)]
    if q:
        where.append(
            or_(col(VendorCopy.name).icontains(q, autoescape=True), col(VendorCopy.code).icontains(q, autoescape=True))
        )
    total = (await session.exec(select(func.count()).select_from(VendorCopy).where(*where))).one()
    rows = await session.exec(
        select(VendorCopy).where(*where).order_by(col(VendorCopy.code)).offset(offset).limit(limit)
    )
    return list(rows), total


async def get_order(session: AsyncSession, order_id: UUID, who: Principal) -> Order | None:
    return (await session.exec(select(Order).where(Order.id == order_id, *_seen(who)))).one_or_none()


async def lines_of(session: AsyncSession, order_id: UUID, *, lock: bool = False) -> list[OrderLine]:
    """The lines of an order by position, as they are now."""
    query = (
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(col(OrderLine.id if lock else OrderLine.position))
    )
    if lock:
        query = query.with_for_update()
    rows = await session.exec(query.execution_options(populate_existing=True))
    return sorted(rows, key=lambda line: line.position)


async def parts(session: AsyncSession, line_ids: Collection[UUID]) -> Parts:
    """Funds, copies, identifiers and commitments of lines: a constant number of statements."""
    found = Parts()
    if not line_ids:
        return found
    ids = list(line_ids)
    funds = await session.exec(
        select(LineFund, Fund.code)
        .join(Fund, col(Fund.id) == col(LineFund.fund_id))
        .where(col(LineFund.line_id).in_(ids))
        .order_by(col(LineFund.line_id), col(LineFund.position))
    )
    for line_fund, code in funds:
        found.funds[line_fund.line_id].append(line_fund)
        found.codes[line_fund.fund_id] = code
    for copy in await session.exec(
        select(LineCopy).where(col(LineCopy.line_id).in_(ids)).order_by(col(LineCopy.line_id), col(LineCopy.position))
    ):
        found.copies[copy.line_id].append(copy)
    for identifier in await session.exec(
        select(LineIdentifier).where(col(LineIdentifier.line_id).in_(ids)).order_by(col(LineIdentifier.id))
    ):
        found.identifiers[identifier.line_id].append(identifier)
    for commitment in await session.exec(
        select(Commitment).where(col(Commitment.line_id).in_(ids), col(Commitment.active))
    ):
        found.commitments[commitment.line_id, commitment.fund_id] = commitment
    return found


async def years_of_funds(session: AsyncSession, fund_ids: Collection[UUID], on: date) -> dict[UUID, UUID]:
    """For each fund the fiscal year of its ledger's calendar that holds the day."""
    rows = await session.exec(
        select(Fund.id, FiscalYear.id)
        .join(Ledger, col(Ledger.id) == col(Fund.ledger_id))
        .join(FiscalYear, col(FiscalYear.calendar_id) == col(Ledger.calendar_id))
        .where(col(Fund.id).in_(list(fund_ids)), col(FiscalYear.starts_on) <= on, col(FiscalYear.ends_on) >= on)
    )
    return dict(rows.all())


async def fund_codes(session: AsyncSession, fund_ids: Collection[UUID], who: Principal) -> dict[UUID, str]:
    where: list[ColumnElement[bool]] = [col(Fund.id).in_(list(fund_ids))]
    if who.units is not None:
        where.append(or_(col(Fund.unit_id).is_(None), col(Fund.unit_id).in_(sorted(who.units))))
    return dict((await session.exec(select(Fund.id, Fund.code).where(*where))).all())


async def set_line_states(
    session: AsyncSession,
    order_id: UUID,
    from_status: LineStatus,
    to_status: LineStatus,
    receipt: ReceiptStatus,
    payment: PaymentStatus,
) -> None:
    """Move all lines of an order in one statement; what is received or paid already keeps its status."""
    await session.execute(
        text(
            "UPDATE order_line SET status = :to, version = version + 1, updated_at = now(),"
            " receipt_status = CASE WHEN NOT receipt_required THEN 'not_required'"
            "   WHEN receipt_status IN ('pending', 'awaiting') THEN :receipt ELSE receipt_status END,"
            " payment_status = CASE WHEN payment_status IN ('pending', 'awaiting') THEN :payment ELSE payment_status END"
            " WHERE order_id = :o AND status = :from"
        ),
        {
            "to": to_status.value,
            "from": from_status.value,
            "receipt": receipt.value,
            "payment": payment.value,
            "o": order_id,
        },
    )


async def same_identifiers(
    session: AsyncSession, wanted: Collection[tuple[str, str]], except_order: UUID
) -> list[tuple[str, str, str, str]]:
    """Live lines of other orders with one of these (kind, normalized): (kind, normalized, line number, title)."""
    if not wanted:
        return []
    rows = await session.execute(
        text(
            "SELECT i.kind, i.normalized, l.number, l.title FROM line_identifier i JOIN order_line l ON l.id = i.line_id"
            " JOIN unnest(CAST(:k AS text[]), CAST(:n AS text[])) AS w(kind, normalized)"
            "   ON w.kind = i.kind AND w.normalized = i.normalized"
            " WHERE l.order_id <> :o AND l.status IN ('pending', 'open') ORDER BY l.number LIMIT 200"
        ),
        {"k": [k for k, _ in wanted], "n": [n for _, n in wanted], "o": except_order},
    )
    return [(r.kind, r.normalized, r.number, r.title) for r in rows]


async def orders_page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str,
    status: OrderStatus | None,
    vendor_id: UUID | None,
    offset: int,
    limit: int,
) -> tuple[list[Any], int]:
    """Orders newest first, with the number and the estimated price of their lines."""
    where = _seen(who)
    if q:
        where.append(col(Order.number).icontains(q, autoescape=True))
    if status:
        where.append(col(Order.status) == status)
    if vendor_id:
        where.append(col(Order.vendor_id) == vendor_id)
    total = (await session.exec(select(func.count()).select_from(Order).where(*where))).one()
    sums = (
        select(OrderLine.order_id, func.count().label("n"), func.sum(OrderLine.estimated_price).label("price"))
        .group_by(col(OrderLine.order_id))
        .subquery()
    )
    rows = await session.execute(
        select(Order, VendorCopy.name, sums.c.n, sums.c.price)
        .outerjoin(VendorCopy, col(VendorCopy.vendor_id) == col(Order.vendor_id))
        .outerjoin(sums, sums.c.order_id == col(Order.id))
        .where(*where)
        .order_by(col(Order.number).desc(), col(Order.id))
        .offset(offset)
        .limit(limit)
    )
    return list(rows), total


async def lines_page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str,
    status: LineStatus | None,
    vendor_id: UUID | None,
    fund_id: UUID | None,
    identifier: str | None,
    offset: int,
    limit: int,
) -> tuple[list[OrderLine], dict[UUID, Order], int]:
    where: list[ColumnElement[bool]] = _seen(who)
    if q:
        where.append(
            or_(col(OrderLine.title).icontains(q, autoescape=True), col(OrderLine.number).icontains(q, autoescape=True))
        )
    if status:
        where.append(col(OrderLine.status) == status)
    if vendor_id:
        where.append(col(Order.vendor_id) == vendor_id)
    if fund_id:
        where.append(col(OrderLine.id).in_(select(LineFund.line_id).where(LineFund.fund_id == fund_id)))
    if identifier:
        where.append(
            col(OrderLine.id).in_(select(LineIdentifier.line_id).where(LineIdentifier.normalized == identifier))
        )
    base = select(OrderLine, Order).join(Order, col(Order.id) == col(OrderLine.order_id)).where(*where)
    total = (await session.exec(select(func.count()).select_from(base.subquery()))).one()
    rows = (
        await session.exec(base.order_by(col(OrderLine.number), col(OrderLine.id)).offset(offset).limit(limit))
    ).all()
    return [line for line, _ in rows], {order.id: order for _, order in rows}, total


async def delete_parts(session: AsyncSession, line_ids: Sequence[UUID]) -> None:
    """Take away funds, copies and identifiers of lines before they are written anew."""
    for table in ("line_fund", "line_copy", "line_identifier"):
        await session.execute(
            text(f"DELETE FROM {table} WHERE line_id = ANY(CAST(:ids AS uuid[]))"),
            {"ids": list(line_ids)},
        )


async def known_keys(session: AsyncSession, source: str, keys: Collection[str]) -> dict[str, str]:
    """Lines that came from this source before: key → line number."""
    rows = await session.exec(
        select(OrderLine.source_key, OrderLine.number).where(
            OrderLine.source == source, col(OrderLine.source_key).in_(list(keys))
        )
    )
    return {key: number for key, number in rows if key is not None}

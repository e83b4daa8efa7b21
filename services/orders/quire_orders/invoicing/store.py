"""All SQL of invoicing: constant numbers of statements, however many lines an invoice has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.invoicing.rules import LIVE, Decision, InvoiceState
from quire_orders.invoicing.rules_differences import Bill, Period
from quire_orders.invoicing.rules_matching import MatchState, Ordered, own_keys
from quire_orders.invoicing.tables import Invoice, InvoiceCharge, InvoiceLine, InvoiceLineFund, InvoicePart
from quire_orders.purchasing.rules import PaymentStatus
from quire_orders.purchasing.tables import LineFund, LineIdentifier, Order, OrderLine, VendorCopy
from quire_shared.access.principal import Principal
from quire_shared.api.problems import NotFound

SUGGESTIONS = 2_000
"""At most so many order lines are read as title suggestions for one invoice."""

TITLE_START = 12
"""Order lines whose titles begin with the same characters are looked at; one more reason to compare, no match yet."""


def seen(who: Principal) -> list[ColumnElement[bool]]:
    """The condition that hides invoices of units that one does not see."""
    if who.units is None:
        return []
    return [or_(col(Invoice.unit_id).is_(None), col(Invoice.unit_id).in_(sorted(who.units)))]


# Arrival

_KEEP_PART = text(
    """
    INSERT INTO invoice_part (message_id, part, parts, payload, received_at)
    VALUES (:message, :part, :parts, CAST(:payload AS jsonb), :now) ON CONFLICT DO NOTHING
    """
)


async def keep_part(session: AsyncSession, part: InvoicePart, payload: str) -> None:
    """Keeps a part of a message; one that is there already stays as it came first."""
    await session.execute(
        _KEEP_PART,
        {
            "message": part.message_id,
            "part": part.part,
            "parts": part.parts,
            "payload": payload,
            "now": part.received_at,
        },
    )


async def parts_of(session: AsyncSession, message_id: UUID) -> list[InvoicePart]:
    rows = await session.exec(
        select(InvoicePart).where(InvoicePart.message_id == message_id).order_by(col(InvoicePart.part))
    )
    return list(rows)


async def of_message(session: AsyncSession, message_id: UUID) -> UUID | None:
    return (await session.exec(select(Invoice.id).where(Invoice.message_id == message_id))).one_or_none()


async def hold_number(session: AsyncSession, vendor_id: UUID, number_key: str) -> None:
    """Lets only one transaction at a time make or approve invoices of this vendor with this number."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"invoice {vendor_id} {number_key}"}
    )


async def same_number(session: AsyncSession, invoice: Invoice) -> Invoice | None:
    """The oldest other invoice of the vendor with this number that is not canceled. Its own remainders are none."""
    family = invoice.remainder_of or invoice.id
    rows = await session.exec(
        select(Invoice)
        .where(
            Invoice.vendor_id == invoice.vendor_id,
            Invoice.number_key == invoice.number_key,
            Invoice.id != invoice.id,
            Invoice.id != family,
            or_(col(Invoice.remainder_of).is_(None), col(Invoice.remainder_of) != family),
            Invoice.state != InvoiceState.CANCELED,
        )
        .order_by(col(Invoice.id))
        .limit(1)
    )
    return rows.one_or_none()


# Matching


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the lines of one invoice can be found by. Keys and order numbers are folded."""

    vendor_id: UUID
    keys: frozenset[str]
    orders: frozenset[str]
    identifiers: frozenset[tuple[str, str]]
    titles: frozenset[str]


_CANDIDATES = text(
    """
    WITH found AS (
      SELECT l.id FROM order_line l JOIN purchase_order o ON o.id = l.order_id
       WHERE lower(l.number) = ANY(CAST(:keys AS text[]))
          OR lower(l.source_key) = ANY(CAST(:keys AS text[]))
      UNION
      SELECT l.id FROM order_line l JOIN purchase_order o ON o.id = l.order_id
       WHERE lower(o.number) = ANY(CAST(:orders AS text[]))
      UNION
      SELECT l.id FROM order_line l JOIN purchase_order o ON o.id = l.order_id
       WHERE o.vendor_id = :vendor
         AND (lower(l.vendor_reference) = ANY(CAST(:keys AS text[]))
              OR lower(l.quote_reference) = ANY(CAST(:keys AS text[])))
      UNION
      SELECT l.id FROM line_identifier i
        JOIN unnest(CAST(:kinds AS text[]), CAST(:numbers AS text[])) AS w(kind, number)
          ON w.kind = i.kind AND w.number = i.normalized
        JOIN order_line l ON l.id = i.line_id JOIN purchase_order o ON o.id = l.order_id AND o.vendor_id = :vendor
      UNION
      (SELECT l.id FROM order_line l JOIN purchase_order o ON o.id = l.order_id AND o.vendor_id = :vendor
        WHERE l.status <> 'canceled' AND left(lower(l.title), :start) = ANY(CAST(:titles AS text[]))
        ORDER BY l.id LIMIT :suggestions)
    )
    SELECT l.id, l.number, l.position, l.title, l.source_key, l.vendor_reference, l.quote_reference,
           o.number AS order_number, o.vendor_id = :vendor AS same_vendor,
           (SELECT count(*) FROM order_line s WHERE s.order_id = o.id) AS lines_of_order,
           COALESCE((SELECT jsonb_agg(jsonb_build_array(i.kind, i.normalized)) FROM line_identifier i
                      WHERE i.line_id = l.id), '[]'::jsonb) AS identifiers
      FROM found f JOIN order_line l ON l.id = f.id JOIN purchase_order o ON o.id = l.order_id
    """
)


async def candidates(session: AsyncSession, wanted: Wanted) -> list[Ordered]:
    """The order lines that lines of an invoice may be, in one statement."""
    numbers = sorted(wanted.identifiers)
    rows = await session.execute(
        _CANDIDATES,
        {
            "vendor": wanted.vendor_id,
            "keys": sorted(wanted.keys),
            "orders": sorted(wanted.orders),
            "kinds": [kind for kind, _ in numbers],
            "numbers": [number for _, number in numbers],
            "titles": sorted(wanted.titles),
            "suggestions": SUGGESTIONS,
            "start": TITLE_START,
        },
    )
    return [
        Ordered(
            line_id=row.id,
            order_number=row.order_number,
            position=row.position,
            own_keys=own_keys(row.number, row.order_number, row.position, row.source_key),
            quote_reference=row.quote_reference,
            vendor_reference=row.vendor_reference,
            identifiers=frozenset((kind, number) for kind, number in row.identifiers),
            title=row.title,
            lines_of_order=row.lines_of_order,
            same_vendor=row.same_vendor,
        )
        for row in rows
    ]


@dataclass
class OrderFacts:
    """What invoicing reads of order lines."""

    lines: dict[UUID, OrderLine] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    identifiers: dict[UUID, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    bills: dict[UUID, list[Bill]] = field(default_factory=lambda: defaultdict(list))


async def order_facts(session: AsyncSession, line_ids: Iterable[UUID]) -> OrderFacts:
    """Order lines with their orders, numbers and what live invoices have billed: three statements."""
    facts = OrderFacts()
    ids = sorted(set(line_ids))
    if not ids:
        return facts
    for line, order in await session.exec(
        select(OrderLine, Order).join(Order, col(Order.id) == col(OrderLine.order_id)).where(col(OrderLine.id).in_(ids))
    ):
        facts.lines[line.id] = line
        facts.orders[line.id] = order
    for identifier in await session.exec(select(LineIdentifier).where(col(LineIdentifier.line_id).in_(ids))):
        facts.identifiers[identifier.line_id].add((identifier.kind, identifier.normalized))
    for billed, invoice in await _live_lines(session, ids):
        period = Period(billed.service_from, billed.service_to) if billed.service_from and billed.service_to else None
        if billed.order_line_id is not None:
            facts.bills[billed.order_line_id].append(
                Bill(invoice.id, invoice.number, billed.quantity, invoice.paid_on, not billed.more_expected, period)
            )
    return facts


async def _live_lines(session: AsyncSession, order_line_ids: Sequence[UUID]) -> list[tuple[InvoiceLine, Invoice]]:
    """Paying lines of approved and paid invoices that belong to order lines."""
    where: list[ColumnElement[bool]] = [
        col(InvoiceLine.order_line_id).in_(order_line_ids),
        col(InvoiceLine.decision).in_([Decision.ACCEPT, Decision.SHORT_PAY]),
        col(Invoice.state).in_(sorted(LIVE)),
    ]
    rows = await session.exec(
        select(InvoiceLine, Invoice)
        .join(Invoice, col(Invoice.id) == col(InvoiceLine.invoice_id))
        .where(*where)
        .order_by(col(Invoice.id), col(InvoiceLine.position))
    )
    return list(rows.all())


async def paid_lines(session: AsyncSession, order_line_ids: Collection[UUID]) -> dict[UUID, list[InvoiceLine]]:
    """The paid invoice lines of order lines."""
    found: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    if order_line_ids:
        for line, invoice in await _live_lines(session, sorted(order_line_ids)):
            if invoice.state is InvoiceState.PAID and line.order_line_id is not None:
                found[line.order_line_id].append(line)
    return found


async def set_payment_status(
    session: AsyncSession, order_line_ids: Collection[UUID], status: PaymentStatus, now: datetime
) -> None:
    """Moves order lines to a payment status in one statement; they are locked and their versions move."""
    await session.execute(
        text(
            "UPDATE order_line SET payment_status = :status, version = version + 1, updated_at = :now"
            " WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"status": status.value, "now": now, "ids": sorted(order_line_ids)},
    )


async def reload_order_lines(session: AsyncSession, ids: Collection[UUID]) -> list[OrderLine]:
    """Order lines as they are after a set-based change."""
    if not ids:
        return []
    rows = await session.exec(
        select(OrderLine)
        .where(col(OrderLine.id).in_(sorted(ids)))
        .order_by(col(OrderLine.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


# One invoice


async def get(session: AsyncSession, invoice_id: UUID, who: Principal) -> Invoice:
    row = (await session.exec(select(Invoice).where(Invoice.id == invoice_id, *seen(who)))).one_or_none()
    if row is None:
        raise NotFound(f"There is no invoice with the id {invoice_id}.")
    return row


async def lines_of(session: AsyncSession, invoice_id: UUID) -> list[InvoiceLine]:
    """The lines of an invoice by position, as they are now."""
    rows = await session.exec(
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(col(InvoiceLine.position))
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def charges_of(session: AsyncSession, invoice_id: UUID) -> list[InvoiceCharge]:
    rows = await session.exec(
        select(InvoiceCharge).where(InvoiceCharge.invoice_id == invoice_id).order_by(col(InvoiceCharge.position))
    )
    return list(rows)


async def own_funds(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, list[InvoiceLineFund]]:
    """The funds that invoice lines name for themselves."""
    found: dict[UUID, list[InvoiceLineFund]] = defaultdict(list)
    if line_ids:
        rows = await session.exec(
            select(InvoiceLineFund)
            .where(col(InvoiceLineFund.invoice_line_id).in_(sorted(line_ids)))
            .order_by(col(InvoiceLineFund.invoice_line_id), col(InvoiceLineFund.position))
        )
        for row in rows:
            found[row.invoice_line_id].append(row)
    return found


async def forget_funds(session: AsyncSession, line_id: UUID) -> None:
    await session.execute(delete(InvoiceLineFund).where(col(InvoiceLineFund.invoice_line_id) == line_id))


async def order_funds(session: AsyncSession, order_line_ids: Collection[UUID]) -> dict[UUID, list[LineFund]]:
    """The fund distributions of order lines."""
    found: dict[UUID, list[LineFund]] = defaultdict(list)
    if order_line_ids:
        rows = await session.exec(
            select(LineFund)
            .where(col(LineFund.line_id).in_(sorted(order_line_ids)))
            .order_by(col(LineFund.line_id), col(LineFund.position))
        )
        for row in rows:
            found[row.line_id].append(row)
    return found


async def take_back(session: AsyncSession, remainder_id: UUID) -> None:
    """Lines that were carried into a canceled remainder are held in their own invoice again."""
    await session.execute(
        update(InvoiceLine).where(col(InvoiceLine.carried_to) == remainder_id).values(carried_to=None)
    )


async def vendor(session: AsyncSession, vendor_id: UUID) -> VendorCopy | None:
    return await session.get(VendorCopy, vendor_id)


async def vendors(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, VendorCopy]:
    rows = await session.exec(select(VendorCopy).where(col(VendorCopy.vendor_id).in_(sorted(ids))))
    return {row.vendor_id: row for row in rows}


# Lists


async def page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str = "",
    state: InvoiceState | None = None,
    vendor_id: UUID | None = None,
    message_id: UUID | None = None,
    needs_review: bool | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Invoice], int]:
    """Invoices, the newest first. ``needs_review``: unexplained, a likely duplicate, or with lines not decided."""
    where: list[ColumnElement[bool]] = seen(who)
    if q:
        where.append(col(Invoice.number).icontains(q, autoescape=True))
    if state is not None:
        where.append(col(Invoice.state) == state)
    if vendor_id is not None:
        where.append(col(Invoice.vendor_id) == vendor_id)
    if message_id is not None:
        where.append(col(Invoice.message_id) == message_id)
    if needs_review is not None:
        undecided = (
            select(InvoiceLine.id)
            .where(InvoiceLine.invoice_id == Invoice.id, InvoiceLine.decision == Decision.UNDECIDED)
            .exists()
        )
        waits = (col(Invoice.state) == InvoiceState.OPEN) & or_(
            col(Invoice.stated_total).is_(None),
            col(Invoice.difference) != Decimal(0),
            col(Invoice.duplicate_of).is_not(None),
            undecided,
        )
        where.append(waits if needs_review else ~waits)
    total = (await session.exec(select(func.count()).select_from(Invoice).where(*where))).one()
    rows = await session.exec(
        select(Invoice)
        .where(*where)
        .order_by(col(Invoice.invoice_date).desc(), col(Invoice.id).desc())
        .offset(offset)
        .limit(limit)
    )
    return list(rows), total


async def lines_page(
    session: AsyncSession,
    who: Principal,
    *,
    decision: Decision | None = None,
    match_state: MatchState | None = None,
    order_line_id: UUID | None = None,
    vendor_id: UUID | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[tuple[InvoiceLine, Invoice]], int]:
    """Lines of all invoices that are not canceled: the review queue, and what receiving is asked."""
    where: list[ColumnElement[bool]] = [*seen(who), col(Invoice.state) != InvoiceState.CANCELED]
    if decision is not None:
        where.append(col(InvoiceLine.decision) == decision)
    if match_state is not None:
        where.append(col(InvoiceLine.match_state) == match_state)
    if order_line_id is not None:
        where.append(col(InvoiceLine.order_line_id) == order_line_id)
    if vendor_id is not None:
        where.append(col(Invoice.vendor_id) == vendor_id)
    base: Any = select(InvoiceLine, Invoice).join(Invoice, col(Invoice.id) == col(InvoiceLine.invoice_id)).where(*where)
    counted = (
        select(func.count()).select_from(InvoiceLine).join(Invoice, col(Invoice.id) == col(InvoiceLine.invoice_id))
    )
    total = (await session.exec(counted.where(*where))).one()
    rows = await session.exec(
        base.order_by(col(Invoice.id).desc(), col(InvoiceLine.position)).offset(offset).limit(limit)
    )
    return list(rows.all()), total

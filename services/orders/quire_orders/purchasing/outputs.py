"""From rows to answers and events of purchasing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.rules_distribution import Part, check_distribution, split
from quire_orders.purchasing import schemas, store
from quire_orders.purchasing.tables import Order, OrderLine
from quire_shared.contracts.orders import LineChanged, LineState, OrderChanged, Share
from quire_shared.database.work import Work
from quire_shared.values.money import Money


def line_out(order: Order, line: OrderLine, parts: store.Parts) -> schemas.LineOut:
    price = Money(line.estimated_price, line.currency)
    funds = parts.funds[line.id]
    shares = [Part("", f.value) for f in funds]
    amounts: Sequence[Money | None] = [None] * len(funds)
    if funds and not check_distribution(line.distribution, price, shares, ""):
        amounts = split(line.distribution, price, shares)
    return schemas.LineOut.model_validate(
        {
            **line.model_dump(exclude={"unit_price", "estimated_price"}),
            "order_number": order.number,
            "vendor_id": order.vendor_id,
            "unit_price": Money(line.unit_price, line.currency),
            "estimated_price": price,
            "funds": [
                schemas.FundOut(
                    fund_id=f.fund_id,
                    fund_code=parts.codes[f.fund_id],
                    value=f.value,
                    amount=amount,
                    fiscal_year_id=c.fiscal_year_id if c else f.fiscal_year_id,
                    encumbered=Money(c.encumbered, c.currency) if c else None,
                )
                for f, amount in zip(funds, amounts, strict=True)
                for c in [parts.commitments.get((line.id, f.fund_id))]
            ],
            "copies": [
                schemas.CopyOut.model_validate(c.model_dump(exclude={"id", "line_id", "position"}))
                for c in parts.copies[line.id]
            ],
            "identifiers": [
                schemas.IdentifierOut(kind=i.kind, value=i.value, normalized=i.normalized, problem=i.problem)
                for i in parts.identifiers[line.id]
            ],
        }
    )


async def order_out(
    session: AsyncSession, order: Order, lines: Sequence[OrderLine] | None = None, parts: store.Parts | None = None
) -> schemas.OrderOut:
    if lines is None:
        lines = await store.lines_of(session, order.id)
    if parts is None:
        parts = await store.parts(session, [line.id for line in lines])
    vendor = await store.vendor(session, order.vendor_id)
    return schemas.OrderOut.model_validate(
        {
            **order.model_dump(),
            "vendor_code": vendor.code if vendor else None,
            "vendor_name": vendor.name if vendor else "",
            "total": Money.sum((Money(line.estimated_price, line.currency) for line in lines), order.currency),
            "lines": [line_out(order, line, parts) for line in lines],
        }
    )


def tell_order(work: Work, order: Order, lines: Sequence[OrderLine]) -> None:
    work.emit(
        OrderChanged(
            order_id=order.id,
            number=order.number,
            state=order.status.value,
            vendor_id=order.vendor_id,
            currency=order.currency,
            lines=len(lines),
            total=Money.sum((Money(line.estimated_price, line.currency) for line in lines), order.currency),
            unit_id=order.unit_id,
        ),
        order.id,
        unit_id=order.unit_id,
        aggregate_version=order.version,
    )


def tell_line(work: Work, order: Order, line: OrderLine, parts: store.Parts) -> None:
    """Say how a line stands; its order must be locked (its key)."""
    kinds: dict[str, list[str]] = {}
    for identifier in parts.identifiers[line.id]:
        kinds.setdefault(identifier.kind, []).append(identifier.normalized)
    work.emit(
        LineChanged(
            order_id=order.id,
            order_number=order.number,
            vendor_id=order.vendor_id,
            line=LineState(
                line_id=line.id,
                number=line.number,
                title=line.title,
                identifiers=kinds,
                material=line.material.value,
                order_type=order.order_type.value,
                state=line.status.value,
                receipt_status=line.receipt_status.value,
                payment_status=line.payment_status.value,
                quantity=line.quantity,
                received=line.received,
                unit_price=Money(line.unit_price, line.currency),
                estimated_price=Money(line.estimated_price, line.currency),
                shares=[
                    Share(
                        fund_id=f.fund_id,
                        fund_code=parts.codes[f.fund_id],
                        percent=f.value if line.distribution.value == "percent" else None,
                    )
                    for f in parts.funds[line.id]
                ],
                vendor_reference=line.vendor_reference,
            ),
            unit_id=order.unit_id,
        ),
        order.id,
        unit_id=order.unit_id,
        aggregate_version=line.version,
    )

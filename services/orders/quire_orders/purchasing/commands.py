"""Commands on orders and their lines: one function is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from quire_orders.funds import commands_commitments as commitments
from quire_orders.funds.commands_booking import Override
from quire_orders.funds.rules_commitments import OrderState
from quire_orders.identifiers import read_identifier
from quire_orders.purchasing import rules, schemas, store
from quire_orders.purchasing.commands_opening import duplicates, line_parts, request_sending
from quire_orders.purchasing.outputs import line_out, order_out, tell_line, tell_order
from quire_orders.purchasing.rules import LineStatus, OrderStatus, PaymentStatus, ReceiptStatus
from quire_orders.purchasing.tables import LineCopy, LineFund, LineIdentifier, Order, OrderLine
from quire_shared.api.problems import Conflict, Fault, Invalid, NotFound
from quire_shared.database.work import Work
from quire_shared.values.money import Money, MoneyError
from quire_shared.values.text import sort_key


async def create_order(work: Work, body: schemas.OrderIn, today: date, load_id: UUID | None = None) -> schemas.OrderOut:
    """Make a pending order. Raises Invalid with all faults of all lines."""
    faults: list[Fault] = []
    vendor = await store.vendor(work.session, body.vendor_id)
    if vendor is None:
        faults.append(
            Fault(
                pointer="/vendor_id",
                code="vendor_unknown",
                detail="This vendor is not known to orders.",
                fix="Make the vendor in the directory first; it is known here a moment later.",
            )
        )
    if not work.actor.sees(body.unit_id):
        faults.append(
            Fault(
                pointer="/unit_id",
                code="unit_not_yours",
                detail="You do not work for this unit.",
                fix="Choose your unit.",
            )
        )
    await _check_lines(work, body.lines, body.currency, "/lines", faults)
    if faults:
        raise Invalid("The order was not made; what has to be mended is listed.", faults)
    number = f"{body.prefix}-{today.year}-{await store.next_number(work.session, f'{body.prefix}-{today.year}'):05d}"
    order = work.add(
        Order(
            number=number,
            vendor_id=body.vendor_id,
            account_number=body.account_number,
            order_type=body.order_type,
            currency=body.currency,
            fiscal_year_id=body.fiscal_year_id,
            rush=body.rush,
            note=body.note,
            unit_id=body.unit_id,
            load_id=load_id,
        )
    )
    await work.session.flush()
    lines = await _add_lines(work, order, body.lines, 1, load_id)
    await work.session.flush()
    work.audit("purchasing.create_order", order.id, number=number, lines=len(lines))
    return await _answer(work, order, tell=lines)


async def _check_lines(
    work: Work, lines: Sequence[schemas.LineIn], currency: str, place: str, faults: list[Fault]
) -> None:
    fund_ids = {f.fund_id for line in lines for f in line.funds} | {
        c.fund_id for line in lines for c in line.copies if c.fund_id
    }
    codes = await store.fund_codes(work.session, fund_ids, work.actor)
    for n, line in enumerate(lines):
        where = f"{place}/{n}"
        if line.unit_price.currency != currency:
            faults.append(
                Fault(
                    pointer=f"{where}/unit_price",
                    code="other_currency",
                    detail=f"The price is in {line.unit_price.currency}, the order in {currency}.",
                    fix="Make an order of its own for this currency.",
                )
            )
        for i, fund in enumerate(line.funds):
            if fund.fund_id not in codes:
                faults.append(
                    Fault(
                        pointer=f"{where}/funds/{i}/fund_id",
                        code="fund_unknown",
                        detail="There is no such fund, or you do not see it.",
                        fix="Choose a fund from the list.",
                    )
                )
        if line.subscription_from and line.subscription_to and line.subscription_to < line.subscription_from:
            faults.append(
                Fault(
                    pointer=f"{where}/subscription_to",
                    code="period_backwards",
                    detail="The subscription ends before it begins.",
                    fix="Exchange the dates.",
                )
            )
        if line.copies and sum(c.quantity for c in line.copies) != line.quantity:
            faults.append(
                Fault(
                    pointer=f"{where}/copies",
                    code="copies_differ",
                    detail=f"The copies add up to {sum(c.quantity for c in line.copies)}, ordered are {line.quantity}.",
                    fix="Change the quantity or the copies.",
                )
            )
        try:
            price_of(line)
        except MoneyError as error:
            faults.append(
                Fault(pointer=f"{where}/unit_price", code="price_not_valid", detail=str(error), fix="Mend the amounts.")
            )


def price_of(line: schemas.LineIn) -> Money:
    """The estimated price of a line as entered. Raises MoneyError for amounts that the currency does not have."""
    price = rules.estimated_price(
        line.unit_price,
        line.quantity,
        line.discount_kind,
        line.discount,
        Money(line.additional_cost, line.unit_price.currency),
        line.tax_percent,
        tax_included=line.tax_included,
    )
    if price.amount < 0:
        raise MoneyError("The discount is larger than the price.")
    return price


async def _add_lines(
    work: Work, order: Order, lines: Sequence[schemas.LineIn], first: int, load_id: UUID | None = None
) -> list[OrderLine]:
    rows = []
    for position, body in enumerate(lines, first):
        row = OrderLine(
            order_id=order.id,
            position=position,
            number=f"{order.number}-{position}",
            load_id=load_id,
            **_columns(body),
        )
        rows.append(work.add(row))
    await work.session.flush()  # without relationships, rows are not inserted in the order of their foreign keys
    for row, body in zip(rows, lines, strict=True):
        _add_parts(work, row, body)
    await work.session.flush()
    return rows


def _columns(body: schemas.LineIn) -> dict[str, Any]:
    given = body.model_dump(exclude={"identifiers", "funds", "copies", "unit_price"})
    return {
        **given,
        "sort_title": sort_key(body.title)[:2000],
        "currency": body.unit_price.currency,
        "unit_price": body.unit_price.amount,
        "estimated_price": price_of(body).amount,
    }


def _add_parts(work: Work, row: OrderLine, body: schemas.LineIn) -> None:
    for position, fund in enumerate(body.funds, 1):
        work.session.add(LineFund(line_id=row.id, position=position, **fund.model_dump()))
    for position, copy in enumerate(body.copies, 1):
        work.session.add(LineCopy(line_id=row.id, position=position, **copy.model_dump()))
    seen: set[tuple[str, str]] = set()
    for text in body.identifiers:
        read = read_identifier(text)
        kind = read.kind.value if read else "other"
        normalized = (read.normalized if read else None) or text.strip()
        if (kind, normalized) in seen:
            continue
        seen.add((kind, normalized))
        problem = read.problem if read else None
        work.session.add(LineIdentifier(line_id=row.id, kind=kind, value=text, normalized=normalized, problem=problem))


async def change_head(work: Work, order_id: UUID, body: schemas.OrderPatch) -> schemas.OrderOut:
    """Change account, rush or note of an order. Needs If-Match."""
    order = await work.lock(Order, order_id, "order")
    work.match(order, await order_out(work.session, order), body)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(order, name, value)
    return await _answer(work, order)


async def add_lines(work: Work, order_id: UUID, lines: list[schemas.LineIn]) -> schemas.OrderOut:
    """Add lines to a pending order."""
    order = await _pending(work, order_id)
    faults: list[Fault] = []
    await _check_lines(work, lines, order.currency, "", faults)
    if faults:
        raise Invalid("No line was added; what has to be mended is listed.", faults)
    standing = await store.lines_of(work.session, order.id)
    added = await _add_lines(work, order, lines, max((line.position for line in standing), default=0) + 1)
    await _touch(work, order)
    return await _answer(work, order, tell=added)


async def change_line(work: Work, line_id: UUID, body: schemas.LineIn, today: date) -> schemas.LineOut:
    """Replace what a line says; an open line's commitments follow at once. Needs If-Match."""
    order, line = await lock_line(work, line_id)
    if line.status not in (LineStatus.PENDING, LineStatus.OPEN):
        raise Conflict(f"Line {line.number} is {line.status.value}; only a pending or open line can be changed.")
    parts = await store.parts(work.session, [line.id])
    work.match(line, line_out(order, line, parts), body)
    faults: list[Fault] = []
    await _check_lines(work, [body], order.currency, "", faults)
    if body.quantity < line.received:
        faults.append(
            Fault(
                pointer="/quantity",
                code="fewer_than_received",
                detail=f"{line.received} pieces have been received already.",
                fix=f"Enter at least {line.received}.",
            )
        )
    if faults:
        raise Invalid("The line was not changed; what has to be mended is listed.", faults)
    for name, value in _columns(body).items():
        setattr(line, name, value)
    await store.delete_parts(work.session, [line.id])
    for row in [*parts.funds[line.id], *parts.copies[line.id], *parts.identifiers[line.id]]:
        work.session.expunge(row)
    _add_parts(work, line, body)
    await work.session.flush()
    if line.status is LineStatus.OPEN:
        fresh = await store.parts(work.session, [line.id])
        wanted = await line_parts(work, [line], fresh, order, today, faults)
        if faults:
            raise Invalid("The line was not changed; what has to be mended is listed.", faults)
        await commitments.commit_lines(
            work, order.id, OrderState.OPEN, wanted, on=today, reason=f"change of {line.number}"
        )
    fresh = await store.parts(work.session, [line.id])
    tell_line(work, order, line, fresh)
    return line_out(order, line, fresh)


async def remove_line(work: Work, line_id: UUID) -> None:
    """Take a line off a pending order."""
    order, line = await lock_line(work, line_id)
    if order.status is not OrderStatus.PENDING:
        raise Conflict("Only lines of a pending order can be taken off; cancel the line instead.")
    await store.delete_parts(work.session, [line.id])
    work.audit("purchasing.remove_line", order.id, line=line.number)
    line.status = LineStatus.CANCELED
    await work.session.flush()
    tell_line(work, order, line, store.Parts())
    await work.session.delete(line)
    await _touch(work, order)


async def open_order(work: Work, order_id: UUID, today: date, override_reason: str | None = None) -> schemas.OrderOut:
    """Open an order: all problems at once, else encumbrances stand and the vendor is told.

    Raises Invalid with every fault of every line and fund and its fix. Duplicates are warnings with their evidence.
    """
    order = await work.lock(Order, order_id, "order")
    _may(order, "open")
    lines = [
        line for line in await store.lines_of(work.session, order.id, lock=True) if line.status is LineStatus.PENDING
    ]
    parts = await store.parts(work.session, [line.id for line in lines])
    faults: list[Fault] = []
    vendor = await store.vendor(work.session, order.vendor_id)
    if vendor is None or vendor.code is None:
        faults.append(
            Fault(
                pointer="/vendor_id",
                code="vendor_unknown",
                detail="The vendor is not known yet.",
                fix="Wait until the directory has sent it, or make it.",
            )
        )
    elif not vendor.active:
        faults.append(
            Fault(
                pointer="/vendor_id",
                code="vendor_inactive",
                detail=f"{vendor.name} is inactive.",
                fix="Choose another vendor, or make it active.",
            )
        )
    if not lines:
        faults.append(Fault(pointer="/lines", code="no_lines", detail="The order has no lines.", fix="Add a line."))
    wanted = await line_parts(work, lines, parts, order, today, faults)
    warnings = await duplicates(work, order, lines, parts)
    override = Override(override_reason) if override_reason else None
    try:
        outcome = await commitments.commit_lines(
            work, order.id, OrderState.OPEN, wanted, on=today, override=override, reason=f"order {order.number} opened"
        )
    except Invalid as refused:
        raise Invalid(
            "The order can't be opened yet; everything to be mended is listed.", [*faults, *refused.errors]
        ) from None
    if faults:
        raise Invalid("The order can't be opened yet; everything to be mended is listed.", faults)
    warnings += [Fault(pointer=w.pointer, code=w.code, detail=w.detail, fix=w.fix) for w in outcome.warnings]
    order.status = OrderStatus.OPEN
    order.ordered_on = order.ordered_on or today
    order.opened_at = work.now
    order.sent_state = "waiting" if vendor is not None and vendor.receives_edi else "by_hand"
    await work.session.flush()
    await store.set_line_states(
        work.session, order.id, LineStatus.PENDING, LineStatus.OPEN, ReceiptStatus.AWAITING, PaymentStatus.AWAITING
    )
    work.audit("purchasing.open_order", order.id, lines=len(lines), override=override_reason)
    answer = await _answer(work, order, tell_all=True)
    answer.warnings = [w.model_dump(exclude_none=True) for w in warnings]
    request_sending(work, order, await store.lines_of(work.session, order.id), parts)
    return answer


async def unopen_order(work: Work, order_id: UUID, today: date, reason: str) -> schemas.OrderOut:
    """Take an open order back to pending; nothing stays encumbered. Refused once something was received or invoiced."""
    order = await work.lock(Order, order_id, "order")
    _may(order, "unopen")
    lines = await store.lines_of(work.session, order.id, lock=True)
    touched = [x.number for x in lines if x.received or x.payment_status in (PaymentStatus.PARTLY, PaymentStatus.PAID)]
    if touched:
        raise Conflict(f"{', '.join(touched[:10])} were received or paid already; cancel the open lines instead.")
    await commitments.set_order_state(work, order.id, OrderState.PENDING, on=today, reason=reason)
    order.status = OrderStatus.PENDING
    await work.session.flush()
    await store.set_line_states(
        work.session, order.id, LineStatus.OPEN, LineStatus.PENDING, ReceiptStatus.PENDING, PaymentStatus.PENDING
    )
    work.audit("purchasing.unopen_order", order.id, reason=reason)
    return await _answer(work, order, tell_all=True)


async def close_order(work: Work, order_id: UUID, today: date, reason: str) -> schemas.OrderOut:
    """Close an open order: what is still encumbered is given back."""
    order = await work.lock(Order, order_id, "order")
    _may(order, "close")
    await store.lines_of(work.session, order.id, lock=True)
    await commitments.set_order_state(work, order.id, OrderState.CLOSED, on=today, reason=reason)
    order.status = OrderStatus.CLOSED
    order.close_reason = reason
    work.audit("purchasing.close_order", order.id, reason=reason)
    return await _answer(work, order)


async def reopen_order(work: Work, order_id: UUID, today: date, override_reason: str | None = None) -> schemas.OrderOut:
    """Open a closed order again; limits are checked as at opening."""
    order = await work.lock(Order, order_id, "order")
    _may(order, "reopen")
    await store.lines_of(work.session, order.id, lock=True)
    override = Override(override_reason) if override_reason else None
    await commitments.set_order_state(
        work, order.id, OrderState.OPEN, on=today, override=override, reason=f"order {order.number} reopened"
    )
    order.status = OrderStatus.OPEN
    order.close_reason = None
    return await _answer(work, order)


async def cancel_line(work: Work, line_id: UUID, today: date, reason: str) -> schemas.LineOut:
    """Cancel a line with a reason: what is not invoiced is given back to its funds. Needs If-Match."""
    order, line = await lock_line(work, line_id)
    parts = await store.parts(work.session, [line.id])
    work.match(line, line_out(order, line, parts))
    if line.status is not LineStatus.OPEN:
        raise Conflict(f"Line {line.number} is {line.status.value}; only an open line can be canceled.")
    await commitments.release_lines(work, [line.id], on=today, reason=f"{line.number} canceled: {reason}")
    line.status = LineStatus.CANCELED
    line.cancel_reason = reason
    if line.receipt_status in (ReceiptStatus.AWAITING, ReceiptStatus.PARTLY):
        line.receipt_status = ReceiptStatus.CANCELED
    if line.payment_status is PaymentStatus.AWAITING:
        line.payment_status = PaymentStatus.CANCELED
    await work.session.flush()
    work.audit("purchasing.cancel_line", line.id, reason=reason, number=line.number)
    parts = await store.parts(work.session, [line.id])
    tell_line(work, order, line, parts)
    return line_out(order, line, parts)


# What others use


async def lock_line(work: Work, line_id: UUID) -> tuple[Order, OrderLine]:
    """Lock a line after its order (the order of locks: order, line). Raises NotFound, also for another unit's."""
    found = await work.session.get(OrderLine, line_id)
    if found is None:
        raise NotFound(f"There is no order line with the id {line_id}.")
    order = await work.lock(Order, found.order_id, "order line")
    return order, await work.lock(OrderLine, line_id, "order line")


async def _pending(work: Work, order_id: UUID) -> Order:
    order = await work.lock(Order, order_id, "order")
    if order.status is not OrderStatus.PENDING:
        raise Conflict(f"Order {order.number} is {order.status.value}; lines are added to a pending order.")
    return order


def _may(order: Order, step: str) -> None:
    allowed, _ = rules.TRANSITIONS[step]
    if order.status not in allowed:
        wanted = " or ".join(s.value for s in allowed)
        raise Conflict(f"Order {order.number} is {order.status.value}; to {step} it, it must be {wanted}.")


async def _touch(work: Work, order: Order) -> None:
    """Lines are part of the order: its version moves with them."""
    order.updated_at = work.now
    await work.session.flush()


async def _answer(
    work: Work, order: Order, *, tell: Sequence[OrderLine] = (), tell_all: bool = False
) -> schemas.OrderOut:
    await work.session.flush()
    lines = await store.lines_of(work.session, order.id)
    parts = await store.parts(work.session, [line.id for line in lines])
    tell_order(work, order, lines)
    for line in lines if tell_all else tell:
        tell_line(work, order, line, parts)
    return await order_out(work.session, order, lines, parts)

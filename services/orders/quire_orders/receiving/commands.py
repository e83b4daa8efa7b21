"""Receiving, one transaction each: shipments, scans, undoing, and what became of the next step.

Locks: the order, its line, then the shipment or the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from quire_orders.identifiers import read_identifier
from quire_orders.purchasing import store as purchasing
from quire_orders.purchasing.outputs import tell_line
from quire_orders.purchasing.rules import LineStatus, Material, receipt_status
from quire_orders.purchasing.tables import Order, OrderLine
from quire_orders.receiving import rules, schemas, store
from quire_orders.receiving.rules import HANDLING, Condition, FoundBy, NextStep, Refusal, Scanned, StepState
from quire_orders.receiving.tables import Receipt, Shipment
from quire_shared.api.problems import Conflict, Fault, Invalid, NotFound
from quire_shared.contracts.orders import ReceiptRecorded
from quire_shared.database.work import Work


async def create_shipment(work: Work, body: schemas.ShipmentIn, today: date) -> schemas.ShipmentOut:
    shipment = Shipment(
        vendor_id=body.vendor_id,
        number=body.number,
        received_on=body.received_on or today,
        note=body.note,
        unit_id=body.unit_id,
    )
    work.add(shipment)
    await work.session.flush()
    work.audit("receiving.shipment_created", shipment.id, number=shipment.number)
    return await shipment_out(work, shipment)


async def close_shipment(work: Work, shipment_id: UUID, closed: bool) -> schemas.ShipmentOut:
    """Closes a shipment when everything in it is noted, or opens it again."""
    shipment = await work.lock(Shipment, shipment_id, "shipment")
    work.match(shipment, await shipment_out(work, shipment))
    shipment.closed = closed
    await work.session.flush()
    work.audit("receiving.shipment_closed" if closed else "receiving.shipment_reopened", shipment.id)
    return await shipment_out(work, shipment)


async def shipment_out(work: Work, shipment: Shipment) -> schemas.ShipmentOut:
    names = await store.vendor_names(work.session, {shipment.vendor_id})
    out = schemas.ShipmentOut.model_validate(shipment)
    return out.model_copy(update={"vendor_name": names.get(shipment.vendor_id, "")})


async def scan(work: Work, shipment_id: UUID, body: schemas.ScanIn) -> schemas.ScanOut:
    """Notes pieces of a shipment. A code that nothing was ordered under is noted as unordered.

    Raises Invalid when several lines wait for this code (with each of them), when more than ordered came without a
    reason, or when the line is not open; Conflict when the shipment is closed.
    """
    chosen, condition = await _choose(work, shipment_id, body)
    order: Order | None = None
    line: OrderLine | None = None
    if chosen is not None:
        order, line = await _lock_line(work, chosen.line_id)
        # Somebody may have received the same line meanwhile: what is locked now counts.
        chosen = store.scanned(line, chosen.found_by)
    shipment = (await work.lock_all(Shipment, [shipment_id], "shipment"))[shipment_id]
    if shipment.closed:
        raise Conflict(f"Shipment {shipment.number} is closed. Open it again to note more pieces.")
    if order is not None and order.vendor_id != shipment.vendor_id:
        fault = Fault(
            pointer="/line_id",
            code="other_vendor",
            detail="This line was ordered from another vendor than the one who sent the shipment.",
            fix="Note the pieces in a shipment of that vendor.",
        )
        raise Invalid("The line belongs to another vendor.", [fault])
    refusal = rules.refuse(chosen, condition, body.quantity, body.reason)
    if refusal is not None:
        raise _refused(refusal, chosen, condition, body)
    location = None
    if line is not None and condition is Condition.OK:
        location = await store.location_of(work.session, line.id, line.received)
    handling = HANDLING[condition]
    receipt = Receipt(
        shipment_id=shipment.id,
        line_id=line.id if line else None,
        scanned=body.code or (line.number if line else ""),
        title=line.title if line else body.title,
        quantity=body.quantity,
        condition=condition,
        counted=handling.counts,
        place=handling.place,
        next_step=handling.next_step,
        step_state=StepState.NONE if handling.next_step is NextStep.CATALOG else StepState.OPEN,
        reason=body.reason,
        received_by=work.actor.id,
        unit_id=order.unit_id if order else shipment.unit_id,
    )
    work.add(receipt)
    if order is not None and line is not None:
        await _count(work, order, line, receipt, shipment.received_on, body.quantity)
    await work.session.flush()
    work.audit(
        "receiving.scanned",
        receipt.id,
        line=str(receipt.line_id),
        condition=condition.value,
        quantity=body.quantity,
        reason=body.reason,
    )
    return schemas.ScanOut.model_validate(
        {
            **receipt_out(receipt, line.number if line else None).model_dump(),
            "found_by": chosen.found_by if chosen else None,
            "location": location,
            "line_ordered": line.quantity if line else None,
            "line_received": line.received if line else None,
            "line_receipt_status": line.receipt_status if line else None,
        }
    )


async def _lock_line(work: Work, line_id: UUID) -> tuple[Order, OrderLine]:
    """Locks the order and then the line, as they are now, even when they were read before."""
    order_id = await store.order_of_line(work.session, line_id)
    if order_id is None:
        raise NotFound(f"There is no order line with the id {line_id}.")
    order = (await work.lock_all(Order, [order_id], "order line"))[order_id]
    return order, (await work.lock_all(OrderLine, [line_id], "order line"))[line_id]


async def _choose(work: Work, shipment_id: UUID, body: schemas.ScanIn) -> tuple[Scanned | None, Condition]:
    """The line that is meant, and the condition: what nobody ordered is unordered, whatever was said."""
    shipment = await store.get(work.session, shipment_id, work.actor)
    if body.line_id is not None:
        line = await work.session.get(OrderLine, body.line_id)
        if line is None:
            raise NotFound(f"There is no order line with the id {body.line_id}.")
        return store.scanned(line, FoundBy.LINE), body.condition
    number = read_identifier(body.code)
    identifiers = [(number.kind.value, number.normalized)] if number and number.normalized else []
    candidates = await store.found(work.session, work.actor, shipment.vendor_id, body.code, identifiers)
    chosen = rules.choose(candidates)
    if chosen is Refusal.AMBIGUOUS:
        raise Invalid(
            f"Several order lines wait for “{body.code}”. Choose one of them.",
            [_candidate(candidate) for candidate in candidates if candidate.outstanding],
        )
    assert not isinstance(chosen, Refusal)
    if chosen is None and body.condition is Condition.OK:
        return None, Condition.UNORDERED
    return chosen, body.condition


def _candidate(line: Scanned) -> Fault:
    return Fault(
        pointer="/line_id",
        code=Refusal.AMBIGUOUS.value,
        detail=f"{line.number}: {line.title}, {line.received} of {line.quantity} received.",
        fix="Scan again with this line.",
        value=str(line.line_id),
    )


def _refused(refusal: Refusal, line: Scanned | None, condition: Condition, body: schemas.ScanIn) -> Invalid:
    name = line.number if line else body.code
    words: dict[Refusal, tuple[str, str, str]] = {
        Refusal.OVER_RECEIPT: (
            "/reason",
            f"{line.received if line else 0} of {line.quantity if line else 0} of {name} are received; "
            f"{body.quantity} more are too many.",
            "Note it as a duplicate, or give the reason why more is kept.",
        ),
        Refusal.NOT_OPEN: ("/line_id", f"The order of {name} is not open.", "Open the order, then receive."),
        Refusal.CANCELED: (
            "/condition",
            f"{name} was canceled.",
            "Note it as unordered: then somebody decides whether it is kept.",
        ),
        Refusal.NOT_SHORT: (
            "/quantity",
            f"Fewer pieces of {name} are outstanding than are said to be missing.",
            "Give the number of pieces that are still missing.",
        ),
        Refusal.NEEDS_LINE: (
            "/code",
            f"Nothing was ordered under “{body.code}”, so it can't be {condition.value}.",
            "Choose the order line, or note the piece as unordered.",
        ),
        Refusal.NEEDS_REASON: ("/reason", "Say what is wrong with the piece.", "Give a reason in a few words."),
    }
    pointer, detail, fix = words[refusal]
    fault = Fault(pointer=pointer, code=refusal.value, detail=detail, fix=fix)
    return Invalid("The pieces can't be noted like this.", [fault])


async def _count(work: Work, order: Order, line: OrderLine, receipt: Receipt, received_on: date, quantity: int) -> None:
    """Counts pieces of a line (below zero: takes them back) and says so. Its order and line are locked."""
    if receipt.counted:
        line.received += quantity
        if line.receipt_required or line.received:
            line.receipt_status = receipt_status(
                line.quantity,
                line.received,
                physical=line.material is Material.PHYSICAL,
                canceled=line.status is LineStatus.CANCELED,
            )
        await work.session.flush()
        tell_line(work, order, line, await purchasing.parts(work.session, [line.id]))
    work.emit(
        ReceiptRecorded(
            order_id=order.id,
            line_id=line.id,
            vendor_id=order.vendor_id,
            received_on=received_on,
            quantity=quantity,
            condition=receipt.condition.value,
            unit_id=order.unit_id,
        ),
        order.id,
        unit_id=order.unit_id,
        aggregate_version=order.version,
    )


async def undo(work: Work, receipt_id: UUID, body: schemas.ReasonIn) -> schemas.ReceiptOut:
    """Takes a receipt back with a reason; it stays in the list as undone."""
    line_id = await store.line_of_receipt(work.session, receipt_id)
    order, line = await _lock_line(work, line_id) if line_id else (None, None)
    receipt = await _lock_receipt(work, receipt_id, line)
    if receipt.undone_at is not None:
        raise Conflict("This receipt is undone already.")
    shipment = await work.session.get(Shipment, receipt.shipment_id)
    receipt.undone_at = work.now
    receipt.undo_reason = body.reason
    receipt.step_state = StepState.NONE
    if order is not None and line is not None and shipment is not None:
        await _count(work, order, line, receipt, shipment.received_on, -receipt.quantity)
    await work.session.flush()
    work.audit("receiving.undone", receipt.id, line=str(receipt.line_id), reason=body.reason)
    return receipt_out(receipt, line.number if line else None)


async def finish_step(work: Work, receipt_id: UUID, body: schemas.StepIn) -> schemas.ReceiptOut:
    """Notes what became of the next step: claimed, sent back, kept."""
    receipt = await work.lock(Receipt, receipt_id, "receipt")
    line = await work.session.get(OrderLine, receipt.line_id) if receipt.line_id else None
    work.match(receipt, receipt_out(receipt, line.number if line else None))
    if receipt.step_state is not StepState.OPEN:
        raise Conflict("Nothing is to be done for this piece.")
    receipt.step_state = StepState.DONE
    receipt.step_note = body.note
    await work.session.flush()
    work.audit("receiving.step_done", receipt.id, step=receipt.next_step.value, note=body.note)
    return receipt_out(receipt, line.number if line else None)


async def _lock_receipt(work: Work, receipt_id: UUID, line: OrderLine | None) -> Receipt:
    receipt = await work.lock(Receipt, receipt_id, "receipt")
    work.match(receipt, receipt_out(receipt, line.number if line else None))
    return receipt


def receipt_out(receipt: Receipt, line_number: str | None) -> schemas.ReceiptOut:
    words = "Undone." if receipt.undone_at is not None else HANDLING[receipt.condition].words
    return schemas.ReceiptOut.model_validate({**receipt.model_dump(), "line_number": line_number, "words": words})


def receipts_out(receipts: Sequence[Receipt], numbers: dict[UUID, str]) -> list[schemas.ReceiptOut]:
    return [receipt_out(r, numbers.get(r.line_id) if r.line_id else None) for r in receipts]

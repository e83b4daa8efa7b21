"""Routes of receiving."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from quire_orders.receiving import commands, schemas, store
from quire_orders.receiving.rules import Condition, NextStep, StepState
from quire_shared.api.etag import etag
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock

SCOPES = {
    "receiving:read": "See shipments and what was received",
    "receiving:write": "Receive shipments, undo receipts, note what became of pieces",
}

router = APIRouter(tags=["receiving"])
may_read = scope("receiving:read")
may_write = scope("receiving:write")


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=100, description="Looked for in the number of the delivery note")]


@router.post("/shipments", status_code=201, response_model=schemas.ShipmentOut, dependencies=[may_write])
async def create_shipment(body: schemas.ShipmentIn, day: Today, run: Run) -> Response:
    """Begin a shipment by its delivery note."""
    return await run(commands.create_shipment, body, day)


@router.get("/shipments", dependencies=[may_read])
async def list_shipments(
    read: Read,
    who: Who,
    q: Search = "",
    vendor_id: UUID | None = None,
    closed: bool | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.ShipmentPage:
    """Shipments, newest first."""
    rows, total = await store.shipments(read, who, q=q, vendor_id=vendor_id, closed=closed, offset=offset, limit=limit)
    names = await store.vendor_names(read, {row.vendor_id for row in rows})
    items = [
        schemas.ShipmentOut.model_validate({**row.model_dump(), "vendor_name": names.get(row.vendor_id, "")})
        for row in rows
    ]
    return schemas.ShipmentPage(items=items, total=total)


@router.get("/shipments/{shipment_id}", dependencies=[may_read])
async def get_shipment(shipment_id: UUID, read: Read, who: Who, response: Response) -> schemas.ShipmentDetail:
    """A shipment with all that was noted in it."""
    shipment = await store.get(read, shipment_id, who)
    response.headers["ETag"] = etag(shipment.version)
    receipts = await store.receipts_of(read, shipment_id)
    numbers = await store.line_numbers(read, {r.line_id for r in receipts if r.line_id})
    names = await store.vendor_names(read, {shipment.vendor_id})
    return schemas.ShipmentDetail.model_validate(
        {
            **shipment.model_dump(),
            "vendor_name": names.get(shipment.vendor_id, ""),
            "receipts": commands.receipts_out(receipts, numbers),
        }
    )


@router.post("/shipments/{shipment_id}/scan", status_code=201, response_model=schemas.ScanOut, dependencies=[may_write])
async def scan(shipment_id: UUID, body: schemas.ScanIn, run: Run) -> Response:
    """Note pieces by a scanned code: as ordered, short, damaged, wrong, twice or unordered."""
    return await run(commands.scan, shipment_id, body)


@router.post("/shipments/{shipment_id}/close", response_model=schemas.ShipmentOut, dependencies=[may_write])
async def close_shipment(shipment_id: UUID, run: Run) -> Response:
    """Everything in the shipment is noted."""
    return await run(commands.close_shipment, shipment_id, True)


@router.post("/shipments/{shipment_id}/reopen", response_model=schemas.ShipmentOut, dependencies=[may_write])
async def reopen_shipment(shipment_id: UUID, run: Run) -> Response:
    """Note more pieces in a closed shipment."""
    return await run(commands.close_shipment, shipment_id, False)


@router.get("/receipts", dependencies=[may_read])
async def list_receipts(
    read: Read,
    who: Who,
    condition: Condition | None = None,
    next_step: NextStep | None = None,
    step_state: StepState | None = None,
    line_id: UUID | None = None,
    undone: bool | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.ReceiptPage:
    """What was noted: with ``step_state=open`` what is still to be done."""
    rows, total = await store.receipts(
        read,
        who,
        condition=condition,
        next_step=next_step,
        step_state=step_state,
        line_id=line_id,
        undone=undone,
        offset=offset,
        limit=limit,
    )
    numbers = await store.line_numbers(read, {r.line_id for r in rows if r.line_id})
    return schemas.ReceiptPage(items=commands.receipts_out(rows, numbers), total=total)


@router.post("/receipts/{receipt_id}/undo", response_model=schemas.ReceiptOut, dependencies=[may_write])
async def undo_receipt(receipt_id: UUID, body: schemas.ReasonIn, run: Run) -> Response:
    """Take a receipt back with a reason."""
    return await run(commands.undo, receipt_id, body)


@router.post("/receipts/{receipt_id}/done", response_model=schemas.ReceiptOut, dependencies=[may_write])
async def finish_step(receipt_id: UUID, body: schemas.StepIn, run: Run) -> Response:
    """Note what became of a piece that had to be claimed, sent back or decided."""
    return await run(commands.finish_step, receipt_id, body)

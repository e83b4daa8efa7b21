"""Routes of invoices. Nothing is received here: what came is said by receiving only."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from quire_orders.invoicing import commands, commands_lines, commands_payment, outputs, schemas, store
from quire_orders.invoicing.rules import Decision, InvoiceState
from quire_orders.invoicing.rules_matching import MatchState
from quire_shared.api.etag import etag
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock

SCOPES = {
    "invoices:read": "See invoices, their lines and what differs",
    "invoices:write": "Type invoices, match and decide their lines",
    "invoices:approve": "Approve invoices with their payable amount",
    "invoices:pay": "Note payments of invoices, and cancel approved and paid ones",
}

router = APIRouter(tags=["invoices"])
may_read = scope("invoices:read")
may_write = scope("invoices:write")
may_approve = scope("invoices:approve")
may_pay = scope("invoices:pay")


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=200, description="Looked for in the invoice number")]


@router.post("/invoices", status_code=201, response_model=schemas.InvoiceOut, dependencies=[may_write])
async def create_invoice(body: schemas.InvoiceIn, run: Run) -> Response:
    """Type an invoice. Its lines are matched like those of a vendor's message."""
    return await run(commands.create_typed, body)


@router.get("/invoices", dependencies=[may_read])
async def list_invoices(
    read: Read,
    who: Who,
    q: Search = "",
    state: InvoiceState | None = None,
    vendor_id: UUID | None = None,
    message_id: UUID | None = None,
    needs_review: bool | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.InvoicePage:
    """Invoices, newest first. ``needs_review``: unexplained total, likely duplicate, or lines not decided."""
    rows, total = await store.page(
        read,
        who,
        q=q,
        state=state,
        vendor_id=vendor_id,
        message_id=message_id,
        needs_review=needs_review,
        offset=offset,
        limit=limit,
    )
    vendors = await store.vendors(read, {row.vendor_id for row in rows})
    return schemas.InvoicePage(items=[outputs.head_out(row, vendors.get(row.vendor_id)) for row in rows], total=total)


@router.get("/invoice-lines", dependencies=[may_read])
async def list_lines(
    read: Read,
    who: Who,
    decision: Decision | None = None,
    match_state: MatchState | None = None,
    order_line_id: UUID | None = None,
    vendor_id: UUID | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.LinePage:
    """Lines of all invoices: ``match_state=suggested`` is the review queue, ``decision=ask_receiving`` what receiving
    is asked."""
    rows, total = await store.lines_page(
        read,
        who,
        decision=decision,
        match_state=match_state,
        order_line_id=order_line_id,
        vendor_id=vendor_id,
        offset=offset,
        limit=limit,
    )
    return schemas.LinePage(items=await outputs.queue_out(read, rows), total=total)


@router.get("/invoices/{invoice_id}", dependencies=[may_read])
async def get_invoice(invoice_id: UUID, read: Read, who: Who, response: Response) -> schemas.InvoiceOut:
    """An invoice with its lines, their evidence, and what differs between ordered, received and invoiced now."""
    invoice = await store.get(read, invoice_id, who)
    response.headers["ETag"] = etag(invoice.version)
    return await outputs.invoice_out(read, invoice)


@router.patch("/invoices/{invoice_id}", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def change_invoice(invoice_id: UUID, body: schemas.InvoicePatch, run: Run) -> Response:
    """Correct the date, stated total, charges or note of an invoice that is not approved."""
    return await run(commands.change_head, invoice_id, body)


@router.post("/invoices/{invoice_id}/match", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def match_invoice(invoice_id: UUID, run: Run) -> Response:
    """Look again for the order lines of undecided lines, for instance after orders were loaded."""
    return await run(commands_lines.match_again, invoice_id)


@router.post("/invoices/{invoice_id}/accept", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def accept_clean_lines(invoice_id: UUID, body: schemas.LinesIn, run: Run) -> Response:
    """Accept together the lines that are matched and differ in nothing that matters."""
    return await run(commands_lines.accept_clean, invoice_id, body)


@router.post("/invoices/{invoice_id}/not-duplicate", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def not_duplicate(invoice_id: UUID, body: schemas.NotDuplicateIn, run: Run) -> Response:
    """Say why this invoice is not the other one with its number."""
    return await run(commands.not_duplicate, invoice_id, body)


@router.post("/invoices/{invoice_id}/review", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def review_invoice(invoice_id: UUID, run: Run) -> Response:
    """Mark as reviewed: every line is decided."""
    return await run(commands.review, invoice_id)


@router.post(
    "/invoices/{invoice_id}/lines/{line_id}/match", response_model=schemas.InvoiceOut, dependencies=[may_write]
)
async def match_line(invoice_id: UUID, line_id: UUID, body: schemas.MatchIn, run: Run) -> Response:
    """Say which order line it is, or that there is none."""
    return await run(commands_lines.confirm_match, invoice_id, line_id, body)


@router.post(
    "/invoices/{invoice_id}/lines/{line_id}/decision", response_model=schemas.InvoiceOut, dependencies=[may_write]
)
async def decide_line(invoice_id: UUID, line_id: UUID, body: schemas.DecisionIn, run: Run) -> Response:
    """Accept, hold, pay less, refuse, or ask receiving."""
    return await run(commands_lines.decide, invoice_id, line_id, body)


@router.put("/invoices/{invoice_id}/lines/{line_id}/funds", response_model=schemas.InvoiceOut, dependencies=[may_write])
async def set_line_funds(invoice_id: UUID, line_id: UUID, body: schemas.FundsIn, run: Run) -> Response:
    """Give a line funds of its own."""
    return await run(commands_lines.set_funds, invoice_id, line_id, body)


@router.post("/invoices/{invoice_id}/approve", response_model=schemas.InvoiceOut, dependencies=[may_approve])
async def approve_invoice(invoice_id: UUID, body: schemas.ApproveIn, day: Today, run: Run) -> Response:
    """Approve with the payable amount: encumbered becomes awaiting payment. All that is wrong comes in one answer."""
    return await run(commands_payment.approve, invoice_id, body, day)


@router.post("/invoices/{invoice_id}/pay", response_model=schemas.InvoiceOut, dependencies=[may_pay])
async def pay_invoice(invoice_id: UUID, body: schemas.PayIn, day: Today, run: Run) -> Response:
    """Note a payment made outside, with its reference: awaiting becomes expended."""
    return await run(commands_payment.pay, invoice_id, body, day)


@router.post("/invoices/{invoice_id}/cancel", response_model=schemas.InvoiceOut, dependencies=[may_pay])
async def cancel_invoice(invoice_id: UUID, body: schemas.CancelIn, day: Today, run: Run) -> Response:
    """Cancel with a reason; what was booked is posted back."""
    return await run(commands_payment.cancel, invoice_id, body, day)


@router.post("/invoices/{invoice_id}/reopen", response_model=schemas.InvoiceOut, dependencies=[may_pay])
async def reopen_invoice(invoice_id: UUID, body: schemas.ReasonIn, run: Run) -> Response:
    """Open a canceled invoice again."""
    return await run(commands_payment.reopen, invoice_id, body)


@router.post(
    "/invoices/{invoice_id}/remainder", status_code=201, response_model=schemas.InvoiceOut, dependencies=[may_write]
)
async def make_remainder(invoice_id: UUID, run: Run) -> Response:
    """Carry the held lines of an approved or paid invoice into one of their own."""
    return await run(commands_payment.make_remainder, invoice_id)

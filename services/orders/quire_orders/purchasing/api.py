"""Routes of orders and their lines."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from quire_orders.purchasing import commands, schemas, store
from quire_orders.purchasing.outputs import line_out, order_out
from quire_orders.purchasing.rules import LineStatus, OrderStatus
from quire_orders.purchasing.tables import OrderLine
from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock
from quire_shared.values.money import Money

SCOPES = {
    "orders:read": "See orders and their lines",
    "orders:write": "Make and change orders",
    "orders:open": "Open, unopen, close and cancel orders",
}

router = APIRouter(tags=["orders"])
may_read = scope("orders:read")
may_write = scope("orders:write")
may_open = scope("orders:open")


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=200)]


@router.post("/orders", status_code=201, response_model=schemas.OrderOut, dependencies=[may_write])
async def create_order(body: schemas.OrderIn, day: Today, run: Run) -> Response:
    """Make a pending order with its lines."""
    return await run(commands.create_order, body, day)


@router.get("/orders", dependencies=[may_read])
async def list_orders(
    read: Read,
    who: Who,
    q: Search = "",
    status: OrderStatus | None = None,
    vendor_id: UUID | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.OrderPage:
    """Orders, newest first."""
    rows, total = await store.orders_page(
        read, who, q=q, status=status, vendor_id=vendor_id, offset=offset, limit=limit
    )
    return schemas.OrderPage(
        items=[
            schemas.OrderRow(
                **order.model_dump(
                    include={"id", "version", "number", "status", "vendor_id", "currency", "ordered_on"}
                ),
                vendor_name=name or "",
                lines=count or 0,
                total=Money(price, order.currency) if price is not None else Money.zero(order.currency),
            )
            for order, name, count, price in rows
        ],
        total=total,
    )


@router.get("/orders/{order_id}", dependencies=[may_read])
async def get_order(order_id: UUID, read: Read, who: Who, response: Response) -> schemas.OrderOut:
    """An order with its lines."""
    order = await store.get_order(read, order_id, who)
    if order is None:
        raise NotFound(f"There is no order with the id {order_id}.")
    response.headers["ETag"] = etag(order.version)
    return await order_out(read, order)


@router.patch("/orders/{order_id}", response_model=schemas.OrderOut, dependencies=[may_write])
async def change_order(order_id: UUID, body: schemas.OrderPatch, run: Run) -> Response:
    """Change an order's head; needs If-Match."""
    return await run(commands.change_head, order_id, body)


@router.post("/orders/{order_id}/lines", response_model=schemas.OrderOut, dependencies=[may_write])
async def add_lines(
    order_id: UUID, lines: Annotated[list[schemas.LineIn], Body(min_length=1, max_length=2_000)], run: Run
) -> Response:
    """Add lines to a pending order."""
    return await run(commands.add_lines, order_id, lines)


@router.post("/orders/{order_id}/open", response_model=schemas.OrderOut, dependencies=[may_open])
async def open_order(
    order_id: UUID,
    day: Today,
    run: Run,
    body: Annotated[schemas.OpenIn, Body(default_factory=schemas.OpenIn)],
    dry_run: Annotated[bool, Query(description="Answer the effect without it")] = False,
) -> Response:
    """Open an order: all problems at once, or the encumbrances stand."""
    if dry_run:
        effect = await run.preview(commands.open_order, order_id, day, body.override_reason)
        return Response(effect.model_dump_json(), media_type="application/json")
    return await run(commands.open_order, order_id, day, body.override_reason)


@router.post("/orders/{order_id}/unopen", response_model=schemas.OrderOut, dependencies=[may_open])
async def unopen_order(order_id: UUID, body: schemas.ReasonIn, day: Today, run: Run) -> Response:
    """Take an open order back to pending."""
    return await run(commands.unopen_order, order_id, day, body.reason)


@router.post("/orders/{order_id}/close", response_model=schemas.OrderOut, dependencies=[may_open])
async def close_order(order_id: UUID, body: schemas.ReasonIn, day: Today, run: Run) -> Response:
    """Close an open order."""
    return await run(commands.close_order, order_id, day, body.reason)


@router.post("/orders/{order_id}/reopen", response_model=schemas.OrderOut, dependencies=[may_open])
async def reopen_order(
    order_id: UUID, day: Today, run: Run, body: Annotated[schemas.OpenIn, Body(default_factory=schemas.OpenIn)]
) -> Response:
    """Open a closed order again."""
    return await run(commands.reopen_order, order_id, day, body.override_reason)


@router.get("/order-lines", dependencies=[may_read])
async def list_lines(
    read: Read,
    who: Who,
    q: Search = "",
    status: LineStatus | None = None,
    vendor_id: UUID | None = None,
    fund_id: UUID | None = None,
    identifier: Annotated[str | None, Query(max_length=200)] = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.LinePage:
    """Order lines by number."""
    lines, orders, total = await store.lines_page(
        read,
        who,
        q=q,
        status=status,
        vendor_id=vendor_id,
        fund_id=fund_id,
        identifier=identifier,
        offset=offset,
        limit=limit,
    )
    parts = await store.parts(read, [line.id for line in lines])
    return schemas.LinePage(items=[line_out(orders[line.order_id], line, parts) for line in lines], total=total)


@router.get("/order-lines/{line_id}", dependencies=[may_read])
async def get_line(line_id: UUID, read: Read, who: Who, response: Response) -> schemas.LineOut:
    """One order line."""
    line = await read.get(OrderLine, line_id)
    order = await store.get_order(read, line.order_id, who) if line else None
    if line is None or order is None:
        raise NotFound(f"There is no order line with the id {line_id}.")
    response.headers["ETag"] = etag(line.version)
    return line_out(order, line, await store.parts(read, [line.id]))


@router.put("/order-lines/{line_id}", response_model=schemas.LineOut, dependencies=[may_write])
async def change_line(line_id: UUID, body: schemas.LineIn, day: Today, run: Run) -> Response:
    """Replace what a line says; an open line's encumbrances follow. Needs If-Match."""
    return await run(commands.change_line, line_id, body, day)


@router.delete("/order-lines/{line_id}", status_code=204, dependencies=[may_write])
async def remove_line(line_id: UUID, run: Run) -> Response:
    """Take a line off a pending order."""
    return await run(commands.remove_line, line_id)


@router.post("/order-lines/{line_id}/cancel", response_model=schemas.LineOut, dependencies=[may_open])
async def cancel_line(line_id: UUID, body: schemas.ReasonIn, day: Today, run: Run) -> Response:
    """Cancel an open line with a reason. Needs If-Match."""
    return await run(commands.cancel_line, line_id, day, body.reason)


@router.get("/vendors", dependencies=[may_read])
async def list_vendors(read: Read, q: Search = "", offset: Offset = 0, limit: Limit = 100) -> schemas.VendorPage:
    """Vendors as orders knows them; the directory itself is in the vendors service."""
    rows, total = await store.vendors(read, q, offset, limit)
    return schemas.VendorPage(items=[schemas.VendorOut.model_validate(r.model_dump()) for r in rows], total=total)

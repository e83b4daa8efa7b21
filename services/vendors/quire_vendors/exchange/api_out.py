"""Routes of what goes out, and of the folders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.values import clock
from quire_vendors.exchange import commands_out, schemas, store_out

router = APIRouter(tags=["exchange"])
may_read = scope("messages:read")
may_write = scope("messages:write")


def house(request: Request) -> commands_out.House:
    """The library's name and clock, from the settings."""
    settings = request.app.state.settings
    return commands_out.House(settings.library_name, settings.zone)


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


class EndpointOut(BaseModel):
    """A watched folder: when it was last looked at, and what is wrong with it."""

    account_id: UUID
    vendor_id: UUID
    folder: str
    watched: bool
    polled_at: datetime | None
    trouble: str


class EndpointList(BaseModel):
    items: list[EndpointOut]
    total: int


@router.post("/orders/preview", response_model=schemas.OrderPreview, dependencies=[may_read])
async def preview_order(
    body: OrderSendRequested, where: Annotated[commands_out.House, Depends(house)], run: Run
) -> schemas.OrderPreview:
    """An order as it would be sent now: document, words and segments. Nothing is stored, no number is used up."""
    preview: schemas.OrderPreview = await run.preview(commands_out.preview_order, body, where)
    return preview


@router.post("/messages/{message_id}/send", response_model=schemas.MessageOut, dependencies=[may_write])
async def send_message(message_id: UUID, run: Run) -> Response:
    """Send a message again: the same bytes under the same reference; needs If-Match."""
    return await run(commands_out.send_again, message_id)


@router.post("/messages/{message_id}/sent-by-hand", response_model=schemas.MessageOut, dependencies=[may_write])
async def sent_by_hand(
    message_id: UUID, body: schemas.SentByHandIn, day: Annotated[date, Depends(today)], run: Run
) -> Response:
    """Say that an order was sent by hand, and how; needs If-Match."""
    return await run(commands_out.sent_by_hand, message_id, body, day)


@router.get("/endpoints", dependencies=[may_read])
async def list_endpoints(read: Read, who: Who) -> EndpointList:
    """The folders of accounts from which files are taken."""
    items = [
        EndpointOut(
            account_id=account.id,
            vendor_id=account.vendor_id,
            folder=account.folder_in or "",
            watched=account.sends_edi,
            polled_at=endpoint.polled_at if endpoint is not None else None,
            trouble=endpoint.trouble if endpoint is not None else "",
        )
        for account, endpoint in await store_out.endpoints(read)
        if who.sees(account.unit_id)
    ]
    return EndpointList(items=items, total=len(items))

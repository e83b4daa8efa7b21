"""What vendors does with the events of others."""

from __future__ import annotations

from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Reaction
from quire_vendors.exchange import commands_out

orders = Reaction("vendors.orders")


@orders.on(OrderSendRequested)
async def send_order(work: Work, event: OrderSendRequested, envelope: Envelope) -> None:
    """Collect the parts of an order and have it sent, once."""
    await commands_out.request_order(work, event)

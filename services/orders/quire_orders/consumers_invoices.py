"""What orders does with the invoices that vendors read: each message becomes one invoice, once, never again."""

from __future__ import annotations

from quire_orders.invoicing import commands
from quire_shared.contracts.vendors import InvoiceReceived
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Reaction

invoices = Reaction("orders.invoices")


@invoices.on(InvoiceReceived)
async def keep_invoice(work: Work, event: InvoiceReceived, envelope: Envelope) -> None:
    """Keep the parts of a message and make its invoice when they are all there."""
    await commands.receive(work, event, work.now.date())

"""What usage does with the events of orders, and with its own reports."""

from __future__ import annotations

from quire_shared.contracts.orders import InvoicePaid, InvoicePaymentReversed, LineChanged
from quire_shared.contracts.usage import ReportLoaded
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Reaction
from quire_usage.costs import commands

costs = Reaction("usage.costs")


@costs.on(LineChanged)
async def keep_order_line(work: Work, event: LineChanged, envelope: Envelope) -> None:
    """Keep a copy of an order line."""
    await commands.keep_order_line(work, event)


@costs.on(InvoicePaid)
async def keep_paid_lines(work: Work, event: InvoicePaid, envelope: Envelope) -> None:
    """Keep what was paid."""
    await commands.keep_paid_lines(work, event)


@costs.on(InvoicePaymentReversed)
async def reverse_payment(work: Work, event: InvoicePaymentReversed, envelope: Envelope) -> None:
    """What was paid no longer counts."""
    await commands.reverse_payment(work, event)


@costs.on(ReportLoaded)
async def usage_changed(work: Work, event: ReportLoaded, envelope: Envelope) -> None:
    """New use, new cost per use."""
    await commands.usage_changed(work, event.platform_id)

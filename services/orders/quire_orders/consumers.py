"""What orders does with the events of others."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from quire_orders.purchasing.tables import VendorCopy
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Reaction

directory = Reaction("orders.directory")


@directory.on(VendorChanged)
async def keep_vendor(work: Work, event: VendorChanged, envelope: Envelope) -> None:
    """Keep the few facts of a vendor that orders needs."""
    facts = {
        "code": event.code,
        "name": event.name,
        "active": event.status == "active",
        "receives_edi": event.receives_edi,
        "currency": event.currency,
        "tolerance_amount": event.tolerance_amount.amount if event.tolerance_amount else None,
        "tolerance_percent": event.tolerance_percent,
        "days_to_deliver": event.days_to_deliver,
    }
    statement = insert(VendorCopy).values(vendor_id=event.vendor_id, **facts)
    await work.session.execute(statement.on_conflict_do_update(index_elements=["vendor_id"], set_=facts))

"""What licenses does with the events of others."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from quire_licenses.agreements.tables import LineCopy, PersonCopy, VendorCopy
from quire_shared.contracts.desk import PersonChanged
from quire_shared.contracts.orders import LineChanged
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Reaction

neighbors = Reaction("licenses.neighbors")


async def _keep(work: Work, model: Any, key: str, value: object, facts: dict[str, Any]) -> None:
    statement = insert(model).values({key: value, **facts})
    await work.session.execute(statement.on_conflict_do_update(index_elements=[key], set_=facts))


@neighbors.on(VendorChanged)
async def keep_vendor(work: Work, event: VendorChanged, envelope: Envelope) -> None:
    """Keep the name of a vendor, for the parties of licenses."""
    facts = {"code": event.code, "name": event.name, "active": event.status == "active"}
    await _keep(work, VendorCopy, "vendor_id", event.vendor_id, facts)


@neighbors.on(LineChanged)
async def keep_line(work: Work, event: LineChanged, envelope: Envelope) -> None:
    """Keep what an order line is called and costs."""
    line = event.line
    facts = {
        "order_id": event.order_id,
        "number": line.number,
        "title": line.title,
        "vendor_id": event.vendor_id,
        "state": line.state,
        "price": line.estimated_price.amount,
        "currency": line.estimated_price.currency,
        "unit_id": event.unit_id,
    }
    await _keep(work, LineCopy, "line_id", line.line_id, facts)


@neighbors.on(PersonChanged)
async def keep_person(work: Work, event: PersonChanged, envelope: Envelope) -> None:
    """Keep whether a person is active and which units are seen, for calendar feeds."""
    units = None if event.unit_ids is None else sorted(str(unit) for unit in event.unit_ids)
    await _keep(work, PersonCopy, "person_id", str(event.person_id), {"active": event.active, "unit_ids": units})

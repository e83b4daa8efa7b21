"""What licenses keeps of the events of others."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import icalendar

from quire_licenses.consumers import neighbors
from quire_shared.contracts.base import Event
from quire_shared.contracts.desk import PersonChanged
from quire_shared.contracts.orders import LineChanged, LineState
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.values.money import Money
from tests.licenses.house import House

VENDOR, LINE = uuid.UUID(int=1), uuid.UUID(int=2)
ANNA = uuid.UUID("0192a000-0000-7000-8000-000000000001")


async def hear(house: House, event: Event) -> None:
    envelope: Any = Envelope

    async def handle(work: Work) -> None:
        await neighbors.handlers[event.type](work, event, envelope)

    await house.service.database.run(handle)


def line(price: str) -> LineChanged:
    state = LineState(
        line_id=LINE,
        number="PO-1-1",
        title="Journals of Science",
        material="electronic",
        order_type="ongoing",
        state="open",
        receipt_status="not_required",
        payment_status="awaiting",
        quantity=1,
        unit_price=Money(Decimal(price), "EUR"),
        estimated_price=Money(Decimal(price), "EUR"),
    )
    return LineChanged(order_id=uuid.UUID(int=3), order_number="PO-1", vendor_id=VENDOR, line=state)


async def test_a_vendor_and_a_line_named_before_their_events_get_their_names_later(house: House) -> None:
    parties = [{"role": "licensor", "vendor_id": str(VENDOR), "primary": True}]
    made = await house.license(parties=parties, order_line_ids=[str(LINE)])
    assert made["parties"][0]["name"] == ""
    await hear(house, VendorChanged(vendor_id=VENDOR, code="SCI", name="Science Press", status="active"))
    await hear(house, line("100.00"))
    await hear(house, line("110.00"))
    now = (await house.client.get(f"/licenses/{made['id']}")).json()
    assert now["parties"][0]["name"] == "Science Press"
    (shown,) = now["order_lines"]
    assert (shown["number"], shown["price"]) == ("PO-1-1", {"amount": "110.00", "currency": "EUR"})
    found = (await house.client.get("/licenses", params={"order_line_id": str(LINE)})).json()
    assert [row["id"] for row in found["items"]] == [made["id"]]


async def test_a_feed_follows_the_rights_of_its_person(house: House) -> None:
    law, art = uuid.uuid4(), uuid.uuid4()
    await house.license(name="Law", unit_id=str(law))
    await house.license(name="Art", unit_id=str(art))
    path = (await house.client.post("/calendars", json={"kind": "library"})).json()["path"]

    async def shown() -> set[str]:
        feed = icalendar.Calendar.from_ical((await house.client.get(path)).content)
        return {str(event["summary"]).split(": ")[1] for event in feed.walk("VEVENT")}

    assert await shown() == {"Law", "Art"}
    await hear(house, PersonChanged(person_id=ANNA, active=True, roles=[], unit_ids=[law]))
    assert await shown() == {"Law"}
    await hear(house, PersonChanged(person_id=ANNA, active=False, roles=[], unit_ids=[law]))
    assert (await house.client.get(path)).status_code == 404

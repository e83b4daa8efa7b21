"""Orders that go out: preview, control references, the same bytes again, and vendors without EDI."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.database.work import Work
from quire_vendors.edi import documents
from quire_vendors.edi.profiles import loader
from quire_vendors.edi.syntax import Reading
from quire_vendors.exchange import commands_out
from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import events, make_vendor, run_jobs, upload


def order(vendor_id: str, number: str = "PO-2026-00001", lines: int = 2, **more: Any) -> dict[str, Any]:
    """What orders says of an opened order."""
    return {
        "order_id": str(uuid.uuid4()),
        "number": number,
        "vendor_id": vendor_id,
        "currency": "USD",
        "ordered_on": "2026-03-02",
        "lines": [
            {
                "line_id": str(uuid.uuid4()),
                "number": f"{number}-{n}",
                "title": f"Übung {n}",
                "author": "Author, Ann",
                "identifiers": {"isbn": ["9781741047622"]},
                "quantity": 2,
                "unit_price": {"amount": "12.50", "currency": "USD"},
                "copies": [{"location": "MAIN", "fund_code": "HIST", "quantity": 2}],
            }
            for n in range(1, lines + 1)
        ],
        **more,
    }


async def ask(service: ServiceUnderTest, payload: dict[str, Any]) -> None:
    """What the reaction does with the event."""
    await service.database.run(commands_out.request_order, OrderSendRequested.model_validate(payload))


@pytest.fixture
async def vendor(vendors: ServiceUnderTest) -> dict[str, Any]:
    return await make_vendor(
        vendors.client(), "BROD", receives_edi=True, folder_out="brodart/out", library_id="3618129"
    )


async def test_an_order_is_previewed_and_then_sent_as_it_was_shown(
    vendors: ServiceUnderTest, vendor: dict[str, Any], tmp_path: Path
) -> None:
    client = vendors.client()
    payload = order(vendor["id"])
    answer = await client.post("/orders/preview", json=payload)
    assert answer.status_code == 200, answer.text
    preview = answer.json()
    assert not preview["refused"]
    assert preview["control_reference"] == "1"
    assert [s["tag"] for s in preview["segments"]][:2] == ["UNH", "BGM"]
    assert preview["document"]["number"] == "PO-2026-00001"
    assert "PO-2026-00001" in preview["words"][0]["text"]
    assert (await client.get("/messages")).json()["total"] == 0

    await ask(vendors, payload)
    await run_jobs(vendors)
    [message] = (await client.get("/messages", params={"order_id": payload["order_id"]})).json()["items"]
    assert (message["state"], message["control_reference"]) == ("sent", "1")
    files = [p.name for p in (tmp_path / "edi" / "brodart" / "out").iterdir()]
    assert files == [preview["file_name"]] == [message["file_name"]]
    data = (tmp_path / "edi" / "brodart" / "out" / message["file_name"]).read_bytes()
    assert data == (await client.get(f"/files/{message['file_id']}/raw")).content
    [read] = [documents.read(m, loader.shipped("brodart")) for m in Reading(data)]
    assert read.number == "PO-2026-00001"
    assert [line.referred("own_line") for line in read.lines] == [["PO-2026-00001-1"], ["PO-2026-00001-2"]]
    [sent] = await events(vendors, "vendors.order.sent")
    assert (sent["order_id"], sent["control_reference"]) == (payload["order_id"], "1")


async def test_control_references_rise_without_gaps(vendors: ServiceUnderTest, vendor: dict[str, Any]) -> None:
    for n in range(1, 4):
        await ask(vendors, order(vendor["id"], f"PO-{n}"))
    await run_jobs(vendors)
    sent = await events(vendors, "vendors.order.sent")
    assert [s["control_reference"] for s in sent] == ["1", "2", "3"]


async def test_sending_again_sends_the_same_bytes(
    vendors: ServiceUnderTest, vendor: dict[str, Any], tmp_path: Path
) -> None:
    client = vendors.client()
    await ask(vendors, order(vendor["id"]))
    await run_jobs(vendors)
    [message] = (await client.get("/messages")).json()["items"]
    path = tmp_path / "edi" / "brodart" / "out" / message["file_name"]
    before = path.read_bytes()
    path.unlink()
    answer = await client.post(f"/messages/{message['id']}/send", headers={"If-Match": f'"{message["version"]}"'})
    assert answer.status_code == 200, answer.text
    await run_jobs(vendors)
    assert path.read_bytes() == before
    assert (await client.get("/files", params={"direction": "out"})).json()["total"] == 1


async def test_parts_are_collected_before_anything_is_sent(vendors: ServiceUnderTest, vendor: dict[str, Any]) -> None:
    whole = order(vendor["id"], lines=5)
    first = {**whole, "part": 1, "parts": 2, "lines": whole["lines"][:3]}
    second = {**whole, "part": 2, "parts": 2, "lines": whole["lines"][3:]}
    await ask(vendors, first)
    assert await run_jobs(vendors) == 0
    await ask(vendors, second)
    await run_jobs(vendors)
    [message] = (await vendors.client().get("/messages")).json()["items"]
    assert (message["state"], message["lines"]) == ("sent", 5)


async def test_a_vendor_without_edi_gets_a_letter_to_be_sent_by_hand(vendors: ServiceUnderTest) -> None:
    client = vendors.client()
    vendor = await make_vendor(client, "YBP")
    payload = order(vendor["id"])
    await ask(vendors, payload)
    await run_jobs(vendors)
    [row] = (await client.get("/messages")).json()["items"]
    assert row["state"] == "by_hand"
    message = (await client.get(f"/messages/{row['id']}")).json()
    assert "PO-2026-00001" in message["letter"]
    assert "Total at list prices: 50.00 USD" in message["letter"]
    assert await events(vendors, "vendors.order.sent") == []
    answer = await client.post(
        f"/messages/{row['id']}/sent-by-hand",
        json={"way": "by e-mail"},
        headers={"If-Match": f'"{row["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "sent"
    [sent] = await events(vendors, "vendors.order.sent")
    assert sent["control_reference"] == "by hand: by e-mail"


async def test_an_order_that_went_out_waits_for_a_person_before_it_goes_again(
    vendors: ServiceUnderTest, vendor: dict[str, Any]
) -> None:
    client = vendors.client()
    payload = order(vendor["id"])
    await ask(vendors, payload)
    await run_jobs(vendors)
    await ask(vendors, payload)
    await run_jobs(vendors)
    second, first = (await client.get("/messages")).json()["items"]
    assert (first["state"], second["state"], second["cause"]) == ("sent", "quarantined", "sent_before")
    await client.post(f"/messages/{second['id']}/send", headers={"If-Match": f'"{second["version"]}"'})
    await run_jobs(vendors)
    again = (await client.get(f"/messages/{second['id']}")).json()
    assert (again["state"], again["control_reference"], again["function"]) == ("sent", "2", "replacement")


async def test_another_file_of_the_same_name_is_never_overwritten(
    vendors: ServiceUnderTest, vendor: dict[str, Any], tmp_path: Path
) -> None:
    client = vendors.client()
    preview = (await client.post("/orders/preview", json=order(vendor["id"]))).json()
    path = tmp_path / "edi" / "brodart" / "out" / preview["file_name"]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody else's")
    await ask(vendors, order(vendor["id"]))
    await run_jobs(vendors)
    [message] = (await client.get("/messages")).json()["items"]
    assert message["state"] == "rendered"
    assert "another file" in message["reason"]
    assert path.read_bytes() == b"somebody else's"
    assert await events(vendors, "vendors.order.sent") == []


async def test_an_acknowledgement_closes_the_message_that_it_names(
    vendors: ServiceUnderTest, vendor: dict[str, Any]
) -> None:
    client = vendors.client()
    await ask(vendors, order(vendor["id"], "PO-1"))
    await ask(vendors, order(vendor["id"], "PO-2"))
    await run_jobs(vendors)
    control = (
        b"UNB+UNOC:3+1697684:31B+3618129:31B+260303:0800+900'UNH+1+CONTRL:D:3:UN'UCI+{r}+3618129:31B+1697684:31B+{a}'"
        b"UNT+3+1'UNZ+1+900'"
    )
    for reference, action, number in ((b"1", b"8", b"901"), (b"2", b"4", b"902")):
        data = control.replace(b"{r}", reference).replace(b"{a}", action).replace(b"900", number)
        await upload(client, number.decode(), data)
    await run_jobs(vendors)
    states = {
        m["document_number"]: m["state"]
        for m in (await client.get("/messages", params={"direction": "out"})).json()["items"]
    }
    assert states == {"PO-1": "acknowledged", "PO-2": "rejected"}


async def test_the_event_reaches_the_reaction(vendors: ServiceUnderTest, vendor: dict[str, Any]) -> None:
    assert vendors.runtime.service.reactions[0].topics == ["quire.orders"]
    handler = vendors.runtime.service.reactions[0].handlers[OrderSendRequested.type]
    event = OrderSendRequested.model_validate(order(vendor["id"]))

    async def react(work: Work) -> None:
        await handler(work, event, None)  # type: ignore[arg-type]

    await vendors.database.run(react)
    await run_jobs(vendors)
    assert len(await events(vendors, "vendors.order.sent")) == 1

"""What can't be applied waits with a reason in words, is mended and read again, and is never handed on twice."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import (
    BRODART,
    EBSCO,
    YBP,
    Take,
    corpus,
    events,
    make_vendor,
    run_jobs,
    upload,
)

INVOICE = "vendors.invoice.received"


def invoice(
    number: str = "A1",
    *,
    sender: str = "SUPPLIER1",
    reference: str = "77",
    function: str = "9",
    total: str = "20.00",
    time: str = "0930",
    test: str = "",
    currency: str = "CUX+2:EUR:4'",
) -> bytes:
    """An invoice over two copies at 10.00, written here."""
    return (
        f"UNA:+.? 'UNB+UNOC:3+{sender}+LIBRARY+260105:{time}+{reference}{test}'UNH+1+INVOIC:D:96A:UN:EAN007'"
        f"BGM+380+{number}+{function}'DTM+137:20260105:102'{currency}LIN+1++9781741047622:EN'QTY+47:2'"
        f"MOA+203:20.00'PRI+AAA:10.00'RFF+LI:4711'UNS+S'CNT+2:1'MOA+86:{total}'UNT+13+1'UNZ+1+{reference}'"
    ).encode()


async def vendor_of(client: httpx.AsyncClient, sender: str = "SUPPLIER1", code: str = "S1") -> dict[str, Any]:
    answer = await client.post(
        "/vendors",
        json={"code": code, "name": f"Supplier {code}", "identifiers": [{"scheme": "sender", "value": sender}]},
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def act(client: httpx.AsyncClient, message: dict[str, Any], what: str, **body: Any) -> httpx.Response:
    return await client.post(
        f"/messages/{message['id']}/{what}", json=body, headers={"If-Match": f'"{message["version"]}"'}
    )


async def test_an_unknown_sender_waits_until_a_person_names_the_vendor(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    [message] = await take("a.inv", invoice())
    assert (message["state"], message["cause"]) == ("quarantined", "sender_unknown")
    assert "SUPPLIER1" in message["reason"]
    assert await events(vendors, INVOICE) == []
    vendor = await client.post("/vendors", json={"code": "S1", "name": "Supplier one"})
    answer = await act(client, message, "replay", vendor_id=vendor.json()["id"], remember_sender=True)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "applied"
    [event] = await events(vendors, INVOICE)
    assert (event["number"], event["vendor_id"]) == ("A1", vendor.json()["id"])
    [next_one] = await take("b.inv", invoice("A2", reference="78"))
    assert (next_one["state"], next_one["recognized_by"]) == ("applied", "sender")


async def test_replay_never_books_twice(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await vendor_of(client)
    [message] = await take("a.inv", invoice())
    assert message["state"] == "applied"
    answer = await act(client, message, "replay", accept=True, not_a_duplicate=True)
    assert answer.status_code == 409
    assert "never handed on twice" in answer.json()["detail"]
    assert len(await events(vendors, INVOICE)) == 1


async def test_a_replay_with_the_same_key_answers_the_same_and_books_once(
    vendors: ServiceUnderTest, take: Take
) -> None:
    client = vendors.client()
    [message] = await take("a.inv", invoice())
    vendor = await client.post("/vendors", json={"code": "S1", "name": "Supplier one"})
    headers = {"If-Match": f'"{message["version"]}"', "Idempotency-Key": "once"}
    body = {"vendor_id": vendor.json()["id"]}
    first = await client.post(f"/messages/{message['id']}/replay", json=body, headers=headers)
    second = await client.post(f"/messages/{message['id']}/replay", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert len(await events(vendors, INVOICE)) == 1


async def test_two_people_mending_one_message(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    [message] = await take("a.inv", invoice())
    assert (await act(client, message, "dismiss", reason="Not ours")).status_code == 200
    answer = await act(client, message, "dismiss", reason="Not ours either")
    assert answer.status_code == 412
    missing = await client.post(f"/messages/{message['id']}/dismiss", json={"reason": "No version"})
    assert missing.status_code == 428


async def test_a_file_that_is_cut_off_waits_and_the_whole_file_closes_it(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await make_vendor(client, "BROD")
    data = corpus(BRODART)
    cut = data[: data.index(b"BGM+380+B766277")]
    first = await take("cut.inv", cut)
    assert [m["state"] for m in first] == ["applied"] * 3 + ["quarantined"]
    assert first[-1]["cause"] == "cut_off"
    assert len(await events(vendors, INVOICE)) == 3
    whole = await take("whole.inv", data)
    assert [m["state"] for m in whole] == ["duplicate"] * 3 + ["applied"] * 3
    assert {m["cause"] for m in whole[:3]} == {"same_interchange"}
    waited = (await client.get(f"/messages/{first[-1]['id']}")).json()
    assert (waited["state"], waited["cause"]) == ("ignored", "superseded")
    assert [e["number"] for e in await events(vendors, INVOICE)] == [f"B76627{n}" for n in range(4, 10)]


async def test_the_same_interchange_in_other_bytes_does_nothing(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await make_vendor(client, "YBP")
    data = corpus(YBP)
    await take("one", data)
    [again] = await take("two", data + b"\r\n")
    assert (again["state"], again["cause"]) == ("duplicate", "same_interchange")
    assert "nothing was done" in again["reason"]
    assert len(await events(vendors, INVOICE)) == 1


async def test_the_same_document_in_another_interchange_does_nothing(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await vendor_of(client)
    [first] = await take("one", invoice("A1", reference="1"))
    [second] = await take("two", invoice("a1", reference="2"))
    assert (second["state"], second["cause"], second["duplicate_of"]) == ("duplicate", "same_document", first["id"])
    assert len(await events(vendors, INVOICE)) == 1
    answer = await act(client, second, "replay", not_a_duplicate=True, reason="Numbers start again each year")
    assert answer.json()["state"] == "applied", answer.text
    assert len(await events(vendors, INVOICE)) == 2


async def test_a_sender_that_gives_every_interchange_the_same_reference(vendors: ServiceUnderTest, take: Take) -> None:
    await vendor_of(vendors.client())
    [first] = await take("one", invoice("A1", reference="1", time="0930"))
    [second] = await take("two", invoice("A2", reference="1", time="1715"))
    assert (first["state"], second["state"]) == ("applied", "applied")


@pytest.mark.parametrize(
    ("function", "state", "cause"),
    [("7", "ignored", "copy"), ("31", "ignored", "copy"), ("1", "quarantined", "needs_person"), ("5", "applied", None)],
)
async def test_the_function_decides_what_may_be_done(
    vendors: ServiceUnderTest, take: Take, function: str, state: str, cause: str | None
) -> None:
    await vendor_of(vendors.client())
    await take("one", invoice("A1", reference="1"))
    [second] = await take("two", invoice("A1", reference="2", function=function))
    assert (second["state"], second["cause"]) == (state, cause)
    assert len(await events(vendors, INVOICE)) == (2 if state == "applied" else 1)


async def test_a_test_interchange_books_nothing(vendors: ServiceUnderTest, take: Take) -> None:
    await vendor_of(vendors.client())
    [message] = await take("test.inv", invoice(test="++++++1"))
    assert (message["state"], message["cause"]) == ("ignored", "test")
    assert await events(vendors, INVOICE) == []


async def test_a_total_that_nothing_explains_waits_and_can_be_handed_on_by_a_person(
    vendors: ServiceUnderTest, take: Take
) -> None:
    client = vendors.client()
    await vendor_of(client)
    [message] = await take("odd.inv", invoice(total="23.45"))
    assert (message["state"], message["cause"]) == ("quarantined", "needs_person")
    assert "23.45" in message["reason"]
    assert await events(vendors, INVOICE) == []
    answer = await act(client, message, "replay", accept=True, reason="Postage was agreed by telephone")
    assert answer.json()["state"] == "applied", answer.text
    [event] = await events(vendors, INVOICE)
    assert event["explained"] is False


async def test_an_invoice_without_a_currency_takes_the_vendors(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    vendor = await vendor_of(client)
    [message] = await take("no-currency.inv", invoice(currency=""))
    assert (message["state"], message["cause"]) == ("quarantined", "incomplete")
    assert "currency" in message["reason"]
    await client.patch(f"/vendors/{vendor['id']}", json={"currency": "EUR"}, headers={"If-Match": '"1"'})
    answer = await act(client, message, "replay")
    assert answer.json()["state"] == "applied", answer.text
    [event] = await events(vendors, INVOICE)
    assert event["currency"] == "EUR"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invoice.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
        ("empty.edi", b""),
        ("page.html", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
        ("archive.zip", b"PK\x03\x04\x14\x00\x00\x00"),
    ],
)
async def test_what_is_no_edi_is_kept_and_said_so(
    vendors: ServiceUnderTest, take: Take, name: str, data: bytes
) -> None:
    client = vendors.client()
    [message] = await take(name, data)
    assert (message["state"], message["cause"]) == ("quarantined", "unreadable")
    assert name in message["reason"]
    file = (await client.get(f"/files/{message['file_id']}")).json()
    assert file["state"] == "unreadable"
    assert (await client.get(f"/files/{message['file_id']}/raw")).content == data
    replayed = await act(client, message, "replay")
    assert replayed.status_code == 409
    assert (await act(client, message, "dismiss", reason="No invoice")).status_code == 200


async def test_one_bad_message_does_not_stop_the_others(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await make_vendor(client, "EBSCO")
    data = corpus(EBSCO)
    assert data.count(b"BGM+380+7751763") == 1
    found = await take("one-without-number", data.replace(b"BGM+380+7751763", b"BGM+380+"))
    assert [m["state"] for m in found].count("applied") == 14
    [bad] = [m for m in found if m["state"] != "applied"]
    assert (bad["state"], bad["cause"]) == ("quarantined", "incomplete")
    assert "no number" in bad["reason"]


async def test_several_vendors_that_fit_are_named(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    for code in ("A", "B"):
        await client.post(
            "/vendors",
            json={"code": code, "name": f"Vendor {code}", "accounts": [{"number": "1", "profile": "gobi"}]},
        )
    [message] = await take("ybp", corpus(YBP))
    assert (message["state"], message["cause"]) == ("quarantined", "sender_ambiguous")
    assert "Vendor A (A)" in message["reason"]
    assert "Vendor B (B)" in message["reason"]


async def test_a_message_is_shown_in_words_with_its_segments(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await make_vendor(client, "YBP")
    data = corpus(YBP)
    [message] = await take("ybp", data)
    shown = (await client.get(f"/messages/{message['id']}")).json()
    summary = shown["words"][0]
    assert "574076" in summary["text"]
    assert "186.17" in summary["text"]
    segments = (await client.get(f"/messages/{message['id']}/segments")).json()["items"]
    assert segments[0]["tag"] == "UNH"
    assert all(data[s["start"] : s["end"]].decode("latin-1") == s["text"] for s in segments)
    tags = {segments[at]["tag"] for at in summary["segments"]}
    assert {"BGM", "MOA"} <= tags


async def test_rights_are_needed(vendors: ServiceUnderTest) -> None:
    reader = vendors.client(scopes=["messages:read", "vendors:read"])
    answer = await reader.post("/files", files={"file": ("a", b"x")})
    assert answer.status_code == 403
    assert (await reader.post("/vendors", json={"code": "X", "name": "X"})).status_code == 403
    nobody = vendors.client(scopes=[])
    assert (await nobody.get("/messages")).status_code == 403


async def test_messages_of_another_units_account_are_not_seen(vendors: ServiceUnderTest) -> None:
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    client = vendors.client()
    vendor = await make_vendor(client, "YBP", unit_id=str(theirs))
    await upload(client, "ybp", corpus(YBP))
    await run_jobs(vendors)
    [message] = (await client.get("/messages")).json()["items"]
    assert message["unit_id"] == str(theirs)
    other = vendors.client(units=[mine])
    assert (await other.get("/messages")).json()["total"] == 0
    assert (await other.get(f"/messages/{message['id']}")).status_code == 404
    assert (await other.get(f"/messages/{message['id']}/segments")).status_code == 404
    assert (await act(other, message, "dismiss", reason="Not mine")).status_code == 404
    account = vendor["accounts"][0]["id"]
    refused = await other.post("/files", files={"file": ("a", b"UNB+")}, params={"account_id": account})
    assert refused.status_code == 404
    assert (await other.get(f"/vendors/{vendor['id']}")).json()["accounts"] == []
    owner = vendors.client(units=[theirs])
    assert (await owner.get("/messages")).json()["total"] == 1

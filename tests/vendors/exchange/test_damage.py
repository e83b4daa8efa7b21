"""Damaged files: whatever bytes arrive, no job fails, every byte is kept, and no document is booked twice."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from quire_vendors.edi import documents
from quire_vendors.edi.documents.model import AnyDocument
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Message
from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import BRODART, YBP, Take, corpus, events, make_vendor, run_jobs, upload

PIECES = [
    b"'",
    b"*",
    b"+",
    b":",
    b"?",
    b"\0",
    b"\xff",
    b"UNH+1+INVOIC:D:96A:UN'",
    b"UNZ+1+1'",
    b"9" * 30,
    b"-",
    b"E9",
    b"\n",
]


def damage(data: bytes, chance: random.Random) -> bytes:
    """One to four bytes changed, removed, inserted or doubled, or the end cut off."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        kind = chance.randrange(5)
        if kind == 0:
            text[at] = chance.randrange(256)
        elif kind == 1:
            del text[at : at + chance.randint(1, 20)]
        elif kind == 2:
            text[at:at] = chance.choice(PIECES)
        elif kind == 3:
            text[at:at] = text[at : at + 40]
        else:
            del text[max(at, 200) :]
    return bytes(text)


async def test_no_damage_stops_the_service_or_books_twice(vendors: ServiceUnderTest) -> None:
    client = vendors.client()
    await make_vendor(client, "YBP")
    await make_vendor(client, "BROD")
    chance = random.Random(574076)
    seeds = [corpus(YBP), corpus(BRODART)]
    files = seeds + [damage(chance.choice(seeds), chance) for _ in range(60)]
    for n, data in enumerate(files):
        taken = await upload(client, f"{n}.edi", data)
        await run_jobs(vendors)
        kept = await client.get(f"/files/{taken['file']['id']}/raw")
        assert kept.content == data
        state = (await client.get(f"/files/{taken['file']['id']}")).json()["state"]
        assert state in ("read", "unreadable")
    booked = Counter(
        (e["vendor_id"], e["kind"], e["number"].casefold())
        for e in await events(vendors, "vendors.invoice.received")
        if e["part"] == 1 and e["function"] != "5"
    )
    assert booked
    assert max(booked.values()) == 1
    faults = (await client.get("/messages", params={"cause": "fault"})).json()["total"]
    assert faults == 0


async def test_a_mistake_of_quire_in_one_message_puts_only_that_one_into_quarantine(
    vendors: ServiceUnderTest, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_vendor(vendors.client(), "BROD")
    read = documents.read

    def broken(message: Message, profile: Profile) -> AnyDocument:
        if message.index == 3:
            raise ZeroDivisionError
        return read(message, profile)

    monkeypatch.setattr(documents, "read", broken)
    found = await take("brodart", corpus(BRODART))
    assert [m["state"] for m in found] == ["applied", "applied", "quarantined", "applied", "applied", "applied"]
    assert found[2]["cause"] == "fault"
    monkeypatch.undo()
    client = vendors.client()
    answer = await client.post(
        f"/messages/{found[2]['id']}/replay", json={}, headers={"If-Match": f'"{found[2]["version"]}"'}
    )
    assert answer.json()["state"] == "applied", answer.text
    assert len(await events(vendors, "vendors.invoice.received")) == 6

"""Calendar feeds over the API."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import icalendar
from sqlalchemy import text

from tests.licenses.house import House

ANNA = "0192a000-0000-7000-8000-000000000001"


async def feed(house: House, kind: str = "library", client: Any = None) -> dict[str, Any]:
    answer = await (client or house.client).post("/calendars", json={"kind": kind})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def events(house: House, path: str) -> list[Any]:
    answer = await house.service.client().get(path, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


async def test_the_feed_shows_each_date_as_a_whole_day_without_signing_in(house: House) -> None:
    await house.license()
    shown = await events(house, (await feed(house))["path"])
    days = {str(event["summary"]): event["dtstart"].dt for event in shown}
    # 60 and 30 days before 30 October: Monday 31 August, Wednesday 30 September
    assert days == {
        "Renewal review opens: Journals of Science": date(2026, 8, 31),
        "Ask for a quote by: Journals of Science": date(2026, 9, 30),
        "Act by: Journals of Science": date(2026, 10, 30),
        "Notice deadline: Journals of Science": date(2026, 11, 1),
    }
    assert {str(event["status"]) for event in shown} == {"CONFIRMED"}


async def test_a_decision_cancels_the_entries_under_their_old_uids(house: House) -> None:
    await house.license()
    path = (await feed(house))["path"]
    before = {str(e["uid"]): int(e["sequence"]) for e in await events(house, path)}
    (case,) = await house.cases()
    await house.post(f"/renewals/{case['id']}/decision", case["version"], {"decision": "cancel"})
    after = {str(e["uid"]): e for e in await events(house, path)}
    assert after.keys() == before.keys()
    assert {str(e["status"]) for e in after.values()} == {"CANCELLED"}
    assert all(int(after[uid]["sequence"]) > sequence for uid, sequence in before.items())


async def test_a_persons_feed_shows_what_the_person_answers_for(house: House) -> None:
    await house.license(name="Mine", responsible_id=ANNA)
    await house.license(name="Mine too", second_id=ANNA)
    await house.license(name="Not mine")
    mine = await events(house, (await feed(house, "person"))["path"])
    assert {str(e["summary"]).split(": ")[1] for e in mine} == {"Mine", "Mine too"}
    assert len(await events(house, (await feed(house))["path"])) == 12


async def test_the_token_is_kept_only_as_a_hash_and_shown_once(house: House) -> None:
    made = await feed(house)
    assert len(made["token"]) >= 43
    async with house.service.database.read() as session:
        stored = (await session.execute(text("SELECT to_jsonb(calendar_feed)::text FROM calendar_feed"))).scalar_one()
        audit = (await session.execute(text("SELECT string_agg(detail::text, '') FROM audit"))).scalar_one()
    assert made["token"] not in stored + audit
    (listed,) = (await house.client.get("/calendars")).json()["items"]
    assert listed.keys() == {"id", "kind", "name", "created_at"}


async def test_a_repeated_request_for_a_feed_does_not_show_the_token_again(house: House) -> None:
    headers = {"Idempotency-Key": "feed-1"}
    first = await house.client.post("/calendars", json={"kind": "library"}, headers=headers)
    again = await house.client.post("/calendars", json={"kind": "library"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["token"] not in again.text


async def test_unknown_and_revoked_addresses_show_nothing(house: House) -> None:
    made = await feed(house)
    assert (await house.client.get("/calendar/guess.ics")).status_code == 404
    stranger = house.service.client(name="somebody-else")
    assert (await stranger.delete(f"/calendars/{made['id']}")).status_code == 404
    assert (await house.client.delete(f"/calendars/{made['id']}")).status_code == 204
    assert (await house.client.get(made["path"])).status_code == 404


async def test_a_feed_keeps_to_the_units_of_its_maker(house: House) -> None:
    law, art = uuid.uuid4(), uuid.uuid4()
    await house.license(name="Law", unit_id=str(law))
    await house.license(name="Art", unit_id=str(art))
    limited = house.service.client(units=[law], name="limited")
    shown = await events(house, (await feed(house, client=limited))["path"])
    assert {str(e["summary"]).split(": ")[1] for e in shown} == {"Law"}

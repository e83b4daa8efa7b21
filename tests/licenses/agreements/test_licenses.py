"""Licenses over the API: parts, versions, status, refusals, units."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.licenses.house import RULE, STEPS, House

VENDOR, LINE = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


def full(**more: Any) -> dict[str, Any]:
    return {
        "name": "The Atlas",
        "kind": "master",
        "rule": RULE,
        "steps": STEPS,
        "agreed_fee": {"amount": "1200.00", "currency": "EUR"},
        "parties": [
            {"role": "licensor", "vendor_id": VENDOR, "primary": True},
            {"role": "licensee", "name": "City Library"},
        ],
        "order_line_ids": [LINE],
        "documents": [{"title": "Signed copy", "url": "https://example.org/signed.pdf", "confidentiality": "strict"}],
        **more,
    }


async def put(house: House, license_: dict[str, Any], body: dict[str, Any]) -> Any:
    path = f"/licenses/{license_['id']}"
    return await house.client.put(path, json=body, headers={"If-Match": f'"{license_["version"]}"'})


async def test_a_license_comes_back_as_it_was_given(house: House) -> None:
    old = await house.license(name="The Atlas 2020")
    made = await house.license(**full(relations=[{"license_id": old["id"], "kind": "supersedes"}]))
    got = await house.client.get(f"/licenses/{made['id']}")
    assert got.headers["ETag"] == f'"{made["version"]}"'
    license_ = got.json()
    assert license_ == made
    assert license_["vendor_id"] == VENDOR
    assert license_["rule"]["notice"]["period"] == {"number": 60, "unit": "calendar_day"}
    assert [(r["name"], r["kind"]) for r in license_["relations"]] == [("The Atlas 2020", "supersedes")]
    assert license_["documents"][0]["url"] == "https://example.org/signed.pdf"
    assert license_["order_lines"][0]["number"] is None
    facts = (await house.said("licenses.contract.facts_changed"))[-1]
    assert (facts["order_line_ids"], facts["agreed_fee"]) == ([LINE], {"amount": "1200.00", "currency": "EUR"})
    changed = (await house.said("licenses.license.changed"))[-1]
    assert (changed["vendor_id"], changed["act_by"]) == (VENDOR, "2026-10-30")


async def test_every_fault_is_named_at_once_and_nothing_is_saved(house: House) -> None:
    nobody = str(uuid.uuid4())
    body = full(
        parties=[
            {"role": "licensor", "vendor_id": VENDOR, "primary": True},
            {"role": "agent", "name": "Agent", "primary": True},
            {"role": "provider"},
        ],
        relations=[{"license_id": nobody, "kind": "amends"}],
        calendar_id=nobody,
    )
    refused = await house.client.post("/licenses", json=body)
    assert refused.status_code == 422
    assert {error["code"] for error in refused.json()["errors"]} == {
        "second_primary",
        "not_licensor",
        "nobody",
        "unknown_license",
        "unknown_calendar",
    }
    assert all(error["fix"] for error in refused.json()["errors"])
    assert (await house.client.get("/licenses")).json()["total"] == 0


@pytest.mark.parametrize(
    "rule",
    [
        {**RULE, "plan": {"start": "2026-01-01", "length": {"number": 0, "unit": "month"}}},
        {**RULE, "plan": {"start": "2026-01-01", "length": {"number": 3, "unit": "working_day"}}},
        {**RULE, "notice": {"kind": "before", "period": {"number": -1, "unit": "month"}}},
        {**RULE, "notice": {"kind": "by_date", "month": 4, "day": 31}},
        {**RULE, "renewal": "perhaps"},
        {**RULE, "plan": {"start": "not a day", "length": {"number": 1, "unit": "year"}}},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_its_place(house: House, rule: dict[str, Any]) -> None:
    refused = await house.client.post("/licenses", json={"name": "X", "rule": rule})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/body/rule")


async def test_two_people_saving_at_once_do_not_overwrite_each_other(house: House) -> None:
    made = await house.license()
    answers = await asyncio.gather(put(house, made, full(name="One")), put(house, made, full(name="Two")))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    stale = next(answer for answer in answers if answer.status_code == 412)
    assert "/name" in {error["pointer"] for error in stale.json()["errors"]}
    assert (await house.client.put(f"/licenses/{made['id']}", json=full())).status_code == 428


async def test_a_repeated_request_makes_one_license(house: House) -> None:
    headers = {"Idempotency-Key": "license-1"}
    first, again = [await house.client.post("/licenses", json=full(), headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert (await house.client.get("/licenses")).json()["total"] == 1


async def test_the_status_moves_only_where_it_may_and_is_remembered(house: House) -> None:
    made = await house.license(status="in_negotiation")
    assert await house.cases() == []
    path = f"/licenses/{made['id']}/status"
    refused = await house.post(path, made["version"], {"status": "terminated"})
    assert refused.status_code == 409
    assert "active, planned, rejected" in refused.json()["detail"]
    active = (await house.post(path, made["version"], {"status": "active", "effective_on": "2026-01-02"})).json()
    assert [c["state"] for c in await house.cases()] == ["scheduled"]
    ended = await house.post(path, active["version"], {"status": "terminated", "note": "breach"})
    assert [change["status"] for change in ended.json()["status_history"]] == ["in_negotiation", "active", "terminated"]
    assert [c["state"] for c in await house.cases()] == ["withdrawn"]


async def test_units_see_their_own_licenses_and_those_of_the_house(house: House) -> None:
    law, art = uuid.uuid4(), uuid.uuid4()
    ours = await house.license(name="Law", unit_id=str(law))
    theirs = await house.license(name="Art", unit_id=str(art))
    await house.license(name="House")
    client = house.service.client(units=[law])
    assert [row["name"] for row in (await client.get("/licenses")).json()["items"]] == ["House", "Law"]
    assert (await client.get(f"/licenses/{theirs['id']}")).status_code == 404
    hidden = await client.put(f"/licenses/{theirs['id']}", json=full(), headers={"If-Match": "*"})
    assert hidden.status_code == 404
    assert (await client.get(f"/licenses/{ours['id']}")).status_code == 200
    assert (await client.post("/licenses", json=full(unit_id=str(art)))).status_code == 403
    renewals = (await client.get("/renewals")).json()
    assert (renewals["total"], {row["license_name"] for row in renewals["items"]}) == (2, {"House", "Law"})


async def test_rights_are_asked_for(house: House) -> None:
    reader = house.service.client(scopes=["licenses:read"])
    assert (await reader.get("/licenses")).status_code == 200
    assert (await reader.post("/licenses", json=full())).status_code == 403
    assert (await reader.get("/renewals")).status_code == 403


async def test_a_holiday_moves_the_act_by_date(house: House) -> None:
    calendar = (await house.client.post("/holiday-calendars", json={"name": "Here"})).json()
    made = await house.license(calendar_id=calendar["id"])
    assert made["dates"]["act_by"] == "2026-10-30"
    path = f"/holiday-calendars/{calendar['id']}"
    body = {"name": "Here", "holidays": ["2026-10-30"]}
    assert (await house.client.put(path, json=body)).status_code == 428
    assert (await house.client.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 200
    await house.clock("2026-01-15")
    assert [case["act_by"] for case in await house.cases()] == ["2026-10-29"]
    assert (await house.said("licenses.license.changed"))[-1]["act_by"] == "2026-10-29"
    assert (await house.client.post("/holiday-calendars", json={"name": "Here"})).status_code == 409


async def test_notice_after_the_invoice_is_known_once_it_came(house: House) -> None:
    notice = {"kind": "after_invoice", "period": {"number": 30, "unit": "calendar_day"}}
    made = await house.license(rule={**RULE, "notice": notice})
    assert made["dates"]["flags"] == ["waiting_for_invoice"]
    body = {"renewal_date": "2027-01-01", "received_on": "2026-10-01"}
    known = (await house.post(f"/licenses/{made['id']}/invoices", made["version"], body)).json()
    # 1 October is day zero: 31 October, a Saturday, so staff act by Friday 30 October
    assert (known["dates"]["notice_deadline"], known["dates"]["act_by"]) == ("2026-10-31", "2026-10-30")
    plain = await house.license(name="Other")
    assert (await house.post(f"/licenses/{plain['id']}/invoices", plain["version"], body)).status_code == 409


async def test_a_rule_can_be_tried_without_storing_it(house: House) -> None:
    tried = (await house.client.post("/licenses/preview", json={"rule": RULE, "terms": 3})).json()
    assert [term["notice_deadline"] for term in tried["upcoming"]] == ["2026-11-01", "2027-11-01", "2028-11-01"]
    assert (await house.client.get("/licenses")).json()["total"] == 0


async def test_without_a_rule_the_license_says_what_is_missing(house: House) -> None:
    made = await house.license(rule=None)
    assert made["dates"]["if_nothing_is_done"].startswith("No renewal rule is recorded")
    assert await house.cases() == []


async def test_a_day_beyond_all_contracts_is_refused_in_words(house: House) -> None:
    made = await house.license()
    refused = await house.client.get(f"/licenses/{made['id']}", params={"as_of": "1066-10-14"})
    assert refused.status_code == 422
    later = (await house.client.get(f"/licenses/{made['id']}", params={"as_of": "2027-03-01"})).json()["dates"]
    assert (later["term_start"], later["notice_deadline"]) == ("2027-01-01", "2027-11-01")

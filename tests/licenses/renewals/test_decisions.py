"""Decisions on renewals and what follows from them. Days by hand, see ``house``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.licenses.house import FIRST_STEP, LAST_STEPS, RULE, House

NEW_STEPS_LATER = "2026-12-15"


async def decide(house: House, case: dict[str, Any], decision: str, **more: Any) -> Any:
    return await house.post(f"/renewals/{case['id']}/decision", case["version"], {"decision": decision, **more})


async def test_a_decision_to_renew_stops_the_reminders_and_opens_the_next_term(house: House) -> None:
    line = "0192a000-0000-7000-8000-0000000000aa"
    made = await house.license(order_line_ids=[line])
    await house.clock(FIRST_STEP)
    (case,) = await house.cases()
    assert case["state"] == "gathering" or case["review_opens"] > str(FIRST_STEP)
    answer = await decide(house, case, "renew", note="well used")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["decided_on"]) == ("decided", "2026-01-15")
    (decided,) = await house.said("licenses.renewal.decided")
    assert (decided["decision"], decided["renewal_id"], decided["order_line_ids"]) == ("renew", case["id"], [line])
    await house.clock(NEW_STEPS_LATER)
    assert len(await house.steps()) == 1
    assert await house.said("licenses.renewal.missed") == []
    now = (await house.client.get(f"/licenses/{made['id']}")).json()["dates"]
    # Next: 31 December 2027 less 60 days = Monday 1 November 2027
    assert (now["notice_deadline"], now["committed_until"]) == ("2027-11-01", "2027-12-31")
    assert now["if_nothing_is_done"].startswith(
        "The renewal on 2027-01-01 is settled. If nobody acts by 1 November 2027"
    )


@pytest.mark.parametrize("decision", ["cancel", "let_lapse", "replaced"])
async def test_a_decision_to_leave_fixes_the_end_and_asks_nothing_more(house: House, decision: str) -> None:
    made = await house.license()
    (case,) = await house.cases()
    assert (await decide(house, case, decision)).status_code == 200
    (event,) = await house.said("licenses.renewal.decided")
    assert event["ends_on"] == "2026-12-31"
    await house.clock("2027-01-01")
    assert await house.steps() == []
    assert [c["state"] for c in await house.cases()] == ["decided"]
    assert (await house.client.get(f"/licenses/{made['id']}")).json()["status"] == "expired"
    assert (await house.said("licenses.license.changed"))[-1]["status"] == "expired"


async def test_an_explicit_renewal_is_counted_up_to_its_limit(house: House) -> None:
    plan = {**RULE["plan"], "renewal_limit": 1}
    made = await house.license(rule={**RULE, "renewal": "explicit", "plan": plan, "price_cap": None})
    (case,) = await house.cases()
    assert (await decide(house, case, "renew")).status_code == 200
    license_ = (await house.client.get(f"/licenses/{made['id']}")).json()
    assert license_["renewals_agreed"] == 1
    assert license_["dates"]["upcoming"][-1]["last"] == "2027-12-31"
    # One renewal is allowed and agreed: nothing is left to decide, and the license ends after it.
    assert [c["state"] for c in await house.cases()] == ["decided"]
    await house.clock("2028-01-01")
    assert (await house.client.get(f"/licenses/{made['id']}")).json()["status"] == "expired"


async def test_a_missed_renewal_stays_on_the_list_until_somebody_decides(house: House) -> None:
    await house.license()
    await house.clock("2026-11-02")
    await house.clock("2027-02-02")
    (missed,) = await house.cases(state="missed")
    assert (await decide(house, missed, "renew", note="accepted afterwards")).status_code == 200
    assert await house.cases(state="missed") == []
    assert [event["renewal_id"] for event in await house.said("licenses.renewal.decided")] == [missed["id"]]


async def test_a_late_cancelation_withdraws_the_renewal_that_followed(house: House) -> None:
    made = await house.license()
    await house.clock("2026-11-02")
    (missed,) = await house.cases(state="missed")
    assert (await decide(house, missed, "cancel", note="the licensor agreed")).status_code == 200
    assert sorted(c["state"] for c in await house.cases()) == ["decided", "withdrawn"]
    assert (await house.client.get(f"/licenses/{made['id']}")).json()["dates"]["ends_on"] == "2026-12-31"


async def test_a_deferred_decision_is_silent_until_its_day_and_comes_back(house: House) -> None:
    await house.license()
    await house.clock(FIRST_STEP)
    (case,) = await house.cases()
    path = f"/renewals/{case['id']}/defer"
    late = await house.post(path, case["version"], {"until": "2026-10-31"})
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/until")
    put_off = await house.post(path, case["version"], {"until": "2026-10-05"})
    assert put_off.status_code == 200, put_off.text
    assert (await house.said("licenses.renewal.decided"))[0]["decision"] == "deferred"
    await house.clock("2026-10-04")
    assert len(await house.steps()) == 1
    await house.clock("2026-10-05")
    await house.clock("2026-10-06")
    assert (await house.steps())[1:] == ["put off until 2026-10-05", "30 days before the act-by date"]
    await house.clock("2026-11-02")
    assert len(await house.said("licenses.renewal.missed")) == 1


async def test_the_price_is_held_against_the_cap_and_kept_with_the_decision(house: House) -> None:
    await house.license()
    (case,) = await house.cases()
    prices = {
        "price": {"amount": "1080.00", "currency": "EUR"},
        "previous_price": {"amount": "1000.00", "currency": "EUR"},
    }
    answer = await decide(house, case, "renew_with_changes", **prices)
    # 8 % is 30.00 over 1000.00 + 5 %
    assert answer.json()["facts"]["price_rise"] == {
        "previous": "1000.00",
        "offered": "1080.00",
        "currency": "EUR",
        "percent": "8.00",
        "cap_percent": "5",
        "over_cap": "30.00",
    }
    (event,) = await house.said("licenses.renewal.decided")
    assert event["price"] == {"amount": "1080.00", "currency": "EUR"}


async def test_prices_in_two_currencies_are_refused_and_nothing_is_decided(house: House) -> None:
    await house.license()
    (case,) = await house.cases()
    prices = {"price": {"amount": "1.00", "currency": "EUR"}, "previous_price": {"amount": "1.00", "currency": "USD"}}
    refused = await decide(house, case, "renew", **prices)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "two_currencies")
    assert [c["state"] for c in await house.cases()] == ["scheduled"]
    assert await house.said("licenses.renewal.decided") == []


async def test_two_people_deciding_at_once_decide_once(house: House) -> None:
    await house.license()
    (case,) = await house.cases()
    assert (await house.client.post(f"/renewals/{case['id']}/decision", json={"decision": "renew"})).status_code == 428
    assert (await decide(house, case, "cancel")).status_code == 200
    assert (await decide(house, case, "renew")).status_code == 412
    assert (await decide(house, {**case, "version": case["version"] + 1}, "renew")).status_code == 409
    assert len(await house.said("licenses.renewal.decided")) == 1


async def test_a_case_moves_by_hand_only_where_it_may(house: House) -> None:
    await house.license()
    (case,) = await house.cases()
    path = f"/renewals/{case['id']}/state"
    refused = await house.post(path, case["version"], {"state": "done"})
    assert refused.status_code == 409
    assert "gathering, review" in refused.json()["detail"]
    assert (await house.post(path, case["version"], {"state": "review"})).json()["state"] == "review"
    await house.clock(LAST_STEPS)
    assert [c["state"] for c in await house.cases()] == ["review"]


async def test_deciding_needs_the_right_to_decide(house: House) -> None:
    await house.license()
    (case,) = await house.cases()
    client = house.service.client(scopes=["renewals:read", "renewals:write"])
    answer = await client.post(f"/renewals/{case['id']}/decision", json={"decision": "renew"})
    assert answer.status_code == 403

"""The clock: steps, missed deadlines, catch-up. Days by hand, see ``house``."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from quire_licenses.renewals.cases import reached
from quire_licenses.renewals.clock import run_clock
from quire_licenses.renewals.reminders import Role, Step, ladder
from quire_licenses.renewals.spans import WorkCalendar
from quire_shared.values import clock
from tests.licenses.house import ACT_BY, DEADLINE, FIRST_STEP, LAST_STEPS, RULE, STEPS, TERM_END, House
from tests.support.service import ServiceUnderTest


async def test_a_license_has_its_dates_and_its_sentence(house: House) -> None:
    made = await house.license()
    dates = made["dates"]
    assert (dates["term_start"], dates["term_end"]) == ("2026-01-01", "2026-12-31")
    assert (dates["notice_deadline"], dates["act_by"]) == ("2026-11-01", "2026-10-30")
    assert dates["if_nothing_is_done"] == (
        "If nobody acts by 30 October 2026 (the notice deadline is 1 November 2026), the license renews automatically on"
        " 1 January 2027 for 12 months at a price at most 5 % higher, and the library is committed until 31 December 2027."
    )


async def test_a_step_is_told_on_its_day_and_once(house: House) -> None:
    await house.license()
    await house.clock("2026-07-30")
    assert await house.steps() == []
    await house.clock(FIRST_STEP)
    assert await house.steps() == ["90 days before the act-by date"]
    await house.clock(FIRST_STEP)
    await house.clock("2026-08-20")
    assert await house.steps() == ["90 days before the act-by date"]


async def test_a_service_that_was_down_catches_up_every_step_and_marks_those_that_need_no_mail(house: House) -> None:
    await house.license(responsible_id="anna", second_id="ben")
    await house.clock(LAST_STEPS + timedelta(days=2))
    told = await house.said("licenses.notice.due")
    assert [(e["step"], e["due_on"], e["role"], e["person_id"], e["superseded"]) for e in told] == [
        ("90 days before the act-by date", "2026-07-31", "responsible", "anna", True),
        ("30 days before the act-by date", "2026-09-30", "responsible", "anna", True),
        ("7 days before the act-by date", "2026-10-23", "responsible", "anna", False),
        ("7 days before the act-by date, to the second person", "2026-10-23", "second", "ben", False),
    ]
    assert {(e["notice_deadline"], e["act_by"]) for e in told} == {("2026-11-01", "2026-10-30")}


async def test_the_deadline_day_is_in_time_and_the_day_after_is_missed_once(house: House) -> None:
    await house.license()
    await house.clock(DEADLINE)
    assert await house.said("licenses.renewal.missed") == []
    await house.clock(DEADLINE + timedelta(days=1))
    await house.clock(DEADLINE + timedelta(days=2))
    (missed,) = await house.said("licenses.renewal.missed")
    assert missed["notice_deadline"] == "2026-11-01"
    assert missed["if_nothing_is_done"].startswith(
        "The notice deadline of 1 November 2026 has passed and the library is committed until 31 December 2027"
    )
    (case,) = await house.cases(state="missed")
    assert (case["id"], case["missed_on"]) == (missed["renewal_id"], "2026-11-02")
    (following,) = await house.cases(state="scheduled")
    # 60 days before 31 December 2027 is Monday 1 November 2027
    assert (following["stretch_last"], following["act_by"]) == ("2027-12-31", "2027-11-01")


async def test_the_next_term_starts_by_itself_and_is_announced(house: House) -> None:
    await house.license()
    await house.clock(TERM_END)
    assert (await house.said("licenses.license.changed"))[-1]["term_end"] == "2026-12-31"
    await house.clock(TERM_END + timedelta(days=1))
    changed = (await house.said("licenses.license.changed"))[-1]
    assert (changed["term_start"], changed["term_end"]) == ("2027-01-01", "2027-12-31")
    facts = (await house.said("licenses.contract.facts_changed"))[-1]
    assert (facts["term_start"], facts["term_end"]) == ("2027-01-01", "2027-12-31")
    assert Decimal(facts["price_cap_percent"]) == 5


async def test_two_years_of_downtime_lose_no_step_and_no_missed_deadline(house: House) -> None:
    await house.license()
    await house.clock("2028-12-31")
    missed = await house.said("licenses.renewal.missed")
    # 31 December 2028 less 60 days is 1 November 2028, a Wednesday
    assert [event["notice_deadline"] for event in missed] == ["2026-11-01", "2027-11-01", "2028-11-01"]
    told = Counter((e["renewal_id"], e["step"]) for e in await house.said("licenses.notice.due"))
    assert set(told.values()) == {1}
    assert Counter(renewal for renewal, _ in told) == {event["renewal_id"]: len(STEPS) for event in missed}
    (running,) = await house.cases(state="scheduled")
    assert running["stretch_last"] == "2029-12-31"


async def test_two_clocks_at_once_tell_each_step_once(house: House) -> None:
    for number in range(5):
        await house.license(name=f"License {number}")
    ran = await asyncio.gather(*(run_clock(house.service.database, DEADLINE + timedelta(days=1)) for _ in range(4)))
    assert sum(one.licenses for one in ran) == 5
    assert [one.troubles for one in ran] == [[]] * 4
    told = Counter((e["renewal_id"], e["step"]) for e in await house.said("licenses.notice.due"))
    assert len(told) == 5 * len(STEPS)
    assert set(told.values()) == {1}
    assert len(await house.said("licenses.renewal.missed")) == 5


async def _history(house: House, license_id: str) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Each step with its day, and each missed deadline, of one license."""
    told = [e for e in await house.said("licenses.notice.due") if e["license_id"] == license_id]
    missed = [e for e in await house.said("licenses.renewal.missed") if e["license_id"] == license_id]
    return Counter((e["step"], e["due_on"]) for e in told), [e["notice_deadline"] for e in missed]


async def test_whatever_the_schedule_of_runs_each_step_is_told_exactly_once(house: House) -> None:
    start, end = date(2026, 1, 16), date(2028, 3, 1)
    chance = random.Random(20260115)
    schedules = [[start + timedelta(days=n) for n in range(0, (end - start).days, 9)]]
    for runs in (1, 3, 10, 40):
        schedules.append(sorted(start + timedelta(days=chance.randrange((end - start).days)) for _ in range(runs)))
    histories = []
    for schedule in schedules:
        made = await house.license()
        for day in [*schedule, end]:
            await house.clock(day)
        histories.append(await _history(house, made["id"]))
    # Terms 2026 and 2027 are over by 1 March 2028: four steps and a missed deadline each
    assert sum(histories[0][0].values()) == 8
    assert set(histories[0][0].values()) == {1}
    assert histories[0][1] == ["2026-11-01", "2027-11-01"]
    assert all(history == histories[0] for history in histories[1:])


@given(
    days=st.lists(st.integers(min_value=-120, max_value=20), max_size=12),
    steps=st.lists(
        st.builds(Step, days=st.integers(min_value=0, max_value=100), role=st.sampled_from(list(Role))), max_size=8
    ),
)
def test_a_ladder_climbed_on_any_days_gives_each_rung_once(days: list[int], steps: list[Step]) -> None:
    sent: list[Step] = []
    for offset in sorted(days):
        fired = reached(steps, ACT_BY, DEADLINE, sent, ACT_BY + timedelta(days=offset), WorkCalendar())
        sent += [one.rung.step for one in fired]
    assert len(sent) == len(set(sent))
    last = ACT_BY + timedelta(days=max(days, default=-1000))
    assert set(sent) == {rung.step for rung in ladder(ACT_BY, steps, WorkCalendar()) if rung.day <= last}


async def test_the_background_task_catches_up_at_start(licenses: ServiceUnderTest) -> None:
    house = House(licenses)
    with clock.fixed(datetime(2026, 1, 15, 12, tzinfo=UTC)):
        await house.license()
    with clock.fixed(datetime(2026, 8, 10, 12, tzinfo=UTC)):
        licenses.runtime.start(("work",))
        async with asyncio.timeout(20):
            while not await house.steps():
                await asyncio.sleep(0.05)
    assert await house.steps() == ["90 days before the act-by date"]


async def test_a_license_that_cannot_be_computed_does_not_silence_the_others(house: House) -> None:
    broken, good = await house.license(name="Broken"), await house.license(name="Good")
    async with house.service.database.engine.begin() as connection:
        await connection.execute(
            text("""UPDATE license SET rule = '{"renewal": "never heard of"}' WHERE id = :id"""), {"id": broken["id"]}
        )
    answer = (await house.client.post("/renewals/run-clock", json={"as_of": str(FIRST_STEP)})).json()
    assert answer["licenses"] == 1
    assert broken["id"] in answer["troubles"][0]
    assert [event["license_id"] for event in await house.said("licenses.notice.due")] == [good["id"]]


async def test_a_changed_rule_moves_the_date_and_the_steps_are_told_for_the_new_one(house: House) -> None:
    made = await house.license()
    await house.clock(FIRST_STEP)
    rule = {**RULE, "notice": {"kind": "before", "period": {"number": 90, "unit": "calendar_day"}}}
    body = {"name": "Journals of Science", "rule": rule, "steps": STEPS}
    stored = (await house.client.get(f"/licenses/{made['id']}")).json()
    with clock.fixed(datetime(2026, 8, 1, 12, tzinfo=UTC)):
        path = f"/licenses/{made['id']}"
        changed = await house.client.put(path, json=body, headers={"If-Match": f'"{stored["version"]}"'})
        assert changed.status_code == 200, changed.text
    # 90 days before 31 December is Friday 2 October; 90 days before that 4 July, a Saturday: 3 July
    last = (await house.said("licenses.notice.due"))[-1]
    assert (last["notice_deadline"], last["due_on"]) == ("2026-10-02", "2026-07-03")
    assert len(await house.cases()) == 1


async def test_the_clock_needs_its_own_right(house: House) -> None:
    client = house.service.client(scopes=["renewals:read", "renewals:write", "licenses:write"])
    assert (await client.post("/renewals/run-clock", json={})).status_code == 403


async def test_without_a_notice_period_the_end_of_the_term_stands_in_for_the_deadline(house: House) -> None:
    made = await house.license(rule={**RULE, "notice": None})
    assert made["dates"]["notice_deadline"] is None
    assert made["dates"]["flags"] == ["notice_period_missing"]
    (case,) = await house.cases()
    assert (case["notice_deadline"], case["decide_by"]) == (None, "2026-12-31")


async def test_a_license_that_cannot_be_renewed_ends_and_asks_for_no_decision(house: House) -> None:
    made = await house.license(rule={**RULE, "renewal": "non_renewable", "notice": None})
    assert await house.cases() == []
    await house.clock("2027-01-01")
    after = (await house.client.get(f"/licenses/{made['id']}")).json()
    assert after["status"] == "expired"
    assert after["status_history"][-1]["effective_on"] == "2027-01-01"

"""The reminder ladder and the calendar feed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_licenses.renewals.calendar import Entry, EntryKind, render
from quire_licenses.renewals.reminders import Escalation, Reminders, Role, Step, due, ladder
from quire_licenses.renewals.spans import WorkCalendar

PLAIN = WorkCalendar()
ACT_BY, DEADLINE = date(2026, 10, 30), date(2026, 11, 1)
STEPS = [Step(days=90), Step(days=30), Step(days=7), Step(days=7, role=Role.SECOND)]
# 1 August is a Saturday, so Friday 31 July; 30 September is a Wednesday; 23 October a Friday
RUNGS = ladder(ACT_BY, STEPS, PLAIN)


def on(today: date, sent: list[Step], decided: bool = False) -> Reminders:
    return due(RUNGS, today=today, sent=sent, decided=decided, act_by=ACT_BY, deadline=DEADLINE)


def test_rungs_roll_back_to_working_days() -> None:
    assert [rung.day for rung in RUNGS] == [
        date(2026, 7, 31),
        date(2026, 9, 30),
        date(2026, 10, 23),
        date(2026, 10, 23),
    ]


def test_a_service_that_was_down_catches_up_once() -> None:
    assert on(date(2026, 7, 30), []).send == ()
    late = on(date(2026, 8, 10), [])
    assert [rung.step for rung in late.send] == [Step(days=90)]
    assert on(date(2026, 8, 11), [Step(days=90)]).send == ()


def test_each_role_has_its_own_ladder() -> None:
    now = on(date(2026, 10, 23), [Step(days=90), Step(days=30)])
    assert [rung.step for rung in now.send] == [Step(days=7), Step(days=7, role=Role.SECOND)]


def test_a_decision_stops_reminders_and_escalation() -> None:
    assert on(date(2026, 12, 1), [], decided=True) == Reminders((), (), (), None)


@pytest.mark.parametrize(
    ("today", "escalation"),
    [
        (date(2026, 10, 30), None),
        (date(2026, 10, 31), Escalation.ACT_BY_PASSED),
        (date(2026, 11, 1), Escalation.ACT_BY_PASSED),
        (date(2026, 11, 2), Escalation.DEADLINE_MISSED),
        (date(2028, 1, 1), Escalation.DEADLINE_MISSED),
    ],
)
def test_the_missed_list_does_not_go_silent(today: date, escalation: Escalation | None) -> None:
    assert on(today, STEPS).escalation is escalation


steps = st.lists(st.builds(Step, days=st.integers(0, 200), role=st.sampled_from(Role)), max_size=8)


@given(steps, st.sets(st.integers(0, 260)))
def test_whatever_days_the_service_runs_each_rung_is_settled_once(given_steps: list[Step], runs: set[int]) -> None:
    rungs = ladder(ACT_BY, given_steps, PLAIN)
    sent: list[Step] = []
    for offset in sorted(runs | {260}):
        today = ACT_BY - timedelta(days=220) + timedelta(days=offset)
        plan = due(rungs, today=today, sent=sent, decided=False, act_by=ACT_BY, deadline=DEADLINE)
        assert len({rung.step.role for rung in plan.send}) == len(plan.send)
        assert all(rung.day <= today for rung in plan.send)
        sent += [rung.step for rung in plan.send]
        again = due(rungs, today=today, sent=sent, decided=False, act_by=ACT_BY, deadline=DEADLINE)
        assert again.send == ()
    assert len(sent) == len(set(sent))
    for role in Role:
        last = min((step.days for step in given_steps if step.role is role), default=None)
        assert last is None or Step(days=last, role=role) in sent


def entry(**changes: object) -> Entry:
    known: dict[str, object] = {
        "renewal_id": "0198",
        "kind": EntryKind.NOTICE_DEADLINE,
        "day": date(2026, 12, 31),
        "license_name": "Journals; all, of them",
        "what_if": "If nobody acts,\nthe license renews.",
        "version": 3,
        "changed_at": datetime(2026, 6, 1, 9, 30, tzinfo=UTC),
        "decided": False,
    }
    return Entry(**(known | changes))  # type: ignore[arg-type]


def events(*entries: Entry) -> list[Any]:
    return list(icalendar.Calendar.from_ical(render(entries, "Renewals", "Europe/Berlin")).walk("VEVENT"))


def test_an_entry_is_one_whole_day_and_keeps_its_text() -> None:
    (event,) = events(entry())
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 31), date(2027, 1, 1))
    assert event["SUMMARY"] == "Notice deadline: Journals; all, of them"
    assert event["DESCRIPTION"] == "If nobody acts,\nthe license renews."
    assert (event["SEQUENCE"], event["STATUS"]) == (3, "CONFIRMED")


def test_the_uid_outlives_a_changed_date_and_the_decision_cancels() -> None:
    before, after = entry(), entry(day=date(2026, 11, 30), version=4, decided=True)
    (first,), (second,) = events(before), events(after)
    assert first["UID"] == second["UID"]
    assert second["STATUS"] == "CANCELLED"


def test_equal_entries_give_equal_bytes_whatever_their_order() -> None:
    pair = [entry(), entry(kind=EntryKind.ACT_BY)]
    assert render(pair, "R", "UTC") == render(pair[::-1], "R", "UTC")
    assert len({event["UID"] for event in events(*pair)}) == 2


def test_a_line_break_in_a_name_cannot_add_a_property() -> None:
    (event,) = events(entry(license_name="A\r\nATTACH:http://example.org"))
    assert "ATTACH" not in event


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render([entry(changed_at=datetime(2026, 6, 1))], "R", "UTC")  # noqa: DTZ001

"""Every case of license_dates.jsonl; ends with the table of cases, met and not met."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from quire_licenses.renewals import coverage, reminders, rules, spans, terms
from quire_licenses.renewals.calendar import Entry, EntryKind, render
from quire_licenses.renewals.outlook import Outlook, outlook

REPOSITORY = Path(__file__).resolve().parents[3]
CASES = REPOSITORY / os.environ.get("QUIRE_CASES", "../shared/cases") / "license_dates.jsonl"
Json = dict[str, Any]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def load() -> list[Json]:
    if not CASES.exists():
        return []
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines() if line.strip()]


def test_the_cases_are_there() -> None:
    if not CASES.exists():
        message = f"{CASES} is missing: set QUIRE_CASES to the folder of cases"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    assert load(), f"{CASES} holds no case"


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[list[tuple[str, str, str]]]:
    found: list[tuple[str, str, str]] = []
    yield found
    table: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for category, case_id, why in found:
        table[category].append((case_id, why))
    terminal = request.config.pluginmanager.getplugin("terminalreporter")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if terminal is None or capture is None:  # a worker of pytest-xdist has no terminal
        return
    with capture.global_and_fixture_disabled():
        terminal.ensure_newline()
        for line in lines(table):
            terminal.write_line(line)


def lines(table: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    """The table of one run: per category the cases, those met and those not met, and why."""
    yield f"{'license dates':<24}{'cases':>6}{'met':>6}{'not met':>9}"
    total = missed = 0
    for category, rows in sorted(table.items()):
        failed = [f"    {case_id}: {why}" for case_id, why in rows if why]
        total, missed = total + len(rows), missed + len(failed)
        yield f"{category:<24}{len(rows):>6}{len(rows) - len(failed):>6}{len(failed):>9}"
        yield from failed
    yield f"{'all':<24}{total:>6}{total - missed:>6}{missed:>9}"


@pytest.mark.parametrize("case", load(), ids=lambda case: case["id"])
def test_case(case: Json, outcomes: list[tuple[str, str, str]]) -> None:
    try:
        wrong = differences(case["expected"], answer(case["category"], case["input"], case["expected"]))
    except Exception as error:
        outcomes.append((case["category"], case["id"], f"{type(error).__name__}: {error}"))
        raise
    outcomes.append((case["category"], case["id"], "; ".join(wrong)))
    assert not wrong, f"{case['id']} ({case['rule']}): {'; '.join(wrong)}"


def differences(expected: Json, given: Json) -> list[str]:
    """Every key of the expectation must be answered; only the free-text note is not judged."""
    return [
        f"{key} is {given.get(key, 'not answered')!r}, expected {value!r}"
        for key, value in expected.items()
        if key != "note" and (key not in given or given[key] != value)
    ]


def answer(category: str, given: Json, expected: Json) -> Json:
    """What Quire says to the input of one case; `expected` only tells which question is asked."""
    if category.startswith("notice_"):
        return notice_answer(given)
    if category == "kbart_embargo":
        return embargo_answer(given)
    by_category = {
        "act_by": act_by_answer,
        "deemed_receipt": deemed_receipt_answer,
        "auto_renew": auto_renew_answer,
        "multi_year": multi_year_answer,
        "reminders": reminders_answer,
        "time_zone": time_zone_answer,
        "decision_window": decision_window_answer,
        "breach": breach_answer,
        "kbart_partial_date": partial_date_answer,
        "post_cancellation": post_cancellation_answer,
    }
    if category not in by_category:
        raise LookupError(f"no rule of Quire answers the category {category}")
    return by_category[category](given)


def day(text: str) -> date:
    return date.fromisoformat(text)


def pair(first: date | None, last: date | None) -> list[str | None]:
    return [first.isoformat() if first else None, last.isoformat() if last else None]


def iso(value: date | None) -> str | None:
    return value.isoformat() if value else None


def span(given: Json) -> spans.Span:
    unit = "working_day" if given["unit"] == "business_day" else given["unit"]
    return spans.Span(number=given["n"], unit=spans.Unit(unit))


def work_calendar(given: Json) -> spans.WorkCalendar:
    weekend = [WEEKDAYS.index(name) for name in given.get("weekend", ["saturday", "sunday"])]
    return spans.WorkCalendar(weekend=frozenset(weekend), holidays=frozenset(map(day, given.get("holidays", []))))


def notice(given: Json) -> rules.NoticeBefore | rules.NoticeByDate:
    if "fixed_month" in given:
        assert given["anchor"] == "before_term_end"
        return rules.NoticeByDate(month=given["fixed_month"], day=given["fixed_day"], inclusive=given["inclusive"])
    return rules.NoticeBefore(
        period=span(given),
        proximity=rules.Proximity(given["proximity"]),
        anchor=rules.Anchor(given["anchor"]),
        clear_days=given.get("clear_days", False),
    )


def contract(given: Json) -> rules.ContractRule:
    months = given.get("term_months", 12)
    length = spans.Span(number=months, unit=spans.Unit.MONTH)
    if "start" in given:
        plan = terms.TermPlan(start=day(given["start"]), length=length)
    else:  # only the last day of the first term is known
        plan = terms.TermPlan(start=date(2000, 1, 1), first_end=day(given["term_end"]), length=length)
    said = given.get("notice")
    return rules.ContractRule(
        renewal=rules.RenewalType(given.get("renewal_type", "automatic")),
        plan=plan,
        notice=notice(said) if said else None,
    )


def notice_answer(given: Json) -> Json:
    if given["notice"] is None:
        view = outlook(contract(given), day(given["term_end"]), work_calendar(given))
        (flag,) = view.flags
        return {"notice_deadline": iso(view.next_deadline), "flag": flag.value}
    return {
        "notice_deadline": iso(
            rules.notice_deadline(notice(given["notice"]), day(given["term_end"]), work_calendar(given))
        )
    }


def act_by_answer(given: Json) -> Json:
    assert given["act_by_roll"] == "preceding"
    deadline = rules.notice_deadline(notice(given["notice"]), day(given["term_end"]), work_calendar(given))
    assert deadline is not None
    return {
        "notice_deadline": iso(deadline),
        "act_by": iso(rules.send_by(deadline, None, work_calendar(given))),
    }


def deemed_receipt_answer(given: Json) -> Json:
    deemed = span(given["delivery"]["deemed_received"])
    return {"send_by": iso(rules.send_by(day(given["notice_deadline"]), deemed, work_calendar(given)))}


def auto_renew_answer(given: Json) -> Json:
    if "period" in given:
        first, last = map(day, given["period"])
        return {"state": terms.Period(first, last).state_on(day(given["as_of"])).value}
    if "list_terms" in given:
        plan = contract(given).plan
        return {"terms": [pair(t.first, t.last) for t in map(plan.term, range(given["list_terms"]))]}
    return outlook_answer(outlook(contract(given), day(given["as_of"]), work_calendar(given)))


def outlook_answer(view: Outlook) -> Json:
    assert view.current is not None
    return {
        "current_term": pair(view.current.first, view.current.last),
        "notice_deadline": iso(view.current.notice_deadline),
        "deadline_passed": view.deadline_passed,
        "committed_until": iso(view.committed_until),
        "next_actionable_deadline": iso(view.next_deadline),
    }


def multi_year_answer(given: Json) -> Json:
    if given.get("list_years"):
        first, last = map(day, given["term"])
        return {"years": [pair(*year) for year in terms.contract_years(first, last)]}
    periods = [terms.Period(day(p["start"]), day(p["end"]) if p["end"] else None) for p in given["periods"]]
    said: Json = {}
    findings = terms.check_periods(periods)
    bad = [finding for finding in findings if not finding.fault.allowed]
    said["valid"] = not bad
    if bad:
        said["error"], said["days"] = bad[0].fault.value, bad[0].days
    for finding in findings:
        if finding.fault is terms.PeriodFault.GAP:
            said["gap"], said["alert"] = pair(finding.first, finding.last), finding.fault.value
    if "as_of" in given:
        held = terms.period_on(periods, day(given["as_of"]))
        said["current_period"] = pair(held.first, held.last) if held else None
    return said


def reminders_answer(given: Json) -> Json:
    calendar = work_calendar(given)
    act_by = day(given["act_by"])
    if "offsets" in given:
        rungs = reminders.ladder(act_by, [reminders.Step(days=days) for days in given["offsets"]], calendar)
        last_run = day(given["last_run"]) if "last_run" in given else date.min
        sent = [rung.step for rung in rungs if rung.day <= last_run]
        today = day(given["as_of"])
        plan = reminders.due(rungs, today=today, sent=sent, decided=False, act_by=act_by, deadline=act_by)
        return {
            "send_now": [rung.step.days for rung in plan.send],
            "suppressed": [rung.step.days for rung in plan.suppressed],
            "pending": [rung.step.days for rung in plan.pending],
        }
    if "notice_deadline" in given:
        deadline, today = day(given["notice_deadline"]), day(given["as_of"])
        decided = given["decision"] is not None
        plan = reminders.due((), today=today, sent=(), decided=decided, act_by=act_by, deadline=deadline)
        by_date = {"fixed_month": deadline.month, "fixed_day": deadline.day, "inclusive": True}
        rule = contract(given | {"notice": by_date | {"anchor": "before_term_end"}})
        view = outlook(rule, today, calendar)
        return {
            "escalate": plan.escalation.value if plan.escalation else None,
            "committed_until": iso(view.committed_until),
        }
    entry = Entry("r", EntryKind.ACT_BY, act_by, "A", "B", 0, datetime(2026, 1, 1, tzinfo=UTC), decided=False)
    event: Any = icalendar.Calendar.from_ical(render([entry], "Renewals", "UTC")).walk("VEVENT")[0]
    begin, end = event["DTSTART"], event["DTEND"]
    return {
        "ics": {
            "DTSTART": begin.dt.isoformat().replace("-", ""),
            "DTEND": end.dt.isoformat().replace("-", ""),
            "VALUE": begin.params["VALUE"],
        }
    }


def time_zone_answer(given: Json) -> Json:
    deadline = day(given["notice_deadline"])
    vendor, library = ZoneInfo(given["vendor_tz"]), ZoneInfo(given["library_tz"])
    moment = rules.end_of_day_elsewhere(deadline, vendor, library)
    last = rules.last_local_day(deadline, vendor, library, time.fromisoformat(given["office_closes"]))
    return {
        "vendor_midnight_local": moment.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "act_by": iso(rules.send_by(last, None, work_calendar(given))),
    }


def decision_window_answer(given: Json) -> Json:
    calendar, act_by = work_calendar(given), day(given["act_by"])
    if "decision_lead_days" in given:
        return {"review_opens": iso(rules.days_before(act_by, given["decision_lead_days"], calendar))}
    return {"ask_vendor_for_quote_by": iso(rules.days_before(act_by, given["price_quote_due_days"], calendar))}


def breach_answer(given: Json) -> Json:
    assert given["cure"]["proximity"] == "not_more_than"
    return {
        "cure_until": iso(rules.cure_until(day(given["notice_received"]), span(given["cure"]), work_calendar(given)))
    }


def partial_date_answer(given: Json) -> Json:
    try:
        if "value" in given:
            first, last = coverage.partial_date(given["value"])
            return {"date": iso(last if "last" in given["field"] else first)}
        covered = coverage.coverage_range(given["first"], given["last"])
    except coverage.CoverageError as error:
        return {"valid": False, "error": error.code}
    return {"valid": True, "range": pair(covered.first, covered.last)}


def embargo_answer(given: Json) -> Json:
    code = given["embargo_info"]
    try:
        coverage.check_embargo(code)
    except coverage.CoverageError as error:
        return {"valid": False, "suggest": error.suggest}
    if "coverage" in given:
        covered = coverage.coverage_range(*given["coverage"])
        window = coverage.accessible(covered, code, day(given["as_of"]))
        return {"accessible": pair(window.first, window.last) if window else None}
    window = coverage.embargo_window(code, day(given["as_of"]))
    return {"valid": True, "first_accessible": iso(window.first), "last_accessible": iso(window.last)}


def post_cancellation_answer(given: Json) -> Json:
    if given.get("backfile_at_start", "none") != "none":
        raise LookupError("rights to a backfile are not computed")
    single = isinstance(given["subscribed"][0], str)
    ranges = [given["subscribed"]] if single else given["subscribed"]
    kept = coverage.retained_after_cancellation(
        [(day(first), day(last)) for first, last in ranges], coverage.RetainedRights(given["pca"])
    )
    retained = [pair(*kept_range) for kept_range in kept.ranges]
    said: Json = {"retained": retained[0] if single else retained}
    if kept.part_years:
        said["flag"] = "part_years"
    return said

"""The notice rule: deadlines, sending in time, prices against the cap. Expected days counted by hand on a calendar."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quire_licenses.renewals.rules import (
    Anchor,
    NoticeAfterInvoice,
    NoticeBefore,
    NoticeByDate,
    Proximity,
    notice_deadline,
    price_rise,
    send_by,
)
from quire_licenses.renewals.spans import Span, Unit, WorkCalendar, after, before
from quire_shared.values.money import CurrencyMismatch, Money

PLAIN = WorkCalendar()
YEAR_END = date(2026, 12, 31)  # a Thursday


def days(number: int, unit: Unit = Unit.CALENDAR_DAY) -> Span:
    return Span(number=number, unit=unit)


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (NoticeBefore(period=days(60), proximity=Proximity.MORE_THAN), date(2026, 10, 31)),
        (NoticeBefore(period=days(60), proximity=Proximity.EXACTLY), date(2026, 11, 1)),
        (NoticeBefore(period=days(60), anchor=Anchor.RENEWAL_DATE), date(2026, 11, 2)),
        (NoticeBefore(period=days(60), anchor=Anchor.ANNIVERSARY), date(2026, 11, 2)),
        (NoticeBefore(period=days(2, Unit.WEEK)), date(2026, 12, 17)),
        (NoticeBefore(period=days(1, Unit.YEAR)), date(2025, 12, 31)),
        # 30, 29, 28 December are the last three working days before Thursday the 31st
        (NoticeBefore(period=days(3, Unit.WORKING_DAY)), date(2026, 12, 28)),
        (NoticeBefore(period=days(3, Unit.WORKING_DAY), proximity=Proximity.MORE_THAN), date(2026, 12, 25)),
        (NoticeBefore(period=days(3, Unit.WORKING_DAY), clear_days=True), date(2026, 12, 25)),
        (NoticeByDate(month=10, day=1), date(2026, 10, 1)),
        (NoticeByDate(month=2, day=29), date(2026, 2, 28)),
    ],
)
def test_deadline_for_a_term_that_ends_with_the_year(notice: NoticeBefore | NoticeByDate, expected: date) -> None:
    assert notice_deadline(notice, YEAR_END, PLAIN) == expected


def test_working_days_before_an_end_on_a_sunday_count_from_the_friday() -> None:
    # one working day must lie between: given on Thursday, the Friday passes, then the weekend ends the term
    assert before(date(2026, 11, 1), days(1, Unit.WORKING_DAY), PLAIN) == date(2026, 10, 29)


def test_notice_after_an_invoice_has_no_date_before_it_comes() -> None:
    notice = NoticeAfterInvoice(period=days(30))
    assert notice_deadline(notice, YEAR_END, PLAIN) is None
    assert notice_deadline(notice, YEAR_END, PLAIN, date(2026, 10, 15)) == date(2026, 11, 14)


@pytest.mark.parametrize(("month", "day"), [(4, 31), (2, 30), (13, 1), (1, 0)])
def test_a_fixed_date_that_does_not_exist_is_refused(month: int, day: int) -> None:
    with pytest.raises(ValidationError):
        NoticeByDate(month=month, day=day)


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one working day"):
        WorkCalendar(weekend=frozenset(range(7)))


def test_posting_with_calendar_days_lands_on_a_working_day_that_is_early_enough() -> None:
    # deadline Tuesday 3 November; three days back is Saturday 31 October, so Friday 30 October
    assert send_by(date(2026, 11, 3), days(3), PLAIN) == date(2026, 10, 30)


spans = st.builds(
    Span, number=st.integers(0, 400), unit=st.sampled_from([unit for unit in Unit if unit is not Unit.YEAR])
)
ends = st.dates(date(1990, 1, 1), date(2150, 12, 31))
calendars = st.builds(
    WorkCalendar,
    weekend=st.frozensets(st.integers(0, 6), max_size=4),
    holidays=st.frozensets(st.dates(date(2020, 1, 1), date(2021, 12, 31)), max_size=30),
)
notices = st.builds(
    NoticeBefore,
    period=spans,
    proximity=st.sampled_from(Proximity),
    clear_days=st.booleans(),
)


@given(notices, ends, calendars)
def test_a_deadline_is_never_after_the_end(notice: NoticeBefore, end: date, calendar: WorkCalendar) -> None:
    deadline = notice_deadline(notice, end, calendar)
    assert deadline is not None
    assert deadline <= end


@given(st.integers(0, 300), st.dates(date(2020, 1, 1), date(2021, 12, 31)), calendars)
def test_notice_in_working_days_is_the_last_day_that_is_in_time(number: int, end: date, calendar: WorkCalendar) -> None:
    """Judged by brute force: walk forward from the deadline and from every later working day."""
    deadline = before(end, days(number, Unit.WORKING_DAY), calendar)

    def working_days_until_end(start: date) -> int:
        walk = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        return sum(calendar.is_working_day(day) for day in walk)

    assert working_days_until_end(deadline) >= number
    later = (deadline + timedelta(days=n) for n in range(1, (end - deadline).days + 1))
    assert not any(calendar.is_working_day(day) and working_days_until_end(day) >= number for day in later if number)


@given(ends, spans, calendars)
def test_sending_is_in_time_on_a_working_day_and_the_next_one_would_be_late(
    deadline: date, deemed: Span, calendar: WorkCalendar
) -> None:
    send = send_by(deadline, deemed, calendar)
    assert calendar.is_working_day(send)
    assert after(send, deemed, calendar) <= deadline
    assert after(calendar.step(send, 1), deemed, calendar) > deadline


def euro(amount: str) -> Money:
    return Money.of(amount, "EUR")


@pytest.mark.parametrize(
    ("previous", "offered", "cap", "percent", "over"),
    [
        ("1000.00", "1050.00", "5", "5.00", None),
        ("1000.00", "1050.01", "5", "5.00", "0.01"),
        ("1000.00", "1080.00", "5", "8.00", "30.00"),
        ("1000.00", "900.00", "0", "-10.00", None),
        ("333.33", "343.33", "3", "3.00", "0.01"),  # the cap is 343.3299, so at most 343.32
        ("1000.00", "2000.00", None, "100.00", None),
    ],
)
def test_price_against_the_cap(previous: str, offered: str, cap: str | None, percent: str, over: str | None) -> None:
    rise = price_rise(euro(previous), euro(offered), Decimal(cap) if cap else None)
    assert rise.percent == Decimal(percent)
    assert rise.over_cap == (euro(over) if over else None)


def test_a_price_after_a_free_year_has_no_percentage() -> None:
    rise = price_rise(euro("0"), euro("10.00"), Decimal(5))
    assert (rise.percent, rise.over_cap) == (None, euro("10.00"))


def test_prices_in_two_currencies_are_not_compared() -> None:
    with pytest.raises(CurrencyMismatch):
        price_rise(euro("10"), Money.of("10", "USD"), None)

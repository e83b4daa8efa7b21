"""Partial dates, embargoes and retained rights beyond the cases."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_licenses.renewals.coverage import (
    CoverageError,
    DateRange,
    RetainedRights,
    accessible,
    coverage_range,
    embargo_window,
    partial_date,
    retained_after_cancellation,
)


@pytest.mark.parametrize("value", ["", "10", "2010-13", "2010-02-30", "2010/01", "٢٠١٠", "2010-1", "0000"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(CoverageError) as caught:
        partial_date(value)
    assert caught.value.code == "invalid_date"


def test_a_leap_february_ends_on_the_29th() -> None:
    assert partial_date("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))


def test_coverage_to_the_present_has_no_last_day() -> None:
    assert coverage_range("1998-05", "") == DateRange(date(1998, 5, 1), None)


def test_two_walls_leave_the_stretch_between_them() -> None:
    window = embargo_window("R10Y;P30D", date(2026, 3, 10))
    # the current and nine earlier calendar years; 30 days before 10 March is 8 February
    assert window == DateRange(date(2017, 1, 1), date(2026, 2, 8))


def test_without_an_embargo_coverage_is_what_it_says() -> None:
    assert accessible(coverage_range("2001", "2003"), "", date(2026, 1, 1)) == DateRange(
        date(2001, 1, 1), date(2003, 12, 31)
    )


@pytest.mark.parametrize(
    ("code", "suggest"), [("r2y, p6m", "R2Y;P6M"), (" P1Y", "P1Y"), ("1Y", None), ("P1W", None), ("R1Y;R2Y", None)]
)
def test_malformed_embargoes(code: str, suggest: str | None) -> None:
    with pytest.raises(CoverageError) as caught:
        embargo_window(code, date(2026, 1, 1))
    assert caught.value.suggest == suggest


def test_an_embargo_before_the_calendar_is_refused() -> None:
    with pytest.raises(CoverageError, match="before the year 1"):
        embargo_window("R9999Y", date(2026, 1, 1))


days = st.dates(date(2000, 1, 1), date(2030, 12, 31))
ranges = st.lists(st.tuples(days, days).map(lambda pair: (min(pair), max(pair))), max_size=8)


@given(ranges)
def test_joining_what_was_paid_for_is_idempotent_and_keeps_every_day(paid: list[tuple[date, date]]) -> None:
    kept = retained_after_cancellation(paid, RetainedRights.YEARS_PAID_FOR)
    assert retained_after_cancellation(kept.ranges, RetainedRights.YEARS_PAID_FOR) == kept

    def held(spans: list[tuple[date, date]]) -> set[int]:
        return {number for first, last in spans for number in range(first.toordinal(), last.toordinal() + 1)}

    assert held(list(kept.ranges)) == held(paid)


def test_whole_years_are_not_flagged() -> None:
    paid = [(date(2015, 1, 1), date(2015, 12, 31)), (date(2016, 1, 1), date(2017, 12, 31))]
    kept = retained_after_cancellation(paid, RetainedRights.CALENDAR_VOLUMES_BEGUN)
    assert kept.ranges == ((date(2015, 1, 1), date(2017, 12, 31)),)
    assert not kept.part_years

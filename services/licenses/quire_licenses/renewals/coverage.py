"""Dates of coverage: partial KBART dates, embargoes, and what a library keeps after cancellation.

KBART RP-9-2014 section 6 as quoted in the research on licenses, section 3.2: a partial last date stands for the end of
its period; the unit of an embargo is also its step.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from quire_licenses.renewals.terms import ONE_DAY

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_WALL = r"[RP][1-9][0-9]{0,3}[DMY]"
_EMBARGO = re.compile(rf"{_WALL}|R[1-9][0-9]{{0,3}}[DMY];P[1-9][0-9]{{0,3}}[DMY]")


class CoverageError(ValueError):
    """A coverage date or embargo that cannot be read; `suggest` is a correction where the intent is plain."""

    def __init__(self, code: str, message: str, suggest: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.suggest = suggest


@dataclass(frozen=True)
class DateRange:
    """Days from `first` to `last`, both inclusive; None means without a bound on that side."""

    first: date | None
    last: date | None

    def intersect(self, other: "DateRange") -> "DateRange | None":
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        first, last = max(firsts, default=None), min(lasts, default=None)
        return None if first and last and last < first else DateRange(first, last)


def partial_date(value: str) -> tuple[date, date]:
    """The first and the last day that a date of year, month or day precision stands for.

    Raises CoverageError when it is no such date.
    """
    match = _PARTIAL.fullmatch(value.strip())
    try:
        if match is None:
            raise ValueError(value)
        year, month, day = (int(part) if part else None for part in match.groups())
        if year is None:
            raise ValueError(value)
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError as error:
        raise CoverageError("invalid_date", f"{value!r} is no date: write YYYY, YYYY-MM or YYYY-MM-DD") from error


def coverage_range(first_issue: str, last_issue: str) -> DateRange:
    """The days that a coverage row stands for; an empty last issue means to the present.

    Raises CoverageError for a date that cannot be read and for an end before its start.
    """
    first = partial_date(first_issue)[0] if first_issue.strip() else None
    last = partial_date(last_issue)[1] if last_issue.strip() else None
    if first and last and last < first:
        raise CoverageError("end_before_start", f"the last issue ({last_issue}) is before the first ({first_issue})")
    return DateRange(first, last)


def embargo_window(code: str, as_of: date) -> DateRange:
    """The publication days that an embargo leaves open on `as_of`.

    R: access begins at the wall, P: access ends at the wall; both may be given as "R10Y;P30D". Years and months step
    with the calendar, days are exact. Raises CoverageError for a malformed code, with a correction where the intent is
    plain.
    """
    check_embargo(code)
    window = DateRange(None, None)
    for wall in code.split(";"):
        kind, length, unit = wall[0], int(wall[1:-1]), wall[-1]
        try:
            opens = _wall(as_of, length, unit)
        except (ValueError, OverflowError) as error:
            raise CoverageError("invalid_embargo", f"the embargo {code!r} reaches back before the year 1") from error
        if kind == "R":
            window = DateRange(opens, window.last)
        else:
            window = DateRange(window.first, opens if unit == "D" else opens - ONE_DAY)
    return window


def check_embargo(code: str) -> None:
    """Raises CoverageError unless `code` is a well-formed embargo."""
    if _EMBARGO.fullmatch(code):
        return
    tidied = re.sub(r"\s", "", code).upper().replace(",", ";")
    walls = tidied.split(";")
    if len(walls) == 2 and walls[0].startswith("P") and walls[1].startswith("R"):
        tidied = f"{walls[1]};{walls[0]}"
    suggest = tidied if _EMBARGO.fullmatch(tidied) else None
    advice = f"; did you mean {suggest}?" if suggest else ": write for example P1Y, R2Y or R10Y;P30D"
    raise CoverageError("invalid_embargo", f"{code!r} is no embargo{advice}", suggest)


def _wall(as_of: date, length: int, unit: str) -> date:
    if unit == "Y":
        return date(as_of.year - length + 1, 1, 1)
    if unit == "M":
        return as_of.replace(day=1) - relativedelta(months=length - 1)
    return as_of - timedelta(days=length)


def accessible(coverage: DateRange, embargo: str, as_of: date) -> DateRange | None:
    """What can be read on `as_of`: coverage within the embargo's window, None when that is nothing."""
    return coverage.intersect(embargo_window(embargo, as_of)) if embargo else coverage


class RetainedRights(StrEnum):
    """The rule of post-cancellation access."""

    YEARS_PAID_FOR = "years_paid_for"
    CALENDAR_VOLUMES_BEGUN = "calendar_volumes_begun"


@dataclass(frozen=True)
class Retained:
    """What is kept after cancellation. `part_years`: volumes begun or ended inside the year need a person's word."""

    ranges: tuple[tuple[date, date], ...]
    part_years: bool


def retained_after_cancellation(subscribed: Sequence[tuple[date, date]], rule: RetainedRights) -> Retained:
    """The publication days paid for, joined where they touch; a break in the subscription stays a gap.

    Raises CoverageError for a range that ends before it starts.
    """
    joined: list[tuple[date, date]] = []
    for first, last in sorted(subscribed):
        if last < first:
            raise CoverageError("end_before_start", f"the subscription from {first} ends on {last}, before it starts")
        if joined and first <= joined[-1][1] + ONE_DAY:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    whole = all((f.month, f.day) == (1, 1) and (last.month, last.day) == (12, 31) for f, last in joined)
    return Retained(tuple(joined), part_years=rule is RetainedRights.CALENDAR_VOLUMES_BEGUN and not whole)

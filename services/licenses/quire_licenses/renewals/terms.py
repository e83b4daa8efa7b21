"""Terms of a contract: from its first day to the last renewal, and the periods recorded for it.

Start and end are both inclusive; every term is computed from the original start, so that a leap day or a 31st never
drifts (research on licenses, section 8, rules 1, 6 and 10).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Self

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quire_licenses.renewals.spans import ContractDate, Span, Unit, WorkCalendar, after

ONE_DAY = timedelta(days=1)
_NO_HOLIDAYS = WorkCalendar()


@dataclass(frozen=True)
class Term:
    """One term: `number` 0 is the first term, 1 the first renewal; `last` belongs to the term."""

    number: int
    first: date
    last: date

    @property
    def renewal_date(self) -> date:
        """The day after the last day."""
        return self.last + ONE_DAY


class TermPlan(BaseModel):
    """How the terms of a contract follow one another.

    The first term is given by its last day where the contract names it (a stub that brings it into step with a fiscal
    year), else it is as long as a renewal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: ContractDate
    length: Span = Field(description="Length of a term and of each renewal")
    first_end: ContractDate | None = Field(default=None, description="Last day of the first term, when it is a stub")
    renewal_limit: Annotated[int, Field(ge=0, le=1200)] | None = Field(
        default=None, description="Most renewals the contract allows; none = no limit"
    )

    @model_validator(mode="after")
    def _lengths_make_sense(self) -> Self:
        if self.length.unit is Unit.WORKING_DAY:
            raise ValueError("the length of a term is given in days, weeks, months or years, not in working days")
        if self.length.number < 1:
            raise ValueError("a term lasts at least one day")
        if self.length.unit is Unit.YEAR and self.length.number > 100:
            raise ValueError("a term lasts at most 100 years")
        if self.first_end is not None and self.first_end < self.start:
            raise ValueError("the first term ends before it starts")
        return self

    def term(self, number: int) -> Term:
        """Term `number` (0 = the first).

        Raises ValueError when the contract allows no such renewal.
        """
        if number < 0 or (self.renewal_limit is not None and number > self.renewal_limit):
            raise ValueError(f"the contract has no term {number}")
        return Term(number, self._start_of(number), self._start_of(number + 1) - ONE_DAY)

    def _start_of(self, number: int) -> date:
        if self.first_end is None:
            return self._multiple(self.start, number)
        return self.start if number == 0 else self._multiple(self.first_end + ONE_DAY, number - 1)

    def _multiple(self, origin: date, times: int) -> date:
        span = Span.model_construct(number=self.length.number * times, unit=self.length.unit)
        return after(origin, span, _NO_HOLIDAYS)

    def terms(self, from_number: int = 0) -> Iterator[Term]:
        """The terms from `from_number` on, endless when the contract sets no limit."""
        number = from_number
        while self.renewal_limit is None or number <= self.renewal_limit:
            yield self.term(number)
            number += 1

    def number_on(self, day: date) -> int | None:
        """The number of the term that holds `day`: 0 before the start, None after the last allowed renewal."""
        origin, skipped = (self.start, 0) if self.first_end is None else (self.first_end + ONE_DAY, 1)
        # No term is longer than _longest_days, so at least this many lie wholly before the day.
        number = max(0, skipped + (day - origin).days // _longest_days(self.length) - 1)
        if self.renewal_limit is not None:
            number = min(number, self.renewal_limit)
        for term in self.terms(number):
            if day <= term.last:
                return term.number
        return None


def _longest_days(length: Span) -> int:
    days = {Unit.CALENDAR_DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.YEAR: 366}[length.unit]
    return days * length.number


def contract_years(first: date, last: date) -> list[tuple[date, date]]:
    """The twelve-month slices of a term, counted from its first day; the last one may be a stub."""
    years = []
    for number in range((last.year - first.year) + 1):
        begin = first + relativedelta(years=number)
        if begin > last:
            break
        years.append((begin, min(last, first + relativedelta(years=number + 1) - ONE_DAY)))
    return years


class PeriodState(StrEnum):
    """Where a period stands on a day; its last day is still inside."""

    FUTURE = "future"
    CURRENT = "current"
    PAST = "past"


@dataclass(frozen=True)
class Period:
    """A recorded period of an agreement; without `last` it is open-ended."""

    first: date
    last: date | None

    def state_on(self, day: date) -> PeriodState:
        if day < self.first:
            return PeriodState.FUTURE
        return PeriodState.CURRENT if self.last is None or day <= self.last else PeriodState.PAST


class PeriodFault(StrEnum):
    """What is wrong, or worth seeing, between two periods. A gap is allowed, the others are not."""

    END_BEFORE_START = "end_before_start"
    MORE_THAN_ONE_OPEN_ENDED = "more_than_one_open_ended_period"
    OVERLAP = "overlap"
    GAP = "gap_between_periods"

    @property
    def allowed(self) -> bool:
        return self is PeriodFault.GAP


@dataclass(frozen=True)
class PeriodFinding:
    """A fault with the days it concerns (`last` is None where the overlap never ends)."""

    fault: PeriodFault
    first: date
    last: date | None

    @property
    def days(self) -> int | None:
        return None if self.last is None else (self.last - self.first).days + 1


def period_on(periods: Sequence[Period], day: date) -> Period | None:
    """The period that holds `day`, or None in a gap, before the first and after the last."""
    return next((period for period in periods if period.state_on(day) is PeriodState.CURRENT), None)


def check_periods(periods: Sequence[Period]) -> list[PeriodFinding]:
    """Every fault and gap among the periods of an agreement, in order of date, wherever they stand in the list."""
    findings = [
        PeriodFinding(PeriodFault.END_BEFORE_START, p.last, p.first) for p in periods if p.last and p.last < p.first
    ]
    if findings:
        return findings
    ordered = sorted(periods, key=lambda period: period.first)
    open_ended = [period for period in ordered if period.last is None]
    if len(open_ended) > 1:
        findings.append(PeriodFinding(PeriodFault.MORE_THAN_ONE_OPEN_ENDED, open_ended[1].first, None))
    covered: date | None = None
    for index, period in enumerate(ordered):
        if index:
            if covered is None or period.first <= covered:
                both_open = covered is None and period.last is None
                if not both_open:
                    ends = [day for day in (covered, period.last) if day is not None]
                    findings.append(PeriodFinding(PeriodFault.OVERLAP, period.first, min(ends)))
            elif period.first > covered + ONE_DAY:
                findings.append(PeriodFinding(PeriodFault.GAP, covered + ONE_DAY, period.first - ONE_DAY))
        if index == 0:
            covered = period.last
        elif covered is not None:
            covered = None if period.last is None else max(covered, period.last)
    return findings

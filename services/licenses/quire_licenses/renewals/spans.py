"""Calendar arithmetic of contracts: lengths of time, working days, deemed receipt.

Weekend and holidays belong to the library or the contract, so they are always given from outside (research on
licenses, section 8, rule 4).
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, field_validator

# Contracts lie between these days; the margin to date.min and date.max keeps all arithmetic below in range.
EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 12, 31)
ContractDate = Annotated[date, Field(ge=EARLIEST, le=LATEST)]

SATURDAY, SUNDAY = 5, 6


class Unit(StrEnum):
    """Units of a period (ONIX-PL QuantityUnit; the working day is the "business day" of ERMI)."""

    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Span(BaseModel):
    """A length of time, such as 60 calendar days or 6 months."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=0, le=1200)
    unit: Unit

    def words(self) -> str:
        """The length in words: "60 calendar days", "1 month"."""
        unit = self.unit.value.replace("_", " ")
        return f"{self.number} {unit}" if self.number == 1 else f"{self.number} {unit}s"


class WorkCalendar(BaseModel):
    """Weekend (0 = Monday … 6 = Sunday) and holidays by which working days are counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})
    holidays: frozenset[date] = frozenset()

    @field_validator("weekend")
    @classmethod
    def _leaves_a_working_day(cls, weekend: frozenset[int]) -> frozenset[int]:
        if not weekend <= set(range(7)):
            raise ValueError("weekend days are numbers from 0 (Monday) to 6 (Sunday)")
        if len(weekend) == 7:
            raise ValueError("the weekend must leave at least one working day in the week")
        return weekend

    @field_validator("holidays")
    @classmethod
    def _leaves_a_working_year(cls, holidays: frozenset[date]) -> frozenset[date]:
        if len(holidays) > 10_000:
            raise ValueError("a holiday calendar holds at most 10,000 days")
        return holidays

    def is_working_day(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays

    def roll_back(self, day: date) -> date:
        """`day` itself, or the last working day before it. Never later, so it stays inside a deadline."""
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def step(self, day: date, working_days: int) -> date:
        """`day` moved by so many working days, forward or (negative) back."""
        direction = timedelta(days=1 if working_days >= 0 else -1)
        for _ in range(abs(working_days)):
            day += direction
            while not self.is_working_day(day):
                day += direction
        return day


def after(day: date, span: Span, calendar: WorkCalendar) -> date:
    """The day that lies `span` after `day`; `day` is day zero. Months and years are clipped to a shorter month."""
    return _moved(day, span.number, span.unit, calendar)


def before(day: date, span: Span, calendar: WorkCalendar) -> date:
    """The latest day from which `span` still reaches no further than `day`.

    Months and years are calendar arithmetic clipped to the end of a shorter month (section 8, rule 3). Working days
    are counted back from the last working day not after `day`, so that `after(before(day, span), span) <= day`.
    """
    if span.unit is Unit.WORKING_DAY and span.number:
        return calendar.step(calendar.roll_back(day), -span.number)
    return _moved(day, -span.number, span.unit, calendar)


def _moved(day: date, number: int, unit: Unit, calendar: WorkCalendar) -> date:
    match unit:
        case Unit.CALENDAR_DAY:
            return day + timedelta(days=number)
        case Unit.WORKING_DAY:
            return calendar.step(day, number)
        case Unit.WEEK:
            return day + timedelta(weeks=number)
        case Unit.MONTH:
            return day + relativedelta(months=number)
        case Unit.YEAR:
            return day + relativedelta(years=number)

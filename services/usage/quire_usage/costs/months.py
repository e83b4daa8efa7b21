"""Costs by month: the service period of an invoice line, cut into months that add up to the cent.

Research on COUNTER, section 4.3, point 1. Months are "yyyy-mm" as in reports.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from quire_shared.values.money import Money
from quire_usage.counter.months import month_key, months_between

# The least common multiple of 28, 29, 30 and 31: parts of a month become whole numbers.
_PARTS = 377_580


class ShareBasis(StrEnum):
    """How a period is cut: every full month the same, or by the number of days in it."""

    MONTHS = "months"
    DAYS = "days"


def fiscal_year(day: date, start_month: int) -> tuple[date, date]:
    """First and last day of the fiscal year that holds `day`; it begins on the first of `start_month` (1 to 12)."""
    if not 1 <= start_month <= 12:
        raise ValueError(f"{start_month} is no month")
    year = day.year if day.month >= start_month else day.year - 1
    first, following = date(year, start_month, 1), date(year + 1, start_month, 1)
    return first, following - timedelta(days=1)


def monthly_shares(amount: Money, first: date, last: date, basis: ShareBasis) -> dict[str, Money]:
    """The amount spread over the months from `first` to `last`, both inclusive, by largest remainder.

    The shares add up to the amount exactly; a month that is only partly covered counts for that part. Raises ValueError
    when the period ends before it starts or is longer than a hundred years.
    """
    if last < first:
        raise ValueError(f"the service period ends on {last}, before it starts on {first}")
    if last.year - first.year >= 100:
        raise ValueError("a service period of a hundred years or more is an error of the invoice")
    months = months_between(first, last)
    weights = [_weight(month, first, last, basis) for month in months]
    return dict(zip(months, amount.allocate(weights), strict=True))


def _weight(month: str, first: date, last: date, basis: ShareBasis) -> int:
    year, number = int(month[:4]), int(month[5:])
    length = monthrange(year, number)[1]
    begin, end = max(first, date(year, number, 1)), min(last, date(year, number, length))
    days = (end - begin).days + 1
    return days if basis is ShareBasis.DAYS else days * _PARTS // length


def same_months_of_year(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """The months of two years that have their counterpart in the other, so that the two can be compared.

    A month of the calendar that stands more than once on one side (a period longer than a year) has no clear counterpart
    and is refused with ValueError.
    """
    for months in (one, other):
        if len({month[5:] for month in months}) != len(months):
            raise ValueError("only periods of at most twelve months can be compared month by month")
    common = {month[5:] for month in one} & {month[5:] for month in other}
    return [month for month in one if month[5:] in common], [month for month in other if month[5:] in common]


def month_of(day: date) -> str:
    """The month that holds a day."""
    return month_key(day.year, day.month)

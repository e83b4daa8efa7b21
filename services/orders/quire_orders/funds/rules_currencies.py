"""Foreign money: converting at a quoted exchange rate, and choosing the rate of a day. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

from quire_orders.funds.rules import Fault
from quire_shared.values.currencies import EXPONENTS
from quire_shared.values.money import Money

# Division needs more digits than NUMERIC(28,12) holds, so that the one rounding at the end is the only one.
_PRECISE = Context(prec=60)


class RateSource(StrEnum):
    """Where a rate came from. A contract rate outweighs one set by hand, which outweighs a published one."""

    CONTRACT = "contract"
    MANUAL = "manual"
    PUBLISHED = "published"
    BANK = "bank"


# Banks' rates are facts about one payment; they are kept for the record, never chosen for another document.
_PREFERENCE = {RateSource.CONTRACT: 0, RateSource.MANUAL: 1, RateSource.PUBLISHED: 2}


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One unit of ``base`` costs ``value`` units of ``quote``; kept in the direction in which it was quoted."""

    id: UUID
    base: str
    quote: str
    value: Decimal
    valid_on: date
    source: RateSource = RateSource.PUBLISHED

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError(f"An exchange rate must be above zero, not {self.value}.")
        if self.base == self.quote:
            raise ValueError(f"An exchange rate needs two currencies, not {self.base} twice.")


def convert(money: Money, rate: ExchangeRate, to: str) -> Money:
    """Converts at the rate as quoted: times the rate from base to quote, divided by it the other way.

    The rate itself is never inverted, so both directions round once, half even, to the minor unit of ``to``.
    ValueError when the rate does not join the two currencies.
    """
    if money.currency == to:
        return money
    if {rate.base, rate.quote} != {money.currency, to}:
        raise ValueError(f"The rate {rate.base}/{rate.quote} can't convert {money.currency} to {to}.")
    if money.currency == rate.base:
        exact = _PRECISE.multiply(money.amount, rate.value)
    else:
        exact = _PRECISE.divide(money.amount, rate.value)
    return Money.rounded(exact, to, rounding=ROUND_HALF_EVEN)


def choose_rate(rates: Iterable[ExchangeRate], currency: str, to: str, on: date) -> ExchangeRate | None:
    """The rate that holds on a day: the newest not after it; of one day contract before manual before published.

    None when no rate joins the two currencies by then.
    """
    fitting = [
        rate
        for rate in rates
        if {rate.base, rate.quote} == {currency, to} and rate.valid_on <= on and rate.source in _PREFERENCE
    ]
    if not fitting:
        return None
    return min(fitting, key=lambda r: (-r.valid_on.toordinal(), _PREFERENCE[r.source], str(r.id)))


Quoted = tuple[str, str, Decimal, date]

_NO_RATE = ("", "N/A", "-")
_MOST_DIGITS = Decimal(10) ** 16


def read_rates(content: str, base: str) -> tuple[list[Quoted], list[Fault]]:
    """Reads a file of published rates: (base, quote, value, day) of each, and every fault with its row.

    Two layouts: one row a day with a column for each currency, as the European Central Bank publishes (``Date,USD,JPY``;
    all against ``base``), and one row a rate (``date,base,quote,value``). Currencies that are no longer in ISO 4217 and
    cells without a rate are left out.
    """
    rows = list(csv.reader(io.StringIO(content.lstrip("\ufeff"))))
    if not rows or not rows[0] or rows[0][0].strip().casefold() != "date":
        fault = Fault(
            pointer="/file/1",
            code="no_rate_file",
            detail="This is no file of exchange rates: its first line must begin with “Date”.",
            fix="Use the European Central Bank's CSV file, or the columns date,base,quote,value.",
        )
        return [], [fault]
    header = [name.strip() for name in rows[0]]
    long = [name.casefold() for name in header[:4]] == ["date", "base", "quote", "value"]
    found: list[Quoted] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        day = _day(cells[0])
        if day is None:
            faults.append(_fault(number, "date", f"“{cells[0]}” is not a date.", "Write it as 2026-01-31."))
            continue
        if long:
            quoted = [(cells[1], cells[2], cells[3])] if len(cells) >= 4 else []
            if not quoted:
                faults.append(_fault(number, "columns", "The row has too few columns.", "Fill in all four columns."))
        else:
            quoted = [(base, code, cell) for code, cell in zip(header[1:], cells[1:], strict=False)]
        for one, other, cell in quoted:
            known = one in EXPONENTS and other in EXPONENTS and one != other
            if cell in _NO_RATE or (not long and not known):
                continue
            value = _value(cell)
            if value is None or not known:
                detail = f"“{cell}” is not an exchange rate from {one} to {other}."
                faults.append(_fault(number, other, detail, "Write a number above zero and two currency codes."))
            else:
                found.append((one, other, value, day))
    return found, faults


def _fault(row: int, column: str, detail: str, fix: str) -> Fault:
    return Fault(pointer=f"/file/{row}/{column}", code="bad_rate", detail=f"Row {row}: {detail}", fix=fix)


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def _value(cell: str) -> Decimal | None:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 < value < _MOST_DIGITS or value != round(value, 12):
        return None
    return value

"""Foreign money: converting at a quoted exchange rate, and choosing the rate of a day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from uuid import UUID

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

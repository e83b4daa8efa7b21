"""Paid invoice lines: their amount in base currency, by month, and shared among what they pay for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from quire_shared.values.money import Money
from quire_usage.costs.allocation import AllocationMethod, Part, allocate
from quire_usage.costs.months import ShareBasis, fiscal_year, monthly_shares


@dataclass(frozen=True, slots=True)
class CostSettings:
    """The library's settings: base currency, net or with tax, how periods are cut, first month of the fiscal year."""

    currency: str
    with_tax: bool = True
    basis: ShareBasis = ShareBasis.MONTHS
    fiscal_start_month: int = 1


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A paid invoice line, or the part of it that belongs to the scope; a credit note is negative.

    `rate` is the booking rate stored with the line: base currency for one unit of its own. Without a service period the
    fiscal year of the payment stands in. `part_of` names the method when the line is only partly for this scope.
    """

    id: str
    document: str
    net: Money
    tax: Money
    paid_on: date
    rate: Decimal | None = None
    service_first: date | None = None
    service_last: date | None = None
    part_of: str | None = None


def base_amount(line: PaidLine, settings: CostSettings) -> Money:
    """The amount of a line in the base currency at its booking rate.

    Raises ValueError when the line is in a foreign currency and has no rate: today's rate would be wrong.
    """
    amount = line.net + line.tax if settings.with_tax else line.net
    if amount.currency == settings.currency:
        return amount
    if line.rate is None:
        raise ValueError(f"line {line.id} of {line.document} is in {amount.currency} and has no booking rate")
    return amount.convert(line.rate, settings.currency)


def line_months(line: PaidLine, settings: CostSettings) -> tuple[dict[str, Money], date, date, bool]:
    """A line by months, its period, and whether the period was assumed to be the fiscal year of the payment."""
    if line.service_first is not None and line.service_last is not None:
        first, last, assumed = line.service_first, line.service_last, False
    else:
        first, last = fiscal_year(line.paid_on, settings.fiscal_start_month)
        assumed = True
    return monthly_shares(base_amount(line, settings), first, last, settings.basis), first, last, assumed


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A line shared among parts (platforms, order lines, titles), or left whole with the reason in `note`."""

    method: AllocationMethod
    by_part: dict[str, PaidLine]
    note: str | None


def split_line(line: PaidLine, parts: Sequence[Part], method: AllocationMethod) -> SplitLine:
    """A line that pays for several parts, cut by a named method; net and tax each add up to the line exactly."""
    net, tax = allocate(line.net, parts, method), allocate(line.tax, parts, method)
    by_part = {
        part: replace(line, net=share, tax=tax.shares[part], part_of=method.value) for part, share in net.shares.items()
    }
    return SplitLine(method, by_part, net.note)

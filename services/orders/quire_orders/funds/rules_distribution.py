"""How the price of an order or invoice line is spread over funds. Pure.

Shares are given in percent (100 in all), as amounts (the price in all), or by copies. They are rounded to the
currency's minor unit; the rest goes to the largest remainders, ties to the last share, never to a share of zero
weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quire_orders.funds.rules import ZERO, Fault
from quire_shared.values.money import Money

HUNDRED = Decimal(100)


class DistributionKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    COPIES = "copies"


@dataclass(frozen=True, slots=True)
class Part:
    """One fund's part: ``value`` is percent, an amount in the line's currency, or a number of copies."""

    where: str
    value: Decimal


def check_distribution(kind: DistributionKind, total: Money, parts: Sequence[Part], where: str) -> tuple[Fault, ...]:
    """All faults of a fund distribution at once; an empty tuple means that it can be split."""
    if not parts:
        return (
            Fault(
                code="distribution_empty",
                pointer=where,
                detail="No fund pays for this line.",
                fix="Add at least one fund.",
            ),
        )
    faults = [
        Fault(
            code="distribution_negative",
            pointer=part.where,
            detail="A fund's share can't be below zero.",
            fix="Enter zero or more.",
        )
        for part in parts
        if part.value < 0 and not (kind is DistributionKind.AMOUNT and total.amount < 0)
    ]
    given = sum((part.value for part in parts), ZERO)
    if kind is DistributionKind.PERCENT and given != HUNDRED:
        faults.append(
            Fault(
                code="distribution_percent",
                pointer=where,
                detail=f"The shares add up to {given:f} %, not to 100 %.",
                fix=f"Change the shares by {HUNDRED - given:+f} %.",
            )
        )
    if kind is DistributionKind.AMOUNT and given != total.amount:
        faults.append(
            Fault(
                code="distribution_amount",
                pointer=where,
                detail=f"The shares add up to {given:f} {total.currency}, the price is {total.amount:f}.",
                fix=f"Change the shares by {total.amount - given:+f} {total.currency}.",
            )
        )
    if kind is DistributionKind.COPIES:
        if any(part.value != part.value.to_integral_value() for part in parts):
            faults.append(
                Fault(
                    code="distribution_copies",
                    pointer=where,
                    detail="Copies are whole numbers.",
                    fix="Enter whole numbers of copies.",
                )
            )
        elif given <= 0:
            faults.append(
                Fault(
                    code="distribution_copies",
                    pointer=where,
                    detail="No copy has a fund.",
                    fix="Give at least one copy a fund.",
                )
            )
    return tuple(faults)


def split(kind: DistributionKind, total: Money, parts: Sequence[Part], *, peer_rounding: bool = False) -> list[Money]:
    """The amount of each part; they always add up to ``total``.

    ``peer_rounding`` rounds as FOLIO does (half even, the rest to the last shares or, when too much, off the first)
    so that migrated figures stay as they were. Amounts are taken as given. ValueError when the parts do not fit
    (``check_distribution`` says why).
    """
    faults = check_distribution(kind, total, parts, "distribution")
    if faults:
        raise ValueError(" ".join(fault.detail for fault in faults))
    if kind is DistributionKind.AMOUNT:
        return [Money(part.value, total.currency) for part in parts]
    return list(total.allocate([part.value for part in parts], mode="peer" if peer_rounding else "largest_remainder"))

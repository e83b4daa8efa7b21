"""How charges, taxes and allowances of a whole invoice reach its lines. Pure.

Research §3.3: prorated by line, by amount (of the sizes of the subtotals; when all are zero, by line) or by quantity;
a percentage becomes an amount first. The rest goes to the largest remainders, ties to the last line; a line of zero
weight never gets anything. ``peer_rounding`` rounds as FOLIO does, for migrated data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quire_shared.values.money import Money

ZERO = Decimal(0)


class Basis(StrEnum):
    """What decides a line's part."""

    LINE = "line"
    AMOUNT = "amount"
    QUANTITY = "quantity"
    NOT_PRORATED = "not_prorated"


class Relation(StrEnum):
    """``in_addition`` is added to the lines; ``included`` is inside them already and only told; ``separate`` is neither
    added nor inside: it is invoiced by somebody else."""

    IN_ADDITION = "in_addition"
    INCLUDED = "included"
    SEPARATE = "separate"


class ValueKind(StrEnum):
    AMOUNT = "amount"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A line as far as proration asks: its subtotal and its quantity."""

    subtotal: Money
    quantity: Decimal


def adjustment_amount(kind: ValueKind, value: Decimal, relation: Relation, subtotals: Money) -> Money:
    """The amount of an adjustment: given, or a percentage of the sum of the subtotals.

    A percentage that is included is taken out of them: ``s · v / (100 + v)``. Rounded half to even.
    """
    if kind is ValueKind.AMOUNT:
        return Money.of(value, subtotals.currency)
    if relation is Relation.INCLUDED:
        return Money.rounded(subtotals.amount * value / (100 + value), subtotals.currency)
    return Money.rounded(subtotals.amount * value / 100, subtotals.currency)


def prorate(amount: Money, basis: Basis, lines: Sequence[Weighed], *, peer_rounding: bool = False) -> list[Money]:
    """The part of each line; the parts make the amount exactly. ``ValueError`` without lines or when not prorated."""
    if basis is Basis.NOT_PRORATED:
        raise ValueError("An adjustment that is not prorated has no parts in the lines.")
    weights = _weights(basis, lines)
    return list(amount.allocate(weights, mode="peer" if peer_rounding else "largest_remainder"))


def _weights(basis: Basis, lines: Sequence[Weighed]) -> list[Decimal]:
    if basis is Basis.AMOUNT:
        weights = [abs(line.subtotal.amount) for line in lines]
    elif basis is Basis.QUANTITY:
        weights = [abs(line.quantity) for line in lines]
    else:
        weights = []
    return weights if any(weights) else [Decimal(1)] * len(lines)

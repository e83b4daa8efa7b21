"""What an invoice and its lines may be and become, and how its total is explained. Pure.

An invoice is payable only when its parts make its stated total exactly, every line is decided, it is no duplicate and
its document's function says that payment is expected (orders spec §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quire_orders.purchasing.rules import PaymentStatus
from quire_shared.values.currencies import minor_unit
from quire_shared.values.money import Money

ZERO = Decimal(0)


class InvoiceState(StrEnum):
    """``reviewed``: a person has looked at all of it and decided every line."""

    OPEN = "open"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    PAID = "paid"
    CANCELED = "canceled"


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Source(StrEnum):
    """Where an invoice came from."""

    EDI = "edi"
    TYPED = "typed"
    REMAINDER = "remainder"


class Decision(StrEnum):
    """What is done with a line. Held lines and those that receiving is asked about are not paid with this approval."""

    UNDECIDED = "undecided"
    ACCEPT = "accept"
    SHORT_PAY = "short_pay"
    HOLD = "hold"
    ASK_RECEIVING = "ask_receiving"
    REFUSE = "refuse"


#: Lines with these decisions are paid; the others stay for a later invoice or are refused.
PAYING = frozenset({Decision.ACCEPT, Decision.SHORT_PAY})
#: Lines with these decisions wait: their amount can be carried into a remainder of the invoice.
WAITING = frozenset({Decision.HOLD, Decision.ASK_RECEIVING})
#: States in which a line counts as invoiced.
LIVE = frozenset({InvoiceState.APPROVED, InvoiceState.PAID})
#: States in which lines can be matched and decided.
EDITABLE = frozenset({InvoiceState.OPEN, InvoiceState.REVIEWED})


class TotalPart(StrEnum):
    """What can be added up to the stated total."""

    LINES = "lines"
    LINE_CHARGES = "line_charges"
    CHARGES = "charges"
    TAX = "tax"


#: Vendors state their totals in different ways: with the charges added, already inside, taxes among the charges. The
#: first that makes the stated total explains it.
READINGS: tuple[tuple[TotalPart, ...], ...] = (
    (TotalPart.LINES, TotalPart.LINE_CHARGES, TotalPart.CHARGES, TotalPart.TAX),
    (TotalPart.LINES, TotalPart.CHARGES, TotalPart.TAX),
    (TotalPart.LINES, TotalPart.LINE_CHARGES, TotalPart.CHARGES),
    (TotalPart.LINES, TotalPart.CHARGES),
    (TotalPart.LINES, TotalPart.LINE_CHARGES, TotalPart.TAX),
    (TotalPart.LINES, TotalPart.TAX),
    (TotalPart.LINES, TotalPart.LINE_CHARGES),
    (TotalPart.LINES,),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a stated total is made up. ``rounding``: what amounts with too many decimals leave over, below half a minor
    unit per line; ``difference``: what nothing explains (zero when the total is explained)."""

    parts: tuple[TotalPart, ...]
    rounding: Money
    difference: Money


def read_total(
    stated: Money, lines: Sequence[Decimal], line_charges: Decimal, charges: Decimal, tax: Decimal
) -> Reading:
    """Explains the stated total of a vendor's document by its parts; never guesses.

    Amounts are in the stated total's currency and may have more decimals than it. The lines count rounded, as they
    are kept; a total that only the unrounded lines make is explained with the rounding named.
    """
    currency = stated.currency
    exact = {
        TotalPart.LINES: sum(lines, ZERO),
        TotalPart.LINE_CHARGES: line_charges,
        TotalPart.CHARGES: charges,
        TotalPart.TAX: tax,
    }
    kept = Money.sum((Money.rounded(amount, currency) for amount in lines), currency)
    nearest: Reading | None = None
    for parts in READINGS:
        added = [exact[part] for part in parts if part is not TotalPart.LINES]
        left = stated - kept - Money.rounded(sum(added, ZERO), currency)
        unrounded = stated.amount - exact[TotalPart.LINES] - sum(added, ZERO)
        # Half a minor unit is lost or won at each line at most.
        allowed = minor_unit(currency) * len(lines) / 2
        if not left:
            return Reading(parts, left, Money.zero(currency))
        if abs(unrounded) < minor_unit(currency) / 2 and abs(left.amount) <= allowed:
            return Reading(parts, left, Money.zero(currency))
        if nearest is None or abs(left) < abs(nearest.difference):
            nearest = Reading(parts, Money.zero(currency), left)
    assert nearest is not None
    return nearest


def normalize_number(number: str) -> str:
    """An invoice number for the duplicate guard: letters and digits only, in capitals, without leading zeros."""
    kept = "".join(character for character in number.upper() if character.isalnum())
    return kept.lstrip("0") or kept


def payable(decision: Decision, total: Money, pay_amount: Money | None) -> Money:
    """What is paid for a line, taxes and charges included."""
    if decision is Decision.ACCEPT:
        return total
    if decision is Decision.SHORT_PAY and pay_amount is not None:
        return pay_amount
    return Money.zero(total.currency)


def is_short_pay(total: Money, pay_amount: Money) -> bool:
    """A short payment is less than the total and has its sign; nothing at all is a refusal instead."""
    if total.amount < 0:
        return total < pay_amount and pay_amount.amount < 0
    return pay_amount < total and pay_amount.amount > 0


def spread(paid: Money, weights: Sequence[Decimal]) -> list[Money]:
    """What a line pays over its funds, to the minor unit; weights of zero everywhere count as equal."""
    usable = [abs(weight) for weight in weights]
    if not any(usable):
        usable = [Decimal(1)] * len(usable)
    return list(paid.allocate(usable))


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An invoice line of an order line, paid; ``releases``: no more invoices are expected after it."""

    amount: Decimal
    releases: bool


def payment_status(current: PaymentStatus, paid: Iterable[PaidLine], *, is_canceled: bool) -> PaymentStatus:
    """The payment status of an order line that follows from its paid invoice lines.

    A credit alone pays nothing. When a payment was taken back, the line awaits payment again, or is canceled.
    """
    lines = [line for line in paid if line.amount > 0]
    if any(line.releases for line in lines):
        return PaymentStatus.PAID
    if lines:
        return PaymentStatus.PARTLY
    if current in {PaymentStatus.PARTLY, PaymentStatus.PAID}:
        return PaymentStatus.CANCELED if is_canceled else PaymentStatus.AWAITING
    return current

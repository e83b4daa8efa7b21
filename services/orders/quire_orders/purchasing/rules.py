"""What an order and its lines may be and become. Pure decisions.

States and their transitions: FOLIO's and Evergreen's, with unopen and reopen (orders spec §2).
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from quire_shared.values.money import Money


class OrderStatus(StrEnum):
    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class OrderType(StrEnum):
    ONE_TIME = "one_time"
    ONGOING = "ongoing"
    SUBSCRIPTION = "subscription"


class Material(StrEnum):
    PHYSICAL = "physical"
    ELECTRONIC = "electronic"
    OTHER = "other"


class LineStatus(StrEnum):
    """``canceled`` keeps nothing encumbered; ``closed`` is resolved: received and paid as far as wanted."""

    PENDING = "pending"
    OPEN = "open"
    CANCELED = "canceled"
    CLOSED = "closed"


class ReceiptStatus(StrEnum):
    PENDING = "pending"
    AWAITING = "awaiting"
    PARTLY = "partly_received"
    RECEIVED = "received"
    NOT_REQUIRED = "not_required"
    CANCELED = "canceled"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    AWAITING = "awaiting"
    PARTLY = "partly_paid"
    PAID = "paid"
    NOT_REQUIRED = "not_required"
    CANCELED = "canceled"


class DiscountKind(StrEnum):
    NONE = "none"
    PERCENT = "percent"
    AMOUNT = "amount"


#: From which status a command may lead to which.
TRANSITIONS: dict[str, tuple[frozenset[OrderStatus], OrderStatus]] = {
    "open": (frozenset({OrderStatus.PENDING}), OrderStatus.OPEN),
    "unopen": (frozenset({OrderStatus.OPEN}), OrderStatus.PENDING),
    "close": (frozenset({OrderStatus.OPEN}), OrderStatus.CLOSED),
    "reopen": (frozenset({OrderStatus.CLOSED}), OrderStatus.OPEN),
}


def estimated_price(
    unit_price: Money,
    quantity: int,
    discount_kind: DiscountKind,
    discount: Decimal,
    additional_cost: Money,
    tax_percent: Decimal,
    *,
    tax_included: bool,
) -> Money:
    """``quantity × unit price − discount + additional cost``, plus tax unless it is in the price already.

    ``discount`` is percent of the goods or an amount in the line's currency; each step is rounded to the minor unit,
    half to even.
    """
    goods = unit_price.times(quantity)
    if discount_kind is DiscountKind.PERCENT:
        goods -= goods.times(discount / 100, ROUND_HALF_EVEN)
    elif discount_kind is DiscountKind.AMOUNT:
        goods -= Money.rounded(discount, unit_price.currency)
    net = goods + additional_cost
    return net if tax_included else net + net.times(tax_percent / 100, ROUND_HALF_EVEN)


def receipt_status(quantity: int, received: int, *, physical: bool, canceled: bool) -> ReceiptStatus:
    """The receipt status that follows from the pieces."""
    if canceled:
        return ReceiptStatus.CANCELED
    if received >= quantity:
        return ReceiptStatus.RECEIVED
    if received > 0:
        return ReceiptStatus.PARTLY
    return ReceiptStatus.AWAITING if physical else ReceiptStatus.NOT_REQUIRED

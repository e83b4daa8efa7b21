"""What differs between ordered, received and invoiced, each in the field where it is. Pure.

Matching is three-way (order, receipt, invoice) for what is delivered, two-way with the service period for what is paid
in advance (orders spec §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from quire_orders.invoicing.rules_matching import title_likeness
from quire_orders.purchasing.rules import LineStatus, PaymentStatus
from quire_shared.values.money import Money


class Field(StrEnum):
    """Where a difference is."""

    ORDER = "order"
    STATUS = "status"
    PRICE = "price"
    QUANTITY = "quantity"
    CURRENCY = "currency"
    TITLE = "title"
    IDENTIFIER = "identifier"
    RECEIVED = "received"
    PAID = "paid"
    SERVICE_PERIOD = "service_period"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. ``blocks``: the line can't be accepted together with others, a person decides about it."""

    field: Field
    code: str
    ordered: str
    invoiced: str
    detail: str
    fix: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an amount may differ from what is expected. Every limit that is set must hold; none set: not at all."""

    amount: Decimal | None = None
    percent: Decimal | None = None

    def allows(self, expected: Decimal, invoiced: Decimal) -> bool:
        off = abs(invoiced - expected)
        if not off:
            return True
        limits = []
        if self.amount is not None:
            limits.append(self.amount)
        if self.percent is not None:
            limits.append(abs(expected) * self.percent / 100)
        return bool(limits) and off <= min(limits)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of service, both included."""

    first: date
    last: date

    def overlaps(self, other: Period) -> bool:
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.first.isoformat()} to {self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice line of the same order line on a live invoice (approved or paid)."""

    invoice_id: UUID
    invoice_number: str
    quantity: Decimal
    paid_on: date | None
    releases: bool
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """The order line, its receipt and what was invoiced before. ``goods``: price of all copies after discount, before
    tax and additional cost."""

    title: str
    identifiers: frozenset[tuple[str, str]]
    status: LineStatus
    payment_status: PaymentStatus
    quantity: int
    received: int
    goods: Money
    delivered: bool
    recurring: bool
    uncertain_price: bool = False
    bills: Sequence[Bill] = ()
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """``amount`` is what the line costs before the taxes and charges of the whole invoice."""

    title: str
    identifiers: frozenset[tuple[str, str]]
    quantity: Decimal
    amount: Money
    period: Period | None = None
    twin: bool = False


NOT_ORDERED = Difference(
    Field.ORDER,
    "not_ordered",
    "",
    "",
    "No order line belongs to this line.",
    "Choose its order line, give it funds of its own, or refuse it.",
)


def differences(ordered: OrderedLine | None, invoiced: InvoicedLine, tolerance: Tolerance) -> tuple[Difference, ...]:
    """All differences of an invoice line at once; none, and it is clean."""
    if ordered is None:
        return (NOT_ORDERED,)
    found = [
        *_status(ordered),
        *_currency(ordered, invoiced),
        *_quantity(ordered, invoiced),
        *_price(ordered, invoiced, tolerance),
        *_received(ordered, invoiced),
        *_paid(ordered, invoiced),
        *_thing(ordered, invoiced),
    ]
    if invoiced.twin:
        found.append(
            Difference(
                Field.ORDER,
                "twice_on_this_invoice",
                ordered.title,
                invoiced.title,
                "Another line of this invoice has the same order line.",
                "Compare the two; refuse one, or choose another order line.",
            )
        )
    return tuple(found)


def is_clean(found: Iterable[Difference]) -> bool:
    """Nothing that needs a person's decision."""
    return not any(difference.blocks for difference in found)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _status(ordered: OrderedLine) -> list[Difference]:
    if ordered.status is LineStatus.CANCELED:
        because = f" ({ordered.cancel_reason})" if ordered.cancel_reason else ""
        return [
            Difference(
                Field.STATUS,
                "canceled",
                "canceled",
                "invoiced",
                f"This was canceled{because}.",
                "Refuse the line, or accept it if the piece is kept after all.",
            )
        ]
    if ordered.status is LineStatus.PENDING:
        return [
            Difference(
                Field.STATUS,
                "not_open",
                "pending",
                "invoiced",
                "The order of this line is not open, so nothing is encumbered for it.",
                "Open the order first.",
            )
        ]
    return []


def _currency(ordered: OrderedLine, invoiced: InvoicedLine) -> list[Difference]:
    if ordered.goods.currency == invoiced.amount.currency:
        return []
    return [
        Difference(
            Field.CURRENCY,
            "currency",
            ordered.goods.currency,
            invoiced.amount.currency,
            f"It was ordered in {ordered.goods.currency} and is invoiced in {invoiced.amount.currency}.",
            "Check the price by the exchange rate; accept it if it is right.",
        )
    ]


def _quantity(ordered: OrderedLine, invoiced: InvoicedLine) -> list[Difference]:
    if ordered.recurring:
        return []
    before = sum((bill.quantity for bill in ordered.bills), Decimal(0))
    if invoiced.quantity + before <= ordered.quantity:
        return []
    earlier = f", {_plain(before)} of them on earlier invoices" if before else ""
    return [
        Difference(
            Field.QUANTITY,
            "quantity",
            str(ordered.quantity),
            _plain(invoiced.quantity),
            f"{ordered.quantity} ordered, {_plain(invoiced.quantity + before)} invoiced{earlier}.",
            "Pay for the ordered pieces only, or accept the others as well.",
        )
    ]


def _price(ordered: OrderedLine, invoiced: InvoicedLine, tolerance: Tolerance) -> list[Difference]:
    if ordered.goods.currency != invoiced.amount.currency:
        return []
    expected = ordered.goods.amount
    if not ordered.recurring:
        expected = Money.rounded(expected * invoiced.quantity / ordered.quantity, ordered.goods.currency).amount
    amount = abs(invoiced.amount.amount)
    if tolerance.allows(expected, amount):
        return []
    off = amount - expected
    word = "more" if off > 0 else "less"
    share = f" ({_plain(round(abs(off) / expected * 100, 2))} %)" if expected else ""
    uncertain = ordered.uncertain_price
    return [
        Difference(
            Field.PRICE,
            "price",
            f"{expected:f}",
            f"{amount:f}",
            f"{amount:f} {invoiced.amount.currency} is invoiced, {expected:f} was ordered: {abs(off):f} {word}{share}."
            + (" The ordered price was uncertain." if uncertain else ""),
            "Accept the price, or pay less and say how much.",
            blocks=not uncertain,
        )
    ]


def _received(ordered: OrderedLine, invoiced: InvoicedLine) -> list[Difference]:
    if not ordered.delivered or invoiced.amount.amount < 0:
        return []
    billed = sum((bill.quantity for bill in ordered.bills), Decimal(0)) + invoiced.quantity
    if ordered.received >= min(billed, Decimal(ordered.quantity)):
        return []
    none = ordered.received == 0
    return [
        Difference(
            Field.RECEIVED,
            "not_received" if none else "short_received",
            str(ordered.received),
            _plain(invoiced.quantity),
            ("Nothing" if none else f"Only {ordered.received}")
            + f" of {ordered.quantity} was received, {_plain(billed)} invoiced.",
            "Ask receiving, or pay for what came only.",
        )
    ]


def _paid(ordered: OrderedLine, invoiced: InvoicedLine) -> list[Difference]:
    if invoiced.amount.amount < 0:
        return []
    if ordered.recurring:
        if invoiced.period is None:
            return []
        for bill in ordered.bills:
            if bill.period is not None and bill.period.overlaps(invoiced.period):
                return [
                    Difference(
                        Field.SERVICE_PERIOD,
                        "period_billed",
                        str(bill.period),
                        str(invoiced.period),
                        f"Invoice {bill.invoice_number} has billed {bill.period} already.",
                        "Refuse the line, or accept it if another part of the service is meant.",
                    )
                ]
        return []
    for bill in ordered.bills:
        if bill.releases:
            when = f"paid on {bill.paid_on.isoformat()}" if bill.paid_on else "approved, not yet paid"
            return [
                Difference(
                    Field.PAID,
                    "already_paid",
                    when,
                    "invoiced again",
                    f"Invoice {bill.invoice_number} covers this line already ({when}).",
                    "Refuse the line, or accept it if it is another delivery.",
                )
            ]
    if ordered.payment_status is PaymentStatus.PAID:
        return [
            Difference(
                Field.PAID,
                "already_paid",
                "paid",
                "invoiced again",
                "This order line is paid already.",
                "Refuse the line, or accept it if it is another delivery.",
            )
        ]
    return []


def _thing(ordered: OrderedLine, invoiced: InvoicedLine) -> list[Difference]:
    found = []
    same = bool(ordered.identifiers & invoiced.identifiers)
    kinds = {kind for kind, _ in ordered.identifiers} & {kind for kind, _ in invoiced.identifiers}
    if kinds and not same:
        ours = ", ".join(sorted(number for kind, number in ordered.identifiers if kind in kinds))
        theirs = ", ".join(sorted(number for kind, number in invoiced.identifiers if kind in kinds))
        found.append(
            Difference(
                Field.IDENTIFIER,
                "identifier",
                ours,
                theirs,
                f"{ours} was ordered, {theirs} is invoiced.",
                "Look whether it is another edition or another title.",
            )
        )
    if invoiced.title and title_likeness(ordered.title, invoiced.title) < 0.4:
        found.append(
            Difference(
                Field.TITLE,
                "title",
                ordered.title,
                invoiced.title,
                "The two titles have little in common.",
                "Look whether it is the same thing.",
                blocks=not same,
            )
        )
    return found

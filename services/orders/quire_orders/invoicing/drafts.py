"""An invoice before it is kept: the same shape from a vendor's message and from a typed form. Pure.

Signs: in a credit note of a vendor amounts are positive as written; here what the library gets back is below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from quire_orders.identifiers import read_ean, read_identifier, read_isbn, read_ismn, read_issn
from quire_orders.invoicing.rules import ZERO, InvoiceKind, Reading, Source, TotalPart, read_total
from quire_orders.invoicing.rules_adjustments import Basis, Relation
from quire_shared.contracts.vendors import InvoicedLine, InvoiceReceived
from quire_shared.values.money import Money

_READERS = {
    "isbn": read_isbn,
    "isbn10": read_isbn,
    "isbn13": read_isbn,
    "issn": read_issn,
    "ismn": read_ismn,
    "ean": read_ean,
}
_TAX_CODES = frozenset({"TX", "TAX", "VAT", "GST", "HST", "PST", "QST", "CAR"})


@dataclass(frozen=True, slots=True)
class DraftFund:
    fund_id: UUID
    percent: Decimal
    expense_class_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """``own_tax`` and ``own_charges`` are stated for this line; those of the whole invoice are prorated later."""

    title: str
    quantity: Decimal
    amount: Money
    number: str = ""
    unit_price: Decimal | None = None
    own_tax: Money | None = None
    own_charges: Money | None = None
    service_from: date | None = None
    service_to: date | None = None
    identifiers: Sequence[tuple[str, str]] = ()
    references: Sequence[tuple[str, str]] = ()
    order_line_id: UUID | None = None
    funds: Sequence[DraftFund] = ()


@dataclass(frozen=True, slots=True)
class DraftCharge:
    description: str
    amount: Money
    code: str = ""
    is_tax: bool = False
    basis: Basis = Basis.AMOUNT
    relation: Relation = Relation.IN_ADDITION
    fund_id: UUID | None = None
    expense_class_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    vendor_id: UUID
    number: str
    kind: InvoiceKind
    source: Source
    invoice_date: date
    currency: str
    stated_total: Money | None
    lines: Sequence[DraftLine]
    charges: Sequence[DraftCharge]
    message_id: UUID | None = None
    file_id: UUID | None = None
    function: str | None = None
    payment_expected: bool = True
    payment_note: str = ""
    explanation: str = ""
    note: str = ""
    unit_id: UUID | None = None
    remainder_of: UUID | None = None


def normalized(kind: str, value: str) -> tuple[str, str]:
    """A standard number as it is compared; what is no valid number is kept under its own kind with ``?``."""
    reader = _READERS.get(kind.casefold())
    if reader is None:
        return kind[:20], value[:200]
    if not any(digit in value for digit in "123456789"):
        return f"{kind[:18]}?", value[:200]  # 0000-0000 stands for “none”
    found = reader(value)
    if found.normalized is None:
        return f"{kind[:18]}?", value[:200]
    if found.kind.value == "ean" and found.normalized.startswith(("978", "979")):
        other = read_identifier(found.normalized)
        if other is not None and other.normalized is not None:
            found = other
    return found.kind.value, found.normalized or value[:200]


def typed_identifiers(values: Iterable[str]) -> list[tuple[str, str]]:
    """Standard numbers as somebody typed them, their kinds told by their shapes."""
    found = []
    for value in values:
        number = read_identifier(value)
        if number is None or number.normalized is None:
            found.append(("other?", value))
        else:
            found.append((number.kind.value, number.normalized))
    return found


@dataclass
class _Sums:
    """The amounts of a message with the sign that they have for the library."""

    currency: str
    sign: int
    lines: list[Decimal] = field(default_factory=list)

    def money(self, amount: Decimal | None) -> Money:
        return Money.rounded((amount or ZERO) * self.sign, self.currency)


def from_message(parts: Sequence[InvoiceReceived], today: date) -> Draft:
    """The draft of a vendor's message from all its parts, in order.

    The stated total is explained by lines, charges and taxes as the vendor counts them (`rules.read_total`); charges
    that are not added stay as information. A message that says nothing of its date gets the day of its arrival.
    """
    head = parts[0]
    kind = InvoiceKind.CREDIT_NOTE if head.kind == InvoiceKind.CREDIT_NOTE else InvoiceKind.INVOICE
    sums = _Sums(head.currency, -1 if kind is InvoiceKind.CREDIT_NOTE else 1)
    stated_lines = [line for part in parts for line in part.lines]
    lines_tax = sum((line.tax or ZERO for line in stated_lines), ZERO)
    line_charges = sum((line.charges or ZERO for line in stated_lines), ZERO)
    tax = head.tax_total if head.tax_total is not None else lines_tax
    added = sum((charge.amount for charge in head.charges if not charge.included_in_lines), ZERO)
    reading = None
    if head.stated_total is not None:
        stated = Money.rounded(head.stated_total, head.currency)
        reading = read_total(stated, [line_amount(line) for line in stated_lines], line_charges, added, tax)
    used = set(reading.parts) if reading else {TotalPart.LINES, TotalPart.CHARGES}
    # Taxes of lines stay with their lines; what the document has beyond them is prorated.
    tax_of_lines = TotalPart.TAX in used and lines_tax * tax >= 0 and abs(lines_tax) <= abs(tax)
    tax_beyond = tax - lines_tax if tax_of_lines else tax
    lines = [
        _line(line, sums, own_tax=tax_of_lines, own_charges=TotalPart.LINE_CHARGES in used) for line in stated_lines
    ]
    charges = [
        DraftCharge(
            description=charge.description[:500] or charge.code or "Charge",
            amount=sums.money(charge.amount),
            code=(charge.code or "")[:40],
            is_tax=(charge.code or "").upper() in _TAX_CODES,
            relation=Relation.IN_ADDITION
            if TotalPart.CHARGES in used and not charge.included_in_lines
            else Relation.INCLUDED,
        )
        for charge in head.charges
    ]
    if TotalPart.TAX in used and tax_beyond:
        charges.append(DraftCharge("Tax", sums.money(tax_beyond), is_tax=True))
    if reading and reading.rounding:
        charges.append(DraftCharge("Rounding", sums.money(reading.rounding.amount)))
    if not lines:
        lines, charges = _as_lines(charges)
    return Draft(
        vendor_id=head.vendor_id,
        number=head.number[:100],
        kind=kind,
        source=Source.EDI,
        invoice_date=head.invoice_date or today,
        currency=head.currency,
        stated_total=None if head.stated_total is None else sums.money(head.stated_total),
        lines=lines,
        charges=charges,
        message_id=head.message_id,
        file_id=head.file_id,
        function=head.function,
        payment_expected=head.payment_expected,
        payment_note=(head.payment_note or "")[:500],
        explanation=_explanation(head, reading),
    )


def line_amount(line: InvoicedLine) -> Decimal:
    """What a line costs as stated: its amount, else quantity × unit price."""
    if line.line_amount is not None:
        return line.line_amount
    return (line.quantity if line.quantity is not None else Decimal(1)) * (line.unit_price or ZERO)


def _line(line: InvoicedLine, sums: _Sums, *, own_tax: bool, own_charges: bool) -> DraftLine:
    numbers = [normalized(kind, value) for kind, values in line.identifiers.items() for value in values]
    period = line.service_from and line.service_to and line.service_from <= line.service_to
    return DraftLine(
        title=(line.title or "")[:2000],
        quantity=line.quantity if line.quantity is not None else Decimal(1),
        amount=sums.money(line_amount(line)),
        number=line.number[:40],
        unit_price=line.unit_price,
        own_tax=sums.money(line.tax) if own_tax and line.tax else None,
        own_charges=sums.money(line.charges) if own_charges and line.charges else None,
        service_from=line.service_from if period else None,
        service_to=line.service_to if period else None,
        identifiers=list(dict.fromkeys(numbers)),
        references=[(reference.kind[:40], reference.value[:200]) for reference in line.references],
    )


def _as_lines(charges: Sequence[DraftCharge]) -> tuple[list[DraftLine], list[DraftCharge]]:
    """A message without lines: what it charges for becomes its lines, so that each can be decided and have a fund."""
    added = [charge for charge in charges if charge.relation is Relation.IN_ADDITION]
    lines = [DraftLine(charge.description, Decimal(1), charge.amount, number=charge.code) for charge in added]
    return lines, [charge for charge in charges if charge.relation is not Relation.IN_ADDITION]


def _explanation(head: InvoiceReceived, reading: Reading | None) -> str:
    if reading is None:
        return "The document states no total."
    words = " + ".join(part.value.replace("_", " ") for part in reading.parts)
    if reading.difference:
        text = f"The total {head.stated_total} can't be made of its parts: {reading.difference} are left over."
    else:
        text = f"{head.stated_total} {head.currency} = {words}."
        if reading.rounding:
            text += f" {reading.rounding} of it is rounding."
    return f"{text} {head.explanation}".strip()[:2000]

"""A vendor's invoice as the event that orders hears: lines, taxes and charges add up to the stated total exactly.

``stated_total`` = sum of ``line_amount`` + sum of the lines' ``charges`` + ``tax_total`` + sum of the charges that are
not included in the lines. What does not count towards the total is left out or marked as included. Amounts are as
the vendor wrote them; those of a credit note are usually positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from quire_shared.contracts.vendors import Charge, InvoicedLine, InvoiceReceived, Reference
from quire_shared.values.currencies import EXPONENTS
from quire_vendors.edi import words
from quire_vendors.edi.documents.model import Invoice
from quire_vendors.edi.documents.parts import Charge as DocumentCharge
from quire_vendors.edi.documents.parts import Line
from quire_vendors.edi.words import phrases

MOST_LINES = 300
MOST_BYTES = 300_000
LARGEST_LINE = 200_000
LIMIT = Decimal(10) ** 15
ZERO = Decimal(0)

_NOTES = {
    "no_payment_expected": "The vendor expects no payment for this invoice (function {code}): it can be matched, not paid.",
    "cancellation": "The vendor cancels this invoice (function {code}); it can't be paid.",
    "additional": "Additional transmission (function {code}): this vendor's ordinary way to send an invoice.",
    "replacement": "This invoice replaces one that was sent before under the same number (function {code}).",
}
_NEVER_PAYABLE = frozenset({"no_payment_expected", "cancellation", "duplicate", "copy", "not_accepted"})


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """Everything of an invoice but who sent it and under which id it is kept."""

    head: dict[str, Any]
    lines: list[InvoicedLine]

    def events(self, message_id: UUID, file_id: UUID, vendor_id: UUID) -> list[InvoiceReceived]:
        """The event in parts of at most 300 lines and 300 kB."""
        chunks = list(_chunks(self.lines))
        return [
            InvoiceReceived(
                **self.head,
                message_id=message_id,
                file_id=file_id,
                vendor_id=vendor_id,
                part=part,
                parts=len(chunks),
                lines=chunk,
            )
            for part, chunk in enumerate(chunks, start=1)
        ]


def facts_of(invoice: Invoice, fallback_currency: str | None) -> tuple[InvoiceFacts | None, list[str]]:
    """The facts of an invoice, or the sentences that say why it can't be handed on."""
    found = invoice.reconciliation
    currency = (found.currency if found is not None else "") or invoice.currency or fallback_currency or ""
    missing = []
    if not invoice.number.strip():
        missing.append("The invoice has no number. Ask the vendor for a corrected one.")
    elif len(invoice.number) > 100:
        missing.append("The invoice's number has more than 100 characters, so it is none.")
    if not currency:
        missing.append("The invoice names no currency. Set the vendor's currency and read the message again.")
    elif currency not in EXPONENTS:
        missing.append(f"“{currency[:20]}” is no currency (ISO 4217). Ask the vendor for a corrected invoice.")
    if missing:
        return None, missing
    candidate = found.candidate if found is not None and found.status == "explained" else ""
    lines = [_line(line, "line_charges" in candidate, "tax" in candidate) for line in invoice.lines]
    charges, tax_of_charges = _charges(invoice, candidate)
    tax = tax_of_charges
    if found is not None and "tax" in candidate.split("+"):
        tax += found.tax
    stated = found.stated if found is not None else None
    if candidate and stated is not None:
        added = sum((c.amount for c in charges if not c.included_in_lines), ZERO)
        own = sum((line.charges or ZERO for line in lines), ZERO)
        left = stated - sum((line.line_amount or ZERO for line in lines), ZERO) - own - tax - added
        if left:
            charges.append(Charge(code=None, description="Rounding", amount=left))
    amounts = [stated or ZERO, tax, *(c.amount for c in charges)]
    amounts += [v for line in lines for v in (line.line_amount, line.unit_price, line.quantity) if v is not None]
    if any(not a.is_finite() or abs(a) >= LIMIT for a in amounts):
        return None, ["An amount of the invoice has more than 15 digits. Ask the vendor for a corrected invoice."]
    if any(len(line.model_dump_json()) > LARGEST_LINE for line in lines):
        return None, ["A line of the invoice is too long to be handed on. Ask the vendor for a corrected invoice."]
    head = {
        "number": invoice.number.strip(),
        "invoice_date": invoice.dated,
        "kind": "credit_note" if invoice.credit_note else "invoice",
        "function": invoice.function_code or invoice.function,
        "payment_expected": invoice.payment_expected and invoice.function not in _NEVER_PAYABLE,
        "payment_note": _note(invoice),
        "currency": currency,
        "stated_total": stated,
        "explained": bool(candidate),
        "explanation": explanation(invoice)[:2000],
        "tax_total": tax or None,
        "charges": charges,
    }
    return InvoiceFacts(head, lines), []


def explanation(invoice: Invoice) -> str:
    """How the total is made up, in one sentence; or why it is not."""
    found = invoice.reconciliation
    if found is None or found.status != "explained":
        return found.reason if found is not None and found.reason else "The invoice states no total."
    return next(iter(words.describe(invoice))).text


def _note(invoice: Invoice) -> str | None:
    note = _NOTES.get(invoice.function)
    return note.format(code=invoice.function_code) if note else None


def _line(line: Line, count_charges: bool, count_tax: bool) -> InvoicedLine:
    identifiers: dict[str, list[str]] = {}
    for entry in line.identifiers:
        if entry.value and entry.value not in identifiers.setdefault(entry.type or "other", []):
            identifiers[entry.type or "other"].append(entry.value)
    start, end = line.period
    own = sum((c.amount for c in line.charges if c.amount is not None), ZERO) if count_charges else ZERO
    tax = sum((t.amount for t in line.taxes if t.amount is not None), ZERO) if count_tax else ZERO
    price = next((p for p in (line.net_price, line.gross_price, line.list_price) if p is not None), None)
    return InvoicedLine(
        number=line.number,
        title=line.title or None,
        identifiers={kind: values for kind, values in identifiers.items() if values},
        references=[
            Reference(kind=r.kind, value=r.value, qualifier=r.qualifier or None) for r in line.references if r.value
        ],
        quantity=line.quantity,
        unit_price=price,
        line_amount=line.amount,
        tax=tax or None,
        charges=own or None,
        service_from=start,
        service_to=end,
        copies=[
            {"number": copy.number, **{kind: copy.values(kind) for kind in dict.fromkeys(f.kind for f in copy.fields)}}
            for copy in line.copies
        ],
    )


def _charges(invoice: Invoice, candidate: str) -> tuple[list[Charge], Decimal]:
    """Charges of the whole document, and what of them is tax and counts towards the total."""
    charges: list[Charge] = []
    tax = ZERO
    for entry in invoice.charges:
        if entry.amount is None:
            continue
        counts = not candidate or f"{entry.level}_charges" in candidate
        if counts and candidate and entry.meaning == "tax":
            tax += entry.amount
            continue
        charges.append(
            Charge(
                code=entry.code or None,
                description=_described(entry),
                amount=entry.amount,
                included_in_lines=not counts,
            )
        )
    return charges, tax


def _described(entry: DocumentCharge) -> str:
    text = entry.text.strip() or phrases.CHARGES.get(entry.meaning, entry.meaning).capitalize()
    return text[:300] or entry.code or "Charge"


def _chunks(lines: list[InvoicedLine]) -> Iterator[list[InvoicedLine]]:
    chunk: list[InvoicedLine] = []
    size = 0
    for line in lines:
        length = len(line.model_dump_json())
        if chunk and (len(chunk) == MOST_LINES or size + length > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += length
    yield chunk

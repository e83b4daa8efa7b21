"""An order as it is asked for → the canonical document, the bytes of its interchange, or a letter. No database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from quire_shared.contracts.orders import OrderedLine, OrderSendRequested
from quire_vendors.edi import documents
from quire_vendors.edi.documents.library import Account
from quire_vendors.edi.documents.model import Order
from quire_vendors.edi.documents.parts import Copy, CopyField, Description, Identifier, Line, Note, Reference
from quire_vendors.edi.documents.sending import Prepared, interchange
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Reading
from quire_vendors.exchange.reading import flag_out, sentences, storable

_TYPES = frozenset({"isbn13", "isbn10", "ean", "issn", "ismn", "upc", "supplier", "manufacturer"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """An order as bytes, and the same bytes read back: document, words and segments are what the vendor gets."""

    data: bytes
    refused: bool
    reason: str
    report: list[dict[str, Any]] = field(default_factory=list)
    document: dict[str, Any] | None = None
    words: list[dict[str, Any]] = field(default_factory=list)


def order_document(request: OrderSendRequested, *, again: bool = False) -> Order:
    """The canonical order. ``again``: it was sent before, this one replaces it (BGM 1225 = 5)."""
    return Order(
        number=request.number,
        dated=request.ordered_on,
        currency=request.currency,
        rush=request.rush,
        function="replacement" if again else "original",
        function_code="5" if again else "9",
        lines=[_line(line, position) for position, line in enumerate(request.lines, start=1)],
    )


def _line(line: OrderedLine, position: int) -> Line:
    described = (
        ("author", line.author),
        ("publisher", line.publisher),
        ("year", line.published),
        ("edition", line.edition),
    )
    references = [Reference("own_line", line.number)]
    if line.vendor_reference:
        references.append(Reference("supplier_line", line.vendor_reference))
    return Line(
        number=str(position),
        title=line.title,
        identifiers=[
            Identifier(value, _type(kind, value)) for kind, values in line.identifiers.items() for value in values
        ],
        descriptions=[Description(name, text) for name, text in described if text],
        quantity=Decimal(line.quantity),
        list_price=line.unit_price.amount,
        references=references,
        notes=[Note("LIN", line.note)] if line.note else [],
        copies=_copies(line),
    )


def _type(kind: str, value: str) -> str:
    if kind == "isbn":
        return "isbn10" if len(value.replace("-", "")) == 10 else "isbn13"
    return kind if kind in _TYPES else "other"


def _copies(line: OrderedLine) -> list[Copy]:
    copies: list[Copy] = []
    for entry in line.copies:
        values = (
            ("branch", entry.location),
            ("fund", entry.fund_code),
            ("sequence", entry.collection),
            ("item_type", entry.item_type),
            ("shelfmark", entry.shelf_mark),
        )
        for _ in range(entry.quantity):
            copies.append(Copy(f"{len(copies) + 1:03}", [CopyField(kind, value) for kind, value in values if value]))
    return copies


def render(order: Order, profile: Profile, account: Account, reference: str, prepared: datetime) -> Rendered:
    """The bytes of one interchange with this order. ``prepared`` is the library's local time."""
    written: Prepared = interchange([documents.write(order, profile, account)], profile, account, reference, prepared)
    report = [flag_out(flag) for flag in written.report]
    if written.refused:
        told = " ".join(f"{f['text']} {f['advice']}" for f in report if f["severity"] == "error")
        return Rendered(b"", True, told, report)
    document = None
    told_words: list[dict[str, Any]] = []
    for message in Reading(written.data):
        read = documents.read(message, profile)
        document, told_words = storable(read.as_json()), sentences(read)
    return Rendered(written.data, False, "", report, document, told_words)


def letter(request: OrderSendRequested, vendor_name: str, library_name: str) -> str:
    """The order as plain text, for an e-mail or a letter to a vendor without EDI."""
    heading = "Rush order" if request.rush else "Order"
    rows = [
        f"{heading} {request.number} of {request.ordered_on.isoformat()}",
        "",
        f"To:   {vendor_name}",
        f"From: {library_name}",
    ]
    if request.account_number:
        rows.append(f"Our account with you: {request.account_number}")
    rows += ["", "Please supply:", ""]
    total = Decimal(0)
    for position, line in enumerate(request.lines, start=1):
        total += line.unit_price.amount * line.quantity
        rows.append(f"{position}. {line.title}")
        for label, value in (
            ("by", line.author),
            ("edition", line.edition),
            ("published by", " ".join(p for p in (line.publisher, line.published) if p)),
            *((kind.upper(), ", ".join(values)) for kind, values in line.identifiers.items() if values),
            ("your reference", line.vendor_reference),
            ("our reference", line.number),
            ("note", line.note),
        ):
            if value:
                rows.append(f"   {label}: {value}")
        copies = "1 copy" if line.quantity == 1 else f"{line.quantity} copies"
        rows.append(f"   {copies} at {line.unit_price.amount} {line.unit_price.currency}")
        for entry in line.copies:
            place = ", ".join(p for p in (entry.location, entry.collection, entry.shelf_mark) if p)
            if place:
                rows.append(f"   {entry.quantity} for {place}")
        rows.append("")
    rows.append(f"Total at list prices: {total} {request.currency}")
    rows += ["", "Please quote our reference on your invoice.", "", library_name]
    return "\n".join(rows).replace("\0", "") + "\n"

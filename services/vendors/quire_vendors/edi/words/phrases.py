"""Amounts, counts, days and names of things, as a librarian writes them."""

from datetime import date
from decimal import Decimal

from quire_shared.values.currencies import EXPONENTS
from quire_vendors.edi.documents.common import plain
from quire_vendors.edi.documents.parts import Identifier, Line, Party

NAMES = {
    "invoice": "Invoice", "quote": "Quote", "order": "Order", "order_change": "Order change",
    "order_response": "Order response", "despatch": "Despatch advice", "claim": "Claim", "claim_report": "Claim report",
    "acknowledgement": "Acknowledgement", "unknown": "Message",
}  # fmt: skip

FUNCTIONS = {
    "additional": "additional transmission", "replacement": "replaces an earlier one", "duplicate": "duplicate",
    "copy": "copy", "no_payment_expected": "no payment expected", "cancellation": "cancellation", "change": "change",
    "accepted": "accepted without change", "not_accepted": "not accepted", "other": "function not known",
}  # fmt: skip

OUTCOMES = {
    "accepted": "accepted", "backordered": "back-ordered", "cancelled": "canceled", "refused": "refused",
    "shipped": "will be shipped", "held": "on hold, an answer is needed", "passed_on": "passed on to another supplier",
    "changed": "accepted with a change", "unknown": "no clear answer",
}  # fmt: skip

CHARGES = {
    "tax": "tax", "delivery": "delivery", "service": "service charge", "processing": "processing",
    "cataloging": "cataloging", "discount": "discount", "other": "other charge",
}  # fmt: skip

REFERENCES = {
    "own_line": "our line", "order": "our order", "quote_line": "quote line", "supplier_line": "the supplier's line",
    "supplier_subscription": "the supplier's subscription", "library_subscription": "our subscription", "fund": "fund",
    "barcode": "barcode", "claim": "claim",
}  # fmt: skip

COPY_FIELDS = ("branch", "fund", "sequence", "item_type", "shelfmark", "class_mark", "barcode")

IDENTIFIERS = {
    "isbn13": "ISBN", "isbn10": "ISBN", "isbn": "ISBN", "issn": "ISSN", "ismn": "ISMN", "ean": "EAN", "upc": "UPC",
    "sici": "SICI", "supplier": "Supplier's number", "buyer": "Our number", "manufacturer": "Manufacturer's number",
}  # fmt: skip


def money(value: Decimal, currency: str = "", named: bool = True) -> str:
    """`18.3` USD → `18.30 USD`; never fewer decimals than the currency has, never rounded. `named`: with its code."""
    decimals = EXPONENTS.get(currency, 2)
    text = plain(value)
    whole, _, fraction = text.partition(".")
    fraction = fraction.ljust(decimals, "0")
    amount = f"{whole}.{fraction}" if fraction else whole
    return f"{amount} {currency}".strip() if named else amount


def count(number: int | Decimal, one: str, many: str) -> str:
    sign = "minus " if number < 0 else ""
    return f"{sign}{plain(abs(Decimal(number)))} {one if abs(number) == 1 else many}"


def day(value: date) -> str:
    return f"{value.day} {value:%B} {value.year}"


def party_name(party: Party | None) -> str:
    if party is None:
        return ""
    kind = {"san": "SAN ", "gln": "GLN "}.get(party.scheme, "")
    if party.name and party.id:
        return f"{party.name} ({kind}{party.id})"
    return party.name or (f"{kind}{party.id}" if party.id else "")


def identifier(entry: Identifier) -> str:
    return f"{IDENTIFIERS.get(entry.type, 'Number')} {entry.value}"


def title(line: Line) -> str:
    """Title and author, else the first identifier."""
    name = line.title
    if name and line.author:
        return f"“{name}” by {line.author}"
    if name:
        return f"“{name}”"
    known = next((entry for entry in line.identifiers if entry.value), None)
    return identifier(known) if known is not None else "a title without a name"


def best_identifier(line: Line) -> Identifier | None:
    for kind in ("isbn13", "issn", "ismn", "ean", "upc", "isbn10"):
        for entry in line.identifiers:
            if entry.type == kind and entry.value:
                return entry
    return None

"""What all readers do: the document's head from the body, and the checks that hold for every document."""

from decimal import Decimal
from typing import Any, TypeVar

from quire_vendors.edi.flags import Place
from quire_vendors.edi.syntax.model import Message

from .body import Body
from .model import Document, Source

D = TypeVar("D", bound=Document)

_MEANING = {
    "duplicate": "a duplicate of one already sent",
    "copy": "a copy",
    "cancellation": "a cancellation",
    "no_payment_expected": "not to be paid (55)",
}


def source(message: Message) -> Source:
    interchange = message.interchange
    return Source.model_construct(
        message=message.index,
        reference=message.reference,
        type=message.type,
        interchange=interchange.reference,
        sender=interchange.sender,
        sender_qualifier=interchange.sender_qualifier,
        recipient=interchange.recipient,
        recipient_qualifier=interchange.recipient_qualifier,
        prepared_on=interchange.prepared_on,
        start=message.start,
        end=message.end,
    )


def head(body: Body, default_function: str = "original") -> dict[str, Any]:
    """The fields that every document has."""
    profile = body.profile
    function = default_function
    if body.function_code:
        function = profile.meanings.functions.get(body.function_code, "other")
        if function == "other":
            body.flags.add("FUNCTION_UNKNOWN", place(body, "BGM", 2), value=body.function_code, profile=profile.profile)
    currency = next((entry.code for entry in body.currencies if entry.role == profile.invoice.currency), "")
    if not currency and body.currencies:
        currency = body.currencies[0].code
    return {
        "number": body.number,
        "code": body.code,
        "name": body.name,
        "function": function,
        "function_code": body.function_code,
        "test": body.message.interchange.test,
        "complete": body.message.complete,
        "dated": body.dated("document", "invoice"),
        "currency": currency,
        "currencies": body.currencies,
        "parties": body.parties,
        "references": body.references,
        "dates": body.dates,
        "notes": body.notes,
        "charges": body.charges,
        "taxes": body.taxes,
        "amounts": body.amounts,
        "counts": body.counts,
        "lines": body.lines,
        "source": source(body.message),
        "profile": profile.profile,
        "profile_version": profile.version,
        "quirks": profile.quirks,
        "match_keys": profile.match.keys,
    }


def place(body: Body, tag: str, element: int | None = None) -> Place:
    """The first segment of that tag, else the message's start."""
    for segment in body.message.segments:
        if segment.tag == tag:
            return segment.place(body.message.index, element)
    return body.message.segments[0].place(body.message.index)


def place_of(body: Body, at: int) -> Place:
    """The segment of that index."""
    return body.message.segments[at].place(body.message.index)


def finish(document: D, body: Body, expects_lines: bool = True) -> D:
    """Checks that hold for every document; gives it its flags. Flags that the profile calls normal become notes."""
    message, flags = body.message, body.flags
    if not document.number:
        flags.add("DOCUMENT_NUMBER_MISSING", place(body, "BGM", 1))
    if document.code and document.code not in body.profile.meanings.documents:
        flags.add("DOCUMENT_CODE_UNKNOWN", place(body, "BGM", 0), value=document.code, profile=body.profile.profile)
    if document.test:
        flags.add("NOT_FOR_BOOKING", place(body, "UNH"), meaning="a test")
    if document.function in _MEANING:
        flags.add("NOT_FOR_BOOKING", place(body, "BGM", 2), meaning=_MEANING[document.function])
    if expects_lines and not document.lines:
        flags.add("NO_LINES", place(body, "UNS"))
    for count in document.counts:
        if count.qualifier == "2" and count.value != len(document.lines):
            flags.add("LINE_COUNT", document.place(count), stated=plain(count.value), found=len(document.lines))
    document._message = message
    document._flags = [*message.flags, *flags]
    return document


def plain(value: Decimal) -> str:
    """A number without trailing zeros and without exponent: 12.50 → 12.5, 6 → 6."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def count_quantities(document: Document, body: Body) -> None:
    """CNT+1 against the sum of the lines' quantities."""
    found = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal(0))
    for count in document.counts:
        if count.qualifier == "1" and found != count.value:
            body.flags.add("QUANTITY_COUNT", document.place(count), stated=plain(count.value), found=plain(found))


def resolve_prices(body: Body) -> None:
    """Net, gross and list price of each line by the profile's meanings; the first of a meaning counts."""
    for line in body.lines:
        for price in line.prices:
            meaning = price.meaning
            if meaning in ("net", "net_with_tax"):
                if line.net_price is None or meaning == "net":
                    line.net_price = price.amount if line.net_price is None else line.net_price
            elif meaning in ("gross", "gross_with_tax"):
                if line.gross_price is None:
                    line.gross_price = price.amount
            elif meaning == "list_with_tax" and line.list_price is None:
                line.list_price = price.amount


def resolve_quantity(body: Body, *kinds: str) -> None:
    """The line's quantity: the first of the kinds that it has."""
    for line in body.lines:
        quantities = line.quantities
        for kind in kinds:
            for quantity in quantities:
                if quantity.kind == kind:
                    line.quantity = quantity.value
                    break
            else:
                continue
            break

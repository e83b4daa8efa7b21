"""Document → message, by the kind of the document."""

from quire_vendors.edi.profiles.model import Profile

from .library import Account, write_change, write_claim, write_order
from .model import Claim, ClaimReport, Despatch, Document, Invoice, Order, OrderChange, OrderResponse, Quote
from .pen import Draft
from .supplier import write_despatch, write_invoice, write_quote, write_report, write_response


def write(document: Document, profile: Profile, account: Account | None = None) -> Draft:
    """The message that says the document in the partner's dialect.

    Orders, changes and claims are written as a library sends them, with `account`; the other kinds as a supplier does.
    Raises `TypeError` for a kind of document that is only read.
    """
    match document:
        case Order():
            return write_order(document, profile, account)
        case OrderChange():
            return write_change(document, profile, account)
        case Claim():
            return write_claim(document, profile, account)
        case Quote():
            return write_quote(document, profile)
        case OrderResponse():
            return write_response(document, profile)
        case Despatch():
            return write_despatch(document, profile)
        case Invoice():
            return write_invoice(document, profile)
        case ClaimReport():
            return write_report(document, profile)
        case _:
            raise TypeError(f"A document of the kind {document.kind} is only read, not written.")

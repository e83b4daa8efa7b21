"""Which branch or account of the library a document is for, as far as the document says."""

from typing import NamedTuple

from quire_vendors.edi.documents.model import Document
from quire_vendors.edi.syntax.model import Interchange

from .model import Profile


class BranchId(NamedTuple):
    """A number of the library in what arrived. `suffix` is the vendor's own code behind the SAN, where there is one."""

    source: str
    id: str
    scheme: str = ""
    suffix: str = ""


def branch_ids(document: Document, interchange: Interchange, profile: Profile) -> list[BranchId]:
    """The numbers that may name the branch, best first by `identify.branch_from`; empty ones are left out."""
    found: list[BranchId] = []
    for source in profile.identify.branch_from:
        if source in ("buyer_party", "delivery_party"):
            role = "buyer" if source == "buyer_party" else "delivery"
            for party in document.parties:
                if party.role == role and party.id:
                    found.append(_split(source, party.id, party.scheme, profile))
        elif source == "account_reference":
            buyers = [party for party in document.parties if party.role == "buyer"]
            for party in buyers:
                found += [
                    BranchId(source, ref.value) for ref in party.references if ref.kind == "account" and ref.value
                ]
        else:
            value = interchange.recipient if source == "recipient" else interchange.recipient_routing
            if value:
                found.append(_split(source, value, interchange.recipient_qualifier, profile))
    return found


def _split(source: str, value: str, scheme: str, profile: Profile) -> BranchId:
    if profile.identify.buyer_suffix == "split":
        first, blank, suffix = value.partition(" ")
        if blank:
            return BranchId(source, first, scheme, suffix.strip())
    return BranchId(source, value, scheme)

"""What a library sends: orders, changes and claims, as the partner's profile wants them.

The profile chooses identifiers, descriptions, prices, copies, references and notes of each line; what it does not
send is reported, so that the preview can show it before anything leaves the house.
"""

import re
from dataclasses import replace
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from stdnum import ean, isbn, issn

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.profiles.orders import PartyOut

from .common import plain
from .model import Claim, Document, Order, OrderChange
from .parts import (
    Contact,
    Copy,
    CopyField,
    Dated,
    Description,
    Identifier,
    Line,
    Note,
    Party,
    Price,
    Quantity,
    Reference,
)
from .pen import Draft, Pen, code_for

_OWN = re.compile(r"[A-Za-z0-9/-]{1,35}")


class Account(BaseModel):
    """The library's numbers with a vendor. `ids` holds: account, branch, account_user, vendor, vendor_account, selector."""

    model_config = ConfigDict(extra="forbid")
    ids: dict[str, str] = Field(default_factory=dict)
    sender_qualifier: str = ""
    recipient_qualifier: str = ""
    password: str = ""
    account_number: str = ""
    vendor_number: str = ""
    vendor_code: str = ""
    name: str = ""
    address: list[str] = Field(default_factory=list)
    contact: str = ""
    contact_numbers: list[str] = Field(default_factory=list)


def write_order(order: Order, profile: Profile, account: Account | None = None) -> Draft:
    """ORDERS. Raises nothing; `Draft.report` says what the partner will not get."""
    code = profile.order.codes["rush_order" if order.rush else "order"]
    return _write("ORDERS", order, code, profile, account or Account())


def write_change(change: OrderChange, profile: Profile, account: Account | None = None) -> Draft:
    """ORDCHG: each line carries its action (2 canceled, 3 changed)."""
    code = profile.order.codes.get("order_change", "230")
    return _write("ORDCHG", change, code, profile, account or Account())


def write_claim(claim: Claim, profile: Profile, account: Account | None = None) -> Draft:
    """OSTENQ: asks for the status of order lines; the claim's number stands in RFF+ACT."""
    return _write("OSTENQ", claim, profile.order.codes["order"], profile, account or Account())


def _write(kind: str, document: Document, code: str, profile: Profile, account: Account) -> Draft:
    report = Flags(500)
    pen = Pen(kind, profile, report)
    rules = profile.order
    number = document.name if rules.number_from == "order_name" and document.name else document.number
    sent = document.model_copy(
        update={
            "number": number,
            "parties": [_party(wanted, document.party(wanted.role), account) for wanted in rules.parties],
            "dates": [entry for entry in document.dates if entry.kind in rules.dates and entry.kind != "document"],
            "notes": document.notes if rules.notes in ("header", "both") else [],
            "references": [entry for entry in document.references if entry.kind in rules.header_references],
            "currencies": [],
            "currency": document.currency,
            "charges": [],
            "taxes": [],
            "amounts": [],
        }
    )
    _report_header(document, sent, report)
    pen.head(sent, code, rules.list_agency, longest=rules.number_length)
    for position, line in enumerate(document.lines, start=1):
        pen.line(_line(line, position, kind, document, profile, account, report), position)
    pen.summary(sent, rules.counts)
    return Draft(kind, number, pen.segments, report)


def _report_header(document: Document, sent: Document, report: Flags) -> None:
    for name, values, kept in (
        ("the reference", [(entry.kind, entry.value) for entry in document.references],
         [(entry.kind, entry.value) for entry in sent.references]),
        ("the note", [(entry.subject, entry.text) for entry in document.notes],
         [(entry.subject, entry.text) for entry in sent.notes]),
        ("the party", [(entry.role, entry.id or entry.name) for entry in document.parties],
         [(entry.role, entry.id or entry.name) for entry in sent.parties]),
        ("the date", [(entry.kind, entry.text or str(entry.value)) for entry in document.dates if entry.kind != "document"],
         [(entry.kind, entry.text or str(entry.value)) for entry in sent.dates]),
    ):  # fmt: skip
        for kind, text in values:
            if (kind, text) not in kept:
                report.add("VALUE_NOT_SENT", line="header", what=f"{name} {kind}", text=text[:60])
    for name, count in (("charges", document.charges), ("taxes", document.taxes), ("amounts", document.amounts)):
        if count:
            report.add("VALUE_NOT_SENT", line="header", what=name, text=str(len(count)))


def _party(wanted: PartyOut, given: Party | None, account: Account) -> Party:
    """The party as the profile wants it: its own number wins over the account's."""
    identifier = given.id if given is not None and given.id else account.ids.get(wanted.id_from, "")
    if wanted.vendor_code == "only" and account.vendor_code:
        identifier = account.vendor_code
    elif wanted.vendor_code == "append" and account.vendor_code:
        identifier = f"{identifier} {account.vendor_code}".strip()
    party = Party(wanted.role, identifier, code="", agency=wanted.agency if identifier else "")
    if given is not None:
        party.code = given.code
        party.agency = given.agency or party.agency
    if wanted.name:
        party.name = given.name if given is not None and given.name else account.name
        party.address = given.address if given is not None and given.address else account.address
    if wanted.reference == "account" and account.account_number:
        party.references = [Reference("account", account.account_number)]
    elif wanted.reference == "vendor_number" and account.vendor_number:
        party.references = [Reference("vendor_number", account.vendor_number)]
    if wanted.contact and account.contact:
        party.contacts = [Contact("OC", account.contact, account.contact_numbers)]
    return party


def _line(
    line: Line, position: int, kind: str, document: Document, profile: Profile, account: Account, report: Flags
) -> Line:
    rules = profile.order
    number = line.number or str(position)
    if rules.line_number == "sequence":
        number = str(position)
    shown = line.number or str(position)
    result = Line(number=number, action=line.action or rules.line_action, title=line.title)
    result.identifiers = _identifiers(line, shown, profile, report)
    result.descriptions = _descriptions(line, shown, profile, report)
    quantity = line.quantity
    if quantity is None:
        quantity = next((entry.value for entry in line.quantities if entry.kind == "ordered"), None)
    if quantity is None:
        quantity = Decimal(len(line.copies) or 1)
    result.quantities = [Quantity("ordered", quantity, rules.quantity_code)]
    result.quantity = quantity
    line_dates = [entry for entry in line.dates if entry.kind in rules.dates or kind == "OSTENQ"]
    result.dates = [Dated(entry.kind, entry.value, entry.text, "", entry.format, entry.until) for entry in line_dates]
    result.copies = _copies(line, quantity, shown, profile, report)
    result.prices = [] if kind == "OSTENQ" else _prices(line, shown, profile, report)
    result.references = _references(line, position, kind, document, profile, report)
    if rules.notes in ("line", "both"):
        result.notes = [Note(entry.subject or rules.note_subject, entry.text, entry.code, entry.list, entry.agency)
                        for entry in line.notes]  # fmt: skip
        if not line.notes and rules.note_empty:
            result.notes = [Note(rules.note_subject)]
    else:
        for entry in line.notes:
            report.add("VALUE_NOT_SENT", line=shown, what="a note", text=entry.text[:60])
    result.locations = line.locations if rules.locations else []
    if line.locations and not rules.locations:
        report.add("VALUE_NOT_SENT", line=shown, what="the location", text=line.locations[0].id)
    result.parties = [
        _party(wanted, next((entry for entry in line.parties if entry.role == wanted.role), None), account)
        for wanted in rules.line_parties
        if any(entry.role == wanted.role for entry in line.parties) or account.ids.get(wanted.id_from)
    ]
    for party in line.parties:
        if party.role not in [wanted.role for wanted in rules.line_parties]:
            report.add("VALUE_NOT_SENT", line=shown, what=f"the party {party.role}", text=party.id or party.name)
    result.statuses = line.statuses if kind == "OSTENQ" else []
    return result


def valid(entry: Identifier) -> bool:
    """Whether the check digit is right; identifiers without one are always valid."""
    if entry.type in ("isbn13", "isbn10"):
        return bool(isbn.is_valid(entry.value))
    if entry.type == "issn":
        return bool(issn.is_valid(entry.value))
    if entry.type in ("ean", "upc", "ismn"):
        return bool(ean.is_valid(entry.value))
    return True


def _identifiers(line: Line, shown: str, profile: Profile, report: Flags) -> list[Identifier]:
    rules = profile.order
    wanted_first = [_type_of(name) for name in rules.line_identifier]
    chosen: Identifier | None = None
    for wanted in wanted_first:
        options = [entry for entry in line.identifiers if entry.type == wanted and entry.value]
        if rules.line_identifier_pick == "valid":
            options = [entry for entry in options if valid(entry)] or []
        if options:
            chosen = options[0]
            break
    if chosen is None and wanted_first:
        report.add("IDENTIFIER_MISSING", line=shown, wanted=", ".join(rules.line_identifier))
    result: list[Identifier] = []
    if chosen is not None:
        result.append(_out(chosen, "line", profile))
    limit = rules.additional_limit
    order = [_type_of(name) for name in rules.additional]
    rest = [entry for entry in line.identifiers if entry is not chosen or rules.repeat_line_identifier]
    for entry in sorted(rest, key=lambda entry: order.index(entry.type) if entry.type in order else len(order)):
        if entry.type in order and limit > 0 and entry.value:
            role = entry.role if entry.role in ("additional", "substitute", "part_start", "part_end") else "product"
            result.append(_out(entry, role, profile))
            limit -= 1
        elif entry.value:
            report.add("VALUE_NOT_SENT", line=shown, what=f"the identifier {entry.type}", text=entry.value)
    return result


def _type_of(name: str) -> str:
    return {"item_field": "supplier", "line_id": "buyer"}.get(name, name)


def _out(entry: Identifier, role: str, profile: Profile) -> Identifier:
    qualifier = ""
    if entry.type == "supplier":
        qualifier = profile.order.item_field_qualifier
    return Identifier(entry.value, entry.type, qualifier, role)


def _descriptions(line: Line, shown: str, profile: Profile, report: Flags) -> list[Description]:
    rules = profile.order.descriptions
    have: dict[str, str] = {}
    for entry in line.descriptions:
        if entry.field in have:
            report.add("VALUE_NOT_SENT", line=shown, what=f"a second {entry.field}", text=entry.text[:60])
        else:
            have[entry.field] = entry.text
    if line.title:
        have.setdefault("title", line.title)
    if "author" in rules.codes and "author" not in have and line.author:
        have["author"] = line.author
        for part in ("author_surname", "author_forename"):
            if part not in rules.codes:
                have.pop(part, None)
    result = [
        Description(name, have.get(name, ""), code, rules.type)
        for name, code in rules.codes.items()
        if have.get(name) or rules.empty
    ]
    for name, text in have.items():
        if name not in rules.codes:
            report.add("VALUE_NOT_SENT", line=shown, what=name, text=text[:60])
    return result


def _prices(line: Line, shown: str, profile: Profile, report: Flags) -> list[Price]:
    rules = profile.order
    have = {entry.meaning: entry for entry in reversed(line.prices)}
    for meaning, value in (("net", line.net_price), ("gross", line.gross_price)):
        if value is not None:
            have.setdefault(meaning, Price(meaning, value))
    wanted = list(rules.price)
    if line.list_price is not None and "list_with_tax" not in have:
        if wanted and "list_with_tax" not in wanted and not set(have) & set(wanted):
            # The catalog price is written as the kind of price that the partner expects.
            have[wanted[0]] = Price(wanted[0], line.list_price)
            report.add("PRICE_AS", line=shown, price=plain(line.list_price), meaning=wanted[0])
        else:
            have["list_with_tax"] = Price("list_with_tax", line.list_price)
    result = [
        Price(meaning, have[meaning].amount, code, have[meaning].price_type or rules.price_type,
              have[meaning].price_kind or rules.price_kind, have[meaning].basis)
        for meaning, code in rules.price.items()
        if meaning in have
    ]  # fmt: skip
    for meaning, entry in have.items():
        if meaning not in rules.price:
            report.add("VALUE_NOT_SENT", line=shown, what=f"the price {meaning}", text=plain(entry.amount))
    if not result:
        report.add("PRICE_MISSING", line=shown)
        if rules.price_missing == "zero" and wanted:
            result = [Price(wanted[0], Decimal(0), rules.price[wanted[0]], rules.price_type, rules.price_kind)]
    return result


def _copies(line: Line, quantity: Decimal, shown: str, profile: Profile, report: Flags) -> list[Copy]:
    rules = profile.order.copies
    if line.copies and quantity != len(line.copies) and not rules.quantity:
        report.add("COPIES_DIFFER", line=shown, quantity=plain(quantity), copies=len(line.copies))
    if not rules.send:
        for copy in line.copies[:1]:
            report.add(
                "VALUE_NOT_SENT", line=shown, what="the copies", text=copy.value("branch") or str(len(line.copies))
            )
        return []
    result: list[Copy] = []
    for position, copy in enumerate(line.copies, start=1):
        fields: list[CopyField] = []
        for kind in rules.fields:
            values = copy.values(kind) or ([""] if kind in rules.empty else [])
            replacements = rules.values.get(kind, {})
            fields += [CopyField(kind, replacements.get(value, value)) for value in values]
        for entry in copy.fields:
            if entry.kind not in rules.fields:
                report.add("VALUE_NOT_SENT", line=shown, what=f"the copy's {entry.kind}", text=entry.value)
        result.append(Copy(copy.number or f"{position:03}", fields))
    return _grouped(result) if rules.quantity else result


def _grouped(copies: list[Copy]) -> list[Copy]:
    """Equal copies as one with their number."""
    groups: dict[tuple[tuple[str, str], ...], int] = {}
    for copy in copies:
        key = tuple((entry.kind, entry.value) for entry in copy.fields)
        groups[key] = groups.get(key, 0) + 1
    return [
        Copy(
            f"{position:03}", [*(CopyField(kind, value) for kind, value in key), CopyField("part_quantity", str(count))]
        )
        for position, (key, count) in enumerate(groups.items(), start=1)
    ]


def _references(
    line: Line, position: int, kind: str, document: Document, profile: Profile, report: Flags
) -> list[Reference]:
    rules = profile.order
    wanted = list(rules.references)
    if kind == "OSTENQ":
        wanted += [name for name in ("claim", "order") if name not in wanted]
    shown = line.number or str(position)
    own = line.referred("own_line") or [line.number or str(position)]
    result: list[Reference] = []
    for name in wanted:
        if name == "own_line":
            value = own_reference_out(own[0], document.number, position, rules.own_line)
            if not _OWN.fullmatch(value):
                report.add("LINE_REFERENCE_BAD", line=shown, text=value)
            result.append(Reference(name, value))
        else:
            for entry in line.references:
                if entry.kind == name and entry.value:
                    result.append(replace(entry, qualifier=code_for(profile.meanings.references, name)))
    for value in own[1:]:
        report.add("VALUE_NOT_SENT", line=shown, what="a second reference own_line", text=value)
    for entry in line.references:
        if entry.kind not in wanted and entry.value:
            report.add("VALUE_NOT_SENT", line=shown, what=f"the reference {entry.kind}", text=entry.value)
    return result


def own_reference_out(value: str, order: str, position: int, shape: str) -> str:
    """The line's reference in the shape that the profile wants; one that holds the order's number stays as it is."""
    if shape == "sequence":
        return str(position)
    if shape == "id" or "/" in value or not order or value.startswith(f"{order}-"):
        return value
    return f"{order}/{value}" if shape == "order/line" else f"{order}-{value}"

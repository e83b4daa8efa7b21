"""Writes the parts of a document as segments, in the order of the D.96A directory, and notes what it had to change.

Segments are `(tag, elements)` with elements as text or as a list of components; the syntax layer escapes them and
adds service segments. Lengths are those of D.96A; a text that is cut is reported, never silently.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile

from .common import plain
from .groups import NOTE_WIDTH
from .model import Currency, Document, PaymentTerms
from .parts import (
    Amount,
    Charge,
    Copy,
    Dated,
    Description,
    Identifier,
    Line,
    Location,
    Note,
    Party,
    Price,
    Quantity,
    Reference,
    Status,
    Tax,
)

Element = str | list[str]
Segments = list[tuple[str, list[Element]]]

HEADER: dict[str, str] = {
    "ORDERS": "DTM FTX RFF NAD TAX CUX PAT ALC",
    "ORDCHG": "DTM FTX RFF NAD TAX CUX PAT ALC",
    "ORDRSP": "DTM FTX RFF NAD TAX CUX PAT ALC",
    "QUOTES": "DTM FTX RFF TAX CUX PAT NAD ALC",
    "INVOIC": "DTM FTX RFF NAD TAX CUX PAT ALC",
    "DESADV": "DTM RFF NAD",
    "OSTENQ": "DTM FTX RFF NAD CUX",
    "OSTRPT": "DTM FTX RFF NAD CUX",
}
LINE: dict[str, str] = {
    "ORDERS": "PIA IMD QTY DTM MOA GIR FTX PRI RFF LOC TAX NAD ALC",
    "ORDCHG": "PIA IMD QTY DTM MOA GIR FTX PRI RFF LOC TAX NAD ALC",
    "ORDRSP": "PIA IMD QTY DTM MOA GIR FTX PRI RFF LOC TAX NAD ALC",
    "QUOTES": "PIA IMD QTY DTM GIR FTX MOA PRI RFF LOC TAX NAD ALC",
    "INVOIC": "PIA IMD QTY DTM GIR FTX MOA PRI RFF LOC TAX NAD ALC",
    "DESADV": "PIA IMD QTY GIR DTM FTX MOA RFF LOC",
    "OSTENQ": "PIA IMD STS QTY DTM FTX RFF LOC",
    "OSTRPT": "PIA IMD STS QTY DTM FTX RFF LOC",
}
SUMMARY: dict[str, str] = {
    "ORDERS": "UNS MOA CNT ALC",
    "ORDCHG": "UNS MOA CNT ALC",
    "ORDRSP": "UNS MOA CNT ALC",
    "QUOTES": "UNS MOA CNT ALC",
    "INVOIC": "UNS CNT MOA TAX ALC",
    "DESADV": "CNT",
    "OSTENQ": "UNS CNT",
    "OSTRPT": "UNS CNT",
}
"""Groups in the order of the directory (OSTENQ and OSTRPT, D.97A, as EDItEUR uses them with D.96A)."""

_PIA_FUNCTIONS = {
    "additional": "1",
    "substitute": "2",
    "substituted_by": "3",
    "part_start": "5S",
    "part_end": "5E",
}


@dataclass(frozen=True)
class Draft:
    """A message that is ready for the syntax layer, and what writing it changed (`report`)."""

    type: str
    number: str
    segments: Segments
    report: Flags = field(default_factory=Flags)


def code_for(meanings: dict[str, str], kind: str) -> str:
    """The first code with that meaning, or empty."""
    return next((code for code, meaning in meanings.items() if meaning == kind), "")


def cut(text: str, width: int, join: str) -> list[str]:
    """Pieces of at most `width` characters that the profile's way of joining puts together again.

    With `width` a full piece is joined without a blank and a shorter one with a blank: so a piece ends either full,
    or at a blank that is left out.
    """
    text = " ".join(text.split())
    pieces: list[str] = []
    while len(text) > width:
        at = width
        if join == "blank" or (join == "width" and " " in (text[width], text[width - 1])):
            found = text.rfind(" ", 1, width if text[width] != " " or join == "width" else width + 1)
            if found > 0:
                pieces.append(text[:found])
                text = text[found + 1 :]
                continue
        pieces.append(text[:at])
        text = text[at:]
    if text:
        pieces.append(text)
    return pieces


class Pen:
    """Writes one message. `report` collects what was cut or left out."""

    def __init__(self, kind: str, profile: Profile, report: Flags) -> None:
        self.kind = kind
        self.profile = profile
        self.report = report
        self.segments: Segments = []
        self._mark = profile.envelope.delimiters[2]

    # --- elementary --------------------------------------------------------------------------------------------

    def put(self, tag: str, *elements: Element) -> None:
        """Adds a segment without the empty elements and components at its end."""
        kept: list[Element] = []
        for element in elements:
            if isinstance(element, list):
                while element and not element[-1]:
                    element = element[:-1]
                kept.append(element if element else "")
            else:
                kept.append(element)
        while kept and not kept[-1]:
            kept.pop()
        self.segments.append((tag, kept))

    def number(self, value: Decimal) -> str:
        text = plain(value)
        return text.replace(".", self._mark) if self._mark != "." else text

    def fit(self, text: str, most: int, what: str) -> str:
        """The text, cut to `most` characters; a cut is reported."""
        if len(text) <= most:
            return text
        self.report.add("ELEMENT_TOO_LONG", what=what, text=text[:80], most=most, cut=text[:most])
        return text[:most]

    # --- header ------------------------------------------------------------------------------------------------

    def head(self, document: Document, code: str, agency: str = "", name: str = "", longest: int = 35) -> None:
        number = self.fit(document.number, longest, "The document's number")
        function = document.function_code or code_for(dict(self.profile.meanings.functions), document.function)
        self.put("BGM", [code, "", agency, name], number, function)
        dates = document.dates
        if document.dated is not None and not any(entry.kind == "document" for entry in dates):
            dates = [Dated("document", document.dated), *dates]
        for tag in HEADER[self.kind].split():
            if tag == "DTM":
                self.dates(dates)
            elif tag == "FTX":
                self.notes(document.notes, "GEN")
            elif tag == "RFF":
                self.references(document.references)
            elif tag == "NAD":
                for party in document.parties:
                    self.party(party)
            elif tag == "CUX":
                self.currencies(document)
            elif tag == "PAT":
                for term in getattr(document, "terms", []):
                    self.term(term)
            elif tag == "ALC":
                for charge in document.charges:
                    if charge.level == "header":
                        self.charge(charge)

    def dates(self, dates: Iterable[Dated]) -> None:
        meanings = self.profile.meanings.dates
        for entry in dates:
            qualifier = entry.qualifier or code_for(meanings, entry.kind)
            if entry.until is not None and entry.value is not None:
                self.put("DTM", [qualifier, _day(entry.value) + _day(entry.until), "718"])
            elif entry.value is not None:
                self.put("DTM", [qualifier, _day(entry.value), "102"])
            elif entry.text:
                self.put("DTM", [qualifier, self.fit(entry.text, 35, "A date"), entry.format])

    def notes(self, notes: Iterable[Note], subject: str) -> None:
        for note in notes:
            pieces = cut(note.text, NOTE_WIDTH, "width")
            if len(pieces) > 5:
                kept = pieces[:5]
                self.report.add(
                    "ELEMENT_TOO_LONG", what="A note", text=note.text[:80], most=5 * NOTE_WIDTH, cut=kept[-1]
                )
                pieces = kept
            coded = [note.code, note.list, note.agency] if note.code else ""
            self.put("FTX", note.subject or subject, "", coded, pieces)

    def references(self, references: Iterable[Reference]) -> None:
        for entry in references:
            qualifier = entry.qualifier or code_for(self.profile.meanings.references, entry.kind)
            self.put("RFF", [qualifier, self.fit(entry.value, 35, f"The reference {qualifier}"), entry.line])
            if entry.dated is not None:
                self.put("DTM", ["171", _day(entry.dated), "102"])

    def party(self, party: Party) -> None:
        code = party.code or code_for(self.profile.meanings.parties, party.role)
        identifier = [self.fit(party.id, 35, "A party's number"), "", party.agency] if party.id else ""
        name = [
            self.fit(piece, 35, "A party's name") for piece in cut(party.name, 35, self.profile.descriptions.join)[:5]
        ]
        street = [self.fit(text, 35, "An address") for text in party.address[:4]]
        self.put("NAD", code, identifier, "", name, street)
        self.references(party.references)
        for contact in party.contacts:
            self.put("CTA", contact.function or "OC", ["", self.fit(contact.name, 35, "A contact's name")])
            for number in contact.numbers:
                self.put("COM", [number, "EM" if "@" in number else "TE"])

    def currencies(self, document: Document) -> None:
        qualifier = self.profile.order.currency_qualifier if self.kind in ("ORDERS", "ORDCHG") else "4"
        listed = document.currencies or (
            [Currency(role="reference", code=document.currency)] if document.currency else []
        )
        if not listed or not qualifier:
            return
        roles = {"reference": "2", "target": "3"}
        elements: list[Element] = [[roles.get(entry.role, "2"), entry.code, qualifier] for entry in listed[:2]]
        rate = next((entry.rate for entry in listed if entry.rate is not None), None)
        if rate is not None:
            elements = [*elements, *([""] * (2 - len(elements))), self.number(rate)]
        self.put("CUX", *elements)

    def term(self, term: PaymentTerms) -> None:
        days = self.number(term.days) if term.days is not None else ""
        self.put("PAT", term.type or "1", "", ["5", "3", term.unit or "D", days] if days else "")
        if term.due is not None:
            self.put("DTM", [code_for(self.profile.meanings.dates, "due"), _day(term.due), "102"])

    # --- lines -------------------------------------------------------------------------------------------------

    def line(self, line: Line, position: int) -> None:
        first = next((entry for entry in line.identifiers if entry.role == "line"), None)
        composite = [self.fit(first.value, 35, "An identifier"), self.qualifier(first)] if first is not None else ""
        self.put("LIN", line.number or str(position), line.action, composite)
        for tag in LINE[self.kind].split():
            if tag == "PIA":
                for entry in line.identifiers:
                    if entry.role != "line":
                        self.identifier(entry)
            elif tag == "IMD":
                self.descriptions(line)
            elif tag == "STS":
                self.statuses(line.statuses)
            elif tag == "QTY":
                self.quantities(line.quantities)
            elif tag == "DTM":
                self.dates(line.dates)
            elif tag == "MOA":
                self.amounts(line.amounts)
            elif tag == "GIR":
                for copy in line.copies:
                    self.copy(copy)
            elif tag == "FTX":
                self.notes(line.notes, self.profile.order.note_subject)
            elif tag == "PRI":
                for price in line.prices:
                    self.price(price)
            elif tag == "RFF":
                self.references(line.references)
            elif tag == "LOC":
                for location in line.locations:
                    self.location(location)
            elif tag == "TAX":
                for tax in line.taxes:
                    self.tax(tax)
            elif tag == "NAD":
                for party in line.parties:
                    self.party(party)
            elif tag == "ALC":
                for charge in line.charges:
                    self.charge(charge)

    def qualifier(self, entry: Identifier) -> str:
        if entry.qualifier:
            return entry.qualifier
        if entry.type == "isbn13":
            return self.profile.order.isbn13_qualifier
        if entry.type == "isbn10":
            return code_for(self.profile.meanings.identifiers, "isbn") or "IB"
        return code_for(self.profile.meanings.identifiers, entry.type) or "EN"

    def identifier(self, entry: Identifier) -> None:
        function = _PIA_FUNCTIONS.get(entry.role, self.profile.order.pia_function)
        self.put("PIA", function, [self.fit(entry.value, 35, "An identifier"), self.qualifier(entry)])

    def descriptions(self, line: Line) -> None:
        rules = self.profile.order.descriptions
        left = rules.most
        for entry in line.descriptions:
            pieces = cut(entry.text, self.profile.descriptions.width, self.profile.descriptions.join)
            rows = [pieces[at : at + rules.pieces] for at in range(0, len(pieces), rules.pieces)] or [[]]
            if len(rows) > left:
                self.report.add("PIECES_DROPPED", line=line.number, what=entry.field, count=len(rows) - left)
                rows = rows[:left]
            left -= len(rows)
            for row in rows:
                self._description(entry, row)

    def _description(self, entry: Description, row: list[str]) -> None:
        code = entry.code or code_for(self.profile.meanings.descriptions, entry.field)
        self.put("IMD", entry.type or self.profile.order.descriptions.type, code, ["", "", "", *row])

    def statuses(self, statuses: Iterable[Status]) -> None:
        for entry in statuses:
            reason = [entry.reason, "", "", entry.text] if entry.reason or entry.text else ""
            self.put("STS", entry.category, entry.code, reason)

    def quantities(self, quantities: Iterable[Quantity]) -> None:
        for entry in quantities:
            qualifier = entry.qualifier or code_for(self.profile.meanings.quantities, entry.kind)
            self.put("QTY", [qualifier, self.number(entry.value), entry.unit])

    def amounts(self, amounts: Iterable[Amount]) -> None:
        for entry in amounts:
            qualifier = entry.qualifier or code_for(self.profile.meanings.amounts, entry.kind)
            self.put("MOA", [qualifier, self.number(entry.value), entry.currency])

    def price(self, entry: Price) -> None:
        qualifier = entry.qualifier or code_for(dict(self.profile.meanings.prices), entry.meaning)
        basis = self.number(entry.basis) if entry.basis is not None else ""
        self.put("PRI", [qualifier, self.number(entry.amount), entry.price_type, entry.price_kind, basis])

    def copy(self, copy: Copy) -> None:
        most = self.profile.order.copies.pairs_per_segment
        pairs = [
            [
                self.fit(entry.value, 35, "A copy's value"),
                entry.qualifier or code_for(self.profile.meanings.copies, entry.kind),
            ]
            for entry in copy.fields
        ]
        for at in range(0, len(pairs), most):
            self.put("GIR", copy.number, *pairs[at : at + most])

    def location(self, entry: Location) -> None:
        qualifier = entry.qualifier or code_for(self.profile.meanings.locations, entry.kind)
        self.put("LOC", qualifier, [self.fit(entry.id, 35, "A location"), "", entry.agency])
        if entry.quantity is not None:
            self.quantities([entry.quantity])

    def tax(self, entry: Tax) -> None:
        rate = ["", "", "", self.number(entry.rate)] if entry.rate is not None else ""
        self.put("TAX", entry.function or "7", entry.type, "", "", rate, entry.category)
        self.amounts(entry.amounts)

    def charge(self, entry: Charge) -> None:
        code = entry.code or code_for(self.profile.meanings.charges, entry.meaning)
        self.put("ALC", "A" if entry.allowance else "C", "", "", "", [code, "", "28" if code else "", entry.text])
        if entry.quantity is not None:
            self.quantities([entry.quantity])
        if entry.percentage is not None:
            self.put("PCD", ["3", self.number(entry.percentage)])
        amounts = entry.amounts
        if not amounts and entry.amount is not None:
            amounts = [Amount("charge", abs(entry.amount), "8", entry.currency)]
        self.amounts(amounts)
        if entry.rate is not None:
            self.put("RTE", ["1", self.number(entry.rate)])
        for tax in entry.taxes:
            self.tax(tax)

    # --- summary -----------------------------------------------------------------------------------------------

    def summary(self, document: Document, counts: Iterable[str]) -> None:
        wanted = tuple(counts)
        for tag in SUMMARY[self.kind].split():
            if tag == "UNS":
                self.put("UNS", "S")
            elif tag == "CNT":
                if "1" in wanted:
                    total = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal(0))
                    self.put("CNT", ["1", self.number(total)])
                if "2" in wanted:
                    self.put("CNT", ["2", str(len(document.lines))])
            elif tag == "MOA":
                self.amounts(document.amounts)
            elif tag == "TAX":
                for tax in document.taxes:
                    self.tax(tax)
            elif tag == "ALC":
                for charge in document.charges:
                    if charge.level == "summary":
                        self.charge(charge)


def _day(value: date) -> str:
    return value.strftime("%Y%m%d") if value.year >= 1000 else f"{value.year:04}{value:%m%d}"

"""Reads the segments of a trade message into header, lines and summary, by the groups of D.96A.

Segments that follow a group's first segment belong to it until another group begins: amounts after ALC are the
charge's, after TAX the tax's, references after NAD the party's. The groups are those of
`../shared/reference/edifact_d96a_structures.txt`, read tolerantly: order is not enforced.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message, Segment

from . import flags as _registered  # noqa: F401
from .model import Count, Currency, Package, PaymentTerms
from .numbers import Numbers, day
from .parts import (
    Amount,
    Charge,
    Contact,
    Copy,
    CopyField,
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

Elements = list[list[str]]
Handler = Callable[[Segment, Elements], None]

_ROLES = {"1": "additional", "2": "substitute", "3": "substituted_by", "4": "substitute", "5": "product",
          "5S": "part_start", "1S": "part_start", "5E": "part_end"}  # fmt: skip
_NO_ELEMENT = [""]
NOTE_WIDTH = 70
"""Length of a full piece of free text (4440 in D.96A)."""
_PASSED_OVER = frozenset(
    {
        "UNH",
        "UNT",
        "UNS",
        "ALI",
        "PAI",
        "MEA",
        "TOD",
        "TDT",
        "FII",
        "DOC",
        "ERC",
        "INP",
        "AJT",
        "RNG",
        "APR",
        "SCC",
        "EQD",
        "PGI",
    }
)
"""Segments that are known and carry nothing that Quire acts upon."""


class Body:
    """Header, lines and summary of one message. Everything a reader of a document type needs is an attribute."""

    def __init__(self, message: Message, profile: Profile) -> None:
        self.message = message
        self.profile = profile
        self.flags = Flags()
        meanings = profile.meanings
        self._references = meanings.references
        self._identifiers = meanings.identifiers
        self._dates = meanings.dates
        self._quantities = meanings.quantities
        self._prices = meanings.prices
        self._amounts = meanings.amounts
        self._described = meanings.descriptions
        self._copies = meanings.copies
        self._charges = meanings.charges
        self._join = profile.descriptions.join
        self._width = profile.descriptions.width
        self._title_identifier = profile.descriptions.title_identifier
        self._own_line_identifier = profile.match.own_line_identifier
        self._totals = profile.invoice.totals
        self._charge_amounts = profile.invoice.charge_amounts
        self._number = Numbers(message.delimiters.decimal.decode("latin-1") or ".").read

        self.code = self.name = self.list_agency = self.number = self.function_code = ""
        self.response_type = ""
        self.currencies: list[Currency] = []
        self.parties: list[Party] = []
        self.references: list[Reference] = []
        self.dates: list[Dated] = []
        self.notes: list[Note] = []
        self.charges: list[Charge] = []
        self.taxes: list[Tax] = []
        self.amounts: list[Amount] = []
        self.counts: list[Count] = []
        self.terms: list[PaymentTerms] = []
        self.packages: list[Package] = []
        self.lines: list[Line] = []
        self.line: Line | None = None
        self.level = "header"
        self._charge: Charge | None = None
        self._tax: Tax | None = None
        self._party: Party | None = None
        self._reference: Reference | None = None
        self._location: Location | None = None
        self._term: PaymentTerms | None = None
        self._in_package = False
        self._last_description: tuple[Description, int] | None = None
        self._read()

    def _read(self) -> None:
        handlers: dict[str, Handler] = {
            "BGM": self._bgm, "DTM": self._dtm, "RFF": self._rff, "NAD": self._nad, "CTA": self._cta, "COM": self._com,
            "CUX": self._cux, "PAT": self._pat, "ALC": self._alc, "MOA": self._moa, "PCD": self._pcd, "RTE": self._rte,
            "TAX": self._tax_, "FTX": self._ftx, "LIN": self._lin, "PIA": self._pia, "IMD": self._imd, "QTY": self._qty,
            "PRI": self._pri, "GIR": self._gir, "LOC": self._loc, "UNS": self._uns, "CNT": self._cnt, "CPS": self._cps,
            "PAC": self._pac, "PCI": self._pci, "GIN": self._gin, "STS": self._sts,
        }  # fmt: skip
        for segment in self.message.segments:
            handler = handlers.get(segment.tag)
            if handler is not None:
                if segment.elements:
                    handler(segment, segment.elements)
            elif segment.tag not in _PASSED_OVER:
                self.flags.add("SEGMENT_UNUSED", segment.place(self.message.index), tag=segment.tag)
        self._finish_line()

    # --- numbers -----------------------------------------------------------------------------------------------

    def _value(self, segment: Segment, text: str, element: int, component: int, what: str) -> Decimal | None:
        value, flag = self._number(text)
        if flag:
            place = segment.place(self.message.index, element, component)
            self.flags.add(flag, place, what=f"{what} ({segment.tag})", text=text[:40])
        return value

    # --- header ------------------------------------------------------------------------------------------------

    def _bgm(self, segment: Segment, el: Elements) -> None:
        first = el[0]
        self.code = first[0].strip()
        self.list_agency = first[2] if len(first) > 2 else ""
        self.name = first[3].strip() if len(first) > 3 else ""
        self.number = segment.get(1).strip()
        self.function_code = segment.get(2).strip()
        self.response_type = segment.get(3).strip()

    def _cux(self, segment: Segment, el: Elements) -> None:
        if self.line is not None:
            return
        self._party = None
        rate = self._value(segment, segment.get(2), 2, 0, "The rate of exchange")
        for index, composite in enumerate(el[:2]):
            if len(composite) > 1 and composite[1]:
                role = {"2": "reference", "3": "target"}.get(composite[0], "other")
                self.currencies.append(
                    Currency(
                        role=role, code=composite[1].strip().upper(), rate=rate if index else None, at=segment.index
                    )
                )

    def _pat(self, segment: Segment, el: Elements) -> None:
        term = PaymentTerms(type=el[0][0], at=segment.index)
        if len(el) > 2:
            composite = el[2]
            term.unit = composite[2] if len(composite) > 2 else ""
            if len(composite) > 3:
                term.days = self._value(segment, composite[3], 2, 3, "The term of payment")
        self._term = term
        if self.line is None:
            self.terms.append(term)

    def _nad(self, segment: Segment, el: Elements) -> None:
        code = el[0][0].strip()
        party = Party(self.profile.meanings.parties.get(code, "other"), code=code, at=segment.index)
        if len(el) > 1:
            composite = el[1]
            party.id = composite[0].strip()
            party.agency = composite[2].strip() if len(composite) > 2 else ""
        if not party.agency and len(el) == 3 and len(el[2]) == 1 and len(el[2][0]) <= 3:
            party.agency = el[2][0].strip()  # NAD+SU+1694901+31B: the agency slipped into the next element
        elif len(el) > 2:
            party.address = [text for text in el[2] if text.strip()]
        party.scheme = self.profile.meanings.agencies.get(party.agency, "other" if party.agency else "")
        if len(el) > 3:
            party.name = " ".join(text.strip() for text in el[3] if text.strip())
        for composite in el[4:]:
            party.address.extend(text.strip() for text in composite if text.strip())
        self._party = party
        self._leave_group()
        self._party = party
        (self.parties if self.line is None else self.line.parties).append(party)

    def _cta(self, segment: Segment, el: Elements) -> None:
        if self._party is not None:
            name = " ".join(text for text in (segment.get(1, 1), segment.get(1)) if text)
            self._party.contacts.append(Contact(el[0][0], name, at=segment.index))

    def _com(self, segment: Segment, el: Elements) -> None:
        if self._party is not None and self._party.contacts:
            self._party.contacts[-1].numbers.extend(composite[0] for composite in el if composite[0])

    def _leave_group(self) -> None:
        self._charge = self._tax = self._reference = self._location = self._term = None

    # --- both --------------------------------------------------------------------------------------------------

    def _dtm(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        qualifier = composite[0]
        text = composite[1] if len(composite) > 1 else ""
        form = composite[2] if len(composite) > 2 else ""
        if not text:
            return
        value, until = day(text, form)
        if value is None:
            self.flags.add("DATE_UNREADABLE", segment.place(self.message.index, 0, 1), text=text[:40], form=form)
        kind = self._dates.get(qualifier, "other")
        if kind == "reference" and self._reference is not None:
            self._reference.dated = value
            return
        if kind == "due" and self._term is not None:
            self._term.due = value
        dated = Dated(kind, value, text, qualifier, form, until, segment.index)
        (self.dates if self.line is None else self.line.dates).append(dated)

    def _rff(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        qualifier = composite[0]
        reference = Reference(
            self._references.get(qualifier, "other"),
            composite[1].strip() if len(composite) > 1 else "",
            qualifier,
            composite[2] if len(composite) > 2 else "",
            None,
            segment.index,
        )
        self._reference = reference
        self._location = None
        if self.line is not None:
            self.line.references.append(reference)
        elif self._party is not None:
            self._party.references.append(reference)
        else:
            self.references.append(reference)

    def _ftx(self, segment: Segment, el: Elements) -> None:
        coded = el[2] if len(el) > 2 else _NO_ELEMENT
        text = ""
        last = 0
        for piece in el[3] if len(el) > 3 else ():
            if piece:
                text = f"{text}{piece}" if last >= NOTE_WIDTH else f"{text} {piece}".lstrip()
                last = len(piece)
        note = Note(
            el[0][0],
            text,
            coded[0],
            coded[1] if len(coded) > 1 else "",
            coded[2] if len(coded) > 2 else "",
            segment.index,
        )
        (self.notes if self.line is None else self.line.notes).append(note)

    def _alc(self, segment: Segment, el: Elements) -> None:
        composite = el[4] if len(el) > 4 else _NO_ELEMENT
        code = composite[0].strip()
        if not code and len(el) > 3 and el[3][0] and not el[3][0].isdigit():
            code = el[3][0].strip()  # ALC+C++6++C&P is regular; ALC+C+++C&P was seen as well
        charge = Charge(
            allowance=el[0][0] == "A",
            meaning=self._charges.get(code, "other"),
            code=code,
            text=" ".join(composite[3:5]).strip() if len(composite) > 3 else "",
            level=self.level,
            at=segment.index,
        )
        self._tax = self._reference = self._location = self._term = None
        self._party = None
        self._charge = charge
        (self.charges if self.line is None else self.line.charges).append(charge)

    def _pcd(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if len(composite) > 1:
            value = self._value(segment, composite[1], 0, 1, "The percentage")
            if self._charge is not None:
                self._charge.percentage = value
            elif self._term is not None:
                self._term.percentage = value

    def _rte(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if self._charge is not None and len(composite) > 1:
            self._charge.rate = self._value(segment, composite[1], 0, 1, "The rate")

    def _tax_(self, segment: Segment, el: Elements) -> None:
        tax = Tax(
            el[1][0] if len(el) > 1 else "",
            None,
            el[5][0] if len(el) > 5 else "",
            el[0][0],
            at=segment.index,
        )
        if len(el) > 4:
            detail = el[4]
            if len(detail) > 3:
                tax.rate = self._value(segment, detail[3], 4, 3, "The tax rate")
            if not tax.category and len(detail) == 1 and detail[0].isalpha():
                tax.category = detail[0]
        self._tax = tax
        if self._charge is not None and (self.line is not None or self.level == "header"):
            self._charge.taxes.append(tax)
        else:
            self._charge = None
            (self.taxes if self.line is None else self.line.taxes).append(tax)

    def _moa(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if len(composite) < 2:
            return
        qualifier, text = composite[0], composite[1]
        value, flag = self._number(text)
        if flag:
            value = self._value(segment, text, 0, 1, "The amount")
        if value is None:
            return
        amount = Amount(
            self._amounts.get(qualifier, "other"),
            value,
            qualifier,
            composite[2].strip().upper() if len(composite) > 2 else "",
            segment.index,
        )
        if self._tax is not None and amount.kind in ("tax", "taxable"):
            self._tax.amounts.append(amount)
            return
        charge = self._charge
        if charge is not None and not (self.level == "summary" and qualifier in self._totals):
            charge.amounts.append(amount)
            if charge.amount is None and qualifier in self._charge_amounts:
                charge.amount = -value if charge.allowance else value
                charge.currency = amount.currency
        elif self.line is not None:
            self.line.amounts.append(amount)
        else:
            self.amounts.append(amount)

    # --- lines -------------------------------------------------------------------------------------------------

    def _lin(self, segment: Segment, el: Elements) -> None:
        self._finish_line()
        if self.level == "summary":
            self.flags.add("LINE_AFTER_SUMMARY", segment.place(self.message.index))
        line = Line(number=el[0][0], action=el[1][0] if len(el) > 1 else "", at=segment.index)
        self._leave_group()
        self._party = None
        self._last_description = None
        self.line = line
        self.level = "line"
        if self._in_package and self.packages:
            line.package = self.packages[-1].number
        if len(el) > 2:
            composite = el[2]
            value = composite[0].strip()
            qualifier = composite[1] if len(composite) > 1 else ""
            if value:
                line.identifiers.append(
                    Identifier(value, self._type(value, qualifier), qualifier, "line", segment.index, 2)
                )
        self.lines.append(line)

    def _type(self, value: str, qualifier: str) -> str:
        kind = self._identifiers.get(qualifier, "other" if qualifier else "ean")
        if kind in ("ean", "isbn"):
            if len(value) == 13 and value[:3] in ("978", "979"):
                return "ismn" if value[3] == "0" and value[2] == "9" else "isbn13"
            if kind == "isbn" or not qualifier:
                bare = value.replace("-", "")
                if len(bare) == 10:
                    return "isbn10"
                if len(bare) == 13 and bare[:3] in ("978", "979"):
                    return "isbn13"
        return kind

    def _pia(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        role = _ROLES.get(el[0][0], "product")
        identifiers = line.identifiers
        for position in range(1, len(el)):
            composite = el[position]
            value = composite[0].strip()
            if value:
                qualifier = composite[1] if len(composite) > 1 else ""
                identifiers.append(
                    Identifier(value, self._type(value, qualifier), qualifier, role, segment.index, position)
                )

    def _imd(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        code = el[1][0] if len(el) > 1 else ""
        composite = el[2] if len(el) > 2 else _NO_ELEMENT
        pieces = composite[3:5] if len(composite) > 3 else ()
        text = ""
        last = 0
        for piece in pieces:
            if piece:
                text = self._joined(text, piece, last) if text else piece
                last = len(piece)
        if not text:
            return
        name = self._described.get(code, "title" if not code else "other")
        previous = self._last_description
        if previous is not None:
            description, length = previous
            if description.code == code and (name == "title" or length >= self._width):
                description.text = self._joined(description.text, text, length)
                self._last_description = (description, last)
                return
        description = Description(name, text, code, el[0][0], segment.index)
        line.descriptions.append(description)
        self._last_description = (description, last)

    def _joined(self, text: str, piece: str, last: int) -> str:
        if self._join == "tight" or (self._join == "width" and last >= self._width):
            return text + piece
        return f"{text} {piece}"

    def _qty(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if len(composite) < 2:
            return
        value = self._value(segment, composite[1], 0, 1, "The quantity")
        if value is None:
            return
        qualifier = composite[0]
        quantity = Quantity(
            self._quantities.get(qualifier, "other"),
            value,
            qualifier,
            composite[2] if len(composite) > 2 else "",
            segment.index,
        )
        if self._charge is not None:
            self._charge.quantity = quantity
        elif self._location is not None:
            self._location.quantity = quantity
        elif self.line is not None:
            self.line.quantities.append(quantity)

    def _pri(self, segment: Segment, el: Elements) -> None:
        line = self.line
        composite = el[0]
        if line is None or len(composite) < 2:
            return
        amount, flag = self._number(composite[1])
        if flag:
            amount = self._value(segment, composite[1], 0, 1, "The price")
        if amount is None:
            return
        self._leave_group()
        qualifier = composite[0]
        price = Price(
            self._prices.get(qualifier, "other"),
            amount,
            qualifier,
            composite[2] if len(composite) > 2 else "",
            composite[3] if len(composite) > 3 else "",
            self._value(segment, composite[4], 0, 4, "The price basis") if len(composite) > 4 else None,
            segment.index,
        )
        line.prices.append(price)

    def _gir(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        number = el[0][0].strip()
        copy = next((known for known in reversed(line.copies) if known.number == number), None) if number else None
        if copy is None:
            copy = Copy(number, at=segment.index)
            line.copies.append(copy)
        for composite in el[1:]:
            qualifier = composite[1] if len(composite) > 1 else ""
            if composite[0] or qualifier:
                copy.fields.append(
                    CopyField(self._copies.get(qualifier, "other"), composite[0], qualifier, segment.index)
                )

    def _loc(self, segment: Segment, el: Elements) -> None:
        composite = el[1] if len(el) > 1 else _NO_ELEMENT
        location = Location(
            self.profile.meanings.locations.get(el[0][0], "other"),
            composite[0],
            el[0][0],
            composite[2] if len(composite) > 2 else "",
            at=segment.index,
        )
        self._leave_group()
        self._location = location
        if self.line is not None:
            self.line.locations.append(location)

    def _sts(self, segment: Segment, el: Elements) -> None:
        if self.line is not None:
            self.line.statuses.append(
                Status(segment.get(1), el[0][0], segment.get(2), segment.get(2, 3), segment.index)
            )

    def _finish_line(self) -> None:
        line = self.line
        if line is None:
            return
        parts = [entry.text for entry in line.descriptions if entry.field == "title"]
        if parts:
            line.title = " ".join(parts[0].split())
        elif self._title_identifier:
            line.title = next((x.value for x in line.identifiers if x.qualifier == self._title_identifier), "")
        if self._own_line_identifier:
            line.references += [
                Reference("own_line", entry.value, entry.qualifier, at=entry.at)
                for entry in line.identifiers
                if entry.role == self._own_line_identifier and entry.type == "supplier"
            ]
        self.line = None

    # --- despatch and summary ----------------------------------------------------------------------------------

    def _cps(self, segment: Segment, el: Elements) -> None:
        self._finish_line()
        self._leave_group()
        self._party = None
        self.packages.append(Package(number=el[0][0], parent=segment.get(1), at=segment.index))
        self._in_package = True

    def _pac(self, segment: Segment, el: Elements) -> None:
        if self.packages and self.line is None:
            self.packages[-1].quantity = self._value(segment, el[0][0], 0, 0, "The number of packages")
            self.packages[-1].type = segment.get(2)

    def _pci(self, segment: Segment, el: Elements) -> None:
        if self.packages and self.line is None:
            self.packages[-1].marks.extend(text for text in (el[1] if len(el) > 1 else []) if text)

    def _gin(self, segment: Segment, el: Elements) -> None:
        marks = [composite[0] for composite in el[1:] if composite[0]]
        if self.line is None and self.packages:
            self.packages[-1].marks.extend(marks)
        elif self.line is not None:
            copy_fields = [CopyField("serial", mark, el[0][0], segment.index) for mark in marks]
            if copy_fields:
                self.line.copies.append(Copy("", copy_fields, segment.index))

    def _uns(self, segment: Segment, el: Elements) -> None:
        if el[0][0] == "S" or self.lines:
            self._finish_line()
            self._leave_group()
            self._party = None
            self.level = "summary"

    def _cnt(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if len(composite) > 1:
            value = self._value(segment, composite[1], 0, 1, "The count")
            if value is not None:
                self.counts.append(Count(qualifier=composite[0], value=value, at=segment.index))
        if self.level == "line":
            self._finish_line()
            self.level = "summary"
            self._leave_group()

    # --- asked by the readers ----------------------------------------------------------------------------------

    def dated(self, *kinds: str) -> date | None:
        for kind in kinds:
            for entry in self.dates:
                if entry.kind == kind and entry.value is not None:
                    return entry.value
        return None

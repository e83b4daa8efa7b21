"""The groups that stand in header, lines and summary alike: parties, references, dates, charges, taxes, amounts.

Segments that follow a group's first segment belong to it until another group begins: amounts after ALC are the
charge's, after TAX the tax's, references after NAD the party's. The groups are those of
`../shared/reference/edifact_d96a_structures.txt`, read tolerantly: order is not enforced.
"""

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
    Dated,
    Description,
    Line,
    Location,
    Note,
    Party,
    Quantity,
    Reference,
    Tax,
)

Elements = list[list[str]]
NO_ELEMENT = [""]
NOTE_WIDTH = 70
"""Length of a full piece of free text (4440 in D.96A)."""


class Groups:
    """What has been read so far, and which group a segment belongs to."""

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
        self._description: Description | None = None
        self._pieces: list[str] = []
        self._last_piece = 0
        self._copy_numbers: dict[str, Copy] = {}

    def _value(self, segment: Segment, text: str, element: int, component: int, what: str) -> Decimal | None:
        value, flag = self._number(text)
        if flag:
            place = segment.place(self.message.index, element, component)
            self.flags.add(flag, place, what=f"{what} ({segment.tag})", text=text[:40])
        return value

    def _leave_group(self) -> None:
        self._charge = self._tax = self._reference = self._location = self._term = None

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

    def _ftx(self, segment: Segment, el: Elements) -> None:
        coded = el[2] if len(el) > 2 else NO_ELEMENT
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
        composite = el[4] if len(el) > 4 else NO_ELEMENT
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

    def _loc(self, segment: Segment, el: Elements) -> None:
        composite = el[1] if len(el) > 1 else NO_ELEMENT
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

"""The parts of which every canonical document is made: identifiers, references, amounts, charges, copies, lines.

They are plain slotted dataclasses (an invoice file holds hundreds of thousands of them); pydantic checks and writes
them as part of the documents of `documents.model`. `at` is the index of the segment in the message (UNH is 0), -1 when
the part was not read from a message; `Document.place` turns it into bytes of the file.
Amounts are `Decimal` in the unit of their currency, quantities are `Decimal` in pieces, rates and percentages are per
cent (19 means 19 %).
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

NOT_READ = -1


@dataclass(slots=True)
class Identifier:
    """A number of the item (LIN C212, PIA). `type` is what it is, `qualifier` the sender's own word (7143)."""

    value: str
    type: str = ""
    qualifier: str = ""
    role: str = "product"
    """line (it stood in LIN), product, additional, substitute, substituted_by, part_start, part_end."""
    at: int = NOT_READ
    element: int = 0


class OwnReference(NamedTuple):
    """The library's own line reference, taken apart. Every part is text: it is evidence for matching, never cast."""

    value: str
    order: str
    line: str


_PARTS = re.compile(r"(?P<order>.+?)\s*/\s*(?P<line>[^/]+)|(?P<hyphened>[^/]*[0-9][^/]*)-(?P<tail>\d{1,4})")


def own_reference(value: str) -> OwnReference:
    """`2724/71178` → order 2724, line 71178; `14715-1` → order 14715, line 1; `45464` → line 45464, order unknown."""
    found = _PARTS.fullmatch(value)
    if found is None:
        return OwnReference(value, "", value)
    if found["line"] is not None:
        return OwnReference(value, found["order"], found["line"])
    return OwnReference(value, found["hyphened"], found["tail"])


@dataclass(slots=True)
class Reference:
    """RFF. `kind` is its meaning by the profile, `qualifier` the sender's code (1153), `line` DE 1156."""

    kind: str
    value: str
    qualifier: str = ""
    line: str = ""
    dated: date | None = None
    at: int = NOT_READ


@dataclass(slots=True)
class Quantity:
    kind: str
    value: Decimal
    qualifier: str = ""
    unit: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Price:
    """PRI. `meaning`: net, gross, net_with_tax, gross_with_tax, list_with_tax, other — by the profile, because the
    same qualifier means different things to different senders. `basis` is the number of units the price is for."""

    meaning: str
    amount: Decimal
    qualifier: str = ""
    price_type: str = ""
    price_kind: str = ""
    basis: Decimal | None = None
    at: int = NOT_READ


@dataclass(slots=True)
class Amount:
    kind: str
    value: Decimal
    qualifier: str = ""
    currency: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Tax:
    """TAX with its amounts. `category` as DE 5305: S standard, Z zero, E exempt, L lower, H higher, G export."""

    type: str = ""
    rate: Decimal | None = None
    category: str = ""
    function: str = "7"
    amounts: list[Amount] = field(default_factory=list)
    at: int = NOT_READ

    @property
    def amount(self) -> Decimal | None:
        return next((amount.value for amount in self.amounts if amount.kind == "tax"), None)


@dataclass(slots=True)
class Charge:
    """ALC with what follows it. `amount` is positive for a charge and negative for an allowance.

    `meaning` is by the profile (delivery, tax, discount, service …); `level` is header, line or summary.
    """

    allowance: bool
    meaning: str = "other"
    code: str = ""
    text: str = ""
    amount: Decimal | None = None
    percentage: Decimal | None = None
    currency: str = ""
    level: str = "header"
    rate: Decimal | None = None
    quantity: Quantity | None = None
    amounts: list[Amount] = field(default_factory=list)
    taxes: list[Tax] = field(default_factory=list)
    at: int = NOT_READ


@dataclass(slots=True)
class Contact:
    function: str = ""
    name: str = ""
    numbers: list[str] = field(default_factory=list)
    at: int = NOT_READ


@dataclass(slots=True)
class Party:
    """NAD. `scheme` names who gave `id`: san, gln, supplier, buyer, mutual, other or empty."""

    role: str
    id: str = ""
    scheme: str = ""
    code: str = ""
    agency: str = ""
    name: str = ""
    address: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    at: int = NOT_READ


@dataclass(slots=True)
class Dated:
    """DTM. `value` is the day (the first day of a period), `until` the last day of a period."""

    kind: str
    value: date | None
    text: str = ""
    qualifier: str = ""
    format: str = "102"
    until: date | None = None
    at: int = NOT_READ


@dataclass(slots=True)
class Description:
    """What IMD says of the item; pieces of one text are joined. `field`: title, author, publisher, year …"""

    field: str
    text: str
    code: str = ""
    type: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Note:
    """FTX: free text, or a code of a list (`list` 8B availability, 10B servicing, 12B line status …)."""

    subject: str
    text: str = ""
    code: str = ""
    list: str = ""
    agency: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class CopyField:
    """One value of a copy (GIR). `kind`: branch, fund, barcode, sequence …; `qualifier` as the sender wrote it."""

    kind: str
    value: str
    qualifier: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Copy:
    """One copy of a title: all GIR segments of its copy number, repeated qualifiers kept in order."""

    number: str
    fields: list[CopyField] = field(default_factory=list)
    at: int = NOT_READ

    def values(self, kind: str) -> list[str]:
        return [entry.value for entry in self.fields if entry.kind == kind]

    def value(self, kind: str) -> str:
        return next((entry.value for entry in self.fields if entry.kind == kind), "")


@dataclass(slots=True)
class Location:
    kind: str
    id: str = ""
    qualifier: str = ""
    agency: str = ""
    quantity: Quantity | None = None
    at: int = NOT_READ


@dataclass(slots=True)
class Outcome:
    """What the supplier does with a number of copies of an order line.

    `outcome`: accepted, backordered, cancelled, refused, shipped, held, passed_on, changed, unknown.
    `code` and `list` are the supplier's own words for it.
    """

    outcome: str
    quantity: Decimal | None = None
    code: str = ""
    list: str = ""
    text: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Status:
    """STS of a claim or its report: `category` 9015 (C601), `code` the status (C555), `reason` (C556)."""

    code: str
    category: str = ""
    reason: str = ""
    text: str = ""
    at: int = NOT_READ


@dataclass(slots=True)
class Line:
    """One title of a document.

    The lists hold everything that was read; the fields below `title` are what the profile makes of them.
    `amount` is the line's amount in the document's currency and `amount_from` says where it stood.
    """

    number: str = ""
    action: str = ""
    identifiers: list[Identifier] = field(default_factory=list)
    descriptions: list[Description] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    taxes: list[Tax] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    package: str = ""
    title: str = ""
    quantity: Decimal | None = None
    net_price: Decimal | None = None
    gross_price: Decimal | None = None
    list_price: Decimal | None = None
    amount: Decimal | None = None
    amount_from: str = ""
    at: int = NOT_READ

    def described(self, name: str) -> str:
        """The first description of that field, or empty."""
        return next((entry.text for entry in self.descriptions if entry.field == name), "")

    def referred(self, kind: str) -> list[str]:
        """The values of all references of that kind, without empty ones and in order."""
        return [reference.value for reference in self.references if reference.kind == kind and reference.value]

    def identified(self, *types: str) -> list[str]:
        return [entry.value for entry in self.identifiers if entry.type in types and entry.value]

    @property
    def author(self) -> str:
        """`author` as written, else surname and forename of the first author."""
        simple = self.described("author")
        if simple:
            return simple
        surname, forename = self.described("author_surname"), self.described("author_forename")
        return f"{surname}, {forename}" if surname and forename else surname

    @property
    def own_references(self) -> list[OwnReference]:
        return [own_reference(value) for value in self.referred("own_line")]

    @property
    def order_numbers(self) -> list[str]:
        return self.referred("order")

    @property
    def period(self) -> tuple[date | None, date | None]:
        """First and last day of the subscription that the line is for."""
        start = next((entry.value for entry in self.dates if entry.kind == "period_start"), None)
        end = next((entry.value for entry in self.dates if entry.kind == "period_end"), None)
        return start, end

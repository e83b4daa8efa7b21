"""The canonical documents. Above them nobody knows a segment's tag.

Sources: EDItEUR Library Book Supply and Serials implementation guidelines on UN/EDIFACT D.96A.
"""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from quire_vendors.edi.flags import NOWHERE, Flag, Place
from quire_vendors.edi.profiles.model import Booking
from quire_vendors.edi.reconcile import Reconciliation
from quire_vendors.edi.syntax.model import Message, Segment

from .parts import NOT_READ, Amount, Charge, Dated, Line, Note, Party, Reference, Tax

Function = Literal[
    "original", "additional", "replacement", "duplicate", "copy", "no_payment_expected", "cancellation", "change",
    "accepted", "not_accepted", "other",
]  # fmt: skip
"""What may be done with a document: DE 1225. 9 original; 43 additional transmission (some vendors' ordinary value);
5 replacement of an earlier one; 7 duplicate and 31 copy (never booked); 55 no payment expected; 1 cancellation;
4 change; 29 accepted without amendment; 27 not accepted."""


class Currency(BaseModel):
    """CUX. `role`: reference (2), target (3), or other; `rate` converts the reference into this currency."""

    role: str
    code: str
    rate: Decimal | None = None
    at: int = NOT_READ


class PaymentTerms(BaseModel):
    type: str = ""
    days: Decimal | None = None
    unit: str = ""
    due: date | None = None
    percentage: Decimal | None = None
    at: int = NOT_READ


class Count(BaseModel):
    """CNT: a control total as the sender counted it. 1 sum of quantities, 2 lines, 4 documents."""

    qualifier: str
    value: Decimal
    at: int = NOT_READ


class Source(BaseModel):
    """Which message of which interchange this is. Identifiers are as written in UNB and UNH."""

    message: int = 1
    reference: str = ""
    type: str = ""
    interchange: str = ""
    sender: str = ""
    sender_qualifier: str = ""
    recipient: str = ""
    recipient_qualifier: str = ""
    prepared_on: date | None = None
    start: int = 0
    end: int = 0


class Package(BaseModel):
    """A carton or pallet of a despatch (CPS). `marks` are SSCC (GIN+BJ) or other marks."""

    number: str
    parent: str = ""
    type: str = ""
    quantity: Decimal | None = None
    marks: list[str] = Field(default_factory=list)
    at: int = NOT_READ


class Fault(BaseModel):
    """One error of an acknowledgement: APERAK ERC/FTX or CONTRL UCM/UCS/UCD."""

    code: str
    text: str = ""
    place: str = ""
    at: int = NOT_READ


class Document(BaseModel):
    """What all documents have. `complete` is false when the message was cut off: then nothing of it may be applied."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    number: str = ""
    code: str = ""
    name: str = ""
    function: Function = "original"
    function_code: str = ""
    test: bool = False
    complete: bool = True
    dated: date | None = None
    currency: str = ""
    currencies: list[Currency] = Field(default_factory=list)
    parties: list[Party] = Field(default_factory=list)
    references: list[Reference] = Field(default_factory=list)
    dates: list[Dated] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)
    charges: list[Charge] = Field(default_factory=list)
    taxes: list[Tax] = Field(default_factory=list)
    amounts: list[Amount] = Field(default_factory=list)
    counts: list[Count] = Field(default_factory=list)
    lines: list[Line] = Field(default_factory=list)
    source: Source | None = None
    profile: str = ""
    profile_version: int = 0
    match_keys: list[str] = Field(default_factory=list)
    """Which references find our lines, best first, by the profile; matching itself is the orders service's."""
    quirks: list[str] = Field(default_factory=list)
    """Flag codes that the profile calls normal for this partner."""
    _message: Message | None = PrivateAttr(default=None)
    _flags: list[Flag] = PrivateAttr(default_factory=list)

    bookable_functions: ClassVar[frozenset[str]] = frozenset({"original", "additional", "replacement"})

    @property
    def flags(self) -> list[Flag]:
        """What was odd: the flags of the message and those of reading it as a document."""
        return self._flags

    def severity(self, flag: Flag) -> str:
        """The flag's severity; what the profile calls normal for this partner is a note only."""
        return "info" if flag.code in self.quirks and flag.severity == "warning" else flag.severity

    @property
    def needs_review(self) -> bool:
        """A person must look before anything is applied."""
        return not self.complete or any(flag.severity == "error" for flag in self._flags)

    def party(self, role: str) -> Party | None:
        return next((party for party in self.parties if party.role == role), None)

    def referred(self, kind: str) -> list[str]:
        return [reference.value for reference in self.references if reference.kind == kind and reference.value]

    def segment(self, at: int) -> Segment | None:
        """The segment a part was read from; `None` for a part that was not read."""
        if self._message is None or not 0 <= at < len(self._message.segments):
            return None
        return self._message.segments[at]

    def place(self, part: object, name: str = "") -> Place:
        """Where a part (or, with `name`, one of its fields) stands in the file: message, segment and bytes.

        A field that was taken from another part (a line's title, the document's currency) leads to that part.
        """
        if name and part is self and name in _HEAD:
            begin = next((one for one in self._message.segments if one.tag == "BGM"), None) if self._message else None
            return begin.place(self._message.index, *_HEAD[name]) if begin and self._message else NOWHERE
        part, name = _origin(part, name)
        at = part if isinstance(part, int) else getattr(part, "at", NOT_READ)
        segment = self.segment(at)
        if segment is None or self._message is None:
            return NOWHERE
        element, component = _position(part, name)
        if element is None:
            return segment.place(self._message.index)
        return segment.place(self._message.index, element, component)

    def provenance(self) -> list[tuple[str, int, int]]:
        """Tag, first byte and end byte of each segment: what an `at` counts in."""
        if self._message is None:
            return []
        return [(segment.tag, segment.start, segment.end) for segment in self._message.segments]

    def as_json(self) -> dict[str, Any]:
        """The document, its flags and its provenance as JSON values."""
        data = self.model_dump(mode="json")
        data["flags"] = [
            {"code": flag.code, "severity": self.severity(flag), "text": flag.text, "advice": flag.advice,
             "segment": flag.place.segment, "start": flag.place.start, "end": flag.place.end}
            for flag in self._flags
        ]  # fmt: skip
        data["segments"] = self.provenance()
        return data


_POSITIONS: dict[tuple[str, str], tuple[int, int | None]] = {
    ("Reference", "value"): (0, 1), ("Reference", "qualifier"): (0, 0), ("Reference", "line"): (0, 2),
    ("Quantity", "value"): (0, 1), ("Quantity", "qualifier"): (0, 0), ("Quantity", "unit"): (0, 2),
    ("Price", "amount"): (0, 1), ("Price", "qualifier"): (0, 0), ("Price", "price_type"): (0, 2),
    ("Amount", "value"): (0, 1), ("Amount", "qualifier"): (0, 0), ("Amount", "currency"): (0, 2),
    ("Tax", "type"): (1, 0), ("Tax", "rate"): (4, 3), ("Tax", "category"): (5, 0), ("Charge", "code"): (4, 0),
    ("Party", "role"): (0, 0), ("Party", "id"): (1, 0), ("Party", "agency"): (1, 2), ("Party", "name"): (3, None),
    ("Dated", "value"): (0, 1), ("Dated", "qualifier"): (0, 0), ("Description", "text"): (2, None),
    ("Description", "code"): (1, 0), ("Note", "text"): (3, None), ("Note", "code"): (2, 0), ("Line", "number"): (0, 0),
    ("Line", "action"): (1, 0), ("Copy", "number"): (0, 0), ("Location", "id"): (1, 0), ("Count", "value"): (0, 1),
    ("Status", "code"): (1, 0),
}  # fmt: skip
"""Element and component of a part's field in its segment (D.96A)."""


_HEAD: dict[str, tuple[int, int]] = {
    "code": (0, 0), "name": (0, 3), "number": (1, 0), "function": (2, 0), "function_code": (2, 0),
}  # fmt: skip
"""Element and component of the document's own fields in BGM (D.96A)."""


def _origin(part: object, name: str) -> tuple[object, str]:
    """The part and its field that a field was taken from; the same again for a field that was read by itself."""
    found: object = None
    if isinstance(part, Document):
        if name == "currency":
            return next((entry for entry in part.currencies if entry.code == part.currency), NOT_READ), ""
        if name == "dated":
            return next((entry for entry in part.dates if entry.value == part.dated), NOT_READ), "value"
    elif isinstance(part, Line):
        if name == "title":
            found = next((entry for entry in part.descriptions if entry.field == "title"), None)
            return (found, "text") if found is not None else (part, "")
        if name == "quantity":
            found = next((entry for entry in part.quantities if entry.value == part.quantity), None)
            return (found, "value") if found is not None else (part, "")
        if name in ("net_price", "gross_price", "list_price"):
            value = getattr(part, name)
            found = next((entry for entry in part.prices if entry.amount == value), None)
            return (found, "amount") if found is not None else (part, "")
        if name == "amount":
            found = next((entry for entry in part.amounts if entry.qualifier == part.amount_from), None)
            return (found, "value") if found is not None else (part, "")
    return part, name


def _position(part: object, name: str) -> tuple[int | None, int | None]:
    if isinstance(part, int) or not name:
        return None, None
    kind = type(part).__name__
    if kind == "Identifier":
        return getattr(part, "element", None), {"value": 0, "qualifier": 1}.get(name)
    return _POSITIONS.get((kind, name), (None, None))


class Invoice(Document):
    """INVOIC: invoice, credit note (381) or serials invoice (JINV).

    For a credit note all amounts stay as written (usually positive); `sign` is -1 for it.
    """

    kind: Literal["invoice"] = "invoice"
    credit_note: bool = False
    serials: bool = False
    payment_expected: bool = True
    terms: list[PaymentTerms] = Field(default_factory=list)
    reconciliation: Reconciliation | None = None
    booking: Booking = Field(default_factory=Booking)
    """What the profile wishes for booking; kept for the orders service, which does not follow it yet."""

    @property
    def sign(self) -> int:
        return -1 if self.credit_note else 1

    @property
    def bookable(self) -> bool:
        """May become an invoice without a person's decision, as far as its function, test mark and total go."""
        return (
            self.function in self.bookable_functions
            and not self.test
            and not self.needs_review
            and self.reconciliation is not None
            and self.reconciliation.status == "explained"
        )


class Quote(Document):
    """QUOTES. `selection`: what it is (library selection 31C, firm showroom 31F, supplier selection 31S …)."""

    kind: Literal["quote"] = "quote"
    selection: str = ""
    booking: Booking = Field(default_factory=Booking)


class Order(Document):
    kind: Literal["order"] = "order"
    rush: bool = False


class OrderChange(Document):
    """ORDCHG: lines with action cancelled (2) or changed (3)."""

    kind: Literal["order_change"] = "order_change"


class OrderResponse(Document):
    """ORDRSP: per line a set of outcomes with quantities (`Line.outcomes`)."""

    kind: Literal["order_response"] = "order_response"


class Despatch(Document):
    kind: Literal["despatch"] = "despatch"
    packages: list[Package] = Field(default_factory=list)


class Claim(Document):
    """OSTENQ: an enquiry about the status of an order, used as a claim."""

    kind: Literal["claim"] = "claim"


class ClaimReport(Document):
    """OSTRPT: the supplier's answer to claims."""

    kind: Literal["claim_report"] = "claim_report"


class Acknowledgement(Document):
    """CONTRL (syntax) or APERAK (application). `outcome`: accepted, rejected, partly, received, unknown.

    `acknowledged` is the interchange reference (CONTRL) or the document reference (APERAK) that it answers.
    """

    kind: Literal["acknowledgement"] = "acknowledgement"
    scope: Literal["syntax", "application"] = "application"
    outcome: Literal["accepted", "rejected", "partly", "received", "unknown"] = "unknown"
    acknowledged: str = ""
    faults: list[Fault] = Field(default_factory=list)
    messages: list["Acknowledged"] = Field(default_factory=list)


class Acknowledged(BaseModel):
    """One message of a CONTRL (UCM)."""

    reference: str
    type: str = ""
    outcome: Literal["accepted", "rejected", "partly", "received", "unknown"] = "unknown"
    code: str = ""
    at: int = NOT_READ


class Unknown(Document):
    """A message of a type that Quire keeps and shows, but does not act upon."""

    kind: Literal["unknown"] = "unknown"


AnyDocument = (
    Invoice | Quote | Order | OrderChange | OrderResponse | Despatch | Claim | ClaimReport | Acknowledgement | Unknown
)

"""What the routes of licenses take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from quire_licenses.agreements.rules import Confidentiality, Kind, PartyRole, RelationKind, Status
from quire_licenses.renewals.reminders import Step
from quire_licenses.renewals.rules import ContractRule
from quire_licenses.renewals.spans import ContractDate
from quire_shared.values.money import Money

Name = Annotated[str, Field(min_length=1, max_length=500)]
Note = Annotated[str, Field(max_length=20_000)]
PersonId = Annotated[str, Field(min_length=1, max_length=100)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PartyIn(_In):
    """A party: a vendor by id, or a name. One licensor may be the primary one."""

    role: PartyRole
    vendor_id: UUID | None = None
    name: Annotated[str, Field(max_length=500)] = ""
    primary: bool = False


class DocumentIn(_In):
    """A document by its address."""

    title: Name
    url: HttpUrl
    note: Note = ""
    confidentiality: Confidentiality = Confidentiality.INTERNAL


class RelationIn(_In):
    """An earlier license that this one supersedes, amends or goes with."""

    license_id: UUID
    kind: RelationKind


class LicenseIn(_In):
    """A license in full; what is left out is empty."""

    name: Name
    alternate_names: list[Name] = Field(default=[], max_length=100)
    kind: Kind = Kind.LICENSE
    unit_id: UUID | None = None
    responsible_id: PersonId | None = Field(default=None, description="The person who is reminded, by id")
    second_id: PersonId | None = Field(default=None, description="The second person of an escalation, by id")
    rule: ContractRule | None = Field(default=None, description="What the contract says about its end and renewal")
    steps: list[Step] | None = Field(
        default=None, max_length=50, description="The reminder ladder; left out = the usual one"
    )
    calendar_id: UUID | None = Field(default=None, description="Holiday calendar; left out = Saturday and Sunday off")
    agreed_fee: Money | None = None
    note: Note = ""
    parties: list[PartyIn] = Field(default=[], max_length=200)
    order_line_ids: list[UUID] = Field(default=[], max_length=2000)
    documents: list[DocumentIn] = Field(default=[], max_length=500)
    relations: list[RelationIn] = Field(default=[], max_length=200)


class NewLicense(LicenseIn):
    """A new license; it starts in the status given."""

    status: Status = Status.PLANNED


class StatusIn(_In):
    """The next status of a license."""

    status: Status
    effective_on: ContractDate | None = None
    note: Note = ""


class InvoiceIn(_In):
    """The renewal invoice that came, for rules that count notice from its receipt."""

    renewal_date: ContractDate = Field(description="First day of the term that the invoice is for")
    received_on: ContractDate


class PartyOut(BaseModel):
    role: PartyRole
    vendor_id: UUID | None
    name: str
    primary: bool


class LineOut(BaseModel):
    """An order line as ``orders`` told; without a number it was not told of yet."""

    line_id: UUID
    order_id: UUID | None
    number: str | None
    title: str
    state: str | None
    price: Money | None


class DocumentOut(BaseModel):
    title: str
    url: str
    note: str
    confidentiality: Confidentiality


class RelationOut(BaseModel):
    license_id: UUID
    kind: RelationKind
    name: str


class StatusChangeOut(BaseModel):
    status: Status
    effective_on: date
    note: str
    changed_by: str
    recorded_at: datetime


class TermOut(BaseModel):
    """The dates of one term, or of one contract year with an opt-out."""

    first: date
    last: date
    notice_deadline: date | None
    act_by: date | None
    review_opens: date | None
    quote_due: date | None
    committed_if_silent: date


class Dates(BaseModel):
    """What is computed from the rule. ``notice_deadline`` and ``act_by`` are the next that can still be met."""

    as_of: date
    term_number: int | None
    term_start: date | None
    term_end: date | None
    notice_deadline: date | None
    act_by: date | None
    review_opens: date | None
    committed_until: date | None
    ends_on: date | None
    if_nothing_is_done: str
    flags: list[str]
    upcoming: list[TermOut]


class LicenseRow(BaseModel):
    """A license in a list."""

    id: UUID
    version: int
    name: str
    kind: Kind
    status: Status
    unit_id: UUID | None
    vendor_id: UUID | None
    responsible_id: str | None
    term_start: date | None
    term_end: date | None
    notice_deadline: date | None
    act_by: date | None
    committed_until: date | None
    if_nothing_is_done: str


class LicenseOut(BaseModel):
    """A license with everything that belongs to it and its computed dates."""

    id: UUID
    version: int
    name: str
    alternate_names: list[str]
    kind: Kind
    status: Status
    unit_id: UUID | None
    vendor_id: UUID | None
    responsible_id: str | None
    second_id: str | None
    rule: ContractRule | None
    steps: list[Step] | None
    calendar_id: UUID | None
    agreed_fee: Money | None
    note: str
    parties: list[PartyOut]
    order_line_ids: list[UUID]
    order_lines: list[LineOut]
    documents: list[DocumentOut]
    relations: list[RelationOut]
    status_history: list[StatusChangeOut]
    renewals_agreed: int
    invoices_received: dict[date, date]
    dates: Dates
    created_at: datetime
    updated_at: datetime


class LicensePage(BaseModel):
    items: list[LicenseRow]
    total: int


class RuleIn(_In):
    """A rule to try out: its dates without storing anything."""

    rule: ContractRule
    calendar_id: UUID | None = None
    as_of: ContractDate | None = None
    terms: int = Field(default=5, ge=1, le=50)


class HolidayCalendarIn(_In):
    """Weekend (0 = Monday … 6 = Sunday) and holidays."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    weekend: list[Annotated[int, Field(ge=0, le=6)]] = Field(default=[5, 6], max_length=6)
    holidays: list[ContractDate] = Field(default=[], max_length=10_000)


class HolidayCalendarOut(HolidayCalendarIn):
    id: UUID
    version: int


class HolidayCalendarPage(BaseModel):
    items: list[HolidayCalendarOut]
    total: int


class RuleOut(BaseModel):
    """What a rule leads to."""

    if_nothing_is_done: str
    upcoming: list[TermOut]

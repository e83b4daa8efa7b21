"""Licenses and what belongs to them; copies of the few facts that other services own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_licenses.agreements.rules import Confidentiality, Kind, PartyRole, RelationKind, Status
from quire_licenses.base import Base
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount, minor_unit_check


class VendorCopy(Base, table=True):
    """What ``vendors`` says of a vendor; a stub (no code) when a license named it first."""

    __tablename__ = "vendor_copy"

    vendor_id: UUID = Field(primary_key=True)
    code: str | None = Field(default=None, max_length=50)
    name: str = Field(default="", max_length=255)
    active: bool = Field(default=True)


class LineCopy(Base, table=True):
    """What ``orders`` says of an order line; a stub (no number) when a license named it first."""

    __tablename__ = "line_copy"

    line_id: UUID = Field(primary_key=True)
    order_id: UUID | None = Field(default=None)
    number: str | None = Field(default=None, max_length=50, index=True)
    title: str = Field(default="", max_length=2000)
    vendor_id: UUID | None = Field(default=None)
    state: str | None = Field(default=None, max_length=40)
    price: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    unit_id: UUID | None = Field(default=None)


class PersonCopy(Base, table=True):
    """What ``desk`` says of a person: whether active, and the units seen (none = all). No name."""

    __tablename__ = "person_copy"

    person_id: str = Field(primary_key=True, max_length=100)
    active: bool = Field(default=True)
    unit_ids: list[str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class HolidayCalendar(Identified, Versioned, Stamped, Base, table=True):
    """Weekend and holidays by which working days are counted."""

    __tablename__ = "holiday_calendar"

    name: str = Field(max_length=200, unique=True)
    weekend: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    holidays: list[str] = Field(sa_column=Column(JSONB, nullable=False))


class License(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A license with its renewal rule. The dates at the end are computed from the rule, kept to sort and search by."""

    __tablename__ = "license"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("status", Status),
        CheckConstraint("renewals_agreed >= 0", name="renewals_agreed_not_negative"),
        CheckConstraint("(fee_amount IS NULL) = (fee_currency IS NULL)", name="fee_whole"),
        minor_unit_check("fee_amount", "fee_currency", "fee_minor_unit"),
        Index("ix_license_next_check", "next_check", postgresql_where=text("next_check IS NOT NULL")),
    )

    name: str = Field(max_length=500)
    sort_name: str = Field(max_length=500, index=True)
    alternate_names: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    kind: Kind = Field(default=Kind.LICENSE, sa_type=text_enum(Kind))
    status: Status = Field(default=Status.PLANNED, sa_type=text_enum(Status))
    vendor_id: UUID | None = Field(default=None, index=True)
    responsible_id: str | None = Field(default=None, max_length=100, index=True)
    second_id: str | None = Field(default=None, max_length=100, index=True)
    rule: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    steps: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    calendar_id: UUID | None = Field(default=None, foreign_key="holiday_calendar.id", index=True)
    fee_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    fee_currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    note: str = Field(default="", sa_type=Text)
    # What was decided and has happened
    renewals_agreed: int = Field(default=0)
    settled_through: date | None = Field(default=None)
    ends_on: date | None = Field(default=None)
    # Computed from the rule
    term_number: int | None = Field(default=None)
    term_start: date | None = Field(default=None)
    term_end: date | None = Field(default=None)
    notice_deadline: date | None = Field(default=None)
    act_by: date | None = Field(default=None, index=True)
    review_opens: date | None = Field(default=None)
    committed_until: date | None = Field(default=None)
    if_nothing_is_done: str = Field(default="", sa_type=Text)
    #: The next day on which the clock has something to do; none when there is nothing to watch.
    next_check: date | None = Field(default=None)
    #: The events said last, so that only a change is said again.
    said: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class LicenseParty(Identified, Base, table=True):
    """A party to a license: a vendor that Quire knows, or a name."""

    __tablename__ = "license_party"
    __table_args__ = (
        one_of("role", PartyRole),
        CheckConstraint("vendor_id IS NOT NULL OR name <> ''", name="somebody"),
        CheckConstraint("NOT is_primary OR role = 'licensor'", name="primary_is_licensor"),
        Index("uq_license_party_primary", "license_id", unique=True, postgresql_where=text("is_primary")),
    )

    license_id: UUID = Field(foreign_key="license.id", index=True)
    position: int
    role: PartyRole = Field(sa_type=text_enum(PartyRole))
    vendor_id: UUID | None = Field(default=None)
    name: str = Field(default="", max_length=500)
    is_primary: bool = Field(default=False)


class LicenseLine(Base, table=True):
    """An order line that pays for what the license covers."""

    __tablename__ = "license_line"

    license_id: UUID = Field(foreign_key="license.id", primary_key=True)
    line_id: UUID = Field(primary_key=True, index=True)


class LicenseDocument(Identified, Base, table=True):
    """A document by its address."""

    __tablename__ = "license_document"
    __table_args__ = (one_of("confidentiality", Confidentiality),)

    license_id: UUID = Field(foreign_key="license.id", index=True)
    position: int
    title: str = Field(max_length=500)
    url: str = Field(max_length=2000)
    note: str = Field(default="", sa_type=Text)
    confidentiality: Confidentiality = Field(default=Confidentiality.INTERNAL, sa_type=text_enum(Confidentiality))


class LicenseRelation(Base, table=True):
    """How a license stands to an earlier one."""

    __tablename__ = "license_relation"
    __table_args__ = (one_of("kind", RelationKind), CheckConstraint("license_id <> other_id", name="not_itself"))

    license_id: UUID = Field(foreign_key="license.id", primary_key=True)
    other_id: UUID = Field(foreign_key="license.id", primary_key=True, index=True)
    kind: RelationKind = Field(sa_type=text_enum(RelationKind))


class StatusChange(Identified, Base, table=True):
    """One step in the life of a license."""

    __tablename__ = "license_status_change"
    __table_args__ = (one_of("status", Status),)

    license_id: UUID = Field(foreign_key="license.id", index=True)
    status: Status = Field(sa_type=text_enum(Status))
    effective_on: date
    note: str = Field(default="", sa_type=Text)
    changed_by: str = Field(max_length=100)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class InvoiceReceipt(Base, table=True):
    """The day a renewal invoice came, for rules that count from it."""

    __tablename__ = "renewal_invoice"

    license_id: UUID = Field(foreign_key="license.id", primary_key=True)
    renewal_date: date = Field(primary_key=True)
    received_on: date

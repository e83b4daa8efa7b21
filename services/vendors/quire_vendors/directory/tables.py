"""Vendors and what belongs to them. One vendor with all of it is one aggregate: its version counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Text, UniqueConstraint
from sqlmodel import Field

from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount
from quire_vendors.base import Base
from quire_vendors.directory.rules import IdentifierScheme, VendorStatus


class Vendor(Identified, Versioned, Stamped, Base, table=True):
    """Somebody from whom the library buys, with the terms that hold for all accounts."""

    __tablename__ = "vendor"
    __table_args__ = (
        one_of("status", VendorStatus),
        CheckConstraint("tolerance_amount >= 0", name="tolerance_amount_not_negative"),
        CheckConstraint("tolerance_amount IS NULL OR currency IS NOT NULL", name="tolerance_has_currency"),
        CheckConstraint("tolerance_percent BETWEEN 0 AND 100", name="tolerance_percent_range"),
        CheckConstraint("claim_days >= 0", name="claim_days_not_negative"),
        CheckConstraint("days_to_deliver >= 0", name="days_to_deliver_not_negative"),
    )

    code: str = Field(max_length=50, unique=True)
    name: str = Field(max_length=255)
    sort_name: str = Field(max_length=300, index=True)
    status: VendorStatus = Field(default=VendorStatus.ACTIVE, sa_type=text_enum(VendorStatus))
    currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    tolerance_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    tolerance_percent: Decimal | None = Field(default=None, sa_column=Column(Numeric(7, 4)))
    claim_days: int | None = Field(default=None)
    days_to_deliver: int | None = Field(default=None)
    address: str = Field(default="", sa_type=Text)
    note: str = Field(default="", sa_type=Text)


class VendorAlias(Identified, Base, table=True):
    """Another name of a vendor; in invoices without numbers it tells who sent them."""

    __tablename__ = "vendor_alias"
    __table_args__ = (UniqueConstraint("vendor_id", "sort_name"), Index("ix_vendor_alias_sort_name", "sort_name"))

    vendor_id: UUID = Field(foreign_key="vendor.id")
    name: str = Field(max_length=255)
    sort_name: str = Field(max_length=300)


class VendorIdentifier(Identified, Base, table=True):
    """A number of the vendor (SAN, GLN, sender in interchanges, agency codes) and when it holds."""

    __tablename__ = "vendor_identifier"
    __table_args__ = (
        one_of("scheme", IdentifierScheme),
        CheckConstraint("valid_to >= valid_from", name="period_forwards"),
        Index("ix_vendor_identifier_value", "value", "scheme"),
    )

    vendor_id: UUID = Field(foreign_key="vendor.id", index=True)
    scheme: IdentifierScheme = Field(sa_type=text_enum(IdentifierScheme))
    value: str = Field(max_length=80)
    agency: str = Field(default="", max_length=10)
    valid_from: date | None = Field(default=None)
    valid_to: date | None = Field(default=None)


class VendorAccount(Identified, Stamped, Owned, Base, table=True):
    """An account of the library, or of one of its units, with a vendor; how files are exchanged under it."""

    __tablename__ = "vendor_account"
    __table_args__ = (
        UniqueConstraint("vendor_id", "number"),
        CheckConstraint(
            "NOT receives_edi OR (profile IS NOT NULL AND folder_out IS NOT NULL)", name="somewhere_to_send"
        ),
        CheckConstraint("folder_in <> folder_out", name="two_folders"),
        Index("ix_vendor_account_folder_in", "folder_in", unique=True, postgresql_where=Column("active")),
    )

    vendor_id: UUID = Field(foreign_key="vendor.id", index=True)
    number: str = Field(max_length=80)
    name: str = Field(default="", max_length=255)
    active: bool = Field(default=True)
    profile: str | None = Field(default=None, max_length=40)
    sends_edi: bool = Field(default=False)
    receives_edi: bool = Field(default=False)
    folder_in: str | None = Field(default=None, max_length=200)
    folder_out: str | None = Field(default=None, max_length=200)
    library_id: str = Field(default="", max_length=35)
    library_qualifier: str = Field(default="", max_length=4)
    branch_id: str = Field(default="", max_length=35)
    recipient_id: str = Field(default="", max_length=35)
    recipient_qualifier: str = Field(default="", max_length=4)


class VendorContact(Identified, Stamped, Base, table=True):
    """A person at the vendor. Personal data: erasing deletes the row, nothing else holds its content."""

    __tablename__ = "vendor_contact"

    vendor_id: UUID = Field(foreign_key="vendor.id", index=True)
    name: str = Field(max_length=200)
    role: str = Field(default="", max_length=100)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=60)
    note: str = Field(default="", sa_type=Text)

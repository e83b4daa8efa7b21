"""Orders, lines, their copies and funds, and what orders knows of vendors."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_orders.base import Base
from quire_orders.funds.rules_distribution import DistributionKind
from quire_orders.purchasing.rules import (
    DiscountKind,
    LineStatus,
    Material,
    OrderStatus,
    OrderType,
    PaymentStatus,
    ReceiptStatus,
)
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount


class VendorCopy(Base, table=True):
    """What ``vendors`` says of a vendor; a stub (no code) when an order came first."""

    __tablename__ = "vendor_copy"

    vendor_id: UUID = Field(primary_key=True)
    code: str | None = Field(default=None, max_length=50, index=True)
    name: str = Field(default="", max_length=255)
    active: bool = Field(default=True)
    receives_edi: bool = Field(default=False)
    currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    tolerance_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    tolerance_percent: Decimal | None = Field(default=None, sa_column=Column(Numeric(7, 4)))
    days_to_deliver: int | None = Field(default=None)


class NumberSeries(Base, table=True):
    """The last number given out for a prefix; locked while the next is taken, so that there are no gaps."""

    __tablename__ = "number_series"

    prefix: str = Field(primary_key=True, max_length=20)
    last: int = Field(default=0)


class Order(Identified, Versioned, Stamped, Owned, Base, table=True):
    """An order to one vendor in one currency."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        one_of("status", OrderStatus),
        one_of("order_type", OrderType),
        Index("ix_purchase_order_vendor", "vendor_id"),
    )

    number: str = Field(max_length=40, unique=True)
    vendor_id: UUID
    account_number: str | None = Field(default=None, max_length=80)
    order_type: OrderType = Field(default=OrderType.ONE_TIME, sa_type=text_enum(OrderType))
    status: OrderStatus = Field(default=OrderStatus.PENDING, sa_type=text_enum(OrderStatus))
    currency: str = Field(sa_type=CurrencyColumn)
    fiscal_year_id: UUID | None = Field(default=None, foreign_key="fiscal_year.id")
    rush: bool = Field(default=False)
    note: str = Field(default="", sa_type=Text)
    ordered_on: date | None = Field(default=None)
    opened_at: datetime | None = Field(default=None)
    close_reason: str | None = Field(default=None, max_length=200)
    sent_state: str | None = Field(default=None, max_length=40)
    load_id: UUID | None = Field(default=None, index=True)


class OrderLine(Identified, Versioned, Stamped, Base, table=True):
    """One thing ordered. Lines are never split; partial receipts are counted."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        one_of("status", LineStatus),
        one_of("material", Material),
        one_of("receipt_status", ReceiptStatus),
        one_of("payment_status", PaymentStatus),
        one_of("discount_kind", DiscountKind),
        one_of("distribution", DistributionKind),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("received >= 0", name="received_not_negative"),
        Index(
            "ix_order_line_source_key",
            "source",
            "source_key",
            unique=True,
            postgresql_where=Column("source_key").isnot(None),
        ),
    )

    order_id: UUID = Field(foreign_key="purchase_order.id", index=True)
    position: int
    number: str = Field(max_length=50, unique=True)
    status: LineStatus = Field(default=LineStatus.PENDING, sa_type=text_enum(LineStatus))
    title: str = Field(max_length=2000)
    sort_title: str = Field(max_length=2000, index=True)
    contributor: str | None = Field(default=None, max_length=1000)
    edition: str | None = Field(default=None, max_length=200)
    publisher: str | None = Field(default=None, max_length=500)
    published: str | None = Field(default=None, max_length=100)
    url: str | None = Field(default=None, max_length=2000)
    material: Material = Field(default=Material.PHYSICAL, sa_type=text_enum(Material))
    quantity: int = Field(default=1)
    received: int = Field(default=0)
    currency: str = Field(sa_type=CurrencyColumn)
    unit_price: Decimal = Field(sa_type=MoneyAmount)
    discount_kind: DiscountKind = Field(default=DiscountKind.NONE, sa_type=text_enum(DiscountKind))
    discount: Decimal = Field(default=Decimal(0), sa_column=Column(Numeric(19, 4), nullable=False))
    additional_cost: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    tax_percent: Decimal = Field(default=Decimal(0), sa_column=Column(Numeric(7, 4), nullable=False))
    tax_included: bool = Field(default=False)
    estimated_price: Decimal = Field(sa_type=MoneyAmount)
    uncertain_price: bool = Field(default=False)
    distribution: DistributionKind = Field(default=DistributionKind.PERCENT, sa_type=text_enum(DistributionKind))
    receipt_status: ReceiptStatus = Field(default=ReceiptStatus.PENDING, sa_type=text_enum(ReceiptStatus))
    payment_status: PaymentStatus = Field(default=PaymentStatus.PENDING, sa_type=text_enum(PaymentStatus))
    receipt_required: bool = Field(default=True)
    vendor_reference: str | None = Field(default=None, max_length=100, index=True)
    quote_reference: str | None = Field(default=None, max_length=100, index=True)
    subscription_from: date | None = Field(default=None)
    subscription_to: date | None = Field(default=None)
    requester: str | None = Field(default=None, max_length=80)
    note: str = Field(default="", sa_type=Text)
    cancel_reason: str | None = Field(default=None, max_length=200)
    expected_on: date | None = Field(default=None)
    source: str | None = Field(default=None, max_length=100)
    source_key: str | None = Field(default=None, max_length=200)
    load_id: UUID | None = Field(default=None, index=True)
    custom: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class LineIdentifier(Identified, Base, table=True):
    """A standard number of a line: as given, and normalized for matching (ISBN always as 13 digits)."""

    __tablename__ = "line_identifier"
    __table_args__ = (
        UniqueConstraint("line_id", "kind", "normalized"),
        Index("ix_line_identifier_normalized", "normalized", "kind"),
    )

    line_id: UUID = Field(foreign_key="order_line.id", index=True)
    kind: str = Field(max_length=20)
    value: str = Field(max_length=200)
    normalized: str = Field(max_length=200)
    problem: str | None = Field(default=None, max_length=500)


class LineFund(Identified, Base, table=True):
    """A fund's part of a line: percent, amount or copies, by the line's ``distribution``."""

    __tablename__ = "line_fund"

    line_id: UUID = Field(foreign_key="order_line.id", index=True)
    position: int
    fund_id: UUID = Field(foreign_key="fund.id", index=True)
    fiscal_year_id: UUID | None = Field(default=None, foreign_key="fiscal_year.id")
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")
    value: Decimal = Field(sa_column=Column(Numeric(19, 4), nullable=False))


class LineCopy(Identified, Base, table=True):
    """Copies of a line that go to one place."""

    __tablename__ = "line_copy"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    line_id: UUID = Field(foreign_key="order_line.id", index=True)
    position: int
    quantity: int = Field(default=1)
    fund_id: UUID | None = Field(default=None, foreign_key="fund.id")
    location: str | None = Field(default=None, max_length=100)
    collection: str | None = Field(default=None, max_length=100)
    item_type: str | None = Field(default=None, max_length=100)
    shelf_mark: str | None = Field(default=None, max_length=100)
    barcode: str | None = Field(default=None, max_length=100)

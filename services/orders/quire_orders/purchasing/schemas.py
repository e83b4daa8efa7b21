"""What the purchasing routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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
from quire_shared.values.currencies import CurrencyCode
from quire_shared.values.money import Money

Text = Annotated[str, Field(max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class FundIn(_In):
    """A fund's part of a line: percent, an amount or a number of copies, by the line's ``distribution``."""

    fund_id: UUID
    value: Decimal = Field(ge=0, max_digits=19, decimal_places=4)
    fiscal_year_id: UUID | None = None
    expense_class_id: UUID | None = None


class CopyIn(_In):
    """Copies of a line for one place."""

    quantity: int = Field(1, ge=1, le=10_000)
    fund_id: UUID | None = None
    location: str | None = Field(None, max_length=100)
    collection: str | None = Field(None, max_length=100)
    item_type: str | None = Field(None, max_length=100)
    shelf_mark: str | None = Field(None, max_length=100)
    barcode: str | None = Field(None, max_length=100)


class LineIn(_In):
    """A line to be ordered. ``identifiers`` are standard numbers as given; a wrong one is kept and flagged."""

    title: str = Field(min_length=1, max_length=2000)
    contributor: str | None = Field(None, max_length=1000)
    edition: str | None = Field(None, max_length=200)
    publisher: str | None = Field(None, max_length=500)
    published: str | None = Field(None, max_length=100)
    url: str | None = Field(None, max_length=2000)
    identifiers: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field([], max_length=50)
    material: Material = Material.PHYSICAL
    quantity: int = Field(1, ge=1, le=100_000)
    unit_price: Money
    discount_kind: DiscountKind = DiscountKind.NONE
    discount: Decimal = Field(Decimal(0), ge=0, max_digits=19, decimal_places=4)
    additional_cost: Decimal = Field(Decimal(0), ge=0, max_digits=19, decimal_places=4)
    tax_percent: Decimal = Field(Decimal(0), ge=0, le=100, max_digits=7, decimal_places=4)
    tax_included: bool = False
    uncertain_price: bool = False
    distribution: DistributionKind = DistributionKind.PERCENT
    funds: list[FundIn] = Field([], max_length=50)
    copies: list[CopyIn] = Field([], max_length=500)
    receipt_required: bool = True
    vendor_reference: str | None = Field(None, max_length=100)
    quote_reference: str | None = Field(None, max_length=100)
    subscription_from: date | None = None
    subscription_to: date | None = None
    requester: str | None = Field(None, max_length=80)
    note: str = Field("", max_length=4000)
    source: str | None = Field(None, max_length=100)
    source_key: str | None = Field(None, max_length=200)


class OrderIn(_In):
    """An order to be made, with its lines or without."""

    vendor_id: UUID
    currency: CurrencyCode
    order_type: OrderType = OrderType.ONE_TIME
    account_number: str | None = Field(None, max_length=80)
    fiscal_year_id: UUID | None = None
    prefix: str = Field("PO", pattern=r"^[A-Z0-9-]{1,10}$")
    rush: bool = False
    note: str = Field("", max_length=4000)
    unit_id: UUID | None = None
    lines: list[LineIn] = Field([], max_length=2_000)


class OrderPatch(_In):
    """Changes of an order's head; needs ``If-Match``."""

    account_number: str | None = Field(None, max_length=80)
    rush: bool | None = None
    note: str | None = Field(None, max_length=4000)


class OpenIn(_In):
    """Opening; ``override_reason`` passes limits (needs the right ``budgets:override``)."""

    override_reason: str | None = Field(None, min_length=3, max_length=500)


class ReasonIn(_In):
    reason: str = Field(min_length=2, max_length=200)


class FundOut(BaseModel):
    fund_id: UUID
    fund_code: str
    value: Decimal
    amount: Money | None = None
    fiscal_year_id: UUID | None = None
    encumbered: Money | None = None


class IdentifierOut(BaseModel):
    kind: str
    value: str
    normalized: str
    problem: str | None = None


class CopyOut(CopyIn):
    pass


class LineOut(BaseModel):
    id: UUID
    version: int
    order_id: UUID
    order_number: str
    vendor_id: UUID
    number: str
    status: LineStatus
    title: str
    contributor: str | None
    edition: str | None
    publisher: str | None
    published: str | None
    url: str | None
    material: Material
    quantity: int
    received: int
    unit_price: Money
    estimated_price: Money
    uncertain_price: bool
    distribution: DistributionKind
    funds: list[FundOut]
    copies: list[CopyOut]
    identifiers: list[IdentifierOut]
    receipt_status: ReceiptStatus
    payment_status: PaymentStatus
    vendor_reference: str | None
    quote_reference: str | None
    subscription_from: date | None
    subscription_to: date | None
    note: str
    cancel_reason: str | None
    source: str | None
    source_key: str | None


class OrderOut(BaseModel):
    id: UUID
    version: int
    number: str
    status: OrderStatus
    order_type: OrderType
    vendor_id: UUID
    vendor_code: str | None
    vendor_name: str
    currency: str
    account_number: str | None
    rush: bool
    note: str
    ordered_on: date | None
    opened_at: datetime | None
    close_reason: str | None
    sent_state: str | None
    unit_id: UUID | None
    total: Money
    lines: list[LineOut]
    warnings: list[dict[str, Any]] = []


class OrderRow(BaseModel):
    """An order in a list."""

    id: UUID
    version: int
    number: str
    status: OrderStatus
    vendor_id: UUID
    vendor_name: str
    currency: str
    ordered_on: date | None
    lines: int
    total: Money


class OrderPage(BaseModel):
    items: list[OrderRow]
    total: int


class LinePage(BaseModel):
    items: list[LineOut]
    total: int


class VendorOut(BaseModel):
    """What orders knows of a vendor, from the vendors service."""

    vendor_id: UUID
    code: str | None
    name: str
    active: bool
    receives_edi: bool
    currency: str | None


class VendorPage(BaseModel):
    items: list[VendorOut]
    total: int

"""Tables of costs: copies of order lines and paid invoice lines, and what platforms they pay."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount, Rate
from quire_usage.base import Base
from quire_usage.costs.allocation import AllocationMethod


class OrderLineCopy(Identified, Versioned, Owned, Base, table=True):
    """What usage needs of an order line; without ``order_id`` a stub of a line that was paid before it was told.

    ``method`` says how its cost is shared when it pays several platforms.
    """

    __tablename__ = "order_line_copy"
    __table_args__ = (one_of("method", AllocationMethod),)

    order_id: UUID | None = Field(default=None, index=True)
    order_number: str = Field(default="", max_length=100)
    number: str = Field(default="", max_length=100)
    title: str = Field(default="")
    vendor_id: UUID | None = None
    material: str = Field(default="", max_length=100)
    state: str = Field(default="", max_length=100)
    method: AllocationMethod = Field(default=AllocationMethod.NONE, sa_type=text_enum(AllocationMethod))
    linked_at: datetime | None = None


class PaidInvoiceLine(Identified, Base, table=True):
    """A paid invoice line as booked, taxes and charges included; ``reversed_on`` once its payment was taken back."""

    __tablename__ = "paid_invoice_line"
    __table_args__ = (CheckConstraint("rate > 0", name="rate_positive"),)

    invoice_id: UUID = Field(index=True)
    invoice_number: str = Field(max_length=255)
    number: str = Field(max_length=100)
    order_line_id: UUID | None = Field(default=None, index=True)
    description: str
    amount: Decimal = Field(sa_type=MoneyAmount)
    currency: str = Field(sa_type=CurrencyColumn)
    paid_on: date
    service_from: date | None = None
    service_to: date | None = None
    rate: Decimal | None = Field(default=None, sa_type=Rate)
    reversed_on: date | None = None
    unit_id: UUID | None = None


class ResourceLink(Identified, Stamped, Base, table=True):
    """An order line pays a platform, with the prices that a split may go by."""

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("order_line_id", "platform_id"),)

    order_line_id: UUID = Field(foreign_key="order_line_copy.id")
    platform_id: UUID = Field(foreign_key="platform.id", index=True)
    list_price: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    list_price_currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    historic_spend: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    historic_spend_currency: str | None = Field(default=None, sa_type=CurrencyColumn)


class ToldCostPerUse(Base, table=True):
    """The figures of a platform and calendar year that were last told to other services."""

    __tablename__ = "told_cost_per_use"

    platform_id: UUID = Field(primary_key=True, foreign_key="platform.id")
    year: int = Field(primary_key=True)
    figures: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))

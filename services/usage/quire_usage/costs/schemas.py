"""What the API of costs takes and answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from quire_shared.values.money import Money
from quire_usage.costs.allocation import AllocationMethod


class PlatformShareIn(BaseModel):
    """A platform that an order line pays, with the price that a split by list price or by history goes by."""

    model_config = ConfigDict(extra="forbid")

    platform_id: UUID
    list_price: Money | None = None
    historic_spend: Money | None = None


class LinksIn(BaseModel):
    """All platforms that an order line pays, and how the cost is shared among them."""

    model_config = ConfigDict(extra="forbid")

    method: AllocationMethod = AllocationMethod.NONE
    platforms: Annotated[list[PlatformShareIn], Field(max_length=200)]


class RateIn(BaseModel):
    """The booking rate of a line in a foreign currency: base currency for one unit of its own."""

    model_config = ConfigDict(extra="forbid")

    rate: Annotated[Decimal, Field(gt=0, max_digits=28, decimal_places=12)]


class PlatformShareOut(BaseModel):
    platform_id: UUID
    platform: str
    list_price: Money | None
    historic_spend: Money | None


class OrderLineOut(BaseModel):
    """An order line and the platforms that it pays."""

    id: UUID
    order_id: UUID | None
    order_number: str
    number: str
    title: str
    material: str
    state: str
    method: AllocationMethod
    platforms: list[PlatformShareOut]
    version: int


class OrderLinePage(BaseModel):
    items: list[OrderLineOut]
    total: int


class PaidLineOut(BaseModel):
    """A paid invoice line as booked."""

    id: UUID
    invoice_id: UUID
    invoice_number: str
    number: str
    order_line_id: UUID | None
    description: str
    total: Money
    rate: Decimal | None
    paid_on: date
    service_from: date | None
    service_to: date | None
    reversed_on: date | None


class MetricOut(BaseModel):
    """What counts as a use, and why."""

    report: str
    metric: str
    filters: dict[str, list[str]]
    reason: str


class LineShareOut(BaseModel):
    """What an invoice line brings in: its total, this platform's share, and the part in the covered months."""

    line_id: UUID
    invoice_id: UUID
    invoice_number: str
    number: str
    description: str
    order_line_id: UUID | None
    order_line: str
    total: Money
    share: Money
    covered: Money
    service_from: date
    service_to: date
    period_assumed: bool
    shared_by: str | None


class LeftOutOut(BaseModel):
    """An invoice line whose cost can't be told, and why."""

    line_id: UUID
    invoice_number: str
    number: str
    total: Money
    why: str


class ReportVersionOut(BaseModel):
    """The version of a report that figures come from."""

    id: UUID
    report: str
    release: str
    version: int
    level: str


class CostPerUseOut(BaseModel):
    """Cost per use of a platform, with everything that made it."""

    platform_id: UUID
    platform: str
    level: str
    level_note: str
    period_from: str
    period_to: str
    months: list[str]
    covered: list[str]
    coverage_percent: int
    missing: dict[str, str]
    outcome: str
    words: str
    cost_per_use: Decimal | None
    cost: Money
    covered_cost: Money
    uses: int
    open_uses: int
    turnaways: int
    metric: MetricOut
    allocation: str
    months_without_cost: list[str]
    release_changes: list[str]
    lines: list[LineShareOut]
    left_out: list[LeftOutOut]
    reports: list[ReportVersionOut]
    notes: list[str]


class ComparisonOut(BaseModel):
    """Several platforms over equal months: those that all of them have."""

    covered: list[str]
    items: list[CostPerUseOut]
    total: int

"""What the API of usage facts takes and answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from quire_shared.values.currencies import CURRENCY_PATTERN
from quire_usage.costs.metrics import Material
from quire_usage.facts.tables import ReportState

Month = Annotated[str, Field(pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$", description="A month, yyyy-mm")]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*\S[^\x00]*$")]
Currency = Annotated[
    str, Field(pattern=CURRENCY_PATTERN, description="ISO 4217 code of the currency costs are told in")
]


class PlatformIn(BaseModel):
    """A new platform."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    provider: Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")] = ""
    material: Material = Material.PLATFORM
    currency: Currency
    unit_id: UUID | None = None


class PlatformChange(BaseModel):
    """What changes of a platform."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    provider: Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")] | None = None
    material: Material | None = None
    currency: Currency | None = None


class PlatformOut(BaseModel):
    id: UUID
    name: str
    provider: str
    material: Material
    currency: str
    unit_id: UUID | None
    version: int


class PlatformPage(BaseModel):
    items: list[PlatformOut]
    total: int


class ChangeOut(BaseModel):
    """A figure that a new version of a report changed."""

    month: str
    metric: str
    before: int
    after: int


class ReportLine(BaseModel):
    """A report in a list."""

    id: UUID
    platform_id: UUID
    file_name: str
    state: ReportState
    reason: str | None
    report_id: str
    release: str
    report_version: int
    period_from: date | None
    period_to: date | None
    level: str
    our_level: str
    records: int
    created_at: datetime
    version: int


class ReportPage(BaseModel):
    items: list[ReportLine]
    total: int


class ReportOut(ReportLine):
    """A report with its verdict. ``current_months`` are those that no later version replaced."""

    report_name: str
    file_format: str
    sha256: str
    fact_rows: int
    totals: dict[str, dict[str, int]]
    head: dict[str, Any]
    findings: list[dict[str, Any]]
    quarantined: list[dict[str, Any]]
    changes: list[ChangeOut]
    current_months: list[str]


class UsageMonthOut(BaseModel):
    """The use of one month by one report, summed over the attributes that were asked for."""

    month: str
    report_id: str
    release: str
    state: str
    from_report: UUID
    report_version: int
    level: str
    metrics: dict[str, int]


class UsageOut(BaseModel):
    platform_id: UUID
    platform: str
    items: list[UsageMonthOut]
    total: int


class CoverageLine(BaseModel):
    """What stands of one report, month by month: stored, empty (confirmed), partial, pending, lost or missing."""

    report_id: str
    release: str
    months: dict[str, str]


class CoverageOut(BaseModel):
    platform_id: UUID
    months: list[str]
    items: list[CoverageLine]
    total: int


class QuestionOut(BaseModel):
    """Two items that share an identifier: the same or not?"""

    id: UUID
    item_id: UUID
    item: str
    rival_id: UUID
    rival: str
    from_report: UUID


class QuestionPage(BaseModel):
    items: list[QuestionOut]
    total: int

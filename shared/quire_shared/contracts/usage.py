"""Events of ``usage``: reports loaded, and cost per use as computed."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from quire_shared.contracts.base import Event


class ReportLoaded(Event):
    """The months of a COUNTER report were stored as a new version. Key: platform."""

    type: ClassVar[str] = "usage.report.loaded"
    platform_id: uuid.UUID
    platform: str
    report_id: str
    release: str
    months: list[str]
    report_version: int
    level: str
    totals: dict[str, int]
    unit_id: uuid.UUID | None = None


class CostPerUseChanged(Event):
    """Cost per use of a platform over equal months. Key: platform."""

    type: ClassVar[str] = "usage.cost_per_use.changed"
    platform_id: uuid.UUID
    platform: str
    period_from: str
    period_to: str
    months_covered: int
    months_asked: int
    metric: str
    uses: int
    cost: Decimal
    currency: str
    cost_per_use: Decimal | None = None
    method: str
    unit_id: uuid.UUID | None = None

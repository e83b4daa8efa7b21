"""What the read models answer. Every page says until when it knows everything and how far it is behind."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from quire_desk.readmodels.rules import FIGURES, Figures
from quire_shared.values.money import Money


class Freshness(BaseModel):
    """``fresh_at``: everything said before is in here. ``lag``: events not yet read (null when read in another process).

    ``seen`` says whether the events that were asked for have been applied; null when none were asked for.
    """

    generation: int
    fresh_at: datetime | None
    lag: int | None
    seen: bool | None = None


class FiguresOut(BaseModel):
    """Figures in one currency (specification of orders, section 1)."""

    allocated: Money
    net_transfers: Money
    total_funding: Money
    encumbered: Money
    awaiting_payment: Money
    expended: Money
    credited: Money
    available: Money
    cash_balance: Money

    @classmethod
    def of(cls, figures: Figures, currency: str) -> FiguresOut:
        return cls(**{name: Money(getattr(figures, name), currency) for name in FIGURES})


class Links(BaseModel):
    """Where a figure comes from."""

    budget: str
    postings: str


class WorstOut(BaseModel):
    """The fund below this one that stands worst."""

    fund_id: UUID
    code: str
    state: str
    available: Money


class FundNode(BaseModel):
    """A fund with its own budget's figures and the sums with all funds below it that the reader sees.

    ``state`` is the worst of the fund and of all below it. ``hidden`` counts the funds below that the reader does not
    see; their figures are in no sum here.
    """

    fund_id: UUID
    code: str
    name: str
    unit_id: UUID | None
    budget_id: UUID | None
    own: FiguresOut | None
    totals: list[FiguresOut]
    own_state: str
    state: str
    worst: WorstOut | None
    hidden: int
    links: Links | None
    changed_at: datetime | None
    children: list[FundNode]


class BudgetsOut(Freshness):
    fiscal_year: str | None
    fiscal_years: list[str]
    items: list[FundNode]
    totals: list[FiguresOut]
    hidden: int


class DifferenceOut(BaseModel):
    """A row in which the read model and orders disagree."""

    budget_id: UUID
    fund_code: str
    field: str
    read_model: str | None
    source: str | None


class BudgetsProof(Freshness):
    """Whether the read model says the same as orders, row by row, of what the asker sees."""

    equal: bool
    compared: int
    differences: list[DifferenceOut]
    words: str


class DecisionOut(BaseModel):
    kind: str
    subject_id: UUID
    service: str
    title: str
    detail: str
    urgency: int
    due_on: date | None
    link: str
    unit_id: UUID | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    outcome: str | None


class TodayOut(Freshness):
    items: list[DecisionOut]
    total: int


class CostOut(BaseModel):
    """Cost per use of a platform; ``cost_per_use`` is null when there was no use."""

    platform_id: UUID
    platform: str
    period_from: str
    period_to: str
    months_covered: int
    months_asked: int
    metric: str
    uses: int
    cost: Money
    cost_per_use: Decimal | None
    words: str
    method: str
    unit_id: UUID | None
    changed_at: datetime


class CostsOut(Freshness):
    items: list[CostOut]
    total: int


class RebuildOut(BaseModel):
    job_id: UUID

"""Rows of the read models. Each carries the generation that filled it: a rebuild fills the next one and switches."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, Numeric, Text, text
from sqlmodel import Field

from quire_desk.base import Base
from quire_shared.values.columns import CurrencyColumn, MoneyAmount


class FundView(Base, table=True):
    """A fund as orders last told; a stub (``known`` false) while only a budget or a child has named it."""

    __tablename__ = "view_fund"

    generation: int = Field(primary_key=True)
    fund_id: UUID = Field(primary_key=True)
    ledger_id: UUID | None = None
    parent_id: UUID | None = None
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    currency: str = Field(sa_type=CurrencyColumn)
    unit_id: UUID | None = None
    known: bool = True


class BudgetView(Base, table=True):
    """The figures of a budget as orders last told, in the budget's currency."""

    __tablename__ = "view_budget"
    __table_args__ = (Index("ix_view_budget_generation_fiscal_year_code", "generation", "fiscal_year_code"),)

    generation: int = Field(primary_key=True)
    budget_id: UUID = Field(primary_key=True)
    fund_id: UUID
    fund_code: str = Field(sa_type=Text)
    fund_name: str = Field(sa_type=Text)
    ledger_id: UUID
    fiscal_year_id: UUID
    fiscal_year_code: str = Field(sa_type=Text)
    currency: str = Field(sa_type=CurrencyColumn)
    allocated: Decimal = Field(sa_type=MoneyAmount)
    net_transfers: Decimal = Field(sa_type=MoneyAmount)
    total_funding: Decimal = Field(sa_type=MoneyAmount)
    encumbered: Decimal = Field(sa_type=MoneyAmount)
    awaiting_payment: Decimal = Field(sa_type=MoneyAmount)
    expended: Decimal = Field(sa_type=MoneyAmount)
    credited: Decimal = Field(sa_type=MoneyAmount)
    available: Decimal = Field(sa_type=MoneyAmount)
    cash_balance: Decimal = Field(sa_type=MoneyAmount)
    unit_id: UUID | None = None
    event_id: UUID
    changed_at: datetime


class DecisionView(Base, table=True):
    """Something that waits for a person. The row stays when it is done, so that Today can say when."""

    __tablename__ = "view_decision"
    __table_args__ = (
        Index("ix_view_decision_open", "generation", "due_on", postgresql_where=text("closed_at IS NULL")),
    )

    generation: int = Field(primary_key=True)
    kind: str = Field(max_length=30, primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    service: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    urgency: int
    due_on: date | None = None
    link: str = Field(sa_type=Text)
    unit_id: UUID | None = None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    outcome: str | None = Field(default=None, sa_type=Text)


class CostPerUseView(Base, table=True):
    """Cost per use of a platform over a period, as usage last told."""

    __tablename__ = "view_cost_per_use"

    generation: int = Field(primary_key=True)
    platform_id: UUID = Field(primary_key=True)
    period_from: str = Field(max_length=7, primary_key=True)
    period_to: str = Field(max_length=7, primary_key=True)
    metric: str = Field(sa_type=Text, primary_key=True)
    platform: str = Field(sa_type=Text)
    months_covered: int
    months_asked: int
    uses: int = Field(sa_type=BigInteger)
    cost: Decimal = Field(sa_type=MoneyAmount)
    currency: str = Field(sa_type=CurrencyColumn)
    cost_per_use: Decimal | None = Field(default=None, sa_type=Numeric)
    method: str = Field(sa_type=Text)
    unit_id: UUID | None = None
    changed_at: datetime

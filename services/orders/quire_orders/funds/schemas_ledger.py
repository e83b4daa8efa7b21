"""What the API takes and gives where money moves, and what it answers about figures."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from quire_orders.funds.rules import Account, BudgetStatus, Purpose, Totals
from quire_orders.funds.rules_currencies import RateSource
from quire_orders.funds.schemas import Body, BudgetClass, BudgetLimits, Currency, Out, ShortText
from quire_orders.funds.tables_ledger import DocumentType
from quire_shared.values.money import Money

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
GivenReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]


class FiguresOut(BaseModel):
    """All figures of a budget or of a sum of budgets (specification of orders, section 1)."""

    initial: Money
    allocated_in: Money
    allocated_out: Money
    allocated: Money
    net_transfers: Money
    total_funding: Money
    encumbered: Money
    awaiting: Money
    expended: Money
    credited: Money
    used: Money
    unavailable: Money
    available: Money
    cash_balance: Money
    over_expended: Money
    over_encumbered: Money

    @classmethod
    def of(cls, totals: Totals) -> FiguresOut:
        return cls(**{name: Money(getattr(totals, name), totals.currency) for name in cls.model_fields})


class BudgetOut(Out):
    fund_id: UUID
    fund_code: str
    fund_name: str
    ledger_id: UUID
    fiscal_year_id: UUID
    fiscal_year_code: str
    currency: str
    status: BudgetStatus
    unit_id: UUID | None
    figures: FiguresOut
    limits: BudgetLimits
    expense_classes: list[BudgetClass]
    as_of: datetime | None = None


class BudgetFiguresOut(BaseModel):
    """A row of the list of budgets."""

    id: UUID
    fund_id: UUID
    fund_code: str
    fund_name: str
    ledger_id: UUID
    ledger_code: str
    fiscal_year_id: UUID
    fiscal_year_code: str
    currency: str
    status: BudgetStatus
    unit_id: UUID | None
    figures: FiguresOut


class TotalsOut(BaseModel):
    """Sums of per-budget figures, one per currency. ``hidden`` counts budgets of units that the asker does not see."""

    budgets: int
    hidden: int
    totals: list[FiguresOut]
    as_of: datetime | None


class BudgetList(TotalsOut):
    items: list[BudgetFiguresOut]


class FundFigures(BaseModel):
    """A fund of the tree: its own figures and those with all its descendants, per currency (own may be none)."""

    fund_id: UUID
    code: str
    name: str
    depth: int
    own: list[FiguresOut]
    with_children: list[FiguresOut]


class FundTree(BaseModel):
    items: list[FundFigures]
    hidden: int
    as_of: datetime | None


class AllocationIn(Body):
    """Changes the allocation of a budget by ``change`` (below zero: a decrease)."""

    budget_id: UUID
    change: Money
    reason: Reason = ""
    effective_on: date | None = None
    funding_source_id: UUID | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.change:
            raise ValueError("A change of zero changes nothing.")
        return self


class TransferIn(Body):
    """Money from one budget to another of the same fiscal year and currency."""

    from_budget_id: UUID
    to_budget_id: UUID
    amount: Money
    reason: Reason = ""
    effective_on: date | None = None

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.amount.amount <= 0:
            raise ValueError("The amount must be above zero; swap the budgets to go the other way.")
        if self.from_budget_id == self.to_budget_id:
            raise ValueError("The two budgets must differ.")
        return self


class MovementOut(BaseModel):
    """The transactions of a command, and the budgets as they stand after it."""

    transaction_ids: list[UUID]
    budgets: list[BudgetMoved]
    warnings: list[str] = []


class BudgetMoved(BaseModel):
    budget_id: UUID
    fund_code: str
    fiscal_year_code: str
    figures: FiguresOut


class ReversalIn(Body):
    reason: GivenReason


class BatchRow(Body):
    """One budget of a batch. A fund without a budget in the year gets one."""

    fund_id: UUID
    fiscal_year_id: UUID
    change: Money


class BatchIn(Body):
    rows: Annotated[list[BatchRow], Field(min_length=1, max_length=10_000)]
    reason: GivenReason
    effective_on: date | None = None


class BatchRowOut(BaseModel):
    budget_id: UUID
    fund_code: str
    created: bool
    status: BudgetStatus
    allocated_before: Money
    allocated_after: Money
    available_after: Money


class BatchOut(BaseModel):
    """``id`` is null for a preview."""

    id: UUID | None
    preview: bool
    rows: list[BatchRowOut]


class BatchLogOut(BaseModel):
    id: UUID
    fiscal_year_id: UUID
    recorded_at: datetime
    actor: str
    reason: str
    rows: int
    undoes_id: UUID | None
    undone_by_id: UUID | None


class RateIn(Body):
    """One unit of ``base`` costs ``value`` units of ``quote``, as quoted."""

    base: Currency
    quote: Currency
    value: Annotated[Decimal, Field(gt=0, max_digits=28, decimal_places=12)]
    valid_on: date
    source: Literal[RateSource.MANUAL, RateSource.CONTRACT, RateSource.BANK] = RateSource.MANUAL
    note: ShortText = ""

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.base == self.quote:
            raise ValueError("An exchange rate needs two currencies.")
        return self


class RateOut(BaseModel):
    id: UUID
    base: str
    quote: str
    value: Decimal
    valid_on: date
    source: RateSource
    note: str
    recorded_at: datetime
    actor: str


class RatesLoaded(BaseModel):
    rows: int
    added: int


class PostingOut(BaseModel):
    """A posting with what it was for. ``amount`` left ``credit`` and arrived at ``debit``."""

    id: UUID
    transaction_id: UUID
    purpose: Purpose
    document_type: DocumentType
    document_id: UUID
    reason: str
    actor: str
    reverses_id: UUID | None
    budget_id: UUID
    debit: Account
    credit: Account
    amount: Money
    original: Money | None
    rate_id: UUID | None
    commitment_id: UUID | None
    charge_id: UUID | None
    gl_account: str
    recorded_at: datetime
    effective_on: date


class PostingList(BaseModel):
    """``next`` is the value of ``after`` for the next page; null at the end."""

    items: list[PostingOut]
    next: UUID | None


class InconsistencyOut(BaseModel):
    table: str
    row: str
    detail: str


class ConsistencyOut(BaseModel):
    """The proof that every balance is the fold of its postings. ``consistent`` is true when nothing is found."""

    consistent: bool
    checked_at: datetime
    checked: dict[str, int]
    found: list[InconsistencyOut]

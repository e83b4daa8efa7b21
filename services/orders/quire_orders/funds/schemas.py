"""What the API takes and gives for the structure of the budgets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from quire_orders.funds.rules import BudgetStatus, YearState
from quire_orders.funds.tables import CODE_LENGTH, NAME_LENGTH, PartnerDirection, RecordStatus
from quire_shared.values.currencies import CURRENCY_PATTERN
from quire_shared.values.money import Money

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CODE_LENGTH)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_LENGTH)]
LongText = Annotated[str, StringConstraints(max_length=10_000)]
Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
Percent = Annotated[Decimal, Field(ge=0, le=Decimal("99999.99"), max_digits=7, decimal_places=2)]
Words = Annotated[list[Name], Field(max_length=200)]


class Body(BaseModel):
    """What is sent: unknown fields are refused, so that a misspelt one does not vanish."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What is answered for a record; ``version`` is also its ETag."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int


class CalendarIn(Body):
    code: Code
    name: Name
    unit_id: UUID | None = None


class CalendarOut(Out):
    code: str
    name: str
    unit_id: UUID | None


class CalendarChange(Body):
    code: Code | None = None
    name: Name | None = None


class YearIn(Body):
    calendar_id: UUID
    code: Code
    name: Name
    starts_on: date
    ends_on: date
    unit_id: UUID | None = None

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("A fiscal year can't end before it starts.")
        return self


class YearOut(Out):
    calendar_id: UUID
    code: str
    name: str
    starts_on: date
    ends_on: date
    state: YearState
    unit_id: UUID | None


class YearChange(Body):
    code: Code | None = None
    name: Name | None = None
    state: YearState | None = None


class LedgerIn(Body):
    code: Code
    name: Name
    description: LongText = ""
    calendar_id: UUID
    currency: Currency
    restrict_encumbrance: bool = True
    restrict_expenditure: bool = True
    unit_id: UUID | None = None


class LedgerOut(Out):
    code: str
    name: str
    description: str
    calendar_id: UUID
    currency: str
    status: RecordStatus
    restrict_encumbrance: bool
    restrict_expenditure: bool
    unit_id: UUID | None


class LedgerChange(Body):
    code: Code | None = None
    name: Name | None = None
    description: LongText | None = None
    status: RecordStatus | None = None
    restrict_encumbrance: bool | None = None
    restrict_expenditure: bool | None = None


class FundTypeIn(Body):
    code: Code
    name: Name


class FundTypeOut(Out):
    code: str
    name: str


class FundTypeChange(Body):
    code: Code | None = None
    name: Name | None = None


class FundIn(Body):
    code: Code
    name: Name
    description: LongText = ""
    ledger_id: UUID
    parent_id: UUID | None = None
    fund_type_id: UUID | None = None
    owner_id: UUID | None = None
    external_account: ShortText = ""
    tags: Words = []
    locations: Words = []
    donor_ids: Annotated[list[UUID], Field(max_length=200)] = []
    unit_id: UUID | None = None


class FundOut(Out):
    code: str
    name: str
    description: str
    ledger_id: UUID
    parent_id: UUID | None
    path: list[UUID]
    fund_type_id: UUID | None
    owner_id: UUID | None
    status: RecordStatus
    external_account: str
    tags: list[str]
    locations: list[str]
    donor_ids: list[UUID]
    unit_id: UUID | None


class FundChange(Body):
    """``parent_id`` given as null makes the fund a root; left out, its place stays."""

    code: Code | None = None
    name: Name | None = None
    description: LongText | None = None
    parent_id: UUID | None = None
    fund_type_id: UUID | None = None
    owner_id: UUID | None = None
    status: RecordStatus | None = None
    external_account: ShortText | None = None
    tags: Words | None = None
    locations: Words | None = None
    donor_ids: Annotated[list[UUID], Field(max_length=200)] | None = None


class PartnerIn(Body):
    direction: PartnerDirection
    partner_id: UUID


class PartnersIn(Body):
    """All allowed partners of a fund; the list replaces the one before."""

    partners: Annotated[list[PartnerIn], Field(max_length=1_000)]


class PartnersOut(BaseModel):
    fund_id: UUID
    partners: list[PartnerIn]


class GroupIn(Body):
    code: Code
    name: Name
    fund_ids: Annotated[list[UUID], Field(max_length=5_000)] = []
    unit_id: UUID | None = None


class GroupOut(Out):
    code: str
    name: str
    fund_ids: list[UUID]
    unit_id: UUID | None


class GroupChange(Body):
    """``fund_ids``, when given, replaces all members."""

    code: Code | None = None
    name: Name | None = None
    fund_ids: Annotated[list[UUID], Field(max_length=5_000)] | None = None


class ExpenseClassIn(Body):
    code: Code
    name: Name
    account_extension: Annotated[str, StringConstraints(strip_whitespace=True, max_length=CODE_LENGTH)] = ""


class ExpenseClassOut(Out):
    code: str
    name: str
    account_extension: str
    status: RecordStatus


class ExpenseClassChange(Body):
    code: Code | None = None
    name: Name | None = None
    account_extension: Annotated[str, StringConstraints(strip_whitespace=True, max_length=CODE_LENGTH)] | None = None
    status: RecordStatus | None = None


class LimitValue(Body):
    """A percentage of the total funding or an amount; an empty one is no limit."""

    percent: Percent | None = None
    amount: Money | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.percent is not None and self.amount is not None:
            raise ValueError("A limit is a percentage or an amount, not both.")
        if self.amount is not None and self.amount.amount < 0:
            raise ValueError("A limit can't be below zero.")
        return self


class BudgetLimits(Body):
    encumbrance_warn: LimitValue = LimitValue()
    encumbrance_stop: LimitValue = LimitValue()
    expenditure_warn: LimitValue = LimitValue()
    expenditure_stop: LimitValue = LimitValue()


class BudgetClass(Body):
    expense_class_id: UUID
    status: RecordStatus = RecordStatus.ACTIVE


class BudgetIn(Body):
    """A budget of a fund in a fiscal year, in the currency of the fund's ledger."""

    fund_id: UUID
    fiscal_year_id: UUID
    status: BudgetStatus = BudgetStatus.ACTIVE
    initial: Annotated[Money | None, Field(description="First allocation")] = None
    effective_on: date | None = None
    limits: BudgetLimits = BudgetLimits()
    expense_classes: Annotated[list[BudgetClass], Field(max_length=200)] = []
    unit_id: UUID | None = None


class BudgetChange(Body):
    """``limits`` and ``expense_classes``, when given, replace all of them."""

    status: BudgetStatus | None = None
    limits: BudgetLimits | None = None
    expense_classes: Annotated[list[BudgetClass], Field(max_length=200)] | None = None


class SourceIn(Body):
    code: Code
    name: Name
    currency: Currency
    unit_id: UUID | None = None


class SourceOut(Out):
    code: str
    name: str
    currency: str
    unit_id: UUID | None


class SourceChange(Body):
    code: Code | None = None
    name: Name | None = None


class CreditIn(Body):
    amount: Money
    effective_on: date
    expires_on: date | None = None
    note: ShortText = ""

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.amount.amount <= 0:
            raise ValueError("A credit must be above zero.")
        if self.expires_on is not None and self.expires_on < self.effective_on:
            raise ValueError("A credit can't expire before it takes effect.")
        return self


class CreditOut(BaseModel):
    """A credit of a source and how much of it is allocated; the earliest deadline is used first."""

    id: UUID
    amount: Money
    effective_on: date
    expires_on: date | None
    note: str
    allocated: Money
    left: Money


class SourceCredits(BaseModel):
    """All credits of a source. ``unattributed`` was allocated beyond what the source gave."""

    source_id: UUID
    credits: list[CreditOut]
    given: Money
    allocated: Money
    unattributed: Money

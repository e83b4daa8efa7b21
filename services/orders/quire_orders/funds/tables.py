"""The structure of the budgets: calendars, fiscal years, ledgers, the tree of funds, budgets and their limits.

Money itself lies in :mod:`quire_orders.funds.tables_ledger`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy import Uuid as UuidColumn
from sqlmodel import Field

from quire_orders.base import Base
from quire_orders.funds.rules import BudgetStatus, YearState
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount

CODE_LENGTH = 50
NAME_LENGTH = 255


class RecordStatus(StrEnum):
    """Whether a ledger, fund or expense class may be used. Nothing is deleted; it becomes inactive."""

    ACTIVE = "active"
    FROZEN = "frozen"
    INACTIVE = "inactive"


class FiscalCalendar(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A series of fiscal years: one library may keep a calendar year and a grant year side by side."""

    __tablename__ = "fiscal_calendar"

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)


class FiscalYear(Identified, Versioned, Stamped, Owned, Base, table=True):
    """One year of a calendar, both days included."""

    __tablename__ = "fiscal_year"
    __table_args__ = (
        UniqueConstraint("calendar_id", "starts_on"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        one_of("state", YearState),
    )

    calendar_id: UUID = Field(foreign_key="fiscal_calendar.id")
    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)
    starts_on: date
    ends_on: date
    state: YearState = Field(default=YearState.OPEN, sa_type=text_enum(YearState))


class Ledger(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A set of funds in one currency under one rule: whether limits of encumbrance and of expenditure stop a document."""

    __tablename__ = "ledger"
    __table_args__ = (one_of("status", RecordStatus),)

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)
    description: str = Field(default="", sa_type=Text)
    calendar_id: UUID = Field(foreign_key="fiscal_calendar.id")
    currency: str = Field(sa_type=CurrencyColumn)
    status: RecordStatus = Field(default=RecordStatus.ACTIVE, sa_type=text_enum(RecordStatus))
    restrict_encumbrance: bool = True
    restrict_expenditure: bool = True


class FundType(Identified, Versioned, Base, table=True):
    """A kind of fund; the rollover has its rules by fund type."""

    __tablename__ = "fund_type"

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)


class Fund(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A fund of the tree. ``path`` holds the ids of its ancestors and its own, so that sums with children are one query.

    ``external_account`` is the account number of the finance system. ``locations`` restricts what the fund may pay
    for; empty means everywhere. ``owner_id`` and ``donor_ids`` are ids only; names live elsewhere.
    """

    __tablename__ = "fund"
    __table_args__ = (
        one_of("status", RecordStatus),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("path[cardinality(path)] = id", name="path_ends_here"),
        Index("ix_fund_path", "path", postgresql_using="gin"),
    )

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)
    description: str = Field(default="", sa_type=Text)
    ledger_id: UUID = Field(foreign_key="ledger.id", index=True)
    parent_id: UUID | None = Field(default=None, foreign_key="fund.id", index=True)
    path: list[UUID] = Field(sa_column=Column(ARRAY(UuidColumn), nullable=False))
    fund_type_id: UUID | None = Field(default=None, foreign_key="fund_type.id")
    owner_id: UUID | None = None
    status: RecordStatus = Field(default=RecordStatus.ACTIVE, sa_type=text_enum(RecordStatus))
    external_account: str = Field(default="", max_length=NAME_LENGTH)
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    locations: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    donor_ids: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(UuidColumn), nullable=False, server_default="{}")
    )


class PartnerDirection(StrEnum):
    GIVES_TO = "gives_to"
    TAKES_FROM = "takes_from"


class TransferPartner(Base, table=True):
    """A fund that ``fund_id`` may give money to or take it from. Without any row of a direction all are allowed."""

    __tablename__ = "transfer_partner"
    __table_args__ = (one_of("direction", PartnerDirection),)

    fund_id: UUID = Field(foreign_key="fund.id", primary_key=True)
    direction: PartnerDirection = Field(sa_type=text_enum(PartnerDirection), primary_key=True)
    partner_id: UUID = Field(foreign_key="fund.id", primary_key=True)


class FundGroup(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A set of funds for reporting, across ledgers."""

    __tablename__ = "fund_group"

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)


class FundGroupMember(Base, table=True):
    __tablename__ = "fund_group_member"

    group_id: UUID = Field(foreign_key="fund_group.id", primary_key=True)
    fund_id: UUID = Field(foreign_key="fund.id", primary_key=True, index=True)


class ExpenseClass(Identified, Versioned, Stamped, Base, table=True):
    """What money is spent on (print, electronic, …); its extension completes the general-ledger account string."""

    __tablename__ = "expense_class"
    __table_args__ = (one_of("status", RecordStatus),)

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)
    account_extension: str = Field(default="", max_length=CODE_LENGTH)
    status: RecordStatus = Field(default=RecordStatus.ACTIVE, sa_type=text_enum(RecordStatus))


def _percent() -> Column[Decimal]:
    return Column(Numeric(7, 2), nullable=True)


def _limit_checks() -> tuple[CheckConstraint, ...]:
    """A limit is a percentage or an amount, and never below zero."""
    checks: list[CheckConstraint] = []
    for name in ("encumbrance_warn", "encumbrance_stop", "expenditure_warn", "expenditure_stop"):
        checks.append(CheckConstraint(f"num_nonnulls({name}_percent, {name}_amount) <= 1", name=f"{name}_one"))
        checks.append(
            CheckConstraint(
                f"coalesce({name}_percent, 0) >= 0 AND coalesce({name}_amount, 0) >= 0", name=f"{name}_sign"
            )
        )
    return tuple(checks)


class Budget(Identified, Versioned, Stamped, Owned, Base, table=True):
    """One fund in one fiscal year. Its row is the lock of its accounts; it holds no figure itself."""

    __tablename__ = "budget"
    __table_args__ = (
        UniqueConstraint("fund_id", "fiscal_year_id"),
        # What the composite foreign keys of the postings refer to: both accounts share year and currency.
        UniqueConstraint("id", "fiscal_year_id", "currency"),
        one_of("status", BudgetStatus),
        *_limit_checks(),
    )

    fund_id: UUID = Field(foreign_key="fund.id")
    fiscal_year_id: UUID = Field(foreign_key="fiscal_year.id", index=True)
    currency: str = Field(sa_type=CurrencyColumn)
    status: BudgetStatus = Field(default=BudgetStatus.ACTIVE, sa_type=text_enum(BudgetStatus))
    encumbrance_warn_percent: Decimal | None = Field(default=None, sa_column=_percent())
    encumbrance_warn_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    encumbrance_stop_percent: Decimal | None = Field(default=None, sa_column=_percent())
    encumbrance_stop_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    expenditure_warn_percent: Decimal | None = Field(default=None, sa_column=_percent())
    expenditure_warn_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    expenditure_stop_percent: Decimal | None = Field(default=None, sa_column=_percent())
    expenditure_stop_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)


class BudgetExpenseClass(Base, table=True):
    """An expense class of a budget. A budget without any takes all active classes; one with some takes only these."""

    __tablename__ = "budget_expense_class"
    __table_args__ = (one_of("status", RecordStatus),)

    budget_id: UUID = Field(foreign_key="budget.id", primary_key=True)
    expense_class_id: UUID = Field(foreign_key="expense_class.id", primary_key=True)
    status: RecordStatus = Field(default=RecordStatus.ACTIVE, sa_type=text_enum(RecordStatus))


class FundingSource(Identified, Versioned, Stamped, Owned, Base, table=True):
    """Who gives the money: the university, a grant, a gift."""

    __tablename__ = "funding_source"

    code: str = Field(max_length=CODE_LENGTH, unique=True)
    name: str = Field(max_length=NAME_LENGTH)
    currency: str = Field(sa_type=CurrencyColumn)


class FundingCredit(Identified, Stamped, Base, table=True):
    """Money that a source gave, from ``effective_on`` to ``expires_on``; the earliest deadline is spent first."""

    __tablename__ = "funding_credit"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("expires_on IS NULL OR expires_on >= effective_on", name="period"),
    )

    source_id: UUID = Field(sa_column=Column(ForeignKey("funding_source.id"), nullable=False, index=True))
    amount: Decimal = Field(sa_type=MoneyAmount)
    effective_on: date
    expires_on: date | None = None
    note: str = Field(default="", sa_column=Column(String(NAME_LENGTH), nullable=False, server_default=""))

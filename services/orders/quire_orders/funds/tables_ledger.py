"""The ledger: accounts, transactions and postings (append-only), commitments, charges and exchange rates.

The database keeps the invariants too: a posting's accounts belong to one budget, so they share its fiscal year and
currency (composite foreign keys); amounts are above zero and multiples of the minor unit; UPDATE, DELETE and TRUNCATE of
transactions and postings fail (triggers of the migration).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from quire_orders.base import Base
from quire_orders.funds.rules import Account as AccountKind
from quire_orders.funds.rules import Purpose
from quire_orders.funds.rules_commitments import ChargeState, OrderState
from quire_orders.funds.rules_currencies import RateSource
from quire_shared.database.tables import Identified, Owned, Stamped, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount, Rate, minor_unit_check


class DocumentType(StrEnum):
    """What a transaction was made for."""

    BUDGET = "budget"
    BATCH = "batch"
    ORDER = "order"
    INVOICE = "invoice"
    ROLLOVER = "rollover"
    IMPORT = "import"


class Account(Base, table=True):
    """The balance of one account of a budget: debits less credits. Changed only together with postings."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("kind", AccountKind),
        CheckConstraint("kind <> 'encumbered' OR balance >= 0", name="encumbered_not_negative"),
    )

    budget_id: UUID = Field(foreign_key="budget.id", primary_key=True)
    kind: AccountKind = Field(sa_type=text_enum(AccountKind), primary_key=True)
    balance: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)


class AllocationBatch(Identified, Owned, Base, table=True):
    """The log of batch allocations: who changed many budgets at once, why, and what undid it."""

    __tablename__ = "allocation_batch"

    fiscal_year_id: UUID = Field(foreign_key="fiscal_year.id", index=True)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    actor: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    rows: int
    undoes_id: UUID | None = Field(default=None, foreign_key="allocation_batch.id", unique=True)


class Transaction(Identified, Base, table=True):
    """One thing that happened to the money of one fiscal year. ``amount`` and ``postings`` are its control totals.

    ``recorded_at`` is set while the budgets are locked and is what ``as_of`` asks; ``effective_on`` is the day the
    money belongs to.
    """

    __tablename__ = "transaction"
    __table_args__ = (
        one_of("purpose", Purpose),
        one_of("document_type", DocumentType),
        UniqueConstraint("id", "fiscal_year_id", "currency"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("postings > 0", name="postings_positive"),
        Index("ix_transaction_document", "document_type", "document_id"),
        Index("ix_transaction_recorded", "fiscal_year_id", "recorded_at"),
    )

    fiscal_year_id: UUID = Field(foreign_key="fiscal_year.id")
    currency: str = Field(sa_type=CurrencyColumn)
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    document_type: DocumentType = Field(sa_type=text_enum(DocumentType))
    document_id: UUID
    amount: Decimal = Field(sa_type=MoneyAmount)
    postings: int
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    effective_on: date
    actor: str = Field(sa_type=Text)
    reason: str = Field(default="", sa_type=Text)
    reverses_id: UUID | None = Field(default=None, foreign_key="transaction.id", unique=True)
    batch_id: UUID | None = Field(default=None, foreign_key="allocation_batch.id", index=True)
    funding_source_id: UUID | None = Field(default=None, foreign_key="funding_source.id", index=True)


class Posting(Identified, Base, table=True):
    """One double entry. ``digest`` seals the row, so that a change behind the ledger's back names it."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["transaction_id", "fiscal_year_id", "currency"],
            ["transaction.id", "transaction.fiscal_year_id", "transaction.currency"],
            name="fk_posting_transaction",
        ),
        ForeignKeyConstraint(
            ["budget_id", "fiscal_year_id", "currency"],
            ["budget.id", "budget.fiscal_year_id", "budget.currency"],
            name="fk_posting_budget",
        ),
        one_of("debit", AccountKind),
        one_of("credit", AccountKind),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        CheckConstraint("(original_amount IS NULL) = (original_currency IS NULL)", name="original_whole"),
        minor_unit_check("amount", "currency", "amount_minor_unit"),
        Index("ix_posting_budget", "budget_id", "recorded_at"),
        Index("ix_posting_transaction_id", "transaction_id"),
        Index("ix_posting_commitment_id", "commitment_id", postgresql_where=text("commitment_id IS NOT NULL")),
        Index("ix_posting_charge_id", "charge_id", postgresql_where=text("charge_id IS NOT NULL")),
    )

    transaction_id: UUID
    budget_id: UUID
    fiscal_year_id: UUID
    debit: AccountKind = Field(sa_type=text_enum(AccountKind))
    credit: AccountKind = Field(sa_type=text_enum(AccountKind))
    amount: Decimal = Field(sa_type=MoneyAmount)
    currency: str = Field(sa_type=CurrencyColumn)
    original_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    original_currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    commitment_id: UUID | None = Field(default=None, foreign_key="commitment.id")
    charge_id: UUID | None = Field(default=None, foreign_key="charge.id")
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")
    gl_account: str = Field(default="", sa_type=Text)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    effective_on: date
    digest: bytes = Field(sa_type=LargeBinary)


class ExchangeRate(Identified, Base, table=True):
    """One unit of ``base`` cost ``value`` units of ``quote`` on ``valid_on``: as quoted, never inverted, never changed."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        one_of("source", RateSource),
        CheckConstraint("value > 0", name="value_positive"),
        CheckConstraint("base <> quote", name="two_currencies"),
        Index("ix_exchange_rate_lookup", "base", "quote", "valid_on"),
        # A published rate of a day is loaded once; rates set by hand may follow each other on the same day.
        Index(
            "uq_exchange_rate_published",
            "base",
            "quote",
            "valid_on",
            "note",
            unique=True,
            postgresql_where=text("source = 'published'"),
        ),
    )

    base: str = Field(sa_type=CurrencyColumn)
    quote: str = Field(sa_type=CurrencyColumn)
    value: Decimal = Field(sa_type=Rate)
    valid_on: date
    source: RateSource = Field(sa_type=text_enum(RateSource))
    note: str = Field(default="", sa_type=Text)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    actor: str = Field(sa_type=Text)


class CommittedLine(Base, table=True):
    """The lock of an order line in the ledger: whoever changes its commitments or charges it holds this row."""

    __tablename__ = "committed_line"

    line_id: UUID = Field(primary_key=True)
    order_id: UUID | None = Field(default=None, index=True)


class Commitment(Identified, Stamped, Base, table=True):
    """What an order line holds on one fund (and expense class) in one fiscal year.

    ``encumbered`` is what stands posted; it always equals the pure function of the other columns and the shares.
    ``active`` is false when the fund was taken off the line: the row stays for its history.
    """

    __tablename__ = "commitment"
    __table_args__ = (
        UniqueConstraint(
            "line_id", "fund_id", "fiscal_year_id", "expense_class_id", postgresql_nulls_not_distinct=True
        ),
        one_of("order_state", OrderState),
        CheckConstraint("initial >= 0", name="initial_not_negative"),
        CheckConstraint("encumbered BETWEEN 0 AND initial", name="encumbered_within_initial"),
        Index("ix_commitment_order_id", "order_id"),
    )

    order_id: UUID
    line_id: UUID = Field(foreign_key="committed_line.line_id")
    fund_id: UUID = Field(foreign_key="fund.id")
    budget_id: UUID = Field(foreign_key="budget.id", index=True)
    fiscal_year_id: UUID = Field(foreign_key="fiscal_year.id")
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")
    currency: str = Field(sa_type=CurrencyColumn)
    initial: Decimal = Field(sa_type=MoneyAmount)
    encumbered: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    original_amount: Decimal = Field(sa_type=MoneyAmount)
    original_currency: str = Field(sa_type=CurrencyColumn)
    rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    order_state: OrderState = Field(sa_type=text_enum(OrderState))
    released_by_hand: bool = False
    unreleased_step: int = 0
    step: int = 1
    active: bool = True


class Charge(Identified, Stamped, Base, table=True):
    """What one invoice line takes from one budget; below zero for a credit note."""

    __tablename__ = "charge"
    __table_args__ = (
        one_of("state", ChargeState),
        Index("ix_charge_invoice_id", "invoice_id"),
        Index("ix_charge_line_id", "line_id"),
        # The same share of an invoice line can stand once only: a repeated approval can't count twice.
        Index(
            "uq_charge_live",
            "invoice_line_id",
            "budget_id",
            "expense_class_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    invoice_id: UUID
    invoice_line_id: UUID
    line_id: UUID | None = None
    fund_id: UUID = Field(foreign_key="fund.id")
    budget_id: UUID = Field(foreign_key="budget.id", index=True)
    fiscal_year_id: UUID = Field(foreign_key="fiscal_year.id")
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")
    currency: str = Field(sa_type=CurrencyColumn)
    amount: Decimal = Field(sa_type=MoneyAmount)
    paid: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    original_amount: Decimal = Field(sa_type=MoneyAmount)
    original_currency: str = Field(sa_type=CurrencyColumn)
    rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    releases: bool = False
    state: ChargeState = Field(default=ChargeState.APPROVED, sa_type=text_enum(ChargeState))


class ChargeShare(Base, table=True):
    """What a charge uses up of a commitment (in the commitment's currency), approved at the line's ``step``."""

    __tablename__ = "charge_share"

    charge_id: UUID = Field(foreign_key="charge.id", primary_key=True)
    commitment_id: UUID = Field(foreign_key="commitment.id", primary_key=True, index=True)
    amount: Decimal = Field(sa_type=MoneyAmount)
    step: int

"""Invoices, their lines, charges and funds, and the parts of messages that are still incomplete."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_orders.base import Base
from quire_orders.invoicing.rules import Decision, InvoiceKind, InvoiceState, Source
from quire_orders.invoicing.rules_adjustments import Basis, Relation
from quire_orders.invoicing.rules_matching import MatchState
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount


class InvoicePart(Base, table=True):
    """A part of a vendor's message as it came. The invoice is made when all parts are there; they stay as evidence."""

    __tablename__ = "invoice_part"
    __table_args__ = (CheckConstraint("part BETWEEN 1 AND parts", name="part_in_parts"),)

    message_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True)
    parts: int
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    received_at: datetime


class Invoice(Identified, Versioned, Stamped, Owned, Base, table=True):
    """A vendor's invoice or credit note. All amounts in ``currency``; those of a credit note are below zero."""

    __tablename__ = "invoice"
    __table_args__ = (
        one_of("state", InvoiceState),
        one_of("kind", InvoiceKind),
        one_of("source", Source),
        Index("ix_invoice_vendor_number", "vendor_id", "number_key"),
        # What is payable has been decided exactly when the invoice is approved or paid.
        CheckConstraint("state NOT IN ('approved', 'paid') OR payable IS NOT NULL", name="payable_when_approved"),
        CheckConstraint("state NOT IN ('approved', 'paid') OR payment_expected", name="payment_expected_when_approved"),
        CheckConstraint("state NOT IN ('approved', 'paid') OR duplicate_of IS NULL", name="no_duplicate_approved"),
        CheckConstraint("state <> 'paid' OR (paid_on IS NOT NULL AND payment_reference <> '')", name="paid_says_how"),
    )

    vendor_id: UUID
    number: str = Field(max_length=100)
    number_key: str = Field(max_length=100)
    kind: InvoiceKind = Field(default=InvoiceKind.INVOICE, sa_type=text_enum(InvoiceKind))
    source: Source = Field(sa_type=text_enum(Source))
    state: InvoiceState = Field(default=InvoiceState.OPEN, sa_type=text_enum(InvoiceState))
    invoice_date: date
    currency: str = Field(sa_type=CurrencyColumn)
    message_id: UUID | None = Field(default=None, unique=True)
    file_id: UUID | None = None
    remainder_of: UUID | None = Field(default=None, foreign_key="invoice.id", index=True)
    function: str | None = Field(default=None, max_length=40)
    payment_expected: bool = True
    payment_note: str = Field(default="", max_length=500)
    duplicate_of: UUID | None = Field(default=None, foreign_key="invoice.id")
    duplicate_note: str = Field(default="", max_length=500)
    stated_total: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    lines_total: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    tax_total: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    charges_total: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    difference: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    explanation: str = Field(default="", max_length=2000)
    payable: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    fiscal_year_id: UUID | None = Field(default=None, foreign_key="fiscal_year.id")
    rate_id: UUID | None = Field(default=None, foreign_key="exchange_rate.id")
    approved_on: date | None = None
    approved_by: str | None = Field(default=None, max_length=80)
    paid_on: date | None = None
    payment_reference: str = Field(default="", max_length=200)
    canceled_on: date | None = None
    cancel_reason: str = Field(default="", max_length=500)
    note: str = Field(default="", sa_type=Text)


class InvoiceLine(Identified, Stamped, Base, table=True):
    """A line of an invoice: what the vendor stated, the order line found for it with the evidence, what was decided.

    ``amount`` is the line as stated, ``tax`` and ``charges`` are its parts of those of the whole invoice (or its own);
    ``pay_amount`` is what is paid for all three. Changed under the invoice's lock.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        one_of("match_state", MatchState),
        one_of("decision", Decision),
        CheckConstraint("decision <> 'short_pay' OR pay_amount IS NOT NULL", name="short_pay_says_amount"),
        Index("ix_invoice_line_order_line", "order_line_id", postgresql_where=text("order_line_id IS NOT NULL")),
    )

    invoice_id: UUID = Field(foreign_key="invoice.id")
    position: int
    number: str = Field(default="", max_length=40)
    title: str = Field(default="", max_length=2000)
    quantity: Decimal = Field(sa_column=Column(Numeric(19, 4), nullable=False))
    unit_price: Decimal | None = Field(default=None, sa_column=Column(Numeric(23, 8)))
    amount: Decimal = Field(sa_type=MoneyAmount)
    tax: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    charges: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    own_tax: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    own_charges: Decimal = Field(default=Decimal(0), sa_type=MoneyAmount)
    service_from: date | None = None
    service_to: date | None = None
    identifiers: list[list[str]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    references: list[list[str]] = Field(
        default_factory=list, sa_column=Column("vendor_references", JSONB, nullable=False)
    )
    order_line_id: UUID | None = Field(default=None, foreign_key="order_line.id")
    match_state: MatchState = Field(default=MatchState.NONE, sa_type=text_enum(MatchState))
    match_rule: str = Field(default="", max_length=40)
    match_score: int = 0
    match_reason: str = Field(default="", max_length=500)
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    differences: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    decision: Decision = Field(default=Decision.UNDECIDED, sa_type=text_enum(Decision))
    decision_reason: str = Field(default="", max_length=500)
    decided_by: str | None = Field(default=None, max_length=80)
    pay_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    more_expected: bool = False
    carried_to: UUID | None = Field(default=None, foreign_key="invoice.id", index=True)


class InvoiceLineFund(Identified, Base, table=True):
    """A fund of a line that differs from its order line's, or of a line without one; ``percent`` of what it pays."""

    __tablename__ = "invoice_line_fund"
    __table_args__ = (
        UniqueConstraint("invoice_line_id", "position"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_in_range"),
    )

    invoice_line_id: UUID = Field(foreign_key="invoice_line.id")
    position: int
    fund_id: UUID = Field(foreign_key="fund.id", index=True)
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")
    percent: Decimal = Field(sa_column=Column(Numeric(7, 4), nullable=False))


class InvoiceCharge(Identified, Base, table=True):
    """A tax, charge or allowance of the whole invoice (below zero: allowance) and how it reaches the lines."""

    __tablename__ = "invoice_charge"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        one_of("basis", Basis),
        one_of("relation", Relation),
        CheckConstraint("basis <> 'not_prorated' OR relation <> 'in_addition' OR fund_id IS NOT NULL", name="has_fund"),
    )

    invoice_id: UUID = Field(foreign_key="invoice.id")
    position: int
    code: str = Field(default="", max_length=40)
    description: str = Field(max_length=500)
    is_tax: bool = False
    amount: Decimal = Field(sa_type=MoneyAmount)
    basis: Basis = Field(default=Basis.AMOUNT, sa_type=text_enum(Basis))
    relation: Relation = Field(default=Relation.IN_ADDITION, sa_type=text_enum(Relation))
    fund_id: UUID | None = Field(default=None, foreign_key="fund.id")
    expense_class_id: UUID | None = Field(default=None, foreign_key="expense_class.id")

"""What the invoice routes take and give. Money is a decimal string in the invoice's currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quire_orders.invoicing.rules import Decision, InvoiceKind, InvoiceState, Source
from quire_orders.invoicing.rules_adjustments import Basis, Relation, ValueKind
from quire_orders.invoicing.rules_matching import MatchState
from quire_shared.values.currencies import CurrencyCode
from quire_shared.values.money import Money

Reason = Annotated[str, Field(min_length=1, max_length=500)]
ShortText = Annotated[str, Field(max_length=100)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=4)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class FundShareIn(_In):
    """A fund's part of what a line pays, in percent."""

    fund_id: UUID
    percent: Decimal = Field(gt=0, le=100, max_digits=7, decimal_places=4)
    expense_class_id: UUID | None = None


class FundsIn(_In):
    """The funds of a line; together 100 %. Empty: those of its order line."""

    funds: list[FundShareIn] = Field([], max_length=100)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.funds and sum(share.percent for share in self.funds) != 100:
            raise ValueError(f"The shares add up to {sum(s.percent for s in self.funds):f} %, not to 100 %.")
        keys = [(share.fund_id, share.expense_class_id) for share in self.funds]
        if len(set(keys)) < len(keys):
            raise ValueError("A fund with the same expense class is there twice.")
        return self


class InvoiceLineIn(_In):
    """A typed line. ``amount`` is the whole line before the taxes and charges of the invoice."""

    title: str = Field(min_length=1, max_length=2000)
    number: str = Field("", max_length=40)
    quantity: Quantity = Decimal(1)
    amount: Money
    tax: Money | None = None
    order_line_id: UUID | None = None
    own_reference: ShortText = ""
    vendor_reference: ShortText = ""
    identifiers: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field([], max_length=50)
    service_from: date | None = None
    service_to: date | None = None
    funds: list[FundShareIn] = Field([], max_length=100)

    @model_validator(mode="after")
    def _checked(self) -> Self:
        FundsIn(funds=self.funds)
        if self.service_from and self.service_to and self.service_to < self.service_from:
            raise ValueError("The service can't end before it begins.")
        return self


class ChargeIn(_In):
    """A tax, charge or allowance of the whole invoice: an amount, or a percentage of the lines."""

    description: str = Field(min_length=1, max_length=500)
    code: str = Field("", max_length=40)
    is_tax: bool = False
    kind: ValueKind = ValueKind.AMOUNT
    value: Decimal = Field(max_digits=15, decimal_places=4)
    basis: Basis = Basis.AMOUNT
    relation: Relation = Relation.IN_ADDITION
    fund_id: UUID | None = None
    expense_class_id: UUID | None = None

    @model_validator(mode="after")
    def _fund(self) -> Self:
        if self.basis is Basis.NOT_PRORATED and self.relation is Relation.IN_ADDITION and self.fund_id is None:
            raise ValueError("A charge that is not prorated needs its own fund.")
        return self


class InvoiceIn(_In):
    """A typed invoice. Amounts of a credit note are entered below zero. ``stated_total`` is the lock total."""

    vendor_id: UUID
    number: str = Field(min_length=1, max_length=100)
    kind: InvoiceKind = InvoiceKind.INVOICE
    invoice_date: date
    currency: CurrencyCode
    stated_total: Money
    payment_expected: bool = True
    note: str = Field("", max_length=10_000)
    unit_id: UUID | None = None
    lines: list[InvoiceLineIn] = Field(min_length=1, max_length=5_000)
    charges: list[ChargeIn] = Field([], max_length=100)

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        amounts = [self.stated_total, *(line.amount for line in self.lines)]
        amounts += [line.tax for line in self.lines if line.tax is not None]
        other = sorted({money.currency for money in amounts} - {self.currency})
        if other:
            raise ValueError(f"The invoice is in {self.currency}, but an amount is in {', '.join(other)}.")
        return self


class InvoicePatch(_In):
    """The head of an open invoice: what was read or typed wrongly."""

    invoice_date: date | None = None
    stated_total: Money | None = None
    note: str | None = Field(None, max_length=10_000)
    charges: list[ChargeIn] | None = Field(None, max_length=100)


class MatchIn(_In):
    """The order line of an invoice line; null: it has none."""

    order_line_id: UUID | None
    reason: str = Field("", max_length=500)


class DecisionIn(_In):
    """What is done with a line. ``pay_amount`` (short payment): all that is paid for it, taxes and charges included.

    ``more_expected``: further invoices will come for the order line, so the rest of its encumbrance stays. Left out, it
    follows from the quantities.
    """

    decision: Decision
    pay_amount: Money | None = None
    reason: str = Field("", max_length=500)
    more_expected: bool | None = None


class LinesIn(_In):
    """Some lines, or all that are clean."""

    line_ids: list[UUID] | None = Field(None, max_length=5_000)


class NotDuplicateIn(_In):
    reason: Reason


class ApproveIn(_In):
    """``payable`` is the amount that the approver has seen; another one is refused. ``override_reason`` passes limits."""

    payable: Money
    on: date | None = None
    fiscal_year_id: UUID | None = None
    rate_id: UUID | None = None
    override_reason: str | None = Field(None, min_length=1, max_length=500)


class PayIn(_In):
    """Paid outside: the reference of the payment, the day, and the bank's exchange rate if there was one."""

    reference: str = Field(min_length=1, max_length=200)
    on: date | None = None
    bank_rate_id: UUID | None = None


class CancelIn(_In):
    reason: Reason
    on: date | None = None


class ReasonIn(_In):
    reason: Reason


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class EvidenceOut(_Out):
    """One finding for or against an order line."""

    rule: str
    invoice_value: str
    order_value: str
    supports: bool


class CandidateOut(_Out):
    """An order line that may be the one; ``score`` of 100."""

    line_id: UUID
    score: int
    rule: str
    evidence: list[EvidenceOut]


class DifferenceOut(_Out):
    """One difference, in the field where it is."""

    field: str
    code: str
    ordered: str
    invoiced: str
    detail: str
    fix: str
    blocks: bool


class FundShareOut(_Out):
    fund_id: UUID
    percent: Decimal
    expense_class_id: UUID | None


class InvoiceLineOut(_Out):
    """A line. ``total`` is amount, tax and charges; ``payable`` is what its decision pays."""

    id: UUID
    invoice_id: UUID
    position: int
    number: str
    title: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Money
    tax: Money
    charges: Money
    total: Money
    payable: Money
    service_from: date | None
    service_to: date | None
    identifiers: list[list[str]]
    references: list[list[str]]
    order_line_id: UUID | None
    order_line_number: str | None
    order_number: str | None
    match_state: MatchState
    match_rule: str
    match_score: int
    match_reason: str
    evidence: list[EvidenceOut]
    candidates: list[CandidateOut]
    differences: list[DifferenceOut]
    clean: bool
    decision: Decision
    decision_reason: str
    pay_amount: Money | None
    more_expected: bool
    carried_to: UUID | None
    funds: list[FundShareOut]


class ChargeOut(_Out):
    id: UUID
    position: int
    code: str
    description: str
    is_tax: bool
    amount: Money
    basis: Basis
    relation: Relation
    fund_id: UUID | None
    expense_class_id: UUID | None


class InvoiceHeadOut(_Out):
    """The head of an invoice. ``difference`` is the stated total less lines, tax and charges; it must be zero."""

    id: UUID
    version: int
    vendor_id: UUID
    vendor_code: str | None
    vendor_name: str
    number: str
    kind: InvoiceKind
    source: Source
    state: InvoiceState
    invoice_date: date
    currency: str
    message_id: UUID | None
    file_id: UUID | None
    remainder_of: UUID | None
    function: str | None
    payment_expected: bool
    payment_note: str
    duplicate_of: UUID | None
    duplicate_note: str
    stated_total: Money | None
    lines_total: Money
    tax_total: Money
    charges_total: Money
    difference: Money
    explanation: str
    payable: Money | None
    fiscal_year_id: UUID | None
    approved_on: date | None
    paid_on: date | None
    payment_reference: str
    canceled_on: date | None
    cancel_reason: str
    note: str
    unit_id: UUID | None


class WarningOut(_Out):
    pointer: str
    code: str
    detail: str
    fix: str


class InvoiceOut(InvoiceHeadOut):
    """An invoice with all its lines. ``to_pay`` is what the decisions pay so far; ``warnings`` came with the command."""

    to_pay: Money
    undecided: int
    charges: list[ChargeOut]
    lines: list[InvoiceLineOut]
    warnings: list[WarningOut] = []


class InvoicePage(BaseModel):
    items: list[InvoiceHeadOut]
    total: int


class QueuedLineOut(InvoiceLineOut):
    """A line in a queue, with its invoice."""

    invoice_number: str
    invoice_state: InvoiceState
    vendor_id: UUID


class LinePage(BaseModel):
    items: list[QueuedLineOut]
    total: int

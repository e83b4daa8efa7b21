"""Events of ``orders``: budgets, orders and their lines, receipts, invoices. Money is a decimal string in its own currency."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel

from quire_shared.contracts.base import Event
from quire_shared.values.money import Money


class FundChanged(Event):
    """A fund was made or changed. Key: fund."""

    type: ClassVar[str] = "orders.fund.changed"
    fund_id: uuid.UUID
    ledger_id: uuid.UUID
    parent_id: uuid.UUID | None = None
    code: str
    name: str
    status: str
    currency: str
    unit_id: uuid.UUID | None = None


class BudgetChanged(Event):
    """The figures of a budget (fund × fiscal year) after a command. Key: budget."""

    type: ClassVar[str] = "orders.budget.changed"
    budget_id: uuid.UUID
    fund_id: uuid.UUID
    fund_code: str
    fund_name: str
    parent_fund_id: uuid.UUID | None = None
    ledger_id: uuid.UUID
    fiscal_year_id: uuid.UUID
    fiscal_year_code: str
    currency: str
    allocated: Decimal
    net_transfers: Decimal
    encumbered: Decimal
    awaiting_payment: Decimal
    expended: Decimal
    credited: Decimal
    available: Decimal
    cash_balance: Decimal
    total_funding: Decimal
    unit_id: uuid.UUID | None = None


class Share(BaseModel):
    """A part of a line's price that a fund bears."""

    fund_id: uuid.UUID
    fund_code: str
    percent: Decimal | None = None
    amount: Money | None = None


class LineState(BaseModel):
    """An order line as it stands."""

    line_id: uuid.UUID
    number: str
    title: str
    identifiers: dict[str, list[str]] = {}
    material: str
    order_type: str
    state: str
    receipt_status: str
    payment_status: str
    quantity: int
    received: int = 0
    unit_price: Money
    estimated_price: Money
    shares: list[Share] = []
    vendor_reference: str | None = None


class OrderChanged(Event):
    """The head of an order as it stands. Key: order."""

    type: ClassVar[str] = "orders.order.changed"
    order_id: uuid.UUID
    number: str
    state: str
    vendor_id: uuid.UUID
    currency: str
    lines: int
    total: Money
    unit_id: uuid.UUID | None = None


class LineChanged(Event):
    """An order line as it stands. Key: order."""

    type: ClassVar[str] = "orders.line.changed"
    order_id: uuid.UUID
    order_number: str
    vendor_id: uuid.UUID
    line: LineState
    unit_id: uuid.UUID | None = None


class OrderedCopy(BaseModel):
    """One copy of a line: where it goes and who pays."""

    location: str | None = None
    collection: str | None = None
    item_type: str | None = None
    shelf_mark: str | None = None
    fund_code: str | None = None
    quantity: int = 1


class OrderedLine(BaseModel):
    """What a vendor must know of an order line."""

    line_id: uuid.UUID
    number: str
    title: str
    author: str | None = None
    publisher: str | None = None
    published: str | None = None
    edition: str | None = None
    identifiers: dict[str, list[str]] = {}
    quantity: int
    unit_price: Money
    vendor_reference: str | None = None
    note: str | None = None
    copies: list[OrderedCopy] = []


class OrderSendRequested(Event):
    """An order was opened and is to be sent to its vendor; long orders come in parts. Key: order."""

    type: ClassVar[str] = "orders.order.send_requested"
    order_id: uuid.UUID
    number: str
    vendor_id: uuid.UUID
    account_number: str | None = None
    currency: str
    ordered_on: date
    rush: bool = False
    part: int = 1
    parts: int = 1
    lines: list[OrderedLine]
    unit_id: uuid.UUID | None = None


class ReceiptRecorded(Event):
    """Pieces of a line were received, or a receipt was undone (negative). Key: order."""

    type: ClassVar[str] = "orders.receipt.recorded"
    order_id: uuid.UUID
    line_id: uuid.UUID
    vendor_id: uuid.UUID
    received_on: date
    quantity: int
    condition: str
    unit_id: uuid.UUID | None = None


class InvoiceLineState(BaseModel):
    """An invoice line as it stands; ``paid`` is what was booked for it, taxes and charges included."""

    line_id: uuid.UUID
    number: str
    order_line_id: uuid.UUID | None = None
    description: str
    quantity: int
    total: Money
    decision: str
    service_from: date | None = None
    service_to: date | None = None


class InvoiceChanged(Event):
    """An invoice as it stands. Key: invoice."""

    type: ClassVar[str] = "orders.invoice.changed"
    invoice_id: uuid.UUID
    vendor_id: uuid.UUID
    number: str
    invoice_date: date
    state: str
    currency: str
    total: Money
    payable: Money
    message_id: uuid.UUID | None = None
    unit_id: uuid.UUID | None = None


class InvoicePaid(Event):
    """An invoice was paid; its lines with what each cost in the end, in parts when there are many. Key: invoice."""

    type: ClassVar[str] = "orders.invoice.paid"
    invoice_id: uuid.UUID
    vendor_id: uuid.UUID
    number: str
    paid_on: date
    reference: str
    currency: str
    part: int = 1
    parts: int = 1
    lines: list[InvoiceLineState]
    unit_id: uuid.UUID | None = None


class InvoicePaymentReversed(Event):
    """A payment was taken back by reversal postings. Key: invoice."""

    type: ClassVar[str] = "orders.invoice.payment_reversed"
    invoice_id: uuid.UUID
    reversed_on: date
    unit_id: uuid.UUID | None = None

"""Events of ``vendors``: vendors, the life of messages, and the documents that they carry."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel

from quire_shared.contracts.base import Event
from quire_shared.values.money import Money


class VendorChanged(Event):
    """A vendor was made or changed. Key: vendor."""

    type: ClassVar[str] = "vendors.vendor.changed"
    vendor_id: uuid.UUID
    code: str
    name: str
    status: str
    currency: str | None = None
    sends_edi: bool = False
    receives_edi: bool = False
    tolerance_amount: Money | None = None
    tolerance_percent: Decimal | None = None
    days_to_deliver: int | None = None


class MessageChanged(Event):
    """A message in or out reached another state. Key: message."""

    type: ClassVar[str] = "vendors.message.changed"
    message_id: uuid.UUID
    vendor_id: uuid.UUID | None = None
    direction: str
    kind: str
    state: str
    document_number: str | None = None
    order_id: uuid.UUID | None = None
    reason: str | None = None


class Reference(BaseModel):
    """A reference that the vendor gave, as evidence for matching; ``kind`` is ours (own_line, order, quote, supplier …)."""

    kind: str
    value: str
    qualifier: str | None = None


class InvoicedLine(BaseModel):
    """One line of an invoice as the vendor stated it.

    ``charges`` are added to ``line_amount``; ``tax`` is this line's part of the document's ``tax_total``.
    """

    number: str
    title: str | None = None
    identifiers: dict[str, list[str]] = {}
    references: list[Reference] = []
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    line_amount: Decimal | None = None
    tax: Decimal | None = None
    charges: Decimal | None = None
    service_from: date | None = None
    service_to: date | None = None
    copies: list[dict[str, Any]] = []


class Charge(BaseModel):
    """A charge or allowance of the whole document (negative: allowance)."""

    code: str | None = None
    description: str
    amount: Decimal
    included_in_lines: bool = False


class InvoiceReceived(Event):
    """A vendor's invoice was read and its total explained (or not). Long ones come in parts. Key: message.

    When it is explained, ``stated_total`` = the lines' ``line_amount`` and ``charges`` of all parts + ``tax_total`` + the
    charges that are not ``included_in_lines``, exactly. Amounts are as written: a credit note's are usually positive.
    """

    type: ClassVar[str] = "vendors.invoice.received"
    message_id: uuid.UUID
    file_id: uuid.UUID
    vendor_id: uuid.UUID
    number: str
    invoice_date: date | None = None
    kind: str
    function: str | None = None
    payment_expected: bool
    payment_note: str | None = None
    currency: str
    stated_total: Decimal | None = None
    explained: bool
    explanation: str
    tax_total: Decimal | None = None
    charges: list[Charge] = []
    part: int = 1
    parts: int = 1
    lines: list[InvoicedLine]


class OrderSent(Event):
    """An order's message was delivered to the vendor's place. Key: message."""

    type: ClassVar[str] = "vendors.order.sent"
    message_id: uuid.UUID
    order_id: uuid.UUID
    vendor_id: uuid.UUID
    sent_on: date
    control_reference: str

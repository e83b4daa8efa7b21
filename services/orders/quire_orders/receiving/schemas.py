"""What the receiving routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quire_orders.purchasing.rules import ReceiptStatus
from quire_orders.receiving.rules import Condition, FoundBy, NextStep, Place, StepState

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ShipmentIn(_In):
    """``number`` is that of the delivery note."""

    vendor_id: UUID
    number: str = Field(min_length=1, max_length=100)
    received_on: date | None = None
    note: str = Field("", max_length=10_000)
    unit_id: UUID | None = None


class ScanIn(_In):
    """What was scanned: a barcode, a line number or a standard number; or the line itself.

    ``reason`` is needed for more pieces than ordered, and to say what is wrong with a damaged or wrong one. A code
    that nothing was ordered under is noted as unordered.
    """

    code: str = Field("", max_length=200)
    line_id: UUID | None = None
    quantity: int = Field(1, ge=1, le=10_000)
    condition: Condition = Condition.OK
    title: str = Field("", max_length=2000)
    reason: str = Field("", max_length=500)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.code and self.line_id is None:
            raise ValueError("Scan a code or choose an order line.")
        return self


class ReasonIn(_In):
    reason: Reason


class StepIn(_In):
    """What became of the next step: claimed, sent back, kept with an order …"""

    note: Reason


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ShipmentOut(_Out):
    id: UUID
    version: int
    vendor_id: UUID
    vendor_name: str = ""
    number: str
    received_on: date
    closed: bool
    note: str
    unit_id: UUID | None


class ReceiptOut(_Out):
    """Pieces noted; ``words`` say where they go. ``location`` is that of the copy that waits, as ordered."""

    id: UUID
    version: int
    shipment_id: UUID
    line_id: UUID | None
    line_number: str | None = None
    scanned: str
    title: str
    quantity: int
    condition: Condition
    counted: bool
    place: Place
    next_step: NextStep
    step_state: StepState
    step_note: str
    words: str
    reason: str
    undone_at: datetime | None
    undo_reason: str


class ScanOut(ReceiptOut):
    """A scan: the pieces noted and how their line stands now."""

    found_by: FoundBy | None = None
    location: str | None = None
    line_ordered: int | None = None
    line_received: int | None = None
    line_receipt_status: ReceiptStatus | None = None


class ShipmentDetail(ShipmentOut):
    receipts: list[ReceiptOut]


class ShipmentPage(BaseModel):
    items: list[ShipmentOut]
    total: int


class ReceiptPage(BaseModel):
    items: list[ReceiptOut]
    total: int

"""Shipments and the pieces that were noted in them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from quire_orders.base import Base
from quire_orders.receiving.rules import Condition, NextStep, Place, StepState
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum


class Shipment(Identified, Versioned, Stamped, Owned, Base, table=True):
    """What a vendor sent at once, by its delivery note."""

    __tablename__ = "shipment"
    __table_args__ = (Index("ix_shipment_vendor", "vendor_id", "received_on"),)

    vendor_id: UUID
    number: str = Field(max_length=100)
    received_on: date
    closed: bool = False
    note: str = Field(default="", sa_type=Text)


class Receipt(Identified, Versioned, Stamped, Owned, Base, table=True):
    """Pieces of one thing in a shipment. Only ``counted`` ones were received; an undone receipt stays with its reason."""

    __tablename__ = "receipt"
    __table_args__ = (
        one_of("condition", Condition),
        one_of("place", Place),
        one_of("next_step", NextStep),
        one_of("step_state", StepState),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("line_id IS NOT NULL OR condition = 'unordered'", name="unordered_without_line"),
        CheckConstraint("(undone_at IS NULL) = (undo_reason = '')", name="undone_says_why"),
        Index("ix_receipt_shipment", "shipment_id"),
        Index("ix_receipt_line", "line_id"),
        Index("ix_receipt_next_step", "next_step", "step_state"),
    )

    shipment_id: UUID = Field(foreign_key="shipment.id")
    line_id: UUID | None = Field(default=None, foreign_key="order_line.id")
    scanned: str = Field(max_length=200)
    title: str = Field(default="", max_length=2000)
    quantity: int
    condition: Condition = Field(sa_type=text_enum(Condition))
    counted: bool
    place: Place = Field(sa_type=text_enum(Place))
    next_step: NextStep = Field(sa_type=text_enum(NextStep))
    step_state: StepState = Field(sa_type=text_enum(StepState))
    step_note: str = Field(default="", max_length=500)
    reason: str = Field(default="", max_length=500)
    received_by: str = Field(max_length=80)
    undone_at: datetime | None = None
    undo_reason: str = Field(default="", max_length=500)

"""What the routes of loads take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from quire_orders.imports.tables import LoadKind, LoadState, RowState


class ProfileIn(BaseModel):
    """A mapping kept for a source; checked against the kind's own model."""

    model_config = ConfigDict(extra="forbid")

    kind: LoadKind
    name: str = Field(min_length=1, max_length=200)
    mapping: dict[str, Any]


class ProfileOut(ProfileIn):
    id: UUID
    version: int


class ProfilePage(BaseModel):
    items: list[ProfileOut]
    total: int


class LoadOut(BaseModel):
    id: UUID
    version: int
    kind: LoadKind
    state: LoadState
    file_name: str
    sha256: str
    source: str
    head: dict[str, Any]
    faults: list[dict[str, Any]]
    made: dict[str, Any]
    rows: dict[str, int]
    created_at: datetime
    accepted_at: datetime | None
    seen_before: UUID | None = Field(None, description="An earlier load of the same bytes")


class RowOut(BaseModel):
    position: int
    place: str
    key: str
    label: str
    state: RowState
    data: dict[str, Any]
    faults: list[dict[str, Any]]
    result_id: UUID | None


class RowPage(BaseModel):
    items: list[RowOut]
    total: int


class LoadPage(BaseModel):
    items: list[LoadOut]
    total: int


class AcceptIn(BaseModel):
    """For orders: the vendor where the file names none."""

    model_config = ConfigDict(extra="forbid")

    vendor_id: UUID | None = None
    calendar_code: str = Field("LIBRARY", max_length=50, description="Calendar of the fiscal year; made when missing")
    unit_id: UUID | None = None


class UndoIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=2, max_length=200)

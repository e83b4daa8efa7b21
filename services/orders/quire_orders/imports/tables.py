"""Loads: a file, how it was read, and what became of each row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_orders.base import Base
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum


class LoadKind(StrEnum):
    FUNDS = "funds"
    ORDER_SHEET = "order_sheet"
    ORDER_MARC = "order_marc"


class LoadState(StrEnum):
    PREVIEWED = "previewed"
    ACCEPTED = "accepted"
    UNDONE = "undone"


class RowState(StrEnum):
    """``good`` can be accepted; ``bad`` stays in the list to be mended; ``known`` came with an earlier load."""

    GOOD = "good"
    BAD = "bad"
    KNOWN = "known"
    SKIPPED = "skipped"
    ACCEPTED = "accepted"
    UNDONE = "undone"


class MappingProfile(Identified, Versioned, Stamped, Base, table=True):
    """How the files of one source are read."""

    __tablename__ = "mapping_profile"
    __table_args__ = (UniqueConstraint("kind", "name"), one_of("kind", LoadKind))

    kind: LoadKind = Field(sa_type=text_enum(LoadKind))
    name: str = Field(max_length=200)
    mapping: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Load(Identified, Versioned, Stamped, Owned, Base, table=True):
    """One file that was read. Its bytes are kept."""

    __tablename__ = "load"
    __table_args__ = (one_of("kind", LoadKind), one_of("state", LoadState))

    kind: LoadKind = Field(sa_type=text_enum(LoadKind))
    state: LoadState = Field(default=LoadState.PREVIEWED, sa_type=text_enum(LoadState))
    file_name: str = Field(max_length=255)
    sha256: str = Field(max_length=64, index=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mapping: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    source: str = Field(max_length=100)
    head: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    made: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    accepted_at: datetime | None = None


class LoadRow(Identified, Base, table=True):
    """One row of a load, with all its faults."""

    __tablename__ = "load_row"
    __table_args__ = (Index("ix_load_row_load_id_position", "load_id", "position"), one_of("state", RowState))

    load_id: UUID = Field(foreign_key="load.id")
    position: int
    place: str = Field(max_length=200)
    key: str = Field(default="", max_length=300)
    label: str = Field(default="", max_length=500)
    state: RowState = Field(sa_type=text_enum(RowState))
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    result_id: UUID | None = None

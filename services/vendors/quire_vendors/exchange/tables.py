"""Files as they came, messages in them, what was read of them, and the numbers under which messages go out.

Raw bytes are kept in the database, not in files of the data folder: they are stored in the very transaction that makes
their row, so that there is never a row without bytes or the reverse, a backup holds both at the same moment, and
several workers on several machines need no common disk. EDI files are small (50 MB at most, usually below 100 kB).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values import clock
from quire_vendors.base import Base
from quire_vendors.exchange.rules import STANDING, Cause, Direction, FileSource, FileState, MessageState

_STANDING = ", ".join(f"'{s.value}'" for s in STANDING)


class RawContent(Base, table=True):
    """Bytes under their SHA-256 (FIPS 180-4). Append-only: nothing changes or deletes them."""

    __tablename__ = "raw_content"
    __table_args__ = (CheckConstraint("octet_length(sha256) = 32", name="sha256_length"),)

    sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EdiFile(Identified, Owned, Base, table=True):
    """A file that arrived or was written. The same bytes arrive once: the first of the three duplicate keys."""

    __tablename__ = "edi_file"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("source", FileSource),
        one_of("state", FileState),
        UniqueConstraint("sha256", "direction"),
    )

    direction: Direction = Field(sa_type=text_enum(Direction))
    source: FileSource = Field(sa_type=text_enum(FileSource))
    state: FileState = Field(sa_type=text_enum(FileState))
    reason: str = Field(default="", sa_type=Text)
    name: str = Field(max_length=255)
    sha256: bytes = Field(sa_column=Column(LargeBinary, ForeignKey("raw_content.sha256"), nullable=False))
    size: int
    account_id: UUID | None = Field(default=None, foreign_key="vendor_account.id", index=True)
    received_at: datetime = Field(default_factory=clock.now, index=True)
    received_by: str = Field(max_length=80)
    deliveries: int = Field(default=1)
    flags: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))


class Message(Identified, Versioned, Stamped, Owned, Base, table=True):
    """One message of a file, in or out, and where it stands.

    The second duplicate key is (sender, interchange reference, prepared, position), the third (vendor, document key);
    both are unique among the messages that stand for them.
    """

    __tablename__ = "edi_message"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("state", MessageState),
        one_of("cause", Cause),
        UniqueConstraint("file_id", "position_in_file"),
        Index(
            "uq_edi_message_document",
            "vendor_id",
            "document_key",
            unique=True,
            postgresql_where=text(f"direction = 'in' AND document_key IS NOT NULL AND state IN ({_STANDING})"),
        ),
        Index("ix_edi_message_interchange", "sender", "interchange_reference", "prepared", "position"),
        Index("ix_edi_message_order", "order_id"),
        Index("ix_edi_message_state", "state", "created_at"),
    )

    direction: Direction = Field(sa_type=text_enum(Direction))
    state: MessageState = Field(sa_type=text_enum(MessageState))
    cause: Cause | None = Field(default=None, sa_type=text_enum(Cause))
    reason: str = Field(default="", sa_type=Text)
    file_id: UUID | None = Field(default=None, foreign_key="edi_file.id")
    position_in_file: int | None = Field(default=None)
    kind: str = Field(max_length=40)
    message_type: str = Field(default="", max_length=40)
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id", index=True)
    account_id: UUID | None = Field(default=None, foreign_key="vendor_account.id")
    recognized_by: str = Field(default="", max_length=40)
    profile: str = Field(default="", max_length=40)
    profile_version: int = Field(default=0)
    sender: str = Field(default="", max_length=200)
    interchange_reference: str = Field(default="", max_length=200)
    prepared: str = Field(default="", max_length=40)
    position: int = Field(default=0)
    document_number: str = Field(default="", max_length=200)
    document_date: date | None = Field(default=None)
    document_key: str | None = Field(default=None, max_length=300)
    function: str = Field(default="", max_length=40)
    currency: str = Field(default="", max_length=10)
    stated_total: str = Field(default="", max_length=60)
    lines: int = Field(default=0)
    duplicate_of: UUID | None = Field(default=None, foreign_key="edi_message.id")
    order_id: UUID | None = Field(default=None)
    control_reference: str = Field(default="", max_length=40)
    file_name: str = Field(default="", max_length=255)
    attempts: int = Field(default=0)
    applied_at: datetime | None = Field(default=None)
    sent_at: datetime | None = Field(default=None)


class MessageDocument(Base, table=True):
    """What was read of a message: the canonical document with its provenance, and its sentences.

    For what goes out: the order as it was asked for, and the letter when it goes by hand.
    """

    __tablename__ = "edi_message_document"

    message_id: UUID = Field(foreign_key="edi_message.id", primary_key=True)
    document: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    words: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    report: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    request: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    letter: str | None = Field(default=None, sa_type=Text)


class OrderPart(Base, table=True):
    """A part of an order that is to be sent, kept until all parts are there."""

    __tablename__ = "order_part"

    order_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True)
    parts: int
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class ControlSeries(Base, table=True):
    """The last control reference between two partners; locked while the next is taken, so that there are no gaps."""

    __tablename__ = "control_series"

    sender: str = Field(primary_key=True, max_length=80)
    recipient: str = Field(primary_key=True, max_length=80)
    last: int


class Endpoint(Base, table=True):
    """Who watches the folder of an account at the moment, and what is wrong with it."""

    __tablename__ = "endpoint"

    account_id: UUID = Field(foreign_key="vendor_account.id", primary_key=True)
    holder: str | None = Field(default=None, max_length=80)
    lease_until: datetime | None = Field(default=None)
    polled_at: datetime | None = Field(default=None)
    trouble: str = Field(default="", sa_type=Text)

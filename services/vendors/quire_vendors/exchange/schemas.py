"""What the API of the exchange takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from quire_vendors.exchange.rules import Cause, Direction, FileSource, FileState, MessageState

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class FileOut(BaseModel):
    id: UUID
    name: str
    sha256: str
    size: int
    direction: Direction
    source: FileSource
    state: FileState
    reason: str
    account_id: UUID | None
    received_at: datetime
    deliveries: int
    messages: dict[str, int]
    flags: list[dict[str, Any]]
    unit_id: UUID | None


class FilePage(BaseModel):
    items: list[FileOut]
    total: int


class FileTaken(BaseModel):
    """The answer to a delivery. ``duplicate``: these bytes arrived before, nothing was done; ``told`` says so."""

    file: FileOut
    duplicate: bool
    job_id: UUID | None
    told: str


class MessageRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    direction: Direction
    state: MessageState
    cause: Cause | None
    reason: str
    kind: str
    message_type: str
    file_id: UUID | None
    position_in_file: int | None
    vendor_id: UUID | None
    account_id: UUID | None
    recognized_by: str
    profile: str
    profile_version: int
    sender: str
    interchange_reference: str
    document_number: str
    document_date: date | None
    function: str
    currency: str
    stated_total: str
    lines: int
    duplicate_of: UUID | None
    order_id: UUID | None
    control_reference: str
    file_name: str
    attempts: int
    created_at: datetime
    applied_at: datetime | None
    sent_at: datetime | None
    unit_id: UUID | None


class MessageListed(MessageRow):
    vendor_name: str | None = None
    file: str | None = None


class MessagePage(BaseModel):
    items: list[MessageListed]
    total: int


class Sentence(BaseModel):
    """One sentence of a document in words, and the segments that it was made of (UNH is 0)."""

    kind: str
    text: str
    segments: list[int]


class MessageOut(MessageRow):
    """A message with its document: as data, and in words with links to its segments. ``letter`` is for sending by hand."""

    document: dict[str, Any] | None
    words: list[Sentence]
    report: list[dict[str, Any]]
    letter: str | None


class SegmentOut(BaseModel):
    """One segment as it stands in the file: bytes ``start`` to ``end``."""

    index: int
    tag: str
    text: str
    start: int
    end: int


class SegmentList(BaseModel):
    items: list[SegmentOut]
    total: int


class ReplayIn(BaseModel):
    """What a person says of a message before it is read again.

    ``accept``: hand it on although it needed a person. ``not_a_duplicate``: it is another document than the one with
    the same key. ``remember_sender``: later files of this sender are the vendor's too.
    """

    model_config = ConfigDict(extra="forbid")

    vendor_id: UUID | None = None
    profile: Annotated[str, StringConstraints(max_length=40)] | None = None
    accept: bool = False
    not_a_duplicate: bool = False
    remember_sender: bool = False
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class SentByHandIn(BaseModel):
    """How an order was sent by hand: by e-mail, in the vendor's portal, by letter."""

    model_config = ConfigDict(extra="forbid")

    way: Reason
    sent_on: date | None = None


class OrderPreview(BaseModel):
    """An order as it would be sent. ``by_hand``: the vendor takes no EDI, ``letter`` is what can be sent instead."""

    by_hand: bool
    refused: bool
    reason: str
    profile: str
    file_name: str
    control_reference: str
    document: dict[str, Any] | None
    words: list[Sentence]
    segments: list[SegmentOut]
    report: list[dict[str, Any]]
    letter: str | None
    size: Annotated[int, Field(ge=0)]

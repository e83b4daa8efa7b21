"""All SQL of the exchange."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.values.text import sort_key
from quire_vendors.directory.rules import VendorStatus
from quire_vendors.directory.tables import Vendor, VendorAccount, VendorAlias, VendorIdentifier
from quire_vendors.exchange import rules_vendor
from quire_vendors.exchange.rules import STANDING, Cause, Direction, FileState, Interchanged, MessageState
from quire_vendors.exchange.tables import EdiFile, Message, MessageDocument, RawContent


def _units(model: Any, who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(model.unit_id).is_(None), col(model.unit_id).in_(sorted(who.units)))]


# Raw bytes and files


async def keep_bytes(session: AsyncSession, digest: bytes, data: bytes) -> None:
    """Store bytes under their hash; bytes that are there already stay as they are."""
    await session.execute(insert(RawContent).values(sha256=digest, data=data).on_conflict_do_nothing())


async def insert_file(session: AsyncSession, row: dict[str, Any]) -> bool:
    """Insert a file unless these bytes are there; a concurrent twin waits for the first one's commit."""
    statement = insert(EdiFile).values(**row).on_conflict_do_nothing(index_elements=["sha256", "direction"])
    return (await session.execute(statement.returning(EdiFile.id))).scalar_one_or_none() is not None  # type: ignore[call-overload]


async def file_by_hash(session: AsyncSession, digest: bytes, direction: Direction) -> EdiFile:
    query = (
        select(EdiFile)
        .where(EdiFile.sha256 == digest, EdiFile.direction == direction)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).one()


async def raw(session: AsyncSession, file: EdiFile) -> bytes:
    return (await session.exec(select(RawContent.data).where(RawContent.sha256 == file.sha256))).one()


async def get_file(session: AsyncSession, file_id: UUID, who: Principal) -> EdiFile | None:
    return (await session.exec(select(EdiFile).where(EdiFile.id == file_id, *_units(EdiFile, who)))).one_or_none()


async def files_page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str,
    state: FileState | None,
    direction: Direction | None,
    offset: int,
    limit: int,
) -> tuple[list[EdiFile], int]:
    where = _units(EdiFile, who)
    if q.strip():
        where.append(col(EdiFile.name).icontains(q.strip(), autoescape=True))
    if state is not None:
        where.append(col(EdiFile.state) == state)
    if direction is not None:
        where.append(col(EdiFile.direction) == direction)
    total = (await session.exec(select(func.count()).select_from(EdiFile).where(*where))).one()
    query = select(EdiFile).where(*where).order_by(col(EdiFile.received_at).desc(), col(EdiFile.id).desc())
    return list(await session.exec(query.offset(offset).limit(limit))), total


# Messages


async def is_taken(session: AsyncSession, file_id: UUID, position: int) -> bool:
    """Whether this message of the file has its row."""
    query = select(Message.id).where(Message.file_id == file_id, Message.position_in_file == position)
    return (await session.exec(query)).first() is not None


async def hold_sender(session: AsyncSession, sender: str) -> None:
    """Only one message of a sender is judged at a time: what is a duplicate must not be decided twice."""
    number = int.from_bytes(hashlib.sha256(b"sender:" + sender.encode()).digest()[:8], "big", signed=True)
    await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})


async def of_interchange(session: AsyncSession, key: Interchanged, but: UUID) -> list[Message]:
    """Other messages that stand for the same place of the same interchange, the oldest first, locked."""
    query = (
        select(Message)
        .where(
            Message.direction == Direction.IN,
            Message.sender == key.sender,
            Message.interchange_reference == key.reference,
            Message.prepared == key.prepared,
            Message.position == key.position,
            Message.id != but,
            col(Message.state).in_(STANDING),
        )
        .order_by(col(Message.id))
        .with_for_update()
    )
    return list(await session.exec(query))


async def of_document(session: AsyncSession, vendor_id: UUID, document_key: str, but: UUID) -> Message | None:
    """Another message that stands for the same document of this vendor."""
    query = select(Message).where(
        Message.direction == Direction.IN,
        Message.vendor_id == vendor_id,
        Message.document_key == document_key,
        Message.id != but,
        col(Message.state).in_(STANDING),
    )
    return (await session.exec(query)).first()


async def get_message(session: AsyncSession, message_id: UUID, who: Principal) -> Message | None:
    return (await session.exec(select(Message).where(Message.id == message_id, *_units(Message, who)))).one_or_none()


async def messages_page(
    session: AsyncSession,
    who: Principal,
    *,
    q: str,
    direction: Direction | None,
    state: MessageState | None,
    cause: Cause | None,
    kind: str | None,
    vendor_id: UUID | None,
    file_id: UUID | None,
    order_id: UUID | None,
    offset: int,
    limit: int,
) -> tuple[list[tuple[Message, str | None, str | None]], int]:
    """Messages with the names of their vendor and file, the newest first."""
    where = _units(Message, who)
    for column, value in (
        (Message.direction, direction),
        (Message.state, state),
        (Message.cause, cause),
        (Message.kind, kind),
        (Message.vendor_id, vendor_id),
        (Message.file_id, file_id),
        (Message.order_id, order_id),
    ):
        if value is not None:
            where.append(col(column) == value)
    if q.strip():
        words = q.strip()
        where.append(
            or_(
                col(Message.document_number).icontains(words, autoescape=True),
                col(Message.sender).icontains(words, autoescape=True),
                col(Message.interchange_reference) == words,
                col(Message.control_reference) == words,
            )
        )
    total = (await session.exec(select(func.count()).select_from(Message).where(*where))).one()
    query = (
        select(Message, Vendor.name, EdiFile.name)
        .outerjoin(Vendor, col(Vendor.id) == col(Message.vendor_id))
        .outerjoin(EdiFile, col(EdiFile.id) == col(Message.file_id))
        .where(*where)
        .order_by(col(Message.created_at).desc(), col(Message.id).desc())
        .offset(offset)
        .limit(limit)
    )
    return [(m, v, f) for m, v, f in await session.exec(query)], total


async def document_of(session: AsyncSession, message_id: UUID) -> MessageDocument | None:
    return await session.get(MessageDocument, message_id)


async def states_of_files(session: AsyncSession, file_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """How many messages of each file are in which state."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    query = (
        select(Message.file_id, Message.state, func.count())
        .where(col(Message.file_id).in_(list(file_ids)))
        .group_by(col(Message.file_id), col(Message.state))
    )
    for file_id, state, count in await session.exec(query):
        if file_id is not None:
            found[file_id][str(state)] = count
    return found


async def sent_reference(session: AsyncSession, vendor_id: UUID, reference: str) -> list[Message]:
    """Our own messages that went to this vendor under a control reference or document number."""
    query = (
        select(Message)
        .where(
            Message.direction == Direction.OUT,
            Message.vendor_id == vendor_id,
            or_(col(Message.control_reference) == reference, col(Message.document_number) == reference),
            col(Message.state).in_((MessageState.SENT, MessageState.ACKNOWLEDGED, MessageState.REJECTED)),
        )
        .order_by(col(Message.id))
        .with_for_update()
    )
    return list(await session.exec(query))


# What recognition knows


async def directory(session: AsyncSession) -> rules_vendor.Directory:
    """All active vendors with their names, numbers and active accounts: three statements."""
    names: dict[UUID, set[str]] = defaultdict(set)
    for alias in await session.exec(select(VendorAlias)):
        names[alias.vendor_id].add(alias.sort_name)
    numbers: dict[UUID, list[rules_vendor.KnownNumber]] = defaultdict(list)
    for entry in await session.exec(select(VendorIdentifier)):
        numbers[entry.vendor_id].append(
            rules_vendor.KnownNumber(entry.scheme, entry.value, entry.valid_from, entry.valid_to)
        )
    accounts: dict[UUID, list[rules_vendor.KnownAccount]] = defaultdict(list)
    for account in await session.exec(select(VendorAccount).where(col(VendorAccount.active))):
        accounts[account.vendor_id].append(
            rules_vendor.KnownAccount(
                account.id,
                account.vendor_id,
                account.number,
                account.profile,
                frozenset(i for i in (account.library_id, account.branch_id) if i),
                account.unit_id,
            )
        )
    vendors = await session.exec(select(Vendor).where(Vendor.status == VendorStatus.ACTIVE).order_by(col(Vendor.code)))
    return rules_vendor.Directory(
        tuple(
            rules_vendor.KnownVendor(
                v.id,
                v.code,
                v.name,
                frozenset(names[v.id] | {sort_key(v.name)}),
                tuple(numbers[v.id]),
                tuple(accounts[v.id]),
                v.currency,
            )
            for v in vendors
        )
    )


async def folders(session: AsyncSession) -> Sequence[VendorAccount]:
    """Active accounts whose folder is watched."""
    query = select(VendorAccount).where(
        col(VendorAccount.active), col(VendorAccount.sends_edi), col(VendorAccount.folder_in).is_not(None)
    )
    return list(await session.exec(query.order_by(col(VendorAccount.id))))

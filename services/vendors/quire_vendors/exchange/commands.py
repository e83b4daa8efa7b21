"""Commands of what arrives: keep the bytes, take each message once, decide, hand on, and what a person may do."""

from __future__ import annotations

import hashlib
from datetime import date
from uuid import UUID

from quire_shared.api.problems import Conflict, Forbidden, Invalid, NotFound, TooLarge
from quire_shared.contracts.vendors import MessageChanged
from quire_shared.database.work import Work
from quire_shared.values.ids import uuid7
from quire_vendors.directory import commands as directory_commands
from quire_vendors.directory.tables import Vendor, VendorAccount
from quire_vendors.exchange import outputs, rules, schemas, store
from quire_vendors.exchange.reading import Taken, WholeFile
from quire_vendors.exchange.rules import Cause, Direction, FileSource, FileState, MessageState
from quire_vendors.exchange.tables import EdiFile, Message, MessageDocument

READ_FILE = "vendors.read_file"
LARGEST_FILE = 50 * 1024 * 1024


async def store_file(
    work: Work, data: bytes, name: str, source: FileSource, account_id: UUID | None = None
) -> schemas.FileTaken:
    """Keep the bytes of a file unchanged under their SHA-256, before anything else happens; reading is a job.

    Bytes that arrived before are not read again: the answer names the first delivery.
    """
    if len(data) > LARGEST_FILE:
        raise TooLarge("The file is larger than 50 MB. Ask the vendor to split it.")
    unit_id = None
    if account_id is not None:
        account = await work.session.get(VendorAccount, account_id)
        if account is None or not work.actor.sees(account.unit_id):
            raise NotFound(f"There is no account with the id {account_id}.")
        unit_id = account.unit_id
    digest = hashlib.sha256(data).digest()
    await store.keep_bytes(work.session, digest, data)
    row = {
        "id": uuid7(),
        "direction": Direction.IN,
        "source": source,
        "state": FileState.STORED,
        "reason": "",
        "name": clean_name(name),
        "sha256": digest,
        "size": len(data),
        "account_id": account_id,
        "received_at": work.now,
        "received_by": work.actor.id[:80],
        "deliveries": 1,
        "flags": [],
        "unit_id": unit_id,
    }
    fresh = await store.insert_file(work.session, row)
    file = await store.file_by_hash(work.session, digest, Direction.IN)
    if fresh:
        job = await work.enqueue(READ_FILE, {"file_id": file.id}, unit_id=unit_id)
        work.audit("exchange.store_file", file.id, name=file.name, sha256=digest.hex(), size=file.size)
        return schemas.FileTaken(file=await outputs.file_out(work.session, file), duplicate=False, job_id=job, told="")
    if not work.actor.sees(file.unit_id):
        raise Conflict("These bytes arrived before, for a unit that you do not work for. Nothing was done.")
    file.deliveries += 1
    told = (
        f"The same bytes arrived before, on {file.received_at.date().isoformat()} as “{file.name}”; nothing was done."
    )
    work.audit("exchange.same_file", file.id, name=clean_name(name), sha256=digest.hex())
    return schemas.FileTaken(file=await outputs.file_out(work.session, file), duplicate=True, job_id=None, told=told)


def clean_name(name: str) -> str:
    """The last part of a file's name, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[:255] or "unnamed"


async def take_message(work: Work, file_id: UUID, taken: Taken) -> None:
    """Take one message of a file: once, however often the file is read."""
    file = await work.lock(EdiFile, file_id, "file")
    if await store.is_taken(work.session, file_id, taken.position_in_file):
        return
    message = Message(
        direction=Direction.IN,
        state=MessageState.READ,
        file_id=file.id,
        position_in_file=taken.position_in_file,
        kind=taken.kind,
        created_at=work.now,
        updated_at=work.now,
    )
    await _settle(work, file, message, taken, accepted=False, distinct=False)
    work.add(message)
    await work.session.flush()
    work.session.add(MessageDocument(message_id=message.id, document=taken.document, words=taken.words))
    await _tell(work, file, message, taken)
    work.audit("exchange.take_message", message.id, state=message.state.value, kind=message.kind)


async def _settle(work: Work, file: EdiFile, message: Message, taken: Taken, *, accepted: bool, distinct: bool) -> None:
    """Fill a message's row from its reading and decide what becomes of it. ``distinct``: a person says: no duplicate."""
    await store.hold_sender(work.session, taken.key.sender)
    vendor, account = taken.recognized.vendor, taken.recognized.account
    if vendor is not None:
        await work.lock(Vendor, vendor.id, "vendor")
    message.kind = taken.kind
    message.message_type = taken.message_type
    message.vendor_id = vendor.id if vendor is not None else None
    message.account_id = account.id if account is not None else None
    message.unit_id = (account.unit_id if account is not None else None) or file.unit_id
    message.recognized_by = taken.recognized.by
    message.profile, message.profile_version = taken.profile, taken.profile_version
    message.sender, message.interchange_reference = taken.key.sender, taken.key.reference
    message.prepared, message.position = taken.key.prepared, taken.key.position
    message.document_number, message.document_date = taken.number, taken.dated
    message.function, message.currency = taken.function, taken.currency
    message.stated_total, message.lines = taken.stated_total, taken.lines
    message.document_key = None
    message.duplicate_of = None
    verdict = None
    if taken.key.usable and not distinct:
        verdict = await _repeated(work, message, taken)
    if verdict is None:
        verdict = rules.judge(
            rules.Facts(
                kind=taken.kind,
                complete=taken.complete,
                test=taken.test,
                function=taken.function,
                number=taken.number,
                vendor_id=message.vendor_id,
                vendor_problem=taken.recognized.problem,
                vendor_ambiguous=taken.recognized.ambiguous,
                problems=taken.problems,
                missing=taken.missing,
                accepted_by_person=accepted,
                fault=taken.fault,
            )
        )
        standing = verdict.state in rules.STANDING and verdict.cause is not Cause.CUT_OFF
        key = rules.document_key(taken.kind, taken.function, taken.number) if standing else None
        if key is not None and vendor is not None:
            if distinct:
                key = f"{key[:240]}#{message.id}"
            other = await store.of_document(work.session, vendor.id, key, message.id)
            if other is not None:
                verdict = rules.same_document(taken.kind, taken.number, other.created_at.date())
                message.duplicate_of = other.id
            else:
                message.document_key = key
    message.state, message.cause, message.reason = verdict.state, verdict.cause, verdict.reason


async def _repeated(work: Work, message: Message, taken: Taken) -> rules.Verdict | None:
    """Whether this place of the interchange was taken before. The rest of a file that was cut off closes what waited."""
    verdict = None
    for other in await store.of_interchange(work.session, taken.key, message.id):
        if other.cause is Cause.CUT_OFF and taken.complete:
            other.state, other.cause = MessageState.IGNORED, Cause.SUPERSEDED
            other.reason = "The whole file came later; its message was taken instead of this one."
            await work.session.flush()
            work.hold(other.id)
            tell(work, other)
        elif verdict is None:
            first = await work.session.get(EdiFile, other.file_id)
            name = first.name if first is not None else ""
            message.duplicate_of = other.id
            verdict = rules.same_interchange(name, other.created_at.date())
    return verdict


async def _tell(work: Work, file: EdiFile, message: Message, taken: Taken) -> None:
    if message.state is MessageState.APPLIED and message.vendor_id is not None and taken.invoice is not None:
        message.applied_at = work.now
        await work.session.flush()
        for event in taken.invoice.events(message.id, file.id, message.vendor_id):
            work.emit(event, message.id, unit_id=message.unit_id, aggregate_version=message.version)
    if message.kind == "acknowledgement" and message.state is MessageState.READ:
        await _acknowledge(work, message, taken)
    tell(work, message)


async def _acknowledge(work: Work, message: Message, taken: Taken) -> None:
    """An acknowledgement closes the message of ours that it names."""
    if message.vendor_id is None or not taken.acknowledged:
        return
    for sent in await store.sent_reference(work.session, message.vendor_id, taken.acknowledged):
        if taken.outcome == "rejected":
            sent.state, sent.reason = MessageState.REJECTED, "The vendor rejected this message; see its answer."
        elif taken.outcome in ("accepted", "received"):
            sent.state, sent.reason = MessageState.ACKNOWLEDGED, ""
        else:
            sent.reason = "The vendor accepted this message in part or without a clear result; see its answer."
        sent.updated_at = work.now
        message.order_id = sent.order_id
        await work.session.flush()
        work.hold(sent.id)
        tell(work, sent)


def tell(work: Work, message: Message) -> None:
    """Say where a message stands now."""
    work.emit(
        MessageChanged(
            message_id=message.id,
            vendor_id=message.vendor_id,
            direction=message.direction,
            kind=message.kind,
            state=message.state,
            document_number=message.document_number or None,
            order_id=message.order_id,
            reason=message.reason or None,
        ),
        message.id,
        unit_id=message.unit_id,
        aggregate_version=message.version,
    )


async def finish_file(work: Work, file_id: UUID, whole: WholeFile) -> None:
    """Close the reading of a file. A file without any message leaves one row in quarantine that says why."""
    file = await work.lock(EdiFile, file_id, "file")
    if file.state is not FileState.STORED:
        return
    file.flags = whole.flags
    if whole.messages:
        file.state = FileState.READ
        return
    file.state = FileState.UNREADABLE
    file.reason = whole.reason or "No EDI message was found in this file."
    message = work.add(
        Message(
            direction=Direction.IN,
            state=MessageState.QUARANTINED,
            cause=Cause.UNREADABLE,
            reason=f"“{file.name}” could not be read: {file.reason}",
            file_id=file.id,
            position_in_file=0,
            kind="file",
            unit_id=file.unit_id,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    await work.session.flush()
    work.session.add(MessageDocument(message_id=message.id))
    tell(work, message)
    work.audit("exchange.file_unreadable", file.id)


async def replay(work: Work, message_id: UUID, body: schemas.ReplayIn, taken: Taken) -> schemas.MessageOut:
    """Read a message again with what a person says of it. Needs If-Match. What was handed on is never handed on twice."""
    message, file = await _open(work, message_id)
    if body.vendor_id is not None and body.remember_sender:
        if not work.actor.may("vendors:write"):
            raise Forbidden("To remember the sender you need the right “vendors:write”. Replay without it.")
        if not taken.key.sender:
            raise Invalid("The message names no sender that could be remembered.")
        await directory_commands.remember_sender(work, body.vendor_id, taken.key.sender)
    await _settle(work, file, message, taken, accepted=body.accept, distinct=body.not_a_duplicate)
    message.updated_at = work.now
    row = await store.document_of(work.session, message.id)
    if row is None:
        raise NotFound(f"There is no document of the message {message_id}.")
    row.document, row.words = taken.document, taken.words
    await work.session.flush()
    await _tell(work, file, message, taken)
    work.audit(
        "exchange.replay",
        message.id,
        state=message.state.value,
        reason=body.reason,
        accepted=body.accept,
        not_a_duplicate=body.not_a_duplicate,
    )
    return await outputs.message_out(work.session, message)


async def dismiss(work: Work, message_id: UUID, body: schemas.ReasonIn) -> schemas.MessageOut:
    """Close a message in quarantine without doing anything. Needs If-Match."""
    message, _ = await _open(work, message_id)
    message.state, message.cause, message.reason = MessageState.IGNORED, Cause.DISMISSED, body.reason
    message.document_key = None
    message.updated_at = work.now
    await work.session.flush()
    tell(work, message)
    work.audit("exchange.dismiss", message.id, reason=body.reason)
    return await outputs.message_out(work.session, message)


async def _open(work: Work, message_id: UUID) -> tuple[Message, EdiFile]:
    message = await work.lock(Message, message_id, "message")
    work.match(message, await outputs.message_out(work.session, message))
    refusal = rules.may_replay(message.state, message.direction)
    if refusal is not None:
        raise Conflict(refusal)
    if message.applied_at is not None:
        raise Conflict("This message was already handed on. It is never handed on twice.")
    file = await work.session.get(EdiFile, message.file_id)
    if file is None:
        raise NotFound(f"The file of the message {message_id} is not there.")
    return message, file


def received_on(file: EdiFile) -> date:
    """The day for which numbers of vendors must hold: that of the file's arrival."""
    return file.received_at.date()

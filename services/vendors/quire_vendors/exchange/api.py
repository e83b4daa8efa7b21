"""Routes of files and messages."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from quire_shared.api.etag import etag
from quire_shared.api.problems import Conflict, Fault, Invalid, NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_vendors.edi.profiles import loader
from quire_vendors.exchange import commands, jobs, outputs, rules, schemas, store
from quire_vendors.exchange.reading import Override
from quire_vendors.exchange.rules import Cause, Direction, FileSource, FileState, MessageState
from quire_vendors.exchange.tables import EdiFile

SCOPES = {
    "messages:read": "See files and messages of vendors",
    "messages:write": "Upload files; mend, replay, send and close messages",
}

router = APIRouter(tags=["exchange"])
may_read = scope("messages:read")
may_write = scope("messages:write")

Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=200)]


@router.post("/files", status_code=201, response_model=schemas.FileTaken, dependencies=[may_write])
async def upload_file(
    run: Run,
    file: Annotated[UploadFile, File(description="An EDIFACT or X12 file, at most 50 MB")],
    account_id: UUID | None = None,
) -> Response:
    """Take a vendor's file: its bytes are kept, then it is read by a job."""
    data = await file.read()
    name = file.filename or "unnamed"
    fingerprint = hashlib.sha256(f"{account_id}:{name}:".encode() + hashlib.sha256(data).digest()).digest()
    return await run.file(fingerprint, commands.store_file, data, name, FileSource.UPLOAD, account_id)


@router.get("/files", dependencies=[may_read])
async def list_files(
    read: Read,
    who: Who,
    q: Search = "",
    state: FileState | None = None,
    direction: Direction | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.FilePage:
    """Files, the newest first."""
    rows, total = await store.files_page(read, who, q=q, state=state, direction=direction, offset=offset, limit=limit)
    return schemas.FilePage(items=await outputs.files_out(read, rows), total=total)


@router.get("/files/{file_id}", dependencies=[may_read])
async def get_file(file_id: UUID, read: Read, who: Who) -> schemas.FileOut:
    """A file and the number of its messages by state."""
    return await outputs.file_out(read, await _file(read, file_id, who))


@router.get(
    "/files/{file_id}/raw",
    dependencies=[may_read],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_raw_file(file_id: UUID, read: Read, who: Who) -> Response:
    """The bytes of a file as they came or went."""
    file = await _file(read, file_id, who)
    return Response(
        await store.raw(read, file),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{file.id}.edi"',
            "Repr-Digest": f"sha-256=:{_base64(file.sha256)}:",
        },
    )


@router.get("/messages", dependencies=[may_read])
async def list_messages(
    read: Read,
    who: Who,
    q: Search = "",
    direction: Direction | None = None,
    state: MessageState | None = None,
    cause: Cause | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    vendor_id: UUID | None = None,
    file_id: UUID | None = None,
    order_id: UUID | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.MessagePage:
    """Messages in and out, the newest first."""
    rows, total = await store.messages_page(
        read,
        who,
        q=q,
        direction=direction,
        state=state,
        cause=cause,
        kind=kind,
        vendor_id=vendor_id,
        file_id=file_id,
        order_id=order_id,
        offset=offset,
        limit=limit,
    )
    items = [
        schemas.MessageListed(**schemas.MessageRow.model_validate(message).model_dump(), vendor_name=vendor, file=file)
        for message, vendor, file in rows
    ]
    return schemas.MessagePage(items=items, total=total)


@router.get("/messages/{message_id}", dependencies=[may_read])
async def get_message(message_id: UUID, read: Read, who: Who, response: Response) -> schemas.MessageOut:
    """A message: its document as data and in words, each sentence linked to its segments."""
    message = await store.get_message(read, message_id, who)
    if message is None:
        raise NotFound(f"There is no message with the id {message_id}.")
    response.headers["ETag"] = etag(message.version)
    return await outputs.message_out(read, message)


@router.get("/messages/{message_id}/segments", dependencies=[may_read])
async def list_segments(message_id: UUID, read: Read, who: Who) -> schemas.SegmentList:
    """The segments of a message as they stand in its file."""
    message = await store.get_message(read, message_id, who)
    if message is None:
        raise NotFound(f"There is no message with the id {message_id}.")
    row = await store.document_of(read, message_id)
    file = await read.get(EdiFile, message.file_id) if message.file_id is not None else None
    if row is None or row.document is None or file is None:
        return schemas.SegmentList(items=[], total=0)
    items = outputs.segments_out(row.document.get("segments", []), await store.raw(read, file))
    return schemas.SegmentList(items=items, total=len(items))


@router.post("/messages/{message_id}/replay", response_model=schemas.MessageOut, dependencies=[may_write])
async def replay_message(message_id: UUID, body: schemas.ReplayIn, request: Request, who: Who, run: Run) -> Response:
    """Read a message again, with the vendor or profile that a person says; needs If-Match. Never books twice."""
    database = request.app.state.database
    async with database.read() as session:
        message = await store.get_message(session, message_id, who)
        if message is None:
            raise NotFound(f"There is no message with the id {message_id}.")
        session.expunge(message)
    refusal = rules.may_replay(message.state, message.direction)
    if refusal is not None and run.key is None:
        raise Conflict(refusal)
    if body.profile is not None and body.profile not in loader.names():
        raise Invalid(
            "The message was not read again.",
            [
                Fault(
                    pointer="/profile",
                    code="profile_unknown",
                    detail=f"There is no EDI profile “{body.profile}”.",
                    fix=f"Choose one of: {', '.join(loader.names())}.",
                )
            ],
        )
    taken = await jobs.reread(database, message, Override(body.vendor_id, body.profile))
    if taken is None:
        raise Conflict("There is no message in this file that could be read. Ask the vendor to send it again.")
    if body.vendor_id is not None and taken.recognized.vendor is None:
        raise Invalid(
            "The message was not read again.",
            [
                Fault(
                    pointer="/vendor_id",
                    code="vendor_unknown",
                    detail="There is no active vendor with this id.",
                    fix="Choose a vendor of the directory.",
                )
            ],
        )
    return await run(commands.replay, message_id, body, taken)


@router.post("/messages/{message_id}/dismiss", response_model=schemas.MessageOut, dependencies=[may_write])
async def dismiss_message(message_id: UUID, body: schemas.ReasonIn, run: Run) -> Response:
    """Close a message in quarantine without doing anything; needs If-Match."""
    return await run(commands.dismiss, message_id, body)


async def _file(read: Read, file_id: UUID, who: Who) -> EdiFile:
    file = await store.get_file(read, file_id, who)
    if file is None:
        raise NotFound(f"There is no file with the id {file_id}.")
    return file


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()

"""Routes of loads: upload and preview, accept, undo, mappings, templates, result files."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import ValidationError

from quire_orders.imports import commands, reading, results, schemas, store
from quire_orders.imports.faults import UnreadableFile
from quire_orders.imports.tables import LoadKind, RowState
from quire_shared.api.etag import etag
from quire_shared.api.problems import Fault, Invalid, NotFound, UnsupportedFile, pointer
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock

SCOPES = {
    "loads:read": "See loads and mappings",
    "loads:write": "Load files and keep mappings",
    "loads:accept": "Accept and undo loads",
}

router = APIRouter(tags=["loads"])
may_read = scope("loads:read")
may_write = scope("loads:write")
may_accept = scope("loads:accept")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=1_000)]


def _check(kind: LoadKind, mapping: dict[str, Any]) -> None:
    try:
        reading.check_mapping(kind, mapping)
    except ValidationError as error:
        faults = [
            Fault(pointer="/mapping" + pointer(e["loc"]), code=e["type"], detail=e["msg"]) for e in error.errors()
        ]
        raise Invalid("The mapping does not fit; each fault is named.", faults) from None


@router.put("/load-mappings", response_model=schemas.ProfileOut, dependencies=[may_write])
async def save_mapping(body: schemas.ProfileIn, run: Run) -> Response:
    """Keep a mapping under a name."""
    _check(body.kind, body.mapping)
    return await run(commands.save_profile, body)


@router.get("/load-mappings", dependencies=[may_read])
async def list_mappings(read: Read, kind: LoadKind | None = None) -> schemas.ProfilePage:
    """All mappings by name."""
    rows = await store.profiles(read, kind)
    items = [schemas.ProfileOut(**r.model_dump(exclude={"created_at", "updated_at"})) for r in rows]
    return schemas.ProfilePage(items=items, total=len(items))


@router.get("/load-templates/{kind}", dependencies=[may_read])
async def template(kind: LoadKind) -> Response:
    """Our own template as a workbook."""
    if kind not in results.TEMPLATES:
        raise NotFound("There is no template for MARC records; your vendor's system writes them.")
    return Response(
        await asyncio.to_thread(results.template, kind),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="quire-{kind.value}.xlsx"'},
    )


@router.post("/loads", status_code=201, response_model=schemas.LoadOut, dependencies=[may_write])
async def upload(
    run: Run,
    read: Read,
    who: Who,
    file: Annotated[UploadFile, File()],
    kind: Annotated[LoadKind, Form()],
    mapping: Annotated[str | None, Form(description="The mapping as JSON")] = None,
    mapping_name: Annotated[str | None, Form(description="Or the name of a kept mapping")] = None,
    unit_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Read a file and show what would come of it; nothing is made yet."""
    content = await file.read()
    given, source = await _mapping(read, kind, mapping, mapping_name)
    try:
        found = await asyncio.to_thread(reading.read, kind, content, given)
    except UnreadableFile as error:
        fault = error.fault
        raise UnsupportedFile(
            f"“{file.filename}” can't be read: {fault.detail}",
            [Fault(pointer=fault.place, code=fault.code, detail=fault.detail, fix=fault.fix)],
        ) from None
    fingerprint = hashlib.sha256(content + orjson.dumps(given)).digest()
    return await run.file(
        fingerprint,
        commands.keep_load,
        kind,
        (file.filename or "file")[:255],
        content,
        given,
        source,
        found,
        unit_id,
    )


async def _mapping(
    read: Read, kind: LoadKind, mapping: str | None, mapping_name: str | None
) -> tuple[dict[str, Any], str]:
    if mapping_name is not None:
        kept = await store.profile(read, kind, mapping_name)
        if kept is None:
            raise NotFound(f"There is no mapping “{mapping_name}” for {kind.value}.")
        return dict(kept.mapping), mapping_name[:100]
    try:
        given = orjson.loads(mapping or "")
    except orjson.JSONDecodeError:
        raise Invalid("Give a mapping as JSON, or the name of a kept one.") from None
    if not isinstance(given, dict):
        raise Invalid("A mapping is a JSON object.")
    _check(kind, given)
    return given, str(given.get("name", kind.value))[:100]


@router.get("/loads", dependencies=[may_read])
async def list_loads(
    read: Read, who: Who, kind: LoadKind | None = None, offset: Offset = 0, limit: Limit = 100
) -> schemas.LoadPage:
    """Loads, newest first."""
    rows, total = await store.loads(read, who, kind, offset, limit)
    counts = await store.counts(read, [r.id for r in rows])
    return schemas.LoadPage(items=[commands.as_out(r, counts[r.id]) for r in rows], total=total)


@router.get("/loads/{load_id}", dependencies=[may_read])
async def get_load(load_id: UUID, read: Read, who: Who, response: Response) -> schemas.LoadOut:
    """A load with its counts."""
    load = await store.get_load(read, load_id, who)
    if load is None:
        raise NotFound(f"There is no load with the id {load_id}.")
    response.headers["ETag"] = etag(load.version)
    counts = await store.counts(read, [load.id])
    return commands.as_out(load, counts[load.id], await store.earlier(read, load.kind, load.sha256, load.id))


@router.get("/loads/{load_id}/rows", dependencies=[may_read])
async def list_rows(
    load_id: UUID, read: Read, who: Who, state: RowState | None = None, offset: Offset = 0, limit: Limit = 200
) -> schemas.RowPage:
    """The rows of a load with their faults."""
    if await store.get_load(read, load_id, who) is None:
        raise NotFound(f"There is no load with the id {load_id}.")
    rows, total = await store.rows_page(read, load_id, state, offset, limit)
    return schemas.RowPage(items=[schemas.RowOut(**r.model_dump(exclude={"id", "load_id"})) for r in rows], total=total)


@router.get("/loads/{load_id}/result.xlsx", dependencies=[may_read])
async def result_file(load_id: UUID, read: Read, who: Who) -> Response:
    """Every row with its outcome as a workbook."""
    if await store.get_load(read, load_id, who) is None:
        raise NotFound(f"There is no load with the id {load_id}.")
    rows, _ = await store.rows_page(read, load_id, None, 0, 100_000)
    return Response(
        await asyncio.to_thread(results.result, rows),
        media_type=XLSX,
        headers={"Content-Disposition": 'attachment; filename="load-result.xlsx"'},
    )


@router.post("/loads/{load_id}/accept", response_model=schemas.LoadOut, dependencies=[may_accept])
async def accept(
    load_id: UUID,
    body: schemas.AcceptIn,
    day: Today,
    run: Run,
    dry_run: Annotated[bool, Query(description="Answer the effect without it")] = False,
) -> Response:
    """Make what the good rows say; the bad ones stay to be mended."""
    if dry_run:
        effect = await run.preview(commands.accept, load_id, body, day)
        return Response(effect.model_dump_json(), media_type="application/json")
    return await run(commands.accept, load_id, body, day)


@router.post("/loads/{load_id}/undo", response_model=schemas.LoadOut, dependencies=[may_accept])
async def undo(load_id: UUID, body: schemas.UndoIn, day: Today, run: Run) -> Response:
    """Take back a whole load."""
    return await run(commands.undo, load_id, body.reason, day)

"""Routes of usage facts: platforms, reports with verdicts, use by month, coverage."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from quire_shared.api.etag import etag
from quire_shared.api.problems import Fault, Invalid, NotFound, TooLarge, UnsupportedFile
from quire_shared.api.requests import Read, Run, Who, cause_of, scope
from quire_usage.counter.months import months_between
from quire_usage.counter.reading import NotReadable
from quire_usage.facts import commands, reading, schemas, store
from quire_usage.facts.tables import Platform, ReportState

SCOPES = {
    "usage:read": "See platforms, usage reports and figures",
    "platforms:write": "Make and change platforms",
    "reports:write": "Load usage reports",
}

router = APIRouter(tags=["usage"])
may_read = scope("usage:read")
may_write = scope("platforms:write")
may_load = scope("reports:write")
LARGEST = 50 * 1024 * 1024
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Text = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]
From = Annotated[schemas.Month | None, Query(alias="from")]
To = Annotated[schemas.Month | None, Query(alias="to")]


@router.post("/platforms", status_code=201, response_model=schemas.PlatformOut, dependencies=[may_write])
async def create_platform(body: schemas.PlatformIn, run: Run) -> Response:
    """Make a platform."""
    return await run(commands.create_platform, body)


@router.get("/platforms", dependencies=[may_read])
async def list_platforms(
    read: Read, who: Who, q: Text = None, offset: Offset = 0, limit: Limit = 100
) -> schemas.PlatformPage:
    """Platforms by name."""
    rows, total = await store.platforms(read, who, q, offset, limit)
    return schemas.PlatformPage(items=[commands.platform_out(r) for r in rows], total=total)


@router.get("/platforms/{platform_id}", dependencies=[may_read])
async def get_platform(platform_id: UUID, read: Read, who: Who, response: Response) -> schemas.PlatformOut:
    """One platform."""
    row = await visible(read, platform_id, who)
    response.headers["ETag"] = etag(row.version)
    return commands.platform_out(row)


@router.patch("/platforms/{platform_id}", response_model=schemas.PlatformOut, dependencies=[may_write])
async def change_platform(platform_id: UUID, body: schemas.PlatformChange, run: Run) -> Response:
    """Change a platform."""
    return await run(commands.change_platform, platform_id, body)


async def visible(read: Read, platform_id: UUID, who: Who) -> Platform:
    """The platform, or the refusal that there is none for this person."""
    row = await store.platform(read, platform_id, who)
    if row is None:
        raise NotFound(f"There is no platform with the id {platform_id}.")
    return row


@router.post("/reports", status_code=201, response_model=schemas.ReportOut, dependencies=[may_load])
async def upload(
    run: Run, read: Read, who: Who, file: Annotated[UploadFile, File()], platform_id: Annotated[UUID, Form()]
) -> Response:
    """Keep a report, judge it and store its months. A report that is refused is kept with its verdict."""
    await visible(read, platform_id, who)
    await read.rollback()  # reading a large file takes a while; no transaction stays open over it
    content = await file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TooLarge("A report may have 50 MB. Fetch it in shorter periods, or pack it with gzip.")
    if not content:
        raise Invalid("The file is empty. Fetch the report again.")
    packed = await asyncio.to_thread(commands.pack, content)
    cause = cause_of(run.request, who)
    file_id = await run.database.run_as(who, cause, commands.keep_file, content, packed)
    name = file.filename or "report"
    try:
        judged = await asyncio.to_thread(reading.judge, content, name)
    except NotReadable as error:
        lines = reading.first_lines(content)
        raise UnsupportedFile(
            f"“{name}” is no usage report: {error}",
            [Fault(pointer=f"line {n}", code="first_lines", detail=line) for n, line in enumerate(lines, 1)],
        ) from None
    fingerprint = hashlib.sha256(platform_id.bytes + content).digest()
    return await run.file(fingerprint, commands.store_report, platform_id, file_id, name, judged)


@router.get("/reports", dependencies=[may_read])
async def list_reports(
    read: Read,
    who: Who,
    platform_id: UUID | None = None,
    state: ReportState | None = None,
    q: Text = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.ReportPage:
    """Reports, newest first, those replaced and refused included."""
    rows, total = await store.reports(read, who, platform_id, state, q, offset, limit)
    return schemas.ReportPage(items=[schemas.ReportLine(**r.model_dump()) for r in rows], total=total)


@router.get("/reports/{report_id}", dependencies=[may_read])
async def get_report(report_id: UUID, read: Read, who: Who, response: Response) -> schemas.ReportOut:
    """A report with its verdict, its totals by month and what it changed."""
    row = await store.report(read, report_id, who)
    if row is None:
        raise NotFound(f"There is no report with the id {report_id}.")
    response.headers["ETag"] = etag(row.version)
    return commands.as_out(row, await store.file_hash(read, row.file_id), await store.current_months(read, row.id))


@router.get("/reports/{report_id}/file", dependencies=[may_read])
async def get_file(report_id: UUID, read: Read, who: Who) -> Response:
    """The file exactly as it came."""
    row = await store.report(read, report_id, who)
    if row is None:
        raise NotFound(f"There is no report with the id {report_id}.")
    content = await asyncio.to_thread(commands.unpack, await store.file_of(read, row.file_id))
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="report-{row.id}.{row.file_format}"'},
    )


@router.get("/platforms/{platform_id}/usage", dependencies=[may_read])
async def get_usage(
    platform_id: UUID,
    read: Read,
    who: Who,
    first: From = None,
    last: To = None,
    report_id: Text = None,
    release: Text = None,
    data_type: Text = None,
    access_type: Text = None,
    access_method: Text = None,
) -> schemas.UsageOut:
    """Use by month and report, from the rollup; each month with the report version it comes from."""
    platform = await visible(read, platform_id, who)
    given = {"data_type": data_type, "access_type": access_type, "access_method": access_method}
    attributes = {name: value for name, value in given.items() if value is not None}
    rows = await store.usage(read, platform_id, first, last, report_id, release, attributes)
    items = [
        schemas.UsageMonthOut(
            month=m.month,
            report_id=m.report_id,
            release=m.release,
            state=m.state.value,
            from_report=r.id,
            report_version=r.report_version,
            level=r.level,
            metrics=metrics,
        )
        for m, r, metrics in rows
    ]
    return schemas.UsageOut(platform_id=platform.id, platform=platform.name, items=items, total=len(items))


@router.get("/platforms/{platform_id}/coverage", dependencies=[may_read])
async def get_coverage(
    platform_id: UUID, read: Read, who: Who, first: From = None, last: To = None
) -> schemas.CoverageOut:
    """Which months stand for each report: stored, empty (confirmed), partial, pending, lost, or missing."""
    await visible(read, platform_id, who)
    rows = await store.coverage(read, platform_id)
    known = [row.month for row in rows]
    first, last = first or min(known, default=None), last or max(known, default=None)
    if first is None or last is None:
        return schemas.CoverageOut(platform_id=platform_id, months=[], items=[], total=0)
    if last < first:
        raise Invalid(f"The period ends in {last}, before it starts in {first}.")
    months = months_between(store.first_day(first), store.first_day(last))
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        line = lines.setdefault((row.report_id, row.release), dict.fromkeys(months, "missing"))
        if row.month in line:
            line[row.month] = row.state.value
    items = [schemas.CoverageLine(report_id=r, release=rel, months=states) for (r, rel), states in lines.items()]
    return schemas.CoverageOut(platform_id=platform_id, months=months, items=items, total=len(items))


@router.get("/platforms/{platform_id}/item-questions", dependencies=[may_read])
async def list_questions(
    platform_id: UUID, read: Read, who: Who, offset: Offset = 0, limit: Limit = 100
) -> schemas.QuestionPage:
    """Items that share an identifier and may be the same; nothing is merged by itself."""
    await visible(read, platform_id, who)
    rows, total = await store.questions(read, platform_id, offset, limit)
    items = [
        schemas.QuestionOut(
            id=q.id, item_id=q.item_id, item=item, rival_id=q.rival_id, rival=rival, from_report=q.from_report
        )
        for q, item, rival in rows
    ]
    return schemas.QuestionPage(items=items, total=total)

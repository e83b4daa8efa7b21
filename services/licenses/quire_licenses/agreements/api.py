"""Routes of licenses and holiday calendars."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from quire_licenses.agreements import commands, schemas, store
from quire_licenses.agreements.outputs import calendar_out, license_out, row_out, term_out
from quire_licenses.agreements.rules import Kind, Status
from quire_licenses.agreements.tables import HolidayCalendar
from quire_licenses.renewals.outlook import if_nobody_acts, outlook
from quire_licenses.renewals.spans import ContractDate
from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock

SCOPES = {
    "licenses:read": "See licenses, their dates and holiday calendars.",
    "licenses:write": "Make and change licenses and holiday calendars.",
}

router = APIRouter(tags=["licenses"])
may_read = scope("licenses:read")
may_write = scope("licenses:write")


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=200)]


@router.post("/licenses", status_code=201, response_model=schemas.LicenseOut, dependencies=[may_write])
async def create_license(body: schemas.NewLicense, day: Today, run: Run) -> Response:
    """Make a license."""
    return await run(commands.create_license, body, day)


@router.get("/licenses", dependencies=[may_read])
async def list_licenses(
    read: Read,
    who: Who,
    q: Search = "",
    status: Status | None = None,
    kind: Kind | None = None,
    vendor_id: UUID | None = None,
    order_line_id: UUID | None = None,
    responsible_id: Annotated[str | None, Query(max_length=100)] = None,
    act_by_until: date | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.LicensePage:
    """Licenses by name; with ``act_by_until`` by the day on which somebody has to act."""
    rows, total = await store.licenses_page(
        read,
        who,
        q=q,
        status=status,
        kind=kind,
        vendor_id=vendor_id,
        line_id=order_line_id,
        responsible_id=responsible_id,
        act_by_until=act_by_until,
        offset=offset,
        limit=limit,
    )
    return schemas.LicensePage(items=[row_out(row) for row in rows], total=total)


@router.post("/licenses/preview", dependencies=[may_read])
async def preview_rule(body: schemas.RuleIn, day: Today, read: Read) -> schemas.RuleOut:
    """The dates of a rule for its current and following terms, without storing anything."""
    calendar = await store.work_calendar(read, body.calendar_id)
    view = outlook(body.rule, body.as_of or day, calendar, upcoming=body.terms)
    return schemas.RuleOut(
        if_nothing_is_done=if_nobody_acts(body.rule, view), upcoming=[term_out(term) for term in view.upcoming]
    )


@router.get("/licenses/{license_id}", dependencies=[may_read])
async def get_license(
    license_id: UUID,
    read: Read,
    who: Who,
    day: Today,
    response: Response,
    as_of: Annotated[ContractDate | None, Query(description="Compute the dates as of this day")] = None,
    terms: Annotated[int, Query(ge=1, le=50)] = 5,
) -> schemas.LicenseOut:
    """A license with its dates, computed now."""
    license_ = await store.get_license(read, license_id, who)
    if license_ is None:
        raise NotFound(f"There is no license with the id {license_id}.")
    response.headers["ETag"] = etag(license_.version)
    return await license_out(read, license_, as_of or day, who, terms)


@router.put("/licenses/{license_id}", response_model=schemas.LicenseOut, dependencies=[may_write])
async def replace_license(license_id: UUID, body: schemas.LicenseIn, day: Today, run: Run) -> Response:
    """Replace what a license says. Needs If-Match."""
    return await run(commands.replace_license, license_id, body, day)


@router.post("/licenses/{license_id}/status", response_model=schemas.LicenseOut, dependencies=[may_write])
async def change_status(license_id: UUID, body: schemas.StatusIn, day: Today, run: Run) -> Response:
    """Move a license to another status. Needs If-Match."""
    return await run(commands.change_status, license_id, body, day)


@router.post("/licenses/{license_id}/invoices", response_model=schemas.LicenseOut, dependencies=[may_write])
async def record_invoice(license_id: UUID, body: schemas.InvoiceIn, day: Today, run: Run) -> Response:
    """Record when a renewal invoice came, where notice counts from it. Needs If-Match."""
    return await run(commands.record_invoice, license_id, body, day)


@router.post("/holiday-calendars", status_code=201, response_model=schemas.HolidayCalendarOut, dependencies=[may_write])
async def create_calendar(body: schemas.HolidayCalendarIn, run: Run) -> Response:
    """Make a holiday calendar."""
    return await run(commands.create_calendar, body)


@router.get("/holiday-calendars", dependencies=[may_read])
async def list_calendars(read: Read, offset: Offset = 0, limit: Limit = 100) -> schemas.HolidayCalendarPage:
    """Holiday calendars by name."""
    rows, total = await store.calendars(read, offset, limit)
    return schemas.HolidayCalendarPage(items=[calendar_out(row) for row in rows], total=total)


@router.get("/holiday-calendars/{calendar_id}", dependencies=[may_read])
async def get_calendar(calendar_id: UUID, read: Read, response: Response) -> schemas.HolidayCalendarOut:
    """One holiday calendar."""
    row = await read.get(HolidayCalendar, calendar_id)
    if row is None:
        raise NotFound(f"There is no holiday calendar with the id {calendar_id}.")
    response.headers["ETag"] = etag(row.version)
    return calendar_out(row)


@router.put("/holiday-calendars/{calendar_id}", response_model=schemas.HolidayCalendarOut, dependencies=[may_write])
async def replace_calendar(calendar_id: UUID, body: schemas.HolidayCalendarIn, day: Today, run: Run) -> Response:
    """Replace a holiday calendar; licenses that use it are computed anew. Needs If-Match."""
    return await run(commands.replace_calendar, calendar_id, body, day)

"""Routes of renewals and their calendar feeds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from quire_licenses.agreements.api import Limit, Offset, Today
from quire_licenses.renewals import commands, schemas, store
from quire_licenses.renewals.calendar import render
from quire_licenses.renewals.cases import CaseState
from quire_licenses.renewals.clock import run_clock
from quire_licenses.renewals.outputs import case_out, entries, feed_out, row_out
from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound
from quire_shared.api.requests import Read, Run, Who, cause_of, scope

SCOPES = {
    "renewals:read": "See renewals and read their dates in a calendar program.",
    "renewals:write": "Move renewals on and put decisions off.",
    "renewals:decide": "Decide renewals: renew, cancel, let lapse, replace.",
    "renewals:clock": "Run the clock of renewals as of any day.",
}

router = APIRouter(tags=["renewals"])
may_read = scope("renewals:read")
may_write = scope("renewals:write")
may_decide = scope("renewals:decide")
may_clock = scope("renewals:clock")

#: Past deadlines stay in a calendar for so long.
KEPT = timedelta(days=400)


@router.get("/renewals", dependencies=[may_read])
async def list_renewals(
    read: Read,
    who: Who,
    state: CaseState | None = None,
    license_id: UUID | None = None,
    person_id: Annotated[str | None, Query(max_length=100)] = None,
    act_by_from: date | None = None,
    act_by_until: date | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas.CasePage:
    """Renewals by act-by date; ``state=missed`` is the list of missed ones, kept until each is decided."""
    rows, total = await store.cases_page(
        read,
        who,
        state=state,
        license_id=license_id,
        person_id=person_id,
        act_by_from=act_by_from,
        act_by_until=act_by_until,
        offset=offset,
        limit=limit,
    )
    return schemas.CasePage(items=[row_out(case, license_) for case, license_ in rows], total=total)


@router.post("/renewals/run-clock", dependencies=[may_clock])
async def run_the_clock(body: schemas.ClockIn, request: Request, who: Who, day: Today) -> schemas.ClockOut:
    """Do now what the clock does by itself every minute, as of a day. Running it again does nothing more."""
    return await run_clock(request.app.state.database, body.as_of or day, who, cause_of(request, who))


@router.get("/renewals/{case_id}", dependencies=[may_read])
async def get_renewal(case_id: UUID, read: Read, who: Who, response: Response) -> schemas.CaseOut:
    """A renewal with its reminders."""
    found = await store.get_case(read, case_id, who)
    if found is None:
        raise NotFound(f"There is no renewal with the id {case_id}.")
    case, license_ = found
    response.headers["ETag"] = etag(case.version)
    return case_out(case, license_, await store.reminders_of(read, case_id))


@router.post("/renewals/{case_id}/state", response_model=schemas.CaseOut, dependencies=[may_write])
async def move_renewal(case_id: UUID, body: schemas.StateIn, run: Run) -> Response:
    """Move a renewal on by hand. Needs If-Match."""
    return await run(commands.move_case, case_id, body)


@router.post("/renewals/{case_id}/defer", response_model=schemas.CaseOut, dependencies=[may_write])
async def defer_renewal(case_id: UUID, body: schemas.DeferIn, day: Today, run: Run) -> Response:
    """Put the decision off until a day. Needs If-Match."""
    return await run(commands.defer_case, case_id, body, day)


@router.post("/renewals/{case_id}/decision", response_model=schemas.CaseOut, dependencies=[may_decide])
async def decide_renewal(case_id: UUID, body: schemas.DecisionIn, day: Today, run: Run) -> Response:
    """Decide a renewal. Needs If-Match."""
    return await run(commands.decide_case, case_id, body, day)


@router.post("/calendars", status_code=201, response_model=schemas.NewFeedOut, dependencies=[may_read])
async def create_feed(body: schemas.FeedIn, run: Run) -> Response:
    """A calendar feed of your renewals or of the library's. Its address is shown in this answer only."""
    return await run(commands.create_feed, body)


@router.get("/calendars", dependencies=[may_read])
async def list_feeds(read: Read, who: Who) -> schemas.FeedPage:
    """Your calendar feeds."""
    feeds = [feed_out(feed) for feed in await store.feeds_of(read, who.id)]
    return schemas.FeedPage(items=feeds, total=len(feeds))


@router.delete("/calendars/{feed_id}", status_code=204, dependencies=[may_read])
async def revoke_feed(feed_id: UUID, run: Run) -> Response:
    """Make a feed's address invalid."""
    return await run(commands.revoke_feed, feed_id)


@router.get(
    "/calendar/{token}.ics",
    openapi_extra={"x-public": True},
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}}},
)
async def calendar(token: Annotated[str, Path(max_length=100)], request: Request, read: Read, day: Today) -> Response:
    """Renewal dates for calendar programs, which cannot sign in: the address itself is the key."""
    feed = await store.feed_of_token(read, commands.token_hash(token))
    person = await store.person(read, feed.person_id) if feed else None
    if feed is None or (person is not None and not person.active):
        raise NotFound("There is no calendar at this address. Make a new feed in Quire.")
    unit_ids = person.unit_ids if person is not None else feed.unit_ids
    units = None if unit_ids is None else frozenset(UUID(unit) for unit in unit_ids)
    rows = await store.feed_cases(read, feed, units, day - KEPT)
    settings = request.app.state.settings
    body = render(
        (entry for case, license_ in rows for entry in entries(case, license_, settings.public_url)),
        f"{feed.name} ({settings.library_name})",
        settings.time_zone,
    )
    return Response(body, media_type="text/calendar", headers={"Cache-Control": "private, max-age=900"})

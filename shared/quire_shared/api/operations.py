"""Routes of every service for those who run it: its state, parked events, the audit chain, jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.api.problems import Conflict, Forbidden, NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.database import audit
from quire_shared.database.work import Work
from quire_shared.events import parked

if TYPE_CHECKING:
    from quire_shared.service.runtime import Runtime

router = APIRouter(prefix="/operations", tags=["operations"])

Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]


class StateOut(BaseModel):
    """A service as it stands; ``lag`` counts the events that its consumers here have not yet read."""

    service: str
    ready: bool
    troubles: list[str]
    events_waiting: int | None
    events_parked: int | None
    lag: int | None
    consumers: dict[str, Any]


class ParkedOut(BaseModel):
    """An event that was put aside; with ``waits`` only because an earlier one of its key was."""

    id: int
    consumer: str
    topic: str
    key: str
    type: str
    event_id: uuid.UUID
    error: str
    waits: bool
    attempts: int
    parked_at: datetime


class ParkedList(BaseModel):
    items: list[ParkedOut]
    total: int


class SkipIn(BaseModel):
    reason: str = Field(min_length=3, max_length=500, description="Why this event is left out for good.")


class Resolved(BaseModel):
    """How many events of the key were taken care of."""

    events: int


class AuditEntry(BaseModel):
    seq: int
    at: datetime
    actor: str
    action: str
    subject: str | None
    detail: dict[str, Any]
    correlation_id: str | None


class AuditList(BaseModel):
    items: list[AuditEntry]
    total: int


class ChainProof(BaseModel):
    """Whether every entry still has the hash that it was sealed with."""

    whole: bool
    entries: int
    first_broken: int | None
    words: str


class JobOut(BaseModel):
    id: uuid.UUID
    kind: str
    state: Literal["waiting", "running", "done", "failed", "canceled"]
    requested_by: str
    unit_id: uuid.UUID | None
    done: int
    total: int | None
    words: str | None
    result: dict[str, Any] | None
    error: str | None
    attempts: int
    cancel_requested: bool
    created_at: datetime
    finished_at: datetime | None


class JobList(BaseModel):
    items: list[JobOut]
    total: int


async def state_of(runtime: Runtime) -> dict[str, Any]:
    """Health with the lag of each consumer that runs in this process."""
    health = await runtime.health()
    lags: dict[str, int | None] = {}
    for consumer in runtime.consumers:
        try:
            lags[consumer.group.name] = await consumer.lag()
        except Exception as error:  # noqa: BLE001 - named in the answer: it is what the reader asks about
            lags[consumer.group.name] = None
            health["troubles"].append(f"The lag of {consumer.group.name} is not known: {error}")
        health["consumers"][consumer.group.name]["lag"] = lags[consumer.group.name]
    known = [n for n in lags.values() if n is not None]
    return {**health, "lag": sum(known) if len(known) == len(lags) else None}


@router.get("/state", response_model=StateOut, dependencies=[scope("operations:read")])
async def state(request: Request) -> dict[str, Any]:
    """Readiness in words, with events waiting, lag and parked events."""
    return await state_of(request.app.state.runtime)


@router.get("/parked", response_model=ParkedList, dependencies=[scope("operations:read")])
async def list_parked(read: Read, who: Who, limit: Limit = 200) -> ParkedList:
    """Parked events, oldest first."""
    _whole_house(who)
    items = [
        ParkedOut(**{name: getattr(p, name) for name in ParkedOut.model_fields})
        for p in await parked.listing(read, limit)
    ]
    total = (await read.execute(text("SELECT count(*) FROM parked"))).scalar_one()
    return ParkedList(items=items, total=total)


@router.post("/parked/{parked_id}/retry", dependencies=[scope("operations:write")])
async def retry_parked(parked_id: int, request: Request, who: Who) -> Resolved:
    """Run the parked events of this one's key again, in order. A repetition finds nothing left to do (404)."""
    _whole_house(who)
    runtime: Runtime = request.app.state.runtime
    groups = (*runtime.service.reactions, *runtime.service.projections)
    return Resolved(events=await parked.retry(runtime.database, groups, parked_id, who.id))


@router.post("/parked/{parked_id}/skip", dependencies=[scope("operations:write")])
async def skip_parked(parked_id: int, body: SkipIn, request: Request, who: Who) -> Resolved:
    """Leave this event out for good, with a reason, and run those that waited behind it."""
    _whole_house(who)
    runtime: Runtime = request.app.state.runtime
    groups = (*runtime.service.reactions, *runtime.service.projections)
    return Resolved(events=await parked.skip(runtime.database, groups, parked_id, who.id, body.reason))


_AUDIT = """
      FROM audit WHERE (CAST(:subject AS text) IS NULL OR subject = :subject)
       AND (CAST(:actor AS text) IS NULL OR actor = :actor)
       AND (CAST(:action AS text) IS NULL OR action = :action)
       AND (CAST(:correlation AS text) IS NULL OR correlation_id = :correlation)
"""


@router.get("/audit", response_model=AuditList, dependencies=[scope("operations:read")])
async def list_audit(
    read: Read,
    who: Who,
    subject: Annotated[str | None, Query(max_length=500)] = None,
    actor: Annotated[str | None, Query(max_length=100)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    correlation_id: Annotated[str | None, Query(max_length=200)] = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> AuditList:
    """What was done to what by whom (ids only), newest first."""
    _whole_house(who)
    where = {"subject": subject, "actor": actor, "action": action, "correlation": correlation_id}
    total = (await read.execute(text(f"SELECT count(*) {_AUDIT}"), where)).scalar_one()
    rows = await read.execute(
        text(
            f"SELECT seq, at, actor, action, subject, detail, correlation_id {_AUDIT}"
            " ORDER BY seq DESC OFFSET :offset LIMIT :limit"
        ),
        {**where, "offset": offset, "limit": limit},
    )
    return AuditList(items=[AuditEntry(**r._mapping) for r in rows], total=total)


@router.get("/audit/proof", response_model=ChainProof, dependencies=[scope("operations:read")])
async def prove_audit(read: Read, who: Who) -> ChainProof:
    """Compute the whole chain again and name the first entry that does not fit."""
    _whole_house(who)
    broken = await audit.first_broken(read)
    entries = (await read.execute(text("SELECT count(*) FROM audit"))).scalar_one()
    words = (
        f"All {entries} entries fit the chain."
        if broken is None
        else f"Entry {broken} does not fit: it, or the entry before it, was changed or removed after it was written."
    )
    return ChainProof(whole=broken is None, entries=entries, first_broken=broken, words=words)


_JOBS = """
      FROM job WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
       AND (CAST(:units AS uuid[]) IS NULL OR unit_id IS NULL OR unit_id = ANY(CAST(:units AS uuid[])))
       AND (CAST(:id AS uuid) IS NULL OR id = :id)
"""


@router.get("/jobs", response_model=JobList, dependencies=[scope("operations:read")])
async def list_jobs(
    read: Read,
    who: Who,
    state: Literal["waiting", "running", "done", "failed", "canceled"] | None = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> JobList:
    """Jobs with their progress, newest first."""
    return await _jobs(read, who, state, kind, None, offset, limit)


@router.get("/jobs/{job_id}", response_model=JobOut, dependencies=[scope("operations:read")])
async def get_job(job_id: uuid.UUID, read: Read, who: Who) -> JobOut:
    found = await _jobs(read, who, None, None, job_id, 0, 1)
    if not found.items:
        raise NotFound(f"There is no job with the id {job_id}.")
    return found.items[0]


@router.post("/jobs/{job_id}/cancel", response_model=JobOut, dependencies=[scope("operations:write")])
async def cancel_job(job_id: uuid.UUID, run: Run) -> Response:
    """Ask a job to end: a waiting one ends at once, a running one at its next step."""
    return await run(cancel, job_id)


async def cancel(work: Work, job_id: uuid.UUID) -> JobOut:
    """Ask a job to end. Raises ``NotFound``, ``Conflict`` when it is over already."""
    row = (
        await work.session.execute(text("SELECT state, unit_id FROM job WHERE id = :id FOR UPDATE"), {"id": job_id})
    ).one_or_none()
    if row is None or not work.actor.sees(row.unit_id):
        raise NotFound(f"There is no job with the id {job_id}.")
    if row.state not in ("waiting", "running"):
        raise Conflict(f"This job is over already: {row.state}.")
    await work.session.execute(
        text(
            "UPDATE job SET cancel = 1, state = CASE WHEN state = 'waiting' THEN 'canceled' ELSE state END,"
            " finished_at = CASE WHEN state = 'waiting' THEN CAST(:now AS timestamptz) ELSE finished_at END WHERE id = :id"
        ),
        {"id": job_id, "now": work.now},
    )
    work.audit("jobs.cancel", job_id)
    return (await _jobs(work.session, work.actor, None, None, job_id, 0, 1)).items[0]


async def _jobs(
    session: AsyncSession,
    who: Principal,
    state: str | None,
    kind: str | None,
    job_id: uuid.UUID | None,
    offset: int,
    limit: int,
) -> JobList:
    where = {
        "state": state,
        "kind": kind,
        "id": job_id,
        "units": None if who.units is None else list(who.units),
    }
    total = (await session.execute(text(f"SELECT count(*) {_JOBS}"), where)).scalar_one()
    rows = await session.execute(
        text(
            "SELECT id, kind, state, requested_by, unit_id, done, total, words, result, error, attempts,"
            f" cancel <> 0 AS cancel_requested, created_at, finished_at {_JOBS}"
            " ORDER BY created_at DESC, id DESC OFFSET :offset LIMIT :limit"
        ),
        {**where, "offset": offset, "limit": limit},
    )
    return JobList(items=[JobOut(**r._mapping) for r in rows], total=total)


def _whole_house(who: Principal) -> None:
    if who.units is not None:
        raise Forbidden("Events and the audit chain hold rows of all units; somebody limited to units cannot see them.")

"""Routes of the read models. None of them changes anything but the request for a rebuild."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from quire_desk.readmodels import projections, reading, store
from quire_desk.readmodels.schemas import (
    BudgetsOut,
    BudgetsProof,
    CostOut,
    CostsOut,
    DecisionOut,
    RebuildOut,
    TodayOut,
)
from quire_shared.api.problems import Fault, Forbidden, Invalid
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.database.work import Work
from quire_shared.events.rebuild import rebuild
from quire_shared.jobs.worker import Job
from quire_shared.service.runtime import Runtime
from quire_shared.values.money import Money

SCOPES = {
    "readmodels:read": "See the dashboard: budgets, what waits today, cost per use.",
    "readmodels:rebuild": "Fill a read model again from all events.",
}

REBUILD = "desk.rebuild"

router = APIRouter(prefix="/readmodels", tags=["dashboard"], dependencies=[])
may_read = scope("readmodels:read")

Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]


def event_ids(
    seen: Annotated[
        str | None,
        Query(
            max_length=2_000,
            description="Ids of events (the header Quire-Events of a change, with commas): the answer waits up to two"
            " seconds until they are in it",
        ),
    ] = None,
) -> list[UUID]:
    """The event ids of ``seen``. Raises ``Invalid`` for what is none."""
    try:
        return [UUID(part.strip()) for part in (seen or "").split(",") if part.strip()]
    except ValueError:
        raise Invalid(
            "“seen” takes ids of events with commas between them.",
            [Fault(pointer="/query/seen", code="no_event_id", detail="One of these is no id.", value=seen)],
        ) from None


Seen = Annotated[list[UUID], Depends(event_ids)]


@router.get("/budgets", dependencies=[may_read])
async def read_budgets(
    request: Request,
    who: Who,
    seen: Seen,
    fiscal_year: Annotated[
        str | None, Query(max_length=50, description="Code of the fiscal year; the newest unless given")
    ] = None,
) -> BudgetsOut:
    """The tree of funds with their figures, the worst child shown on its parents, every figure with its postings."""
    runtime: Runtime = request.app.state.runtime
    fresh = await reading.freshness(runtime, projections.budgets, seen)
    return await reading.budget_tree(runtime, who, fiscal_year, fresh)


@router.get("/budgets/proof", dependencies=[may_read])
async def prove_budgets(request: Request, who: Who) -> BudgetsProof:
    """Compare every budget here with orders and name each that differs."""
    return await reading.prove_budgets(request.app.state.runtime, request.app.state.neighbours, who)


@router.get("/today", dependencies=[may_read])
async def read_today(
    request: Request,
    read: Read,
    who: Who,
    seen: Seen,
    kind: Literal["renewal", "invoice", "message", "usage_report"] | None = None,
    state: Literal["open", "closed", "all"] = "open",
    offset: Offset = 0,
    limit: Limit = 100,
) -> TodayOut:
    """What waits for a decision, by day."""
    fresh = await reading.freshness(request.app.state.runtime, projections.today, seen)
    rows, total = await store.decisions(
        read, fresh.generation, who.units, kind=kind, state=state, offset=offset, limit=limit
    )
    items = [_of(DecisionOut, row) for row in rows]
    return TodayOut(**fresh.model_dump(), items=items, total=total)


@router.get("/cost-per-use", dependencies=[may_read])
async def read_costs(
    request: Request,
    read: Read,
    who: Who,
    seen: Seen,
    platform_id: UUID | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> CostsOut:
    """Cost per use by platform and period: without use first, then the dearest."""
    fresh = await reading.freshness(request.app.state.runtime, projections.cost_per_use, seen)
    rows, total = await store.costs(
        read, fresh.generation, who.units, platform_id=platform_id, offset=offset, limit=limit
    )
    items = []
    for row in rows:
        covered = f"{row['months_covered']} of {row['months_asked']} months"
        use = f"{row['uses']} uses" if row["uses"] else "no use"
        items.append(
            CostOut(
                **{n: row[n] for n in CostOut.model_fields if n not in ("cost", "words")},
                cost=Money(row["cost"], row["currency"]),
                words=f"{use} ({row['metric']}) over {covered}",
            )
        )
    return CostsOut(**fresh.model_dump(), items=items, total=total)


@router.post("/{name}/rebuild", status_code=202, response_model=RebuildOut, dependencies=[scope("readmodels:rebuild")])
async def request_rebuild(name: Literal["desk.budgets", "desk.today", "desk.cost_per_use"], run: Run) -> Response:
    """Fill the read model again from the first event on; the old one is read until the new one is complete."""
    return await run(enqueue_rebuild, name)


async def enqueue_rebuild(work: Work, name: str) -> RebuildOut:
    """Enqueue the job that rebuilds a read model."""
    if work.actor.units is not None:
        raise Forbidden("A read model belongs to the whole house; somebody limited to units cannot rebuild it.")
    work.audit("readmodels.rebuild_requested", name)
    return RebuildOut(job_id=await work.enqueue(REBUILD, {"name": name}))


async def run_rebuild(job: Job) -> dict[str, int]:
    """The job: fill the next generation and switch to it."""
    if job.runtime is None:
        raise RuntimeError("a rebuild needs the runtime of its service")
    await job.progress(0, 1, "reads all events")
    generation = await rebuild(
        job.runtime.database, job.runtime.dsn, job.runtime.bus, projections.ALL[job.arguments["name"]]
    )
    await job.progress(1, 1, "switched")
    return {"generation": generation}


def _of(model: type[DecisionOut], row: object) -> DecisionOut:
    return model(**{name: row[name] for name in model.model_fields})  # type: ignore[index]

"""Routes of costs: order lines and their platforms, paid lines, cost per use."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from quire_shared.api.etag import etag
from quire_shared.api.problems import Invalid, NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_usage.costs import commands, figures, schemas, store
from quire_usage.costs.tables import ResourceLink
from quire_usage.counter.months import months_between
from quire_usage.facts import store as facts
from quire_usage.facts.schemas import Month
from quire_usage.facts.tables import Platform

SCOPES = {
    "costs:read": "See paid lines and cost per use",
    "costs:write": "Tie order lines to platforms and give booking rates",
}

router = APIRouter(tags=["costs"])
may_read = scope("costs:read")
may_write = scope("costs:write")
MOST_MONTHS = 120
From = Annotated[Month, Query(alias="from", description="First month, yyyy-mm")]
To = Annotated[Month, Query(alias="to", description="Last month, yyyy-mm")]


def period(first: str, last: str) -> list[str]:
    """The months of a period; refused when it ends before it starts or is longer than ten years."""
    if last < first:
        raise Invalid(f"The period ends in {last}, before it starts in {first}.")
    months = months_between(facts.first_day(first), facts.first_day(last))
    if len(months) > MOST_MONTHS:
        raise Invalid(f"A period of {len(months)} months is too long; at most {MOST_MONTHS} are computed at once.")
    return months


@router.get("/order-lines", dependencies=[may_read])
async def list_order_lines(
    read: Read,
    who: Who,
    q: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")] = None,
    platform_id: UUID | None = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> schemas.OrderLinePage:
    """Order lines and the platforms they pay."""
    rows, total = await store.order_lines(read, who, q, platform_id, offset, limit)
    links = await store.links_of_lines(read, [r.id for r in rows])
    return schemas.OrderLinePage(items=[commands.as_out(r, _seen(links[r.id], who)) for r in rows], total=total)


def _seen(links: list[tuple[ResourceLink, Platform]], who: Who) -> list[tuple[ResourceLink, Platform]]:
    return [(link, platform) for link, platform in links if who.sees(platform.unit_id)]


@router.get("/order-lines/{line_id}", dependencies=[may_read])
async def get_order_line(line_id: UUID, read: Read, who: Who, response: Response) -> schemas.OrderLineOut:
    """One order line and the platforms it pays."""
    row = await store.order_line(read, line_id, who)
    if row is None:
        raise NotFound(f"There is no order line with the id {line_id}.")
    response.headers["ETag"] = etag(row.version)
    return commands.as_out(row, _seen((await store.links_of_lines(read, [line_id]))[line_id], who))


@router.put("/order-lines/{line_id}/platforms", response_model=schemas.OrderLineOut, dependencies=[may_write])
async def link_platforms(line_id: UUID, body: schemas.LinksIn, run: Run) -> Response:
    """Say which platforms an order line pays and how the cost is shared."""
    return await run(commands.link_platforms, line_id, body)


@router.put("/paid-lines/{paid_line_id}/rate", response_model=schemas.PaidLineOut, dependencies=[may_write])
async def give_rate(paid_line_id: UUID, body: schemas.RateIn, run: Run) -> Response:
    """Give the booking rate of a paid line in a foreign currency."""
    return await run(commands.give_rate, paid_line_id, body)


@router.get("/platforms/{platform_id}/cost-per-use", dependencies=[may_read])
async def get_cost_per_use(platform_id: UUID, read: Read, who: Who, first: From, last: To) -> schemas.CostPerUseOut:
    """Cost per use of a platform, with the invoice lines and report versions that made it."""
    platform = await facts.platform(read, platform_id, who)
    if platform is None:
        raise NotFound(f"There is no platform with the id {platform_id}.")
    [answer] = await figures.cost_per_use(read, [platform], period(first, last))
    return answer


@router.get("/cost-per-use", dependencies=[may_read])
async def compare(
    read: Read,
    who: Who,
    first: From,
    last: To,
    platform_id: Annotated[list[UUID], Query(min_length=1, max_length=20)],
) -> schemas.ComparisonOut:
    """Several platforms over equal months: those that all of them have."""
    months = period(first, last)
    platforms = []
    for one in dict.fromkeys(platform_id):
        platform = await facts.platform(read, one, who)
        if platform is None:
            raise NotFound(f"There is no platform with the id {one}.")
        platforms.append(platform)
    items = await figures.cost_per_use(read, platforms, months)
    return schemas.ComparisonOut(covered=items[0].covered, items=items, total=len(items))

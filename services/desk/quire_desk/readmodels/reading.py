"""How a page is put together: waiting for one's own write, freshness, the tree of funds, the proof against orders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from quire_desk.gateway.neighbours import Neighbours
from quire_desk.readmodels import rules, store
from quire_desk.readmodels.rules import FIGURES, BudgetRow, Difference, Figures, FundRow, Node, State
from quire_desk.readmodels.schemas import (
    BudgetsOut,
    BudgetsProof,
    DifferenceOut,
    FiguresOut,
    Freshness,
    FundNode,
    Links,
    WorstOut,
)
from quire_shared.access.principal import Principal
from quire_shared.api.problems import Forbidden, NotFound, Unavailable
from quire_shared.events import offsets
from quire_shared.events.handlers import Projection
from quire_shared.service.runtime import Runtime
from quire_shared.values.money import Money

#: A screen waits at most this long for its own write.
LONGEST_WAIT = 2.0
_POLL = 0.03

#: The names of the figures in orders' own answers.
_SOURCE_NAMES = {name: name for name in FIGURES} | {"awaiting_payment": "awaiting"}
_PAGE = 1_000


async def freshness(runtime: Runtime, projection: Projection, seen: Sequence[UUID]) -> Freshness:
    """How fresh a read model is, after waiting at most two seconds until the events ``seen`` have been applied."""
    applied = await _wait_for(runtime, projection, seen) if seen else None
    async with runtime.database.read() as session:
        generation, fresh_at = await store.freshness(session, projection.name)
    return Freshness(generation=generation, fresh_at=fresh_at, lag=await _lag(runtime, projection), seen=applied)


async def _wait_for(runtime: Runtime, projection: Projection, seen: Sequence[UUID]) -> bool:
    deadline = asyncio.get_running_loop().time() + LONGEST_WAIT
    while True:
        async with runtime.database.read() as session:
            generation, _ = await store.freshness(session, projection.name)
            if await offsets.has_seen(session, offsets.consumer_name(projection.name, generation), seen):
                return True
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(_POLL)


async def _lag(runtime: Runtime, projection: Projection) -> int | None:
    for consumer in runtime.consumers:
        if consumer.group is projection:
            return await consumer.lag()
    return None


async def budget_tree(runtime: Runtime, who: Principal, year: str | None, fresh: Freshness) -> BudgetsOut:
    """The tree of funds of a fiscal year; without one, of the newest. Raises ``NotFound`` for a year without budgets."""
    async with runtime.database.read() as session:
        years = await store.fiscal_years(session, fresh.generation, who.units)
        if year is not None and year not in years:
            raise NotFound(
                f"No budget of a fiscal year “{year}” is known here; there are: {', '.join(years) or 'none yet'}."
            )
        chosen = year or (years[0] if years else None)
        funds = {row["fund_id"]: row for row in await store.funds(session, fresh.generation, who.units)}
        budgets = (
            {row["fund_id"]: row for row in await store.budgets(session, fresh.generation, who.units, chosen)}
            if chosen
            else {}
        )
    roots = rules.tree(
        [FundRow(f["fund_id"], f["parent_id"], f["code"], f["visible"]) for f in funds.values()],
        [
            BudgetRow(b["budget_id"], b["fund_id"], b["currency"], Figures(**{n: b[n] for n in FIGURES}))
            for b in budgets.values()
        ],
    )
    totals: dict[str, Figures] = {}
    for root in roots:
        for currency, figures in root.totals.items():
            totals[currency] = totals.get(currency, Figures()) + figures
    return BudgetsOut(
        **fresh.model_dump(),
        fiscal_year=chosen,
        fiscal_years=years,
        items=[_node(root, funds, budgets) for root in roots if root.totals],
        totals=[FiguresOut.of(figures, currency) for currency, figures in sorted(totals.items())],
        hidden=sum(not f["visible"] for f in funds.values()),
    )


def _node(node: Node, funds: Mapping[UUID, RowMapping], budgets: Mapping[UUID, RowMapping]) -> FundNode:
    fund, own, worst = funds[node.fund.fund_id], node.own, node.worst
    budget = budgets.get(node.fund.fund_id)
    return FundNode(
        fund_id=node.fund.fund_id,
        code=fund["code"],
        name=fund["name"],
        unit_id=fund["unit_id"],
        budget_id=own.budget_id if own else None,
        own=FiguresOut.of(own.figures, own.currency) if own else None,
        totals=[FiguresOut.of(figures, currency) for currency, figures in sorted(node.totals.items())],
        own_state=(rules.state_of(own.figures) if own else State.CALM).word,
        state=node.state.word,
        worst=None
        if worst is None or worst.own is None
        else WorstOut(
            fund_id=worst.fund.fund_id,
            code=worst.fund.code,
            state=rules.state_of(worst.own.figures).word,
            available=Money(worst.own.figures.available, worst.own.currency),
        ),
        hidden=node.hidden,
        links=None
        if own is None
        else Links(
            budget=f"/api/orders/budgets/{own.budget_id}", postings=f"/api/orders/postings?budget_id={own.budget_id}"
        ),
        changed_at=budget["changed_at"] if budget else None,
        children=[_node(child, funds, budgets) for child in node.children if child.totals],
    )


async def prove_budgets(runtime: Runtime, neighbours: Neighbours, who: Principal) -> BudgetsProof:
    """Compare the read model with orders, row by row, as ``who`` sees them.

    Both go on moving meanwhile, so rows that differ are read again until the read model had time to follow; only what
    stays different is a difference. Raises ``Forbidden`` or ``Unavailable`` when orders does not tell.
    """
    from quire_desk.readmodels.projections import budgets as projection

    deadline = asyncio.get_running_loop().time() + LONGEST_WAIT
    while True:
        source = await _source(neighbours, who)
        fresh = await freshness(runtime, projection, [])
        async with runtime.database.read() as session:
            rows = await store.budgets(session, fresh.generation, who.units)
        model: dict[UUID, dict[str, object]] = {
            r["budget_id"]: {name: r[name] for name in ("fund_code", "fiscal_year_code", "currency", *FIGURES)}
            for r in rows
        }
        found = rules.differences(model, source, ("fund_code", "fiscal_year_code", "currency", *FIGURES))
        if not found or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(0.2)
    compared = len(model.keys() | source.keys())
    return BudgetsProof(
        **fresh.model_dump(),
        equal=not found,
        compared=compared,
        differences=[DifferenceOut(**{n: getattr(d, n) for n in DifferenceOut.model_fields}) for d in found],
        words=_words(found, compared, fresh.lag),
    )


def _words(found: Sequence[Difference], compared: int, lag: int | None) -> str:
    if not found:
        return f"All {compared} budgets say the same here and in orders."
    rows = len({d.budget_id for d in found})
    behind = (
        f" {lag} events are not read yet; ask again." if lag else " Rebuild desk.budgets to put the read model right."
    )
    return f"{rows} of {compared} budgets differ from orders; each is named.{behind}"


async def _source(neighbours: Neighbours, who: Principal) -> dict[UUID, dict[str, object]]:
    rows: dict[UUID, dict[str, object]] = {}
    offset, total = 0, 1
    while offset < total:
        answer = await neighbours.get("orders", "/budgets", who, wait=30, offset=offset, limit=_PAGE)
        if answer.status_code in (401, 403):
            raise Forbidden(f"Orders does not show you its budgets: {answer.json().get('detail', '')}")
        if answer.status_code != 200:
            raise Unavailable(f"Orders could not tell its budgets (it answered {answer.status_code}).")
        page: dict[str, Any] = answer.json()
        total = page["budgets"]
        for item in page["items"]:
            rows[UUID(item["id"])] = {
                "fund_code": item["fund_code"],
                "fiscal_year_code": item["fiscal_year_code"],
                "currency": item["currency"],
                **{name: Decimal(item["figures"][theirs]["amount"]) for name, theirs in _SOURCE_NAMES.items()},
            }
        offset += _PAGE
    return rows

"""All SQL of the read models; every query filters by generation and by the units that the reader sees."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

_SEES = "(CAST(:units AS uuid[]) IS NULL OR {0}.unit_id IS NULL OR {0}.unit_id = ANY(CAST(:units AS uuid[])))"


def _units(units: Collection[UUID] | None) -> list[UUID] | None:
    return None if units is None else list(units)


async def freshness(session: AsyncSession, projection: str) -> tuple[int, datetime | None]:
    """The active generation of a projection and until when it knows everything."""
    row = (
        await session.execute(text("SELECT active, fresh_at FROM projection WHERE name = :n"), {"n": projection})
    ).one_or_none()
    return (1, None) if row is None else (row.active, row.fresh_at)


async def fiscal_years(session: AsyncSession, generation: int, units: Collection[UUID] | None) -> list[str]:
    rows = await session.execute(
        text(
            "SELECT DISTINCT fiscal_year_code FROM view_budget b WHERE generation = :g AND "
            + _SEES.format("b")
            + " ORDER BY fiscal_year_code DESC"
        ),
        {"g": generation, "units": _units(units)},
    )
    return list(rows.scalars())


async def funds(session: AsyncSession, generation: int, units: Collection[UUID] | None) -> list[RowMapping]:
    """All funds; of those that the reader does not see only the place in the tree. Who sees a budget sees its fund."""
    rows = await session.execute(
        text(
            f"""
            SELECT fund_id, parent_id, sees AS visible, unit_id, CASE WHEN sees THEN code ELSE '' END AS code,
                   CASE WHEN sees THEN name ELSE '' END AS name
              FROM (SELECT f.*, {_SEES.format("f")} OR EXISTS (
                            SELECT 1 FROM view_budget b WHERE b.generation = f.generation AND b.fund_id = f.fund_id
                                                          AND {_SEES.format("b")}) AS sees
                      FROM view_fund f WHERE generation = :g) AS f
            """
        ),
        {"g": generation, "units": _units(units)},
    )
    return list(rows.mappings())


async def budgets(
    session: AsyncSession, generation: int, units: Collection[UUID] | None, year: str | None = None
) -> list[RowMapping]:
    """The visible budgets, of one fiscal year or of all."""
    rows = await session.execute(
        text(
            f"""
            SELECT b.* FROM view_budget b WHERE b.generation = :g AND {_SEES.format("b")}
               AND (CAST(:year AS text) IS NULL OR b.fiscal_year_code = :year)
             ORDER BY b.fund_code, b.budget_id
            """
        ),
        {"g": generation, "units": _units(units), "year": year},
    )
    return list(rows.mappings())


async def decisions(
    session: AsyncSession,
    generation: int,
    units: Collection[UUID] | None,
    *,
    kind: str | None,
    state: Literal["open", "closed", "all"],
    offset: int,
    limit: int,
) -> tuple[list[RowMapping], int]:
    """What waits for a person: by day, the undated after the dated, then the urgent first."""
    where = f"""
          FROM view_decision d WHERE generation = :g AND {_SEES.format("d")}
           AND (CAST(:kind AS text) IS NULL OR kind = :kind)
           AND (:state = 'all' OR (closed_at IS NULL) = (:state = 'open'))
    """
    values: dict[str, Any] = {"g": generation, "units": _units(units), "kind": kind, "state": state}
    total = (await session.execute(text(f"SELECT count(*) {where}"), values)).scalar_one()
    rows = await session.execute(
        text(
            f"SELECT * {where} ORDER BY due_on NULLS LAST, urgency DESC, opened_at, subject_id"
            " OFFSET :offset LIMIT :limit"
        ),
        {**values, "offset": offset, "limit": limit},
    )
    return list(rows.mappings()), total


async def costs(
    session: AsyncSession,
    generation: int,
    units: Collection[UUID] | None,
    *,
    platform_id: UUID | None,
    offset: int,
    limit: int,
) -> tuple[list[RowMapping], int]:
    """Cost per use, the dearest first; platforms without use come first of all, by what they cost."""
    where = f"""
          FROM view_cost_per_use c WHERE generation = :g AND {_SEES.format("c")}
           AND (CAST(:platform AS uuid) IS NULL OR platform_id = :platform)
    """
    values: dict[str, Any] = {"g": generation, "units": _units(units), "platform": platform_id}
    total = (await session.execute(text(f"SELECT count(*) {where}"), values)).scalar_one()
    rows = await session.execute(
        text(
            f"SELECT * {where} ORDER BY cost_per_use DESC NULLS FIRST, cost DESC, platform_id, period_from, period_to,"
            " metric OFFSET :offset LIMIT :limit"
        ),
        {**values, "offset": offset, "limit": limit},
    )
    return list(rows.mappings()), total

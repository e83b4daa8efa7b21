"""All SQL of usage facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_usage.facts.rules import COLUMNS, METRICS
from quire_usage.facts.tables import Item, ItemQuestion, Platform, Report, ReportFile, ReportMonth, ReportState

_FACT = (
    "first_day", "from_report", "number", "platform_id", "report_id", "release", "item_id", "data_type", "section_type",
    "yop", "access_type", "access_method", "parent", *COLUMNS, "other",
)  # fmt: skip
_ROLLUP = (
    "platform_id",
    "report_id",
    "release",
    "month",
    "data_type",
    "access_type",
    "access_method",
    *COLUMNS,
    "other",
)
_KNOWN = frozenset(METRICS)


def seen(model: type[Platform] | type[Report], who: Principal) -> list[ColumnElement[bool]]:
    """Rows of the units that a person sees, and of the whole house."""
    if who.units is None:
        return []
    return [or_(col(model.unit_id).is_(None), col(model.unit_id).in_(sorted(who.units)))]


async def platform(session: AsyncSession, platform_id: UUID, who: Principal) -> Platform | None:
    return (await session.exec(select(Platform).where(Platform.id == platform_id, *seen(Platform, who)))).one_or_none()


async def platforms(
    session: AsyncSession, who: Principal, q: str | None, offset: int, limit: int
) -> tuple[list[Platform], int]:
    where = seen(Platform, who)
    if q:
        where.append(
            or_(col(Platform.name).icontains(q, autoescape=True), col(Platform.provider).icontains(q, autoescape=True))
        )
    total = (await session.exec(select(func.count()).select_from(Platform).where(*where))).one()
    rows = await session.exec(
        select(Platform).where(*where).order_by(Platform.name, col(Platform.id)).offset(offset).limit(limit)
    )
    return list(rows), total


async def same_name(session: AsyncSession, name: str, unit_id: UUID | None, but: UUID | None = None) -> bool:
    where = [col(Platform.name) == name, col(Platform.unit_id).is_not_distinct_from(unit_id)]
    if but is not None:
        where.append(col(Platform.id) != but)
    return (await session.exec(select(Platform.id).where(*where))).first() is not None


async def file_by_hash(session: AsyncSession, sha256: str) -> UUID | None:
    return (await session.exec(select(ReportFile.id).where(ReportFile.sha256 == sha256))).first()


async def report(session: AsyncSession, report_id: UUID, who: Principal) -> Report | None:
    return (await session.exec(select(Report).where(Report.id == report_id, *seen(Report, who)))).one_or_none()


async def reports(
    session: AsyncSession,
    who: Principal,
    platform_id: UUID | None,
    state: ReportState | None,
    q: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Report], int]:
    where = seen(Report, who)
    if platform_id:
        where.append(col(Report.platform_id) == platform_id)
    if state:
        where.append(col(Report.state) == state)
    if q:
        where.append(or_(col(Report.file_name).icontains(q, autoescape=True), col(Report.report_id) == q))
    total = (await session.exec(select(func.count()).select_from(Report).where(*where))).one()
    rows = await session.exec(select(Report).where(*where).order_by(col(Report.id).desc()).offset(offset).limit(limit))
    return list(rows), total


async def file_of(session: AsyncSession, file_id: UUID) -> ReportFile:
    return (await session.exec(select(ReportFile).where(ReportFile.id == file_id))).one()


async def file_hash(session: AsyncSession, file_id: UUID) -> str:
    return (await session.exec(select(ReportFile.sha256).where(ReportFile.id == file_id))).one()


async def current_months(session: AsyncSession, report_id: UUID) -> list[str]:
    rows = await session.exec(
        select(ReportMonth.month).where(ReportMonth.from_report == report_id).order_by(ReportMonth.month)
    )
    return list(rows)


async def current_report(session: AsyncSession, platform_id: UUID, file_id: UUID) -> UUID | None:
    """A report made of the same file that is still what stands for all the months it brought."""
    rows = await session.execute(
        text(
            """
            SELECT r.id FROM report r JOIN report_month m ON m.from_report = r.id
            WHERE r.platform_id = :platform AND r.file_id = :file AND r.state = 'loaded'
            GROUP BY r.id HAVING count(*) = (SELECT count(*) FROM jsonb_object_keys(r.totals))
            """
        ),
        {"platform": platform_id, "file": file_id},
    )
    found: UUID | None = rows.scalars().first()
    return found


async def months_of(session: AsyncSession, platform_id: UUID, report_id: str, release: str) -> dict[str, ReportMonth]:
    rows = await session.exec(
        select(ReportMonth).where(
            ReportMonth.platform_id == platform_id, ReportMonth.report_id == report_id, ReportMonth.release == release
        )
    )
    return {row.month: row for row in rows}


async def last_version(session: AsyncSession, platform_id: UUID, report_id: str, release: str) -> int:
    """The version of the newest report that was loaded; 0 when there is none."""
    found = await session.exec(
        select(func.max(Report.report_version)).where(
            Report.platform_id == platform_id,
            Report.report_id == report_id,
            Report.release == release,
            Report.state == ReportState.LOADED,
        )
    )
    return found.one() or 0


async def _raw(session: AsyncSession) -> Any:
    """asyncpg's own connection of this transaction, for COPY."""
    return (await (await session.connection()).get_raw_connection()).driver_connection


async def identifiers(session: AsyncSession, platform_id: UUID) -> dict[tuple[str, str], str]:
    rows = await (await _raw(session)).fetch(
        "SELECT kind, value, item_id FROM item_identifier WHERE platform_id = $1", platform_id
    )
    return {(kind, value): str(item) for kind, value, item in rows}


async def add_items(
    session: AsyncSession,
    platform_id: UUID,
    items: Iterable[tuple[UUID, str, str]],
    claimed: Iterable[tuple[str, str, UUID]],
) -> None:
    """New items with name and publisher, and the identifiers (type, value, item) that were claimed."""
    raw = await _raw(session)
    await raw.copy_records_to_table(
        "item",
        records=[(item, platform_id, name, publisher) for item, name, publisher in items],
        columns=("id", "platform_id", "name", "publisher"),
    )
    await raw.copy_records_to_table(
        "item_identifier",
        records=[(platform_id, kind, value, item) for kind, value, item in claimed],
        columns=("platform_id", "kind", "value", "item_id"),
    )


async def known_questions(session: AsyncSession, platform_id: UUID) -> set[tuple[UUID, UUID]]:
    rows = await session.exec(
        select(ItemQuestion.item_id, ItemQuestion.rival_id).where(ItemQuestion.platform_id == platform_id)
    )
    return {(item, rival) for item, rival in rows}


async def remove_months(
    session: AsyncSession, platform_id: UUID, report_id: str, release: str, months: Sequence[str]
) -> None:
    """Take the rows of these months out of facts and rollup."""
    parameters = {
        "platform": platform_id,
        "report": report_id,
        "release": release,
        "months": list(months),
        "days": [first_day(month) for month in months],
    }
    unit = "platform_id = :platform AND report_id = :report AND release = :release"
    await session.execute(text(f"DELETE FROM fact WHERE {unit} AND first_day = ANY(CAST(:days AS date[]))"), parameters)
    await session.execute(text(f"DELETE FROM rollup WHERE {unit} AND month = ANY(CAST(:months AS text[]))"), parameters)


def first_day(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def _columns(counts: Counter[str]) -> tuple[Any, ...]:
    other = {metric: count for metric, count in counts.items() if metric not in _KNOWN}
    return (*(counts[metric] for metric in METRICS), orjson.dumps(other).decode() if other else None)


async def copy_facts(
    session: AsyncSession,
    report_row: Report,
    rows: Iterable[tuple[UUID, tuple[str, str, str, str, str, str], str, Counter[str]]],
) -> int:
    """COPY the rows (item, attributes, month, counts) of a report into the facts; answers how many there were."""
    r = report_row
    records = [
        (first_day(month), r.id, n, r.platform_id, r.report_id, r.release, item, *attributes, *_columns(counts))
        for n, (item, attributes, month, counts) in enumerate(rows, 1)
    ]
    await (await _raw(session)).copy_records_to_table("fact", records=records, columns=_FACT)
    return len(records)


async def copy_rollup(
    session: AsyncSession, report_row: Report, sums: dict[tuple[str, str, str, str], Counter[str]]
) -> None:
    """COPY the sums by (month, data type, access type, access method) into the rollup."""
    r = report_row
    records = [(r.platform_id, r.report_id, r.release, *key, *_columns(counts)) for key, counts in sums.items()]
    await (await _raw(session)).copy_records_to_table("rollup", records=records, columns=_ROLLUP)


async def usage(
    session: AsyncSession,
    platform_id: UUID,
    first: str | None,
    last: str | None,
    report_id: str | None,
    release: str | None,
    attributes: dict[str, str],
) -> list[tuple[ReportMonth, Report, dict[str, int]]]:
    """What stands for each month, with the sums of the rollup over the attributes asked for."""
    months = select(ReportMonth, Report).join(Report, col(Report.id) == col(ReportMonth.from_report))
    months = months.where(ReportMonth.platform_id == platform_id)
    if first:
        months = months.where(ReportMonth.month >= first)
    if last:
        months = months.where(ReportMonth.month <= last)
    if report_id:
        months = months.where(ReportMonth.report_id == report_id)
    if release:
        months = months.where(ReportMonth.release == release)
    found = await session.exec(months.order_by(ReportMonth.month, ReportMonth.report_id, ReportMonth.release))
    sums = await session.execute(
        text(
            "SELECT month, report_id, release, other, "
            + ", ".join(COLUMNS)
            + " FROM rollup WHERE platform_id = :platform AND month BETWEEN :first AND :last"
            + "".join(f" AND {name} = :{name}" for name in attributes)
        ),
        {"platform": platform_id, "first": first or "0000-00", "last": last or "9999-99", **attributes},
    )
    by_unit: dict[tuple[str, str, str], Counter[str]] = {}
    for row in sums:
        counts = by_unit.setdefault((row.month, row.report_id, row.release), Counter())
        counts.update({metric: getattr(row, metric.lower()) for metric in METRICS})
        counts.update(row.other or {})
    return [
        (m, r, {k: v for k, v in sorted(by_unit.get((m.month, m.report_id, m.release), {}).items()) if v})
        for m, r in found
    ]


async def coverage(session: AsyncSession, platform_id: UUID) -> list[ReportMonth]:
    rows = await session.exec(
        select(ReportMonth)
        .where(ReportMonth.platform_id == platform_id)
        .order_by(ReportMonth.report_id, ReportMonth.release, ReportMonth.month)
    )
    return list(rows)


async def questions(session: AsyncSession, platform_id: UUID, offset: int, limit: int) -> tuple[list[Any], int]:
    where = ItemQuestion.platform_id == platform_id
    total = (await session.exec(select(func.count()).select_from(ItemQuestion).where(where))).one()
    rows = await session.exec(
        select(ItemQuestion).where(where).order_by(col(ItemQuestion.id)).offset(offset).limit(limit)
    )
    found = list(rows)
    ids = {q.item_id for q in found} | {q.rival_id for q in found}
    names = {i.id: i.name for i in await session.exec(select(Item).where(col(Item.id).in_(ids)))}
    return [(q, names[q.item_id], names[q.rival_id]) for q in found], total

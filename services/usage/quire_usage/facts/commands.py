"""Commands on usage facts: platforms, keeping a file, storing a judged report."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from quire_shared.api.problems import Conflict
from quire_shared.contracts.usage import ReportLoaded
from quire_shared.database.work import Work
from quire_shared.values.ids import uuid7
from quire_usage.costs.rules import MonthState
from quire_usage.facts import schemas, store
from quire_usage.facts.reading import MOST_QUARANTINED, Judged, findings_of, head_of
from quire_usage.facts.rules import Facts, ItemKey, KnownItems, Totals, difference, storable, why_not_stored
from quire_usage.facts.tables import ItemQuestion, Platform, Report, ReportFile, ReportMonth, ReportState


async def create_platform(work: Work, body: schemas.PlatformIn) -> schemas.PlatformOut:
    """Make a platform."""
    if not work.actor.sees(body.unit_id):
        raise Conflict("You can make platforms only for units that you see.")
    if await store.same_name(work.session, body.name, body.unit_id):
        raise Conflict(f"There is a platform “{body.name}” already. Take that one, or give another name.")
    platform = work.add(Platform(**body.model_dump()))
    await work.session.flush()
    work.audit("facts.create_platform", platform.id)
    return platform_out(platform)


async def change_platform(work: Work, platform_id: UUID, body: schemas.PlatformChange) -> schemas.PlatformOut:
    """Change a platform; material and currency rule the next cost per use."""
    platform = await work.lock(Platform, platform_id, "platform")
    work.match(platform, platform_out(platform), body)
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    if "name" in changes and await store.same_name(work.session, changes["name"], platform.unit_id, platform.id):
        raise Conflict(f"There is a platform “{changes['name']}” already. Give another name.")
    for name, value in changes.items():
        setattr(platform, name, value)
    await work.session.flush()
    work.audit("facts.change_platform", platform.id, fields=sorted(changes))
    return platform_out(platform)


def platform_out(platform: Platform) -> schemas.PlatformOut:
    return schemas.PlatformOut(**platform.model_dump(exclude={"created_at", "updated_at"}))


async def keep_file(work: Work, content: bytes, packed: bytes) -> UUID:
    """Keep the bytes of a file once, before anything is made of them."""
    sha256 = hashlib.sha256(content).hexdigest()
    row = ReportFile(sha256=sha256, size=len(content), content=packed)
    values = row.model_dump()
    await work.session.execute(insert(ReportFile).values(**values).on_conflict_do_nothing(index_elements=["sha256"]))
    found = await store.file_by_hash(work.session, sha256)
    if found is None:
        raise RuntimeError(f"the file {sha256} was kept and is not there")
    work.audit("facts.keep_file", found, sha256=sha256, size=len(content))
    return found


def pack(content: bytes) -> bytes:
    return zlib.compress(content, 6)


def unpack(row: ReportFile) -> bytes:
    return zlib.decompress(row.content)


async def store_report(
    work: Work, platform_id: UUID, file_id: UUID, file_name: str, judged: Judged
) -> schemas.ReportOut:
    """Keep a report with its verdict and, unless it is refused, replace the rows of its months in one transaction."""
    platform = await work.lock(Platform, platform_id, "platform")
    same = await store.current_report(work.session, platform_id, file_id)
    if same is not None:
        raise Conflict(
            f"This very file is loaded already, as report {same}, and nothing has replaced it since. Nothing was changed."
        )
    verdict, facts = judged.verdict, judged.facts
    header = verdict.header
    reason = why_not_stored(verdict.level, facts)
    last = await store.last_version(work.session, platform_id, header.report_id, header.release)
    report = Report(
        platform_id=platform_id,
        file_id=file_id,
        file_name=storable(file_name)[:255],
        state=ReportState.LOADED if reason is None else ReportState.REFUSED,
        reason=reason,
        report_id=storable(header.report_id)[:50],
        report_name=storable(header.report_name)[:255],
        release=storable(header.release)[:10],
        file_format=header.format,
        report_version=last + 1 if reason is None else 0,
        period_from=header.begin,
        period_to=header.end,
        level=verdict.level.official,
        our_level=verdict.our_level.official,
        records=verdict.records,
        totals={},
        head=_storable(head_of(header)),
        findings=_storable(findings_of(verdict)),
        quarantined=_storable(
            [
                {"place": q.place, "reason": q.reason, "raw": q.raw[:2000]}
                for q in verdict.quarantined[:MOST_QUARANTINED]
            ]
        ),
        changes=[],
        unit_id=platform.unit_id,
    )
    work.add(report)
    await work.session.flush()
    if reason is None:
        await _replace(work, platform, report, facts)
    work.audit("facts.store_report", report.id, state=report.state.value, level=report.level, rows=report.fact_rows)
    return await report_out(work, report)


async def _replace(work: Work, platform: Platform, report: Report, facts: Facts) -> None:
    standing = await store.months_of(work.session, platform.id, report.report_id, report.release)
    months = {}
    kept = []
    for month, state in facts.months.items():
        before = standing.get(month)
        # figures that are complete never give way to figures that say of themselves that they are not
        if before is not None and before.state.counts and not MonthState(state).counts:
            kept.append(month)
        else:
            months[month] = MonthState(state)
    totals = {month: sums for month, sums in facts.totals().items() if month in months}
    before_totals: Totals = {m: row.totals for m, row in standing.items() if m in months}
    report.totals = totals
    report.changes = difference(before_totals, totals)
    if kept:
        report.reason = f"Complete figures were kept for {', '.join(kept)}: this report has none for them."
    await store.remove_months(work.session, platform.id, report.report_id, report.release, list(months))
    items = await _items(work, platform.id, report.id, {key for key, _, month in facts.rows if month in months})
    sums: dict[tuple[str, str, str, str], Counter[str]] = {}
    rows = []
    for (key, attributes, month), counts in facts.rows.items():
        if month not in months:
            continue
        data_type, _, _, access_type, access_method, _ = attributes
        sums.setdefault((month, data_type, access_type, access_method), Counter()).update(counts)
        rows.append((items[key], attributes, month, counts))
    report.fact_rows = await store.copy_facts(work.session, report, rows)
    await store.copy_rollup(work.session, report, sums)
    for month, state in months.items():
        row = standing.get(month)
        if row is None:
            work.session.add(
                ReportMonth(
                    platform_id=platform.id,
                    report_id=report.report_id,
                    release=report.release,
                    month=month,
                    state=state,
                    from_report=report.id,
                    totals=totals[month],
                )
            )
        else:
            row.state, row.from_report, row.totals = state, report.id, totals[month]
            work.session.add(row)
    await work.session.flush()
    whole: Counter[str] = Counter()
    for metrics in totals.values():
        whole.update(metrics)
    work.emit(
        ReportLoaded(
            platform_id=platform.id,
            platform=platform.name,
            report_id=report.report_id,
            release=report.release,
            months=sorted(months),
            report_version=report.report_version,
            level=report.level,
            totals=dict(whole),
            unit_id=platform.unit_id,
        ),
        platform.id,
        unit_id=platform.unit_id,
    )


async def _items(work: Work, platform_id: UUID, report_id: UUID, keys: set[ItemKey]) -> dict[ItemKey, UUID]:
    """The item of each key; new ones are made, doubtful ones are noted for a person."""
    known = KnownItems(await store.identifiers(work.session, platform_id))
    items: dict[ItemKey, UUID] = {}
    new: list[tuple[UUID, str, str]] = []
    claimed: list[tuple[str, str, UUID]] = []
    doubts: list[tuple[UUID, UUID]] = []
    # sorted, so that the same report makes the same items wherever it is loaded
    for key in sorted(keys, key=lambda k: (k.identifiers, k.name, k.publisher, k.parent)):
        match = known.match(key)
        item = UUID(match.item) if match.item is not None else uuid7()
        if match.item is None:
            new.append((item, *key.shown))
        claimed.extend((kind, value, item) for kind, value in known.claim(key, str(item)))
        doubts.extend((item, UUID(rival)) for rival in match.rivals)
        items[key] = item
    await store.add_items(work.session, platform_id, new, claimed)
    asked = await store.known_questions(work.session, platform_id)
    for item, rival in dict.fromkeys(doubts):
        if (item, rival) not in asked:
            work.session.add(ItemQuestion(platform_id=platform_id, item_id=item, rival_id=rival, from_report=report_id))
    return items


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(k)): _storable(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [_storable(v) for v in value]
    return value


async def report_out(work: Work, report: Report) -> schemas.ReportOut:
    file = await store.file_hash(work.session, report.file_id)
    return as_out(report, file, await store.current_months(work.session, report.id))


def as_out(report: Report, sha256: str, current: list[str]) -> schemas.ReportOut:
    return schemas.ReportOut(
        **report.model_dump(exclude={"updated_at", "file_id", "unit_id"}), sha256=sha256, current_months=current
    )

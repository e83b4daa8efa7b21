"""Cost per use as answered: figures from the store, computed by the rules, said with all that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.values.money import Money
from quire_usage.costs import rules, schemas, store
from quire_usage.costs.allocation import AllocationMethod, Part
from quire_usage.costs.lines import CostSettings, PaidLine, line_months, split_line
from quire_usage.costs.metrics import MetricChoice, Release, default_metric
from quire_usage.costs.rules import MonthState, Question, ReportVersion, ScopeKind, UsageMonth, UsageSource
from quire_usage.costs.rules_metrics import Candidate, Sum, candidates, use_of_month
from quire_usage.costs.tables import OrderLineCopy, PaidInvoiceLine, ResourceLink
from quire_usage.facts.rules import COLUMNS
from quire_usage.facts.tables import Platform, Report, ReportMonth

LEVEL_NOTE = "Without a title list the cost stays at the level of the platform; nothing is said of single titles."


@dataclass(slots=True)
class Use:
    """The months of a platform, the metric that its newest months are counted by, and remarks."""

    source: UsageSource
    metric: MetricChoice
    notes: list[str]


@dataclass(slots=True)
class Cost:
    """The paid lines of a platform: its shares, what can't be told, the copies they stand for."""

    lines: list[PaidLine]
    left_out: list[schemas.LeftOutOut]
    paid: dict[str, PaidInvoiceLine]
    order_lines: dict[UUID, OrderLineCopy]
    methods: list[str]
    notes: list[str]


async def use_of(session: AsyncSession, platform: Platform, months: Sequence[str]) -> Use:
    """What was used in these months, each from the best report that is stored for it."""
    standing = {
        (m.month, m.report_id, m.release): (m, r) for m, r in await store.month_reports(session, platform.id, months)
    }
    options = list(candidates(platform.material))
    sums: dict[str, dict[tuple[str, str, str], list[Sum]]] = {}
    for metric in {option.choice.metric for option in options}:
        column = metric.lower()
        if column not in COLUMNS:
            raise ValueError(f"{metric} is no metric of releases 5 and 5.1")
        by_unit = sums.setdefault(metric, {})
        for row in await store.rollup(session, platform.id, months, column):
            by_unit.setdefault((row.month, row.report_id, row.release), []).append(
                Sum(row.data_type, row.access_type, row.access_method, row.uses, row.turnaways)
            )
    found: dict[str, UsageMonth] = {}
    notes: list[str] = []
    metric_of = default_metric(platform.material, Release.R51)
    for month in sorted(months):
        best = _best(month, options, standing)
        if best is None:
            continue
        option, month_row, report = best
        use = use_of_month(option.choice, sums[option.choice.metric].get((month, option.report_id, option.release), []))
        state = month_row.state
        if use.hidden and state.counts:
            state = MonthState.PARTIAL
            notes.append(
                f"{month}: report {option.report_id} does not show {', '.join(use.hidden)}, so its use can't be told "
                "apart. Fetch it with these attributes."
            )
        version = ReportVersion(str(report.id), report.report_version, report.report_id, report.release, report.level)
        found[month] = UsageMonth(state, version, use.uses, use.open_uses, use.turnaways)
        metric_of = option.choice
    return Use(UsageSource(str(platform.id), platform.name, found), metric_of, notes)


def _best(
    month: str, options: Sequence[Candidate], standing: dict[tuple[str, str, str], tuple[ReportMonth, Report]]
) -> tuple[Candidate, ReportMonth, Report] | None:
    there = [
        (o, *standing[month, o.report_id, o.release]) for o in options if (month, o.report_id, o.release) in standing
    ]
    return next((t for t in there if t[1].state.counts), there[0] if there else None)


async def cost_of(session: AsyncSession, platform: Platform, months: Sequence[str]) -> Cost:
    """The paid invoice lines of the order lines that pay a platform, each with its share."""
    settings = CostSettings(platform.currency)
    line_ids = await store.lines_of_platform(session, platform.id)
    links = await store.links_of_lines(session, line_ids)
    cost = Cost([], [], {}, await store.lines_by_id(session, line_ids), [], [])
    parts: dict[UUID, list[Part]] = {}
    for row in await store.paid_lines(session, line_ids):
        line_id = row.order_line_id
        if line_id is None:
            continue
        cost.paid[str(row.id)] = row
        line = _paid_line(row)
        try:
            touched = any(month in months for month in line_months(line, settings)[0])
        except ValueError as error:
            cost.left_out.append(_left_out(row, f"{error}"))
            continue
        if not touched:
            continue
        method = cost.order_lines[line_id].method
        if len(links[line_id]) > 1:
            if line_id not in parts:
                parts[line_id] = await _parts(session, links[line_id], method, months)
            split = split_line(line, parts[line_id], method)
            share = split.by_part.get(str(platform.id))
            if share is None:
                cost.left_out.append(_left_out(row, split.note or "The cost is not shared among its platforms."))
                continue
            if split.note and split.note not in cost.notes:
                cost.notes.append(split.note)
            if method.value not in cost.methods:
                cost.methods.append(method.value)
            line = share
        cost.lines.append(line)
    return cost


def _paid_line(row: PaidInvoiceLine) -> PaidLine:
    return PaidLine(
        id=str(row.id),
        document=row.invoice_number,
        net=Money.of(row.amount, row.currency),
        tax=Money.zero(row.currency),  # what was booked holds the tax already
        paid_on=row.paid_on,
        rate=row.rate,
        service_first=row.service_from,
        service_last=row.service_to,
    )


def _left_out(row: PaidInvoiceLine, why: str) -> schemas.LeftOutOut:
    return schemas.LeftOutOut(
        line_id=row.id,
        invoice_number=row.invoice_number,
        number=row.number,
        total=Money.of(row.amount, row.currency),
        why=why,
    )


async def _parts(
    session: AsyncSession,
    links: list[tuple[ResourceLink, Platform]],
    method: AllocationMethod,
    months: Sequence[str],
) -> list[Part]:
    uses: dict[UUID, int | None] = {}
    if method is AllocationMethod.USAGE:
        sources = {platform.id: (await use_of(session, platform, months)).source for _, platform in links}
        # equal months, else the platform with more reports would bear more of the cost
        common = rules.covered_months(list(sources.values()), months)
        for platform_id, source in sources.items():
            uses[platform_id] = sum(source.month(m).uses for m in common) if common else None
    return [
        Part(
            id=str(platform.id),
            name=platform.name,
            list_price=link_money(link.list_price, link.list_price_currency),
            historic_spend=link_money(link.historic_spend, link.historic_spend_currency),
            uses=uses.get(platform.id),
        )
        for link, platform in links
    ]


def link_money(amount: object, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money.of(str(amount), currency)


async def cost_per_use(
    session: AsyncSession, platforms: Sequence[Platform], months: Sequence[str]
) -> list[schemas.CostPerUseOut]:
    """Cost per use of platforms over equal months: for a single one its own, for several those that all have."""
    uses = [await use_of(session, platform, months) for platform in platforms]
    costs = [await cost_of(session, platform, months) for platform in platforms]
    common = rules.covered_months([use.source for use in uses], months)
    answers = []
    for platform, use, cost in zip(platforms, uses, costs, strict=True):
        question = Question(
            ScopeKind.PLATFORM,
            str(platform.id),
            cost.lines,
            [use.source],
            use.metric,
            ", ".join(cost.methods) or AllocationMethod.NONE.value,
        )
        only = None if len(platforms) == 1 else common
        result = rules.cost_per_use(question, months, CostSettings(platform.currency), only)
        answers.append(_answer(platform, use, cost, result))
    return answers


def _answer(platform: Platform, use: Use, cost: Cost, result: rules.CostPerUse) -> schemas.CostPerUseOut:
    unknown = bool(cost.left_out) and result.outcome not in {rules.Outcome.NO_USAGE_DATA, rules.Outcome.NO_USE}
    words = result.words()
    if unknown:
        # a part of the cost over the whole use would look cheaper than it is
        words = f"cost not known: {len(cost.left_out)} invoice line(s) can't be counted, see why"
    return schemas.CostPerUseOut(
        platform_id=platform.id,
        platform=platform.name,
        level="platform",
        level_note=LEVEL_NOTE,
        period_from=min(result.months),
        period_to=max(result.months),
        months=list(result.months),
        covered=list(result.covered),
        coverage_percent=int(result.coverage),
        missing={month: state.value for gap in result.gaps for month, state in gap.months},
        outcome="cost_unknown" if unknown else result.outcome.value,
        words=words,
        cost_per_use=None if unknown else result.per_use,
        cost=result.cost,
        covered_cost=result.covered_cost,
        uses=result.uses,
        open_uses=result.open_uses,
        turnaways=result.turnaways,
        metric=schemas.MetricOut(
            report=result.metric.report,
            metric=result.metric.metric,
            filters={name: list(values) for name, values in result.metric.filters.items()},
            reason=result.metric.reason,
        ),
        allocation=result.allocation,
        months_without_cost=list(result.months_without_cost),
        release_changes=list(result.release_changes),
        lines=[_line(share, cost) for share in result.lines],
        left_out=cost.left_out,
        reports=[
            schemas.ReportVersionOut(
                id=UUID(r.id), report=r.report, release=r.release, version=r.version, level=r.level
            )
            for r in result.reports
        ],
        notes=[*use.notes, *cost.notes],
    )


def _line(share: rules.LineShare, cost: Cost) -> schemas.LineShareOut:
    row = cost.paid[share.line.id]
    order_line = cost.order_lines.get(row.order_line_id) if row.order_line_id else None
    return schemas.LineShareOut(
        line_id=row.id,
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number,
        number=row.number,
        description=row.description,
        order_line_id=row.order_line_id,
        order_line=order_line.number if order_line else "",
        total=Money.of(row.amount, row.currency),
        share=share.whole,
        covered=share.covered,
        service_from=share.first,
        service_to=share.last,
        period_assumed=share.period_assumed,
        shared_by=share.line.part_of,
    )


def line_years(row: PaidInvoiceLine) -> set[int]:
    """The calendar years that a paid line is for."""
    first, last = row.service_from, row.service_to
    if first is None or last is None or last < first:
        return {row.paid_on.year}
    return set(range(first.year, min(last.year, first.year + 100) + 1))


def year_months(year: int) -> list[str]:
    return [f"{date(year, month, 1):%Y-%m}" for month in range(1, 13)]

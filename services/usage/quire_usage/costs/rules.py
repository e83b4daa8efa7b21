"""Cost per use: what was paid for the covered months, divided by the use in the same months.

Method of the research on COUNTER, section 4.3, exactly. Only months whose report is stored, or confirmed empty, count;
never a full cost over partial use; no use is "no use", neither zero nor infinity. Every number carries the invoice lines
and report versions that made it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from quire_shared.values.money import Money
from quire_usage.costs.lines import CostSettings, PaidLine, base_amount, line_months
from quire_usage.costs.metrics import MetricChoice

_FOUR_PLACES = Decimal("0.0001")


class MonthState(StrEnum):
    """What is known of a month of a report; only stored and empty (confirmed zero, exception 3030) count."""

    STORED = "stored"
    EMPTY = "empty"
    PENDING = "pending"
    PARTIAL = "partial"
    LOST = "lost"
    MISSING = "missing"

    @property
    def counts(self) -> bool:
        return self in {MonthState.STORED, MonthState.EMPTY}


class ScopeKind(StrEnum):
    """What a cost per use is for."""

    TITLE = "title"
    PACKAGE = "package"
    PLATFORM = "platform"
    FUND = "fund"
    VENDOR = "vendor"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class ReportVersion:
    """The version of a report that a month's figure comes from, and how the official checks judged it."""

    id: str
    version: int
    report: str
    release: str
    level: str


@dataclass(frozen=True, slots=True)
class UsageMonth:
    """The use of one month: `uses` by the chosen metric (controlled content), open access and turn-aways apart."""

    state: MonthState
    report: ReportVersion | None = None
    uses: int = 0
    open_uses: int = 0
    turnaways: int = 0


@dataclass(frozen=True, slots=True)
class UsageSource:
    """One platform's or report's figures, by month "yyyy-mm"; a month that is not there is missing."""

    id: str
    name: str
    months: Mapping[str, UsageMonth]

    def month(self, month: str) -> UsageMonth:
        return self.months.get(month, UsageMonth(MonthState.MISSING))


@dataclass(frozen=True, slots=True)
class LineShare:
    """What a line contributes: its whole amount in base currency, and the part in the covered months."""

    line: PaidLine
    whole: Money
    covered: Money
    first: date
    last: date
    period_assumed: bool


@dataclass(frozen=True, slots=True)
class SourceGap:
    """Months that a source lacks, and the state each of them is in."""

    source: UsageSource
    months: tuple[tuple[str, MonthState], ...]


class Outcome(StrEnum):
    """What a cost per use amounts to."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NO_USE = "no_use"
    NO_USAGE_DATA = "no_usage_data"
    NO_COST = "no_cost"
    CREDIT_EXCEEDS_COST = "credit_exceeds_cost"


@dataclass(frozen=True, slots=True)
class CostPerUse:
    """A cost per use with everything that made it.

    `per_use` is in major units of the base currency, rounded half to even to four decimals, and None unless `outcome` is
    complete, partial or no cost (then zero). `cost` is that of all months asked for, `covered_cost` that of the covered
    ones, the only one that is divided. `release_changes` are the months from which on another release of COUNTER counts:
    a step there is no change in use. `allocation` is the named method when the cost is a share of a package's.
    """

    scope_kind: ScopeKind
    scope_id: str
    metric: MetricChoice
    allocation: str
    months: tuple[str, ...]
    covered: tuple[str, ...]
    cost: Money
    covered_cost: Money
    uses: int
    open_uses: int
    turnaways: int
    outcome: Outcome
    per_use: Decimal | None
    months_without_cost: tuple[str, ...]
    gaps: tuple[SourceGap, ...]
    release_changes: tuple[str, ...]
    lines: tuple[LineShare, ...]
    reports: tuple[ReportVersion, ...]

    @property
    def coverage(self) -> Decimal:
        """Covered months in percent of those asked for, rounded down so that only a full cover shows 100."""
        return Decimal(100 * len(self.covered) // len(self.months))

    def words(self) -> str:
        """The result in a few words: "1.2345 EUR", "no use", … and the months it covers."""
        span = _span(self.covered)
        match self.outcome:
            case Outcome.NO_USAGE_DATA:
                return f"no usage data for {_span(self.months)}"
            case Outcome.NO_USE:
                return f"no use in {span}"
            case Outcome.NO_COST:
                return f"nothing paid for {span}"
            case Outcome.CREDIT_EXCEEDS_COST:
                return f"credits exceed the cost in {span}"
            case Outcome.COMPLETE:
                return f"{self.per_use} {self.cost.currency} per use in {span}"
            case Outcome.PARTIAL:
                many = f"{len(self.covered)} of {len(self.months)} months"
                return f"{self.per_use} {self.cost.currency} per use in {span} ({many})"


@dataclass(frozen=True, slots=True)
class Question:
    """What a cost per use is asked for: a scope, its paid lines, its sources of usage, the metric.

    `allocation` names the method by which the lines were shared among scopes, "none" when they are wholly its own.
    """

    scope_kind: ScopeKind
    scope_id: str
    lines: Sequence[PaidLine]
    sources: Sequence[UsageSource]
    metric: MetricChoice
    allocation: str = field(default="none")


def covered_months(sources: Sequence[UsageSource], months: Iterable[str]) -> list[str]:
    """The months that every source has, stored or confirmed empty; none without a source."""
    return [month for month in months if sources and all(source.month(month).state.counts for source in sources)]


def cost_per_use(
    question: Question, months: Sequence[str], settings: CostSettings, only: Iterable[str] | None = None
) -> CostPerUse:
    """The cost per use of a scope over `months`; `only` narrows the covered months to those of a comparison.

    Raises ValueError without a month, for a month twice, for a line twice and for a line without its booking rate.
    """
    if not months or len(set(months)) != len(months):
        raise ValueError("a cost per use needs months, each of them once")
    if len({line.id for line in question.lines}) != len(question.lines):
        raise ValueError("an invoice line stands twice")
    allowed = set(months) if only is None else set(only)
    covered = [month for month in covered_months(question.sources, months) if month in allowed]
    zero = Money.zero(settings.currency)
    by_month: dict[str, Money] = {}
    lines = []
    for line in question.lines:
        shares, first, last, assumed = line_months(line, settings)
        asked = {month: share for month, share in shares.items() if month in months}
        for month, share in asked.items():
            by_month[month] = by_month.get(month, zero) + share
        if asked:
            inside = Money.sum((asked[month] for month in covered if month in asked), settings.currency)
            lines.append(LineShare(line, base_amount(line, settings), inside, first, last, assumed))
    used = [source.month(month) for month in covered for source in question.sources]
    uses = sum(month.uses for month in used)
    cost = Money.sum(by_month.values(), settings.currency)
    covered_cost = Money.sum((by_month.get(month, zero) for month in covered), settings.currency)
    outcome = _outcome(covered, months, covered_cost, uses)
    return CostPerUse(
        question.scope_kind,
        question.scope_id,
        question.metric,
        question.allocation,
        tuple(months),
        tuple(covered),
        cost,
        covered_cost,
        uses,
        sum(month.open_uses for month in used),
        sum(month.turnaways for month in used),
        outcome,
        _per_use(outcome, covered_cost, uses),
        tuple(month for month in months if month not in by_month),
        _gaps(question.sources, months),
        _release_changes(question.sources, covered),
        tuple(lines),
        tuple(dict.fromkeys(month.report for month in used if month.report is not None)),
    )


def _outcome(covered: Sequence[str], months: Sequence[str], cost: Money, uses: int) -> Outcome:
    if not covered:
        return Outcome.NO_USAGE_DATA
    if uses == 0:
        return Outcome.NO_USE
    if cost.amount < 0:
        return Outcome.CREDIT_EXCEEDS_COST
    if not cost:
        return Outcome.NO_COST
    return Outcome.COMPLETE if len(covered) == len(months) else Outcome.PARTIAL


def _per_use(outcome: Outcome, cost: Money, uses: int) -> Decimal | None:
    if outcome not in {Outcome.COMPLETE, Outcome.PARTIAL, Outcome.NO_COST}:
        return None
    return (cost.amount / uses).quantize(_FOUR_PLACES, ROUND_HALF_EVEN)


def _gaps(sources: Sequence[UsageSource], months: Sequence[str]) -> tuple[SourceGap, ...]:
    gaps = []
    for source in sources:
        lacking = [(month, state) for month in months if not (state := source.month(month).state).counts]
        if lacking:
            gaps.append(SourceGap(source, tuple(lacking)))
    return tuple(gaps)


def _release_changes(sources: Sequence[UsageSource], covered: Sequence[str]) -> tuple[str, ...]:
    changes = set()
    for source in sources:
        before: str | None = None
        for month in sorted(covered):
            report = source.month(month).report
            if report is None:
                continue
            if before is not None and report.release != before:
                changes.add(month)
            before = report.release
    return tuple(sorted(changes))


def compare(questions: Sequence[Question], months: Sequence[str], settings: CostSettings) -> list[CostPerUse]:
    """The cost per use of several scopes over equal months: those that all of them have.

    Where they have none in common every result says that there is no usage data for the comparison.
    """
    common = set(months)
    for question in questions:
        common &= set(covered_months(question.sources, months))
    return [cost_per_use(question, months, settings, only=common) for question in questions]


def _span(months: Sequence[str]) -> str:
    """Months in words: runs as "2026-01 to 2026-03", joined by commas."""
    runs: list[tuple[str, str]] = []
    for month in sorted(months):
        if runs and _following(runs[-1][1]) == month:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in runs) or "no month"


def _following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def unused(entitled: Iterable[str], used: Mapping[str, int]) -> list[str]:
    """Entitled titles without any use, in order: the outer join of what is paid for with what was used."""
    return sorted(title for title in set(entitled) if not used.get(title, 0))

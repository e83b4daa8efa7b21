"""Checks that the official validator does not have; their findings are marked ours and never change its level.

They compare a report with others of the same platform: earlier months, the full report of a view, the parts of a
platform's total. All are pure functions over records or monthly sums. How a restatement differs from what was loaded
before is `quire_usage.counter.diff`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from quire_usage.counter.model import TOTALS, Finding, Record
from quire_usage.counter.months import lenient_month
from quire_usage.counter.reading.limits import Limits
from quire_usage.counter.reading.sink import Issue, Sink

Monthly = Mapping[str, Mapping[str, int]]
"""Metric → month (`yyyy-mm`) → sum over a report."""

SPIKE_MONTHS = 12
SPIKE_FACTOR, SPIKE_MARGIN = 3, 100
FALL_SHARE, FALL_AVERAGE = Fraction(1, 100), 20
ZERO_MONTHS = 3
"""Months without use that are worth a question."""
_IDENTIFIERS = ("DOI", "ISBN", "Print_ISSN", "Online_ISSN")


def spikes(history: Monthly, months: Iterable[str]) -> list[Finding]:
    """Rises and falls by the rule of the Code of Practice, section 7.12, in the given months.

    A month is a rise when it is at least three times the average of the 12 months before, plus 100; a fall when it is
    below 1 % of an average of at least 20. Months with fewer than 12 months of history say nothing.
    """
    sink = Sink(Limits())
    for metric, counts in history.items():
        for month in months:
            before = [earlier for number in range(1, SPIKE_MONTHS + 1) if (earlier := _back(month, number)) in counts]
            if month not in counts or len(before) < SPIKE_MONTHS:
                continue
            average = Fraction(sum(counts[earlier] for earlier in before), SPIKE_MONTHS)
            words = {"metric": metric, "month": month, "average": f"{float(average):.1f}"}
            if counts[month] >= SPIKE_FACTOR * average + SPIKE_MARGIN:
                sink.issue(Issue("spike-up", str(counts[month]), words), month)
            elif average >= FALL_AVERAGE and counts[month] < FALL_SHARE * average:
                sink.issue(Issue("spike-down", str(counts[month]), words), month)
    return sink.findings


def zero_runs(history: Monthly, months: Iterable[str]) -> list[Finding]:
    """Three or more months in a row without a metric that was used before them.

    `months`: the months that are loaded or confirmed empty; a month that is missing is no zero and ends a run.
    """
    sink = Sink(Limits())
    loaded = sorted(set(months))
    for metric, counts in history.items():
        run: list[str] = []
        used = False
        for month in [*loaded, ""]:
            follows = bool(run) and month != "" and _back(month, 1) == run[-1]
            empty = month != "" and counts.get(month, 0) == 0
            if run and not (follows and empty):
                if len(run) >= ZERO_MONTHS and used:
                    words = {"metric": metric, "first": run[0], "last": run[-1]}
                    sink.issue(Issue("zero-run", str(len(run)), words), run[0])
                run = []
            if empty:
                run.append(month)
            elif month:
                used = True
    return sink.findings


def releases_overlap(loaded: Iterable[tuple[str, str, str]]) -> list[Finding]:
    """Months of one platform that are loaded in two releases; `loaded` has (report, release, month)."""
    sink = Sink(Limits())
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report, release, month in loaded:
        found[report, month].add(release)
    for (report, month), releases in sorted(found.items()):
        if len(releases) > 1:
            sink.issue(
                Issue("releases-overlap", " and ".join(sorted(releases)), {"report": report, "month": month}), month
            )
    return sink.findings


def platform_against_parts(platform: Iterable[Record], parts: Iterable[Record]) -> list[Finding]:
    """Sums per data type, metric and month of a platform report against those of its title, database or item report.

    Only data types that both sides have are compared: a title report says nothing of database searches.
    """
    sink = Sink(Limits())
    whole, other = _by_data_type(platform), _by_data_type(parts)
    kinds = {key[0] for key in whole} & {key[0] for key in other}
    metrics = {key[1] for key in whole} & {key[1] for key in other}
    for key in sorted(set(whole) | set(other)):
        kind, metric, month = key
        if kind in kinds and metric in metrics and whole.get(key, 0) != other.get(key, 0):
            words = {"metric": metric, "data_type": kind, "month": month, "parts": str(other.get(key, 0))}
            sink.issue(Issue("platform-differs", str(whole.get(key, 0)), words), month)
    return sink.findings


def view_against_full(view: Iterable[Record], derived: Iterable[Record]) -> list[Finding]:
    """A standard view as sent against the same view derived from its full report (`quire_usage.counter.views`)."""
    sink = Sink(Limits())
    sent, ours = _by_item(view), _by_item(derived)
    different = sorted(key for key in set(sent) | set(ours) if sent.get(key, 0) != ours.get(key, 0))
    if different:
        name, _, metric, month = different[0]
        first = (
            f"{name}, {metric}, {month}: {sent.get(different[0], 0)} in the view, {ours.get(different[0], 0)} derived"
        )
        sink.issue(Issue("view-differs", first, {"count": str(len(different))}), "")
    return sink.findings


def shared_identifiers(records: Iterable[Record]) -> list[Finding]:
    """Identifiers that stand for titles of different names; matching by them would mix the titles."""
    sink = Sink(Limits())
    names: dict[tuple[str, str], dict[str, int | str]] = defaultdict(dict)
    for record in records:
        for kind in _IDENTIFIERS:
            for value in record.identifiers.get(kind, ()):
                names[kind, value].setdefault(record.name.casefold(), record.place)
    for (kind, value), titles in names.items():
        if len(titles) > 1:
            words = {"kind": kind, "titles": " / ".join(sorted(titles))}
            sink.issue(Issue("identifier-shared", value, words), str(next(iter(titles.values()))))
    return sink.findings


def monthly_sums(records: Iterable[Record]) -> dict[str, dict[str, int]]:
    """Sums per metric and month: what `spikes` and `zero_runs` take; totals without months are left out."""
    sums: dict[str, dict[str, int]] = {}
    for record in records:
        for metric, months in record.counts.items():
            into = sums.setdefault(metric, {})
            for month, count in months.items():
                if month != TOTALS:
                    into[month] = into.get(month, 0) + count
    return sums


def _by_data_type(records: Iterable[Record]) -> dict[tuple[str, str, str], int]:
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for record in records:
        for metric, months in record.counts.items():
            for month, count in months.items():
                sums[record.data_type, metric, month] += count
    return sums


def _by_item(records: Iterable[Record]) -> dict[tuple[str, object, str, str], int]:
    sums: dict[tuple[str, object, str, str], int] = defaultdict(int)
    for record in records:
        marks = tuple(sorted((kind, values) for kind, values in record.identifiers.items()))
        key = (record.name, (marks, record.platform, record.yop, record.access_type))
        for metric, months in record.counts.items():
            for month, count in months.items():
                sums[(*key, metric, month)] += count
    return sums


def _back(month: str, number: int) -> str:
    if lenient_month(month) is None:
        raise ValueError(f"{month!r} is no month yyyy-mm")
    count = int(month[:4]) * 12 + int(month[5:7]) - 1 - number
    return f"{count // 12:04d}-{count % 12 + 1:02d}"

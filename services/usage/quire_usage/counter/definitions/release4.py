"""Release 4 (2012 to 2018), for history: which reports, columns and metrics there were, read from `release4.json`.

Grids and SUSHI XML name the same things differently; both are read into the metric names of SUSHI
(`ft_total`, `search_reg`, …). Source: COUNTER Code of Practice, Release 4, section 4.1.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Report4:
    """One report of release 4."""

    id: str
    name: str
    kind: str
    """Title, Database or Platform: what a row describes."""
    data_type: str
    metric: str
    """The metric that month columns count; "" when `metric_column` says it row by row."""
    metric_column: str
    access_type: str
    by_year: bool
    """True: columns are years of publication instead of months."""


@dataclass(frozen=True, slots=True)
class Release4:
    """All tables of release 4."""

    reports: dict[str, Report4]
    columns: dict[str, str]
    """Folded heading → field of a record, identifier type, `metric`, `period_total` or `period_part`."""
    identifier_types: dict[str, str]
    """Folded SUSHI identifier type → identifier type of a record."""
    aggregate_prefix: str
    """Start of the name of every row of totals that the standard knows, in lower case."""
    aggregate_rows: frozenset[str]
    """Names of rows of totals as vendors write them, in lower case."""
    metrics: dict[str, str]
    """Metric → the release 5 metric that continues it, "" when none does."""
    labels: dict[str, str]
    """Folded label of a metric in a grid, and the metric's own name → metric."""
    _names: dict[str, str]

    def report(self, text: str) -> Report4 | None:
        """The report that `JR1`, `JR1:4`, `Journal Report 1 (R4)` or `Journal Report 1(R4)` means, else None."""
        name = re.sub(r"\(?\bR4\b\)?", "", text).split(":")[0]
        return self.reports.get(self._names.get(fold(name), ""))

    def metric(self, label: str) -> str | None:
        """The metric that a label in a grid or a SUSHI `MetricType` means, else None."""
        return self.labels.get(fold(label))


def fold(text: str) -> str:
    """Lower case letters and digits only, so that spacing, case and punctuation do not matter."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


@cache
def release4() -> Release4:
    """The tables of release 4."""
    data = json.loads(files(__package__).joinpath("release4.json").read_text(encoding="utf-8"))
    reports = {
        key: Report4(
            id=key,
            name=entry["name"],
            kind=entry["kind"],
            data_type=entry["data_type"],
            metric=entry.get("metric", ""),
            metric_column=entry.get("metric_column", ""),
            access_type=entry.get("access_type", ""),
            by_year=entry.get("by_year", False),
        )
        for key, entry in data["reports"].items()
    }
    labels = {fold(metric): metric for metric in data["metrics"]}
    for metric, entry in data["metrics"].items():
        labels |= {fold(label): metric for label in entry["labels"]}
    return Release4(
        reports=reports,
        columns={fold(heading): field for field, headings in data["columns"].items() for heading in reversed(headings)},
        identifier_types={fold(name): kind for name, kind in data["identifier_types"].items()},
        aggregate_prefix=data["aggregate_prefix"],
        aggregate_rows=frozenset(data["aggregate_rows"]),
        metrics={metric: entry["release5"] for metric, entry in data["metrics"].items()},
        labels=labels,
        _names={fold(key): key for key in reports} | {fold(report.name): report.id for report in reports.values()},
    )

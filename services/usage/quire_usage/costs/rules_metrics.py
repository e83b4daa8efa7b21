"""Pure rules: which stored report tells the use of a month, and what of it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quire_usage.costs.metrics import Material, MetricChoice, Release, default_metric
from quire_usage.counter.definitions import release


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that can tell the use of a month by a metric."""

    report_id: str
    release: str
    choice: MetricChoice


def candidates(material: Material) -> Iterator[Candidate]:
    """Reports that tell the use of a material, the best first: release 5.1 before 5, the full report before a standard
    view that holds the same figures (Code of Practice, sections 4.1.2 to 4.4.2)."""
    for number in (Release.R51, Release.R5):
        choice = default_metric(material, number)
        yield Candidate(choice.report, number.value, choice)
        for view in release(number.value).reports.values():
            if view.full_report == choice.report and choice.metric in view.metrics:
                wanted = ((view.filters.get(name), set(values)) for name, values in choice.filters.items())
                if all(fixed is None or values <= set(fixed) for fixed, values in wanted):
                    yield Candidate(view.id, number.value, choice)


@dataclass(frozen=True, slots=True)
class Sum:
    """One row of the rollup: attributes, uses by the metric, turn-aways."""

    data_type: str
    access_type: str
    access_method: str
    uses: int
    turnaways: int

    def attribute(self, name: str) -> str:
        """The value of a COUNTER attribute of the rollup."""
        return {
            "Data_Type": self.data_type,
            "Access_Type": self.access_type,
            "Access_Method": self.access_method,
        }[name]


@dataclass(frozen=True, slots=True)
class MonthUse:
    """The use of a month; ``hidden`` are attributes that the report does not show, so that nothing can be told apart."""

    uses: int
    open_uses: int
    turnaways: int
    hidden: tuple[str, ...]


def use_of_month(choice: MetricChoice, sums: list[Sum]) -> MonthUse:
    """Adds up what counts as use, open access apart (same filters, but not controlled), and turn-aways."""
    uses = open_uses = turnaways = 0
    hidden = set()
    for row in sums:
        if row.uses:
            hidden |= {name for name in choice.filters if not row.attribute(name)}
        failed = [name for name, values in choice.filters.items() if row.attribute(name) not in values]
        if not failed:
            uses += row.uses
        elif failed == ["Access_Type"]:
            open_uses += row.uses
        turnaways += row.turnaways
    return MonthUse(uses, open_uses, turnaways, tuple(sorted(hidden)))

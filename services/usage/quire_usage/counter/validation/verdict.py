"""The verdict on a report."""

from collections import Counter
from dataclasses import dataclass, field

from quire_usage.counter.model import Finding, Header, Level, Quarantined
from quire_usage.counter.reading.report import Reading


@dataclass(slots=True)
class Verdict:
    """What the checks say of a report.

    `level` is the official validator's; findings marked `ours` do not change it.
    """

    level: Level
    header: Header
    findings: list[Finding]
    """Worst first."""
    quarantined: list[Quarantined]
    records: int
    totals: dict[str, int] = field(default_factory=dict)
    """Metric → sum of all counts, components included."""

    @property
    def our_level(self) -> Level:
        """The worst level among all findings, ours included."""
        return max((finding.level for finding in self.findings), default=Level.PASSED)


def validate(reading: Reading) -> Verdict:
    """Takes all records of an open report and gives the verdict.

    Raises NotReadable when the file turns out to be unreadable on the way.
    """
    records = 0
    totals: Counter[str] = Counter()
    for record in reading:
        records += 1
        for metric, months in record.counts.items():
            totals[metric] += sum(months.values())
        for component in record.components:
            for metric, months in component.counts.items():
                totals[metric] += sum(months.values())
    return verdict_of(reading, records, dict(totals))


def verdict_of(reading: Reading, records: int, totals: dict[str, int]) -> Verdict:
    """The verdict on a report whose records were taken elsewhere (by the loader of facts)."""
    return Verdict(reading.level, reading.header, reading.findings, reading.quarantined, records, totals)

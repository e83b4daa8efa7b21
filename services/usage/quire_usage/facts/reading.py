"""An uploaded file is judged and gathered outside of any transaction, in a worker thread."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from quire_usage.counter.model import Header
from quire_usage.counter.reading import open_report
from quire_usage.counter.validation.verdict import Verdict, verdict_of
from quire_usage.facts.rules import Facts, Gathering

MOST_FINDINGS = 500
MOST_QUARANTINED = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """A report with its verdict and its facts."""

    verdict: Verdict
    facts: Facts


def judge(content: bytes, name: str) -> Judged:
    """Read, validate and gather a report in one pass. Raises ``NotReadable`` when it is no report."""
    with open_report(content, name) as reading:
        gathering = Gathering(reading.header)
        for record in reading:
            gathering.take(record)
        facts = gathering.finish(reading.header)
        totals: dict[str, int] = {}
        for metrics in facts.totals().values():
            for metric, count in metrics.items():
                totals[metric] = totals.get(metric, 0) + count
        return Judged(verdict_of(reading, facts.records, totals), facts)


def first_lines(content: bytes) -> list[str]:
    """The beginning of a file that is no report, so that a person sees what came instead."""
    return [line[:160] for line in content[:2000].decode("utf-8", "replace").splitlines()[:5] if line.strip()]


def head_of(header: Header) -> dict[str, object]:
    """What a report says of itself, for keeping."""
    return {
        "institution": header.institution_name,
        "created": header.created,
        "created_by": header.created_by,
        "filters": {name: list(values) for name, values in header.report_filters.items()},
        "attributes": {name: list(values) for name, values in header.report_attributes.items()},
        "exceptions": [asdict(e) for e in header.exceptions],
    }


def findings_of(verdict: Verdict) -> list[dict[str, object]]:
    """The findings, worst first; each with its place and what to do."""
    return [
        {
            "code": f.code,
            "level": f.level.official,
            "message": f.message,
            "place": f.place,
            "value": f.value[:500],
            "advice": f.advice,
            "ours": f.ours,
            "count": f.count,
        }
        for f in verdict.findings[:MOST_FINDINGS]
    ]

"""Verdicts as text for a terminal and as JSON for programs."""

from dataclasses import asdict
from typing import Any

from quire_usage.counter.model import Finding
from quire_usage.counter.reports.judged import Judged, printable


def to_json(judged: Judged) -> dict[str, Any]:
    """Everything known about a file, with plain types only."""
    header = judged.header
    return {
        "file": judged.name,
        "level": judged.level.official,
        "checked_at": judged.checked_at.isoformat(),
        "refusal": judged.refusal,
        "report": None
        if header is None
        else {
            "report_id": header.report_id,
            "report_name": header.report_name,
            "release": header.release,
            "counter": header.counter,
            "format": header.format,
            "institution_name": header.institution_name,
            "institution_ids": {kind: list(values) for kind, values in header.institution_ids.items()},
            "begin": str(header.begin) if header.begin else None,
            "end": str(header.end) if header.end else None,
            "created": header.created,
            "created_by": header.created_by,
            "exceptions": [asdict(exception) for exception in header.exceptions],
        },
        "records": judged.records,
        "totals": judged.totals,
        "findings": [_finding(finding) for finding in judged.findings],
        "quarantined": [asdict(part) for part in judged.quarantined],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "level": finding.level.official}


def plain_text(judged: Judged) -> str:
    """A few lines per file: the verdict, then each finding with its place and what to do."""
    lines = [f"{judged.name}: {judged.level.official}"]
    lines.append(f"  {judged.meaning}")
    if judged.header is not None:
        lines.append(f"  {judged.title}; {judged.records:,} records")
    for finding in judged.findings:
        times = f" ({finding.count:,} times)" if finding.count > 1 else ""
        source = " [Quire]" if finding.ours else ""
        lines.append(f"  {finding.level.official}{source}: {finding.message}{times}")
        if finding.place:
            lines.append(f"      where: {finding.place}")
        if finding.advice:
            lines.append(f"      what to do: {finding.advice}")
    if judged.quarantined:
        lines.append(f"  {len(judged.quarantined):,} parts were put aside and not counted; --json lists them.")
    return "\n".join(printable(line) for line in lines)

"""One judged file, ready to be shown."""

from dataclasses import dataclass, field
from datetime import datetime

from quire_usage.counter.definitions import releases
from quire_usage.counter.model import Finding, Header, Level, Quarantined

_MEANING = {
    Level.PASSED: "The report has no faults.",
    Level.NOTICE: "The report has no faults; a few things are worth knowing.",
    Level.WARNING: "The report can be used. Some points may matter in an audit and should be corrected.",
    Level.ERROR: "The report breaks the Code of Practice, but its figures could be read. The vendor should correct it.",
    Level.CRITICAL: "Some figures cannot be trusted or used. Ask the vendor for a corrected report before you rely on it.",
    Level.FATAL: "This cannot be used as a COUNTER report.",
}
"""What a level means for a librarian."""


def printable(text: str) -> str:
    """`text` on one line, without the control characters by which a hostile file could steer a terminal or a page."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


@dataclass(slots=True)
class Judged:
    """A file with its verdict. `header` is None when the file is no report at all; `refusal` then says why."""

    name: str
    level: Level
    checked_at: datetime
    header: Header | None = None
    findings: list[Finding] = field(default_factory=list)
    """Worst first."""
    quarantined: list[Quarantined] = field(default_factory=list)
    records: int = 0
    totals: dict[str, int] = field(default_factory=dict)
    """Sum per metric of what could be read."""
    refusal: str = ""

    @property
    def officially_judged(self) -> bool:
        """False for release 4 and for tables read by a mapping: no official validator judges them."""
        return self.header is None or (self.header.counter and self.header.release in releases())

    @property
    def meaning(self) -> str:
        """The verdict in a sentence for a librarian."""
        if self.refusal:
            return self.refusal
        if not self.officially_judged:
            remarks = "see the remarks below." if self.findings else "Quire found nothing wrong."
            return f"Read for history; the official validation does not cover this kind of report; {remarks}"
        return _MEANING[self.level]

    @property
    def official(self) -> list[Finding]:
        """Findings that the official validator makes too."""
        return [finding for finding in self.findings if not finding.ours]

    @property
    def ours(self) -> list[Finding]:
        """Findings of further checks by Quire; they do not change the level."""
        return [finding for finding in self.findings if finding.ours]

    @property
    def title(self) -> str:
        """Report, institution and period in one line."""
        if self.header is None:
            return self.name
        parts = [self.header.report_id or "unnamed report", self.header.institution_name, self.period]
        return ", ".join(part for part in parts if part)

    @property
    def period(self) -> str:
        """`2022-01-01 to 2022-12-31`, or ""."""
        if self.header is None or self.header.begin is None or self.header.end is None:
            return ""
        return f"{self.header.begin} to {self.header.end}"

    def facts(self) -> list[tuple[str, str]]:
        """What the report says about itself, as label and value."""
        header = self.header
        facts = [("File", self.name)]
        if header is not None:
            institution = ", ".join(f"{kind} {'|'.join(values)}" for kind, values in header.institution_ids.items())
            facts += [
                ("Report", f"{header.report_name} ({header.report_id})" if header.report_id else header.report_name),
                ("COUNTER release", header.release if header.counter else "none: read by a mapping"),
                ("Institution", " · ".join(part for part in (header.institution_name, institution) if part)),
                ("Reporting period", self.period),
                ("Created", " by ".join(part for part in (header.created, header.created_by) if part)),
                ("Registry record", header.registry_record),
                (
                    "Exceptions",
                    "; ".join(f"{e.code}: {e.message}" + (f" ({e.data})" if e.data else "") for e in header.exceptions),
                ),
                ("Format", header.format.upper()),
                ("Records", f"{self.records:,}"),
            ]
        facts.append(("Checked", self.checked_at.strftime("%Y-%m-%d %H:%M UTC")))
        return [(label, value) for label, value in facts if value]

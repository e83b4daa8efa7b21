"""Where findings and quarantined parts go: equal findings are counted once, with a few examples."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from quire_usage.counter.definitions.checks import checks
from quire_usage.counter.model import Example, Finding, Level, Quarantined
from quire_usage.counter.reading.limits import Limits

EXAMPLES = 10
"""Examples kept per finding, the first occurrence included."""
SHOWN = 200
"""Characters of a value that are kept."""
KINDS = 5_000
"""Different findings kept; a file with more is beyond repair, and further kinds are only counted."""


@dataclass(slots=True, frozen=True)
class Issue:
    """One fault of one value, without its place, so that the verdict on a value can be remembered."""

    code: str
    value: str = ""
    words: dict[str, str] = field(default_factory=dict)


class Reporter(Protocol):
    """What a check says its issues to."""

    def issue(self, issue: Issue, place: str) -> None:
        """Takes one issue at one place."""


class Mute:
    """A reporter for a second pass over the same file: everything was said in the first."""

    def issue(self, issue: Issue, place: str) -> None:
        """Forgets the issue."""

    def quarantine(self, place: str, reason: str, raw: str) -> None:
        """Forgets the part."""


class Sink:
    """Collects findings, grouped, and quarantined parts, within limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._found: dict[tuple[str, str], Finding] = {}
        self.quarantined: list[Quarantined] = []
        self.quarantined_count = 0
        self.further_kinds = 0
        self.said = 0
        """Issues of the table said so far, repeated ones included."""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    @property
    def findings(self) -> list[Finding]:
        """Worst first, then in the order of appearance."""
        return sorted(self._found.values(), key=lambda finding: -finding.level)

    @property
    def level(self) -> Level:
        """The worst level among checks of the official validator."""
        return max((finding.level for finding in self._found.values() if not finding.ours), default=Level.PASSED)

    def issue(self, issue: Issue, place: str) -> None:
        """Adds an occurrence of a check of the table."""
        self.said += 1
        check = checks()[issue.code]
        summary = check.official.format_map(_Words(issue.words, issue.value))
        known = self._found.get((issue.code, summary))
        if known is not None:
            _again(known, place, issue.value)
            return
        words = _Words(issue.words, issue.value)
        self._new(
            Finding(
                code=issue.code,
                level=check.level,
                summary=summary,
                message=check.message.format_map(words)[: 4 * SHOWN],
                place=place,
                value=issue.value[:SHOWN],
                advice=check.advice.format_map(words).strip(),
                ours=check.ours,
            )
        )

    def finding(
        self,
        code: str,
        level: Level,
        summary: str,
        message: str,
        place: str,
        value: str = "",
        advice: str = "",
        ours: bool = False,
    ) -> None:
        """Adds an occurrence of a finding that stands in no table (release 4, mapped tables)."""
        known = self._found.get((code, summary))
        if known is not None:
            _again(known, place, value)
        else:
            self._new(Finding(code, level, summary, message, place, value[:SHOWN], advice, ours))

    def quarantine(self, place: str, reason: str, raw: str) -> None:
        """Keeps a part that was not used, with the reason."""
        self.quarantined_count += 1
        if len(self.quarantined) < self._limits.quarantined:
            self.quarantined.append(Quarantined(place, reason, raw[: 10 * SHOWN]))

    def abandon(self) -> None:
        """The file broke off: what was found so far is no verdict on the whole, so it is set apart as ours."""
        for finding in self._found.values():
            finding.ours = True

    def _new(self, finding: Finding) -> None:
        if len(self._found) >= KINDS and finding.level < Level.CRITICAL:
            self.further_kinds += 1
            return
        if len(self._found) >= 2 * KINDS:
            self.further_kinds += 1
            return
        finding.examples.append(Example(finding.place, finding.value))
        self._found[finding.code, finding.summary] = finding


class _Words(dict[str, str]):
    """The words of an issue; `value` always exists, an unknown word is empty."""

    def __init__(self, words: dict[str, str], value: str) -> None:
        super().__init__(words)
        self.setdefault("value", value[:SHOWN])

    def __missing__(self, key: str) -> str:
        return ""


def _again(finding: Finding, place: str, value: str) -> None:
    finding.count += 1
    if len(finding.examples) < EXAMPLES:
        finding.examples.append(Example(place, value[:SHOWN]))

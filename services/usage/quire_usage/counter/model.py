"""The canonical form of a COUNTER report: what every reader yields, every check judges and every writer takes.

A report in JSON, TSV, CSV or XLSX, of any release, becomes one `Header` and a stream of `Record`s.
Source: COUNTER Code of Practice 5 and 5.1, sections 3.2 (formats) and 3.3 (elements).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

TOTALS = "totals"
"""Month key of counts in a report without monthly details (Granularity=Totals, Exclude_Monthly_Details=True)."""

Month = str
"""A month as `yyyy-mm`, or `TOTALS`."""

Counts = dict[str, dict[Month, int]]
"""Metric → month → count."""

Identifiers = dict[str, tuple[str, ...]]
"""Identifier type (DOI, ISBN, Print_ISSN, Proprietary, …) → values, as the report gives them after named repairs."""


class Level(IntEnum):
    """Severity of a finding; the words are those of the official validator."""

    PASSED = 0
    NOTICE = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4
    FATAL = 5

    @property
    def official(self) -> str:
        """The official validator's word for this level."""
        return _OFFICIAL[self]


_OFFICIAL = {
    Level.PASSED: "Passed",
    Level.NOTICE: "Notice",
    Level.WARNING: "Warning",
    Level.ERROR: "Error",
    Level.CRITICAL: "Critical error",
    Level.FATAL: "Fatal error",
}


@dataclass(slots=True)
class ReportException:
    """One COUNTER exception in a header (Code of Practice, appendix D)."""

    code: int | None
    message: str = ""
    data: str = ""
    help_url: str = ""
    severity: str = ""


@dataclass(slots=True)
class Header:
    """The report header; empty text means that the report does not state the element."""

    report_id: str = ""
    report_name: str = ""
    release: str = ""
    institution_name: str = ""
    institution_ids: Identifiers = field(default_factory=dict)
    customer_id: str = ""
    metric_types: tuple[str, ...] = ()
    report_filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    report_attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exceptions: tuple[ReportException, ...] = ()
    begin: date | None = None
    end: date | None = None
    created: str = ""
    created_by: str = ""
    registry_record: str = ""
    format: str = ""
    """json, tsv, csv, xlsx or xml: what the content was recognized as."""
    counter: bool = True
    """False for a table read by a stored mapping: usage figures that no COUNTER rule vouches for."""
    raw: dict[str, object] = field(default_factory=dict)
    """Header elements exactly as found."""

    @property
    def period(self) -> tuple[date, date] | None:
        """First and last day of the reporting period."""
        return (self.begin, self.end) if self.begin and self.end else None


@dataclass(slots=True)
class Author:
    """A contributor of an item with ORCID or ISNI if given, e.g. `ORCID:0000-0001-2345-6789`."""

    name: str
    identifier: str = ""


@dataclass(slots=True)
class Item:
    """What is described: a platform, database, title, item, or an item's parent or component."""

    name: str = ""
    identifiers: Identifiers = field(default_factory=dict)
    authors: tuple[Author, ...] = ()
    publication_date: str = ""
    article_version: str = ""
    data_type: str = ""


@dataclass(slots=True)
class Component(Item):
    """A component of an item with its own counts (IR with Include_Component_Details)."""

    counts: Counts = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """One item with one combination of attributes, and all its counts.

    `name` is the title, item, database or platform, by the report. Attributes that the report does not show are "".
    The same combination may come in more than one record when the file scatters its rows; counts then add up
    to the record's whole, they never repeat each other.
    """

    name: str = ""
    publisher: str = ""
    publisher_ids: Identifiers = field(default_factory=dict)
    platform: str = ""
    identifiers: Identifiers = field(default_factory=dict)
    authors: tuple[Author, ...] = ()
    publication_date: str = ""
    article_version: str = ""
    parent: Item | None = None
    components: tuple[Component, ...] = ()
    data_type: str = ""
    section_type: str = ""
    yop: str = ""
    access_type: str = ""
    access_method: str = ""
    format: str = ""
    extensions: dict[str, str] = field(default_factory=dict)
    """Country_Code, Subdivision_Code, Attributed, … (Code of Practice, section 11)."""
    counts: Counts = field(default_factory=dict)
    place: int | str = 0
    """Row number (from 1) in a table, JSON pointer in JSON, of the first count."""

    def totals(self) -> dict[str, int]:
        """Sum per metric over all months, components included only in the item's own counts."""
        return {metric: sum(months.values()) for metric, months in self.counts.items()}


@dataclass(slots=True)
class Example:
    """One occurrence of a finding."""

    place: str
    value: str = ""


@dataclass(slots=True)
class Finding:
    """Equal faults, counted: what is wrong, where, and what to do."""

    code: str
    level: Level
    summary: str
    """The official wording without the value; equal summaries are one finding."""
    message: str
    """The wording for the first occurrence."""
    place: str
    """Row and column (`row 17, column Jan-2024`) or JSON pointer of the first occurrence; "" for the whole file."""
    value: str = ""
    advice: str = ""
    ours: bool = False
    """True: a check of Quire that the official validator does not have."""
    count: int = 1
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Quarantined:
    """A part of the file that was not used, kept with the reason."""

    place: str
    reason: str
    raw: str


def merge_counts(into: Counts, more: Mapping[str, Mapping[Month, int]]) -> None:
    """Adds `more` to `into`, month by month."""
    for metric, months in more.items():
        mine = into.setdefault(metric, {})
        for month, count in months.items():
            mine[month] = mine.get(month, 0) + count

"""What a report shows: its definition, columns, months and header values, the same for every format."""

from dataclasses import dataclass
from datetime import date

from quire_usage.counter.definitions import Release, Report, release, releases
from quire_usage.counter.model import TOTALS, Author, Counts, Header, Identifiers, ReportException
from quire_usage.counter.months import last_day, month_key, months_between

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TOTALS_IN_JSON = ("Granularity", "Totals")
_TOTALS_IN_TABLES = ("Exclude_Monthly_Details", "True")


class NotWritable(ValueError):
    """The report cannot be written in the wanted form; the message says why and what to do, in words."""


@dataclass(frozen=True)
class Plan:
    """A header that can be written, with the tables of its release."""

    release: Release
    report: Report
    header: Header
    months: tuple[str, ...]
    """Months of the reporting period; empty in a report without monthly details."""

    @property
    def name_element(self) -> str:
        """Title, Item, Database or Platform."""
        return self.report.kind

    @property
    def shown(self) -> tuple[str, ...]:
        """Attributes_To_Show of the header."""
        return self.header.report_attributes.get("Attributes_To_Show", ())

    @property
    def shows_parents(self) -> bool:
        """True when items are shown with their parents."""
        if not self.report.is_full:
            return self.report.parent_elements is not None
        return self.header.report_attributes.get("Include_Parent_Details") == ("True",)

    @property
    def shows_components(self) -> bool:
        """True when components are shown with their own counts."""
        return self.header.report_attributes.get("Include_Component_Details") == ("True",)

    def attributes(self, layout: str) -> dict[str, tuple[str, ...]]:
        """Report attributes in the words of JSON or of tables: leaving out months has two names (section 3.3.8)."""
        stated = dict(self.header.report_attributes)
        for name, _ in (_TOTALS_IN_JSON, _TOTALS_IN_TABLES):
            stated.pop(name, None)
        if not self.months:
            name, value = _TOTALS_IN_JSON if layout == "json" else _TOTALS_IN_TABLES
            stated[name] = (value,)
        return stated

    def columns(self) -> list[str]:
        """Element columns of a table in the standard's order, without metric, total and months."""
        shown = tuple(name for name in self.shown if ":" not in name)
        columns = [
            name
            for name in self.release.item_elements(self.report, "tabular", shown)
            if not (name.startswith("Parent_") and not self.shows_parents)
            and not (name.startswith("Component_") and not self.shows_components)
            and name not in ("Metric_Type", "Reporting_Period_Total")
        ]
        return columns + [name for name in self.shown if ":" in name]

    def check(self, counts: Counts, place: int | str) -> None:
        """Raises NotWritable for counts that have no place in the report."""
        permitted = set(self.months) or {TOTALS}
        for metric, months in counts.items():
            strange = next((month for month in months if month not in permitted), None)
            if strange is not None:
                raise NotWritable(
                    f"{place}: {metric} has a count for {strange}, which is outside the reporting period "
                    f"{self.header.begin} to {self.header.end}. Correct the period or leave the month out."
                )


def plan(header: Header) -> Plan:
    """Checks that a report with this header can be written.

    Raises NotWritable for a release, report or period that the standard does not know.
    """
    if header.release not in releases():
        raise NotWritable(
            f"Reports of release {header.release or '(none)'} can be read but not written; "
            f"the releases that can be written are {', '.join(releases())}. Export the figures as CSV or Parquet instead."
        )
    tables = release(header.release)
    report = tables.reports.get(header.report_id)
    if report is None:
        raise NotWritable(
            f"“{header.report_id}” is no report of COUNTER release {tables.id}. "
            f"Known are {', '.join(tables.reports)}. Export the figures as CSV or Parquet instead."
        )
    if header.begin is None or header.end is None or header.end < header.begin:
        raise NotWritable(
            "The header has no valid reporting period (Begin_Date to End_Date), so months cannot be set out."
        )
    attributes = header.report_attributes
    totals = any(attributes.get(name) == (value,) for name, value in (_TOTALS_IN_JSON, _TOTALS_IN_TABLES))
    months = () if totals else tuple(months_between(header.begin, header.end))
    return Plan(tables, report, header, months)


def heading(month: str) -> str:
    """`Mmm-yyyy` of `yyyy-mm`."""
    return f"{MONTHS[int(month[5:]) - 1]}-{month[:4]}"


def period_of(month: str, header: Header) -> tuple[date, date]:
    """First and last day of a month, or of the whole period for TOTALS."""
    if month == TOTALS:
        assert header.begin is not None
        assert header.end is not None
        return header.begin, header.end
    first = date(int(month[:4]), int(month[5:]), 1)
    return first, last_day(first)


def json_month(month: str, header: Header) -> str:
    """The key of a count in JSON 5.1: a report of totals has its period's first month, as only months are permitted."""
    if month == TOTALS:
        assert header.begin is not None
        return month_key(header.begin.year, header.begin.month)
    return month


def identifiers_text(identifiers: Identifiers) -> str:
    """`ISNI:…; platform:id`: proprietary identifiers carry their own namespace."""
    return "; ".join(
        value if kind == "Proprietary" else f"{kind}:{value}"
        for kind, values in identifiers.items()
        for value in values
    )


def authors_text(authors: tuple[Author, ...]) -> str:
    """`Name (ORCID:…); Name`."""
    return "; ".join(f"{a.name} ({a.identifier})" if a.identifier else a.name for a in authors)


def pairs_text(pairs: dict[str, tuple[str, ...]]) -> str:
    """`Name=a|b; Name2=c`."""
    return "; ".join(f"{name}={'|'.join(values)}" for name, values in pairs.items())


def exception_text(exception: ReportException) -> str:
    """`Code: Message (Data)`."""
    code = "" if exception.code is None else f"{exception.code}: "
    return f"{code}{exception.message}" + (f" ({exception.data})" if exception.data else "")

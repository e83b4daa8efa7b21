"""Header and records out of the rows of a table, leniently; the checks say what is wrong with it."""

import re
from operator import itemgetter
from typing import Any, cast

from quire_usage.counter import table_text
from quire_usage.counter.model import TOTALS, Component, Counts, Header, Identifiers, Item, Record
from quire_usage.counter.months import lenient_month
from quire_usage.counter.reading.limits import MOST_COUNT
from quire_usage.counter.reading.sink import Sink
from quire_usage.counter.words import fuzzy

Row = list[str]

_LABELS = {
    fuzzy(name): name
    for name in (
        "Report_Name",
        "Report_ID",
        "Release",
        "Institution_Name",
        "Institution_ID",
        "Metric_Types",
        "Report_Filters",
        "Report_Attributes",
        "Exceptions",
        "Reporting_Period",
        "Created",
        "Created_By",
        "Registry_Record",
    )
}
_SCHEMES = ("ISNI", "ISIL", "OCLC", "ROR")
_IDENTIFIERS = {
    "DOI": "DOI",
    "Proprietary_ID": "Proprietary",
    "ISBN": "ISBN",
    "Print_ISSN": "Print_ISSN",
    "Online_ISSN": "Online_ISSN",
    "Linking_ISSN": "Linking_ISSN",
    "URI": "URI",
}
_PLAIN = {
    "Publisher": "publisher",
    "Platform": "platform",
    "Data_Type": "data_type",
    "Section_Type": "section_type",
    "YOP": "yop",
    "Access_Type": "access_type",
    "Access_Method": "access_method",
    "Publication_Date": "publication_date",
    "Article_Version": "article_version",
    "Format": "format",
}
_NAMES = ("Title", "Item", "Database")
_KNOWN = {
    fuzzy(name): name
    for name in (
        *_IDENTIFIERS,
        *_PLAIN,
        *_NAMES,
        "Publisher_ID",
        "Authors",
        *(f"{side}_{part}" for side in ("Parent", "Component") for part in ("Title", "Authors", "Data_Type",
          "Publication_Date", "Article_Version", *_IDENTIFIERS)),
    )
}  # fmt: skip
TITLE_ROWS = 40
"""Rows in which header and headings are looked for."""


class Layout:
    """Where the header's values and the columns are in the first rows of a table."""

    def __init__(self, rows: list[Row]) -> None:
        self.raw: dict[str, str] = {}
        self.headings: Row = []
        self.heading_row = 0
        """Number of the row of column headings, from 1; 0 when there is none."""
        for number, row in enumerate(rows, start=1):
            if any(fuzzy(cell) == "metrictype" for cell in row):
                self.headings, self.heading_row = row, number
                break
            label = _LABELS.get(fuzzy(row[0])) if row else None
            if label is not None:
                self.raw.setdefault(label, row[1].strip() if len(row) > 1 else "")

    @property
    def is_report(self) -> bool:
        """True when anything of a COUNTER report is there."""
        return self.heading_row > 0 or len(self.raw) >= 3

    def header(self, kind: str) -> Header:
        """The header as the rows state it."""
        raw = self.raw
        period = table_text.pairs(raw.get("Reporting_Period", ""))
        days = raw.get("Reporting_Period", "").split(" to ")
        if not period and len(days) == 2:
            period = {"Begin_Date": (days[0].strip(),), "End_Date": (days[1].strip(),)}
        filters = table_text.pairs(raw.get("Report_Filters", ""))
        return Header(
            report_id=raw.get("Report_ID", ""),
            report_name=raw.get("Report_Name", ""),
            release=raw.get("Release", ""),
            institution_name=raw.get("Institution_Name", ""),
            institution_ids=table_text.identifiers(raw.get("Institution_ID", ""), _SCHEMES),
            metric_types=tuple(part.strip() for part in re.split("[;|]", raw.get("Metric_Types", "")) if part.strip()),
            report_filters=filters,
            report_attributes=table_text.pairs(raw.get("Report_Attributes", "")),
            exceptions=table_text.exceptions(raw.get("Exceptions", "")),
            begin=table_text.as_day(next(iter(period.get("Begin_Date", ())), ""), last=False),
            end=table_text.as_day(next(iter(period.get("End_Date", ())), ""), last=True),
            created=raw.get("Created", ""),
            created_by=raw.get("Created_By", ""),
            registry_record=raw.get("Registry_Record", ""),
            format=kind,
            raw=cast(dict[str, object], dict(raw)),
        )


class CountCells(dict[str, int]):
    """Text of a count cell → number; blank cells are 0; KeyError for what is no number."""

    def __missing__(self, text: str) -> int:
        bare = text.strip().replace(",", "")
        if bare == "":
            number = 0
        elif bare.isascii() and bare.isdigit() and len(bare) < 16:
            number = int(bare)
        else:
            try:
                value = float(bare)
            except ValueError:
                raise KeyError(text) from None
            if not 0 <= value < MOST_COUNT:
                raise KeyError(text)
            number = int(value)
        if len(self) > 50_000:
            self.clear()
        self[text] = number
        return number


class RecordBuilder:
    """Turns rows into records; neighbouring rows that differ in metric and counts only are one record."""

    def __init__(self, headings: Row, sink: Sink) -> None:
        self._sink = sink
        names = [_KNOWN.get(fuzzy(heading), heading.strip()) for heading in headings]
        while names and not names[-1]:
            names.pop()
        folded = [fuzzy(name) for name in names]
        self._width = len(names)
        self._metric = folded.index("metrictype")
        total = folded.index("reportingperiodtotal") if "reportingperiodtotal" in folded else -1
        self._months: list[tuple[int, str]] = []
        for number, name in enumerate(names):
            month = lenient_month(name)
            if month is not None and month not in {known for _, known in self._months}:
                self._months.append((number, month))
        if not self._months and total >= 0:
            self._months = [(total, TOTALS)]
        self.months = [month for _, month in self._months]
        self._counted = [number for number, _ in self._months]
        apart = {self._metric, total, *self._counted}
        self._at = [number for number, name in enumerate(names) if name and number not in apart]
        self._names = [names[number] for number in self._at]
        self._key = itemgetter(*self._at) if len(self._at) > 1 else None
        self._own = [number for number, name in enumerate(self._names) if not name.startswith("Component_")]
        self._with_components = len(self._own) < len(self._names)
        first, last = (self._counted[0], self._counted[-1]) if self._counted else (0, -1)
        self._slice = slice(first, last + 1) if self._counted == list(range(first, last + 1)) else None
        self._counts = CountCells()
        self._publishers: dict[str, Identifiers] = {}
        self._open: Record | None = None
        self._last: object = None
        self._last_own: object = None
        self._into: Counts = {}
        """Where the counts of the next row go: the open record's own, or its last component's."""

    def see(self, number: int, row: Row, counts: list[int] | None = None) -> Record | None:
        """Takes row `number` (from 1); gives the record that it completes, if any.

        `counts`: the row's counts in the order of `months`, when they are known already.
        """
        if len(row) < self._width:
            if not any(row):
                return None
            row = row + [""] * (self._width - len(row))
        metric = row[self._metric]
        key = self._key(row) if self._key is not None else [row[at] for at in self._at]
        done: Record | None = None
        current = self._open
        if current is None or key != self._last or metric in self._into:
            metric = metric.strip()
            if not metric:
                self._without_metric(number, row)
                return None
            made = self._record(key, number)
            own = [key[at] for at in self._own] if self._with_components else None
            if current is not None and made.components and own == self._last_own and key != self._last:
                current.components += made.components
            else:
                done, self._open, current = current, made, made
            self._last, self._last_own = key, own
            self._into = current.components[-1].counts if made.components else current.counts
        self._into[metric] = self._numbers(number, row, counts)
        return done

    def last(self) -> Record | None:
        """The record that is still open at the end."""
        done, self._open = self._open, None
        return done

    def _numbers(self, number: int, row: Row, known: list[int] | None) -> dict[str, int]:
        if known is not None:
            return {month: count for month, count in zip(self.months, known, strict=True) if count}
        try:
            cells = row[self._slice] if self._slice is not None else [row[at] for at in self._counted]
            counts = map(self._counts.__getitem__, cells)
            return {month: count for month, count in zip(self.months, counts, strict=True) if count}
        except KeyError:
            found: dict[str, int] = {}
            for at, month in self._months:
                try:
                    count = self._counts[row[at]]
                except KeyError:
                    self._sink.quarantine(f"row {number}", f"The count for {month} is no number.", row[at])
                    continue
                if count:
                    found[month] = count
            return found

    def _publisher_ids(self, text: str) -> Identifiers:
        """Publishers repeat, so their identifiers are taken apart once; records share the answer."""
        known = self._publishers.get(text)
        if known is None:
            if len(self._publishers) > 10_000:
                self._publishers.clear()
            known = self._publishers[text] = table_text.identifiers(text, _SCHEMES)
        return known

    def _without_metric(self, number: int, row: Row) -> None:
        if any(cell.strip() for cell in row):
            self._sink.quarantine(f"row {number}", "The row has no Metric_Type.", "\t".join(row))

    def _record(self, key: Any, number: int) -> Record:
        cells = {name: text.strip() for name, text in zip(self._names, key, strict=True) if text and not text.isspace()}
        record = Record(place=number)
        parent, component = Item(), Component()
        named = False
        for column, text in cells.items():
            if column in _NAMES:
                record.name, named = text, True
            elif column in _IDENTIFIERS:
                record.identifiers[_IDENTIFIERS[column]] = (text,)
            elif column in _PLAIN:
                setattr(record, _PLAIN[column], text)
            elif column == "Publisher_ID":
                record.publisher_ids = self._publisher_ids(text)
            elif column == "Authors":
                record.authors = table_text.authors(text)
            elif column.startswith("Parent_"):
                _describe(parent, column[7:], text)
            elif column.startswith("Component_"):
                _describe(component, column[10:], text)
            else:
                record.extensions[column] = text
        if not named and not any(name in self._names for name in _NAMES):
            record.name = record.platform
        if parent != Item():
            record.parent = parent
        if component != Component():
            record.components = (component,)
        return record


def _describe(target: Item, column: str, text: str) -> None:
    if column in _IDENTIFIERS:
        target.identifiers[_IDENTIFIERS[column]] = (text,)
    elif column == "Title":
        target.name = text
    elif column == "Authors":
        target.authors = table_text.authors(text)
    elif column == "Data_Type":
        target.data_type = text
    elif column == "Publication_Date":
        target.publication_date = text
    elif column == "Article_Version":
        target.article_version = text

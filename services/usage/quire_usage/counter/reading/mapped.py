"""Tables that are no COUNTER reports, read by a stored mapping.

Publishers without COUNTER reports send home-made spreadsheets. A mapping, written once per kind of table, says which
column holds what. The figures become the same records, but their header says that they are not COUNTER
(`Header.counter` is False): no rule of the standard vouches for them.
"""

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any

from quire_usage.counter.model import Header, Level, Record
from quire_usage.counter.months import last_day, lenient_month
from quire_usage.counter.reading.counts import whole_number
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.sink import Sink
from quire_usage.counter.words import fuzzy

IDENTIFIERS = ("DOI", "Proprietary", "ISBN", "Print_ISSN", "Online_ISSN", "URI")
TEXTS = ("name", "publisher", "platform", "data_type", "section_type", "yop", "access_type", "access_method")
ROLES = ("metric", "month", "count")
"""What a column may hold besides texts and identifiers."""


_TOTALS = ("total", "totals", "grand total", "total for*")


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where a home-made table holds what.

    Three layouts are known: one column per month (`month` not mapped), one row per month with one `count` column, and
    one row per month with one column per metric (`metric_columns`).
    """

    name: str
    """What the table is called, for example “Acme quarterly downloads”."""
    columns: dict[str, str]
    """Text, identifier or role → column heading."""
    heading_row: int = 1
    """Row of the column headings, from 1."""
    metric: str = ""
    """The metric of all counts, when no column says it."""
    metrics: dict[str, str] = field(default_factory=dict)
    """Words of the metric column → metric; rows with other words are put aside."""
    metric_columns: dict[str, str] = field(default_factory=dict)
    """Column heading → metric."""
    fixed: dict[str, str] = field(default_factory=dict)
    """Text → value for all rows, for example platform or data_type."""
    skip: tuple[str, ...] = _TOTALS
    """Names of rows that hold totals and are not counted, in any case; `*` at the end stands for anything."""

    @classmethod
    def from_dict(cls, data: MappingType[str, Any]) -> "Mapping":
        """A stored mapping. Raises ValueError, saying in words what does not fit."""
        known = {entry.name for entry in fields(cls)}
        if unknown := set(data) - known:
            raise ValueError(f"A mapping has no {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}.")
        if not isinstance(data.get("name"), str) or not isinstance(data.get("columns"), dict):
            raise ValueError("A mapping needs a name (text) and columns (what each column holds → its heading).")
        mapping = cls(**{**data, "skip": tuple(data.get("skip", _TOTALS))})
        mapping._check()
        return mapping

    def to_dict(self) -> dict[str, Any]:
        """For storing; `from_dict` gives the same mapping again."""
        return {**asdict(self), "skip": list(self.skip)}

    def _check(self) -> None:
        permitted = {*TEXTS, *IDENTIFIERS, *ROLES}
        if unknown := set(self.columns) - permitted:
            raise ValueError(
                f"No column can hold {', '.join(sorted(unknown))}; possible are {', '.join(sorted(permitted))}."
            )
        if unknown := set(self.fixed) - set(TEXTS):
            raise ValueError(f"{', '.join(sorted(unknown))} cannot be fixed; possible are {', '.join(TEXTS)}.")
        if "name" not in self.columns and "name" not in self.fixed:
            raise ValueError("The mapping does not say which column holds the name of the title, database or platform.")
        if not (self.metric or "metric" in self.columns or self.metric_columns):
            raise ValueError("The mapping says neither a metric, nor a metric column, nor one column per metric.")
        if self.metric_columns and "month" not in self.columns:
            raise ValueError("With one column per metric, a column must hold the month.")
        if ("count" in self.columns) != ("month" in self.columns and not self.metric_columns):
            raise ValueError("A count column and a month column belong together.")
        if not isinstance(self.heading_row, int) or self.heading_row < 1:
            raise ValueError("heading_row is the number of the row with the column headings, from 1.")


def read(
    rows: Iterator[list[str]], kind: str, mapping: Mapping, limits: Limits, sink: Sink
) -> tuple[Header, Iterator[Record]]:
    """The header and a stream of records; `kind` is csv, tsv or xlsx.

    Raises NotReadable when a mapped column is not in the table.
    """
    headings: list[str] = []
    for number, row in enumerate(rows, start=1):
        if number == mapping.heading_row:
            headings = [cell.strip() for cell in row]
            break
    if not headings:
        raise NotReadable(f"The table ends before row {mapping.heading_row}, where the mapping expects the headings.")
    if len(headings) > limits.columns:
        raise NotReadable(f"The table has {len(headings)} columns; more than {limits.columns} cannot be a report.")
    layout = _Layout(mapping, headings)
    header = Header(
        report_id=mapping.name,
        report_name=mapping.name,
        metric_types=tuple(
            dict.fromkeys([*mapping.metric_columns.values(), *mapping.metrics.values()] or [mapping.metric])
        ),
        format=kind,
        counter=False,
        raw={"mapping": mapping.to_dict()},
    )
    months = sorted(layout.months.values())
    if months:
        header.begin = date(int(months[0][:4]), int(months[0][5:]), 1)
        header.end = last_day(date(int(months[-1][:4]), int(months[-1][5:]), 1))
    sink.finding(
        "not_counter",
        Level.NOTICE,
        "The table is no COUNTER report; it was read by a mapping",
        f"The table is no COUNTER report; it was read by the mapping “{mapping.name}”.",
        place="",
        advice="Do not compare these figures with COUNTER figures without knowing how the vendor counts.",
        ours=True,
    )
    return header, _records(rows, layout, limits, sink)


class _Layout:
    """Column numbers of a mapping in one table."""

    def __init__(self, mapping: Mapping, headings: list[str]) -> None:
        self.mapping = mapping
        self.headings = headings
        index: dict[str, int] = {}
        for number, heading in enumerate(headings):
            index.setdefault(fuzzy(heading), number)
        wanted = [*mapping.columns.values(), *mapping.metric_columns]
        if missing := [heading for heading in wanted if fuzzy(heading) not in index]:
            raise NotReadable(
                f"The mapping “{mapping.name}” needs the columns {', '.join(missing)}; row {mapping.heading_row} "
                f"has {', '.join(headings[:20]) or 'nothing'}. Correct the mapping or its heading_row."
            )
        self.columns = {what: index[fuzzy(heading)] for what, heading in mapping.columns.items()}
        self.metrics = {index[fuzzy(heading)]: metric for heading, metric in mapping.metric_columns.items()}
        self.months: dict[int, str] = {}
        if "month" not in mapping.columns:
            used = set(self.columns.values())
            self.months = {
                number: month
                for number, heading in enumerate(headings)
                if number not in used and (month := lenient_month(heading))
            }
            if not self.months:
                raise NotReadable("No column heading is a month, and the mapping names no month column.")


def _records(rows: Iterator[list[str]], layout: _Layout, limits: Limits, sink: Sink) -> Iterator[Record]:
    mapping = layout.mapping
    words = {fuzzy(word): metric for word, metric in mapping.metrics.items()}
    current: Record | None = None
    last: tuple[str, ...] = ()
    described = [what for what in layout.columns if what not in ROLES]
    for number, row in enumerate(rows, start=mapping.heading_row + 1):
        if number > limits.rows:
            raise NotReadable(f"The table has more than {limits.rows:,} rows; split it by year.")
        if not any(cell.strip() for cell in row):
            continue
        cells = {what: row[at].strip() if at < len(row) else "" for what, at in layout.columns.items()}
        name = cells.get("name") or mapping.fixed.get("name", "")
        if _is_total(name, mapping.skip):
            _aside(sink, "mapped_total_row", Level.NOTICE, "Row of totals was not counted", number, name, row)
            continue
        counts = list(_counts(row, cells, words, layout, number, limits, sink))
        if not counts:
            continue
        key = tuple(cells[what] for what in described)
        if current is None or key != last:
            if current is not None:
                yield current
            current, last = _record(cells, mapping, number), key
        for metric, month, count in counts:
            months = current.counts.setdefault(metric, {})
            if month in months:
                _aside(
                    sink,
                    "mapped_twice",
                    Level.ERROR,
                    "Second count for one title, metric and month was not used",
                    number,
                    str(count),
                    row,
                )
                continue
            if count:
                months[month] = count
    if current is not None:
        yield current


def _is_total(name: str, skip: tuple[str, ...]) -> bool:
    lower = name.lower()
    return any(lower.startswith(word[:-1].lower()) if word.endswith("*") else lower == word.lower() for word in skip)


def _counts(
    row: list[str],
    cells: dict[str, str],
    words: dict[str, str],
    layout: _Layout,
    number: int,
    limits: Limits,
    sink: Sink,
) -> Iterator[tuple[str, str, int]]:
    """Metric, month and count of every usable cell of a row."""
    mapping = layout.mapping
    metric = mapping.metric
    if "metric" in cells:
        metric = words.get(fuzzy(cells["metric"]), "" if words else cells["metric"])
        if not metric:
            _aside(
                sink,
                "mapped_metric",
                Level.ERROR,
                "Metric is not in the mapping; the row was not used",
                number,
                cells["metric"],
                row,
            )
            return
    month = ""
    if "month" in cells:
        month = lenient_month(cells["month"]) or ""
        if not month:
            _aside(
                sink,
                "mapped_month",
                Level.ERROR,
                "Month cannot be read; the row was not used",
                number,
                cells["month"],
                row,
            )
            return
    if layout.metrics:
        wanted = [(at, name, month) for at, name in layout.metrics.items()]
    elif month:
        wanted = [(layout.columns["count"], metric, month)]
    else:
        wanted = [(at, metric, heading) for at, heading in layout.months.items()]
    for at, name, when in wanted:
        text = row[at].strip() if at < len(row) else ""
        count = whole_number(text, limits.count)
        if count is not None:
            yield name, when, count
        elif text:
            _aside(
                sink,
                "mapped_count",
                Level.ERROR,
                "Cell is no count; it was not used",
                number,
                text,
                [text],
                layout.headings[at],
            )


def _record(cells: dict[str, str], mapping: Mapping, number: int) -> Record:
    record = Record(place=number)
    for what in TEXTS:
        setattr(record, what, cells.get(what) or mapping.fixed.get(what, ""))
    record.identifiers = {what: (cells[what],) for what in IDENTIFIERS if cells.get(what)}
    return record


def _aside(
    sink: Sink, code: str, level: Level, summary: str, number: int, value: str, row: list[str], heading: str = ""
) -> None:
    place = f"row {number}" + (f", column {heading}" if heading else "")
    sink.finding(
        code,
        level,
        summary,
        f"{summary}: “{value[:60]}”.",
        place=place,
        value=value,
        advice="Nothing to do."
        if level == Level.NOTICE
        else "Correct the cell or the mapping and load the file again.",
        ours=True,
    )
    if level > Level.NOTICE:
        sink.quarantine(place, summary, "\t".join(row))

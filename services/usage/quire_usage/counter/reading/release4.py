"""Tables of release 4 (CSV, TSV, XLSX), read only, for history.

Seven header rows (report, institution, period, date run), one row of headings, often one row of totals, then one row
per title, or per title and user activity. Source: COUNTER Code of Practice, Release 4, section 4.1 and its report
samples. What vendors changed about it is accepted with a finding each: missing or moved header rows, other month
headings, thousands separators, trailing empty columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, pairwise

from quire_usage.counter.definitions.release4 import Release4, Report4, fold, release4
from quire_usage.counter.model import TOTALS, Header, Identifiers, Level, Record
from quire_usage.counter.months import last_day, lenient_month, month_key, standard_month
from quire_usage.counter.reading.counts import whole_number
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.sink import Sink

_SEARCHED = 30
"""Rows in which the headings must come; the standard has them in row 8."""
_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_YEAR = re.compile(r"(?:yop\s*)?(\d{4})", re.IGNORECASE)


def recognizes(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first rows of a table are those of a release 4 report."""
    return bool(rows and rows[0]) and release4().report(rows[0][0]) is not None and "r4" in fold(rows[0][0])


def read(rows: Iterator[list[str]], kind: str, limits: Limits, sink: Sink) -> tuple[Header, Iterator[Record]]:
    """The header and a stream of records; `kind` is csv, tsv or xlsx.

    Raises NotReadable when the report or its column headings cannot be found.
    """
    tables = release4()
    head: list[list[str]] = []
    for row in rows:
        if _is_heading(row, tables):
            break
        head.append(row)
        if len(head) >= _SEARCHED:
            raise NotReadable(
                f"This says it is a COUNTER release 4 report, but no row of column headings (Publisher, Platform, "
                f"months) was found in its first {_SEARCHED} rows. Ask the vendor for the file again."
            )
    else:
        raise NotReadable(
            "This says it is a COUNTER release 4 report, but it ends before the column headings. "
            "Ask the vendor for the file again."
        )
    report = tables.report(head[0][0]) if head and head[0] else None
    if report is None:
        raise NotReadable(
            "The first cell does not name a release 4 report such as “Journal Report 1 (R4)”. "
            "If this is another kind of table, read it with a mapping."
        )
    header = _header(head, report, kind, sink)
    section = _under(head, "sectiontype", column=1)
    layout = _layout(row, len(head) + 1, report, header, tables, sink)
    if len(row) > limits.columns:
        raise NotReadable(f"The table has {len(row)} columns; more than {limits.columns} cannot be a report.")
    return header, _records(rows, len(head) + 2, layout, section, limits, sink)


def _is_heading(row: list[str], tables: Release4) -> bool:
    fields = {tables.columns.get(fold(cell)) for cell in row[1:] if cell.strip()}
    return len(row) > 2 and bool({"publisher", "platform"} & fields) and "period_total" in fields


def _cell(row: Sequence[str], index: int) -> str:
    return row[index].strip() if index < len(row) else ""


def _under(head: list[list[str]], label: str, column: int) -> str:
    """The cell below the one that holds `label`."""
    for row, below in pairwise(head):
        if fold(_cell(row, column)) == label:
            return _cell(below, column)
    return ""


def _header(head: list[list[str]], report: Report4, kind: str, sink: Sink) -> Header:
    names = [_cell(row, 0) for row in head[1:3]]
    names = [name for name in names if not fold(name).startswith("periodcovered")]
    begin, end = _period(_under(head, "periodcoveredbyreport", column=0))
    if begin is None:
        sink.finding(
            "r4_period",
            Level.ERROR,
            "Period covered by Report is missing or not yyyy-mm-dd to yyyy-mm-dd",
            "“Period covered by Report” is missing or not “yyyy-mm-dd to yyyy-mm-dd”.",
            place=f"row {min(5, len(head))}",
            value=_under(head, "periodcoveredbyreport", column=0),
            advice="The months of the column headings were used.",
            ours=True,
        )
    identifier = names[1] if len(names) > 1 else ""
    return Header(
        report_id=report.id,
        report_name=_cell(head[0], 0),
        release="4",
        institution_name=names[0] if names else "",
        institution_ids={"Proprietary": (identifier,)} if identifier else {},
        begin=begin,
        end=end,
        created=_under(head, "daterun", column=0),
        format=kind,
        raw={f"row {number}": list(row) for number, row in enumerate(head, start=1)},
    )


def _period(text: str) -> tuple[date | None, date | None]:
    days = [(int(y), int(m), int(d) if d else 0) for y, m, d in _DAY.findall(text)]
    if len(days) != 2:
        return None, None
    (y1, m1, d1), (y2, m2, d2) = days
    try:
        begin = date(y1, m1, d1 or 1)
        end = date(y2, m2, d2) if d2 else last_day(date(y2, m2, 1))
    except ValueError:
        return None, None
    return (begin, end) if begin <= end else (None, None)


@dataclass(slots=True)
class _Layout:
    """Which column holds what."""

    report: Report4
    width: int
    fields: dict[int, str] = field(default_factory=dict)
    metric: int | None = None
    total: int | None = None
    months: list[tuple[int, str]] = field(default_factory=list)
    """Column → month; with `years` empty."""
    years: list[tuple[int, str]] = field(default_factory=list)
    """Column → year of publication, in a report by year."""
    headings: list[str] = field(default_factory=list)


def _layout(row: list[str], number: int, report: Report4, header: Header, tables: Release4, sink: Sink) -> _Layout:
    headings = [cell.strip() for cell in row]
    layout = _Layout(report, len(headings), headings=headings)
    for index, heading in enumerate(headings):
        what = "name" if index == 0 else tables.columns.get(fold(heading)) if heading else ""
        if what == "metric":
            layout.metric = index
        elif what == "period_total":
            layout.total = index
        elif what == "period_part" or what == "":
            continue
        elif what:
            layout.fields[index] = what
        elif report.by_year and (year := _publication_year(heading)):
            layout.years.append((index, year))
        else:
            _month_column(index, heading, number, header, layout, sink)
    if report.metric_column and layout.metric is None:
        raise NotReadable(
            f"{report.name} needs a column “{report.metric_column}” that says what each row counts; it is missing. "
            "Ask the vendor for the file again."
        )
    return layout


def _publication_year(heading: str) -> str:
    match = _YEAR.fullmatch(heading)
    if match:
        return match[1]
    folded = fold(heading)
    if folded == "articlesinpress":
        return "9999"
    return "0001" if folded in ("yopunknown", "unknown") else ("" if not folded.startswith("yop") else heading)


def _month_column(index: int, heading: str, number: int, header: Header, layout: _Layout, sink: Sink) -> None:
    place = f"row {number}, column {heading}"
    month = standard_month(heading) or lenient_month(heading)
    inside = month is not None and _within(month, header)
    if month is None or (not inside and standard_month(heading) is None):
        summary = "Column heading is no month of the reporting period; its counts were not used"
        sink.finding(
            "r4_month_heading",
            Level.ERROR,
            summary,
            f"The column heading “{heading}” is no month of the reporting period; its counts were not used.",
            place=place,
            value=heading,
            advice="Correct the heading to Mmm-yyyy, for example Mar-2018, and load the file again.",
            ours=True,
        )
        sink.quarantine(f"column {heading}", summary, heading)
        return
    if month in {known for _, known in layout.months}:
        summary = "Month occurs in two columns; the second was not used"
        sink.finding(
            "r4_month_twice",
            Level.ERROR,
            summary,
            f"The month {month} occurs in two columns; the second was not used.",
            place=place,
            value=heading,
            advice="Ask the vendor which of the two columns is right.",
            ours=True,
        )
        sink.quarantine(f"column {heading}", summary, heading)
        return
    if standard_month(heading) is None:
        sink.finding(
            "r4_month_repaired",
            Level.NOTICE,
            "Month heading is not Mmm-yyyy; it was read as the month of the reporting period",
            f"The month heading “{heading}” is not Mmm-yyyy; it was read as {month}.",
            place=place,
            value=heading,
            advice="Nothing to do if the month is right.",
            ours=True,
        )
    elif not inside:
        sink.finding(
            "r4_month_outside",
            Level.WARNING,
            "Month is outside the reporting period of the header",
            f"The month {heading} is outside the reporting period of the header.",
            place=place,
            value=heading,
            advice="The counts were used. Check with the vendor which of the two is right.",
            ours=True,
        )
    layout.months.append((index, month))


def _within(month: str, header: Header) -> bool:
    if header.begin is None or header.end is None:
        return True
    return month_key(header.begin.year, header.begin.month) <= month <= month_key(header.end.year, header.end.month)


def _records(
    rows: Iterator[list[str]], first: int, layout: _Layout, section: str, limits: Limits, sink: Sink
) -> Iterator[Record]:
    tables = release4()
    current: Record | None = None
    last: list[str] = []
    summed: dict[str, int] = {}
    aggregates: list[tuple[int, str, int]] = []
    for number, row in enumerate(rows, start=first):
        if not any(cell.strip() for cell in row):
            continue
        if number > limits.rows:
            raise NotReadable(f"The table has more than {limits.rows:,} rows; split it by year.")
        name = _cell(row, 0)
        if _is_aggregate(name, row, layout, tables):
            if layout.total is not None and (stated := _count(_cell(row, layout.total), "", number, sink)) is not None:
                aggregates.append((number, name, stated))
            sink.finding(
                "r4_aggregate_row",
                Level.NOTICE,
                "Row of totals was not counted as a title",
                f"The row “{name}” holds totals and was not counted as a title.",
                place=f"row {number}",
                value=name,
                advice="Nothing to do.",
                ours=True,
            )
            continue
        metric = layout.report.metric
        if layout.metric is not None:
            label = _cell(row, layout.metric)
            known = tables.metric(label)
            if known is None:
                _unknown_metric(label, layout, number, row, sink)
                continue
            metric = known
        months = _counts(row, layout, number, limits, sink)
        for _, month_counts in months:
            summed[metric] = summed.get(metric, 0) + sum(month_counts.values())
        key = [_cell(row, index) for index in layout.fields]
        for year, month_counts in months:
            if current is None or key != last or year != current.yop or metric in current.counts:
                if current is not None:
                    yield current
                current = _record(row, number, year, section, layout)
                last = key
            current.counts[metric] = month_counts
    if current is not None:
        yield current
    _check_aggregates(aggregates, summed, layout, sink)


def _is_aggregate(name: str, row: list[str], layout: _Layout, tables: Release4) -> bool:
    """Whether a row adds up the others. “Total” with an ISSN is a magazine of that name, not a sum."""
    text = " ".join(name.lower().split())
    if text.startswith(tables.aggregate_prefix):
        return True
    return text in tables.aggregate_rows and not any(
        _cell(row, index) and what not in ("name", "publisher", "platform") for index, what in layout.fields.items()
    )


def _unknown_metric(label: str, layout: _Layout, number: int, row: list[str], sink: Sink) -> None:
    summary = f"Value of {layout.report.metric_column} is none of release 4; the row was not used"
    sink.finding(
        "r4_metric",
        Level.ERROR,
        summary,
        f"“{label}” is no {layout.report.metric_column} of release 4; the row was not used.",
        place=f"row {number}, column {layout.report.metric_column}",
        value=label,
        advice="Correct the value or leave the row out.",
        ours=True,
    )
    sink.quarantine(f"row {number}", summary, "\t".join(row))


def _counts(
    row: list[str], layout: _Layout, number: int, limits: Limits, sink: Sink
) -> list[tuple[str, dict[str, int]]]:
    """Year of publication ("" if none) and counts by month, one pair per record."""
    if layout.years:
        by_year = []
        for index, year in layout.years:
            count = _count(_cell(row, index), layout.headings[index], number, sink, limits.count)
            if count:
                by_year.append((year, {TOTALS: count}))
        return by_year
    counts: dict[str, int] = {}
    complete = True
    for index, month in layout.months:
        count = _count(_cell(row, index), layout.headings[index], number, sink, limits.count)
        complete = complete and count is not None
        if count:
            counts[month] = count
    if complete and layout.total is not None and _cell(row, layout.total):
        _check_total(row, counts, layout, number, sink)
    return [("", counts)]


def _check_total(row: list[str], counts: dict[str, int], layout: _Layout, number: int, sink: Sink) -> None:
    stated = _count(_cell(row, layout.total or 0), "Reporting Period Total", number, sink)
    if stated is not None and stated != sum(counts.values()):
        sink.finding(
            "r4_row_total",
            Level.WARNING,
            "Reporting Period Total is not the sum of the months",
            f"Reporting Period Total is {stated:,}, but the months add up to {sum(counts.values()):,}.",
            place=f"row {number}, column Reporting Period Total",
            value=str(stated),
            advice="The months were used. Ask the vendor if a month is missing.",
            ours=True,
        )


def _count(text: str, heading: str, number: int, sink: Sink, largest: int = 10**15) -> int | None:
    """A count; None for an empty cell and for one that is no count (with a finding, if `heading` says where)."""
    value = whole_number(text, largest)
    if value is not None or not text:
        return value
    if heading:
        summary = "Cell is no count; it was not used"
        sink.finding(
            "r4_count",
            Level.ERROR,
            summary,
            f"“{text[:40]}” is no count; the cell was not used.",
            place=f"row {number}, column {heading}",
            value=text[:200],
            advice="Ask the vendor for the figure, correct the cell and load the file again.",
            ours=True,
        )
        sink.quarantine(f"row {number}, column {heading}", summary, text)
    return None


def _record(row: list[str], number: int, year: str, section: str, layout: _Layout) -> Record:
    record = Record(
        name=_cell(row, 0),
        data_type=layout.report.data_type,
        access_type=layout.report.access_type,
        section_type=section,
        yop=year,
        place=number,
    )
    identifiers: Identifiers = {}
    for index, what in layout.fields.items():
        value = _cell(row, index)
        if not value or what == "name":
            continue
        if what == "publisher":
            record.publisher = value
        elif what == "platform":
            record.platform = value
        elif what == "data_type":
            record.data_type = value
        else:
            identifiers[what] = tuple(chain(identifiers.get(what, ()), (value,)))
    record.identifiers = identifiers
    if layout.report.kind == "Platform":
        record.platform = record.platform or record.name
    return record


def _check_aggregates(
    aggregates: list[tuple[int, str, int]], summed: dict[str, int], layout: _Layout, sink: Sink
) -> None:
    """The row of totals against the sum of the titles, where one row speaks for one metric."""
    if len(aggregates) != 1 or len(summed) != 1 or layout.total is None:
        return
    number, name, stated = aggregates[0]
    counted = next(iter(summed.values()))
    if stated != counted:
        sink.finding(
            "r4_total_row",
            Level.WARNING,
            "Row of totals is not the sum of its titles",
            f"The row “{name}” says {stated:,}, but the titles add up to {counted:,}.",
            place=f"row {number}, column Reporting Period Total",
            value=str(stated),
            advice="The titles were counted. Ask the vendor whether titles are missing from the file.",
            ours=True,
        )

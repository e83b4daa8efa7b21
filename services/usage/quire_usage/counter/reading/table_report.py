"""Reads a report in a table: header, records, and the official checks, in one pass."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice

from quire_usage.counter.definitions import release
from quire_usage.counter.model import Header, Record
from quire_usage.counter.reading.limits import NotReadable
from quire_usage.counter.reading.sink import Issue, Mute, Sink
from quire_usage.counter.reading.table_records import TITLE_ROWS, Layout, RecordBuilder, Row
from quire_usage.counter.validation.columns import Columns, judge_columns
from quire_usage.counter.validation.header import DEFAULT_RELEASE, HeaderJudge, as_number, supported_release
from quire_usage.counter.validation.merging import Group, Merger
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.rows import RowJudge
from quire_usage.counter.validation.shapes import Reporter, Shapes
from quire_usage.counter.words import BLANKS, fuzzy

Source = Callable[[], Generator[Row, None, None]]
"""Opens the rows anew, from the first."""


class TableReading:
    """One table being read. `fatal`: the official check already ended; the rows are read all the same."""

    def __init__(self, source: Source, kind: str, sink: Sink, *, fatal: bool) -> None:
        self._source = source
        self._kind = kind
        self._sink = sink
        with closing(source()) as rows:
            self.first_rows = list(islice(rows, TITLE_ROWS))
        self._layout = Layout(self.first_rows)
        if not self._layout.is_report:
            shown = " / ".join(filter(None, ("\t".join(row).strip() for row in self.first_rows[:3])))[:200]
            raise NotReadable(
                f"This table is no COUNTER report: its first {TITLE_ROWS} rows have neither a report header nor a "
                f"Metric_Type column. It begins: {shown}"
            )
        self.header: Header = self._layout.header(kind)
        self._judge: HeaderJudge | None = None
        self._plan: Plan | None = None
        self._columns: Columns | None = None
        if not fatal:
            self._judge_header()

    def _say(self, code: str, place: str, value: str = "", **words: str) -> None:
        self._sink.issue(Issue(code, value, words), place)

    def _judge_header(self) -> None:
        release_id = self._release()
        if release_id is None:
            return
        rows = release(release_id).header_rows
        judge = HeaderJudge(self._sink, release_id, "tabular")
        judge.table(self.first_rows[: rows + 1])
        self._judge = judge
        if judge.report is None or judge.data.get("Report_ID", judge.report.id) not in judge.release.reports:
            return
        self._plan = judge.plan()
        self.header.report_id = judge.report.id
        self.header.release = judge.release.id
        if self._plan is None:
            self._say("body-skipped-table", f"row {rows + 3}")
            return
        self.header.begin, self.header.end = self._plan.begin, self._plan.end
        self._judge_columns(rows + 2)

    def _judge_columns(self, number: int) -> None:
        assert self._plan is not None
        if len(self.first_rows) < number:
            self._say("columns-missing-row", f"row {number}")
            return
        headings = self.first_rows[number - 1]
        self._columns = judge_columns(self._plan, self._sink, headings, number, dates_are_cells=self._kind == "xlsx")
        if self._columns is None:
            self._say("body-skipped-columns", f"row {number + 1}")

    def _release(self) -> str | None:
        row = self.first_rows[2] if len(self.first_rows) > 2 else []
        if row and fuzzy(row[0]) == "release" and len(row) > 1 and row[1] != "":
            shapes = Shapes(self._sink, "tabular")
            text = row[1].strip(BLANKS)
            # spreadsheet programs take 5.0 in a text file for the number 5, in a workbook it stays what it is
            text = text if self._kind == "xlsx" else as_number(text)
            return supported_release(shapes, "row 3, column B", text)
        self._say("release-assumed-table", "row 3, column B", release=DEFAULT_RELEASE)
        return DEFAULT_RELEASE

    def records(self) -> Iterator[Record]:
        """All records; the checks are complete when the last one was taken."""
        builder = RecordBuilder(self._layout.headings, self._sink) if self._layout.heading_row else None
        body = self._layout.heading_row
        checked = _Rows(self._plan, self._sink, self._columns) if self._plan and self._columns else None
        counts: list[int] | None = None
        same_months = builder is not None and self._plan is not None and builder.months == self._plan.months
        for number, row in enumerate(self._source(), start=1):
            if checked is not None:
                counts = checked.see(number, row)
            if builder is not None and number > body:
                record = builder.see(number, row, counts if same_months else None)
                if record is not None:
                    yield record
        if builder is not None:
            last = builder.last()
            if last is not None:
                yield last
        if checked is not None and self._judge is not None and self._plan is not None:
            checked.finish(self._source)
            self._judge.exceptions.judge_usage("row 9, column B", checked.rows, self._plan.begin, self._plan.end)


class _Rows:
    """The check of the rows of one report."""

    def __init__(self, plan: Plan, sink: Sink, columns: Columns) -> None:
        self._plan = plan
        self._sink = sink
        self._columns = columns
        self._first = plan.release.header_rows + 3
        self._judge = RowJudge(plan, sink, columns)
        self._merger = Merger(plan, sink)
        self._blank: list[int] = []

    @property
    def rows(self) -> int:
        """Rows of the body so far, blank ones between others included."""
        return self._judge.rows

    def see(self, number: int, row: Row) -> list[int] | None:
        """Judges one row of the file; gives its counts in the order of the plan's months, if all are plain."""
        if number < self._first:
            return None
        if self._blank or not any(row):
            for group in self._after_blanks(self._judge, self._blank, number, row):
                self._merger.see(group)
            return None
        complete = self._judge.see(number, row)
        if complete is not None:
            self._merger.see(complete)
        return self._judge.counts

    def _after_blanks(self, judge: RowJudge, blank: list[int], number: int, row: Row) -> Iterator[Group]:
        """A blank row counts when another row follows."""
        if not any(row):
            blank.append(number)
            return
        for before in (*blank, number):
            group = judge.see(before, row if before == number else [])
            if group is not None:
                yield group
        blank.clear()

    def finish(self, source: Source) -> None:
        """Judges what needs the whole body."""
        last = self._judge.last()
        if last is not None:
            self._merger.see(last)

        def groups() -> Iterator[Group]:
            muted: Reporter = Mute()
            judge = RowJudge(self._plan, muted, self._columns)
            blank: list[int] = []
            for number, row in enumerate(source(), start=1):
                if number >= self._first:
                    yield from self._after_blanks(judge, blank, number, row)
            last = judge.last()
            if last is not None:
                yield last

        self._merger.finish(groups)
        if self._judge.unusable or self._merger.conflicts:
            self._sink.issue(Issue("checks-skipped-table"), "")
        if self._judge.rows:
            absent = [metric for metric in self._plan.metrics if metric not in self._judge.metrics_present]
            if absent:
                types = "'" + "', '".join(absent) + "'"
                self._sink.issue(Issue("metrics-absent", "", {"types": types}), "")

"""One open report: its header, its records as a stream, what was found, and what was put aside."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from quire_usage.counter.model import Finding, Header, Level, Quarantined, Record
from quire_usage.counter.reading import mapped, release4, sushi_xml
from quire_usage.counter.reading.json_report import JsonReading
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.sink import Issue, Sink
from quire_usage.counter.reading.source import open_bytes
from quire_usage.counter.reading.table_records import TITLE_ROWS
from quire_usage.counter.reading.table_report import Source, TableReading
from quire_usage.counter.reading.text_table import recognize
from quire_usage.counter.reading.workbook import Workbook

_AGGREGATE = re.compile(
    r"(?:grand\s+)?totals?(?:\s+(?:for\s+)?all\s.*|\s+usage|\s*:)?"
    r"|all\s+(?:titles|databases|items|platforms|journals|books|multimedia)",
    re.IGNORECASE,
)
"""Names of rows that sum up other rows (Web of Science's `All Databases`, `Total`, …)."""
_SERIAL = frozenset({"DOI", "ISBN", "Print_ISSN", "Online_ISSN"})
"""Who has one of these is a work, whatever its name."""
_BOM = b"\xef\xbb\xbf"
_NOT_TABLES = (
    (b"%PDF", "This is a PDF; ask for the report as JSON, TSV or XLSX."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook (.xls) or another Office file; save it as XLSX."),
    (b"\x7fELF", "This is a program, not a report."),
    (b"\x89PNG", "This is a picture, not a report."),
    (b"\xff\xd8\xff", "This is a picture, not a report."),
    (b"Rar!", "This is a RAR archive; unpack it and load what is in it."),
    (b"7z\xbc\xaf", "This is a 7z archive; unpack it and load what is in it."),
)


class Reading:
    """An open report. `header` is known at once; iterate for the records; then read `findings` and `quarantined`.

    The official checks run while the records are taken; `findings` and `level` are complete after the last one.
    """

    def __init__(self, stream: BinaryIO, name: str, limits: Limits, mapping: mapped.Mapping | None = None) -> None:
        self.name = name
        self.limits = limits
        self.sink = Sink(limits)
        self.complete = False
        """True when all records were taken."""
        self._stream = stream
        self._mapping = mapping
        self.header: Header
        self._records: Iterator[Record]
        self.header, self._records = self._open()
        self._running = self._run()

    @property
    def format(self) -> str:
        """json, tsv, csv, xlsx or xml: what the content is, whatever the name says."""
        return self.header.format

    @property
    def findings(self) -> list[Finding]:
        """What was found so far, worst first."""
        return self.sink.findings

    @property
    def quarantined(self) -> list[Quarantined]:
        """Parts that were not used so far."""
        return self.sink.quarantined

    @property
    def level(self) -> Level:
        """The official level so far."""
        return self.sink.level

    def _open(self) -> tuple[Header, Iterator[Record]]:
        head = self._stream.read(4096)
        self._stream.seek(0)
        start = head.removeprefix(_BOM).lstrip()
        for magic, words in _NOT_TABLES:
            if start.startswith(magic):
                raise NotReadable(words)
        if head.startswith(b"PK"):
            return self._open_workbook()
        if (self._mapping is None and start[:1] in (b"{", b"[")) or start[:2] in (b'"{', b'"['):
            reading = JsonReading(self._stream, self.limits, self.sink, bom=head.startswith(_BOM))
            return reading.header, reading.records()
        if self._mapping is None and sushi_xml.recognizes(head):
            return sushi_xml.read(self._stream, self.limits, self.sink)
        if start[:1] == b"<" and start[1:2] not in (b"\t", b","):
            raise NotReadable(
                "This is a web page or another XML file, not a report; often it is a sign-in page: fetch the report "
                f"again after signing in. It begins: {_shown(start)}"
            )
        return self._open_text()

    def _open_workbook(self) -> tuple[Header, Iterator[Record]]:
        book = Workbook(self._stream, self.limits)
        if len(book.sheets) > 1:
            self.sink.issue(Issue("sheets", str(len(book.sheets)), {"found": str(len(book.sheets))}), "")
        return self._open_table(book.rows, "xlsx", fatal=False)

    def _open_text(self) -> tuple[Header, Iterator[Record]]:
        table = recognize(self._stream, self.limits)
        if table.fatal:
            self.sink.issue(Issue(table.fatal, "", {"encoding": table.found}), "")
        elif not table.bom:
            self.sink.issue(Issue("bom-missing"), "row 1")
        return self._open_table(lambda: table.rows(self._stream, self.limits), table.kind, fatal=bool(table.fatal))

    def _open_table(self, source: Source, kind: str, *, fatal: bool) -> tuple[Header, Iterator[Record]]:
        if self._mapping is not None:
            # a mapped table is no COUNTER report, so the official checks of its beginning do not apply
            self.sink = Sink(self.limits)
            return mapped.read(source(), kind, self._mapping, self.limits, self.sink)
        with closing(source()) as rows:
            first = list(islice(rows, TITLE_ROWS))
        if release4.recognizes(first):
            self.sink = Sink(self.limits)
            return release4.read(source(), kind, self.limits, self.sink)
        reading = TableReading(source, kind, self.sink, fatal=fatal)
        return reading.header, reading.records()

    def _run(self) -> Generator[Record, None, None]:
        for record in self._records:
            if _AGGREGATE.fullmatch(record.name) and not _SERIAL.intersection(record.identifiers):
                self._put_aside(record)
            else:
                yield record
        self.complete = True

    def _put_aside(self, record: Record) -> None:
        place = f"row {record.place}" if isinstance(record.place, int) else record.place
        self.sink.issue(Issue("aggregate", record.name), place)
        totals = ", ".join(f"{metric} {total}" for metric, total in record.totals().items())
        reason = "A sum of other rows; counting it would double the usage."
        self.sink.quarantine(place, reason, f"{record.name}: {totals}")

    def __iter__(self) -> Iterator[Record]:
        return self._running

    def close(self) -> None:
        """Releases the file; records that were not taken are gone."""
        self._running.close()
        if isinstance(self._records, Generator):
            self._records.close()
        self._stream.close()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_report(
    source: Path | BinaryIO | bytes,
    name: str | None = None,
    limits: Limits | None = None,
    mapping: mapped.Mapping | None = None,
) -> Reading:
    """Opens a report of any supported format and release; the content decides, not the name.

    With a `mapping` the table is read by it and nothing is sniffed but its format; the header says that it is no
    COUNTER report.

    Raises NotReadable, with words for a librarian, when the input is no report at all.
    """
    bounds = limits or Limits()
    stream = open_bytes(source, bounds)
    shown = name or (source.name if isinstance(source, Path) else getattr(source, "name", "") or "report")
    try:
        return Reading(stream, str(shown), bounds, mapping)
    except BaseException:
        stream.close()
        raise


def _shown(start: bytes) -> str:
    return " ".join(start[:300].decode("utf-8", "replace").split())[:160]

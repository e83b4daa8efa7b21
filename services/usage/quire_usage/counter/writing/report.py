"""One report into one file."""

import csv
import io
from collections.abc import Iterable
from typing import BinaryIO, Literal, get_args

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from quire_usage.counter.model import Header, Record
from quire_usage.counter.writing.json_report import write_json
from quire_usage.counter.writing.plan import NotWritable, Plan, plan
from quire_usage.counter.writing.table import rows

__all__ = ["FORMATS", "Format", "NotWritable", "write"]

Format = Literal["json", "tsv", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)


def write(header: Header, records: Iterable[Record], form: Format, file: BinaryIO) -> None:
    """Writes the report in the release that its header states (5 or 5.1), in the order of the records.

    Release 5 figures are not rewritten as 5.1 or the other way round: books are counted differently
    (Code of Practice 5.1, section 7.4), so that the result would be wrong, not only differently set out.
    Raises NotWritable for a report that the standard does not know and for counts outside the reporting period.
    """
    planned = plan(header)
    if form == "json":
        write_json(planned, records, file)
    elif form == "xlsx":
        _write_xlsx(planned, records, file)
    else:
        _write_text(planned, records, "\t" if form == "tsv" else ",", file)


def _write_text(planned: Plan, records: Iterable[Record], delimiter: str, file: BinaryIO) -> None:
    """UTF-8 with byte order mark, which the standard recommends so that spreadsheets see the encoding."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    for row in rows(planned, records):
        writer.writerow(row)
    text.flush()
    text.detach()


def _write_xlsx(planned: Plan, records: Iterable[Record], file: BinaryIO) -> None:
    """One sheet named by the report. Texts are stored as texts, so that `=…` in a title is never run as a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(planned.report.id)
    for row in rows(planned, records):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    book.save(file)

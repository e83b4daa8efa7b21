"""Verdicts as a spreadsheet. All texts are stored as texts, so that none is ever run as a formula."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from quire_usage.counter.reports.judged import Judged

_SHEETS: dict[str, tuple[tuple[str, int], ...]] = {
    "Files": (("File", 40), ("Report", 40), ("Level", 16), ("Meaning", 80), ("Records", 10)),
    "Findings": (
        ("File", 30),
        ("Level", 16),
        ("Check", 20),
        ("By", 10),
        ("Times", 8),
        ("What is wrong", 80),
        ("First place", 30),
        ("First value", 30),
        ("What to do", 60),
    ),
    "Places": (("File", 30), ("Check", 20), ("What is wrong", 60), ("Place", 30), ("Value", 40)),
    "Not counted": (("File", 30), ("Place", 30), ("Reason", 60), ("Content", 80)),
    "Totals": (("File", 30), ("Metric", 30), ("Sum", 14)),
}


def write_workbook(judged: Sequence[Judged], file: BinaryIO) -> None:
    """Writes one workbook for all files, with the sheets Files, Findings, Places, Not counted and Totals."""
    book = Workbook(write_only=True)
    rows: dict[str, Iterable[Sequence[str | int]]] = {
        "Files": [(j.name, j.title, j.level.official, j.meaning, j.records) for j in judged],
        "Findings": [
            (
                j.name,
                f.level.official,
                f.code,
                "Quire" if f.ours else "official",
                f.count,
                f.message,
                f.place,
                f.value,
                f.advice,
            )
            for j in judged
            for f in j.findings
        ],
        "Places": [
            (j.name, f.code, f.summary, example.place, example.value)
            for j in judged
            for f in j.findings
            for example in f.examples
        ],
        "Not counted": [(j.name, part.place, part.reason, part.raw) for j in judged for part in j.quarantined],
        "Totals": [(j.name, metric, total) for j in judged for metric, total in j.totals.items()],
    }
    for title, columns in _SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, (_, width) in enumerate(columns):
            sheet.column_dimensions["ABCDEFGHI"[number]].width = width
        sheet.append([_cell(sheet, heading, bold=True) for heading, _ in columns])
        for row in rows[title]:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(file)


def _cell(sheet: WriteOnlyWorksheet, value: str | int, *, bold: bool = False) -> Cell:
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value=value)
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", value)[:32_000])
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell

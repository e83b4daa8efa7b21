"""XLSX as rows, within limits."""

import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import python_calamine

from quire_usage.counter.months import as_text
from quire_usage.counter.reading.limits import Limits, NotReadable

_FREE = 32 * 1024**2
"""Unpacked bytes that no ratio is asked of."""

Row = list[str]


class Workbook:
    """The first sheet of a workbook. Raises NotReadable for what is no workbook or unpacks beyond the limits."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        _check_parts(stream, limits)
        stream.seek(0)
        try:
            self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
            self.sheets: list[str] = self._book.sheet_names
        except (python_calamine.CalamineError, python_calamine.PasswordError) as fault:
            raise NotReadable(f"The workbook cannot be opened: {fault}. Save it again as XLSX.") from fault
        if not self.sheets:
            raise NotReadable("The workbook has no sheet.")

    def rows(self) -> Iterator[Row]:
        """All rows of the first sheet, cells as text."""
        try:
            sheet = self._book.get_sheet_by_index(0)
        except (python_calamine.CalamineError, python_calamine.WorksheetNotFound) as fault:
            raise NotReadable(f"The first sheet cannot be read: {fault}.") from fault
        if sheet.width > self._limits.columns:
            raise NotReadable(f"The sheet has {sheet.width} columns; no COUNTER report has so many.")
        for row in sheet.to_python(skip_empty_area=False):
            yield [cell if isinstance(cell, str) else as_text(cell) for cell in row]


def _check_parts(stream: BinaryIO, limits: Limits) -> None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as packed:
            parts = packed.infolist()
            names = {part.filename for part in parts}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise NotReadable(f"The file is a damaged ZIP or workbook: {fault}.") from fault
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        listed = ", ".join(sorted(names)[:5])
        raise NotReadable(f"This is a ZIP, not a workbook (it holds: {listed}); unpack it and load what is in it.")
    for part in parts:
        if part.file_size > limits.bytes or part.file_size > max(_FREE, limits.ratio * part.compress_size):
            raise NotReadable(
                f"{part.filename} in the workbook unpacks from {part.compress_size} to {part.file_size} bytes; "
                "no spreadsheet program writes that, and it was not opened."
            )

"""Tables of other systems: XLSX by calamine, CSV with its encoding and separator found out.

A table keeps the place of every value as a spreadsheet shows it, so that a fault can be looked up.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Final, Literal

from python_calamine import CalamineError, load_workbook

from quire_orders.imports.amounts import Value
from quire_orders.imports.faults import MAX_ROWS, CellFault, ImportFault, UnreadableFile, check_size, too_many_rows
from quire_orders.imports.workbooks import SheetScan, scan

_SEPARATORS: Final = ("\t", ";", ",", "|")
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_HEADER_SEARCH: Final = 50


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of values. Row `n` of the file is `rows[n - 1]`; `unusable` says why a cell has no value."""

    sheet: str | None
    rows: Sequence[Sequence[Value]]
    encoding: str | None = None
    separator: str | None = None
    unusable: dict[tuple[int, int], str] = field(default_factory=dict)

    def place(self, row: int, column: int) -> str:
        """The cell as a spreadsheet names it: "Budget!C17", in a CSV file "C17"."""
        cell = f"{column_letters(column)}{row}"
        return f"{self.sheet}!{cell}" if self.sheet else cell

    def row_place(self, row: int) -> str:
        return f"{self.sheet}!row {row}" if self.sheet else f"row {row}"

    def value(self, row: int, column: int) -> Value:
        """The value of a cell, None beyond the end of its row.

        Raises CellFault for a formula without a usable result: it must not pass for an empty cell.
        """
        if (row, column) in self.unusable:
            raise CellFault("unusable_cell", self.unusable[row, column], "Correct the formula and save the file again.")
        values = self.rows[row - 1]
        return values[column - 1] if column <= len(values) else None

    def text(self, row: int, column: int) -> str:
        """The value of a cell as trimmed text. Raises CellFault like `value`."""
        return as_text(self.value(row, column))

    def is_blank(self, row: int) -> bool:
        blank = all(value is None or value == "" for value in self.rows[row - 1])
        return blank and not any(number == row for number, _ in self.unusable)


def as_text(value: Value) -> str:
    """A value as a person would type it; whole numbers without a decimal point."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def column_letters(column: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_tables(content: bytes, kind: Literal["xlsx", "csv"], encoding: str | None = None) -> list[Table]:
    """Every sheet of a workbook, or the one table of a CSV file (`encoding` only when the mapping names it).

    Raises UnreadableFile with the first offending byte or row, and above 50 MB or 100,000 rows.
    """
    check_size(content)
    return _workbook(content) if kind == "xlsx" else [_csv(content, encoding)]


def kind_of(content: bytes) -> Literal["xlsx", "csv"]:
    """What the bytes look like, whatever the file is called."""
    return "xlsx" if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")) else "csv"


def _workbook(content: bytes) -> list[Table]:
    scans = {found.name: found for found in scan(content)}
    try:
        with load_workbook(io.BytesIO(content)) as workbook:
            tables = [
                _sheet(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False), scans.get(name))
                for name in workbook.sheet_names
                if name in scans
            ]
    except CalamineError as error:
        raise UnreadableFile(
            "byte 0", "no_workbook", f"The workbook cannot be read: {error}.", "Open it and save it again as .xlsx."
        ) from error
    if not tables:
        raise UnreadableFile("byte 0", "no_sheet", "The workbook has no sheet with cells.", "Export it again.")
    return tables


def _sheet(name: str, rows: Sequence[Sequence[object]], found: SheetScan | None) -> Table:
    values = [[_cell(value) for value in row] for row in rows]
    unusable = found.unusable if found else {}
    # A formula without a result may lie beyond what calamine takes for the end of the sheet.
    missing = max((row for row, _ in unusable), default=0) - len(values)
    values += [[] for _ in range(missing)]
    return Table(name, values, unusable=unusable)


def _cell(value: object) -> Value:
    if value is None or value == "":
        return None
    if isinstance(value, bool | str | datetime | date):
        return value
    if isinstance(value, int | float):
        return _decimal(value)
    if isinstance(value, time | timedelta):
        return str(value)
    raise TypeError(f"calamine gave a {type(value).__name__}")


def _decimal(number: float) -> Decimal:
    """The number as a spreadsheet shows it: 15 significant digits (0.1 + 0.2 is 0.3)."""
    exact = Decimal(format(number, ".15g"))
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() and abs(exact) < 10**20 else exact


def _csv(content: bytes, encoding: str | None) -> Table:
    text, used = _decode(content, encoding)
    separator = _separator(text)
    rows: list[list[Value]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            if len(rows) == MAX_ROWS:
                raise too_many_rows(f"row {MAX_ROWS + 1}")
            rows.append([value if value.strip() else None for value in row])
    except csv.Error as error:
        raise UnreadableFile(
            f"row {len(rows) + 1}",
            "broken_row",
            f"Row {len(rows) + 1} (line {reader.line_num} of the file) cannot be read: {error}.",
            "Look for a quotation mark that is not closed or not doubled.",
        ) from error
    return Table(None, rows, encoding=used, separator=separator)


def _decode(content: bytes, encoding: str | None) -> tuple[str, str]:
    """The text and the encoding it was read with: a byte order mark, else UTF-8, else Windows-1252."""
    marked = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    candidates = [encoding] if encoding else [marked] if marked else ["utf-8", "cp1252"]
    if not (marked or encoding) and b"\0" in content:
        offset = content.index(b"\0")
        raise UnreadableFile(
            f"byte {offset}",
            "no_text",
            f"This is no text file: byte {offset} is 0x00.",
            "Export it as CSV (UTF-8) or XLSX.",
        )
    failure: UnicodeDecodeError | None = None
    for name in candidates:
        try:
            return content.decode(name), name
        except UnicodeDecodeError as error:
            failure = error
        except LookupError as error:
            raise UnreadableFile(
                "byte 0", "unknown_encoding", f"“{name}” is no known encoding.", "Correct the mapping."
            ) from error
    if failure is None:
        raise AssertionError("there is always a candidate")
    offset = failure.start
    line = content.count(b"\n", 0, offset) + 1
    raise UnreadableFile(
        f"byte {offset}",
        "wrong_encoding",
        f"Byte {offset} (line {line}) is 0x{content[offset]:02X}, which {failure.encoding} does not have.",
        "Export the file as UTF-8, or name its encoding in the mapping.",
    ) from failure


def _separator(text: str) -> str:
    """The separator that cuts the first rows into the most regular columns."""
    sample = "\n".join(text.splitlines()[:200])

    def score(separator: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=separator) if any(row)]
        except csv.Error:
            return (0.0, 0)
        common = Counter(width for width in widths if width > 1).most_common(1)
        return (common[0][1] / len(widths), common[0][0]) if common else (0.0, 0)

    return max(_SEPARATORS, key=score)


def find_table(tables: Sequence[Table], sheet: str | None) -> Table:
    """The sheet that the mapping names, else the first. Raises UnreadableFile when it is not there."""
    if sheet is None or tables[0].sheet is None:
        return tables[0]
    for table in tables:
        if table.sheet == sheet:
            return table
    names = ", ".join(table.sheet or "" for table in tables)
    raise UnreadableFile(
        sheet,
        "sheet_missing",
        f"The workbook has no sheet “{sheet}”; it has: {names}.",
        "Correct the mapping or the file.",
    )


@dataclass(frozen=True, slots=True)
class Header:
    """The row of headings and the column of each wanted one."""

    row: int
    columns: dict[str, int]


def find_header(table: Table, wanted: Sequence[str], header_row: int | None) -> tuple[Header | None, list[ImportFault]]:
    """The columns of the wanted headings, case and spacing aside.

    Without a given row it is looked for in the first 50 rows, past any preamble. Every missing or doubled heading is a
    fault, and then there is no header.
    """
    last = min(len(table.rows), _HEADER_SEARCH)
    candidates = [header_row] if header_row else list(range(1, last + 1))
    keys = {_key(name): name for name in wanted}
    best_row, best_hits = candidates[0] if candidates else 1, -1
    for row in candidates:
        if row > len(table.rows):
            continue
        hits = len(keys.keys() & {_key(as_text(value)) for value in table.rows[row - 1]})
        if hits > best_hits:
            best_row, best_hits = row, hits
    headings = [as_text(value) for value in table.rows[best_row - 1]] if best_row <= len(table.rows) else []
    columns: dict[str, int] = {}
    faults: list[ImportFault] = []
    for key, name in keys.items():
        found = [number for number, heading in enumerate(headings, 1) if _key(heading) == key]
        if len(found) > 1:
            places = ", ".join(table.place(best_row, number) for number in found)
            faults.append(
                ImportFault(
                    places, "column_twice", f"The heading “{name}” stands more than once.", "Rename one of them."
                )
            )
        elif found:
            columns[name] = found[0]
        else:
            faults.append(_missing(table, best_row, name, headings))
    return (None if faults else Header(best_row, columns)), faults


def _missing(table: Table, row: int, name: str, headings: Sequence[str]) -> ImportFault:
    close = get_close_matches(name, [heading for heading in headings if heading], n=1)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    there = ", ".join(heading for heading in headings if heading) or "none"
    return ImportFault(
        table.row_place(row),
        "column_missing",
        f"There is no column “{name}”; the headings are: {there}.{hint}",
        "Correct the mapping or the heading.",
    )


def _key(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def data_rows(table: Table, header: Header) -> Iterator[int]:
    """The numbers of the rows below the headings that are not blank."""
    for row in range(header.row + 1, len(table.rows) + 1):
        if not table.is_blank(row):
            yield row

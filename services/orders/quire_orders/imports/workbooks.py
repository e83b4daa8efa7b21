"""XLSX workbooks, looked at before calamine opens them.

calamine builds the whole rectangle of a sheet in memory and reads a cell with an error, or a formula that was never
calculated, as an empty one. So the parts of the file are streamed once: their real size is counted (a ZIP bomb), the
reach of every sheet is measured, and cells without a usable value are noted.
"""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Final

import defusedxml.ElementTree as DefusedTree
from defusedxml.common import DefusedXmlException

from quire_orders.imports.faults import MAX_ROWS, UnreadableFile, too_many_rows

MAX_UNPACKED: Final = 500 * 1024 * 1024
MAX_CELLS: Final = 10_000_000
MAX_COLUMNS: Final = 1_000
_CHUNK: Final = 1024 * 1024
# A cell with content; then optionally a formula whose stored value is missing.
_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*[^>/])>"
    rb"(?:(<(?:\w+:)?f[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>))?"
)
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_IS_ERROR = re.compile(rb"\bt=[\"']e[\"']")


@dataclass(slots=True)
class SheetScan:
    """What a sheet holds: its last row and column with content, and the cells without a usable value."""

    name: str
    rows: int = 0
    columns: int = 0
    unusable: dict[tuple[int, int], str] = field(default_factory=dict)


def scan(content: bytes) -> list[SheetScan]:
    """The sheets of a workbook in order. Raises UnreadableFile when it is no XLSX workbook or holds too much."""
    _check_kind(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise _no_workbook("byte 0", "it is a ZIP file without a workbook in it")
            scans = _sheets(archive)
            _unpack(archive, {path: found for path, found in scans.items() if path in names})
            return list(scans.values())
    except UnreadableFile:
        raise
    # What zipfile lets through for damaged offsets, names, methods and encrypted parts.
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        raise _no_workbook(f"byte {len(content) - 1}", f"the file is damaged or cut off ({error})") from error


def _check_kind(content: bytes) -> None:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            "byte 0",
            "old_workbook",
            "This is an old .xls workbook or one with a password (its first byte is 0xD0).",
            "Save it as .xlsx without a password.",
        )
    for offset, expected in enumerate(b"PK\x03\x04"):
        if len(content) <= offset or content[offset] != expected:
            found = f"0x{content[offset]:02X}" if len(content) > offset else "the end of the file"
            raise _no_workbook(f"byte {offset}", f"it has {found} where a workbook has 0x{expected:02X}")


def _no_workbook(place: str, why: str) -> UnreadableFile:
    return UnreadableFile(
        place, "no_workbook", f"This is no XLSX workbook: {why}.", "Export it again as .xlsx, or load it as CSV."
    )


def _sheets(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """The path of every worksheet inside the archive, in the order of the workbook."""
    try:
        targets = {
            relation.get("Id"): relation.get("Target", "")
            for relation in DefusedTree.fromstring(_small(archive, "xl/_rels/workbook.xml.rels"))
        }
        workbook = DefusedTree.fromstring(_small(archive, "xl/workbook.xml"))
    except (KeyError, DefusedTree.ParseError, DefusedXmlException) as error:
        raise _no_workbook("xl/workbook.xml", f"its list of sheets cannot be read ({error})") from error
    found: dict[str, SheetScan] = {}
    for sheet in workbook.iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            relation = next((value for key, value in sheet.attrib.items() if key.rpartition("}")[2] == "id"), None)
            target = targets.get(relation, "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            found[path] = SheetScan(sheet.get("name", ""))
    return found


def _small(archive: zipfile.ZipFile, path: str) -> bytes:
    with archive.open(path) as part:
        content = part.read(_CHUNK + 1)
    if len(content) > _CHUNK:
        raise _no_workbook(path, "its list of sheets is too large")
    return content


def _unpack(archive: zipfile.ZipFile, sheets: dict[str, SheetScan]) -> None:
    total = 0
    for part in archive.infolist():
        found = sheets.get(part.filename)
        rest = b""
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
                if total > MAX_UNPACKED:
                    raise UnreadableFile(
                        part.filename,
                        "file_too_large",
                        f"The workbook unpacks to more than {MAX_UNPACKED // 1024**2} MB.",
                        "Split it, or remove pictures and unused sheets.",
                    )
                if found is not None:
                    rest = _look(rest + chunk, found)
        if found is not None:
            _check_reach(found)


def _look(content: bytes, found: SheetScan) -> bytes:
    """Notes the cells in `content` and gives back the cut-off end, to be looked at with the next piece."""
    end = max(content.rfind(b"</c>"), content.rfind(b":c>")) + 4
    if end < 5:
        if len(content) < 4 * _CHUNK:
            return content
        end = content.rfind(b"<")  # no cell of Excel is that long: these are other parts of the sheet, or a trick
        if end < 0:
            return b""
    for match in _CELL.finditer(content, 0, end):
        attributes, uncalculated = match.group(1), match.group(2)
        reference = _REFERENCE.search(attributes)
        if reference is None:
            continue
        column, row = _column_number(reference.group(1)), int(reference.group(2))
        found.rows, found.columns = max(found.rows, row), max(found.columns, column)
        if _IS_ERROR.search(attributes):
            found.unusable[row, column] = "The formula of this cell ends in an error."
        elif uncalculated:
            found.unusable[row, column] = "The formula of this cell was never calculated."
        if len(found.unusable) > MAX_ROWS:
            raise too_many_rows(f"{found.name}!row {row}")
    return content[end:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_reach(found: SheetScan) -> None:
    if found.rows > MAX_ROWS:
        raise too_many_rows(f"{found.name}!row {MAX_ROWS + 1}")
    if found.columns > MAX_COLUMNS or found.rows * found.columns > MAX_CELLS:
        raise UnreadableFile(
            f"{found.name}!row {found.rows}",
            "sheet_too_wide",
            f"The sheet reaches over {found.rows:,} rows and {found.columns:,} columns.",
            f"Delete what stands far outside the table; at most {MAX_COLUMNS:,} columns are read.",
        )

"""XLSX as rows, streamed: only the shared texts are held in memory.

The parts of a workbook are XML in a ZIP. The small ones go through defusedxml. The sheet is cut into rows and cells
by patterns that fit what spreadsheet programs write; a row that does not fit goes through an XML parser. No entity or
document type is ever resolved. Source: ECMA-376, part 1, section 18.3 (worksheets).
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from quire_usage.counter.months import as_text
from quire_usage.counter.reading.limits import Limits, NotReadable

_FREE = 32 * 1024**2
"""Unpacked bytes that no ratio is asked of."""
_SMALL = 8 * 1024**2
"""Most bytes of a part that is parsed as a whole."""
_CHUNK = 512 * 1024
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?'
    r'(?:/>|>(?:<v>([^<]*)</v>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>|<is><t ?/></is>|<v ?/>)?</c>)'
)
_ROW = re.compile(r'<row\b[^>]*?\br="(\d+)"')
_ROW_START = re.compile(r"<row\b[^>]*?(/?)>")
_TEXT = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>|<t(?:\s[^>]*)?/>")
_PHONETIC = re.compile(r"<rPh\b.*?</rPh>", re.DOTALL)
_DATE_FORMATS = frozenset({14, 15, 16, 17, 22, 27, 30, 36, 50, 57})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  spreadsheet dates have no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001

_NUMBERS = frozenset(("", "n"))

Row = list[str]


class Workbook:
    """The first sheet of a workbook. Raises NotReadable for what is no workbook or unpacks beyond the limits."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        stream.seek(0)
        try:
            self._packed = zipfile.ZipFile(stream)
            parts = self._packed.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
            raise NotReadable(f"The file is a damaged ZIP or workbook: {fault}.") from fault
        self._names = {part.filename.lstrip("/"): part.filename for part in parts}
        if not any(name.startswith("xl/") for name in self._names):
            listed = ", ".join(sorted(self._names)[:5])
            raise NotReadable(f"This is a ZIP, not a workbook (it holds: {listed}); unpack it and load what is in it.")
        for part in parts:
            self._refuse_bomb(part)
        self.sheets: list[str] = []
        self._sheet = self._first_sheet()
        self._dates = self._date_styles()
        self._shared = self._shared_texts()

    def _refuse_bomb(self, part: zipfile.ZipInfo) -> None:
        most = max(_FREE, self._limits.ratio * part.compress_size)
        if part.file_size > self._limits.bytes or part.file_size > most:
            raise NotReadable(
                f"{part.filename} in the workbook unpacks from {part.compress_size} to {part.file_size} bytes; "
                "no spreadsheet program writes that, and it was not opened."
            )

    def _xml(self, name: str) -> Element | None:
        """A small part, parsed; None when the workbook has no such part."""
        real = self._names.get(name)
        if real is None:
            return None
        if self._packed.getinfo(real).file_size > _SMALL:
            raise NotReadable(f"{name} in the workbook is larger than any spreadsheet program writes it.")
        try:
            root: Element = fromstring(self._packed.read(real))
        except (ParseError, DefusedXmlException, ValueError, LookupError) as fault:
            raise NotReadable(f"{name} in the workbook is damaged or declares entities: {fault!r:.120}.") from fault
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as fault:
            raise NotReadable(f"{name} in the workbook is damaged or locked: {fault}.") from fault
        return root

    def _first_sheet(self) -> str:
        book = self._xml("xl/workbook.xml")
        links = self._xml("xl/_rels/workbook.xml.rels")
        self._epoch = _EPOCH
        if book is None:
            raise NotReadable("The workbook has no list of sheets; save it again as XLSX.")
        targets = {link.get("Id"): link.get("Target", "") for link in (links if links is not None else ())}
        first = ""
        for element in book.iter():
            name = element.tag.rpartition("}")[2]
            if name == "workbookPr" and element.get("date1904") in ("1", "true"):
                self._epoch = _EPOCH_1904
            if name == "sheet":
                self.sheets.append(element.get("name", ""))
                link = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
                first = first or targets.get(link, "")
        path = first.lstrip("/") if first.startswith("/") else f"xl/{first}"
        if path not in self._names:
            raise NotReadable("The workbook's first sheet is missing or is no table of cells.")
        return self._names[path]

    def _date_styles(self) -> frozenset[str]:
        """Numbers of the cell styles that show a date."""
        styles = self._xml("xl/styles.xml")
        if styles is None:
            return frozenset()
        formats: dict[str, str] = {}
        dates: set[str] = set()
        for group in styles:
            name = group.tag.rpartition("}")[2]
            if name == "numFmts":
                formats = {fmt.get("numFmtId", ""): fmt.get("formatCode", "") for fmt in group}
            elif name == "cellXfs":
                for number, style in enumerate(group):
                    code = style.get("numFmtId", "0")
                    own = _QUOTED.sub("", formats.get(code, "")).lower()
                    if (code.isdigit() and int(code) in _DATE_FORMATS) or ("y" in own or "d" in own):
                        dates.add(str(number))
        return frozenset(dates)

    def _shared_texts(self) -> list[str]:
        real = self._names.get("xl/sharedStrings.xml")
        if real is None:
            return []
        found: list[str] = []
        for part in self._pieces(real, "</si>"):
            if "<si" in part:
                bare = _PHONETIC.sub("", part) if "<rPh" in part else part
                found.append(_plain("".join(_TEXT.findall(bare))))
        return found

    def _pieces(self, name: str, end: str) -> Iterator[str]:
        """The text of a part, cut behind every `end`."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left = ""
        unpacked = 0
        try:
            with self._packed.open(name) as part:
                while data := part.read(_CHUNK):
                    unpacked += len(data)
                    if unpacked > self._limits.bytes:
                        raise NotReadable(f"{name} in the workbook is larger than {self._limits.bytes // 1024**2} MB.")
                    pieces = (left + decoder.decode(data)).split(end)
                    left = pieces.pop()
                    if len(left) > self._limits.line:
                        raise NotReadable(
                            f"{name} in the workbook has a row of more than {self._limits.line} characters."
                        )
                    yield from pieces
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as fault:
            raise NotReadable(f"{name} in the workbook is damaged or locked: {fault}.") from fault

    def rows(self) -> Generator[Row, None, None]:
        """All rows of the first sheet, cells as text; rows that the sheet leaves out are blank."""
        following = 1
        for piece in self._pieces(self._sheet, "</row>"):
            # rows without cells close themselves and stand before the row that ends here
            start = piece.rfind("<row")
            if start < 0:
                continue
            row = piece[start:]
            match = _ROW.match(row)
            number = int(match[1]) if match else following
            if number > self._limits.rows:
                raise NotReadable(f"The sheet says it has row {number}; no COUNTER report has so many.")
            while following < number:
                yield []
                following += 1
            following = max(following, number) + 1
            yield self._cells(row)

    def _cells(self, row: str) -> Row:
        found = _CELL.findall(row)
        if len(found) != row.count("<c ") + row.count("<c>") + row.count("<c/"):
            found = self._odd_cells(row)
        dates = self._dates
        if [cell[0] for cell in found] == _FIRST_COLUMNS[: len(found)] and "&" not in row:
            # cells from A on without gaps, as programs write full rows
            return [
                inline
                if kind == "inlineStr"
                else value
                if value.isdigit() and kind in _NUMBERS and style not in dates and value.isascii()
                else self._value(style, kind, value, inline)
                for _, style, kind, value, inline in found
            ]
        values: Row = []
        for letters, style, kind, value, inline in found:
            column = _column(letters)
            if column != len(values):
                if column > self._limits.columns:
                    raise NotReadable(f"The sheet has a column {letters}; no COUNTER report has so many.")
                if column < len(values):
                    continue
                values.extend([""] * (column - len(values)))
            values.append(self._value(style, kind, value, inline))
        return values

    def _value(self, style: str, kind: str, value: str, inline: str) -> str:
        """One cell as text."""
        if kind == "s":
            known = value.isdigit() and value.isascii() and int(value) < len(self._shared)
            return self._shared[int(value)] if known else ""
        if kind in _NUMBERS:
            return self._date(value) if style in self._dates else _number(value)
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return _plain(inline or value)

    def _odd_cells(self, row: str) -> list[tuple[str, str, str, str, str]]:
        """The cells of a row that is written in another way."""
        start = _ROW_START.match(row)
        inner = row[start.end() :] if start else row
        declared = "".join(
            f' xmlns:{prefix}="urn:{prefix}"'
            for prefix in sorted(set(re.findall(r"\b(\w+):\w", inner)))
            if prefix != "xml"
        )
        try:
            root = fromstring(f"<row{declared}>{inner}</row>")
        except (ParseError, DefusedXmlException, ValueError) as fault:
            raise NotReadable(f"A row of the sheet is damaged: {fault!r:.120}.") from fault
        found: list[tuple[str, str, str, str, str]] = []
        following = 0
        for cell in root:
            if cell.tag.rpartition("}")[2] != "c":
                continue
            letters = cell.get("r", "").rstrip("0123456789") or _letters(following)
            following = _column(letters) + 1
            value = "".join(part.text or "" for part in cell if part.tag.rpartition("}")[2] == "v")
            texts = "".join(part.text or "" for part in cell.iter() if part.tag.rpartition("}")[2] == "t")
            escaped = value.replace("&", "&amp;"), texts.replace("&", "&amp;")
            found.append((letters, cell.get("s", ""), cell.get("t", ""), *escaped))
        return found

    def _date(self, value: str) -> str:
        try:
            days = float(value)
            return as_text(self._epoch + timedelta(days=days)) if 0 < days < 2_958_466 else value
        except ValueError:
            return value


def _plain(text: str) -> str:
    return unescape(text) if "&" in text else text


def _number(text: str) -> str:
    if text.isdigit() and text.isascii():
        return text
    try:
        return as_text(float(text)) if text else ""
    except ValueError:
        return text


_COLUMNS: dict[str, int] = {}


def _column(letters: str) -> int:
    known = _COLUMNS.get(letters)
    if known is None:
        known = 0
        for letter in letters:
            known = known * 26 + ord(letter) - 64
        known -= 1
        if len(letters) <= 3:
            _COLUMNS[letters] = known
    return known


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_FIRST_COLUMNS = [_letters(column) for column in range(256)]

"""CSV and TSV as rows: encoding, delimiter and line ends found from the content."""

import codecs
import csv
import io
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import BinaryIO

from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.words import fuzzy

_CHUNK = 1024 * 1024
_HEAD = 64 * 1024
_POTENTIAL = (",", ";", "\t", "|", ":", " ", "~")
_ENCLOSED = re.compile(r'"[^"]*"')
_LINES = 1000
_TITLE_ROWS = 40

Row = list[str]


@dataclass(slots=True)
class TextTable:
    """How a text table is to be read, and what was wrong with it."""

    encoding: str
    delimiter: str
    bom: bool
    fatal: str = ""
    """Code of the finding that ends the official check; the table is read all the same where it can be."""
    found: str = ""
    """The encoding's name, for that finding."""

    @property
    def kind(self) -> str:
        """`tsv` for tabs, else `csv`."""
        return "tsv" if self.delimiter == "\t" else "csv"

    def rows(self, stream: BinaryIO, limits: Limits) -> Generator[Row, None, None]:
        """All rows. Raises NotReadable for a table that no spreadsheet program would write."""
        stream.seek(0)
        text = io.TextIOWrapper(stream, self.encoding, errors="replace", newline="")
        try:
            reader = csv.reader(text, delimiter=self.delimiter)
            most = limits.columns
            for row in reader:
                if len(row) > most:
                    raise NotReadable(f"Row {reader.line_num} has {len(row)} columns; no COUNTER report has so many.")
                yield row
        except csv.Error as fault:
            raise NotReadable(f"The table is damaged near line {reader.line_num}: {fault}.") from fault
        finally:
            if not stream.closed:
                # the wrapper must not close a stream that is read again
                text.detach()


def recognize(stream: BinaryIO, limits: Limits) -> TextTable:
    """Looks at the whole text once (encoding, line lengths) and at its first lines (delimiter)."""
    stream.seek(0)
    head = stream.read(_HEAD)
    encoding, fatal, found = _encoding(stream, head, limits)
    first = head.decode(encoding, errors="replace").lstrip("\ufeff")
    delimiter, has_release = _delimiter(first, encoding)
    if not fatal and not has_release:
        fatal = "delimiter"
    return TextTable(encoding, delimiter, head.startswith(codecs.BOM_UTF8), fatal, found)


def _encoding(stream: BinaryIO, head: bytes, limits: Limits) -> tuple[str, str, str]:
    """(codec, code of the fatal finding or "", encoding's name in it)."""
    for bom, name in ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be")):
        if head.startswith(bom):
            return "utf-16", "file-encoding", name
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    valid, high_controls, nul = True, False, False
    size = since_line_end = 0
    while data := stream.read(_CHUNK):
        size += len(data)
        if size > limits.bytes:
            raise NotReadable(f"The table is larger than {limits.bytes // 1024**2} MB; split it by month or by report.")
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        since_line_end = len(data) - last if last >= 0 else since_line_end + len(data)
        if since_line_end > limits.line:
            raise NotReadable(
                f"The text has a line of more than {limits.line // 1024**2} MB; it is no table that a spreadsheet program wrote."
            )
        nul = nul or b"\0" in data
        if valid:
            try:
                decoder.decode(data)
            except UnicodeDecodeError:
                valid = False
        if not valid and not high_controls:
            high_controls = any(0x80 <= byte <= 0x9F for byte in data)
    if valid:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            valid = False
    if nul:
        return "utf-8-sig", "file-encoding", "binary"
    if valid:
        return "utf-8-sig", "", ""
    return "cp1252", "file-encoding", "unknown-8bit" if high_controls else "iso-8859-1"


def _delimiter(text: str, encoding: str) -> tuple[str, bool]:
    """(delimiter, whether the row that must say Release says so)."""
    guess = _inferred(text)
    for delimiter in dict.fromkeys((guess, "\t", ",")):
        if _says_release(text, delimiter):
            # the official tool knows line feeds only
            return delimiter, "\n" in text or "\r" not in text
    return _lenient(text, guess), False


def _says_release(text: str, delimiter: str) -> bool:
    rows = _first_rows(text, delimiter, 3)
    return len(rows) == 3 and bool(rows[2]) and fuzzy(rows[2][0]) == "release"


def _first_rows(text: str, delimiter: str, number: int) -> list[Row]:
    rows: list[Row] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= number:
                break
    except csv.Error:
        pass  # a damaged line ends the look at the first rows; reading the table says where it is
    return rows


def _lenient(text: str, guess: str) -> str:
    """The delimiter that gives the widest regular table, for tables without a proper header."""
    best, width = guess, 1
    for delimiter in ("\t", ";", ",", "|"):
        rows = _first_rows(text, delimiter, _TITLE_ROWS)[:-1]
        widths = [len(row) for row in rows if len(row) > 1]
        if widths and max(widths) > width:
            best, width = delimiter, max(widths)
    return best


def _inferred(text: str) -> str:
    """The delimiter whose number per line varies least around a median above zero."""
    lines = _ENCLOSED.sub("", text).split("\n")[: _LINES + 1]
    if len(lines) > 1:
        lines.pop()
    best, least = ",", float("inf")
    for delimiter in _POTENTIAL:
        series = sorted(line.count(delimiter) for line in lines)
        middle = (len(series) - 1) // 2
        median = series[middle] if len(series) % 2 else (series[middle] + series[middle + 1]) / 2
        if median == 0:
            continue
        deviation = sum((count - median) ** 2 for count in series) / len(series)
        if deviation < least:
            best, least = delimiter, deviation
    return best

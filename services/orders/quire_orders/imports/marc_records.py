"""MARC 21 records of a file, one by one, with the byte where each begins (ISO 2709, Z39.2).

The file is cut here and each record decoded by pymarc, so that a damaged record keeps out only itself.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pymarc import Record
from pymarc.exceptions import PymarcException
from pymarc.marc8 import marc8_to_unicode

from quire_orders.imports.faults import MAX_ROWS, ImportFault, Severity, UnreadableFile, check_size, too_many_rows

_END_OF_RECORD = b"\x1d"
_LEADER = 24
_BETWEEN_RECORDS = b"\r\n \x00"


@dataclass(frozen=True, slots=True)
class MarcField:
    """A field: `data` of a control field, else indicators and subfields (code, value) in their order."""

    tag: str
    indicators: str
    data: str
    subfields: tuple[tuple[str, str], ...]

    def all(self, code: str) -> list[str]:
        """Every value of a subfield that is not empty."""
        return [value for found, value in self.subfields if found == code and value]

    def first(self, code: str) -> str:
        return next(iter(self.all(code)), "")


@dataclass(frozen=True, slots=True)
class MarcRecord:
    """One record of a file: its number (from 1) and first byte; no fields when it is damaged."""

    number: int
    offset: int
    leader: str
    fields: tuple[MarcField, ...]
    faults: tuple[ImportFault, ...]

    @property
    def place(self) -> str:
        return f"record {self.number}"

    def all(self, *tags: str) -> list[MarcField]:
        return [field for field in self.fields if field.tag in tags]

    def control(self, tag: str) -> str:
        """The data of a control field, else the first $a, else nothing."""
        field = next(iter(self.all(tag)), None)
        return "" if field is None else field.data or field.first("a")


def read_records(content: bytes) -> Iterator[MarcRecord]:
    """Every record of a file in MARC 21 exchange format, in UTF-8 or MARC-8 as its leader says.

    A record whose leader says MARC-8 but whose bytes are UTF-8, as many vendors write it, is read as UTF-8 with a
    warning. Raises UnreadableFile when the file is no MARC file, above 50 MB and above 100,000 records.
    """
    check_size(content)
    offset = number = 0
    while (offset := _skip(content, offset)) < len(content):
        number += 1
        if number > MAX_ROWS:
            raise too_many_rows(f"record {number}")
        length, wrong = _length(content, offset)
        if wrong is not None and number == 1:
            raise UnreadableFile(f"byte {wrong[0]}", "no_marc", f"This is no MARC file: {wrong[1]}.", _NO_MARC_FIX)
        end = content.find(_END_OF_RECORD, offset)
        if wrong is None and content[offset + length - 1 : offset + length] == _END_OF_RECORD:
            data = content[offset : offset + length]
            yield _decoded(number, offset, data)
            offset += length
            continue
        # The length does not lead to the end of a record: the next one begins after the next record terminator.
        after = len(content) if end < 0 else end + 1
        at, why = wrong or (offset, f"its length {length} does not end at a record terminator")
        if end < 0:
            why = "the file ends in the middle of the record"
        fault = ImportFault(
            f"record {number}, byte {at}", "record_damaged", f"The record is damaged: {why}.", "Export it again."
        )
        yield MarcRecord(number, offset, "", (), (fault,))
        offset = after


_NO_MARC_FIX = "Choose a MARC 21 file in exchange format (.mrc), not MARCXML or a text listing."


def _skip(content: bytes, offset: int) -> int:
    while offset < len(content) and content[offset] in _BETWEEN_RECORDS:
        offset += 1
    return offset


def _length(content: bytes, offset: int) -> tuple[int, tuple[int, str] | None]:
    """The length that a record states, or the first byte that cannot belong to a leader."""
    for position in range(offset, offset + 5):
        if position >= len(content):
            return 0, (position, "the file ends inside the length of the record")
        if content[position] not in b"0123456789":
            return 0, (
                position,
                f"byte {position} is 0x{content[position]:02X}, where the length of a record has a digit",
            )
    length = int(content[offset : offset + 5])
    if length < _LEADER + 2:
        return length, (offset, f"a record of {length} bytes is shorter than its own leader")
    return length, None


def _decoded(number: int, offset: int, data: bytes) -> MarcRecord:
    place = f"record {number}, byte {offset}"
    faults: list[ImportFault] = []
    utf8 = data[9:10] == b"a"
    if not utf8 and any(byte >= 0x80 for byte in data) and _is_utf8(data):
        utf8 = True
        faults.append(
            ImportFault(
                place,
                "encoding_mislabeled",
                "The leader says MARC-8, but the record is UTF-8; it was read as UTF-8.",
                "Ask the vendor to set position 9 of the leader to “a”.",
                Severity.WARNING,
            )
        )
    try:
        raw = Record(data, to_unicode=False)
    except (PymarcException, UnicodeDecodeError, ValueError, IndexError) as error:
        why = str(error).strip().rstrip(".") or type(error).__name__
        faults.append(ImportFault(place, "record_damaged", f"The record is damaged: {why}.", "Export it again."))
        return MarcRecord(number, offset, "", (), tuple(faults))
    fields = []
    for field in raw.fields:
        read = _Text(utf8, f"record {number}, {field.tag}", offset, data)
        if field.control_field:
            fields.append(MarcField(field.tag, "  ", read.text(field.data), ()))
        else:
            parts = tuple((part.code, read.text(part.value)) for part in field.subfields)
            fields.append(MarcField(field.tag, "".join(field.indicators or ("  ",)), "", parts))
        faults += read.faults
    return MarcRecord(number, offset, data[:_LEADER].decode("ascii"), tuple(fields), tuple(faults))


class _Text:
    """Decodes the values of one field; everything in Quire is composed Unicode (NFC)."""

    def __init__(self, utf8: bool, place: str, offset: int, data: bytes) -> None:
        self._utf8, self._place, self._offset, self._data = utf8, place, offset, data
        self.faults: list[ImportFault] = []

    def text(self, value: bytes | str | None) -> str:
        if value is None:
            return ""
        raw = value.encode("latin-1") if isinstance(value, str) else value
        return unicodedata.normalize("NFC", self._unicode(raw) if self._utf8 else self._marc8(raw)).strip()

    def _unicode(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            at = self._offset + self._data.find(raw) + error.start
            self.faults.append(
                ImportFault(
                    self._place,
                    "wrong_encoding",
                    f"Byte {at} is 0x{raw[error.start]:02X}, which is not UTF-8 as the leader says.",
                    "Ask the vendor for UTF-8, or for a leader that says MARC-8.",
                )
            )
            return raw.decode("utf-8", "replace")

    def _marc8(self, raw: bytes) -> str:
        text = marc8_to_unicode(raw, hide_utf8_warnings=True)
        # pymarc puts a blank for each character that it does not know.
        if text.count(" ") > raw.count(b" "):
            self.faults.append(
                ImportFault(
                    self._place,
                    "character_unknown",
                    f"“{text.strip()}” had a character that is not MARC-8; it was read as a blank.",
                    "Compare it with the vendor's catalog; ask the vendor for UTF-8.",
                    Severity.WARNING,
                )
            )
        return text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

"""Faults of an imported file, each with its place."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_BYTES: Final = 50 * 1024 * 1024
MAX_ROWS: Final = 100_000


class Severity(StrEnum):
    """Whether a fault keeps its row out (error), or only asks for a look (warning)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ImportFault:
    """What is wrong, where, and what to do.

    `place` is a cell ("Budget!C17"), a row ("row 17"), a field of a MARC record ("record 3, 980 (2) $p") or a byte.
    """

    place: str
    code: str
    detail: str
    fix: str
    severity: Severity = Severity.ERROR


class UnreadableFile(ValueError):
    """A file that cannot be read at all: wrong kind, damaged, too large. `fault` names the first offending place."""

    def __init__(self, place: str, code: str, detail: str, fix: str) -> None:
        super().__init__(f"{place}: {detail} {fix}")
        self.fault = ImportFault(place, code, detail, fix)


class CellFault(ValueError):
    """A value that cannot be read; the reader that knows the place turns it into an `ImportFault`."""

    def __init__(self, code: str, detail: str, fix: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.fix = code, detail, fix

    def at(self, place: str) -> ImportFault:
        return ImportFault(place, self.code, self.detail, self.fix)


def check_size(content: bytes) -> None:
    """Raises UnreadableFile for an empty file and for one above 50 MB."""
    if not content:
        raise UnreadableFile("byte 0", "empty_file", "The file is empty.", "Export it again.")
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"byte {MAX_BYTES}",
            "file_too_large",
            f"The file has {len(content):,} bytes; at most {MAX_BYTES:,} (50 MB) are read.",
            "Split it into several files.",
        )


def too_many_rows(place: str) -> UnreadableFile:
    """The refusal of a file with more than 100,000 rows or records."""
    return UnreadableFile(
        place, "too_many_rows", f"The file has more than {MAX_ROWS:,} rows.", "Split it into several files."
    )

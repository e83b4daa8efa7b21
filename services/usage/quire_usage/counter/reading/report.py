"""One open report: its header, its records as a stream, what was found, and what was put aside."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from quire_usage.counter.model import Finding, Header, Quarantined, Record
from quire_usage.counter.reading import simple
from quire_usage.counter.reading.limits import Limits
from quire_usage.counter.reading.source import open_bytes


class Reading:
    """An open report. `header` is known at once; iterate for the records; then read `findings` and `quarantined`."""

    def __init__(self, stream: BinaryIO, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.findings: list[Finding] = []
        self.quarantined: list[Quarantined] = []
        self._stream = stream
        self.header: Header
        self.header, self._records = simple.read(stream, limits, self.quarantined)

    @property
    def format(self) -> str:
        """json, tsv, csv, xlsx or xml: what the content is, whatever the name says."""
        return self.header.format

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def close(self) -> None:
        """Releases the file."""
        self._stream.close()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_report(source: Path | BinaryIO | bytes, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Opens a report of any supported format and release; the content decides, not the name.

    Raises NotReadable, with words for a librarian, when the input is no report at all.
    """
    bounds = limits or Limits()
    stream = open_bytes(source, bounds)
    shown = name or (source.name if isinstance(source, Path) else getattr(source, "name", "") or "report")
    return Reading(io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream, str(shown), bounds)

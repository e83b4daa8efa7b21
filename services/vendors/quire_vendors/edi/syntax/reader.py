"""The streaming reader: interchanges and messages of a file, one message after the other.

    with open(path, "rb") as stream:
        reading = Reading(stream)
        for message in reading:
            ...
        reading.flags, reading.interchanges

Source: ISO 9735-1 (syntax versions 1 to 4) and ASC X12.5/X12.6; trailers and directories warn and never reject.
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from quire_vendors.edi.flags import Flag, Flags

from . import catalogue  # noqa: F401  (registers the codes)
from .assemble import Assembler
from .build import build
from .limits import DEFAULT_LIMITS, Limits
from .model import Interchange, Message, Segment
from .sniff import sniff
from .source import Source
from .split import Splitter

Readable = bytes | bytearray | memoryview | BinaryIO | Path


class Reading:
    """One reading of one file. Iterate once; `flags` and `interchanges` are complete after that.

    Never raises for what the file holds. `OSError` of a stream that fails while it is read is not caught.
    """

    def __init__(self, source: Readable, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._noted = Flags()
        self._source = source
        self._assembler: Assembler | None = None
        self._started = False

    @property
    def flags(self) -> list[Flag]:
        """Flags of the file and of its interchanges; those of a message are with the message."""
        flags = list(self._noted)
        for interchange in self.interchanges:
            flags += interchange.flags
        return flags

    @property
    def interchanges(self) -> list[Interchange]:
        return self._assembler.interchanges if self._assembler else []

    @property
    def standard(self) -> str:
        """`EDIFACT`, `X12`, or `""` when the file is neither."""
        return self._assembler.standard if self._assembler else ""

    def __iter__(self) -> Iterator[Message]:
        with self._opened() as stream:
            source = Source(stream, self._limits, self._noted)
            codec = sniff(source, self._noted)
            if codec is None:
                return
            assembler = self._assembler = Assembler(codec, self._limits, self._noted)
            for batch in Splitter(source, codec, self._limits).batches():
                yield from assembler.take(batch)
                if assembler.full:
                    return
            yield from assembler.finish()

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if self._started:
            raise RuntimeError("A file is read once; make a new Reading to read it again.")
        self._started = True
        return _open(self._source)


def _open(source: Readable) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, Path):
        return source.open("rb")
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    return nullcontext(source)


def read(source: Readable, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read a file: iterate over the result for its messages."""
    return Reading(source, limits)


def tokenize(source: Readable, limits: Limits = DEFAULT_LIMITS) -> Iterator[Segment]:
    """All segments in the order of the file, service segments included, decoded and split into components.

    Nothing is checked and no message is put together; `index` counts from each header or trailer.
    """
    noted = Flags()
    charset = ""
    with _open(source) as stream:
        bytes_ahead = Source(stream, limits, noted)
        codec = sniff(bytes_ahead, noted)
        if codec is None:
            return
        for batch in Splitter(bytes_ahead, codec, limits).batches():
            bounds = [0, *batch.service, len(batch.raws)]
            for first, end in pairwise(bounds):
                raws, starts = batch.raws[first:end], batch.starts[first:end]
                if raws and codec.role(raws[0], batch.layout) == "interchange":
                    charset = codec.charset(raws[0], batch.layout)
                yield from build(raws, starts, batch.layout, charset, limits, noted)

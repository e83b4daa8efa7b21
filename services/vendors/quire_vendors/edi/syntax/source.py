"""Bytes of a file as they are needed: a window on what comes next, never the whole file."""

from typing import BinaryIO

from quire_vendors.edi.flags import Flags, Place

from .limits import Limits

WINDOW = 4096
"""Bytes that show the delimiters of an interchange."""


class Source:
    def __init__(self, stream: BinaryIO, limits: Limits, noted: Flags) -> None:
        self._stream = stream
        self._limit = limits.file
        self._chunk = max(limits.chunk, 2 * WINDOW, 3 * limits.segment)
        self._noted = noted
        self._taken = 0
        self.base = 0
        """Offset in the file of the first byte of `buffer`."""
        self.buffer = b""
        self.ended = False
        self.cut = False
        """The file is larger than the limit, and nothing after it is read."""

    def fill(self) -> None:
        """Hold at least a chunk, unless the file ends before: room for the longest segment, the one behind it and
        the header of an interchange."""
        parts, held = [self.buffer], len(self.buffer)
        while held < self._chunk and not self.ended:
            part = self._stream.read(self._chunk)
            if not part:
                self.ended = True
            elif self._taken + len(part) > self._limit:
                self.ended = self.cut = True
                self._noted.add("FILE_TOO_BIG", Place(start=self._limit, end=self._limit), limit=self._limit)
                part = part[: self._limit - self._taken]
            self._taken += len(part)
            held += len(part)
            parts.append(part)
        if len(parts) > 1:
            self.buffer = b"".join(parts)

    def drop(self, size: int) -> None:
        self.buffer = self.buffer[size:]
        self.base += size

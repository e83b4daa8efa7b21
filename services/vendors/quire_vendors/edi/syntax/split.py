"""From bytes to segments: where each one starts and ends, in linear time and with constant memory.

The stream is read in chunks and cut at the segment terminator. A piece that does not begin with a tag goes on from the
piece before it: its terminator should have been released. So the last segment of a chunk is kept back until the next
chunk shows whether it goes on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from .codec import Codec
from .limits import Limits
from .model import Delimiters, Layout
from .source import WINDOW, Source

_LINES = 64 * 1024
"""Bytes that show whether lines are wrapped."""
_NARROWEST = 10
_SHOWN = 80
_NOTED = 1000
"""Notes of one batch; what a hostile file adds beyond is not kept."""


@dataclass(frozen=True, slots=True)
class Note:
    """A flag found while splitting, before it is known which message it belongs to. `at`: start of its segment."""

    code: str
    at: int
    start: int
    end: int
    values: dict[str, object]


@dataclass(slots=True)
class Batch:
    """Segments that follow each other and share their layout. `service`: indexes of the service segments.

    `unterminated`: the file ends here without a terminator; where text of a segment remained it is the last one.
    """

    layout: Layout
    raws: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    service: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unterminated: bool = False


class Splitter:
    def __init__(self, source: Source, codec: Codec, limits: Limits) -> None:
        self._source = source
        self._codec = codec
        self._limits = limits
        self._settlements = 0
        self._settled_at = -1
        self._skipping = False
        """What comes belongs to an overlong segment, up to the next tag."""
        self._inside = False
        """The buffer starts in the middle of such a segment."""
        self._use(Layout())

    def batches(self) -> Iterator[Batch]:
        source = self._source
        source.fill()
        opening = Batch(self._layout)
        skip = self._settle(0, opening)
        source.drop(skip or 0)
        if opening.notes:
            yield opening
        while True:
            source.fill()
            batch = Batch(self._layout)
            goes_on = self._split(batch)
            if batch.raws or batch.notes or batch.unterminated:
                yield batch
            if not goes_on:
                return

    def _use(self, layout: Layout) -> None:
        self._layout = layout
        marks = layout.delimiters
        stops = re.escape(marks.element) + re.escape(marks.component)
        self._head = re.compile(self._codec.tag_pattern + b"(?=[" + stops + rb"]|[\r\n\t ]*\Z)")
        self._blanks = bytes(byte for byte in b" \t\r\n\x1a\0" if bytes([byte]) not in (marks.element, marks.component))
        self._blank_bytes = [bytes([byte]) for byte in self._blanks]
        self._stops = (marks.element, marks.component)

    def _settle(self, offset: int, batch: Batch) -> int | None:
        """Settle the delimiters for what opens at `offset` of the buffer; bytes to skip, `None` when nothing opens."""
        source = self._source
        at = source.base + offset
        if at == self._settled_at:
            return None
        self._settlements += 1
        current = self._layout.delimiters if self._settlements > 1 else None
        settled = self._codec.settle(source.buffer[offset : offset + WINDOW], current)
        if settled is None:
            return None
        for code, values in settled.notes:
            batch.notes.append(Note(code, at, at, at + max(settled.skip, 3), values))
        wrapped = _wrapped(source.buffer[offset : offset + _LINES], settled.delimiters)
        if wrapped:
            batch.notes.append(Note("LINES_WRAPPED", at, at, at, {}))
        self._settled_at = at
        if settled.skip:
            after = source.buffer[offset + settled.skip : offset + settled.skip + WINDOW]
            self._settled_at += settled.skip + len(after) - len(after.lstrip(b"\r\n\t "))
        if Layout(settled.delimiters, wrapped) != self._layout:
            self._use(Layout(settled.delimiters, wrapped))
        return settled.skip

    def _split(self, batch: Batch) -> bool:
        """Fill the batch from the buffer, up to its last whole segment or to where the layout changes.

        Ordinary segments are taken in runs; only what is odd or opens something is looked at one by one. Returns
        false at the end of the file.
        """
        source, codec, limit = self._source, self._codec, self._limits.segment
        buffer, base, final = source.buffer, source.base, source.ended
        layout, is_head = self._layout, self._head.match
        raws, starts = batch.raws, batch.starts
        pieces, rest = self._pieces(batch)
        overlong = not final and len(rest) > limit
        if overlong:
            pieces.append(rest)
        ends = list(accumulate(map(len, pieces), lambda end, size: end + size + 1, initial=base - 1))
        if any(blank in buffer for blank in self._blank_bytes):
            pieces = [piece.lstrip(self._blanks) for piece in pieces]
        firsts = [end - len(piece) for end, piece in zip(ends[1:], pieces, strict=True)]
        at = ends[-1] + 1
        goes_on_to = 0
        """Where the last segment ends when it went on over terminators, else 0."""
        taken = 0
        if self._inside and pieces:
            taken = 1
            self._inside = overlong and len(pieces) == 1

        for number in self._odd(pieces, taken):
            if number > taken:
                goes_on_to = self._close(batch, goes_on_to)
                self._skipping = False
                raws += pieces[taken:number]
                starts += firsts[taken:number]
            taken = number + 1
            if number == len(pieces):
                break
            raw, start, end = pieces[number], firsts[number], ends[number + 1]
            text = raw.translate(None, b"\r\n") if layout.wrapped else raw
            if not text:
                continue
            if text[:3] in codec.openers and start != self._settled_at:
                if not final and base + len(buffer) - start < WINDOW:
                    at = start
                    break
                if self._settlements > 2 * self._limits.interchanges:
                    values: dict[str, object] = {"most": self._limits.interchanges}
                    batch.notes.append(Note("TOO_MANY_INTERCHANGES", start, start, start, values))
                    self._close(batch, goes_on_to)
                    return False
                skip = self._settle(start - base, batch)
                if skip is not None:
                    goes_on_to = self._close(batch, goes_on_to)
                    self._skipping = False
                    if self._layout != layout or (skip and start + skip != end + 1):
                        source.drop(start + skip - base)
                        return True
                    if skip:
                        continue
            found = is_head(text)
            if found is None:
                if self._skipping or self._go_on(batch, start, text):
                    goes_on_to = end
                    self._skipping = self._skipping or end - starts[-1] > limit
                    self._inside = overlong and number == len(pieces) - 1
                continue
            goes_on_to = self._close(batch, goes_on_to)
            self._skipping = False
            if found.group() in codec.roles:
                batch.service.append(len(raws))
            raws.append(raw)
            starts.append(start)
            if len(raw) > limit:
                self._skipping = True
                goes_on_to = end
                self._inside = overlong and number == len(pieces) - 1

        if final:
            self._close(batch, goes_on_to)
            return self._end(batch, rest, at)
        if self._skipping or not raws or base + len(buffer) - starts[-1] > 2 * limit:
            # Behind so many blanks and empty segments no segment goes on; keeping it would read nothing new for ever.
            self._close(batch, goes_on_to)
            source.drop(min(at - base, len(buffer)))
        else:
            kept_from = starts.pop()
            raws.pop()
            if batch.service and batch.service[-1] == len(raws):
                batch.service.pop()
            batch.notes = [note for note in batch.notes if note.at < kept_from]
            source.drop(kept_from - base)
        return True

    def _odd(self, pieces: list[bytes], first: int) -> Iterator[int]:
        """Indexes of the pieces that are no ordinary segments, by their first four bytes and their length; then the
        index behind the last piece."""
        if self._layout.wrapped:
            yield from range(first, len(pieces) + 1)
            return
        heads = [piece[:4] for piece in pieces]
        odd = {head for head in set(heads) if not self._ordinary(head)}
        limit = self._limits.segment
        if max(map(len, pieces), default=0) > limit:
            for number, piece in enumerate(pieces):
                if number >= first and (heads[number] in odd or len(piece) > limit):
                    yield number
        else:
            for number, head in enumerate(heads):
                if head in odd and number >= first:
                    yield number
        yield len(pieces)

    def _ordinary(self, head: bytes) -> bool:
        """Whether a piece with these first four bytes is a segment that neither opens nor closes anything."""
        found = self._head.match(head)
        if found is None or (found.end() == 3 and len(head) == 4 and head[3:] not in self._stops):
            return False
        tag = found.group()
        return tag not in self._codec.roles and tag not in self._codec.openers

    def _pieces(self, batch: Batch) -> tuple[list[bytes], bytes]:
        """The buffer cut at each terminator that is not released, and the rest behind the last one."""
        buffer, marks = self._source.buffer, self._layout.delimiters
        pieces = buffer.split(marks.segment)
        release, wrapped = marks.release, self._layout.wrapped
        if not release or (release + marks.segment not in buffer and not wrapped):
            return pieces, pieces.pop()
        if wrapped:
            released = [n for n, piece in enumerate(pieces) if _ends_released(piece.translate(None, b"\r\n"), release)]
        else:
            released = [n for n, piece in enumerate(pieces) if piece.endswith(release)]
            released = [n for n in released if _ends_released(pieces[n], release)]
        merged: list[bytes] = []
        done = number = 0
        while number < len(released):
            first = last = released[number]
            while number < len(released) and released[number] == last:
                last += 1
                number += 1
            last = min(last, len(pieces) - 1)
            merged += pieces[done:first]
            merged.append(marks.segment.join(pieces[first : last + 1]))
            done = last + 1
            self._suspect(batch, pieces[first + 1 : done])
        merged += pieces[done:]
        return merged, merged.pop()

    def _suspect(self, batch: Batch, pieces: list[bytes]) -> None:
        """Note text behind a released terminator that looks like the next segment."""
        for piece in pieces:
            text = piece.lstrip(self._blanks)
            found = self._head.match(text)
            if found is not None and text[3:4] in self._stops and len(batch.notes) < _NOTED:
                at = self._source.base + self._source.buffer.find(piece)
                tag = found.group().decode("latin-1")
                batch.notes.append(Note("RELEASE_BEFORE_SEGMENT", at, at, at + len(piece), {"tag": tag}))

    def _go_on(self, batch: Batch, start: int, text: bytes) -> bool:
        """Whether text without a tag goes on from the segment before it; if not it is left out, with a flag."""
        last = batch.raws[-1][:16].translate(None, b"\r\n") if batch.raws else b""
        found = self._head.match(last + self._layout.delimiters.element)
        if found is not None and self._codec.roles.get(found.group(), "").startswith("end"):
            found = None
        if found is not None:
            return True
        if len(batch.notes) < _NOTED:
            shown = text[:_SHOWN].decode("latin-1")
            batch.notes.append(Note("STRAY_TEXT", start, start, start + len(text), {"text": shown}))
        return False

    def _close(self, batch: Batch, goes_on_to: int) -> int:
        """Give the last segment all bytes up to `goes_on_to`, with the flag for it. Returns 0: it goes on no more."""
        if not goes_on_to or not batch.starts:
            return 0
        start, limit = batch.starts[-1], self._limits.segment
        offset, size = start - self._source.base, goes_on_to - start
        whole = self._source.buffer[offset : offset + min(size, limit)]
        batch.raws[-1] = whole
        values: dict[str, object]
        if size > limit:
            code, values = "SEGMENT_TOO_LONG", {"size": size, "limit": limit}
        else:
            mark = self._layout.delimiters.segment
            parts = [part.decode("latin-1") for part in whole.split(mark)]
            code, values = (
                "REPAIRED_APOSTROPHE",
                {
                    "mark": mark.decode("latin-1"),
                    "text": whole[:400].decode("latin-1"),
                    "readings": [[whole.decode("latin-1")], parts],
                },
            )
        batch.notes.append(Note(code, start, start, goes_on_to, values))
        return 0

    def _end(self, batch: Batch, rest: bytes, at: int) -> bool:
        """What stands behind the last terminator of the file: an interchange with other delimiters (then it goes on
        there, and the answer is true), a last segment without terminator, or nothing."""
        raw = rest.lstrip(self._blanks)
        text = raw.translate(None, b"\r\n") if self._layout.wrapped else raw
        if not text:
            return False
        start, end = at + len(rest) - len(raw), at + len(rest)
        if text[:3] in self._codec.openers and start != self._settled_at:
            before = self._layout
            skip = self._settle(start - self._source.base, batch)
            if skip is not None and (skip or self._layout != before):
                self._skipping = self._inside = False
                self._source.drop(start + skip - self._source.base)
                return True
        found = None if self._inside else self._head.match(text)
        if found is None or text[:3] == b"UNA":
            shown = text[:_SHOWN].decode("latin-1")
            batch.notes.append(Note("STRAY_TEXT", start, start, end, {"text": shown}))
            return False
        batch.unterminated = True
        if found.group() in self._codec.roles:
            batch.service.append(len(batch.raws))
        limit = self._limits.segment
        if len(raw) > limit:
            batch.notes.append(Note("SEGMENT_TOO_LONG", start, start, end, {"size": len(raw), "limit": limit}))
        batch.raws.append(raw[:limit])
        batch.starts.append(start)
        return False


def _ends_released(piece: bytes, release: bytes) -> bool:
    """Whether an odd number of release characters ends the piece, so that the terminator behind it is text."""
    return bool((len(piece) - len(piece.rstrip(release))) % 2)


def _wrapped(text: bytes, marks: Delimiters) -> bool:
    """Whether line breaks stand anywhere in the text at a fixed width, as on card images and fixed records.

    The first line may be shorter (something stood before it) and so may the last.
    """
    if marks.segment in b"\r\n":
        return False
    lines = [line for part in text.rstrip(b"\r\n ").split(b"\n") if (line := part.rstrip(b"\r"))]
    for number, (line, after) in enumerate(pairwise(lines)):
        if line.rstrip(b" ").endswith(marks.segment) and after.startswith((b"UNA", b"UNB")) and number > 0:
            lines = lines[: number + 1]
            break
    full = lines[:-1]
    width = max((len(line) for line in full), default=0)
    if len(full) < 2 or width < _NARROWEST or any(len(line) != width for line in full[1:]):
        return False
    if len(full[0]) != width and len(full) < 4:
        return False
    return any(
        not line.rstrip(b" ").endswith(marks.segment) and not after.startswith((b"UNA", b"UNB"))
        for line, after in pairwise(lines)
    )

"""From segments to messages: the envelope of groups and interchanges, and the checks of their trailers."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

from quire_vendors.edi.flags import Flags, Place

from .build import build
from .codec import Codec, Role
from .limits import Limits
from .model import Group, Interchange, Layout, Message, Segment
from .split import Batch, Note

_LOOSE = 100
_KEPT = 1000
"""Segments that are kept of a message over the limit, so that a person sees what it was."""


class _Open:
    """A message whose trailer has not come yet."""

    __slots__ = ("group", "interchange", "layout", "notes", "raws", "size", "starts", "too_long")

    def __init__(self, layout: Layout, interchange: Interchange, group: Group | None) -> None:
        self.layout = layout
        self.interchange = interchange
        self.group = group
        self.raws: list[bytes] = []
        self.starts: list[int] = []
        self.notes: list[Note] = []
        self.size = 0
        self.too_long = ""

    def extend(self, raws: list[bytes], starts: list[int], limits: Limits) -> None:
        if self.too_long:
            return
        self.size += sum(map(len, raws))
        if len(self.raws) + len(raws) > limits.message_segments:
            self.too_long = f"more than {limits.message_segments} segments"
        elif self.size > limits.message_bytes:
            self.too_long = f"more than {limits.message_bytes} bytes"
        self.raws += raws
        self.starts += starts
        if self.too_long:
            del self.raws[_KEPT:], self.starts[_KEPT:]


class Assembler:
    """Takes batches of segments and gives messages in the order of the file."""

    def __init__(self, codec: Codec, limits: Limits, noted: Flags) -> None:
        self.interchanges: list[Interchange] = []
        self.full = False
        """A limit is reached; nothing more is read."""
        self._codec = codec
        self._limits = limits
        self._noted = noted
        self._interchange: Interchange | None = None
        self._references: set[str] = set()
        self._open: _Open | None = None
        self._group: Group | None = None
        self._count = 0
        self._loose = 0

    @property
    def standard(self) -> str:
        return self._codec.standard

    def take(self, batch: Batch) -> Iterator[Message]:
        at = 0
        notes = deque(sorted(batch.notes, key=lambda note: note.at))
        if self._open is not None and batch.raws and batch.layout is not self._open.layout:
            yield from self._close_message(None)
        for index in (*batch.service, len(batch.raws)):
            if index > at:
                self._body(batch, at, index)
            here = batch.starts[index] if index < len(batch.raws) else None
            self._place(notes, here)
            if here is None:
                break
            at = index + 1
            yield from self._service(batch, index)
            if self.full:
                return

    def finish(self) -> Iterator[Message]:
        """The file has ended: what is still open is not complete."""
        if self._open is not None:
            yield from self._close_message(None, ended=True)
        if self._interchange is not None:
            self._leave_group()
            self._not_closed()

    def _place(self, notes: deque[Note], before: int | None) -> None:
        """Hand the notes before an offset to the message or interchange that they belong to."""
        while notes and (before is None or notes[0].at < before):
            note = notes.popleft()
            if self._open is not None and note.at >= self._open.starts[0]:
                self._open.notes.append(note)
            else:
                flags = self._interchange.flags if self._interchange is not None else self._noted
                flags.add(note.code, Place(start=note.start, end=note.end), **note.values)

    def _body(self, batch: Batch, first: int, end: int) -> None:
        if self._open is not None:
            self._open.extend(batch.raws[first:end], batch.starts[first:end], self._limits)
            return
        for index in range(first, end):
            segment = self._segment(batch, index)
            if segment.tag not in self._codec.loose:
                flags = self._interchange.flags if self._interchange is not None else self._noted
                flags.add("STRAY_SEGMENT", segment.place(None), tag=segment.tag)
            if self._interchange is not None and len(self._interchange.loose) < _LOOSE:
                self._interchange.loose.append(segment)

    def _segment(self, batch: Batch, index: int) -> Segment:
        """A segment outside of messages; its flags go to the interchange."""
        interchange = self._interchange
        flags = interchange.flags if interchange is not None else self._noted
        charset = interchange.charset if interchange is not None else ""
        raw, start = batch.raws[index : index + 1], batch.starts[index : index + 1]
        segment = next(build(raw, start, batch.layout, charset, self._limits, flags))
        segment.index = self._loose
        self._loose += 1
        return segment

    def _service(self, batch: Batch, index: int) -> Iterator[Message]:
        unterminated = batch.unterminated and index == len(batch.raws) - 1
        raw, start = batch.raws[index], batch.starts[index]
        role = self._codec.role(raw, batch.layout)
        if role == "message":
            yield from self._close_message(None)
            self._open_message(batch.layout, raw, start)
            return
        if role == "end of message":
            if self._open is None:
                self._stray(batch, index)
                return
            self._open.extend([raw], [start], self._limits)
            if not unterminated:
                yield from self._close_message(role)
            return
        yield from self._close_message(None)
        if role == "interchange":
            self._open_interchange(batch, index)
        elif role == "group":
            self._leave_group()
            segment = self._segment(batch, index)
            interchange = self._ensured(batch.layout, segment.place(None))
            self._group = interchange.group = self._codec.open_group(segment)
            interchange.groups += 1
        elif role == "end of group":
            if self._group is None or self._interchange is None:
                self._stray(batch, index)
                return
            segment = self._segment(batch, index)
            self._check(role, segment, self._group.messages, self._group.reference, self._interchange.flags, None)
            self._group = None
        else:
            self._close_interchange(batch, index, unterminated)

    def _stray(self, batch: Batch, index: int) -> None:
        segment = self._segment(batch, index)
        flags = self._interchange.flags if self._interchange is not None else self._noted
        flags.add(f"{segment.tag}_STRAY", segment.place(None))

    def _open_interchange(self, batch: Batch, index: int) -> None:
        self._leave_group()
        self._not_closed()
        if len(self.interchanges) >= self._limits.interchanges:
            place = Place(start=batch.starts[index], end=batch.starts[index])
            self._noted.add("TOO_MANY_INTERCHANGES", place, most=self._limits.interchanges)
            self.full = True
            return
        interchange = Interchange(
            len(self.interchanges) + 1, standard=self._codec.standard, delimiters=batch.layout.delimiters
        )
        self._begin(interchange)
        interchange.charset = self._codec.charset(batch.raws[index], batch.layout)
        segment = interchange.segment = self._segment(batch, index)
        self._codec.open_interchange(segment, interchange)

    def _begin(self, interchange: Interchange) -> None:
        self.interchanges.append(interchange)
        self._interchange = interchange
        self._references = set()
        self._loose = 0

    def _ensured(self, layout: Layout, place: Place) -> Interchange:
        """The interchange that is open, or one for messages that stand without a header."""
        if self._interchange is not None:
            return self._interchange
        interchange = Interchange(
            len(self.interchanges) + 1, standard=self._codec.standard, delimiters=layout.delimiters
        )
        interchange.flags.add("INTERCHANGE_HEADER_MISSING", place, tag=self._codec.header)
        self._begin(interchange)
        return interchange

    def _open_message(self, layout: Layout, raw: bytes, start: int) -> None:
        if self._count >= self._limits.messages:
            self._noted.add("TOO_MANY_MESSAGES", Place(start=start, end=start), most=self._limits.messages)
            self.full = True
            return
        self._count += 1
        interchange = self._ensured(layout, Place(self._count, start=start, end=start + len(raw)))
        self._open = _Open(layout, interchange, self._group)
        self._open.extend([raw], [start], self._limits)

    def _close_message(self, role: Role | None, ended: bool = False) -> Iterator[Message]:
        """Build the message that is open, if any. `role` is given when its trailer is its last segment."""
        opened, self._open = self._open, None
        if opened is None:
            return
        marks, interchange = opened.layout.delimiters, opened.interchange
        if not opened.too_long:
            whole = b"".join(opened.raws)
            if whole.count(marks.element) + whole.count(marks.component) > self._limits.message_elements:
                opened.too_long = f"more than {self._limits.message_elements} elements"
                del opened.raws[_LOOSE:], opened.starts[_LOOSE:]
        noted = Flags()
        segments = list(
            build(opened.raws, opened.starts, opened.layout, interchange.charset, self._limits, noted, self._count)
        )
        message = Message(self._count, interchange, segments, opened.group, complete=not ended, noted=noted)
        self._codec.open_message(segments[0], message)
        for note in opened.notes:
            index = bisect_right(opened.starts, note.at) - 1
            place = Place(self._count, index, segments[index].tag, None, None, note.start, note.end)
            noted.add(note.code, place, **note.values)
        place = segments[-1].place(self._count)
        if opened.too_long:
            noted.add("MESSAGE_TOO_LONG", place, what=opened.too_long)
        if ended:
            noted.add("MESSAGE_TRUNCATED", place)
        elif role is None:
            noted.add(f"{self._codec.trailers['end of message']}_MISSING", place)
        elif not opened.too_long:
            self._check(role, segments[-1], len(segments), message.reference, noted, self._count)
        self._count_in(message)
        yield message

    def _count_in(self, message: Message) -> None:
        message.interchange.messages += 1
        if message.group is not None:
            message.group.messages += 1
        reference = message.reference.strip()
        if reference and reference in self._references:
            message.noted.add(
                "MESSAGE_REFERENCE_REPEATED", message.segments[0].place(message.index, 0), reference=reference
            )
        self._references.add(reference)

    def _leave_group(self) -> None:
        if self._group is not None and self._interchange is not None:
            tag = self._codec.trailers["end of group"]
            self._interchange.flags.add(f"{tag}_MISSING", self._group.segment.place(None))
        self._group = None

    def _not_closed(self) -> None:
        interchange, self._interchange = self._interchange, None
        if interchange is not None and interchange.segment is not None:
            tag = self._codec.trailers["end of interchange"]
            interchange.flags.add("INTERCHANGE_NOT_CLOSED", interchange.segment.place(None), tag=tag)

    def _close_interchange(self, batch: Batch, index: int, unterminated: bool) -> None:
        interchange = self._interchange
        if interchange is None:
            self._stray(batch, index)
            return
        self._leave_group()
        segment = self._segment(batch, index)
        if unterminated:
            interchange.flags.add("LAST_TERMINATOR_MISSING", segment.place(None))
        counted = interchange.groups or interchange.messages
        self._check("end of interchange", segment, counted, interchange.reference, interchange.flags, None)
        interchange.closed = True
        self._interchange = None

    def _check(
        self, role: Role, trailer: Segment, counted: int, reference: str, flags: Flags, message: int | None
    ) -> None:
        """Compare a trailer's count and reference with what was read. Vendors count wrongly, so this only warns."""
        tag = self._codec.trailers[role]
        stated = trailer.get(0).strip()
        digits = stated.lstrip("0") or "0" * bool(stated)
        if digits != str(counted):
            flags.add(f"{tag}_COUNT", trailer.place(message, 0), stated=stated[:40], counted=counted)
        found = trailer.get(1).strip()
        if found != reference.strip():
            flags.add(f"{tag}_REF", trailer.place(message, 1), stated=found[:40], expected=reference.strip()[:40])

"""What the syntax layer gives: interchanges, messages and segments, each with its byte range in the file."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from quire_vendors.edi.flags import Flag, Flags, Place


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The service characters of ISO 9735 (UNA), one byte each.

    `release` is `b""` where the partner declared none (a blank in UNA) or the syntax has none (X12).
    `repetition` is `b""` for EDIFACT before syntax version 4 and for X12 before 00402.
    """

    component: bytes = b":"
    element: bytes = b"+"
    decimal: bytes = b"."
    release: bytes = b"?"
    segment: bytes = b"'"
    repetition: bytes = b""


DEFAULT_DELIMITERS = Delimiters()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bytes of a stretch of the file are to be read: shared by its segments."""

    delimiters: Delimiters = DEFAULT_DELIMITERS
    wrapped: bool = False
    """Line breaks stand anywhere in the text and mean nothing (file wrapped at a fixed width)."""


class Segment:
    """One segment. `elements[0]` is the first data element after the tag; each element is a list of components.

    Texts are decoded and freed from release characters. `start` and `end` are the byte range in the file without the
    terminator. `index` counts in the message (UNH is 0); segments outside of messages count by themselves.
    """

    __slots__ = ("elements", "index", "layout", "raw", "start", "tag")

    def __init__(self, tag: str, elements: list[list[str]], index: int, start: int, raw: bytes, layout: Layout) -> None:
        self.tag = tag
        self.elements = elements
        self.index = index
        self.start = start
        self.raw = raw
        self.layout = layout

    @property
    def end(self) -> int:
        return self.start + len(self.raw)

    def get(self, element: int, component: int = 0) -> str:
        """The component's text, or `""` when the segment has no such element or component."""
        try:
            return self.elements[element][component]
        except IndexError:
            return ""

    def span(self, element: int, component: int | None = None) -> tuple[int, int]:
        """Byte range in the file of an element or component; the empty range at the segment's end when absent."""
        from .scan import spans

        found = spans(self.raw, self.layout)
        try:
            components = found[element]
            first, last = (components[0], components[-1]) if component is None else (components[component],) * 2
        except IndexError:
            return self.end, self.end
        return self.start + first[0], self.start + last[1]

    def place(self, message: int | None, element: int | None = None, component: int | None = None) -> Place:
        start, end = (self.start, self.end) if element is None else self.span(element, component)
        return Place(message, self.index, self.tag, element, component, start, end)

    def __repr__(self) -> str:
        return f"<Segment {self.index} {self.raw!r} at {self.start}>"


@dataclass(slots=True)
class Group:
    """A functional group: UNG (EDIFACT) or GS (X12)."""

    type: str
    sender: str
    recipient: str
    reference: str
    segment: Segment
    messages: int = 0


@dataclass(slots=True)
class Interchange:
    """One interchange: UNB to UNZ, or ISA to IEA.

    `date` and `time` as written (YYMMDD or CCYYMMDD; HHMM). `test`: the sender says that this is not a real document
    (0035, ISA15); never book it. `closed` becomes true when its trailer was read, so it is final only after the whole
    file has been read.
    """

    index: int
    standard: str = "EDIFACT"
    reference: str = ""
    sender: str = ""
    sender_qualifier: str = ""
    sender_routing: str = ""
    recipient: str = ""
    recipient_qualifier: str = ""
    recipient_routing: str = ""
    date: str = ""
    time: str = ""
    password: str = ""
    application_reference: str = ""
    acknowledgement_requested: bool = False
    test: bool = False
    syntax: tuple[str, str] = ("", "")
    charset: str = ""
    delimiters: Delimiters = DEFAULT_DELIMITERS
    segment: Segment | None = None
    group: Group | None = None
    groups: int = 0
    messages: int = 0
    closed: bool = False
    loose: list[Segment] = field(default_factory=list)
    """Segments outside of messages, for example TA1; at most 100 are kept."""
    flags: Flags = field(default_factory=Flags)

    @property
    def prepared_on(self) -> datetime.date | None:
        """The day of UNB 0017 (two-digit years below 80 are 20xx) or ISA09; `None` when it is no date."""
        text = self.date.strip()
        if not text.isascii() or not text.isdigit() or len(text) not in (6, 8):
            return None
        if len(text) == 6:
            text = ("20" if text < "80" else "19") + text
        try:
            return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None


@dataclass(slots=True)
class Message:
    """One message: UNH to UNT, or ST to SE.

    `index` counts in the file, from 1. `complete` is false when the file ends inside of the message: the rest may
    still be on its way, so nothing of it may be applied.
    """

    index: int
    interchange: Interchange
    segments: list[Segment]
    group: Group | None = None
    reference: str = ""
    type: str = ""
    version: str = ""
    release: str = ""
    agency: str = ""
    association: str = ""
    complete: bool = True
    noted: Flags = field(default_factory=Flags)

    @property
    def flags(self) -> Sequence[Flag]:
        return list(self.noted)

    @property
    def start(self) -> int:
        return self.segments[0].start

    @property
    def end(self) -> int:
        return self.segments[-1].end

    @property
    def delimiters(self) -> Delimiters:
        return self.segments[0].layout.delimiters

"""Writing EDIFACT interchanges (ISO 9735-1): envelope, counts, release characters, character set, line breaks.

What the character set changes in a text is reported, so that a person sees it before the interchange is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from quire_vendors.edi.flags import Flag, Flags, Place

from . import catalogue  # noqa: F401  (registers the codes)
from .model import DEFAULT_DELIMITERS, Delimiters
from .repertoire import Repertoire

OutElement = str | Sequence[str]
OutSegment = tuple[str, Sequence[OutElement]]


@dataclass(frozen=True, slots=True)
class OutGroup:
    """UNG, for partners that expect functional groups. `type`, version, release and agency come from the messages."""

    sender: str
    recipient: str
    reference: str
    sender_qualifier: str = ""
    recipient_qualifier: str = ""


@dataclass(frozen=True, slots=True)
class OutEnvelope:
    """UNB. `prepared` is written as local time of the library, as given. `reference` is the control reference (0020)."""

    sender: str
    recipient: str
    reference: str
    prepared: datetime
    sender_qualifier: str = ""
    sender_routing: str = ""
    recipient_qualifier: str = ""
    recipient_routing: str = ""
    syntax: tuple[str, str] = ("UNOC", "3")
    password: str = ""
    application_reference: str = ""
    priority: str = ""
    acknowledgement_requested: bool = False
    agreement: str = ""
    test: bool = False
    group: OutGroup | None = None


@dataclass(frozen=True, slots=True)
class OutMessage:
    """`segments`: everything between UNH and UNT, as tag and elements; an element is a text or its components."""

    type: str
    reference: str
    segments: Sequence[OutSegment]
    version: str = "D"
    release: str = "96A"
    agency: str = "UN"
    association: str = ""


@dataclass(frozen=True, slots=True)
class OutStyle:
    """How a partner wants the bytes. `wrap`: break lines at this many bytes, wherever that is; it excludes
    `line_break`. `keep_empty`: write empty components and elements at the end too."""

    una: Literal["always", "never", "when_needed"] = "always"
    delimiters: Delimiters = DEFAULT_DELIMITERS
    line_break: Literal["", "\n", "\r\n"] = ""
    wrap: int | None = None
    transliterate: Mapping[str, str] = field(default_factory=dict)
    upper_case: bool = False
    keep_empty: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    data: bytes
    report: list[Flag]


def write_interchange(envelope: OutEnvelope, messages: Sequence[OutMessage], style: OutStyle = OutStyle()) -> Written:
    """One interchange with its messages.

    Raises `ValueError` when it cannot be valid whatever the texts are: no messages, delimiters that collide, a tag
    that is none, an unknown character set.
    """
    return _Pen(envelope, style).write(messages)


class _Pen:
    def __init__(self, envelope: OutEnvelope, style: OutStyle) -> None:
        _check_style(style)
        self._envelope = envelope
        self._style = style
        self._marks = style.delimiters
        self._repertoire = Repertoire(envelope.syntax[0], style.transliterate)
        marks = self._marks
        self._special = [marks.component, marks.element, marks.segment]
        if marks.repetition and envelope.syntax[1] >= "4":
            self._special.append(marks.repetition)
        self._parts: list[bytes] = []
        self._size = 0
        self._noted = Flags()
        self._message: int | None = None
        self._index = 0

    def write(self, messages: Sequence[OutMessage]) -> Written:
        if not messages:
            raise ValueError("An interchange needs at least one message.")
        envelope, style = self._envelope, self._style
        if style.una == "always" or (style.una == "when_needed" and self._marks != DEFAULT_DELIMITERS):
            marks = self._marks
            reserved = marks.repetition if marks.repetition and envelope.syntax[1] >= "4" else b" "
            self._emit(
                b"UNA" + marks.component + marks.element + marks.decimal + (marks.release or b" ") + reserved
                + marks.segment
            )  # fmt: skip
        self._header()
        group = envelope.group
        if group is not None:
            self._group(group, messages[0])
        for number, message in enumerate(messages, 1):
            self._message, self._index = number, 0
            kind = [message.type, message.version, message.release, message.agency, message.association]
            self._segment("UNH", [message.reference, kind])
            for tag, elements in message.segments:
                self._segment(tag, elements)
            self._segment("UNT", [str(self._index + 1), message.reference])
        self._message, self._index = None, 0
        if group is not None:
            self._segment("UNE", [str(len(messages)), group.reference])
        self._segment("UNZ", [str(1 if group is not None else len(messages)), envelope.reference])
        data = b"".join(self._parts)
        if style.wrap:
            data = b"\r\n".join(data[at : at + style.wrap] for at in range(0, len(data), style.wrap)) + b"\r\n"
        return Written(data, list(self._noted))

    def _header(self) -> None:
        envelope = self._envelope
        year = "%Y%m%d" if envelope.syntax[1] >= "4" else "%y%m%d"
        elements: list[OutElement] = [
            list(envelope.syntax),
            [envelope.sender, envelope.sender_qualifier, envelope.sender_routing],
            [envelope.recipient, envelope.recipient_qualifier, envelope.recipient_routing],
            [envelope.prepared.strftime(year), envelope.prepared.strftime("%H%M")],
            envelope.reference,
            envelope.password,
            envelope.application_reference,
            envelope.priority,
            "1" if envelope.acknowledgement_requested else "",
            envelope.agreement,
            "1" if envelope.test else "",
        ]
        self._segment("UNB", elements, trim=True)

    def _group(self, group: OutGroup, first: OutMessage) -> None:
        prepared = self._envelope.prepared
        elements: list[OutElement] = [
            first.type,
            [group.sender, group.sender_qualifier],
            [group.recipient, group.recipient_qualifier],
            [prepared.strftime("%y%m%d"), prepared.strftime("%H%M")],
            group.reference,
            first.agency,
            [first.version, first.release, first.association],
        ]
        self._segment("UNG", elements, trim=True)

    def _segment(self, tag: str, elements: Sequence[OutElement], trim: bool = False) -> None:
        if len(tag) != 3 or not tag.isascii() or not tag.isalnum() or tag != tag.upper() or not tag[0].isalpha():
            raise ValueError(f"{tag!r} is not the tag of a segment.")
        trim = trim or tag in ("UNH", "UNT", "UNZ", "UNE") or not self._style.keep_empty
        written: list[bytes] = []
        for number, element in enumerate(elements):
            components = [element] if isinstance(element, str) else element
            parts = [self._text(text, tag, number, part) if text else b"" for part, text in enumerate(components)]
            if trim:
                while len(parts) > 1 and not parts[-1]:
                    parts.pop()
            written.append(self._marks.component.join(parts))
        if trim:
            while written and not written[-1]:
                written.pop()
        self._emit(self._marks.element.join([tag.encode("ascii"), *written]) + self._marks.segment)
        self._index += 1

    def _emit(self, segment: bytes) -> None:
        whole = segment + self._style.line_break.encode("ascii")
        self._parts.append(whole)
        self._size += len(whole)

    def _text(self, text: str, tag: str, element: int, component: int) -> bytes:
        asked = text.upper() if self._style.upper_case else text
        data, held, lost = self._repertoire.encode(asked)
        release = self._marks.release
        changed = held != text
        if release:
            if release in data:
                data = data.replace(release, release + release)
            for mark in self._special:
                if mark in data:
                    data = data.replace(mark, release + mark)
        else:
            for mark in self._special:
                if mark in data:
                    data, held, changed = data.replace(mark, b" "), held.replace(mark.decode("ascii"), " "), True
        if changed:
            place = Place(self._message, self._index, tag, element, component, self._size, self._size)
            values: dict[str, object] = {"text": text[:200], "written": held[:200]}
            values["charset"] = self._repertoire.charset
            if lost:
                self._noted.add("CHARACTER_LOST", place, lost=lost, **values)
            else:
                self._noted.add("TEXT_CHANGED", place, **values)
        return data


def _check_style(style: OutStyle) -> None:
    marks = style.delimiters
    used = [marks.component, marks.element, marks.segment]
    used += [mark for mark in (marks.release, marks.repetition) if mark]
    if len(set(used)) != len(used) or any(len(mark) != 1 or mark.isalnum() or mark >= b"\x7f" for mark in used):
        raise ValueError("The delimiters must be different single characters, no letters or digits.")
    if marks.decimal not in (b".", b","):
        raise ValueError("The decimal mark must be a point or a comma.")
    if style.wrap is not None and style.wrap < 20:
        raise ValueError("Lines can be wrapped at 20 bytes or more.")
    if style.wrap is not None and style.line_break:
        raise ValueError("Lines are either wrapped or broken after each segment, not both.")
    if style.una == "never" and marks != DEFAULT_DELIMITERS:
        raise ValueError("Without UNA only the standard delimiters can be used.")

"""From the bytes of segments to `Segment`: elements, components and text."""

import re
from collections.abc import Iterator, Sequence

from quire_vendors.edi.flags import Flags, Place

from .charset import decode
from .limits import Limits
from .model import Layout, Segment
from .scan import spans, unescape

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CAREFUL = re.compile(rb"[\x00-\x1f\x7f-\xff]")
_TYPOGRAPHIC = re.compile("’".encode() + rb"[\r\n ]*([A-Z]{3})(.)")
_BREAKS = re.compile(rb"[\r\n]")


def build(
    raws: Sequence[bytes],
    starts: Sequence[int],
    layout: Layout,
    charset: str,
    limits: Limits,
    noted: Flags,
    message: int | None = None,
) -> Iterator[Segment]:
    """Segments from their bytes, one after the other, numbered from 0.

    Most are split at once; those that hold a release character, other than printable ASCII bytes or wrapped lines are
    scanned with care. Linear in the number of bytes.
    """
    marks = layout.delimiters
    whole = b"\0".join(raws)
    if whole.count(b"\0") == len(raws) - 1:
        texts = whole.decode("latin-1").split("\0")
        clean = _CAREFUL.search(whole.replace(b"\0", b"")) is None and not layout.wrapped
    else:
        texts, clean = [raw.decode("latin-1") for raw in raws], False
    element, component = marks.element.decode("latin-1"), marks.component.decode("latin-1")
    release = marks.release.decode("latin-1") if marks.release and marks.release in whole else "\0"
    most = limits.elements
    for index, text in enumerate(texts):
        raw, start = raws[index], starts[index]
        if release in text or not (clean or (not layout.wrapped and _CAREFUL.search(raw) is None)):
            yield _careful(raw, start, index, layout, charset, limits, noted, message)
            continue
        parts = text.split(element)
        tag = parts.pop(0)
        elements = [part.split(component) for part in parts]
        if len(text) > most:
            _cut(elements, limits, noted, Place(message, index, tag, None, None, start, start + len(raw)))
        if component in tag:
            tag = tag.split(component)[0]
        yield Segment(tag, elements, index, start, raw, layout)


def _cut(elements: list[list[str]], limits: Limits, noted: Flags, place: Place) -> None:
    most = limits.elements
    if len(elements) > most or any(len(components) > most for components in elements):
        noted.add("TOO_MANY_ELEMENTS", place, most=most, count=max(len(elements), *(len(c) for c in elements)))
        del elements[most:]
        for components in elements:
            del components[most:]


def _careful(
    raw: bytes,
    start: int,
    index: int,
    layout: Layout,
    charset: str,
    limits: Limits,
    noted: Flags,
    message: int | None,
) -> Segment:
    marks = layout.delimiters
    head = unescape(raw[: 16 if layout.wrapped else 3], layout)
    tag = head[:3].split(marks.element)[0].split(marks.component)[0].decode("latin-1")
    place = Place(message, index, tag, None, None, start, start + len(raw))
    if not layout.wrapped and _BREAKS.search(raw):
        noted.add("LINE_BREAK_IN_SEGMENT", place)
    if (found := _CONTROL.search(raw)) is not None and not _is_mark(found.group(), layout):
        noted.add("CONTROL_CHARACTER", place, byte=f"{found.group()[0]:02X}")
    if (typed := _TYPOGRAPHIC.search(raw)) is not None and typed.group(2) == marks.element:
        noted.add("TYPOGRAPHIC_TERMINATOR", place, tag=typed.group(1).decode("ascii"))
    elements: list[list[str]] = []
    for number, ranges in enumerate(spans(raw, layout)):
        texts: list[str] = []
        for part, (first, last) in enumerate(ranges):
            data = unescape(raw[first:last], layout)
            if data.isascii():
                texts.append(data.decode("ascii"))
                continue
            spot = Place(message, index, tag, number, part, start + first, start + last)

            def report(code: str, values: dict[str, object], spot: Place = spot) -> None:
                noted.add(code, spot, **values)

            texts.append(decode(data, charset, report))
        elements.append(texts)
    if not layout.wrapped and elements:
        elements[-1][-1] = elements[-1][-1].rstrip("\r\n")
    _cut(elements, limits, noted, place)
    return Segment(tag, elements, index, start, raw, layout)


def _is_mark(byte: bytes, layout: Layout) -> bool:
    marks = layout.delimiters
    return byte in (marks.component, marks.element, marks.segment, marks.release, marks.repetition)

"""The careful reading of one segment: release characters, repaired apostrophes, wrapped lines, byte ranges.

Most segments need none of it and are split directly (see `build`); this scanner gives the same result for all.
"""

import re
from functools import lru_cache

from .model import Layout

Span = tuple[int, int]


@lru_cache(maxsize=64)
def _marks(component: bytes, element: bytes, release: bytes) -> re.Pattern[bytes]:
    either = b"|".join(re.escape(mark) for mark in (component, element))
    return re.compile(re.escape(release) + b"(?s:.)|" + either if release else either)


def spans(raw: bytes, layout: Layout) -> list[list[Span]]:
    """Byte ranges within `raw` of each component of each element after the tag. Linear in `raw`."""
    marks = layout.delimiters
    element, release = marks.element, marks.release
    skips_breaks = layout.wrapped and bool(release)
    found: list[list[Span]] = [[]]
    start = 0
    pattern = _marks(marks.component, element, release)
    at = 0
    while (hit := pattern.search(raw, at)) is not None:
        mark, at = hit.group(), hit.end()
        if len(mark) == 2:
            if skips_breaks and mark[1] in b"\r\n":
                while at < len(raw) and raw[at] in b"\r\n":
                    at += 1
                at += 1
            continue
        found[-1].append((start, hit.start()))
        start = at
        if mark == element:
            found.append([])
    found[-1].append((start, len(raw)))
    return found[1:]


def unescape(text: bytes, layout: Layout) -> bytes:
    """The text without line breaks of a wrapped file and without release characters.

    A release character before an ordinary character makes that character literal (ISO 9735-1, 6.2); at the very end
    of the text it stands for itself.
    """
    if layout.wrapped:
        text = text.translate(None, b"\r\n")
    release = layout.delimiters.release
    if not release or release not in text:
        return text
    return re.sub(re.escape(release) + b"((?s:.))", rb"\1", text)

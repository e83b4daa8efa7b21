"""JSON reports as a stream: the header at once, the items one by one, whatever the size of the file.

Elements are parsed by orjson in batches: where a batch ends is guessed from the bytes between the first two elements,
and the guess is right exactly when the batch parses. Otherwise elements are cut one at a time.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.words import fuzzy

_CHUNK = 384 * 1024
_SPACE = re.compile(r"[ \t\n\r]*")
_OPENING = re.compile(r'\{[ \t\n\r]*"[^"\\]*"[ \t\n\r]*:')
_LINE_END = re.compile(rb"[}\]][ \t\r\f\v]*(?:\n|\Z)")


class Damaged(Exception):
    """The JSON ends too early or breaks its syntax; `place` says after which element."""

    def __init__(self, code: str, place: str) -> None:
        super().__init__(code)
        self.code = code
        self.place = place


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


class Window:
    """A sliding window over UTF-8 text, with a cursor."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._read = 0
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> bool:
        """Adds a chunk (growing with the window) and drops what lies before the cursor; False at the end."""
        if self.ended:
            return False
        data = self._stream.read(max(_CHUNK, len(self.text) - self.at))
        self._read += len(data)
        if self._read > self._limits.bytes:
            raise NotReadable(
                f"The JSON is larger than {self._limits.bytes // 1024**2} MB; ask for it month by month or report by report."
            )
        if not data:
            self.ended = True
        try:
            added = self._decoder.decode(data, final=self.ended)
        except UnicodeDecodeError as fault:
            raise Damaged("file-not-utf8", "") from fault
        self.text = self.text[self.at :] + added
        self.at = 0
        return True

    def peek(self) -> str:
        """The next character that is not white space, under the cursor; "" at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self, place: str, most: int) -> Any:
        """Parses the value under the cursor. Raises Damaged, and NotReadable beyond `most` characters."""
        if not self.peek():
            raise Damaged("json-not-object", place)
        while True:
            try:
                found, end = _DECODER.raw_decode(self.text, self.at)
                # a number may go on in the next chunk
                if end < len(self.text) or self.ended:
                    exact = orjson.loads(self.text[self.at : end])
                    self.at = end
                    return exact
                del found
            except RecursionError as fault:
                raise NotReadable("The JSON is nested deeper than any COUNTER report; it is not one.") from fault
            except orjson.JSONDecodeError as fault:
                if self.ended:
                    raise self._broken(place) from fault
                if _certain(fault):
                    raise Damaged("json-syntax", place) from fault
            except ValueError as fault:
                if self.ended:
                    raise self._broken(place) from fault
            if len(self.text) - self.at > most:
                raise NotReadable(
                    f"One element of the JSON is larger than {most // 1024**2} MB or damaged at {place or 'its beginning'};"
                    " no COUNTER report is like that."
                )
            self.more()

    def _broken(self, place: str) -> Damaged:
        return Damaged("json-syntax", place)

    def key(self, place: str) -> str:
        """The name of an object's member, the cursor behind its colon."""
        if self.peek() != '"':
            raise Damaged("json-syntax" if self.peek() else "json-not-object", place)
        name = self.value(place, self._limits.cell)
        if self.peek() != ":":
            raise Damaged("json-syntax", place)
        self.at += 1
        return str(name)

    def batch(self, separator: str) -> list[Any] | None:
        """All elements up to the last separator in the window, if that is where an element ends."""
        cut = self.text.rfind(separator, self.at)
        if cut < 0:
            return None
        # the separator begins with the last character of an element
        end = cut + 1
        try:
            found: list[Any] = orjson.loads("[" + self.text[self.at : end] + "]")
        except orjson.JSONDecodeError:
            return None
        self.at = end
        return found


def _certain(fault: json.JSONDecodeError) -> bool:
    """True when orjson refuses what was complete: a lone surrogate, a number beyond its range."""
    return "surrogate" in fault.msg or "escape" in fault.msg


def elements(window: Window, place: str, limits: Limits) -> Iterator[tuple[str, Any]]:
    """(place, element) of the array under the cursor, which ends behind it."""
    window.at += 1
    number = 0
    separator = ""
    while True:
        following = window.peek()
        if following == "]":
            window.at += 1
            return
        if number:
            if following != ",":
                raise Damaged("json-syntax" if following else "json-not-object", f"{place}/{number - 1}")
            window.at += 1
            if window.peek() == "]":
                raise Damaged("json-syntax", f"{place}/{number - 1}")
        if separator:
            found = window.batch(separator)
            if found is None and not window.ended:
                window.more()
                found = window.batch(separator)
            if found is not None:
                for element in found:
                    yield f"{place}/{number}", element
                    number += 1
                continue
        start = window.at
        element = window.value(f"{place}/{number}", limits.item_bytes)
        yield f"{place}/{number}", element
        number += 1
        if not separator and number >= 1:
            separator = _separator(window, start)


def _separator(window: Window, start: int) -> str:
    """What stands between the element that ends under the cursor and the next one, up to that one's first name."""
    end = window.at
    if end < start or end == 0 or window.text[end - 1] != "}":
        return ""
    gap = re.compile(r"[ \t\n\r]*,[ \t\n\r]*").match(window.text, end)
    if gap is None:
        return ""
    opening = _OPENING.match(window.text, gap.end())
    return window.text[end - 1 : opening.end()] if opening is not None else ""


class JsonReport:
    """A report in JSON: `members` are the root's members but the items; `items()` streams those."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self.members: dict[str, Any] = {}
        self.items_found = ""
        """How the items' member is called; "" when there is none that is an array."""
        self.damage: Damaged | None = None
        self.array = False
        try:
            self._skim()
        except Damaged as damage:
            self.damage = damage

    def _window(self) -> Window:
        self._stream.seek(0)
        window = Window(self._stream, self._limits)
        if window.peek() == "\ufeff":
            window.at += 1
        return window

    def _skim(self) -> None:
        """Reads the root's members up to the items; past them only when the header comes later."""
        window = self._window()
        first = window.peek()
        if first == "[":
            self.array = True
            return
        if first != "{":
            raise Damaged("json-not-object", "")
        for _ in self._walk(window, skim=True):
            if any(fuzzy(name) == "reportheader" for name in self.members):
                return

    def _walk(self, window: Window, *, skim: bool) -> Iterator[tuple[str, Any]]:
        window.at += 1
        first = True
        while True:
            following = window.peek()
            if following == "}":
                window.at += 1
                break
            if not first:
                if following != ",":
                    raise Damaged("json-syntax" if following else "json-not-object", "")
                window.at += 1
            first = False
            name = window.key("")
            if fuzzy(name) == "reportitems" and window.peek() == "[":
                self.items_found = name
                yield from elements(window, f"/{name}", self._limits)
            else:
                self.members[name] = window.value(f"/{name}", self._limits.header_bytes)
        if window.peek():
            raise Damaged("json-syntax", "")

    def items(self) -> Iterator[tuple[str, Any]]:
        """(pointer, item) of every item, from the beginning. Raises Damaged where the JSON breaks off."""
        if self.array:
            return
        window = self._window()
        if window.peek() != "{":
            return
        yield from self._walk(window, skim=False)

    def looks_whole(self) -> bool:
        """True when some line ends with a closing bracket, which the official tool takes for JSON that is damaged."""
        self._stream.seek(0)
        while data := self._stream.read(1024 * 1024):
            if _LINE_END.search(data):
                return True
        return False

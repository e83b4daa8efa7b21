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
_WHOLE = 4 * 1024**2
"""Characters of an element that are parsed as a whole."""
_PART = 500
"""Items of a larger element that are handed on together."""
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


class TooLarge(Exception):
    """An element is larger than what is parsed as a whole."""


class Part(dict[str, Any]):
    """A slice of an element whose Items are too many to hold: the element's other members and some of its Items."""

    def __init__(self, members: dict[str, Any], items: list[Any], offset: int) -> None:
        super().__init__(members, Items=items)
        self.offset = offset
        """Number of the first of these Items within the element."""


class Window:
    """A sliding window over UTF-8 text, with a cursor."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._position = stream.tell()
        self.text = ""
        self.at = 0
        self.ended = False

    def offset(self) -> int:
        """Bytes of the stream before the cursor."""
        pending = len(self._decoder.getstate()[0])
        return self._position - pending - len(self.text[self.at :].encode("utf-8"))

    def go(self, offset: int) -> None:
        """Puts the cursor back to an earlier `offset`."""
        self._stream.seek(offset)
        self._position = offset
        self._decoder.reset()
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Adds a chunk (growing with the window) and drops what lies before the cursor; False at the end."""
        if self.ended:
            return False
        data = self._stream.read(max(_CHUNK, len(self.text) - self.at))
        self._position += len(data)
        if self._position > self._limits.bytes:
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
                _, end = _DECODER.raw_decode(self.text, self.at)
            except RecursionError as fault:
                raise NotReadable("The JSON is nested deeper than any COUNTER report; it is not one.") from fault
            except ValueError as fault:
                if self.ended:
                    raise Damaged("json-syntax", place) from fault
            else:
                # a number may go on in the next chunk
                if end < len(self.text) or self.ended:
                    return self._exact(place, end)
            if len(self.text) - self.at > most:
                raise TooLarge(place)
            self.more()

    def _exact(self, place: str, end: int) -> Any:
        """The value up to `end`, by the stricter parser: no lone surrogates, as the official tool wants it."""
        try:
            found = orjson.loads(self.text[self.at : end])
        except ValueError as fault:
            raise Damaged("json-syntax", place) from fault
        self.at = end
        return found

    def key(self, place: str) -> str:
        """The name of an object's member, the cursor behind its colon."""
        if self.peek() != '"':
            raise Damaged("json-syntax" if self.peek() else "json-not-object", place)
        try:
            name = self.value(place, self._limits.cell)
        except TooLarge as fault:
            raise NotReadable(f"The JSON has a name of more than {self._limits.cell} characters.") from fault
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
        except ValueError:
            return None
        self.at = end
        return found


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
        here = f"{place}/{number}"
        try:
            element = window.value(here, _WHOLE)
        except TooLarge:
            yield from _in_parts(window, here, limits)
            number += 1
            continue
        yield here, element
        number += 1
        if not separator and number >= 1:
            separator = _separator(window, start)


def _in_parts(window: Window, place: str, limits: Limits) -> Iterator[tuple[str, Any]]:
    """The large element under the cursor in parts, as a parent with very many Items is; the cursor ends behind it.

    The element is walked twice: first for its other members, which may stand behind its Items.
    """
    if window.peek() != "{":
        raise NotReadable(f"The JSON has an element of more than {_WHOLE // 1024**2} MB at {place}; it is no report.")
    start = window.offset()
    members: dict[str, Any] = {}
    for name, value in _members(window, place, limits):
        if name:
            members[name] = value
    end = window.offset()
    window.go(start)
    offset = 0
    items: list[Any] = []
    for name, value in _members(window, place, limits):
        if not name:
            items.append(value)
            if len(items) >= _PART:
                yield place, Part(members, items, offset)
                offset += len(items)
                items = []
    if items or not offset:
        yield place, Part(members, items, offset)
    window.go(end)


def _members(window: Window, place: str, limits: Limits) -> Iterator[tuple[str, Any]]:
    """Members of the object under the cursor; each of its Items comes with the name ""."""
    window.peek()
    window.at += 1
    first = True
    while True:
        following = window.peek()
        if following == "}":
            window.at += 1
            return
        if not first:
            if following != ",":
                raise Damaged("json-syntax" if following else "json-not-object", place)
            window.at += 1
        first = False
        name = window.key(place)
        if fuzzy(name) == "items" and window.peek() == "[":
            for _, element in elements(window, f"{place}/{name}", limits):
                yield "", element
        else:
            try:
                yield name, window.value(f"{place}/{name}", limits.header_bytes)
            except TooLarge as fault:
                raise NotReadable(
                    f"{place}/{name} of the JSON is larger than {limits.header_bytes // 1024**2} MB or damaged; "
                    "no COUNTER report is like that."
                ) from fault


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
                try:
                    self.members[name] = window.value(f"/{name}", self._limits.header_bytes)
                except TooLarge as fault:
                    raise NotReadable(
                        f"/{name} of the JSON is larger than {self._limits.header_bytes // 1024**2} MB or damaged; "
                        "no COUNTER report is like that."
                    ) from fault
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

"""What is no EDI, or much too much of it, is refused in words, within limits."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from quire_vendors.edi.syntax import Limits, Reading, tokenize

HEAD = b"UNB+UNOC:3+1+2+260105:0930+42'UNH+1+INVOIC:D:96A:UN'"
TAIL = b"UNT+3+1'UNZ+1+42'"


class Repeated(io.RawIOBase):
    """A stream of head, a piece many times, and tail, that is never in memory as a whole."""

    def __init__(self, head: bytes, piece: bytes, size: int, tail: bytes = b"") -> None:
        self._left, self._piece, self._tail = size, piece * max(1, 65536 // len(piece)), tail
        self._next = head

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part, self._next = self._next, b""
        if not part and self._left > 0:
            part = self._piece[: self._left]
            self._left -= len(part)
        if not part:
            part, self._tail = self._tail, b""
        return part


def codes(data: bytes) -> list[str]:
    reading = Reading(data)
    messages = list(reading)
    return [flag.code for message in messages for flag in message.flags] + [flag.code for flag in reading.flags]


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("invoice.edi", HEAD + TAIL)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(), "ZIP"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"UNB+" * 10, "PDF"),
        (b"\x1f\x8b\x08" + bytes(range(256)), "gzip"),
        (b"<!DOCTYPE html><html><body>UNB+UNOC:3+1'</body></html>", "web page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        ((HEAD + TAIL).decode().encode("utf-16"), "UTF-16"),
        ((HEAD + TAIL).decode().encode("utf-16-le"), "UTF-16"),
        ((HEAD + TAIL).decode().encode("utf-16-be"), "UTF-16"),
        (b"\0" * 1000, "binary"),
        (bytes(range(256)) * 10, "binary"),
        (b"STX=ANA:1+5000000000000'", "TRADACOMS"),
        (b"Dear library, please find the invoice attached.", "UNA"),
    ],
)
def test_other_files_are_refused_in_words(data: bytes, words: str) -> None:
    reading = Reading(data)
    assert list(reading) == []
    (flag,) = reading.flags
    assert (flag.code, flag.severity) == ("NOT_EDI", "error")
    assert words in flag.text
    assert list(tokenize(data)) == []


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t "])
def test_empty_file(data: bytes) -> None:
    reading = Reading(data)
    assert list(reading) == []
    assert [flag.code for flag in reading.flags] == ["EMPTY_FILE"]


def test_zero_bytes_in_a_text_are_flagged() -> None:
    assert codes(HEAD + b"IMD+L+050+:::A\0B'" + TAIL) == ["CONTROL_CHARACTER"]


def test_fifty_megabytes_of_one_segment() -> None:
    reading = Reading(Repeated(HEAD + b"IMD+L+050+:::", b"a", 49_000_000, b"'" + TAIL))  # type: ignore[arg-type]
    tracemalloc.start()
    (message,) = reading
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [segment.tag for segment in message.segments] == ["UNH", "IMD", "UNT"]
    assert len(message.segments[1].raw) == 65_536
    assert [(flag.code, flag.severity) for flag in message.flags] == [("SEGMENT_TOO_LONG", "error")]
    assert peak < 20_000_000


def test_the_message_after_an_overlong_segment_is_read() -> None:
    rest = b"'UNT+3+1'UNH+2+INVOIC:D:96A:UN'BGM+380'UNT+3+2'UNZ+2+42'"
    reading = Reading(Repeated(HEAD + b"IMD+L+050+:::", b"a", 1_000_000, rest))  # type: ignore[arg-type]
    first, second = reading
    assert [flag.code for flag in first.flags] == ["SEGMENT_TOO_LONG"]
    assert (list(second.flags), [segment.tag for segment in second.segments]) == ([], ["UNH", "BGM", "UNT"])


def test_a_file_over_the_limit_is_cut_and_its_message_waits() -> None:
    reading = Reading(Repeated(HEAD, b"QTY+47:1'", 1_000_000, TAIL), Limits(file=500_000))  # type: ignore[arg-type]
    (message,) = reading
    assert not message.complete
    assert "FILE_TOO_BIG" in [flag.code for flag in reading.flags]


def test_a_million_empty_elements() -> None:
    assert "SEGMENT_TOO_LONG" in codes(HEAD + b"IMD" + b"+" * 1_000_000 + b"'" + TAIL)
    reading = Reading(HEAD + b"IMD" + b"+" * 60_000 + b"'" + TAIL)
    (message,) = reading
    assert [flag.code for flag in message.flags] == ["TOO_MANY_ELEMENTS"]
    assert len(message.segments[1].elements) == 200
    many = codes(HEAD + (b"IMD" + b"+" * 150 + b"'") * 7000 + TAIL)
    assert many == ["MESSAGE_TOO_LONG"]


def test_a_million_segments() -> None:
    reading = Reading(Repeated(HEAD, b"UNS'", 4_000_000, b"UNT+3+1'UNH+2+INVOIC:D:96A:UN'UNT+2+2'UNZ+2+42'"))  # type: ignore[arg-type]
    first, second = reading
    assert [flag.code for flag in first.flags] == ["MESSAGE_TOO_LONG"]
    assert first.complete
    assert list(second.flags) == []


@pytest.mark.parametrize(
    "piece", [b"?", b"?'", b"??'", b"'", b"'a", b"UNA:+.? '", b"UNB+'", b"\n", b"UNH+'", b"'?\n", b"+:"]
)
def test_floods_end(piece: bytes) -> None:
    """Two megabytes of what makes readers go back and forth."""
    data = HEAD + piece * (2_000_000 // len(piece))
    assert codes(data)
    assert codes(data + b"'" + TAIL)
    for _ in tokenize(data):
        pass


def test_flags_are_counted_not_heaped_up() -> None:
    reading = Reading(HEAD + b"FTX+A+?'\x01'" * 5000 + TAIL)
    (message,) = reading
    kept = [flag for flag in message.flags if flag.code == "CONTROL_CHARACTER"]
    (more,) = (flag for flag in message.flags if flag.code == "MORE_OF_THE_SAME")
    assert len(kept) == 50
    assert (more.values["code"], more.values["count"]) == ("CONTROL_CHARACTER", 5000)


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(messages: int) -> int:
        body = b"UNH+1+INVOIC:D:96A:UN'" + b"LIN+1++9780000000002:EN'QTY+47:3'" * 100 + b"UNT+202+1'"
        reading = Reading(Repeated(HEAD, body, len(body) * messages))  # type: ignore[arg-type]
        tracemalloc.start()
        for _ in reading:
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(900) < 1.5 * peak(150)

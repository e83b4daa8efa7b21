"""Bytes to segments. Expected values are written from ISO 9735-1 by hand."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quire_vendors.edi.syntax import Limits, Message, Reading, read, tokenize

UNB = b"UNB+UNOC:3+5013546025078:14+5013546121974:14+260105:0930+42'"


def one(data: bytes) -> Message:
    (message,) = read(data)
    return message


def texts(message: Message) -> list[list[list[str]]]:
    return [[list(element) for element in segment.elements] for segment in message.segments[1:-1]]


def codes(data: bytes) -> list[str]:
    reading = Reading(data)
    flags = [flag.code for message in reading for flag in message.flags]
    return flags + [flag.code for flag in reading.flags]


def interchange(body: bytes, una: bytes = b"", unb: bytes = UNB) -> bytes:
    return una + unb + b"UNH+1+INVOIC:D:96A:UN:EAN008'" + body + b"UNT+3+1'UNZ+1+42'"


class TestDelimiters:
    def test_standard_characters_without_una(self) -> None:
        assert texts(one(interchange(b"IMD+L+050+:::A title'"))) == [[["L"], ["050"], ["", "", "", "A title"]]]

    @pytest.mark.parametrize(
        "una", [b"UNA:+.? '", b"UNA:+.? '\r\n", b"UNA:+,? '", b"\xef\xbb\xbfUNA:+.? '", b"\n UNA:+.? '"]
    )
    def test_una_in_its_usual_shapes(self, una: bytes) -> None:
        data = interchange(b"QTY+47:3'", una)
        assert texts(one(data)) == [[["47", "3"]]]
        assert codes(data) == []

    def test_decimal_mark_is_kept(self) -> None:
        assert one(interchange(b"QTY+47:3'", b"UNA:+,? '")).delimiters.decimal == b","

    def test_short_una(self) -> None:
        data = interchange(b"QTY+47:3'", b"UNA:+.?'")
        assert texts(one(data)) == [[["47", "3"]]]
        assert codes(data) == ["UNA_SHORT"]

    def test_una_with_other_characters(self) -> None:
        data = interchange(b"QTY+47:3'", b"").translate(bytes.maketrans(b":+'", b"^<>"))
        message = one(b"UNA^<.? >" + data)
        assert texts(message) == [[["47", "3"]]]
        assert message.interchange.sender == "5013546025078"

    def test_line_break_as_terminator(self) -> None:
        data = b"UNA:+.? \n" + interchange(b"IMD+L+050+:::Children's books'".replace(b"'s", b"#s")).replace(b"'", b"\n")
        assert texts(one(data.replace(b"#", b"'"))) == [[["L"], ["050"], ["", "", "", "Children's books"]]]

    def test_reserved_character_of_syntax_4_is_no_fault(self) -> None:
        data = interchange(b"QTY+47:3'", b"UNA:+.?*'")
        assert one(data).delimiters.repetition == b"*"
        assert codes(data) == []

    def test_no_release_character(self) -> None:
        assert texts(one(interchange(b"IMD+L+050+:::Why? Because'", b"UNA:+.  '"))) == [
            [["L"], ["050"], ["", "", "", "Why? Because"]]
        ]

    def test_each_interchange_has_its_own(self) -> None:
        first = interchange(b"QTY+47:1'", b"UNA:+.? '")
        other = b"UNA^<.? >" + interchange(b"QTY+47:2'").translate(bytes.maketrans(b":+'", b"^<>"))
        plain = interchange(b"QTY+47:3'")
        reading = Reading(first + b"\n" + other + b"\r\n" + plain + first)
        found = [texts(message) for message in reading]
        assert found == [[[["47", "1"]]], [[["47", "2"]]], [[["47", "3"]]], [[["47", "1"]]]]
        assert [interchange.closed for interchange in reading.interchanges] == [True] * 4
        assert [flag.code for flag in reading.flags] == []

    def test_characters_of_the_file_win_over_una(self) -> None:
        data = interchange(b"QTY+47:3'", b"UNA:+.? ~")
        assert texts(one(data)) == [[["47", "3"]]]
        assert codes(data) == ["UNA_DISAGREES"]

    def test_other_characters_without_una_are_seen_in_the_header(self) -> None:
        data = interchange(b"QTY+47:3'").translate(bytes.maketrans(b":+'", b"=*~"))
        assert texts(one(data)) == [[["47", "3"]]]
        assert codes(data) == ["DELIMITERS_GUESSED"]


class TestRelease:
    def test_released_characters_are_text(self) -> None:
        found = texts(one(interchange(b"IMD+L+050+:::Who?'s afraid?? 1?+1 a?:b'")))
        assert found == [[["L"], ["050"], ["", "", "", "Who's afraid? 1+1 a:b"]]]

    def test_release_before_an_ordinary_character_is_dropped(self) -> None:
        assert texts(one(interchange(b"FTX+LIN+?a?b'"))) == [[["LIN"], ["ab"]]]

    def test_even_number_of_release_characters_ends_the_segment(self) -> None:
        assert texts(one(interchange(b"FTX+LIN+why????'QTY+1:2'"))) == [[["LIN"], ["why??"]], [["1", "2"]]]

    def test_swallowed_segment_is_suspected(self) -> None:
        data = interchange(b"IMD+L+050+:::Why?'QTY+47:3'")
        assert "RELEASE_BEFORE_SEGMENT" in codes(data)

    def test_span_of_a_released_text(self) -> None:
        data = interchange(b"IMD+L+050+:::Who?'s'")
        segment = one(data).segments[1]
        start, end = segment.span(2, 3)
        assert data[start:end] == b"Who?'s"
        assert segment.span(2) == (start - 3, end)
        assert segment.span(9) == (segment.end, segment.end)


class TestLines:
    @pytest.mark.parametrize("gap", [b"\n", b"\r\n", b"  ", b"\t\r\n \n"])
    def test_blanks_between_segments(self, gap: bytes) -> None:
        data = interchange(b"QTY+47:3'").replace(b"'", b"'" + gap)
        message = one(data)
        assert texts(message) == [[["47", "3"]]]
        assert [data[segment.start : segment.end] for segment in message.segments] == [
            segment.raw for segment in message.segments
        ]
        assert codes(data) == []

    @pytest.mark.parametrize("line_break", [b"\n", b"\r\n"])
    @pytest.mark.parametrize("width", [20, 33, 80])
    def test_wrapped_lines(self, line_break: bytes, width: int) -> None:
        whole = interchange(b"IMD+L+050+:::Who?'s afraid of the long and winding title of this book'QTY+47:3'" * 3)
        data = line_break.join(whole[at : at + width] for at in range(0, len(whole), width)) + line_break
        assert texts(one(data)) == texts(one(whole))
        assert "LINES_WRAPPED" in codes(data)

    def test_line_break_inside_of_a_text_is_kept(self) -> None:
        data = interchange(b"FTX+LIN+++first\nsecond'QTY+47:3'")
        assert texts(one(data))[0] == [["LIN"], [""], [""], ["first\nsecond"]]
        assert codes(data) == ["LINE_BREAK_IN_SEGMENT", "UNT_COUNT"]


class TestRepair:
    def test_apostrophe_in_a_text(self) -> None:
        data = interchange(b"IMD+L+050+:::Casopis'a Historicky'")
        message = one(data)
        assert texts(message) == [[["L"], ["050"], ["", "", "", "Casopis'a Historicky"]]]
        (flag,) = message.flags
        assert flag.code == "REPAIRED_APOSTROPHE"
        assert flag.values["readings"] == [
            ["IMD+L+050+:::Casopis'a Historicky"],
            ["IMD+L+050+:::Casopis", "a Historicky"],
        ]
        assert data[flag.place.start : flag.place.end] == b"IMD+L+050+:::Casopis'a Historicky"

    def test_several_apostrophes_in_one_text(self) -> None:
        data = interchange(b"IMD+L+050+:::rock ''n'' roll'")
        assert texts(one(data)) == [[["L"], ["050"], ["", "", "", "rock ''n'' roll"]]]

    def test_doubled_terminator_is_dropped(self) -> None:
        assert texts(one(interchange(b"QTY+47:3'''"))) == [[["47", "3"]]]

    def test_typographic_apostrophe_is_flagged(self) -> None:
        data = interchange("QTY+21:3’GIR+001+5346:LCO'".encode())
        assert "TYPOGRAPHIC_TERMINATOR" in codes(data)


SEGMENT_TEXT = st.text(alphabet="AZaz09 ?'+:\n-é", max_size=12)


def _escaped(text: str) -> str:
    return "".join("?" + character if character in "?+:'" else character for character in text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(st.lists(SEGMENT_TEXT, min_size=1, max_size=3), min_size=1, max_size=4), max_size=40))
def test_chunks_do_not_show(rows: list[list[list[str]]]) -> None:
    """Read in the smallest chunks or at once, the segments are those that were written."""
    body = "".join(
        "FTX+" + "+".join(":".join(_escaped(text) for text in element) for element in row) + "'" for row in rows
    )
    filler = "QTY+47:3'" * 700
    data = interchange((filler + body + filler + body).encode("latin-1"))
    small = Limits(chunk=1, segment=1000)
    for reading in (Reading(data), Reading(io.BytesIO(data), small)):
        (message,) = reading
        found = [segment for segment in message.segments if segment.tag == "FTX"]
        wanted = [[list(element) for element in row] for row in rows]
        for row in wanted:
            row[-1][-1] = row[-1][-1].rstrip("\r\n")
        assert [segment.elements for segment in found] == wanted * 2
        assert all(data[segment.start : segment.end] == segment.raw for segment in message.segments)


def test_tokens_hold_service_segments_too() -> None:
    tags = [segment.tag for segment in tokenize(interchange(b"QTY+47:3'", b"UNA:+.? '"))]
    assert tags == ["UNB", "UNH", "QTY", "UNT", "UNZ"]


def test_a_reading_is_read_once() -> None:
    reading = Reading(interchange(b"QTY+47:3'"))
    assert len(list(reading)) == 1
    with pytest.raises(RuntimeError):
        list(reading)

"""What is written reads back the same, and what the character set changed is reported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quire_vendors.edi.syntax import (
    Delimiters,
    Limits,
    OutEnvelope,
    OutGroup,
    OutMessage,
    OutStyle,
    Reading,
    write_interchange,
)


def envelope(**values: Any) -> OutEnvelope:
    base: dict[str, Any] = {
        "sender": "5013546121974",
        "recipient": "1694510",
        "reference": "42",
        "prepared": datetime(2026, 1, 5, 9, 30),  # noqa: DTZ001  (local time, as the envelope wants it)
        "sender_qualifier": "14",
        "recipient_qualifier": "31B",
    }
    return OutEnvelope(**base | values)


ORDER = OutMessage("ORDERS", "1", [("BGM", ["220", "PO-1", "9"]), ("UNS", ["S"])], association="EAN008")


def test_bytes_of_a_small_order() -> None:
    written = write_interchange(envelope(), [ORDER])
    assert written.data == (
        b"UNA:+.? 'UNB+UNOC:3+5013546121974:14+1694510:31B+260105:0930+42'UNH+1+ORDERS:D:96A:UN:EAN008'"
        b"BGM+220+PO-1+9'UNS+S'UNT+4+1'UNZ+1+42'"
    )
    assert written.report == []


def test_all_of_the_header() -> None:
    full = envelope(
        syntax=("UNOW", "4"), sender_routing="R", password="PW", application_reference="ORDERS", priority="A",
        acknowledgement_requested=True, agreement="G", test=True, group=OutGroup("S", "R", "9", "14", "31B"),
    )  # fmt: skip
    data = write_interchange(full, [ORDER], OutStyle(una="never", line_break="\r\n")).data
    assert data == (
        b"UNB+UNOW:4+5013546121974:14:R+1694510:31B+20260105:0930+42+PW+ORDERS+A+1+G+1'\r\n"
        b"UNG+ORDERS+S:14+R:31B+260105:0930+9+UN+D:96A:EAN008'\r\nUNH+1+ORDERS:D:96A:UN:EAN008'\r\n"
        b"BGM+220+PO-1+9'\r\nUNS+S'\r\nUNT+4+1'\r\nUNE+1+9'\r\nUNZ+1+42'\r\n"
    )


def test_empty_elements_at_the_end_are_left_out_unless_wanted() -> None:
    message = OutMessage("ORDERS", "1", [("GIR", ["001", ["", "LLO"], ["", ""], ""])])
    assert b"GIR+001+:LLO'" in write_interchange(envelope(), [message]).data
    assert b"GIR+001+:LLO+:+'" in write_interchange(envelope(), [message], OutStyle(keep_empty=True)).data


@pytest.mark.parametrize(
    ("charset", "text", "written", "code"),
    [
        ("UNOC", "Müller", "Müller", None),
        ("UNOB", "Müller", "Muller", "TEXT_CHANGED"),
        ("UNOB", "Straße", "Strasse", "TEXT_CHANGED"),
        ("UNOC", "Škvorecký – “quoted”…", 'Skvorecký - "quoted"...', "TEXT_CHANGED"),
        ("UNOC", "Жизнь и судьба", "Zizn' i sud'ba", "TEXT_CHANGED"),
        ("UNOD", "Чехов", "Čehov", "TEXT_CHANGED"),
        ("UNOE", "Жизнь", "Жизнь", None),
        ("UNOB", "Ζωή", "Zoi", "TEXT_CHANGED"),
        ("UNOC", "two\nlines", "two lines", "TEXT_CHANGED"),
        ("UNOC", "日本", "??", "CHARACTER_LOST"),
        ("UNOW", "日本", "日本", None),
        ("UNOC", "e\u0301tude", "étude", "TEXT_CHANGED"),
    ],
)
def test_what_the_character_set_changes_is_reported(charset: str, text: str, written: str, code: str | None) -> None:
    message = OutMessage("ORDERS", "1", [("IMD", ["L", "050", ["", "", "", text]])])
    result = write_interchange(envelope(syntax=(charset, "3")), [message])
    (read,) = Reading(result.data)
    assert read.segments[1].get(2, 3) == written
    assert [flag.code for flag in result.report] == ([code] if code else [])
    for flag in result.report:
        assert (flag.place.message, flag.place.segment, flag.place.tag, flag.place.element, flag.place.component) == (
            1, 1, "IMD", 2, 3,
        )  # fmt: skip
        assert text in flag.text


def test_replacements_of_the_profile_come_first() -> None:
    message = OutMessage("ORDERS", "1", [("IMD", ["Müller"])])
    data = write_interchange(envelope(syntax=("UNOB", "3")), [message], OutStyle(transliterate={"ü": "ue"})).data
    assert b"IMD+Mueller'" in data


def test_upper_case() -> None:
    result = write_interchange(envelope(), [OutMessage("ORDERS", "1", [("IMD", ["Quay"])])], OutStyle(upper_case=True))
    assert b"IMD+QUAY'" in result.data
    assert [flag.code for flag in result.report] == ["TEXT_CHANGED"]


@pytest.mark.parametrize(
    ("style", "messages", "charset"),
    [
        (OutStyle(), [], "UNOC"),
        (OutStyle(), [ORDER], "UNOQ"),
        (OutStyle(delimiters=Delimiters(element=b":")), [ORDER], "UNOC"),
        (OutStyle(delimiters=Delimiters(element=b"A")), [ORDER], "UNOC"),
        (OutStyle(delimiters=Delimiters(decimal=b";")), [ORDER], "UNOC"),
        (OutStyle(una="never", delimiters=Delimiters(segment=b"~")), [ORDER], "UNOC"),
        (OutStyle(wrap=5), [ORDER], "UNOC"),
        (OutStyle(wrap=80, line_break="\n"), [ORDER], "UNOC"),
        (OutStyle(), [OutMessage("ORDERS", "1", [("bgm", [])])], "UNOC"),
    ],
)
def test_what_cannot_be_valid_is_refused(style: OutStyle, messages: list[OutMessage], charset: str) -> None:
    with pytest.raises(ValueError):
        write_interchange(envelope(syntax=(charset, "3")), messages, style)


STYLES = [
    OutStyle(),
    OutStyle(una="never"),
    OutStyle(una="when_needed", line_break="\n"),
    OutStyle(line_break="\r\n"),
    OutStyle(delimiters=Delimiters(b"^", b"<", b".", b"?", b">")),
    OutStyle(delimiters=Delimiters(b":", b"+", b",", b"?", b"'", b"*")),
    OutStyle(delimiters=Delimiters(b"\x1f", b"\x1d", b".", b"?", b"\x1c")),
    OutStyle(wrap=40),
]
TEXT = st.text(alphabet=st.sampled_from("AZaz09 ?'+:^<>*äßé-.,"), max_size=40).map(str.strip)
TAG = st.sampled_from(["BGM", "LIN", "IMD", "FTX", "GIR", "NAD"])
SEGMENTS = st.lists(
    st.tuples(TAG, st.lists(st.lists(TEXT, min_size=1, max_size=4), min_size=1, max_size=5)), max_size=12
)


@settings(deadline=None, max_examples=300)
@given(st.lists(SEGMENTS, min_size=1, max_size=3), st.sampled_from(STYLES), st.sampled_from(["3", "4"]))
def test_what_is_written_reads_back(
    contents: list[list[tuple[str, list[list[str]]]]], style: OutStyle, version: str
) -> None:
    messages = [OutMessage("ORDERS", str(number), content) for number, content in enumerate(contents, 1)]
    written = write_interchange(envelope(syntax=("UNOC", version)), messages, style)
    assert written.report == []
    reading = Reading(written.data)
    found = list(reading)
    assert [[(s.tag, trimmed(s.elements)) for s in message.segments[1:-1]] for message in found] == [
        [(tag, trimmed(elements)) for tag, elements in content] for content in contents
    ]
    flags = {flag.code for message in found for flag in message.flags} | {flag.code for flag in reading.flags}
    assert flags <= {"LINES_WRAPPED", "RELEASE_BEFORE_SEGMENT"} | ({"CONTROL_CHARACTER"} & flags)
    assert reading.interchanges[0].closed


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.lists(SEGMENTS, min_size=1, max_size=2), st.sampled_from(STYLES)), min_size=1, max_size=3),
    st.integers(0, 400),
)
def test_interchanges_of_different_styles_in_one_file(
    parts: list[tuple[list[list[tuple[str, list[list[str]]]]], OutStyle]], filling: int
) -> None:
    """Each with its own delimiters and line breaks, read in the smallest chunks and at once."""
    filler: list[tuple[str, list[list[str]]]] = [("FTX", [["LIN"], ["a text that fills up the chunk"]])] * filling
    data, expected = b"", []
    for contents, style in parts:
        messages = [OutMessage("ORDERS", str(number), [*filler, *c]) for number, c in enumerate(contents, 1)]
        data += write_interchange(envelope(), messages, style).data + b"\n"
        expected += [[(tag, trimmed(elements)) for tag, elements in [*filler, *content]] for content in contents]
    for limits in (Limits(), Limits(chunk=1, segment=2000)):
        found = list(Reading(data, limits))
        assert [[(s.tag, trimmed(s.elements)) for s in message.segments[1:-1]] for message in found] == expected
        assert all(data[s.start : s.end] == s.raw for message in found for s in message.segments)


def trimmed(elements: Any) -> list[list[str]]:
    """Without the empty components and elements at the end, which mean nothing (ISO 9735-1, 8.7)."""
    rows = [list(element) for element in elements]
    for row in rows:
        while len(row) > 1 and not row[-1]:
            row.pop()
    while rows and rows[-1] == [""]:
        rows.pop()
    return rows

"""Messages, groups, interchanges and their trailers; trailers warn and never reject."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from quire_vendors.edi.flags import Flag
from quire_vendors.edi.syntax import Limits, Message, Reading

UNB = b"UNB+UNOC:3+5013546025078:14+5013546121974:14:BRANCH+260105:0930+42+PW+INVOIC+A+1+AGREED'"
UNZ = b"UNZ+1+42'"


def message(reference: int = 1, body: bytes = b"BGM+380+A1+9'", count: int = 3) -> bytes:
    return b"UNH+%d+INVOIC:D:96A:UN:EAN008'%sUNT+%d+%d'" % (reference, body, count, reference)


def reading(data: bytes) -> tuple[list[Message], list[Flag], Reading]:
    found = Reading(data)
    messages = list(found)
    return messages, [flag for one in messages for flag in one.flags] + found.flags, found


def codes(data: bytes) -> list[str]:
    return [flag.code for flag in reading(data)[1]]


def test_header_of_the_interchange() -> None:
    (found,) = reading(UNB + message() + UNZ)[2].interchanges
    assert (found.reference, found.sender, found.sender_qualifier) == ("42", "5013546025078", "14")
    assert (found.recipient, found.recipient_qualifier, found.recipient_routing) == ("5013546121974", "14", "BRANCH")
    assert (found.date, found.time, found.prepared_on) == ("260105", "0930", date(2026, 1, 5))
    assert (found.syntax, found.charset, found.password) == (("UNOC", "3"), "UNOC", "PW")
    assert (found.application_reference, found.acknowledgement_requested) == ("INVOIC", True)
    assert (found.test, found.closed, found.messages, found.standard) == (False, True, 1, "EDIFACT")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("260105", date(2026, 1, 5)), ("991231", date(1999, 12, 31)), ("20260105", date(2026, 1, 5)),
     ("261399", None), ("", None), ("abc", None), ("2601", None), ("²²²²²²", None)],
)  # fmt: skip
def test_day_of_the_interchange(text: str, expected: date | None) -> None:
    data = UNB.replace(b"260105:", text.encode("latin-1", "replace") + b":") + message() + UNZ
    assert reading(data)[2].interchanges[0].prepared_on == expected


@pytest.mark.parametrize(("indicator", "test"), [(b"1", True), (b"0", False), (b"", False), (b"2", True)])
def test_test_indicator(indicator: bytes, test: bool) -> None:
    data = UNB[:-1] + b"+" + indicator + b"'" + message() + UNZ
    assert reading(data)[2].interchanges[0].test is test
    assert ("TEST_INTERCHANGE" in codes(data)) is test


def test_header_of_the_message() -> None:
    ((found,), flags, _) = reading(UNB + message(7) + UNZ)
    assert (found.index, found.reference, found.type) == (1, "7", "INVOIC")
    assert (found.version, found.release, found.agency, found.association) == ("D", "96A", "UN", "EAN008")
    assert [segment.tag for segment in found.segments] == ["UNH", "BGM", "UNT"]
    assert [segment.index for segment in found.segments] == [0, 1, 2]
    assert (found.complete, flags) == (True, [])


def test_swapped_version_and_blanks() -> None:
    data = (UNB + message() + UNZ).replace(b"INVOIC:D:96A", b"INVOIC:93A:D")
    ((found,), flags, _) = reading(data)
    assert (found.version, found.release) == ("D", "93A")
    assert [flag.code for flag in flags] == ["UNH_VERSION_SWAPPED"]
    ((found,), flags, _) = reading((UNB + message() + UNZ).replace(b":96A", b": 96A"))
    assert (found.version, found.release, flags) == ("D", "96A", [])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"UNT+3+1", b"UNT+4+1", "UNT_COUNT"),
        (b"UNT+3+1", b"UNT+x+1", "UNT_COUNT"),
        (b"UNT+3+1", b"UNT++1", "UNT_COUNT"),
        (b"UNT+3+1", b"UNT+" + b"9" * 5000 + b"+1", "UNT_COUNT"),
        (b"UNT+3+1", b"UNT+3+10", "UNT_REF"),
        (b"UNZ+1+42", b"UNZ+20+42", "UNZ_COUNT"),
        (b"UNZ+1+42", b"UNZ+1+43", "UNZ_REF"),
    ],
)
def test_wrong_trailers_warn(old: bytes, new: bytes, code: str) -> None:
    ((found,), (flag,), _) = reading((UNB + message() + UNZ).replace(old, new))
    assert (flag.code, flag.severity, found.complete) == (code, "warning", True)


def test_leading_zeros_of_a_count_are_no_fault() -> None:
    assert codes((UNB + message() + UNZ).replace(b"UNT+3+", b"UNT+000003+")) == []


def test_repeated_message_references() -> None:
    data = UNB + message() + message() + b"UNZ+2+42'"
    messages, flags, _ = reading(data)
    assert [one.index for one in messages] == [1, 2]
    assert [(flag.code, flag.place.message) for flag in flags] == [("MESSAGE_REFERENCE_REPEATED", 2)]


def test_groups() -> None:
    data = (
        UNB + b"UNG+INVOIC+SENDER+RECIPIENT+260105:0930+7+UN+D:96A'" + message(1) + message(2) + b"UNE+2+7'"
        b"UNG+ORDRSP+SENDER+RECIPIENT+260105:0930+8+UN+D:96A'" + message(3) + b"UNE+1+8'UNZ+2+42'"
    )
    messages, flags, found = reading(data)
    assert flags == []
    assert [one.group.reference for one in messages if one.group] == ["7", "7", "8"]
    assert (found.interchanges[0].groups, found.interchanges[0].messages) == (2, 3)
    wrong = data.replace(b"UNE+2+7'", b"UNE+3+6'").replace(b"UNE+1+8'", b"")
    assert codes(wrong) == ["UNE_COUNT", "UNE_REF", "UNE_MISSING"]


def test_one_bad_message_stops_no_other() -> None:
    bad = b"UNH+2+'''LIN+?'?'+++\0\xff\xfe'UNT'"
    messages, _, _ = reading(UNB + message(1) + bad + message(3) + b"UNZ+3+42'")
    assert [one.reference for one in messages] == ["1", "2", "3"]
    assert [one.type for one in messages] == ["INVOIC", "", "INVOIC"]
    assert list(messages[2].flags) == []


def test_message_without_trailer_ends_at_the_next() -> None:
    lost = message(1).replace(b"UNT+3+1'", b"")
    messages, flags, _ = reading(UNB + lost + message(2) + b"UNZ+2+42'")
    assert [(one.reference, one.complete) for one in messages] == [("1", True), ("2", True)]
    assert [flag.code for flag in flags] == ["UNT_MISSING"]


WHOLE = UNB + message(1) + message(2) + b"UNZ+2+42'"


@pytest.mark.parametrize("size", range(len(UNB + message(1)), len(WHOLE) + 1))
def test_a_cut_message_waits(size: int) -> None:
    """However the file is cut, the second message is complete only with its trailer and the terminator behind it."""
    messages, flags, found = reading(WHOLE[:size])
    assert messages[0].complete
    begun = size >= len(UNB + message(1)) + 3
    whole = size >= len(UNB + message(1) + message(2))
    assert [one.complete for one in messages[1:]] == [whole] * begun
    assert ("MESSAGE_TRUNCATED" in [flag.code for flag in flags]) == (begun and not whole)
    assert found.interchanges[0].closed == (size >= len(WHOLE) - 6)


def test_missing_last_terminator_of_the_interchange() -> None:
    ((found,), flags, read) = reading((UNB + message() + UNZ)[:-1])
    assert [flag.code for flag in flags] == ["LAST_TERMINATOR_MISSING"]
    assert found.complete
    assert read.interchanges[0].closed


def test_messages_without_interchange() -> None:
    ((found,), flags, _) = reading(message())
    assert (found.type, found.interchange.sender) == ("INVOIC", "")
    assert [flag.code for flag in flags] == ["INTERCHANGE_HEADER_MISSING"]


def test_text_before_the_first_interchange() -> None:
    messages, flags, _ = reading(b"From: edi@example.org\r\n\r\n" + UNB + message() + UNZ)
    assert [one.type for one in messages] == ["INVOIC"]
    assert [flag.code for flag in flags] == ["LEADING_TEXT"]


def test_segments_and_trailers_out_of_place() -> None:
    data = UNB + b"BGM+380'" + message() + b"UNT+1+1'UNE+1+1'" + UNZ + b"UNZ+1+42'"
    assert codes(data) == ["UNZ_STRAY", "STRAY_SEGMENT", "UNT_STRAY", "UNE_STRAY"]


def test_sources_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "invoice.edi"
    path.write_bytes(WHOLE)
    with path.open("rb") as stream:
        from_stream = [one.reference for one in Reading(stream)]
    assert from_stream == ["1", "2"] == [one.reference for one in Reading(path)]
    assert [one.reference for one in Reading(memoryview(WHOLE))] == ["1", "2"]


class Slow(io.RawIOBase):
    """Gives one byte at a time, as a slow connection may."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._at += 1
        return self._data[self._at - 1 : self._at]


def test_short_reads() -> None:
    assert [one.reference for one in Reading(Slow(WHOLE))] == ["1", "2"]  # type: ignore[arg-type]


def test_limits_of_messages_and_interchanges() -> None:
    found = Reading(WHOLE, Limits(messages=1))
    assert len(list(found)) == 1
    assert "TOO_MANY_MESSAGES" in [flag.code for flag in found.flags]
    found = Reading((UNB + message() + UNZ) * 5, Limits(interchanges=3))
    assert len(list(found)) == 3
    assert "TOO_MANY_INTERCHANGES" in [flag.code for flag in found.flags]


ISA = b"ISA*00*          *00*          *ZZ*SENDER         *15*1694510        *260105*0930*U*00401*000000042*1*P*>~"
X12 = (
    ISA + b"TA1*000000041*260104*0930*A*000~GS*IN*SENDER*1694510*20260105*0930*7*X*004010~"
    b"ST*810*0001~BIG*20260105*A1~IT1*1*2*EA*10.00**EN*9780000000002~SE*4*0001~GE*1*7~IEA*1*000000042~"
)


class TestX12:
    def test_envelope(self) -> None:
        assert len(ISA) == 106
        ((found,), flags, read) = reading(X12)
        assert flags == []
        assert read.standard == "X12"
        interchange = found.interchange
        assert (interchange.sender_qualifier, interchange.sender) == ("ZZ", "SENDER")
        assert (interchange.recipient_qualifier, interchange.recipient) == ("15", "1694510")
        assert (interchange.reference, interchange.prepared_on, interchange.test) == (
            "000000042",
            date(2026, 1, 5),
            False,
        )
        assert (found.type, found.reference, found.release) == ("810", "0001", "004010")
        assert found.group is not None
        assert (found.group.type, found.group.reference) == ("IN", "7")
        assert [segment.tag for segment in found.segments] == ["ST", "BIG", "IT1", "SE"]
        assert found.segments[2].get(6) == "9780000000002"
        assert [segment.tag for segment in interchange.loose] == ["TA1"]

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [(b"SE*4*", b"SE*5*", "SE_COUNT"), (b"SE*4*0001", b"SE*4*0002", "SE_REF"), (b"GE*1*7", b"GE*2*7", "GE_COUNT"),
         (b"IEA*1*000000042", b"IEA*1*000000043", "IEA_REF"), (b"*P*>", b"*T*>", "TEST_INTERCHANGE")],
    )  # fmt: skip
    def test_wrong_trailers_warn(self, old: bytes, new: bytes, code: str) -> None:
        assert codes(X12.replace(old, new)) == [code]

    def test_other_separators_and_line_breaks(self) -> None:
        data = X12.translate(bytes.maketrans(b"*~>", b"|\n^"))
        ((found,), flags, _) = reading(data)
        assert (found.type, flags) == ("810", [])

    def test_unpadded_header(self) -> None:
        data = X12.replace(b"SENDER         *", b"SENDER*")
        ((found,), flags, _) = reading(data)
        assert found.interchange.sender == "SENDER"
        assert [flag.code for flag in flags] == ["ISA_WIDTH"]

"""Damaged files never raise: the fuzz runner, small, and hypothesis on every single byte of a file made here."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from quire_vendors.edi.syntax import Reading

FILE = (
    b"UNA:+.? '\r\nUNB+UNOC:3+5013546025078:14+5013546121974:14+260105:0930+42'\r\nUNG+INVOIC+A+B+260105:0930+7+UN+D:96A'"
    b"\r\nUNH+1+INVOIC:D:96A:UN:EAN008'\r\nBGM+380+A1+9'\r\nIMD+L+050+:::Who?'s afraid?? Casopis'a M\xfcller'\r\n"
    b"MOA+86:20.00'\r\nUNT+5+1'\r\nUNH+2+INVOIC:D:96A:UN:EAN008'\r\nBGM+381+A2+9'\r\nUNT+3+2'\r\nUNE+2+7'\r\nUNZ+1+42'\r\n"
)


def fuzz() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "fuzz" / "edi.py"
    spec = importlib.util.spec_from_file_location("fuzz_edi", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_corpus_never_raises() -> None:
    done, failures, seen = fuzz().run(1500, seed=7)
    assert (done, failures) == (1500, 0)
    assert seen["messages"] > 1000


def read(data: bytes) -> None:
    reading = Reading(data)
    for message in reading:
        for flag in message.flags:
            assert flag.text
        for segment in message.segments:
            assert data[segment.start : segment.end] == segment.raw
            for element in range(len(segment.elements)):
                start, end = segment.span(element)
                assert segment.start <= start <= end <= segment.end
    for flag in reading.flags:
        assert flag.text


def test_every_cut_and_every_missing_or_doubled_byte() -> None:
    for at in range(len(FILE)):
        read(FILE[:at])
        read(FILE[:at] + FILE[at + 1 :])
        read(FILE[:at] + FILE[at : at + 1] + FILE[at:])
        read(FILE[at:])


@settings(deadline=None, max_examples=500)
@given(st.integers(0, len(FILE) - 1), st.binary(min_size=0, max_size=12), st.integers(0, 12))
def test_any_bytes_put_anywhere(at: int, put: bytes, removed: int) -> None:
    read(FILE[:at] + put + FILE[at + removed :])


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_behind_a_header(body: bytes) -> None:
    read(FILE[:70] + body)
    read(b"UNA" + body)
    read(b"ISA*" + body)

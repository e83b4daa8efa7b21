"""Which characters the bytes mean, element by element."""

from __future__ import annotations

import pytest

from quire_vendors.edi.syntax import Reading
from quire_vendors.edi.syntax.charset import repair_mojibake


def title(text: bytes, charset: bytes) -> tuple[str, list[str]]:
    data = (
        b"UNB+" + charset + b":3+1+2+260105:0930+42'UNH+1+INVOIC:D:96A:UN'IMD+L+050+:::" + text + b"'UNT+3+1'UNZ+1+42'"
    )
    reading = Reading(data)
    (message,) = reading
    return message.segments[1].get(2, 3), [flag.code for flag in message.flags]


@pytest.mark.parametrize(
    ("charset", "text"),
    [(b"UNOC", "Müller"), (b"UNOD", "Škvorecký"), (b"UNOE", "Жизнь"), (b"UNOF", "Ζωή"), (b"UNOW", "Škvorecký 日本"),
     (b"UNOY", "Müller"), (b"UNOK", "Işık"), (b"UNOL", "5 €")],
)  # fmt: skip
def test_declared_character_set(charset: bytes, text: str) -> None:
    codecs = {b"UNOC": "iso8859-1", b"UNOD": "iso8859-2", b"UNOE": "iso8859-5", b"UNOF": "iso8859-7", b"UNOW": "utf-8",
              b"UNOY": "utf-8", b"UNOK": "iso8859-9", b"UNOL": "iso8859-15"}  # fmt: skip
    assert title(text.encode(codecs[charset]), charset) == (text, [])


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        (b"UNOC", "Müller".encode(), "Müller"),
        (b"UNOB", b"M\xfcller", "Müller"),
        (b"UNOA", "Müller".encode(), "Müller"),
        (b"UNOC", b"\x93quoted\x94", "“quoted”"),
        (b"UNOW", b"M\xfcller", "Müller"),
        (b"UNOW", b"\x93quoted\x94", "“quoted”"),
        (b"UNOB", b"\x81\xff", "\x81\xff"),
        (b"XXXX", b"M\xfcller", "Müller"),
    ],
)
def test_other_than_declared(charset: bytes, raw: bytes, text: str) -> None:
    assert title(raw, charset) == (text, ["CHARSET_MISDECLARED"])


def test_each_component_by_itself() -> None:
    data = (
        b"UNB+UNOC:3+1+2+260105:0930+42'UNH+1+INVOIC:D:96A:UN'"
        + b"NAD+BY+++M\xfcller:"
        + "Müller:MÃ¼ller".encode()
        + b"'UNT+3+1'UNZ+1+42'"
    )
    (message,) = Reading(data)
    assert message.segments[1].elements[3] == ["Müller"] * 3
    assert [(flag.code, flag.place.component) for flag in message.flags] == [
        ("CHARSET_MISDECLARED", 1),
        ("CHARSET_MISDECLARED", 2),
        ("MOJIBAKE_REPAIRED", 2),
    ]
    flag = message.flags[-1]
    assert data[flag.place.start : flag.place.end] == "MÃ¼ller".encode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("MÃ¼ller", "Müller"), ("lâ€™art", "l’art"), ("Å\u00a0kvoreckÃ½", "Škvorecký"), ("ü and Ã¼", "ü and ü"),
     ("MÃƒÂ¼ller", "Müller"), ("Ð–Ð¸", "Жи")],
)  # fmt: skip
def test_text_that_was_encoded_twice(written: str, meant: str) -> None:
    assert repair_mojibake(written) == meant


@pytest.mark.parametrize(
    "text", ["Müller", "SPÖ“", "«SPÖ»", "Ça va", "Øystein Å", "Ärger – Öl", "Τι είναι", "naïve café"]
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert repair_mojibake(text) == text

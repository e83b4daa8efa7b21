"""Every field leads to its bytes in the file, also one that was taken from another part."""

import pytest

from tests.vendors.edi.messages import file, read

SEGMENTS = ["BGM+380:::JINV+I1+43", "DTM+137:20260101:102", "CUX+2:EUR:4", "LIN+1++9780000000019:EN", "IMD+L+050+:::A Title", "QTY+47:2",
            "MOA+203:19.00", "PRI+AAA:9.50", "PRI+AAB:10.00", "RFF+LI:PO1/1", "UNS+S", "MOA+86:19.00"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("code", b"380"),
        ("name", b"JINV"),
        ("number", b"I1"),
        ("function", b"43"),
        ("function_code", b"43"),
        ("dated", b"20260101"),
        ("currency", b"CUX+2:EUR:4"),
    ],
)
def test_a_field_of_the_document(name: str, text: bytes) -> None:
    document = read("INVOIC", SEGMENTS)
    place = document.place(document, name)
    assert file("INVOIC", SEGMENTS)[place.start : place.end] == text
    assert place.message == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", b"1"),
        ("title", b":::A Title"),
        ("quantity", b"2"),
        ("net_price", b"9.50"),
        ("gross_price", b"10.00"),
        ("amount", b"19.00"),
    ],
)
def test_a_field_of_a_line(name: str, text: bytes) -> None:
    document = read("INVOIC", SEGMENTS)
    place = document.place(document.lines[0], name)
    assert file("INVOIC", SEGMENTS)[place.start : place.end] == text
    assert place.message == 1


def test_a_line_amount_that_was_computed_leads_to_its_line() -> None:
    segments = [*SEGMENTS[:6], "PRI+AAA:9.50", "UNS+S", "MOA+86:19.00"]
    document = read("INVOIC", segments)
    place = document.place(document.lines[0], "amount")
    assert file("INVOIC", segments)[place.start : place.end] == b"LIN+1++9780000000019:EN"

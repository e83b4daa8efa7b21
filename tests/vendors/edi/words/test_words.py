"""Documents in words: what a librarian reads, and that each sentence leads to its bytes."""

from quire_vendors.edi import words
from tests.vendors.edi.messages import INVOICE, file, line, read

CHARGED = [
    "BGM+380+574076+9",
    "DTM+137:20260131:102",
    "CUX+2:USD:4",
    "ALC+C++++TX",
    "MOA+8:15.32",
    "ALC+C++++DL",
    "MOA+8:3",
    *line(1, "100.00", "RFF+LI:PO1/1", "RFF+BFN:HIST"),
    *line(2, "67.85"),
    "UNS+S",
    "MOA+9:186.17",
]


def summary(kind: str, *segments: str) -> str:
    return next(iter(words.describe(read(kind, segments)))).text


def test_an_invoice_in_one_sentence() -> None:
    assert summary("INVOIC", *CHARGED) == (
        "Invoice 574076: 2 titles 167.85, tax 15.32, delivery 3.00, total 186.17 USD, explained."
    )


def test_a_total_that_is_not_explained_says_so_and_why() -> None:
    document = read("INVOIC", [*INVOICE, *line(1, "10"), "UNS+S", "MOA+86:12"])
    told = words.text(document)
    assert "1 title 10.00, total 12.00 EUR, not explained." in told
    assert "The stated total 12 EUR is none of the computed sums (lines 10)" in told
    assert "! Needs a person:" in told


def test_tax_that_the_total_holds_is_named() -> None:
    segments = [*INVOICE, *line(1, "10"), "UNS+S", "MOA+77:10.70", "MOA+176:0.70"]
    assert summary("INVOIC", *segments) == "Invoice INV1: 1 title 10.00, tax 0.70, total 10.70 EUR, explained."


def test_credit_note_function_and_currency_without_decimals() -> None:
    segments = ["BGM+381+C1+55", "CUX+2:JPY:4", *line(1, "1200"), "UNS+S", "MOA+86:1200"]
    assert (
        summary("INVOIC", *segments) == "Credit note C1: 1 title 1200, total 1200 JPY, explained (no payment expected)."
    )


def test_a_response_sums_up_what_becomes_of_the_copies() -> None:
    segments = [
        "BGM+231+R1+4",
        "DTM+137:20260901:102",
        "LIN+1+24++",
        "QTY+21:5",
        "QTY+12:2",
        "QTY+83:3",
        "FTX+LIN++NP:8B:28",
    ]
    document = read("ORDRSP", segments)
    assert next(iter(words.describe(document))).text == (
        "Order response R1 of 1 September 2026: 1 title, 5 copies: 2 will be shipped, 3 back-ordered (change)."
    )
    assert "3 back-ordered (not yet published)." in words.text(document)


def test_details_of_a_line() -> None:
    segments = ["BGM+31C+Q1+9", "LIN+1++9780000000019:EN", "IMD+L+010+:::Smith", "IMD+L+011+:::John", "IMD+L+050+:::A Book", "QTY+1:2",
                "GIR+001+CPL:LLO+REF:LFN", "PRI+AAE:15.00", "RFF+QLI:Q1/1"]  # fmt: skip
    told = words.text(read("QUOTES", segments)).split("\n")
    assert told[0] == "Quote Q1: 1 title, 2 copies."
    assert "  1. “A Book” by Smith, John, ISBN 9780000000019: 2 copies, at 15.00." in told
    assert "      Quote line Q1/1." in told
    assert "      Copy 1: branch CPL, fund REF." in told


def test_acknowledgements() -> None:
    assert summary("CONTRL", "UCI+77+A+B+4+18") == "Acknowledgement: our interchange 77 was rejected."
    assert summary("APERAK", "BGM+312+A1+29", "RFF+ACW:PO1") == "Acknowledgement: our document PO1 was accepted."


def test_each_sentence_leads_to_its_bytes() -> None:
    data = file("INVOIC", CHARGED)
    document = read("INVOIC", CHARGED)
    found = {}
    for sentence in words.describe(document):
        assert sentence.text.endswith((".", ":")) or sentence.kind == "flag"
        found[sentence.text] = [data[place.start : place.end].decode() for place in sentence.places(document)]
    summary_places = next(iter(found.values()))
    assert summary_places == ["BGM+380+574076+9", "ALC+C++++TX", "ALC+C++++DL", "MOA+9:186.17"]
    assert found["Our line PO1/1, fund HIST."] == ["RFF+LI:PO1/1", "RFF+BFN:HIST"]
    assert found["1. ISBN 9780000000019: 1 copy, 100.00 USD."] == [
        "LIN+1++9780000000019:EN",
        "QTY+47:1",
        "MOA+203:100.00",
    ]


def test_outcomes_without_a_quantity_are_counted_as_titles() -> None:
    told = summary("ORDRSP", "BGM+231+R1+4", "LIN+1+5", "LIN+2+5", "LIN+3+2", "QTY+21:1")
    assert told == "Order response R1: 3 titles, 1 copy: 2 titles accepted, 1 canceled (change)."


def test_numbers_have_names_and_minus_is_a_word() -> None:
    told = words.text(read("INVOIC", ["BGM+380+I1+9", "LIN+1++0000000000:IB", "QTY+47:-1", "LIN+2++4711:SA", "LIN+3++1:GB"]))  # fmt: skip
    assert "1. ISBN 0000000000: minus 1 copy." in told
    assert "2. Supplier's number 4711." in told
    assert "3. Number 1." in told


def test_what_the_header_says_of_a_line_leads_to_the_header() -> None:
    document = read("ORDRSP", ["BGM+231+R1+27", "LIN+1", "QTY+21:2"])
    [told] = [sentence for sentence in words.describe(document) if sentence.kind == "detail"]
    assert told.text == "2 refused."
    assert [place.tag for place in told.places(document)] == ["BGM"]

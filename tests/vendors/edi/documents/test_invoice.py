"""Reading invoices: every field, with its place; what is odd becomes a flag; function and test mark decide."""

from datetime import date
from decimal import Decimal

import pytest

from quire_vendors.edi.documents.model import Invoice
from quire_vendors.edi.documents.numbers import Number, Numbers, day
from quire_vendors.edi.documents.parts import OwnReference, own_reference
from tests.vendors.edi.messages import INVOICE, file, line, read


def invoice(*segments: str, text: str = "", una: str = "UNA:+.? '", test: bool = False) -> Invoice:
    document = read("INVOIC", segments, text, una, test)
    assert isinstance(document, Invoice)
    return document


FULL = [
    "BGM+380:::JINV+446645+43",
    "DTM+137:20260203:102",
    "NAD+BY+1234567 0001::31B++Test Library+Main Street 1+Town++12345+US",
    "RFF+API:0000491",
    "NAD+SU+5013546025078::9",
    "RFF+VA:153400995",
    "CUX+2:USD:4",
    "PAT+1++5:3:D:30",
    "DTM+13:20260305:102",
    "ALC+C++++DL::28:Freight",
    "MOA+8:5",
    "LIN+7+1+9780000000019:EN",
    "PIA+5+0317-8471:IS+001846435:SA",
    "PIA+1+ABC1:SA",
    "IMD+L+009+:::Writer, Anna",
    "IMD+L+050+:::Annals of Testing and its Many Many:Consequences",
    "QTY+47:2",
    "DTM+194:20260101:102",
    "DTM+206:20261231:102",
    "GIR+001+MAIN:LLO+HIST:LFN+3811:LAC",
    "GIR+001+REF:LST+A:LRP+B:LRP",
    "GIR+002+EAST:LLO",
    "FTX+LIN+++39(01/26)-39(12/26)",
    "MOA+203:57.60",
    "MOA+52:2.40",
    "PRI+AAA:28.80",
    "PRI+AAB:30.00:CA:SRP",
    "RFF+LI:16600/29",
    "RFF+ON:PO16600",
    "RFF+SLI:40031547965",
    "RFF+QLI:Q-1",
    "RFF+SNA:96521154-0-0",
    "RFF+SNL:201276",
    "RFF+BFN:HIST",
    "TAX+7+VAT+++:::7.5+L",
    "MOA+124:4.32",
    "ALC+A++++DI",
    "PCD+3:4",
    "UNS+S",
    "CNT+2:1",
    "MOA+79:57.60",
    "MOA+86:62.60",
]


def test_every_field_of_an_invoice_is_read() -> None:
    found = invoice(*FULL)
    assert (found.number, found.code, found.name, found.function) == ("446645", "380", "JINV", "additional")
    assert (found.serials, found.credit_note, found.payment_expected) == (True, False, True)
    assert (found.dated, found.currency) == (date(2026, 2, 3), "USD")
    buyer, supplier = found.party("buyer"), found.party("supplier")
    assert buyer is not None
    assert supplier is not None
    assert (buyer.id, buyer.scheme, buyer.name) == ("1234567 0001", "san", "Test Library")
    assert [(ref.kind, ref.value) for ref in buyer.references] == [("account", "0000491")]
    assert (supplier.id, supplier.scheme) == ("5013546025078", "gln")
    assert (found.terms[0].days, found.terms[0].due) == (Decimal(30), date(2026, 3, 5))
    [charge] = found.charges
    assert (charge.meaning, charge.amount, charge.text, charge.level) == ("delivery", Decimal(5), "Freight", "header")
    assert {amount.qualifier: amount.value for amount in found.amounts} == {
        "79": Decimal("57.60"),
        "86": Decimal("62.60"),
    }
    [entry] = found.lines
    assert (entry.number, entry.quantity, entry.amount) == ("7", Decimal(2), Decimal("57.60"))
    assert (entry.net_price, entry.gross_price) == (Decimal("28.80"), Decimal("30.00"))
    assert entry.title == "Annals of Testing and its Many ManyConsequences"  # the first piece is full: 35 characters
    assert entry.author == "Writer, Anna"
    assert [(item.type, item.value, item.role) for item in entry.identifiers] == [
        ("isbn13", "9780000000019", "line"),
        ("issn", "0317-8471", "product"),
        ("supplier", "001846435", "product"),
        ("supplier", "ABC1", "additional"),
    ]
    assert entry.own_references == [OwnReference("16600/29", "16600", "29")]
    assert entry.order_numbers == ["PO16600"]
    assert [entry.referred(kind) for kind in ("supplier_line", "quote_line", "supplier_subscription", "library_subscription", "fund")] == [["40031547965"], ["Q-1"], ["96521154-0-0"], ["201276"], ["HIST"]]  # fmt: skip
    assert entry.period == (date(2026, 1, 1), date(2026, 12, 31))
    assert [(copy.number, copy.value("branch"), copy.values("rotation_plan")) for copy in entry.copies] == [
        ("001", "MAIN", ["A", "B"]),
        ("002", "EAST", []),
    ]
    assert entry.copies[0].value("barcode") == "3811"
    [tax] = entry.taxes
    assert (tax.rate, tax.category, tax.amount) == (Decimal("7.5"), "L", Decimal("4.32"))
    [discount] = entry.charges
    assert (discount.allowance, discount.percentage) == (True, Decimal(4))
    assert found.flags == []
    assert found.bookable


def test_every_field_knows_its_bytes() -> None:
    data = file("INVOIC", FULL)
    found = invoice(*FULL)
    entry = found.lines[0]

    def text(part: object, name: str) -> str:
        place = found.place(part, name)
        assert place.message == 1
        return data[place.start : place.end].decode("latin-1")

    assert text(entry.references[0], "value") == "16600/29"
    assert text(entry.identifiers[1], "value") == "0317-8471"
    assert text(entry.identifiers[2], "value") == "001846435"
    assert text(entry.prices[1], "amount") == "30.00"
    assert text(entry.quantities[0], "value") == "2"
    assert text(entry.taxes[0], "rate") == "7.5"
    assert text(found.charges[0], "code") == "DL"
    assert text(entry.copies[0], "number") == "001"
    assert text(found.amounts[1], "value") == "62.60"
    assert text(entry, "") == "LIN+7+1+9780000000019:EN"
    assert found.place("nothing").start == 0


@pytest.mark.parametrize(
    ("code", "function", "bookable"),
    [("9", "original", True), ("43", "additional", True), ("5", "replacement", True), ("", "original", True),
     ("7", "duplicate", False), ("31", "copy", False), ("55", "no_payment_expected", False),
     ("1", "cancellation", False), ("99", "other", False)],
)  # fmt: skip
def test_the_function_decides_what_may_be_done(code: str, function: str, bookable: bool) -> None:
    found = invoice(f"BGM+380+I1+{code}", *INVOICE[1:], *line(1, "10"), "UNS+S", "MOA+86:10")
    assert (found.function, found.bookable) == (function, bookable)
    assert found.payment_expected == (code != "55")


def test_a_test_interchange_is_never_booked() -> None:
    found = invoice(*INVOICE, *line(1, "10"), "UNS+S", "MOA+86:10", test=True)
    assert found.test
    assert not found.bookable


def test_a_message_that_is_cut_off_waits() -> None:
    from quire_vendors.edi import documents
    from quire_vendors.edi.profiles.loader import BASE, shipped
    from quire_vendors.edi.syntax import Reading

    data = file("INVOIC", [*INVOICE, *line(1, "10"), "UNS+S", "MOA+86:10"])
    messages = list(Reading(data[: data.index(b"UNT+")]))
    [document] = [documents.read(message, shipped(BASE)) for message in messages]
    assert isinstance(document, Invoice)
    assert not document.complete
    assert not document.bookable
    assert document.needs_review


@pytest.mark.parametrize(
    ("amount", "code"),
    [("ten", "NUMBER_UNREADABLE"), ("1.234,56", "NUMBER_UNREADABLE"), ("1,234", "NUMBER_AMBIGUOUS"), ("NaN", "NUMBER_UNREADABLE"),
     ("1E5", "NUMBER_UNREADABLE"), ("١٢", "NUMBER_UNREADABLE"), ("--5", "NUMBER_UNREADABLE"), ("9" * 40, "NUMBER_UNREADABLE")],
)  # fmt: skip
def test_an_amount_that_is_not_clear_goes_to_a_person(amount: str, code: str) -> None:
    document = read("INVOIC", [*INVOICE, *line(1, amount.encode("utf-8").decode("latin-1")), "UNS+S", "MOA+86:10"])
    assert code in [flag.code for flag in document.flags]
    assert document.needs_review


def test_a_comma_is_a_decimal_mark_whatever_una_says() -> None:
    found = invoice(*INVOICE, *line(1, "10,50"), "UNS+S", "MOA+86:10.50")
    assert found.lines[0].amount == Decimal("10.50")
    assert [flag.code for flag in found.flags] == ["NUMBER_OTHER_MARK"]
    comma = invoice(*INVOICE, *line(1, "10,50"), "UNS+S", "MOA+86:10,50", una="UNA:+,? '")
    assert (comma.lines[0].amount, comma.flags) == (Decimal("10.50"), [])


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("12.50", ".", Number(Decimal("12.50"))),
        ("-3", ".", Number(Decimal(-3))),
        (".5", ".", Number(Decimal("0.5"))),
        ("12,5", ",", Number(Decimal("12.5"))),
        ("12.5", ",", Number(Decimal("12.5"), "NUMBER_OTHER_MARK")),
        ("4.20-", ".", Number(Decimal("-4.20"), "NUMBER_TRAILING_MINUS")),
        ("", ".", Number(None)),
        (" 7 ", ".", Number(Decimal(7))),
        ("1,234", ".", Number(Decimal("1.234"), "NUMBER_AMBIGUOUS")),
        ("1 234", ".", Number(None, "NUMBER_UNREADABLE")),
    ],
)
def test_numbers(text: str, mark: str, number: Number) -> None:
    assert Numbers(mark).read(text) == number


@pytest.mark.parametrize(
    ("text", "form", "first", "last"),
    [
        ("20260131", "102", date(2026, 1, 31), None),
        ("260131", "101", date(2026, 1, 31), None),
        ("990131", "101", date(1999, 1, 31), None),
        ("202601311200", "203", date(2026, 1, 31), None),
        ("2026010120261231", "718", date(2026, 1, 1), date(2026, 12, 31)),
        ("20260101-20261231", "718", date(2026, 1, 1), date(2026, 12, 31)),
        ("202603", "610", date(2026, 3, 1), None),
        ("2026", "602", date(2026, 1, 1), None),
        ("20260231", "102", None, None),
        ("soon", "102", None, None),
    ],
)
def test_days(text: str, form: str, first: date | None, last: date | None) -> None:
    assert day(text, form) == (first, last)


@pytest.mark.parametrize(
    ("value", "order", "part"),
    [("7", "", "7"), ("3/27", "3", "27"), ("2724/71178", "2724", "71178"), ("14715-1", "14715", "1"), ("PO-2026-17/3", "PO-2026-17", "3"),
     ("POL-178651", "", "POL-178651"), ("ORDERNUMBER1", "", "ORDERNUMBER1"), ("", "", "")],
)  # fmt: skip
def test_the_own_line_reference_is_taken_apart_never_cast(value: str, order: str, part: str) -> None:
    assert own_reference(value) == OwnReference(value, order, part)


def test_counts_that_are_wrong_are_told() -> None:
    found = invoice(*INVOICE, *line(1, "10", quantity="2"), "UNS+S", "CNT+1:3", "CNT+2:2", "MOA+86:10")
    assert {"LINE_COUNT", "QUANTITY_COUNT"} <= {flag.code for flag in found.flags}
    assert not found.needs_review


@pytest.mark.parametrize(
    ("prices", "flagged"),
    [(["PRI+AAA:5"], False), (["PRI+AAB:10", "ALC+A++++DI", "PCD+3:50"], False), (["PRI+AAB:6", "MOA+52:2"], False), (["PRI+AAB:7"], True)],
)  # fmt: skip
def test_quantity_times_price_is_compared_with_the_amount(prices: list[str], flagged: bool) -> None:
    found = invoice(*INVOICE, *line(1, "10", *prices, quantity="2"), "UNS+S", "MOA+86:10")
    assert ("LINE_PRICE" in [flag.code for flag in found.flags]) == flagged


def test_the_same_qualifier_means_what_the_profile_says() -> None:
    segments = [*INVOICE, *line(1, "10", "PRI+AAF:10"), "UNS+S", "MOA+86:10"]
    assert invoice(*segments).lines[0].gross_price == Decimal(10)
    assert invoice(*segments, text="meanings: {prices: {AAF: net}}").lines[0].net_price == Decimal(10)


def test_the_title_may_stand_in_an_identifier_and_the_own_reference_too() -> None:
    lines = ["LIN+1", "PIA+5+A Title in the Wrong Place:IB", "PIA+1+PO1-7:SA", "QTY+47:1", "MOA+203:1"]
    text = "descriptions: {title_identifier: IB}\nmatch: {own_line_identifier: additional}"
    found = invoice(*INVOICE, *lines, "UNS+S", "MOA+86:1", text=text)
    assert found.lines[0].title == "A Title in the Wrong Place"
    assert found.lines[0].own_references == [OwnReference("PO1-7", "PO1", "7")]

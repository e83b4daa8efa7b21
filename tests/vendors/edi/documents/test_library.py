"""Each key about sending changes what is sent; segments stand in the order of the D.96A directory."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quire_vendors.edi import documents
from quire_vendors.edi.documents import sending
from quire_vendors.edi.documents.library import Account
from quire_vendors.edi.documents.model import Order
from quire_vendors.edi.documents.parts import Copy, CopyField, Description, Identifier, Line, Location, Note, Party
from quire_vendors.edi.documents.parts import Reference as Ref
from quire_vendors.edi.documents.pen import LINE, cut
from quire_vendors.edi.profiles.branch import BranchId, branch_ids
from quire_vendors.edi.profiles.loader import shipped
from quire_vendors.edi.syntax import Interchange
from tests.vendors.edi.messages import profile, read

ACCOUNT = Account(ids={"account": "111", "branch": "222", "vendor": "333"}, account_number="A-9", vendor_code="VC", name="Test Library",
                  address=["Main Street 1"], contact="Acquisitions", contact_numbers=["acq@example.org"])  # fmt: skip


def order(**more: object) -> Order:
    line = Line(number="5", identifiers=[Identifier("9780000000019", "isbn13")], title="A Title", quantity=Decimal(2),
                gross_price=Decimal("10.00"), references=[Ref("own_line", "77")])  # fmt: skip
    for name, value in more.items():
        setattr(line, name, value)
    return Order(number="PO1", name="Spring basket", dated=date(2026, 1, 31), currency="EUR", lines=[line])


def written(text: str = "", **more: object) -> tuple[list[str], set[str]]:
    draft = documents.write(order(**more), profile(text), ACCOUNT)
    rows = ["+".join([tag, *(":".join(part) if isinstance(part, list) else part for part in parts)]) for tag, parts in draft.segments]  # fmt: skip
    return rows, {flag.code for flag in draft.report}


def copies(*branches: str) -> list[Copy]:
    return [Copy("", [CopyField("branch", branch), CopyField("item_type", "BOOK")]) for branch in branches]


@pytest.mark.parametrize(
    ("text", "more", "row"),
    [
        ("", {}, "BGM+220+PO1+9"),
        ("order: {codes: {order: 22V, rush_order: '224'}}", {}, "BGM+22V+PO1+9"),
        ("order: {list_agency: '28'}", {}, "BGM+220::28+PO1+9"),
        ("order: {number_from: order_name}", {}, "BGM+220+Spring basket+9"),
        ("", {}, "NAD+BY+222::31B"),
        ("order: {parties: [{role: buyer, id_from: account, agency: '91', vendor_code: append}]}", {}, "NAD+BY+111 VC::91"),
        ("order: {parties: [{role: buyer, vendor_code: only}]}", {}, "NAD+BY+VC::31B"),
        ("order: {parties: [{role: buyer, name: true}]}", {}, "NAD+BY+111::31B++Test Library+Main Street 1"),
        ("order: {parties: [{role: buyer, reference: account}]}", {}, "RFF+API:A-9"),
        ("order: {parties: [{role: buyer, contact: true}]}", {}, "CTA+OC+:Acquisitions"),
        ("order: {parties: [{role: buyer, contact: true}]}", {}, "COM+acq@example.org:EM"),
        ("order: {currency_qualifier: '12'}", {}, "CUX+2:EUR:12"),
        ("", {}, "LIN+1++9780000000019:EN"),
        ("order: {line_number: id}", {}, "LIN+5++9780000000019:EN"),
        ("order: {line_action: '1'}", {}, "LIN+1+1+9780000000019:EN"),
        ("order: {line_identifier: []}", {}, "PIA+5+9780000000019:EN"),
        ("order: {repeat_line_identifier: true}", {}, "PIA+5+9780000000019:EN"),
        ("order: {isbn13_qualifier: IB}", {}, "LIN+1++9780000000019:IB"),
        ("order: {pia_function: '1', line_identifier: []}", {}, "PIA+1+9780000000019:EN"),
        ("order: {line_identifier_pick: first}", {"identifiers": [Identifier("9780000000010", "isbn13")]}, "LIN+1++9780000000010:EN"),
        ("", {"identifiers": [Identifier("9780000000010", "isbn13"), Identifier("9780000000019", "isbn13")]}, "LIN+1++9780000000019:EN"),
        ("order: {line_identifier: [supplier], item_field_qualifier: IN}", {"identifiers": [Identifier("X1", "supplier")]}, "LIN+1++X1:IN"),
        ("order: {descriptions: {type: F, codes: {title: BTI}}}", {}, "IMD+F+BTI+:::A Title"),
        ("order: {descriptions: {codes: {title: '050', edition: '100'}, empty: true}}", {}, "IMD+L+100"),
        ("order: {price_type: CA, price_kind: SRP}", {}, "PRI+AAB:10:CA:SRP"),
        ("order: {price: {list_with_tax: AAE}}", {"gross_price": None, "list_price": Decimal("9.5")}, "PRI+AAE:9.5"),
        ("order: {price_missing: zero}", {"gross_price": None}, "PRI+AAB:0"),
        ("order: {own_line: id}", {}, "RFF+LI:77"),
        ("order: {own_line: order/line}", {}, "RFF+LI:PO1/77"),
        ("order: {own_line: order-line}", {}, "RFF+LI:PO1-77"),
        ("order: {own_line: sequence}", {}, "RFF+LI:1"),
        ("order: {note_empty: true}", {}, "FTX+LIN"),
        ("order: {note_subject: ACB}", {"notes": [Note("", "Urgent")]}, "FTX+ACB+++Urgent"),
        ("order: {locations: true}", {"locations": [Location("delivery", "KU", agency="92")]}, "LOC+7+KU::92"),
        ("order: {counts: ['1', '2']}", {}, "CNT+1:2"),
        ("", {"copies": copies("A", "B")}, "GIR+002+B:LLO+BOOK:LST"),
        ("order: {copies: {values: {item_type: {BOOK: BK}}}}", {"copies": copies("A", "B")}, "GIR+001+A:LLO+BK:LST"),
        ("order: {copies: {empty: [fund]}}", {"copies": copies("A", "B")}, "GIR+001+A:LLO+:LFN+BOOK:LST"),
        ("order: {copies: {quantity: true}}", {"copies": copies("A", "A")}, "GIR+001+A:LLO+BOOK:LST+2:LQT"),
        ("order: {copies: {pairs_per_segment: 1}}", {"copies": copies("A", "B")}, "GIR+001+BOOK:LST"),
        ("order: {line_parties: [{role: ordered_by, id_from: selector, agency: ''}]}", {"parties": [Party("ordered_by", "SEL1")]}, "NAD+OB+SEL1"),
        ("envelope: {delimiters: \":+,? '\"}", {"gross_price": Decimal("10.50")}, "PRI+AAB:10,5"),
    ],
)  # fmt: skip
def test_a_key_changes_what_is_sent(text: str, more: dict[str, object], row: str) -> None:
    rows, _ = written(text, **more)
    assert row in rows


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("order: {copies: {send: false}}", {"copies": copies("A", "B")}, "VALUE_NOT_SENT"),
        ("order: {notes: omit}", {"notes": [Note("LIN", "Urgent")]}, "VALUE_NOT_SENT"),
        ("", {"locations": [Location("delivery", "KU")]}, "VALUE_NOT_SENT"),
        ("", {"descriptions": [Description("abstract", "Long")]}, "VALUE_NOT_SENT"),
        ("", {"references": [Ref("own_line", "1"), Ref("claim", "C")]}, "VALUE_NOT_SENT"),
        ("order: {additional_limit: 0}", {"identifiers": [Identifier("9780000000019", "isbn13"), Identifier("0000000019", "isbn10")]}, "VALUE_NOT_SENT"),
        ("", {"identifiers": []}, "IDENTIFIER_MISSING"),
        ("", {"gross_price": None}, "PRICE_MISSING"),
        ("", {"copies": copies("A")}, "COPIES_DIFFER"),
        ("", {"references": [Ref("own_line", "a b")]}, "LINE_REFERENCE_BAD"),
        ("", {"references": [Ref("own_line", "1"), Ref("fund", "F" * 36)]}, "ELEMENT_TOO_LONG"),
        ("", {"notes": [Note("LIN", "word " * 100)]}, "ELEMENT_TOO_LONG"),
        ("order: {descriptions: {most: 1}}", {"title": "x " * 100}, "PIECES_DROPPED"),
        ("order: {number_length: 6, number_from: order_name}", {}, "ELEMENT_TOO_LONG"),
    ],
)  # fmt: skip
def test_what_the_partner_does_not_get_is_reported(text: str, more: dict[str, object], code: str) -> None:
    assert code in written(text, **more)[1]
    assert (
        code not in written(text.replace("number_from: order_name", "number_from: order"))[1]
        or code == "VALUE_NOT_SENT"
    )


def test_a_line_in_the_order_of_the_directory() -> None:
    """D.96A ORDERS, SG25: LIN PIA IMD QTY DTM MOA GIR FTX, then SG28 PRI, SG29 RFF, SG33 LOC, SG35 NAD."""
    rows, _ = written("order: {locations: true, line_parties: [{role: ordered_by, id_from: selector}]}",
                      identifiers=[Identifier("9780000000019", "isbn13"), Identifier("0000000019", "isbn10")], copies=copies("A", "B"),
                      notes=[Note("LIN", "Urgent")], locations=[Location("delivery", "KU")], parties=[Party("ordered_by", "S")])  # fmt: skip
    tags = [row[:3] for row in rows]
    start = tags.index("LIN")
    assert list(dict.fromkeys(tags[start : tags.index("UNS")])) == ["LIN", "PIA", "IMD", "QTY", "GIR", "FTX", "PRI", "RFF", "LOC", "NAD"]  # fmt: skip
    assert LINE["INVOIC"].split().index("MOA") < LINE["INVOIC"].split().index("PRI")


@pytest.mark.parametrize(
    ("text", "join", "pieces"),
    [
        ("one two three", "width", ["one two th", "ree"]),
        ("abcdefghijklmno", "width", ["abcdefghij", "klmno"]),
        ("abcdefghij klm", "width", ["abcdefghij", " klm"]),
        ("abc defghij klm", "width", ["abc defghi", "j klm"]),
        ("abc def ghi jkl", "blank", ["abc def", "ghi jkl"]),
        ("abcdefghi jkl", "tight", ["abcdefghi ", "jkl"]),
        ("  a   b ", "width", ["a b"]),
        ("", "width", []),
    ],
)
def test_texts_are_cut_so_that_they_can_be_joined_again(text: str, join: str, pieces: list[str]) -> None:
    assert cut(text, 10, join) == pieces


def test_the_branch_is_found_where_the_profile_says() -> None:
    document = read("INVOIC", ["BGM+380+1+9", "NAD+BY+1234567 0001::31B", "RFF+API:0000491", "UNS+S"])
    interchange = Interchange(1, recipient="LIB", recipient_qualifier="ZZ")
    assert branch_ids(document, interchange, profile()) == [
        BranchId("buyer_party", "1234567 0001", "san"),
        BranchId("account_reference", "0000491"),
        BranchId("recipient", "LIB", "ZZ"),
    ]
    split = profile("identify: {buyer_suffix: split, branch_from: [buyer_party]}")
    assert branch_ids(document, interchange, split) == [BranchId("buyer_party", "1234567", "san", "0001")]


@pytest.mark.parametrize(
    ("text", "more", "row", "flags"),
    [
        ("", {"gross_price": None}, "PRI+AAB:9.5", {"PRICE_AS"}),
        ("order: {price: {net: AAA}}", {"gross_price": None}, "PRI+AAA:9.5", {"PRICE_AS"}),
        ("order: {price: {list_with_tax: AAE}}", {"gross_price": None}, "PRI+AAE:9.5", set()),
        ("order: {price: {gross: AAB, list_with_tax: AAE}}", {"gross_price": None}, "PRI+AAE:9.5", set()),
        ("", {}, "PRI+AAB:10", {"VALUE_NOT_SENT"}),
    ],
)
def test_a_list_price_never_changes_its_meaning_unsaid(
    text: str, more: dict[str, object], row: str, flags: set[str]
) -> None:
    rows, told = written(text, list_price=Decimal("9.5"), **more)
    assert [entry for entry in rows if entry.startswith("PRI")][-1] == row
    assert told == flags


def test_an_interchange_of_nobody_to_nobody_is_refused() -> None:
    base = shipped("editeur-d96a")
    draft = documents.write(order(), base, Account())
    prepared = sending.interchange([draft], base, Account(), "1", datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    assert prepared.refused
    assert [flag.values["who"] for flag in prepared.report if flag.code == "PARTY_MISSING"] == ["sender", "recipient"]

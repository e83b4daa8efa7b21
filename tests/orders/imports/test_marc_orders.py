"""Order lines from MARC 21: the two files hold the same three records, once in UTF-8 and once in MARC-8."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.imports.faults import Severity, UnreadableFile
from quire_orders.imports.marc_orders import MarcOrderProfile, Repeated, Subfield, read_marc_orders
from quire_orders.imports.order_lines import ImportedLine, ImportedOrder, Material
from quire_shared.values.money import Money

DATA = Path(__file__).parents[2] / "data" / "imports"
PROFILE = MarcOrderProfile(
    name="Example vendor",
    order_field="980",
    repeated=Repeated.COPY,
    fund="b",
    copies="q",
    price="p",
    currency="c",
    location="l",
    note="n",
    vendor_reference=Subfield(tag="001"),
    default_currency="EUR",
    vendor_code="VNDR",
)


def load(name: str) -> ImportedOrder:
    return read_marc_orders((DATA / name).read_bytes(), PROFILE)


@pytest.fixture(params=["orders_utf8.mrc", "orders_marc8.mrc"])
def lines(request: pytest.FixtureRequest) -> tuple[ImportedLine, ...]:
    found = load(request.param)
    assert found.faults == ()
    return found.lines


def test_a_record_becomes_a_line_in_both_encodings(lines: tuple[ImportedLine, ...]) -> None:
    line = lines[0]
    assert line.title == "Grüne Bücher : ein Versuch"
    assert line.contributors == ("Müller, Example",)
    assert (line.key, line.vendor_reference) == ("(VNDR)v1001", "v1001")
    assert [number.normalized for number in line.identifiers] == ["9780306406157"]
    # of the two 264 the one of the publication counts, not the copyright date
    assert (line.publication_place, line.publisher, line.published) == ("Berlin", "Beispiel Verlag", "2025")
    assert (line.edition, line.physical, line.note) == ("2nd ed.", "210 pages", "rush")
    assert line.faults == ()


def test_a_repeated_order_field_is_one_per_copy(lines: tuple[ImportedLine, ...]) -> None:
    line = lines[0]
    assert (line.quantity, line.unit_price) == (3, Money.of("45.00", "EUR"))
    assert [(share.fund_code, share.copies, share.location) for share in line.shares] == [
        ("HIST", 2, "MAIN"),
        ("MUSIC", 1, "NORTH"),
    ]


def test_a_wrong_isbn_is_kept_flagged_and_does_not_keep_the_line_out(lines: tuple[ImportedLine, ...]) -> None:
    line = lines[1]
    assert (line.identifiers[0].given, line.identifiers[0].normalized) == ("9780306406158", None)
    (fault,) = line.faults
    assert (fault.place, fault.code, fault.severity) == ("record 2, 020 $a", "isbn_wrong", Severity.WARNING)
    assert line.acceptable
    assert (line.title, line.material, line.url) == ("Café studies", Material.ELECTRONIC, "https://example.org/cafe")
    assert line.unit_price == Money.of("120.50", "USD")


def test_every_fault_of_a_record_names_its_field(lines: tuple[ImportedLine, ...]) -> None:
    assert {(fault.place, fault.code) for fault in lines[2].faults} == {
        ("record 3, 980 (1) $p", "no_amount"),
        ("record 3, 980 (1) $q", "no_number"),
        ("record 3, 980 (2) $b", "fund_missing"),
    }
    assert not lines[2].acceptable
    assert [number.normalized for number in lines[2].identifiers] == ["0317-8471", "9790260000438", "4006381333931"]


def marc(*fields: tuple[str, str], status: str = "a") -> bytes:
    """One record of UTF-8 fields, put together by hand; "$a" begins a subfield."""
    directory = data = b""
    for tag, text in fields:
        body = text.replace("$", "\x1f").encode() + b"\x1e"
        directory += f"{tag}{len(body):04}{len(data):05}".encode()
        data += body
    base = 25 + len(directory)
    return f"{base + len(data) + 1:05}nam {status}22{base:05} i 4500".encode() + directory + b"\x1e" + data + b"\x1d"


BY_FUND = PROFILE.model_copy(update={"repeated": Repeated.FUND, "percent": "x", "amount": "y"})


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("$bA$p10.00$x60", "$bB$x40", None),
        ("$bA$p10.00$x60", "$bB$x30", "shares_do_not_add_up"),
        ("$bA$p10.00$q2$y15.00", "$bB$y5.00", None),
        ("$bA$p10.00$q2$y15.00", "$bB$y6.00", "shares_do_not_add_up"),
        ("$bA$p10.00$x60", "$bB$y5.00", "shares_mixed"),
        ("$bA$p10.00", "$bB", "shares_missing"),
        ("$bA$p10.00$y5.00", "$bB$y5.00$cUSD", "currency_differs"),
    ],
)
def test_a_repeated_order_field_is_one_per_fund(first: str, second: str, code: str | None) -> None:
    content = marc(("001", "1"), ("245", "00$aT"), ("980", "  " + first), ("980", "  " + second))
    (line,) = read_marc_orders(content, BY_FUND).lines
    assert [fault.code for fault in line.faults] == ([code] if code else [])
    assert [share.fund_code for share in line.shares] == ["A", "B"]


def test_copies_with_different_prices_are_refused() -> None:
    content = marc(("001", "1"), ("245", "00$aT"), ("980", "  $bA$p10.00"), ("980", "  $bB$p11.00"))
    (line,) = read_marc_orders(content, PROFILE).lines
    assert [fault.code for fault in line.faults] == ["prices_differ"]


def test_utf8_under_a_leader_that_says_marc8_is_read_with_a_warning() -> None:
    content = marc(("001", "1"), ("245", "00$aBücher"), ("980", "  $bA$p1.00"), status=" ")
    (line,) = read_marc_orders(content, PROFILE).lines
    assert line.title == "Bücher"
    assert [(fault.code, fault.severity) for fault in line.faults] == [("encoding_mislabeled", Severity.WARNING)]


def test_bytes_that_are_not_utf8_name_the_first_one() -> None:
    content = marc(("001", "1"), ("245", "00$aB?cher"), ("980", "  $bA$p1.00")).replace(b"B?cher", b"B\xfccher")
    (line,) = read_marc_orders(content, PROFILE).lines
    (fault,) = line.faults
    assert (fault.place, fault.code) == ("record 1, 245", "wrong_encoding")
    assert f"Byte {content.index(0xFC)} is 0xFC" in fault.detail
    assert not line.acceptable


def test_a_character_that_marc8_does_not_have_is_a_warning() -> None:
    content = marc(("001", "1"), ("245", "00$aB?cher"), ("980", "  $bA$p1.00"), status=" ").replace(b"B?c", b"B\xffc")
    (line,) = read_marc_orders(content, PROFILE).lines
    assert [(fault.place, fault.code) for fault in line.faults] == [("record 1, 245", "character_unknown")]


def test_the_same_record_twice_is_told() -> None:
    content = marc(("001", "1"), ("020", "  $a0306406152"), ("245", "00$aT"), ("980", "  $bA$p1.00"))
    first, second = read_marc_orders(content * 2, PROFILE).lines
    assert first.faults == ()
    assert [fault.code for fault in second.faults] == ["line_twice", "identifier_twice"]


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"%PDF-1.7", "byte 0"), (b"  <collection>", "byte 2"), (b"0012", "byte 4"), (b"00010nam", "byte 0")],
)
def test_what_is_no_marc_file_names_the_first_offending_byte(content: bytes, place: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_marc_orders(content, PROFILE)
    assert (caught.value.fault.place, caught.value.fault.code) == (place, "no_marc")


def test_a_damaged_record_keeps_out_only_itself() -> None:
    good = marc(("001", "1"), ("245", "00$aT"), ("980", "  $bA$p1.00"))
    wrong_length = b"00099" + good[5:]
    other = good.replace(b"\x1e1\x1e", b"\x1e2\x1e")
    cut = good[:40]
    found = read_marc_orders(good + wrong_length + b"\r\n" + other + cut, PROFILE)
    assert [line.place for line in found.lines] == ["record 1", "record 3"]
    assert [(fault.place, fault.code) for fault in found.faults] == [
        (f"record 2, byte {len(good)}", "record_damaged"),
        (f"record 4, byte {3 * len(good) + 2}", "record_damaged"),
    ]


def test_a_line_without_a_price_is_loaded_with_a_warning() -> None:
    (line,) = read_marc_orders(marc(("001", "1"), ("245", "00$aT"), ("980", "  $bA")), PROFILE).lines
    assert [(fault.code, fault.severity) for fault in line.faults] == [("price_missing", Severity.WARNING)]


@given(st.data())
def test_changed_bytes_are_read_or_refused_in_words(data: st.DataObject) -> None:
    """Any bytes changed, cut out or put in: lines and faults, or one refusal (always with its words); never another error."""
    content = bytearray((DATA / "orders_marc8.mrc").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                content[at] = data.draw(st.integers(0, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 20))]
            case _:
                content[at:at] = data.draw(st.binary(max_size=10))
        if not content:
            return
    try:
        found = read_marc_orders(bytes(content), PROFILE)
    except UnreadableFile:
        return
    assert all(fault.place and fault.detail and fault.fix for fault in found.faults)
    for line in found.lines:
        shares = sum(Decimal(share.copies or 0) for share in line.shares)
        assert not line.acceptable or shares == line.quantity

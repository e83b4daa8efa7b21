"""Grids from XLSX and CSV: values, places, encodings, limits, and files that are none."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from quire_orders.imports.amounts import read_money, read_number, read_percent
from quire_orders.imports.faults import MAX_BYTES, CellFault, UnreadableFile
from quire_orders.imports.tables_in import column_letters, find_header, kind_of, read_tables
from quire_shared.values.money import Money


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_keeps_values_and_places() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.title = "Budget"
        sheet["B3"], sheet["C3"], sheet["D3"] = 0.1 + 0.2, date(2026, 7, 1), 9780306406157
        book.create_sheet("Notes")["A1"] = "x"

    content = workbook(fill)
    assert kind_of(content) == "xlsx"
    table, notes = read_tables(content, "xlsx")
    assert (table.sheet, notes.sheet) == ("Budget", "Notes")
    assert table.value(3, 2) == Decimal("0.3")
    assert table.value(3, 3) == date(2026, 7, 1)
    assert table.text(3, 4) == "9780306406157"
    assert table.value(3, 40) is None
    assert table.place(3, 28) == "Budget!AB3"


def test_a_cell_with_an_error_does_not_pass_for_an_empty_one() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet["A1"], sheet["A3"] = "Amount", "=1/0"
        sheet["A2"].value, sheet["A2"].data_type = "#REF!", "e"

    (table,) = read_tables(workbook(fill), "xlsx")
    with pytest.raises(CellFault, match="ends in an error"):
        table.value(2, 1)
    with pytest.raises(CellFault, match="never calculated"):
        table.value(3, 1)
    assert not table.is_blank(3)


@pytest.mark.parametrize(
    ("content", "place", "code"),
    [
        (b"", "byte 0", "empty_file"),
        (b"%PDF-1.7", "byte 0", "no_workbook"),
        (b"PK\x05\x06" + bytes(18), "byte 2", "no_workbook"),
        (b"PK\x03\x04 and then nothing", "byte 20", "no_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "byte 0", "old_workbook"),
    ],
)
def test_what_is_no_workbook_names_the_first_offending_byte(content: bytes, place: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_tables(content, "xlsx")
    assert (caught.value.fault.place, caught.value.fault.code) == (place, code)


def test_a_zip_without_a_workbook_and_a_cut_workbook_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    whole = workbook(lambda book: None)
    for content in (stream.getvalue(), whole[: len(whole) // 2]):
        with pytest.raises(UnreadableFile) as caught:
            read_tables(content, "xlsx")
        assert caught.value.fault.code == "no_workbook"


def with_sheet(xml: bytes) -> bytes:
    """A workbook whose only sheet is replaced by the given XML."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(lambda book: None))) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for part in old.infolist():
            new.writestr(part.filename, xml if part.filename.startswith("xl/worksheets/") else old.read(part))
    return stream.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (b'<row r="100001"><c r="A100001"><v>1</v></c></row>', "too_many_rows"),
        (b'<row r="1"><c r="A1"><v>1</v></c></row><row r="90000"><c r="XFD90000"><v>1</v></c></row>', "sheet_too_wide"),
        (b'<row r="1"><c r="XFD1048576" t="str"><v>' + b"x" * 6_000_000 + b"</v></c></row>", "too_many_rows"),
    ],
    ids=["rows", "corner", "corner behind a long text"],
)
def test_a_small_file_that_would_fill_the_memory_is_refused(rows: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_tables(with_sheet(SHEET % rows), "xlsx")
    assert caught.value.fault.code == code


def test_a_workbook_that_unpacks_to_more_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = with_sheet(SHEET % (b" " * 3_000_000))
    assert len(content) < 20_000
    assert read_tables(content, "xlsx")[0].rows == []
    monkeypatch.setattr("quire_orders.imports.workbooks.MAX_UNPACKED", 2_000_000)
    with pytest.raises(UnreadableFile) as caught:
        read_tables(content, "xlsx")
    assert caught.value.fault.code == "file_too_large"


WHOLE = with_sheet(SHEET % b'<row r="1"><c r="A1"><v>1</v></c></row>')


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), st.booleans()), min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused_in_words(changes: list[tuple[int, int, bool]]) -> None:
    content = bytearray(WHOLE)
    for at, byte, cut in changes:
        at = min(at, len(content) - 1)
        if cut:
            del content[at : at + 1 + byte % 30]
        else:
            content[at] = byte
    try:
        tables = read_tables(bytes(content), "xlsx")
    except UnreadableFile:
        return
    assert tables


def test_xml_entities_in_a_workbook_are_refused() -> None:
    stream = io.BytesIO()
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook><sheets><sheet name="&b;"/></sheets></workbook>'
    with zipfile.ZipFile(io.BytesIO(workbook(lambda book: None))) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, bomb if part.filename == "xl/workbook.xml" else old.read(part))
    with pytest.raises(UnreadableFile, match="list of sheets"):
        read_tables(stream.getvalue(), "xlsx")


@pytest.mark.parametrize(
    ("content", "encoding", "separator"),
    [
        ("Fund;Amount\r\nMusik;1.234,50\r\nÄgyptologie;2,00\r\n".encode("cp1252"), "cp1252", ";"),
        ("Fund;Amount\nMusik;1.234,50\n".encode("utf-8-sig"), "utf-8-sig", ";"),
        ("Fund\tAmount\nMusik\t1,234.50\nÄ\t2,000.00\n".encode("utf-16"), "utf-16", "\t"),
        (b"Fund,Amount\nMusik,12.50\n", "utf-8", ","),
        (b"Fund|Amount\nMusik|12.50\n", "utf-8", "|"),
    ],
)
def test_encoding_and_separator_are_found_out(content: bytes, encoding: str, separator: str) -> None:
    (table,) = read_tables(content, "csv")
    assert (table.encoding, table.separator) == (encoding, separator)
    assert table.text(2, 1) == "Musik"
    assert len(table.rows[1]) == 2


def test_line_breaks_inside_quotes_keep_the_row_numbers() -> None:
    (table,) = read_tables(b'a,b\n"two\nlines",1\nlast,2\n', "csv")
    assert (table.text(3, 1), table.place(3, 2)) == ("last", "B3")


@pytest.mark.parametrize(
    ("content", "encoding", "place", "code"),
    [
        (b"a,b\n1,\x002\n", None, "byte 6", "no_text"),
        (b"a;b\nx;\xff\xe4\n", "utf-8", "byte 6", "wrong_encoding"),
        (b"a;b\nx;\x81\n", None, "byte 6", "wrong_encoding"),
        (b'a,b\n1,2\n3,"never closed\n4,5\n', None, "row 3", "broken_row"),
        (b"a,b\n" * 100_001, None, "row 100001", "too_many_rows"),
        (b"x" * (MAX_BYTES + 1), None, f"byte {MAX_BYTES}", "file_too_large"),
    ],
)
def test_a_csv_that_cannot_be_read_says_where(content: bytes, encoding: str | None, place: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_tables(content, "csv", encoding)
    assert (caught.value.fault.place, caught.value.fault.code) == (place, code)


def test_headings_are_found_past_a_preamble_and_missing_ones_are_all_named() -> None:
    (table,) = read_tables(b"Export;;\n;;\nACCOUNT ;Approved  budget;Name\n1;2;3\n", "csv")
    header, faults = find_header(table, ["Account", "Approved budget"], None)
    assert faults == []
    assert header is not None
    assert (header.row, header.columns) == (3, {"Account": 1, "Approved budget": 2})
    none, faults = find_header(table, ["Account", "Budget approved", "Fund"], None)
    assert none is None
    assert [fault.code for fault in faults] == ["column_missing", "column_missing"]


def test_a_doubled_heading_is_refused() -> None:
    (table,) = read_tables(b"Fund,Amount,amount\nA,1,2\n", "csv")
    _, (fault,) = find_header(table, ["Fund", "Amount"], None)
    assert (fault.code, fault.place) == ("column_twice", "B1, C1")


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1.234,56", ",", "1234.56"),
        ("(1.234,56)", ",", "-1234.56"),
        ("1.234,56-", ",", "-1234.56"),
        ("−12", ",", "-12"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("EUR 1,234.50", ".", "1234.50"),
        ("€12", ".", "12"),
        (",5", ",", "0.5"),
        ("-", ".", None),
        ("", ".", None),
    ],
)
def test_numbers_as_people_write_them(text: str, mark: str, expected: str | None) -> None:
    number = read_number(text, mark)  # type: ignore[arg-type]
    assert number == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("text", "mark"),
    [("1.234.56", ","), ("1,23,456.00", "."), ("12,34.5", ","), ("twelve", "."), ("1e5", "."), ("(5", ".")],
)
def test_what_is_no_number_in_this_notation_is_refused(text: str, mark: str) -> None:
    with pytest.raises(CellFault):
        read_number(text, mark)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "code"), [("USD 5.00", "currency_differs"), ("£5.00", "currency_differs"), ("5.001", "no_amount")]
)
def test_an_amount_in_another_currency_or_with_too_many_decimals_is_refused(text: str, code: str) -> None:
    with pytest.raises(CellFault) as caught:
        read_money(text, "EUR", ".")
    assert caught.value.code == code


def test_a_yen_has_no_decimals_and_a_dinar_three() -> None:
    assert read_money("1,234", "JPY", ".") == Money.of("1234", "JPY")
    assert read_money("1.234", "JOD", ".") == Money.of("1.234", "JOD")


def test_a_percentage_cell_of_a_workbook_is_not_guessed() -> None:
    assert read_percent("50 %", ".") == Decimal(50)
    with pytest.raises(CellFault, match=r"may mean 0\.5 % or 50"):
        read_percent(Decimal("0.5"), ".")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
def test_an_amount_survives_being_written_the_german_way(amount: Decimal) -> None:
    written = f"{abs(amount):,.2f}".translate(str.maketrans(",.", ".,"))
    assert read_number(f"({written})" if amount < 0 else written, ",") == amount


@given(st.integers(1, 16384))
def test_column_letters_count_like_a_spreadsheet(column: int) -> None:
    assert column_letters(column) == get_column_letter(column)

"""Order lines from a spreadsheet."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from quire_orders.imports.faults import Severity, UnreadableFile
from quire_orders.imports.order_lines import ImportedOrder, Material
from quire_orders.imports.order_sheet import FundColumns, OrderSheetMapping, read_order_sheet
from quire_orders.imports.tables_in import read_tables
from quire_shared.values.money import Money

MAPPING = OrderSheetMapping(
    name="Selectors",
    default_currency="EUR",
    title="Title",
    key="No.",
    isbn="ISBN",
    quantity="Qty",
    unit_price="Price",
    currency="Cur",
    material="Form",
    materials={"online": Material.ELECTRONIC},
    subscription_from="From",
    subscription_to="To",
    funds=(FundColumns(fund="Fund 1", percent="% 1"), FundColumns(fund="Fund 2", percent="% 2")),
)
HEAD: list[object] = [
    "No.",
    "Title",
    "ISBN",
    "Qty",
    "Price",
    "Cur",
    "Form",
    "From",
    "To",
    "Fund 1",
    "% 1",
    "Fund 2",
    "% 2",
]


def sheet(*rows: list[object], mapping: OrderSheetMapping = MAPPING) -> ImportedOrder:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Orders"
    lines: list[list[object]] = [["Wish list of the history department"], [], HEAD, *rows]
    for row in lines:
        page.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return read_order_sheet(read_tables(stream.getvalue(), "xlsx"), mapping)


def test_a_row_becomes_a_line_split_over_two_funds() -> None:
    found = sheet(
        [1, "A history", 9780306406157, 2, 19.99, None, None, None, None, "HIST", 60, "GEN", 40],
        [2, "A journal", None, None, 1200, "USD", "online", date(2027, 1, 1), "2027-12-31", "SER", None, None, None],
    )
    assert found.faults == ()
    first, second = found.lines
    assert first.faults == ()
    assert (first.key, first.quantity, first.unit_price) == ("1", 2, Money.of("19.99", "EUR"))
    assert [(share.fund_code, share.percent) for share in first.shares] == [("HIST", Decimal(60)), ("GEN", Decimal(40))]
    assert (second.unit_price, second.material) == (Money.of("1200", "USD"), Material.ELECTRONIC)
    assert (second.subscription_from, second.subscription_to) == (date(2027, 1, 1), date(2027, 12, 31))
    assert [share.percent for share in second.shares] == [None]


def test_all_faults_of_all_rows_come_at_once_with_their_cells() -> None:
    found = sheet(
        [1, None, "9780306406158", 1.5, 19.999, "EURO", "papyrus", None, None, "HIST", 60, "GEN", 30],
        [1, "Twice", None, 1, 5, None, None, date(2027, 1, 1), date(2026, 1, 1), None, None, None, 50],
        [3, "Shares", None, 1, 5, None, None, None, None, "HIST", 60, "GEN", 30],
        [4, "No fund", None, 1, 5, None, None, None, None, None, None, None, None],
    )
    assert [{(fault.place, fault.code) for fault in line.faults} for line in found.lines] == [
        {
            ("Orders!B4", "title_missing"),
            ("Orders!C4", "isbn_wrong"),
            ("Orders!D4", "no_quantity"),
            ("Orders!E4", "no_amount"),
            ("Orders!F4", "unknown_currency"),
            ("Orders!G4", "material_unknown"),
            ("Orders!J4, Orders!L4", "shares_do_not_add_up"),
        },
        {("Orders!L5", "fund_missing"), ("Orders!I5", "period_inverted"), ("Orders!row 5", "line_twice")},
        {("Orders!J6, Orders!L6", "shares_do_not_add_up")},
        {("Orders!J7", "fund_missing")},
    ]
    assert not any(line.acceptable for line in found.lines)


def test_a_wrong_isbn_alone_does_not_keep_a_line_out() -> None:
    found = sheet([1, "A", "0306406153", 1, 5, None, None, None, None, "HIST", None, None, None])
    (line,) = found.lines
    assert [(fault.code, fault.severity) for fault in line.faults] == [("isbn_wrong", Severity.WARNING)]
    assert line.acceptable
    assert line.identifiers[0].given == "0306406153"


def test_a_formula_without_a_result_is_a_fault_not_an_empty_price() -> None:
    found = sheet([1, "A", None, 1, "=1/0", None, None, None, None, "HIST", None, None, None])
    assert [(fault.place, fault.code) for fault in found.lines[0].faults] == [("Orders!E4", "unusable_cell")]


def test_a_missing_sheet_is_named() -> None:
    with pytest.raises(UnreadableFile, match="it has: Orders"):
        sheet(mapping=MAPPING.model_copy(update={"sheet": "Bestellungen"}))


def test_a_sheet_without_rows_says_so() -> None:
    assert [fault.code for fault in sheet().faults] == ["no_line"]


def test_the_same_from_csv_with_decimal_commas() -> None:
    text = ";".join(map(str, HEAD)) + "\n7;Ein Buch;0-306-40615-2;1;1.234,50;;;;;HIST;33,5;GEN;66,5\n"
    mapping = MAPPING.model_copy(update={"decimal_mark": ","})
    (line,) = read_order_sheet(read_tables(text.encode(), "csv"), mapping).lines
    assert line.faults == ()
    assert line.unit_price == Money.of("1234.50", "EUR")
    assert line.identifiers[0].normalized == "9780306406157"
    assert [share.percent for share in line.shares] == [Decimal("33.5"), Decimal("66.5")]

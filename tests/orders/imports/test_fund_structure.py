"""The finance office's export becomes funds and budgets. The sums are those of the rule in tests/data/imports."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from pydantic import ValidationError

from quire_orders.imports.amounts import read_number
from quire_orders.imports.faults import CellFault, Severity
from quire_orders.imports.fund_mapping import FundStructureMapping, Level, template_mapping
from quire_orders.imports.fund_structure import BudgetLimits, FundStructure, read_fund_structure
from quire_orders.imports.tables_in import read_tables
from quire_shared.values.money import Money

DATA = Path(__file__).parents[2] / "data" / "imports"
MAPPING = FundStructureMapping(
    name="Finance office",
    decimal_mark=",",
    fiscal_year_code="FY27",
    fiscal_year_start=date(2026, 7, 1),
    fiscal_year_end=date(2027, 6, 30),
    ledger_code="LIB",
    ledger_name="Library",
    currency="EUR",
    account_column="Account",
    levels=(Level(segments=(3,), names={"10": "Main library"}), Level(segments=(4,)), Level(segments=(5,))),
    amount_column="Approved budget",
    subtotal_marks=("Subtotal", "Total", "Grand total"),
    include=("1000-LIB-",),
    encumbrance_stop_percent=Decimal(100),
)


def from_csv(text: str, mapping: FundStructureMapping = MAPPING) -> FundStructure:
    return read_fund_structure(read_tables(text.encode(), "csv"), mapping)


def export() -> bytes:
    return (DATA / "finance_export.csv").read_bytes()


def as_workbook(content: bytes) -> bytes:
    """The same export as a workbook, with amounts as number cells."""
    (table,) = read_tables(content, "csv")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table.rows:
        values: list[object] = []
        for value in row:
            try:
                number = read_number(value, ",") if value and "-" not in str(value) else None
            except CellFault:
                number = None
            values.append(float(number) if number is not None else value)
        sheet.append(values)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_becomes_a_tree_three_levels_deep(kind: str) -> None:
    content = export() if kind == "csv" else as_workbook(export())
    found = read_fund_structure(read_tables(content, kind), MAPPING)  # type: ignore[arg-type]
    assert found.faults == ()
    assert found.acceptable
    by_level = [sum(fund.level == level for fund in found.funds) for level in (1, 2, 3)]
    assert by_level == [3, 30, 300]
    assert len(found.budgets) == 300
    # 1000·(1+2+3)·100 + 10·55·10·3 + 55·10·3 + 0.25·300 = 618,225.00, less the cut of 500.50
    assert found.total == Money.of("617724.50", "EUR")
    funds = {fund.code: fund for fund in found.funds}
    assert (funds["10"].name, funds["10-01"].parent_code, funds["10-01-01"].parent_code) == (
        "Main library",
        "10",
        "10-01",
    )


def test_a_bracketed_cut_is_taken_from_its_fund_and_each_source_is_kept() -> None:
    found = read_fund_structure(read_tables(export(), "csv"), MAPPING)
    budget = next(budget for budget in found.budgets if budget.fund_code == "10-01-01")
    assert budget.amount == Money.of("510.75", "EUR")  # 1,011.25 − 500.50
    assert budget.limits == BudgetLimits(encumbrance_stop_percent=Decimal(100))
    assert [(place, account) for place, account, _ in budget.sources] == [
        ("C6", "1000-LIB-10-01-01"),
        ("C16", "1000-LIB-10-01-01-CUT"),
    ]


def test_what_makes_no_budget_is_listed_with_its_reason() -> None:
    found = read_fund_structure(read_tables(export(), "csv"), MAPPING)
    reasons = [row.reason for row in found.skipped]
    assert sum("subtotal" in reason for reason in reasons) == 30 + 3 + 1
    assert sum("not among the included accounts" in reason for reason in reasons) == 2
    assert sum("a heading or a note" in reason for reason in reasons) == 3
    assert len(reasons) == 39


def test_a_lost_row_is_noticed_by_its_subtotals() -> None:
    lines = export().decode("cp1252").splitlines()
    lines = [line for line in lines if not line.startswith("1000-LIB-20-03-04;")]
    found = from_csv("\n".join(lines))
    differing = [fault for fault in found.faults if fault.code == "subtotal_differs"]
    # the subject's, the division's and the grand total
    assert [fault.severity for fault in differing] == [Severity.WARNING] * 3
    # subject 3 of division 2: 10·2030.25 + 55 = 20,357.50, less the lost 2,034.25
    assert "states 20357.50 EUR, but the rows since row" in differing[0].detail
    assert "add up to 18323.25 EUR" in differing[0].detail


def test_every_fault_has_its_cell_and_all_come_at_once() -> None:
    found = from_csv(
        "Account;Approved budget\n"
        "1000-LIB-10-01-01;1.000,00\n"
        "1000-LIB-10-01-01;1.000,00\n"
        "1000-LIB-10-01-02;1,000.00\n"
        "1000-LIB-10-02-01;(50,00)\n"
        ";12,00\n"
        "1000-LIB--01-01;5,00\n"
    )
    assert not found.acceptable
    assert {(fault.place, fault.code) for fault in found.faults} == {
        ("A3", "account_twice"),
        ("B4", "no_number"),
        ("B5", "budget_negative"),
        ("A6", "account_missing"),
        ("row 7", "level_missing"),
    }
    assert all(fault.fix for fault in found.faults)


def test_an_account_of_another_department_may_hold_anything_but_is_not_loaded() -> None:
    found = from_csv("Account;Approved budget\n1000-LIB-10-01-01;1,00\n2000-ART-10-01-01;9,00\n")
    assert [budget.fund_code for budget in found.budgets] == ["10-01-01"]
    assert found.acceptable


def test_without_the_columns_nothing_is_read() -> None:
    found = from_csv("Konto;Betrag\n1;2\n")
    assert [fault.code for fault in found.faults] == ["column_missing", "column_missing"]
    assert not found.acceptable


def test_a_file_without_a_budget_says_so() -> None:
    found = from_csv("Account;Approved budget\n2000-ART-10-01-01;9,00\n")
    assert [fault.code for fault in found.faults] == ["no_budget"]


TEMPLATE = template_mapping("FY27", date(2026, 7, 1), date(2027, 6, 30), "LIB", "Library", "EUR")
HEAD = (
    ",".join(f"Level {n} code,Level {n} name" for n in (1, 2, 3)) + ",Budget,Encumbrance limit %,Expenditure limit %\n"
)


def test_our_own_template() -> None:
    found = from_csv(
        HEAD + "HUM,Humanities,HIST,History,HIST-B,Books,1000.00,110,100\nSCI,Science,,,,,500,,\n", TEMPLATE
    )
    assert found.faults == ()
    assert [(fund.code, fund.parent_code, fund.name) for fund in found.funds] == [
        ("HUM", None, "Humanities"),
        ("HIST", "HUM", "History"),
        ("HIST-B", "HIST", "Books"),
        ("SCI", None, "Science"),
    ]
    limits = [budget.limits for budget in found.budgets]
    assert limits[0] == BudgetLimits(encumbrance_stop_percent=Decimal(110), expenditure_stop_percent=Decimal(100))
    assert limits[1] == BudgetLimits()


def test_a_fund_under_two_parents_and_a_limit_without_sense_are_faults() -> None:
    found = from_csv(
        HEAD + "HUM,,HIST,,A,,1,,\nSCI,,HIST,,B,,1,lots,\n",
        TEMPLATE,
    )
    assert {(fault.place, fault.code) for fault in found.faults} == {("row 3", "fund_moved"), ("H3", "no_number")}


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "XXZ"},
        {"fiscal_year_end": date(2026, 7, 1)},
        {"account_column": None},
        {"levels": (Level(column="A"),) * 4},
        {"decimal_mark": ";"},
    ],
)
def test_a_mapping_without_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FundStructureMapping.model_validate(MAPPING.model_dump() | change)

"""The tables of the releases and of the checks: complete, used, and the only place where reports are named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from quire_usage.counter import definitions
from quire_usage.counter.definitions import release, releases
from quire_usage.counter.definitions.checks import checks
from quire_usage.counter.definitions.reference import page

COUNTER = Path(definitions.__file__).parents[1]
REPOSITORY = Path(__file__).resolve().parents[4]
TABLES = ("definitions", "reading", "validation")


def code_files() -> list[Path]:
    return [path for folder in TABLES for path in (COUNTER / folder).rglob("*.py")]


def test_no_report_is_named_in_code() -> None:
    names = {report.id for id_ in releases() for report in release(id_).reports.values()}
    names |= {report.name for id_ in releases() for report in release(id_).reports.values()}
    named = []
    for path in code_files():
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docstrings:
                continue
            if isinstance(node.value, str) and node.value in names:
                named.append(f"{path.name}:{node.lineno}: {node.value}")
    assert not named


def test_both_releases_have_the_sixteen_reports_of_the_standard() -> None:
    for id_ in releases():
        reports = release(id_).reports
        assert len(reports) == 16
        assert [report.id for report in reports.values() if report.is_full] == ["PR", "DR", "TR", "IR"]
        for report in reports.values():
            if report.full_report is not None:
                full = reports[report.full_report]
                assert set(report.metrics) <= set(full.metrics), report.id


def test_columns_of_a_title_report_stand_in_the_order_of_the_code_of_practice() -> None:
    tables = release("5.1")
    shown = ("YOP", "Access_Type", "Access_Method")
    assert list(tables.item_elements(tables.reports["TR"], "tabular", shown)) == [
        "Title", "Publisher", "Publisher_ID", "Platform", "DOI", "Proprietary_ID", "ISBN", "Print_ISSN", "Online_ISSN",
        "URI", "Data_Type", "YOP", "Access_Type", "Access_Method", "Metric_Type", "Reporting_Period_Total",
    ]  # fmt: skip


def test_every_check_that_code_says_stands_in_the_table_and_the_other_way_round() -> None:
    source = "\n".join(path.read_text("utf-8") for path in code_files())
    words = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)*)"', source))
    unused = [code for code in checks() if code not in words]
    assert not unused
    said = set(re.findall(r'(?:Issue|say|_say|_fatal)\(\s*"([a-z0-9-]+)"', source))
    assert not said - set(checks())


def test_the_reference_of_the_checks_is_fresh() -> None:
    kept = (REPOSITORY / "docs" / "reference" / "counter_checks.md").read_text("utf-8")
    assert kept == page(), "run: python -m quire_usage.counter.definitions.reference > docs/reference/counter_checks.md"


def test_every_check_has_advice_and_fills_all_its_words() -> None:
    for check in checks().values():
        assert check.advice, check.code
        assert check.official, check.code

"""The command line: exit codes, outputs, standard input, and errors in words."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from quire_usage.counter.cli import app
from quire_usage.counter.facts import COLUMNS
from quire_usage.counter.model import Header, Record
from quire_usage.counter.reading import open_report
from quire_usage.counter.writing import write
from quire_usage.counter.writing.report import Format

HEADER = Header(
    report_id="TR_J1",
    report_name="Journal Requests (Controlled)",
    release="5.1",
    institution_name="Sample University",
    institution_ids={"Proprietary": ("p1:uni",)},
    metric_types=("Total_Item_Requests", "Unique_Item_Requests"),
    report_filters={"Data_Type": ("Journal",), "Access_Type": ("Controlled",), "Access_Method": ("Regular",)},
    begin=date(2024, 1, 1),
    end=date(2024, 2, 29),
    created="2024-03-15T08:00:00Z",
    created_by="Sample Platform",
    registry_record="https://registry.countermetrics.org/platform/b2b2736c-2cb9-48ec-91f4-870336acfb1c",
)


def _record(name: str, requests: int) -> Record:
    return Record(
        name=name,
        publisher="Sample Press",
        platform="P1",
        identifiers={"Proprietary": (f"p1:{requests}",), "Online_ISSN": ("2049-3630",)},
        counts={"Total_Item_Requests": {"2024-01": requests}, "Unique_Item_Requests": {"2024-01": 1}},
    )


def _report(path: Path, form: Format, *records: Record, header: Header = HEADER) -> Path:
    with path.open("wb") as file:
        write(header, records, form, file)
    return path


def _run(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return _report(tmp_path / "good.tsv", "tsv", _record("Journal A", 5), _record("=1+1", 7))


@pytest.fixture
def bad(good: Path, tmp_path: Path) -> Path:
    """A row total that is not the sum of its months: a critical error of the Code of Practice."""
    path = tmp_path / "bad.tsv"
    path.write_bytes(good.read_bytes().replace(b"Total_Item_Requests\t5\t5", b"Total_Item_Requests\t6\t5"))
    assert path.read_bytes() != good.read_bytes()
    return path


def test_a_good_report_passes_with_exit_code_0(good: Path) -> None:
    result = _run("validate", good)
    assert result.exit_code == 0, result.output
    assert "good.tsv: Passed" in result.stdout


def test_a_faulty_report_says_what_is_wrong_where_and_what_to_do_with_exit_code_4(bad: Path, good: Path) -> None:
    result = _run("validate", good, bad)
    assert result.exit_code == 4
    assert "good.tsv: Passed" in result.stdout
    assert "bad.tsv: Critical error" in result.stdout
    assert "where: row 16" in result.stdout
    assert "what to do:" in result.stdout


def test_verdicts_as_json(bad: Path) -> None:
    result = _run("validate", bad, "--json")
    (verdict,) = json.loads(result.stdout)
    assert (verdict["file"], verdict["level"], verdict["report"]["report_id"]) == ("bad.tsv", "Critical error", "TR_J1")
    assert any(finding["level"] == "Critical error" and finding["place"] for finding in verdict["findings"])


def test_what_is_no_report_is_refused_in_words_with_exit_code_5(tmp_path: Path) -> None:
    page = tmp_path / "report.xlsx"
    page.write_text("<!doctype html><html><body>Please log in</body></html>")
    result = _run("validate", page)
    assert result.exit_code == 5
    assert "report.xlsx: Fatal error" in result.stdout
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there_is_said_so() -> None:
    for command in (["validate", "nowhere.json"], ["read", "nowhere.json"], ["convert", "nowhere.json", "x.tsv"]):
        result = _run(*command)
        assert result.exit_code == 5
        assert "nowhere.json cannot be opened: No such file or directory." in result.stderr


def test_standard_input_and_gzip(good: Path, tmp_path: Path) -> None:
    packed = gzip.compress(good.read_bytes())
    file = tmp_path / "good.tsv.gz"
    file.write_bytes(packed)
    assert "standard input: Passed" in _run("validate", "-", given=packed).stdout
    assert "standard input: Passed" in _run("validate", "-", given=good.read_bytes()).stdout
    assert "good.tsv.gz: Passed" in _run("validate", file).stdout


def test_the_html_and_xlsx_reports_are_written(bad: Path, tmp_path: Path) -> None:
    page, sheet = tmp_path / "out.html", tmp_path / "out.xlsx"
    assert _run("validate", bad, "--html", page, "--xlsx", sheet).exit_code == 4
    assert "Critical error" in page.read_text("utf-8")
    assert openpyxl.load_workbook(sheet).sheetnames == ["Files", "Findings", "Places", "Not counted", "Totals"]
    assert not list(tmp_path.glob("*.partial"))


def test_read_prints_a_summary(good: Path) -> None:
    result = _run("read", good)
    assert result.exit_code == 0
    assert "TR_J1 (release 5.1, tsv)" in result.stdout
    assert "12  Total_Item_Requests" in result.stdout


def test_read_as_csv_neutralizes_formulas_and_parquet_keeps_the_text(good: Path, tmp_path: Path) -> None:
    result = _run("read", good, "--csv")
    lines = result.stdout.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + 4
    assert ",'=1+1," in lines[3]
    assert ",=1+1," not in result.stdout
    out = tmp_path / "out.parquet"
    assert _run("read", good, "--parquet", out).exit_code == 0
    table = pq.read_table(out)
    assert table.column_names == list(COLUMNS)
    assert set(table.column("name").to_pylist()) == {"Journal A", "=1+1"}
    assert sum(table.column("count").to_pylist()) == 5 + 1 + 7 + 1


def test_read_as_json_gives_one_record_per_line(good: Path) -> None:
    records = [json.loads(line) for line in _run("read", good, "--json").stdout.splitlines()]
    assert [record["name"] for record in records] == ["Journal A", "=1+1"]
    assert records[0]["counts"]["Total_Item_Requests"] == {"2024-01": 5}


def test_one_output_at_a_time(good: Path) -> None:
    result = _run("read", good, "--json", "--csv")
    assert result.exit_code == 2
    assert "choose one" in result.stderr


def test_read_by_a_mapping(tmp_path: Path) -> None:
    table, mapping = tmp_path / "acme.csv", tmp_path / "mapping.json"
    table.write_text("Title,Jan-2024\nJ,5\n")
    stored: dict[str, Any] = {"name": "Acme", "columns": {"name": "Title"}, "metric": "Total_Item_Requests"}
    mapping.write_text(json.dumps(stored))
    result = _run("read", table, "--mapping", mapping)
    assert result.exit_code == 0, result.output
    assert "not COUNTER" in result.stdout
    mapping.write_text(json.dumps({"name": "Acme"}))
    result = _run("read", table, "--mapping", mapping)
    assert result.exit_code == 5
    assert "A mapping needs a name" in result.stderr


def test_diff_shows_a_restatement_with_exit_code_1(good: Path, tmp_path: Path) -> None:
    restated = _report(tmp_path / "new.json", "json", _record("Journal A", 5), _record("=1+1", 7))
    assert _run("diff", good, restated).exit_code == 0
    more = _record("Journal A", 5)
    more.counts["Total_Item_Requests"]["2024-02"] = 40
    restated = _report(tmp_path / "new.json", "json", more, _record("=1+1", 7))
    result = _run("diff", good, restated)
    assert result.exit_code == 1
    assert "2024-02 Total_Item_Requests 0 → 40  Journal A" in result.stdout
    as_json = json.loads(_run("diff", good, restated, "--json").stdout)
    assert [(change["old"], change["new"]) for change in as_json["changes"]] == [(0, 40)]


def test_diff_refuses_different_reports(good: Path, tmp_path: Path) -> None:
    other = _report(
        tmp_path / "other.json",
        "json",
        header=Header(report_id="PR", report_name="Platform Report", release="5.1", begin=HEADER.begin, end=HEADER.end),
    )
    result = _run("diff", good, other)
    assert result.exit_code == 5
    assert "different reports" in result.stderr


@pytest.mark.parametrize("form", ["json", "xlsx", "tsv", "csv"])
def test_convert_keeps_the_content_and_the_verdict(good: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out.{form}"
    result = _run("convert", good, out)
    assert result.exit_code == 0, result.output
    assert _run("diff", good, out).exit_code == 0
    assert "Passed" in _run("validate", out).stdout


def test_convert_to_standard_output(good: Path) -> None:
    result = _run("convert", good, "-", "--to", "json")
    with open_report(io.BytesIO(result.stdout_bytes)) as reading:
        assert [record.name for record in reading] == ["Journal A", "=1+1"]


def test_convert_needs_a_format_and_another_file(good: Path, tmp_path: Path) -> None:
    assert "give --to" in _run("convert", good, tmp_path / "out").stderr
    result = _run("convert", good, good)
    assert result.exit_code == 2
    assert "same file" in result.stderr


def test_a_refused_conversion_leaves_no_file(good: Path, tmp_path: Path) -> None:
    result = _run("convert", good, tmp_path / "out.json", "--view", "TR_J3")
    assert result.exit_code == 5
    assert "TR_J3 is a view of TR" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.tsv"]

"""Release 4 grids and SUSHI XML of the corpus: totals per metric as the index has them, grids and XML alike."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from quire_usage.counter.definitions.release4 import release4
from quire_usage.counter.model import Level
from quire_usage.counter.reading import open_report
from tests.conformance.counter.conftest import Table
from tests.conformance.counter.corpus import need_corpus

OTHER_TOTALS = {
    # The index cannot read the headings 22-Jan … 22-Dec and has no row. The one title's months add up to its Reporting
    # Period Total, 147,277, which is in the file.
    "Big-Dig-Data+celus-nibbler__tests__data__counter__4__JR1-d.csv": {"ft_total": 147_277},
}

FORMATS = ("csv", "tsv", "xlsx", "xml")


def _rows(root: Path) -> list[dict[str, str]]:
    with (root / "INDEX.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            row for row in csv.DictReader(lines, delimiter="\t") if row["release"] == "4" and row["format"] in FORMATS
        ]


def _expected(row: dict[str, str]) -> dict[str, int]:
    """The index names a grid's months by the report, or by the words of its metric column."""
    tables = release4()
    found: dict[str, int] = {}
    for part in filter(None, row["computed_totals_per_metric"].split("; ")):
        label, _, number = part.rpartition("=")
        report = tables.report(label)
        metric = report.metric if report is not None else tables.metric(label)
        assert metric, f"{label} has no metric"
        if int(number):
            found[metric] = int(number)
    return found


def _totals(path: Path) -> dict[str, int]:
    found: Counter[str] = Counter()
    with open_report(path) as reading:
        assert reading.header.release == "4"
        for record in reading:
            found.update(record.totals())
        assert all(finding.ours for finding in reading.findings), "no official validator judges release 4"
    return {metric: number for metric, number in found.items() if number}


def test_totals_per_metric_equal_the_index(table: Table) -> None:
    root = need_corpus()
    rows = _rows(root)
    wrong = []
    for row in rows:
        expected = OTHER_TOTALS.get(row["file"], _expected(row))
        found = _totals(root / "samples" / row["file"])
        if found != expected:
            wrong.append(f"{row['file']}: expected {expected}, found {found}")
    table("release 4", f"{len(rows) - len(wrong)} of {len(rows)} files read to their totals")
    for file in OTHER_TOTALS:
        table("release 4", f"on purpose not the index: {file[-20:]} (months 22-Jan … are read within the period)")
    assert len(rows) >= 60
    assert not wrong, "\n".join(wrong)


def test_a_grid_and_its_sushi_xml_give_the_same_counts(table: Table) -> None:
    root = need_corpus() / "samples"
    stem = "folio-org+mod-erm-usage-counter__mod-erm-usage-counter41__src__test__resources__reports__"
    for report in ("BR1", "BR2", "DB1"):
        facts = []
        for ending in ("csv", "xml"):
            counted: Counter[tuple[str, str, str, str]] = Counter()
            with open_report(root / f"{stem}{report}.{ending}") as reading:
                for record in reading:
                    for metric, months in record.counts.items():
                        for month, count in months.items():
                            # the grid has monthly counts of the totals only; PDF and HTML are in the XML alone
                            if count and metric not in ("ft_pdf", "ft_html"):
                                counted[record.name, record.publisher, metric, month] += count
            facts.append(counted)
        assert facts[0] == facts[1]
        assert facts[0]
        table("release 4", f"{report}: grid and XML give the same {len(facts[0])} counts")


def test_exceptions_of_sushi_answers_without_a_report_are_kept() -> None:
    root = need_corpus()
    empty = [row for row in _rows(root) if row["quirks"].startswith("exception:")]
    assert len(empty) >= 8
    for row in empty:
        code = int(row["quirks"].split(":")[1].split(" ")[0])
        with open_report(root / "samples" / row["file"]) as reading:
            assert list(reading) == []
            assert code in {exception.code for exception in reading.header.exceptions}


def test_months_that_cannot_be_read_are_reported_and_not_guessed() -> None:
    root = need_corpus() / "samples"
    with open_report(root / "Big-Dig-Data+celus-pycounter__tests__data__JR1_bad.xlsx") as reading:
        records = list(reading)
        headings = [finding for finding in reading.findings if finding.code == "r4_month_heading"]
        totals = [finding for finding in reading.findings if finding.code == "r4_total_row"]
    assert [(finding.level, finding.value) for finding in headings] == [(Level.ERROR, "11-Feb")]
    assert not any("2013-02" in record.counts["ft_total"] for record in records)
    # 114,773 less the 10,418 of February in the row of totals
    assert totals[0].message.endswith("says 114,773, but the titles add up to 104,355.")

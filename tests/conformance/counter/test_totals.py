"""Every report of the corpus is read to the totals of its index; the same report gives the same facts in every format."""

from __future__ import annotations

from tests.conformance.counter.conftest import Table
from tests.conformance.counter.corpus import facts_of, groups_of_formats, indexed_reports, need_corpus, totals_of

OTHER_TOTALS = {
    # The index sums every row. These rows sum up others ("All Databases": 9,550 + 13,138 + 2,385 = 25,073 uses, read off
    # the file's rows 15 to 17), so the right total is lower by exactly them.
    "Big-Dig-Data+celus-nibbler__tests__data__counter__5__DR-a.tsv": {
        "Searches_Regular": 9_550,
        "Total_Item_Investigations": 13_138,
        "Unique_Item_Investigations": 2_385,
    },
    # The index has 96 uses of a row without Metric_Type; they count nothing that has a name and are quarantined.
    "Big-Dig-Data+celus-nibbler__tests__data__counter__5__PR-g.tsv": {"": 96},
}

NOT_THE_SAME = {
    # The CSV has a Proprietary_ID (Test123) that the TSV leaves empty; all counts are equal.
    "Big-Dig-Data+celus-nigiri__tests__data__counter5__counter5_table_dr",
}


def test_totals_per_metric_equal_the_index(table: Table) -> None:
    root = need_corpus()
    reports = indexed_reports(root)
    wrong = []
    for report in reports:
        lower = OTHER_TOTALS.get(report.file, {})
        expected = {m: n - lower.get(m, 0) for m, n in report.totals.items() if n != lower.get(m, 0)}
        found = totals_of(root / "samples" / report.file)
        if found != expected:
            wrong.append(f"{report.file}: expected {expected}, found {found}")
    table("totals", f"{len(reports) - len(wrong)} of {len(reports)} reports read to their totals")
    for file, lower in OTHER_TOTALS.items():
        table("totals", f"on purpose lower than the index: {file[-24:]} by {lower}")
    assert reports
    assert not wrong, "\n".join(wrong)


def test_the_same_report_gives_equal_records_in_every_format(table: Table) -> None:
    root = need_corpus()
    groups = groups_of_formats(root)
    wrong = []
    for stem, files in groups.items():
        first, *others = [facts_of(root / "samples" / file) for file in files]
        if stem in NOT_THE_SAME:
            assert all(sum(other.values()) == sum(first.values()) for other in others)
        elif any(other != first for other in others):
            wrong.append(stem)
    table("formats", f"{len(groups) - len(wrong)} of {len(groups)} groups of formats with equal records")
    for stem in NOT_THE_SAME:
        table("formats", f"equal counts, but not the same text: {stem[-24:]} (the CSV has an identifier more)")
    assert groups
    assert not wrong, wrong

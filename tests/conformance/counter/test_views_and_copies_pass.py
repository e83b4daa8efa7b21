"""What is written from the corpus is no worse than what was read: same totals, same level, in every format."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from quire_usage.counter.model import Header, Level, Record
from quire_usage.counter.reading import open_report
from quire_usage.counter.validation.verdict import validate
from quire_usage.counter.views import derivable_views, derive
from quire_usage.counter.writing import FORMATS, write
from tests.conformance.counter.conftest import Table
from tests.conformance.counter.corpus import indexed_reports, need_corpus


def _totals(records: Iterable[Record]) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        for counts in (record.counts, *(component.counts for component in record.components)):
            for metric, months in counts.items():
                found[metric] += sum(months.values())
    return +found


def _with_customer(header: Header) -> Header:
    """JSON of release 5 needs a Customer_ID, which tables do not state and nobody may invent but the library."""
    return replace(header, customer_id=header.customer_id or "sample")


def test_a_copy_in_any_format_has_the_totals_and_no_worse_level(table: Table) -> None:
    root = need_corpus() / "samples"
    copies, wrong = 0, []
    for report in indexed_reports(need_corpus()):
        with open_report(root / report.file) as reading:
            verdict = validate(reading)
        if verdict.level > Level.WARNING or not verdict.totals:
            continue
        for form in FORMATS:
            file = io.BytesIO()
            with open_report(root / report.file) as reading:
                write(_with_customer(reading.header), reading, form, file)
            with open_report(file.getvalue()) as reading:
                copy = validate(reading)
            copies += 1
            official = [f"{finding.level.official}: {finding.message}" for finding in copy.findings if not finding.ours]
            if +Counter(copy.totals) != +Counter(verdict.totals) or copy.level > max(verdict.level, Level.NOTICE):
                wrong.append(f"{report.file} as {form}: {copy.level.official} {official[:3]} {copy.totals}")
    table("copies", f"{copies - len(wrong)} of {copies} copies of good reports have the totals and the level")
    assert copies > 200
    assert not wrong, "\n".join(wrong)


def test_derived_views_are_valid_reports(table: Table) -> None:
    root = need_corpus() / "samples"
    views: Counter[str] = Counter()
    wrong = []
    for report in indexed_reports(need_corpus()):
        with open_report(root / report.file) as reading:
            verdict = validate(reading)
        if verdict.level > Level.WARNING or not verdict.totals:
            continue
        for view in derivable_views(verdict.header):
            with open_report(root / report.file) as reading:
                header, records = derive(view, reading.header, reading)
                kept = list(records)
            if not kept:
                continue
            file = io.BytesIO()
            write(_with_customer(header), kept, "json", file)
            with open_report(file.getvalue()) as reading:
                copy = validate(reading)
            views[view] += 1
            if copy.level > Level.WARNING or +Counter(copy.totals) != _totals(kept):
                official = [
                    f"{finding.level.official}: {finding.message}" for finding in copy.findings if not finding.ours
                ]
                wrong.append(f"{report.file} → {view}: {copy.level.official} {official[:3]}")
    table(
        "copies",
        f"{sum(views.values()) - len(wrong)} of {sum(views.values())} derived views are valid: {dict(sorted(views.items()))}",
    )
    assert len(views) >= 10
    assert not wrong, "\n".join(wrong)

"""Quire's own checks, on figures computed by hand."""

from __future__ import annotations

import pytest

from quire_usage.counter.model import Record
from quire_usage.counter.validation import extra

YEAR = [f"2023-{month:02d}" for month in range(1, 13)]


def flat(count: int) -> dict[str, int]:
    return dict.fromkeys(YEAR, count)


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        (50, 250, "spike-up"),  # 3 × 50 + 100 = 250 is reached
        (50, 249, None),
        (0, 100, "spike-up"),  # 3 × 0 + 100
        (200, 1, "spike-down"),  # 1 % of 200 is 2, and 1 is less
        (200, 2, None),
        (19, 0, None),  # an average below 20 falls without a word
        (20, 0, "spike-down"),
    ],
)
def test_spikes_follow_the_rule_of_the_code_of_practice(before: int, now: int, code: str | None) -> None:
    found = extra.spikes({"Total_Item_Requests": {**flat(before), "2024-01": now}}, ["2024-01"])
    assert [finding.code for finding in found] == ([code] if code else [])
    assert all(finding.ours for finding in found)


def test_spikes_say_nothing_without_a_year_of_history() -> None:
    counts = {**flat(1), "2024-01": 9_999}
    del counts["2023-05"]
    assert extra.spikes({"Total_Item_Requests": counts}, ["2024-01"]) == []


def test_three_months_without_use_in_a_row_are_said() -> None:
    counts = {**flat(5), "2023-06": 0, "2023-07": 0, "2023-08": 0}
    found = extra.zero_runs({"Total_Item_Requests": counts}, YEAR)
    assert [finding.message for finding in found] == ["No Total_Item_Requests from 2023-06 to 2023-08"]
    assert extra.zero_runs({"Total_Item_Requests": {**counts, "2023-07": 1}}, YEAR) == []


def test_a_month_that_was_not_loaded_is_no_zero() -> None:
    counts = {**flat(5), "2023-06": 0, "2023-07": 0, "2023-08": 0}
    loaded = [month for month in YEAR if month != "2023-07"]
    assert extra.zero_runs({"Total_Item_Requests": counts}, loaded) == []


def test_a_metric_that_was_never_used_has_no_run() -> None:
    assert extra.zero_runs({"No_License": flat(0)}, YEAR) == []


def test_one_month_in_two_releases_is_said() -> None:
    loaded = [("TR", "5", "2025-01"), ("TR", "5.1", "2025-01"), ("TR", "5.1", "2025-02"), ("DR", "5", "2025-02")]
    found = extra.releases_overlap(loaded)
    assert [finding.message for finding in found] == [
        "TR of 2025-01 is there in releases 5 and 5.1; the figures must not be added"
    ]


def record(name: str, data_type: str, count: int, **identifiers: str) -> Record:
    ids: dict[str, tuple[str, ...]] = {kind: (value,) for kind, value in identifiers.items()}
    return Record(name=name, identifiers=ids, data_type=data_type, counts={"Total_Item_Requests": {"2024-01": count}})


def test_a_platform_total_is_compared_with_its_titles_per_data_type() -> None:
    titles = [record("A", "Journal", 7), record("B", "Journal", 5), record("C", "Book", 4)]
    platform = [record("X", "Journal", 12), record("X", "Book", 5), record("X", "Database_Full", 99)]
    found = extra.platform_against_parts(platform, titles)
    assert [finding.message for finding in found] == [
        "Total_Item_Requests of Book in 2024-01: 5 on the platform, 4 in the other reports"
    ]


def test_a_view_is_compared_with_what_its_full_report_gives() -> None:
    full = [record("A", "Journal", 7, DOI="10.1/a"), record("B", "Journal", 5, DOI="10.1/b")]
    assert extra.view_against_full(full, list(full)) == []
    found = extra.view_against_full([record("A", "Journal", 6, DOI="10.1/a"), full[1]], full)
    assert [finding.value for finding in found] == ["A, Total_Item_Requests, 2024-01: 6 in the view, 7 derived"]


def test_one_issn_for_two_titles_is_said() -> None:
    records = [
        record("Journal of A", "Journal", 1, Print_ISSN="1234-5679"),
        record("JOURNAL OF A", "Journal", 1, Print_ISSN="1234-5679"),
        record("Journal of B", "Journal", 1, Print_ISSN="1234-5679"),
    ]
    found = extra.shared_identifiers(records)
    assert [finding.message for finding in found] == ["Print_ISSN 1234-5679 stands for journal of a / journal of b"]
    assert extra.shared_identifiers(records[:2]) == []


def test_monthly_sums_are_what_the_history_checks_take() -> None:
    assert extra.monthly_sums([record("A", "Journal", 7), record("B", "Book", 5)]) == {
        "Total_Item_Requests": {"2024-01": 12}
    }

"""Restatements: what the same report says differently when it is fetched again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quire_usage.counter.diff import NotComparable, Total, compare
from quire_usage.counter.model import Header, Record

HEADER = Header(
    report_id="TR",
    release="5.1",
    institution_name="Sample University",
    begin=date(2024, 1, 1),
    end=date(2024, 3, 31),
    created="2024-04-10T00:00:00Z",
)
LATER = replace(HEADER, created="2024-07-01T00:00:00Z")


def _title(name: str, counts: dict[str, int], issn: str = "1234-5679", access: str = "Controlled") -> Record:
    return Record(
        name=name,
        platform="P1",
        identifiers={"Online_ISSN": (issn,)} if issn else {},
        access_type=access,
        counts={"Total_Item_Requests": counts},
    )


def test_equal_reports_are_not_restated_whatever_the_order_of_their_rows() -> None:
    first = [_title("A", {"2024-01": 5}), _title("B", {"2024-02": 7}, "2049-3630")]
    result = compare(HEADER, first, LATER, reversed(first))
    assert not result.restated
    assert result.totals == [
        Total("Total_Item_Requests", "2024-01", 5, 5),
        Total("Total_Item_Requests", "2024-02", 7, 7),
    ]


def test_a_changed_count_is_shown_with_old_and_new() -> None:
    result = compare(
        HEADER, [_title("A", {"2024-01": 5, "2024-02": 9})], LATER, [_title("A", {"2024-01": 8, "2024-02": 9})]
    )
    (change,) = result.changes
    assert (change.name, change.metric, change.month, change.old, change.new) == (
        "A",
        "Total_Item_Requests",
        "2024-01",
        5,
        8,
    )
    assert change.attributes == {"Access_Type": "Controlled"}
    assert result.totals[0] == Total("Total_Item_Requests", "2024-01", 5, 8)


def test_items_that_come_and_go_are_counted_and_their_counts_listed() -> None:
    result = compare(HEADER, [_title("A", {"2024-01": 5})], LATER, [_title("B", {"2024-01": 6}, "2049-3630")])
    assert (result.items_added, result.items_removed) == (1, 1)
    assert [(change.name, change.old, change.new) for change in result.changes] == [("B", 0, 6), ("A", 5, 0)]


def test_another_spelling_of_the_title_is_no_restatement_when_the_identifiers_agree() -> None:
    assert not compare(
        HEADER, [_title("The Journal", {"2024-01": 5})], LATER, [_title("Journal, The", {"2024-01": 5})]
    ).restated
    assert compare(HEADER, [_title("A", {"2024-01": 5}, "")], LATER, [_title("B", {"2024-01": 5}, "")]).restated


def test_usage_that_moves_to_another_access_type_is_a_restatement_with_equal_totals() -> None:
    result = compare(HEADER, [_title("A", {"2024-01": 5})], LATER, [_title("A", {"2024-01": 5}, access="Open")])
    assert result.restated
    assert all(total.old == total.new for total in result.totals)


def test_a_month_that_only_one_report_covers_is_news_and_no_restatement() -> None:
    longer = replace(LATER, end=date(2024, 4, 30))
    result = compare(HEADER, [_title("A", {"2024-01": 5})], longer, [_title("A", {"2024-01": 5, "2024-04": 50})])
    assert not result.restated
    assert result.months_added == ["2024-04"]
    assert all(total.month != "2024-04" for total in result.totals)


def test_scattered_rows_of_one_item_are_one_item() -> None:
    scattered = [_title("A", {"2024-01": 2}), _title("B", {"2024-01": 1}, "2049-3630"), _title("A", {"2024-01": 3})]
    together = [_title("A", {"2024-01": 5}), _title("B", {"2024-01": 1}, "2049-3630")]
    assert not compare(HEADER, scattered, LATER, together).restated


def test_what_a_reader_must_know_is_said() -> None:
    other = replace(
        HEADER, institution_name="Other University", created="2024-01-01T00:00:00Z", report_filters={"YOP": ("2020",)}
    )
    remarks = " ".join(compare(HEADER, [], other, []).remarks)
    assert "institutions differ" in remarks
    assert "created before the old one" in remarks
    assert "Report_Filters differ" in remarks


@pytest.mark.parametrize("change", [{"report_id": "DR"}, {"release": "5"}])
def test_different_reports_are_not_compared(change: dict[str, str]) -> None:
    with pytest.raises(NotComparable, match="different reports"):
        compare(HEADER, [], replace(HEADER, **change), [])  # type: ignore[arg-type]

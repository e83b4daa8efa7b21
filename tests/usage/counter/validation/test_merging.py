"""What belongs to one item is judged as one, wherever it stands in the file."""

from __future__ import annotations

import json
import random
from typing import Any

from quire_usage.counter.model import Level
from quire_usage.counter.reading import open_report
from quire_usage.counter.validation.merging import _Hashes

HEADER = [
    "\ufeffReport_Name\tTitle Report",
    "Report_ID\tTR",
    "Release\t5.1",
    "Institution_Name\tTest University",
    "Institution_ID\tISNI:1234123412341234",
    "Metric_Types\tTotal_Item_Investigations; Total_Item_Requests; Unique_Item_Investigations; Unique_Item_Requests",
    "Report_Filters\t",
    "Report_Attributes\t",
    "Exceptions\t",
    "Reporting_Period\tBegin_Date=2024-01-01; End_Date=2024-02-29",
    "Created\t2024-03-01T00:00:00Z",
    "Created_By\tTest",
    "Registry_Record\thttps://registry.countermetrics.org/platform/99999999-9999-9999-9999-999999999999",
    "",
    "Title\tPublisher\tPublisher_ID\tPlatform\tDOI\tProprietary_ID\tISBN\tPrint_ISSN\tOnline_ISSN\tURI\tData_Type"
    "\tMetric_Type\tReporting_Period_Total\tJan-2024\tFeb-2024",
]
METRICS = {
    "Total_Item_Investigations": (4, 3),
    "Total_Item_Requests": (3, 2),
    "Unique_Item_Investigations": (3, 2),
    "Unique_Item_Requests": (2, 1),
}


def row(title: int, metric: str, january: int, february: int, data_type: str = "Journal") -> str:
    cells = [f"Title {title}", "P", "", "X", f"10.9999/t{title}", "", "", "", "", "", data_type]
    return "\t".join((*cells, metric, str(january + february), str(january), str(february)))


def clean_rows(titles: int = 30) -> list[str]:
    return [row(number, metric, *counts) for number in range(titles) for metric, counts in METRICS.items()]


def findings(rows: list[str]) -> dict[str, int]:
    """Summary → how often, for findings of level error and above."""
    text = "\n".join((*HEADER, *rows)) + "\n"
    with open_report(text.encode()) as reading:
        assert sum(1 for _ in reading) > 0
        return {found.summary: found.count for found in reading.findings if found.level >= Level.ERROR}


def test_order_of_rows_does_not_matter() -> None:
    rows = clean_rows()
    assert findings(rows) == {}
    by_metric = sorted(rows, key=lambda text: text.split("\t")[11])
    assert findings(by_metric) == {}
    random.Random(1).shuffle(rows)
    assert findings(rows) == {}


def test_a_missing_partner_is_found_in_every_order() -> None:
    rows = [text for text in clean_rows() if not text.startswith("Title 7\t") or "Total_Item_Requests" not in text]
    expected = {"Total_Item_Requests is missing while Unique_Item_Requests is present": 2}
    assert findings(rows) == expected
    random.Random(2).shuffle(rows)
    assert findings(rows) == expected


def test_a_row_that_comes_twice_is_found_far_from_the_first() -> None:
    rows = clean_rows()
    assert findings([*rows, rows[0]]) == {
        "Multiple Counts for the same attribute set, Metric_Type and month with identical counts": 2
    }
    other = row(0, "Total_Item_Investigations", 5, 3)
    assert findings([*rows, other]) == {
        "Multiple Counts for the same attribute set, Metric_Type and month with different counts": 1,
        "Multiple Counts for the same attribute set, Metric_Type and month with identical counts": 1,
    }


def test_two_data_types_of_one_title_are_found_far_apart() -> None:
    rows = clean_rows()
    far = [row(0, metric, *counts, data_type="Other") for metric, counts in METRICS.items()]
    assert findings([*rows, *far]) == {"Different Data_Types for the same Report_Item": 1}


def test_less_total_than_unique_is_said_with_place_and_figures() -> None:
    rows = clean_rows(1)
    rows[2] = row(0, "Unique_Item_Investigations", 5, 2)
    text = "\n".join((*HEADER, *rows)) + "\n"
    with open_report(text.encode()) as reading:
        list(reading)
        found = next(finding for finding in reading.findings if finding.code == "less")
    assert found.level == Level.CRITICAL
    assert found.place == "row 16"
    assert found.value == "2024-01, 4 < 5"
    assert found.count == 1


def test_json_items_that_come_back_are_put_together() -> None:
    header: dict[str, Any] = {
        "Report_Name": "Title Report",
        "Report_ID": "TR",
        "Release": "5.1",
        "Institution_Name": "Test University",
        "Institution_ID": {"ISNI": ["1234123412341234"]},
        "Report_Filters": {"Begin_Date": "2024-01-01", "End_Date": "2024-02-29"},
        "Created": "2024-03-01T00:00:00Z",
        "Created_By": "Test",
        "Registry_Record": "https://registry.countermetrics.org/platform/99999999-9999-9999-9999-999999999999",
    }

    def item(title: int, performance: dict[str, dict[str, int]]) -> dict[str, Any]:
        return {
            "Title": f"Title {title}",
            "Item_ID": {"DOI": f"10.9999/t{title}"},
            "Publisher": "P",
            "Platform": "X",
            "Attribute_Performance": [{"Data_Type": "Journal", "Performance": performance}],
        }

    halves = [
        item(1, {"Total_Item_Investigations": {"2024-01": 4}}),
        item(2, {"No_License": {"2024-01": 1}}),
        item(1, {"Unique_Item_Investigations": {"2024-01": 2}}),
    ]
    text = json.dumps({"Report_Header": header, "Report_Items": halves})
    with open_report(text.encode()) as reading:
        assert sum(1 for _ in reading) == 3
        found = {finding.summary: finding.place for finding in reading.findings if finding.level >= Level.ERROR}
    assert found == {
        "Multiple Report_Item objects for the same Attribute_Performance": "/Report_Items/2/Attribute_Performance/0"
    }


def test_numbers_seen_twice_are_found_beyond_memory() -> None:
    seen = _Hashes(most=100)
    numbers = [number * 7919 - 10**12 for number in range(1_000)]
    for number in (*numbers, numbers[3], numbers[998]):
        seen.add(number)
    assert seen.repeated() == {numbers[3], numbers[998]}

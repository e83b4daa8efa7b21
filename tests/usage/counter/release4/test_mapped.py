"""Home-made tables, read by a stored mapping and marked as not COUNTER."""

from __future__ import annotations

from typing import Any

import pytest

from quire_usage.counter.model import Level, Record
from quire_usage.counter.reading import NotReadable, Reading, open_report
from quire_usage.counter.reading.mapped import Mapping


def _read(text: str, **mapping: Any) -> tuple[Reading, list[Record]]:
    stored = Mapping.from_dict({"name": "Acme downloads", **mapping})
    assert Mapping.from_dict(stored.to_dict()) == stored
    with open_report(text.encode(), mapping=stored) as reading:
        return reading, list(reading)


def test_a_table_with_one_column_per_month() -> None:
    reading, records = _read(
        'Acme usage 2024,,,\nTitle,ISSN (web),Jan 2024,Feb 2024\nJ1,2049-3630,5,7\nTotal,,5,7\nJ2,,,"1,200"\n',
        heading_row=2,
        columns={"name": "Title", "Online_ISSN": "ISSN (web)"},
        metric="Total_Item_Requests",
        fixed={"platform": "Acme", "data_type": "Journal"},
    )
    assert reading.header.counter is False
    assert (str(reading.header.begin), str(reading.header.end)) == ("2024-01-01", "2024-02-29")
    assert [(record.name, record.counts, record.platform, record.data_type) for record in records] == [
        ("J1", {"Total_Item_Requests": {"2024-01": 5, "2024-02": 7}}, "Acme", "Journal"),
        ("J2", {"Total_Item_Requests": {"2024-02": 1200}}, "Acme", "Journal"),
    ]
    assert records[0].identifiers == {"Online_ISSN": ("2049-3630",)}
    assert {finding.code for finding in reading.findings} == {"not_counter", "mapped_total_row"}


def test_a_table_with_one_row_per_month_and_metric() -> None:
    reading, records = _read(
        "db\tmonth\tkind\tn\nD\t2024-01\tsearch\t3\nD\t2024-02\tsearch\t4\nD\t2024-02\tview\t9\nD\t2024-02\tsmile\t1\n"
        "D\tsoon\tview\t1\nD\t2024-02\tview\t2\nD\t2024-01\tview\tnone\n",
        columns={"name": "db", "month": "month", "metric": "kind", "count": "n"},
        metrics={"search": "Searches_Regular", "view": "Total_Item_Investigations"},
    )
    (record,) = records
    assert record.counts == {
        "Searches_Regular": {"2024-01": 3, "2024-02": 4},
        "Total_Item_Investigations": {"2024-02": 9},
    }
    errors = {finding.code: finding.place for finding in reading.findings if finding.level == Level.ERROR}
    assert errors == {
        "mapped_metric": "row 5",
        "mapped_month": "row 6",
        "mapped_twice": "row 7",
        "mapped_count": "row 8, column n",
    }
    assert len(reading.quarantined) == 4


def test_a_table_with_one_column_per_metric() -> None:
    _, (record,) = _read(
        "Book;ISBN;Month;Views;Downloads\nB;978-0-9500000-0-9;Mar-2024;10;4\n",
        columns={"name": "Book", "ISBN": "ISBN", "month": "Month"},
        metric_columns={"Views": "Total_Item_Investigations", "Downloads": "Total_Item_Requests"},
    )
    assert record.totals() == {"Total_Item_Investigations": 10, "Total_Item_Requests": 4}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"columns": {"title": "Title"}}, "No column can hold title"),
        ({"columns": {"publisher": "Publisher"}, "metric": "x"}, "name of the title"),
        ({"columns": {"name": "Title"}}, "neither a metric"),
        ({"columns": {"name": "Title", "count": "n"}, "metric": "x"}, "belong together"),
        ({"columns": {"name": "Title"}, "metric_columns": {"Views": "x"}}, "must hold the month"),
        ({"columns": {"name": "Title"}, "metric": "x", "fixed": {"ISBN": "1"}}, "cannot be fixed"),
        ({"columns": {"name": "Title"}, "metric": "x", "heading_row": 0}, "heading_row"),
        ({"columns": {"name": "Title"}, "metrik": "x"}, "has no metrik"),
        ({"columns": "Title"}, "needs a name"),
    ],
)
def test_a_wrong_mapping_is_refused_in_words(mapping: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Mapping.from_dict({"name": "Acme", **mapping})


def test_a_table_that_lacks_a_mapped_column_is_refused_and_its_columns_are_named() -> None:
    with pytest.raises(NotReadable, match=r"needs the columns Title; row 1 has Name, Jan-2024"):
        _read("Name,Jan-2024\nJ,1\n", columns={"name": "Title"}, metric="x")


def test_a_table_without_months_is_refused() -> None:
    with pytest.raises(NotReadable, match="No column heading is a month"):
        _read("Title,Uses\nJ,1\n", columns={"name": "Title"}, metric="x")

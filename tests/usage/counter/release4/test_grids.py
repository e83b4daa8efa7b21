"""Release 4 tables: what vendors changed about the grid, each with its finding."""

from __future__ import annotations

import pytest

from quire_usage.counter.model import Level, Record
from quire_usage.counter.reading import NotReadable, Reading, open_report

HEAD = [
    "Journal Report 1 (R4),Number of Successful Full-Text Article Requests by Month and Journal",
    "Sample University",
    "inst-1",
    "Period covered by Report:",
    "2014-01-01 to 2014-03-31",
    "Date run:",
    "2014-04-02",
]
COLUMNS = (
    "Journal,Publisher,Platform,Journal DOI,Proprietary Identifier,Print ISSN,Online ISSN,"
    "Reporting Period Total,Reporting Period HTML,Reporting Period PDF,Jan-2014,Feb-2014,Mar-2014"
)


def _read(*lines: str) -> tuple[Reading, list[Record]]:
    with open_report("\n".join(lines).encode()) as reading:
        return reading, list(reading)


def _codes(reading: Reading) -> dict[str, Level]:
    return {finding.code: finding.level for finding in reading.findings}


def test_a_grid_is_read_with_its_header() -> None:
    reading, (journal,) = _read(*HEAD, COLUMNS, "J1,Press,Plat,10.1/j1,j1,1234-5679,2049-3630,9,4,5,2,0,7")
    header = reading.header
    assert (header.report_id, header.release, header.institution_name) == ("JR1", "4", "Sample University")
    assert header.institution_ids == {"Proprietary": ("inst-1",)}
    assert (str(header.begin), str(header.end), header.created) == ("2014-01-01", "2014-03-31", "2014-04-02")
    assert journal.counts == {"ft_total": {"2014-01": 2, "2014-03": 7}}
    assert journal.identifiers == {
        "DOI": ("10.1/j1",),
        "Proprietary": ("j1",),
        "Print_ISSN": ("1234-5679",),
        "Online_ISSN": ("2049-3630",),
    }
    assert (journal.publisher, journal.platform, journal.data_type, journal.place) == ("Press", "Plat", "Journal", 9)
    assert _codes(reading) == {}


def test_the_row_of_totals_is_no_title_and_is_compared_with_the_titles() -> None:
    reading, records = _read(*HEAD, COLUMNS, "Total for all journals,,,,,,,10,,,3,0,7", "J1,P,Plat,,,,,9,,,2,0,7")
    assert [record.name for record in records] == ["J1"]
    assert _codes(reading) == {"r4_aggregate_row": Level.NOTICE, "r4_total_row": Level.WARNING}


def test_a_magazine_called_total_is_a_title_when_it_has_an_issn() -> None:
    _, records = _read(*HEAD, COLUMNS, "Total,P,Plat,,,1234-5679,,9,,,2,0,7", "Total Quality,P,Plat,,,,,1,,,1,0,0")
    assert [record.name for record in records] == ["Total", "Total Quality"]


def test_a_period_total_that_is_not_the_sum_of_the_months_is_reported() -> None:
    reading, (record,) = _read(*HEAD, COLUMNS, "J1,P,Plat,,,,,8,,,2,0,7")
    assert record.totals() == {"ft_total": 9}, "the months count"
    assert _codes(reading) == {"r4_row_total": Level.WARNING}


@pytest.mark.parametrize("cell", ["x", "-3", "1.5", "1e308", "9" * 40])
def test_a_cell_that_is_no_count_is_put_aside_and_the_rest_is_kept(cell: str) -> None:
    reading, (record,) = _read(*HEAD, COLUMNS, f"J1,P,Plat,,,,,,,,{cell},4,7")
    assert record.counts == {"ft_total": {"2014-02": 4, "2014-03": 7}}
    assert _codes(reading) == {"r4_count": Level.ERROR}
    assert [part.place for part in reading.quarantined] == ["row 9, column Jan-2014"]


def test_thousands_separators_and_whole_decimals_are_counts() -> None:
    _, (record,) = _read(*HEAD, COLUMNS, 'J1,P,Plat,,,,,,,,"1,234",1 000,12.0')
    assert record.counts == {"ft_total": {"2014-01": 1234, "2014-02": 1000, "2014-03": 12}}


def test_headings_of_months_are_read_within_the_period_only() -> None:
    columns = COLUMNS.replace("Jan-2014,Feb-2014,Mar-2014", "14-Jan,11-Feb,2014-03")
    reading, (record,) = _read(*HEAD, columns, "J1,P,Plat,,,,,,,,2,4,7")
    assert record.counts == {"ft_total": {"2014-01": 2, "2014-03": 7}}, "11-Feb may be 2011 or a day"
    assert _codes(reading) == {"r4_month_repaired": Level.NOTICE, "r4_month_heading": Level.ERROR}


def test_a_month_in_two_columns_is_counted_once() -> None:
    reading, (record,) = _read(*HEAD, COLUMNS.replace("Feb-2014", "Jan-2014"), "J1,P,Plat,,,,,,,,2,4,7")
    assert record.counts == {"ft_total": {"2014-01": 2, "2014-03": 7}}
    assert _codes(reading) == {"r4_month_twice": Level.ERROR}


def test_user_activities_of_a_database_are_metrics_of_one_record() -> None:
    head = ["Database Report 1 (R4),Total Searches", *HEAD[1:]]
    columns = "Database,Publisher,Platform,User Activity,Reporting Period Total,Jan-2014"
    reading, (database,) = _read(
        *head,
        columns,
        "D,P,Plat,Regular Searches,3,3",
        "D,P,Plat,Searches-federated and automated,1,1",
        "D,P,Plat,Result Clicks,2,2",
        "D,P,Plat,Coffee breaks,9,9",
    )
    assert database.totals() == {"search_reg": 3, "search_fed": 1, "result_click": 2}
    assert _codes(reading) == {"r4_metric": Level.ERROR}
    assert reading.quarantined[0].place == "row 12"


def test_a_report_by_year_of_publication_gives_one_record_per_year() -> None:
    head = ["Journal Report 5 (R4),Requests by Year-of-Publication", *HEAD[1:]]
    columns = "Journal,Publisher,Platform,Print ISSN,Online ISSN,Reporting Period Total,Articles in Press,YOP 2013,YOP unknown"
    _, records = _read(*head, columns, "J,P,Plat,,,6,1,3,2")
    assert [(record.yop, record.totals()) for record in records] == [
        ("9999", {"ft_total": 1}),
        ("2013", {"ft_total": 3}),
        ("0001", {"ft_total": 2}),
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([*HEAD], "ends before the column headings"),
        ([*HEAD, *["x,y,z"] * 40], "no row of column headings"),
        (
            ["Database Report 1 (R4),x", *HEAD[1:], "Database,Publisher,Platform,Reporting Period Total,Jan-2014"],
            "User Activity",
        ),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused_in_words(lines: list[str], words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        _read(*lines)

"""Written reports as the standard sets them out, and what cannot be written."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date

import openpyxl
import pytest

from quire_usage.counter.model import TOTALS, Header, Record, ReportException
from quire_usage.counter.writing import NotWritable, write
from quire_usage.counter.writing.report import Format

HEADER = Header(
    report_id="TR",
    report_name="Title Report",
    release="5.1",
    institution_name="Sample University",
    institution_ids={"ISNI": ("0000000419369078",), "Proprietary": ("p1:uni",)},
    report_attributes={"Attributes_To_Show": ("Access_Type", "YOP")},
    exceptions=(ReportException(3040, "Partial Data Returned", "2024-02"),),
    begin=date(2024, 1, 1),
    end=date(2024, 2, 29),
    created="2024-03-15T08:00:00Z",
    created_by="Sample Platform",
)
BOOK = Record(
    name="=HYPERLINK(1)",
    publisher="Press",
    platform="P1",
    identifiers={"ISBN": ("978-0-9500000-0-9",), "Proprietary": ("p1:1",)},
    data_type="Book",
    yop="2023",
    access_type="Open",
    counts={"Unique_Title_Requests": {"2024-02": 2}, "Total_Item_Requests": {"2024-01": 3, "2024-02": 4}},
)


def _write(form: Format, header: Header = HEADER, *records: Record) -> bytes:
    file = io.BytesIO()
    write(header, records or (BOOK,), form, file)
    return file.getvalue()


def test_a_table_has_13_header_rows_a_blank_row_the_headings_and_the_body() -> None:
    lines = _write("tsv").decode("utf-8-sig").split("\r\n")
    assert lines[:13] == [
        "Report_Name\tTitle Report",
        "Report_ID\tTR",
        "Release\t5.1",
        "Institution_Name\tSample University",
        "Institution_ID\tISNI:0000000419369078; p1:uni",
        "Metric_Types\t",
        "Report_Filters\t",
        "Report_Attributes\tAttributes_To_Show=Access_Type|YOP",
        "Exceptions\t3040: Partial Data Returned (2024-02)",
        "Reporting_Period\tBegin_Date=2024-01-01; End_Date=2024-02-29",
        "Created\t2024-03-15T08:00:00Z",
        "Created_By\tSample Platform",
        "Registry_Record\t",
    ]
    assert lines[13] == ""
    assert lines[14].split("\t") == [
        *(
            "Title",
            "Publisher",
            "Publisher_ID",
            "Platform",
            "DOI",
            "Proprietary_ID",
            "ISBN",
            "Print_ISSN",
            "Online_ISSN",
        ),
        *("URI", "Data_Type", "YOP", "Access_Type", "Metric_Type", "Reporting_Period_Total", "Jan-2024", "Feb-2024"),
    ]
    assert [line.split("\t")[-4:] for line in lines[15:17]] == [
        ["Total_Item_Requests", "7", "3", "4"],
        ["Unique_Title_Requests", "2", "0", "2"],
    ]
    assert lines[17:] == [""]


def test_text_files_start_with_a_byte_order_mark_and_json_does_not() -> None:
    assert _write("tsv").startswith(b"\xef\xbb\xbf")
    assert _write("json").startswith(b"{")


def test_json_5_1_groups_the_attribute_sets_of_one_title() -> None:
    controlled = replace(BOOK, access_type="Controlled", counts={"Total_Item_Requests": {"2024-01": 1}})
    report = json.loads(_write("json", HEADER, BOOK, controlled))
    (item,) = report["Report_Items"]
    assert item["Item_ID"] == {"ISBN": "978-0-9500000-0-9", "Proprietary": "p1:1"}
    assert item["Attribute_Performance"] == [
        {
            "Data_Type": "Book",
            "YOP": "2023",
            "Access_Type": "Open",
            "Performance": {
                "Total_Item_Requests": {"2024-01": 3, "2024-02": 4},
                "Unique_Title_Requests": {"2024-02": 2},
            },
        },
        {
            "Data_Type": "Book",
            "YOP": "2023",
            "Access_Type": "Controlled",
            "Performance": {"Total_Item_Requests": {"2024-01": 1}},
        },
    ]
    assert report["Report_Header"]["Report_Filters"] == {"Begin_Date": "2024-01-01", "End_Date": "2024-02-29"}
    assert report["Report_Header"]["Registry_Record"] == "", "required, empty for unregistered providers"


def test_json_5_lists_periods_with_their_instances() -> None:
    header = replace(HEADER, release="5", report_name="Title Master Report", customer_id="c1")
    report = json.loads(_write("json", header))
    (item,) = report["Report_Items"]
    assert item["Performance"] == [
        {
            "Period": {"Begin_Date": "2024-01-01", "End_Date": "2024-01-31"},
            "Instance": [{"Metric_Type": "Total_Item_Requests", "Count": 3}],
        },
        {
            "Period": {"Begin_Date": "2024-02-01", "End_Date": "2024-02-29"},
            "Instance": [
                {"Metric_Type": "Unique_Title_Requests", "Count": 2},
                {"Metric_Type": "Total_Item_Requests", "Count": 4},
            ],
        },
    ]
    assert {"Name": "Attributes_To_Show", "Value": "Access_Type|YOP"} in report["Report_Header"]["Report_Attributes"]
    assert "Registry_Record" not in report["Report_Header"]


def test_a_report_without_months_changes_the_name_of_its_attribute_with_the_format() -> None:
    header = replace(HEADER, report_attributes={"Exclude_Monthly_Details": ("True",)})
    book = replace(BOOK, counts={"Total_Item_Requests": {TOTALS: 7}})
    report = json.loads(_write("json", header, book))
    assert report["Report_Header"]["Report_Attributes"] == {"Granularity": "Totals"}
    back = replace(HEADER, report_attributes={"Granularity": ("Totals",)})
    lines = _write("tsv", back, book).decode("utf-8-sig").split("\r\n")
    assert lines[7] == "Report_Attributes\tExclude_Monthly_Details=True"
    assert lines[14].endswith("Metric_Type\tReporting_Period_Total")
    assert lines[15].endswith("Total_Item_Requests\t7")


def test_records_without_usage_write_nothing() -> None:
    unused = replace(BOOK, counts={"Total_Item_Requests": {}})
    assert json.loads(_write("json", HEADER, unused))["Report_Items"] == []
    assert len(_write("tsv", HEADER, unused).decode().rstrip("\r\n").split("\r\n")) == 15


def test_a_spreadsheet_holds_titles_as_text_and_counts_as_numbers() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_write("xlsx"))).active
    assert sheet is not None
    assert sheet.title == "TR"
    title, total = sheet["A16"], sheet["O16"]
    assert (title.value, title.data_type) == ("=HYPERLINK(1)", "s")
    assert (total.value, total.data_type) == (7, "n")


def test_line_breaks_in_a_title_do_not_break_the_table() -> None:
    lines = _write("tsv", HEADER, replace(BOOK, name="One\r\nTwo\tThree")).decode("utf-8-sig").split("\r\n")
    assert lines[15].startswith("One Two Three\tPress\t")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"release": "4"}, "Reports of release 4 can be read but not written"),
        ({"report_id": "XX"}, "no report of COUNTER release 5.1"),
        ({"end": None}, "no valid reporting period"),
        ({"end": date(2023, 1, 31)}, "no valid reporting period"),
        ({"end": date(2024, 1, 31)}, "2024-02, which is outside the reporting period"),
    ],
)
@pytest.mark.parametrize("form", ["json", "tsv", "xlsx"])
def test_what_cannot_be_written_is_refused_in_words(form: Format, change: dict[str, object], words: str) -> None:
    with pytest.raises(NotWritable, match=words):
        _write(form, replace(HEADER, **change))  # type: ignore[arg-type]


def test_json_of_release_5_without_customer_is_refused_and_says_what_to_give() -> None:
    with pytest.raises(NotWritable, match="--customer-id"):
        _write("json", replace(HEADER, release="5", report_name="Title Master Report"))


def test_scattered_metrics_of_one_attribute_set_are_one_set_in_json() -> None:
    """Tables may list all requests first and all unique requests after them."""
    first = replace(BOOK, counts={"Total_Item_Requests": {"2024-01": 3}})
    other = replace(BOOK, yop="2020", counts={"Total_Item_Requests": {"2024-01": 1}})
    later = replace(BOOK, counts={"Unique_Item_Requests": {"2024-01": 2}})
    (item,) = json.loads(_write("json", HEADER, first, other, later))["Report_Items"]
    assert [(entry["YOP"], entry["Performance"]) for entry in item["Attribute_Performance"]] == [
        ("2023", {"Total_Item_Requests": {"2024-01": 3}, "Unique_Item_Requests": {"2024-01": 2}}),
        ("2020", {"Total_Item_Requests": {"2024-01": 1}}),
    ]
    assert "Unique_Item_Requests" not in first.counts

"""Views from full reports, on figures small enough to add up by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quire_usage.counter.model import Component, Header, Item, Record
from quire_usage.counter.views import NotDerivable, derivable_views, derive

TITLES = Header(
    report_id="TR",
    report_name="Title Report",
    release="5.1",
    institution_name="Sample University",
    report_attributes={"Attributes_To_Show": ("YOP", "Access_Type", "Access_Method")},
    begin=date(2024, 1, 1),
    end=date(2024, 2, 29),
    created="2024-03-15T08:00:00Z",
    created_by="Sample Platform",
)


def _title(yop: str, access: str, method: str, requests: dict[str, int], unique: dict[str, int], **more: str) -> Record:
    return Record(
        name=more.get("name", "Journal of Samples"),
        publisher="Sample Press",
        platform="P1",
        identifiers={"Online_ISSN": ("1234-5679",), "ISBN": ("978-0-9500000-0-9",)},
        data_type=more.get("data_type", "Journal"),
        yop=yop,
        access_type=access,
        access_method=method,
        counts={
            "Total_Item_Requests": dict(requests),
            "Unique_Item_Requests": dict(unique),
            "No_License": {"2024-01": 9},
        },
    )


RECORDS = [
    _title("2023", "Controlled", "Regular", {"2024-01": 5, "2024-02": 7}, {"2024-01": 3}),
    _title("2022", "Controlled", "Regular", {"2024-01": 2}, {"2024-01": 1, "2024-02": 1}),
    _title("2022", "Open", "Regular", {"2024-01": 100}, {"2024-01": 50}),
    _title("2022", "Controlled", "TDM", {"2024-01": 1000}, {"2024-01": 500}),
    _title("2022", "Controlled", "Regular", {"2024-01": 30}, {"2024-01": 20}, name="A Book", data_type="Book"),
]


def test_journal_requests_are_the_controlled_regular_requests_of_journals_over_all_years() -> None:
    header, records = derive("TR_J1", TITLES, RECORDS)
    (journal,) = records
    assert journal.counts == {
        "Total_Item_Requests": {"2024-01": 5 + 2, "2024-02": 7},
        "Unique_Item_Requests": {"2024-01": 3 + 1, "2024-02": 1},
    }
    assert (journal.data_type, journal.yop, journal.access_type, journal.access_method) == ("", "", "", "")
    assert journal.identifiers == {"Online_ISSN": ("1234-5679",)}, "journal views have no ISBN"
    assert header.report_name == "Journal Requests (Controlled)"
    assert header.metric_types == ("Total_Item_Requests", "Unique_Item_Requests")
    assert header.report_filters == {
        "Access_Method": ("Regular",),
        "Access_Type": ("Controlled",),
        "Data_Type": ("Journal",),
    }
    assert header.report_attributes == {}
    assert (header.begin, header.end, header.created_by) == (TITLES.begin, TITLES.end, "Sample Platform")


def test_a_view_by_year_of_publication_keeps_the_years_apart() -> None:
    _, records = derive("TR_J4", TITLES, RECORDS)
    assert {record.yop: record.totals()["Total_Item_Requests"] for record in records} == {"2023": 12, "2022": 2}


def test_a_view_by_access_type_shows_open_and_controlled_but_never_text_mining() -> None:
    _, records = derive("TR_J3", TITLES, RECORDS)
    assert {record.access_type: record.totals()["Total_Item_Requests"] for record in records} == {
        "Controlled": 14,
        "Open": 100,
    }


def test_the_full_report_stays_as_it_is() -> None:
    before = [replace(record, counts={m: dict(c) for m, c in record.counts.items()}) for record in RECORDS]
    list(derive("TR_J1", TITLES, RECORDS)[1])
    assert before == RECORDS


def test_components_count_for_their_item() -> None:
    header = replace(
        TITLES,
        report_id="IR",
        report_attributes={
            "Attributes_To_Show": ("Access_Method",),
            "Include_Component_Details": ("True",),
        },
    )
    video = Record(
        name="A film",
        platform="P1",
        data_type="Audiovisual",
        access_method="Regular",
        counts={"Unique_Item_Requests": {"2024-01": 4}},
        components=(
            Component(name="Reel 1", counts={"Total_Item_Requests": {"2024-01": 6}}),
            Component(name="Reel 2", counts={"Total_Item_Requests": {"2024-01": 5}}),
        ),
    )
    (derived,) = derive("IR_M1", header, [video])[1]
    assert derived.counts == {"Unique_Item_Requests": {"2024-01": 4}, "Total_Item_Requests": {"2024-01": 11}}
    assert derived.components == ()


def test_article_requests_of_release_5_are_those_of_articles_in_journals() -> None:
    header = replace(
        TITLES,
        report_id="IR",
        release="5",
        report_attributes={
            "Attributes_To_Show": ("Data_Type", "Access_Type", "Access_Method"),
            "Include_Parent_Details": ("True",),
        },
    )

    def article(parent_type: str, count: int) -> Record:
        return Record(
            name=f"In a {parent_type}",
            platform="P1",
            data_type="Article",
            access_type="OA_Gold",
            access_method="Regular",
            parent=Item(name="Parent", data_type=parent_type, publication_date="2020-01-01"),
            counts={"Total_Item_Requests": {"2024-01": count}},
        )

    (derived,) = derive("IR_A1", header, [article("Journal", 3), article("Newspaper_or_Newsletter", 8)])[1]
    assert derived.totals() == {"Total_Item_Requests": 3}
    assert derived.parent == Item(name="Parent"), "the view shows neither the parent's type nor its date"


@pytest.mark.parametrize(
    ("view", "change", "words"),
    [
        (
            "TR_J1",
            {"report_attributes": {"Attributes_To_Show": ("YOP", "Access_Method")}},
            "needs the columns Access_Type",
        ),
        (
            "TR_J4",
            {"report_attributes": {"Attributes_To_Show": ("Access_Type", "Access_Method")}},
            "needs the columns YOP",
        ),
        ("TR_J1", {"report_filters": {"Data_Type": ("Book",)}}, "also needs Journal"),
        ("TR_J1", {"report_filters": {"YOP": ("2020-2022",)}}, "YOP=2020-2022"),
        ("TR_J1", {"metric_types": ("Total_Item_Requests",)}, "needs Unique_Item_Requests"),
        ("TR_J1", {"report_id": "DR"}, "TR_J1 is a view of TR; this report is DR"),
        ("TR_J9", {}, "no standard view of release 5.1"),
        ("TR", {}, "no standard view"),
        ("TR_J1", {"release": "4"}, "not for 4"),
        (
            "TR_J1",
            {
                "report_attributes": {
                    "Attributes_To_Show": ("YOP", "Access_Type", "Access_Method"),
                    "Granularity": ("Totals",),
                }
            },
            "has no months",
        ),
    ],
)
def test_a_view_that_would_be_wrong_is_refused_with_the_reason(
    view: str, change: dict[str, object], words: str
) -> None:
    with pytest.raises(NotDerivable, match=words):
        derive(view, replace(TITLES, **change), RECORDS)  # type: ignore[arg-type]


def test_a_filter_that_the_view_has_too_makes_the_column_unnecessary() -> None:
    header = replace(
        TITLES,
        report_filters={"Access_Method": ("Regular",), "Platform": ("P1",)},
        report_attributes={"Attributes_To_Show": ("YOP", "Access_Type")},
    )
    derived, records = derive("TR_J1", header, [replace(record, access_method="") for record in RECORDS[:2]])
    assert next(records).totals()["Total_Item_Requests"] == 14
    assert derived.report_filters["Platform"] == ("P1",)


def test_derivable_views_are_all_views_of_a_report_with_all_attributes() -> None:
    assert derivable_views(TITLES) == ["TR_B1", "TR_B2", "TR_B3", "TR_J1", "TR_J2", "TR_J3", "TR_J4"]
    assert derivable_views(replace(TITLES, report_attributes={})) == []
    assert derivable_views(replace(TITLES, release="4")) == []

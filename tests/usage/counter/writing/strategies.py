"""Reports as hypothesis makes them: every release, report, attribute choice and odd text that the standard permits."""

from dataclasses import dataclass, replace
from datetime import date

from hypothesis import strategies as st

from quire_usage.counter.definitions import Release, Report, release, releases
from quire_usage.counter.model import (
    TOTALS,
    Author,
    Component,
    Counts,
    Header,
    Identifiers,
    Item,
    Record,
    ReportException,
)
from quire_usage.counter.months import last_day, months_between

_WORDS = st.text(
    st.characters(
        codec="utf-8", categories=("L", "Nd", "P", "Sc", "Sm"), exclude_characters="\ufeff\ufffd\ufffe\uffff"
    ),
    min_size=1,
    max_size=12,
)
TEXTS = st.lists(_WORDS, min_size=1, max_size=4).map(" ".join).map(lambda text: f"T{text}")
"""Titles with quotes, commas, semicolons and any script."""
FORMULAS = st.sampled_from(["=1+1", "+SUM(A1)", "-2", "@cmd", '=HYPERLINK("http://example.org";"x")'])


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True))
    rest = (11 - total % 11) % 11
    return "X" if rest == 10 else str(rest)


@st.composite
def issns(draw: st.DrawFn) -> str:
    """A valid ISSN (ISO 3297)."""
    digits = f"{draw(st.integers(0, 9_999_999)):07d}"
    return f"{digits[:4]}-{digits[4:]}{_check_digit(digits)}"


@st.composite
def isbns(draw: st.DrawFn) -> str:
    """A valid ISBN-13 of the English group with a seven-digit registrant (ISO 2108)."""
    digits = f"9780{draw(st.integers(9_500_000, 9_999_999))}{draw(st.integers(0, 9))}"
    check = (10 - sum(int(d) * (1 if n % 2 == 0 else 3) for n, d in enumerate(digits)) % 10) % 10
    return f"978-0-{digits[4:11]}-{digits[11]}-{check}"


_PLAIN = st.text("abcdefghijklmnop0123456789", min_size=1, max_size=8)
IDENTIFIERS = {
    "DOI": _PLAIN.map(lambda text: f"10.1234/{text}"),
    "Proprietary": _PLAIN.map(lambda text: f"plat:{text}"),
    "ISBN": isbns(),
    "Print_ISSN": issns(),
    "Online_ISSN": issns(),
    "URI": _PLAIN.map(lambda text: f"https://example.org/{text}"),
}
_COLUMN = {"Proprietary": "Proprietary_ID"}


@st.composite
def identifiers(draw: st.DrawFn, elements: frozenset[str], prefix: str = "") -> Identifiers:
    """Identifiers of the types that a report shows."""
    kinds = [kind for kind in IDENTIFIERS if prefix + _COLUMN.get(kind, kind) in elements]
    chosen = [kind for kind in kinds if draw(st.booleans())] or kinds[:1]
    return {kind: (draw(IDENTIFIERS[kind]),) for kind in chosen}


@dataclass(frozen=True)
class Made:
    """One made report."""

    header: Header
    records: list[Record]


@st.composite
def made_reports(draw: st.DrawFn, layout: str) -> Made:
    """A report that can be said in `layout` (json or tabular) without loss."""
    tables = release(draw(st.sampled_from(releases())))
    report = tables.reports[draw(st.sampled_from(sorted(tables.reports)))]
    begin = date(draw(st.integers(2019, 2025)), draw(st.integers(1, 12)), 1)
    ahead = begin.month - 1 + draw(st.integers(0, 13))
    end = last_day(date(begin.year + ahead // 12, ahead % 12 + 1, 1))
    shown = draw(st.lists(st.sampled_from(report.attributes_to_show), unique=True)) if report.attributes_to_show else []
    attributes: dict[str, tuple[str, ...]] = {"Attributes_To_Show": tuple(shown)} if shown else {}
    for name in ("Include_Parent_Details", "Include_Component_Details"):
        if name in report.attributes and draw(st.booleans()):
            attributes[name] = ("True",)
    totals = bool(report.attributes) and draw(st.integers(0, 4)) == 0
    if totals:
        attributes |= {"Granularity": ("Totals",)} if layout == "json" else {"Exclude_Monthly_Details": ("True",)}
    fixed = {name: rule.values for name, rule in tables.filters_of(report).items() if rule.values}
    header = Header(
        report_id=report.id,
        report_name=report.name,
        release=tables.id,
        institution_name=draw(TEXTS),
        institution_ids=draw(
            st.sampled_from(({"ISNI": ("0000000419369078",)}, {"Proprietary": ("plat:1",), "ROR": ("00hx57361",)}))
        ),
        customer_id=draw(_PLAIN) if layout == "json" and not tables.nested else "",
        metric_types=report.metrics if not report.is_full or draw(st.booleans()) else (),
        report_filters={} if report.is_full else {n: v for n, v in fixed.items() if n != "Metric_Type"},
        report_attributes=attributes,
        exceptions=(ReportException(3040, "Partial Data Returned", "2024-05"),) if draw(st.booleans()) else (),
        begin=begin,
        end=end,
        created="2025-02-01T10:00:00Z",
        created_by=draw(TEXTS),
        registry_record="https://registry.countermetrics.org/platform/b2b2736c-2cb9-48ec-91f4-870336acfb1c"
        if tables.nested
        else "",
    )
    months = [TOTALS] if totals else months_between(begin, end)
    names = draw(st.lists(TEXTS | FORMULAS, min_size=1, max_size=5, unique=True))
    records = [record for name in names for record in draw(_item(tables, report, header, name, months))]
    return Made(header, records)


@st.composite
def _counts(draw: st.DrawFn, metrics: tuple[str, ...], months: list[str]) -> Counts:
    counts: Counts = {}
    for metric in draw(st.lists(st.sampled_from(metrics), min_size=1, unique=True)):
        used = draw(st.lists(st.sampled_from(months), min_size=1, unique=True))
        counts[metric] = {month: draw(st.integers(1, 10**9)) for month in used}
    return counts


@st.composite
def _item(
    draw: st.DrawFn, tables: Release, report: Report, header: Header, name: str, months: list[str]
) -> list[Record]:
    """One item with one or two sets of attributes."""
    shown = frozenset(report.elements | set(header.report_attributes.get("Attributes_To_Show", ())))
    parents = header.report_attributes.get("Include_Parent_Details") == ("True",) or bool(
        not report.is_full and report.parent_elements
    )
    components = header.report_attributes.get("Include_Component_Details") == ("True",)
    platform = report.kind == "Platform"
    shared = Record(
        name=name,
        publisher="" if platform else draw(TEXTS),
        publisher_ids={"ISNI": ("0000000419369078",)} if not platform and draw(st.booleans()) else {},
        platform=name if platform else draw(st.sampled_from(("Platform 1", "Platform 2"))),
        identifiers={} if platform else draw(identifiers(shown)),
        authors=_authors(draw) if "Authors" in shown else (),
        publication_date="2021-05-06" if "Publication_Date" in shown and draw(st.booleans()) else "",
        article_version="VoR" if "Article_Version" in shown and draw(st.booleans()) else "",
        parent=draw(_parent(tables, report, shown)) if parents else None,
    )
    sets: list[Record] = []
    keys: set[tuple[str, ...]] = set()
    for _ in range(draw(st.integers(1, 2))):
        values = {
            "data_type": _one_of(draw, report, shown, "Data_Type"),
            "section_type": _one_of(draw, report, shown, "Section_Type"),
            "yop": draw(st.sampled_from(("0001", "1999", "2024", "9999"))) if "YOP" in shown else "",
            "access_type": _one_of(draw, report, shown, "Access_Type"),
            "access_method": _one_of(draw, report, shown, "Access_Method"),
        }
        key = tuple(values.values())
        if key in keys:
            continue
        keys.add(key)
        record = replace(shared, counts=draw(_counts(report.metrics, months)), extensions={})
        for slot, value in values.items():
            setattr(record, slot, value)
        if "Country_Code" in shown:
            record.extensions["Country_Code"] = draw(st.sampled_from(("DE", "US")))
        if components and draw(st.booleans()):
            record.components = (draw(_component(tables, report, months)),)
        sets.append(record)
    return sets


def _one_of(draw: st.DrawFn, report: Report, shown: frozenset[str], name: str) -> str:
    values = report.filters.get(name)
    return draw(st.sampled_from(values)) if name in shown and values else ""


def _authors(draw: st.DrawFn) -> tuple[Author, ...]:
    names = draw(st.lists(st.sampled_from(("Ada Lovelace", "Ibn al-Haytham", "李白")), unique=True))
    return tuple(Author(name, "ORCID:0000-0001-2345-6789" if name.startswith("A") else "") for name in names)


@st.composite
def _parent(draw: st.DrawFn, tables: Release, report: Report, shown: frozenset[str]) -> Item:
    return Item(
        name=draw(TEXTS),
        identifiers=draw(identifiers(report.elements, "Parent_")),
        authors=_authors(draw) if "Parent_Authors" in report.elements else (),
        data_type=draw(st.sampled_from(report.filters["Parent_Data_Type"] or ("Journal",)))
        if "Parent_Data_Type" in report.elements
        else "",
    )


@st.composite
def _component(draw: st.DrawFn, tables: Release, report: Report, months: list[str]) -> Component:
    totals = tuple(metric for metric in report.metrics if metric.startswith("Total_"))
    return Component(
        name=draw(TEXTS),
        identifiers=draw(identifiers(report.elements, "Component_")),
        data_type=draw(st.sampled_from(report.filters["Component_Data_Type"] or ("Article",))),
        counts=draw(_counts(totals, months)),
    )

"""Standard views computed from full reports: filtered, without the attributes that the view does not show, added up.

Source: Code of Practice, section 4: a standard view is its full report with fixed filters and attributes. So one
harvest of the full reports, with all attributes, gives all views.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from quire_usage.counter.definitions import Release, Report, release, releases
from quire_usage.counter.model import TOTALS, Counts, Header, Identifiers, Item, Record, merge_counts

_METADATA = frozenset({"Authors", "Publication_Date", "Article_Version"})
"""Attributes that describe an item and never split its usage; a view without them is complete."""

_IDENTIFIER_ELEMENTS = {"Proprietary": "Proprietary_ID"}

_FIELDS = {
    "Data_Type": "data_type",
    "Section_Type": "section_type",
    "YOP": "yop",
    "Access_Type": "access_type",
    "Access_Method": "access_method",
}


class NotDerivable(ValueError):
    """The view cannot be computed from this report; the message says why and what to ask the vendor for."""


def derivable_views(header: Header) -> list[str]:
    """Ids of the views that can be computed from a report with this header."""
    if header.release not in releases():
        return []
    tables = release(header.release)
    found = []
    for view in tables.reports.values():
        if view.full_report == header.report_id and _obstacle(view, tables.reports[header.report_id], header) is None:
            found.append(view.id)
    return found


def derive(view_id: str, header: Header, records: Iterable[Record]) -> tuple[Header, Iterator[Record]]:
    """The header and the records of a view, in the order in which its items first appear.

    Needs memory for the view's own records. Raises NotDerivable when the report is another one, lacks a column that
    the view needs, or is itself filtered so that the view would be incomplete.
    """
    if header.release not in releases():
        raise NotDerivable(
            f"Views are defined for releases {', '.join(releases())}, not for {header.release or 'none'}."
        )
    tables = release(header.release)
    view = tables.reports.get(view_id)
    if view is None or view.full_report is None:
        known = ", ".join(report.id for report in tables.reports.values() if not report.is_full)
        raise NotDerivable(f"“{view_id}” is no standard view of release {tables.id}; known are {known}.")
    if view.full_report != header.report_id:
        raise NotDerivable(
            f"{view.id} is a view of {view.full_report}; this report is {header.report_id or 'unnamed'}."
        )
    full = tables.reports[view.full_report]
    obstacle = _obstacle(view, full, header)
    if obstacle is not None:
        raise NotDerivable(obstacle)
    return _header(view, header, tables), _records(view, full, header, records)


def _obstacle(view: Report, full: Report, header: Header) -> str | None:
    """Why the view cannot be computed, in words; None when it can."""
    shown = _shown(full, header)
    wanted = set(view.metrics)
    if header.metric_types and not wanted <= set(header.metric_types):
        missing = ", ".join(sorted(wanted - set(header.metric_types)))
        return f"{view.id} needs {missing}, but the report was asked for without. Fetch {full.id} with all metrics."
    needed = [name for name in _FIELDS if name in view.elements and name not in shown]
    for name, values in view.filters.items():
        if values is None or name == "Metric_Type":
            continue
        stated = header.report_filters.get(name)
        if stated is not None and not set(values) <= set(stated):
            lacking = ", ".join(sorted(set(values) - set(stated)))
            return f"The report is filtered by {name}={'|'.join(stated)}; {view.id} also needs {lacking}."
        everything = set(values) == set(full.filters.get(name) or ())
        if not everything and stated is not None and set(stated) == set(values):
            continue
        if not everything and name not in shown:
            needed.append(name)
    if needed:
        return (
            f"{view.id} needs the columns {', '.join(dict.fromkeys(needed))}, which this report does not show. "
            f"Fetch {full.id} with attributes_to_show={'|'.join(full.attributes_to_show)}"
            + (" and include_parent_details=True." if "Parent_Data_Type" in needed else ".")
        )
    for name, values in header.report_filters.items():
        if (
            name not in view.filters
            and full.filters.get(name) is not None
            and set(values) >= set(full.filters[name] or ())
        ):
            continue
        if name not in view.filters:
            return f"The report is filtered by {name}={'|'.join(values)}; {view.id} would be incomplete."
    attributes = header.report_attributes
    if attributes.get("Granularity") == ("Totals",) or attributes.get("Exclude_Monthly_Details") == ("True",):
        return f"The report has no months; {view.id} needs them. Fetch {full.id} with monthly details."
    return None


def _shown(full: Report, header: Header) -> set[str]:
    shown = set(full.elements) | set(header.report_attributes.get("Attributes_To_Show", ()))
    if header.report_attributes.get("Include_Parent_Details") != ("True",):
        shown -= {name for name in shown if name.startswith("Parent_")}
    return shown


def _header(view: Report, header: Header, tables: Release) -> Header:
    fixed = {
        name: rule.values for name, rule in tables.filters_of(view).items() if rule.values and name != "Metric_Type"
    }
    kept = {name: values for name, values in header.report_filters.items() if view.filters.get(name, ()) is None}
    return replace(
        header,
        report_id=view.id,
        report_name=view.name,
        metric_types=view.metrics,
        report_filters=fixed | kept,
        report_attributes={},
        raw={},
    )


def _records(view: Report, full: Report, header: Header, records: Iterable[Record]) -> Iterator[Record]:
    shown = _shown(full, header)
    filters = {
        name: frozenset(values)
        for name, values in view.filters.items()
        if values is not None
        and name in shown
        and name != "Metric_Type"
        and set(values) != set(full.filters.get(name) or ())
    }
    metrics = frozenset(view.metrics)
    found: dict[tuple[Any, ...], Record] = {}
    for record in records:
        if any(_value(record, name) not in values for name, values in filters.items()):
            continue
        counts: Counts = {}
        for counted in (record.counts, *(component.counts for component in record.components)):
            merge_counts(counts, {metric: _months(counted[metric]) for metric in counted if metric in metrics})
        if not any(count for months in counts.values() for count in months.values()):
            continue
        projected = _projected(view, record)
        key = _key(projected)
        known = found.setdefault(key, projected)
        merge_counts(known.counts, counts)
    yield from found.values()


def _months(months: dict[str, int]) -> dict[str, int]:
    return {month: count for month, count in months.items() if count and month != TOTALS}


def _value(record: Record, name: str) -> str:
    if name == "Parent_Data_Type":
        return record.parent.data_type if record.parent is not None else ""
    return str(getattr(record, _FIELDS[name]))


def _projected(view: Report, record: Record) -> Record:
    """The record with only what the view shows, and no counts."""
    elements = view.elements
    metadata = {name: getattr(record, name.lower()) for name in _METADATA if name in elements}
    return Record(
        name=record.name,
        publisher=record.publisher if "Publisher" in elements else "",
        publisher_ids=record.publisher_ids if "Publisher_ID" in elements else {},
        platform=record.platform,
        identifiers=_identifiers(record.identifiers, elements, ""),
        authors=metadata.get("Authors", ()),
        publication_date=metadata.get("Publication_Date", ""),
        article_version=metadata.get("Article_Version", ""),
        parent=_parent(record.parent, elements),
        data_type=record.data_type if "Data_Type" in elements else "",
        section_type=record.section_type if "Section_Type" in elements else "",
        yop=record.yop if "YOP" in elements else "",
        access_type=record.access_type if "Access_Type" in elements else "",
        access_method=record.access_method if "Access_Method" in elements else "",
        place=record.place,
    )


def _identifiers(identifiers: Identifiers, elements: frozenset[str], prefix: str) -> Identifiers:
    return {
        kind: values
        for kind, values in identifiers.items()
        if prefix + _IDENTIFIER_ELEMENTS.get(kind, kind) in elements
    }


def _parent(parent: Item | None, elements: frozenset[str]) -> Item | None:
    if parent is None or "Parent_Title" not in elements:
        return None
    return Item(
        name=parent.name,
        identifiers=_identifiers(parent.identifiers, elements, "Parent_"),
        authors=parent.authors if "Parent_Authors" in elements else (),
        publication_date=parent.publication_date if "Parent_Publication_Date" in elements else "",
        article_version=parent.article_version if "Parent_Article_Version" in elements else "",
        data_type=parent.data_type if "Parent_Data_Type" in elements else "",
    )


def _key(record: Record) -> tuple[Any, ...]:
    parent = record.parent
    return (
        record.name,
        record.publisher,
        tuple(sorted(record.publisher_ids.items())),
        record.platform,
        tuple(sorted(record.identifiers.items())),
        tuple((author.name, author.identifier) for author in record.authors),
        record.publication_date,
        record.article_version,
        (parent.name, tuple(sorted(parent.identifiers.items()))) if parent is not None else (),
        record.data_type,
        record.section_type,
        record.yop,
        record.access_type,
        record.access_method,
    )

"""Records out of JSON items, leniently: what can be understood is kept, the checks say what is wrong with it."""

from collections.abc import Iterator
from typing import Any

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
from quire_usage.counter.reading.limits import MOST_COUNT
from quire_usage.counter.table_text import as_day

Json = dict[str, Any]

_ATTRIBUTES = frozenset(
    {"Data_Type", "Section_Type", "YOP", "Access_Type", "Access_Method", "Format", "Performance", "Components"}
)
_ITEM_KEYS = frozenset(
    {"Item_ID", "Item_Contributors", "Item_Dates", "Item_Attributes", "Publisher", "Publisher_ID", "Platform", "Authors",
     "Publication_Date", "Article_Version", "Item_Parent", "Item_Component", "Attribute_Performance", "Title", "Item",
     "Database", "Items", "Item_Name"}
)  # fmt: skip


def text(value: Any) -> str:
    """A JSON scalar as text; "" for anything else."""
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, dict | list) else str(value)


def header_of(raw: Json) -> Header:
    """The header as the JSON states it."""
    filters = _named(raw.get("Report_Filters"))
    metric_types = filters.pop("Metric_Type", ())
    begin, end = filters.pop("Begin_Date", ("",)), filters.pop("End_Date", ("",))
    return Header(
        report_id=text(raw.get("Report_ID")),
        report_name=text(raw.get("Report_Name")),
        release=text(raw.get("Release")),
        institution_name=text(raw.get("Institution_Name")),
        institution_ids=identifiers(raw.get("Institution_ID")),
        customer_id=text(raw.get("Customer_ID")),
        metric_types=metric_types,
        begin=as_day(begin[0] if begin else "", last=False),
        end=as_day(end[0] if end else "", last=True),
        report_filters=filters,
        report_attributes=_named(raw.get("Report_Attributes")),
        exceptions=exceptions(raw.get("Exceptions")),
        created=text(raw.get("Created")),
        created_by=text(raw.get("Created_By")),
        registry_record=text(raw.get("Registry_Record")),
        format="json",
        raw=raw,
    )


def exceptions(value: Any) -> tuple[ReportException, ...]:
    """Exceptions of a header, or a bare one."""
    found = []
    for element in value if isinstance(value, list) else [value]:
        if not isinstance(element, dict):
            continue
        lower = {name.lower(): part for name, part in element.items()}
        code = text(lower.get("code", lower.get("number")))
        found.append(
            ReportException(
                int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None,
                text(lower.get("message")),
                text(lower.get("data")),
                text(lower.get("help_url")),
                text(lower.get("severity")),
            )
        )
    return tuple(found)


def _named(value: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(value, list):
        for pair in value:
            if isinstance(pair, dict) and text(pair.get("Name")):
                name = text(pair["Name"])
                found[name] = found.get(name, ()) + tuple(part for part in text(pair.get("Value")).split("|") if part)
    elif isinstance(value, dict):
        for name, values in value.items():
            found[name] = tuple(map(text, values)) if isinstance(values, list) else (text(values),)
    return found


def identifiers(value: Any) -> Identifiers:
    """Identifiers of either release; those without a value are left out."""
    found: Identifiers = {}
    if isinstance(value, dict):
        for kind, given in value.items():
            values = tuple(filter(None, map(text, given))) if isinstance(given, list) else (text(given),)
            if values and values[0]:
                found[kind] = values
    elif isinstance(value, list):
        for pair in value:
            if isinstance(pair, dict):
                kind, given = text(pair.get("Type")), text(pair.get("Value"))
                if kind and given:
                    found[kind] = (*found.get(kind, ()), given)
    return found


def _authors(value: Any) -> tuple[Author, ...]:
    found = []
    for element in value if isinstance(value, list) else []:
        if isinstance(element, dict):
            scheme = next((kind for kind in ("ORCID", "ISNI") if text(element.get(kind))), "")
            named = f"{scheme}:{text(element[scheme])}" if scheme else text(element.get("Identifier"))
            found.append(Author(text(element.get("Name")), named))
    return tuple(found)


def _typed(value: Any, kind: str) -> str:
    for element in value if isinstance(value, list) else []:
        if isinstance(element, dict) and element.get("Type") == kind:
            return text(element.get("Value"))
    return ""


def _describe(item: Json, target: Item | Record) -> None:
    target.identifiers = identifiers(item.get("Item_ID"))
    target.authors = _authors(item.get("Authors") or item.get("Item_Contributors"))
    target.publication_date = text(item.get("Publication_Date")) or _typed(item.get("Item_Dates"), "Publication_Date")
    target.article_version = text(item.get("Article_Version")) or _typed(item.get("Item_Attributes"), "Article_Version")
    target.data_type = text(item.get("Data_Type"))


def _record(item: Json, place: str) -> Record:
    name = next((text(item[key]) for key in ("Title", "Item", "Database") if key in item), None)
    platform = text(item.get("Platform"))
    record = Record(
        name=platform if name is None else name,
        publisher=text(item.get("Publisher")),
        publisher_ids=identifiers(item.get("Publisher_ID")),
        platform=platform,
        place=place,
    )
    _describe(item, record)
    return record


def records5(item: Json, place: str, *, totals: bool) -> Iterator[Record]:
    """The record of an item of release 5."""
    record = _record(item, place)
    record.section_type, record.yop = text(item.get("Section_Type")), text(item.get("YOP"))
    record.access_type, record.access_method = text(item.get("Access_Type")), text(item.get("Access_Method"))
    record.format = text(item.get("Format"))
    record.extensions = {
        name: text(value)
        for name, value in item.items()
        if name not in _ITEM_KEYS and name not in _ATTRIBUTES and isinstance(value, str)
    }
    given = item.get("Item_Parent")
    parent = given[0] if isinstance(given, list) and given else given
    if isinstance(parent, dict):
        record.parent = Item(name=text(parent.get("Item_Name")))
        _describe(parent, record.parent)
    components = []
    for part in item.get("Item_Component") or () if isinstance(item.get("Item_Component"), list) else ():
        if isinstance(part, dict):
            component = Component(name=text(part.get("Item_Name")))
            _describe(part, component)
            component.counts = _performance5(part.get("Performance"), totals=totals)
            components.append(component)
    record.components = tuple(components)
    record.counts = _performance5(item.get("Performance"), totals=totals)
    yield record


def _performance5(value: Any, *, totals: bool) -> Counts:
    counts: Counts = {}
    for performance in value if isinstance(value, list) else ():
        if not isinstance(performance, dict):
            continue
        period = performance.get("Period")
        begin, end = (
            (text(period.get("Begin_Date")), text(period.get("End_Date"))) if isinstance(period, dict) else ("", "")
        )
        month = begin[:7] if begin[:7] == end[:7] and begin and not totals else TOTALS
        instances = performance.get("Instance")
        for instance in instances if isinstance(instances, list) else ():
            if not isinstance(instance, dict):
                continue
            count = whole(instance.get("Count"))
            if count:
                months = counts.setdefault(text(instance.get("Metric_Type")), {})
                months[month] = months.get(month, 0) + count
    return counts


def whole(value: Any) -> int | None:
    """A count as a number, if it can be understood as one that a provider could mean."""
    if type(value) is int:
        return value if 0 <= value < MOST_COUNT else None
    if isinstance(value, str):
        bare = value.strip().replace(",", "")
        return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 16 else None
    if isinstance(value, float):
        return int(value) if 0 <= value < MOST_COUNT else None
    return None


def records51(item: Json, place: str, parent: Item | None, *, totals: bool) -> Iterator[Record]:
    """The records of an item of release 5.1, one per attribute set."""
    sets = item.get("Attribute_Performance")
    first = True
    for number, element in enumerate(sets if isinstance(sets, list) else ()):
        if not isinstance(element, dict):
            continue
        record = _record(item, f"{place}/Attribute_Performance/{number}")
        record.parent = parent
        for name, value in element.items():
            if name == "Data_Type":
                record.data_type = text(value)
            elif name == "YOP":
                record.yop = text(value)
            elif name == "Access_Type":
                record.access_type = text(value)
            elif name == "Access_Method":
                record.access_method = text(value)
            elif name == "Performance":
                record.counts = _performance51(value, totals=totals)
            elif name not in _ATTRIBUTES and isinstance(value, str):
                record.extensions[name] = value
        components = list(_components(element.get("Components"), totals=totals))
        if first:
            components.extend(_components(item.get("Components"), totals=totals))
            first = False
        record.components = tuple(components)
        yield record


def records51_as_judged(item: Json, place: str) -> Iterator[Record]:
    """The records of an item of release 5.1 in which the judge found nothing: taken as it stands."""
    given = item.get
    platform = item["Platform"]
    name = next((item[key] for key in ("Title", "Database") if key in item), platform)
    found: Identifiers = {kind: (value,) for kind, value in given("Item_ID", {}).items()}
    publisher = {kind: tuple(values) for kind, values in given("Publisher_ID", {}).items()}
    for number, element in enumerate(item["Attribute_Performance"]):
        extensions = {kind: value for kind, value in element.items() if kind not in _ATTRIBUTES}
        value = element.get
        yield Record(
            name=name,
            publisher=given("Publisher", ""),
            publisher_ids=publisher,
            platform=platform,
            identifiers=found,
            data_type=value("Data_Type", ""),
            yop=value("YOP", ""),
            access_type=value("Access_Type", ""),
            access_method=value("Access_Method", ""),
            extensions=extensions,
            counts=element["Performance"],
            place=f"{place}/Attribute_Performance/{number}",
        )


def parent_of(element: Json) -> Item | None:
    """The parent that a nesting element of Report_Items describes, if any."""
    parent = Item(name=text(element.get("Title")))
    _describe(element, parent)
    return parent if parent != Item() else None


def _components(value: Any, *, totals: bool) -> Iterator[Component]:
    for element in value if isinstance(value, list) else ():
        if not isinstance(element, dict):
            continue
        sets = element.get("Attribute_Performance")
        for part in sets if isinstance(sets, list) else ():
            if isinstance(part, dict):
                component = Component(name=text(element.get("Item")))
                _describe(element, component)
                component.data_type = text(part.get("Data_Type"))
                component.counts = _performance51(part.get("Performance"), totals=totals)
                yield component


_WHOLE = frozenset({int})


def _plain(months: Json) -> bool:
    """True when every count is a positive whole number, so that the object can be used as it is."""
    return set(map(type, months.values())) == _WHOLE and min(months.values()) > 0 and max(months.values()) < MOST_COUNT


def _performance51(value: Any, *, totals: bool) -> Counts:
    counts: Counts = {}
    if not isinstance(value, dict):
        return counts
    for metric, months in value.items():
        if isinstance(months, dict):
            if not totals and _plain(months):
                counts[metric] = months
                continue
            found = {month: count for month, given in months.items() if (count := whole(given))}
            if totals:
                found = {TOTALS: sum(found.values())} if found else {}
            counts[metric] = found
        elif count := whole(months):
            counts[metric] = {TOTALS: count}
    return counts

"""A report as JSON, item by item. Source: the COUNTER API specifications of releases 5 (Swagger) and 5.1 (OpenAPI)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby
from typing import Any, BinaryIO

import orjson

from quire_usage.counter.model import Author, Component, Counts, Identifiers, Item, Record, merge_counts
from quire_usage.counter.writing.plan import NotWritable, Plan, json_month, period_of

Json = dict[str, Any]


def write_json(plan: Plan, records: Iterable[Record], file: BinaryIO) -> None:
    """Writes the whole document; memory holds one item at a time, or the report when items stand in parents (5.1).

    Raises NotWritable when release 5 needs a Customer_ID that the header lacks (tables do not state it).
    """
    header = _header51(plan) if plan.release.nested else _header5(plan)
    file.write(b'{"Report_Header":' + orjson.dumps(header, option=orjson.OPT_INDENT_2) + b',\n"Report_Items":[')
    if not plan.release.nested:
        _join(file, (orjson.dumps(_item5(plan, record)) for record in records if _used(plan, record)))
    elif plan.name_element == "Item":
        _items_by_parent(plan, records, file)
    else:
        used = (record for record in records if _used(plan, record))
        _join(file, (orjson.dumps(_item51(plan, list(group))) for _, group in groupby(used, _identity)))
    file.write(b"\n]}\n")


def _join(file: BinaryIO, parts: Iterator[bytes]) -> None:
    first = True
    for part in parts:
        file.write(b"\n" if first else b",\n")
        file.write(part)
        first = False


def _items_by_parent(plan: Plan, records: Iterable[Record], file: BinaryIO) -> None:
    """Items stand in their parent, each parent once (section 3.3.3); so items with parents are gathered first."""
    parents: dict[Any, tuple[Item | None, list[Record]]] = {}
    used = (record for record in records if _used(plan, record))
    if not plan.shows_parents:
        head = next(used, None)
        if head is not None:
            _parent(file, b"{", (_item51(plan, list(same)) for _, same in groupby(chain((head,), used), _identity)))
        return
    for record in used:
        parents.setdefault(_item_key(record.parent), (record.parent, []))[1].append(record)
    first = True
    for parent, children in parents.values():
        described = _parent51(parent) if parent is not None else {}
        opened = orjson.dumps(described)[:-1] + (b"," if described else b"")
        items: dict[Any, list[Record]] = {}
        for child in children:
            items.setdefault(_identity(child), []).append(child)
        _parent(file, (b"" if first else b",") + b"\n" + opened, (_item51(plan, same) for same in items.values()))
        first = False


def _parent(file: BinaryIO, opened: bytes, items: Iterator[Json]) -> None:
    file.write(opened + b'"Items":[')
    _join(file, (orjson.dumps(item) for item in items))
    file.write(b"]}")


def _used(plan: Plan, record: Record) -> bool:
    """Whether a record has usage; rows without are left out. Raises NotWritable for a count outside the period."""
    plan.check(record.counts, record.place)
    for component in record.components:
        plan.check(component.counts, record.place)
    counted = (record.counts, *(component.counts for component in record.components))
    return any(count for counts in counted for months in counts.values() for count in months.values())


def _identity(record: Record) -> tuple[Any, ...]:
    """What two records of one item have in common: all but attributes and counts."""
    return (
        record.name,
        record.publisher,
        tuple(record.publisher_ids.items()),
        record.platform,
        tuple(record.identifiers.items()),
        tuple((author.name, author.identifier) for author in record.authors),
        record.publication_date,
        record.article_version,
    )


def _item_key(item: Item | None) -> tuple[Any, ...]:
    if item is None:
        return ()
    return (
        item.name,
        tuple(item.identifiers.items()),
        tuple((author.name, author.identifier) for author in item.authors),
        item.publication_date,
        item.article_version,
        item.data_type,
    )


def _filled(pairs: Iterable[tuple[str, Any]]) -> Json:
    """Only what is there: empty optional properties are errors in COUNTER JSON."""
    return {name: value for name, value in pairs if value not in ("", None, [], {})}


# Release 5


def _header5(plan: Plan) -> Json:
    header = plan.header
    if not header.customer_id:
        raise NotWritable(
            "JSON of release 5 must state the Customer_ID, and this report has none (tables do not state it). "
            "Give it, for example with --customer-id, as it is used for the vendor's SUSHI service."
        )
    filters = {"Metric_Type": header.metric_types} if header.metric_types else {}
    filters |= header.report_filters
    filters |= {"Begin_Date": (str(header.begin),), "End_Date": (str(header.end),)}
    return _filled(
        (
            ("Created", header.created),
            ("Created_By", header.created_by),
            ("Customer_ID", header.customer_id),
            ("Report_ID", header.report_id),
            ("Release", header.release),
            ("Report_Name", header.report_name),
            ("Institution_Name", header.institution_name),
            ("Institution_ID", _typed(header.institution_ids)),
            ("Report_Filters", _named(filters)),
            ("Report_Attributes", _named(plan.attributes("json"))),
            ("Exceptions", _exceptions(plan)),
        )
    )


def _named(pairs: dict[str, tuple[str, ...]]) -> list[Json]:
    return [{"Name": name, "Value": "|".join(values)} for name, values in pairs.items()]


def _typed(identifiers: Identifiers) -> list[Json]:
    return [{"Type": kind, "Value": value} for kind, values in identifiers.items() for value in values]


def _exceptions(plan: Plan) -> list[Json]:
    return [
        _filled(
            (
                ("Code", exception.code),
                ("Severity", "" if plan.release.nested else exception.severity),
                ("Message", exception.message),
                ("Help_URL", exception.help_url),
                ("Data", exception.data),
            )
        )
        for exception in plan.header.exceptions
    ]


def _item5(plan: Plan, record: Record) -> Json:
    described: Json = {} if plan.name_element == "Platform" else {plan.name_element: record.name}
    described |= _filled(
        (
            ("Item_ID", _typed(record.identifiers)),
            *_contents5(record.authors, record.publication_date, record.article_version),
        )
    )
    described["Platform"] = record.platform
    if plan.name_element != "Platform":
        described["Publisher"] = record.publisher
    parent = record.parent if plan.shows_parents else None
    described |= _filled(
        (
            ("Publisher_ID", _typed(record.publisher_ids)),
            ("Item_Parent", _part5(parent) if parent is not None else None),
            ("Item_Component", [_component5(plan, component) for component in record.components]),
            *_attributes(plan, record),
        )
    )
    described["Performance"] = _performance5(plan, record.counts)
    return described


def _contents5(authors: tuple[Author, ...], published: str, version: str) -> tuple[tuple[str, Any], ...]:
    return (
        (
            "Item_Contributors",
            [
                _filled((("Type", "Author"), ("Name", author.name), ("Identifier", author.identifier)))
                for author in authors
            ],
        ),
        ("Item_Dates", [{"Type": "Publication_Date", "Value": published}] if published else []),
        ("Item_Attributes", [{"Type": "Article_Version", "Value": version}] if version else []),
    )


def _part5(item: Item) -> Json:
    return _filled(
        (
            ("Item_Name", item.name),
            ("Item_ID", _typed(item.identifiers)),
            *_contents5(item.authors, item.publication_date, item.article_version),
            ("Data_Type", item.data_type),
        )
    )


def _component5(plan: Plan, component: Component) -> Json:
    return _part5(component) | {"Performance": _performance5(plan, component.counts)}


def _performance5(plan: Plan, counts: Counts) -> list[Json]:
    by_month: dict[str, list[Json]] = {}
    for metric, months in counts.items():
        for month, count in months.items():
            if count:
                by_month.setdefault(month, []).append({"Metric_Type": metric, "Count": count})
    performance = []
    for month in sorted(by_month):
        begin, end = period_of(month, plan.header)
        period = {"Begin_Date": str(begin), "End_Date": str(end)}
        performance.append({"Period": period, "Instance": by_month[month]})
    return performance


# Release 5.1 and later


def _header51(plan: Plan) -> Json:
    header = plan.header
    rules = plan.release.filters_of(plan.report, with_defaults=True)
    filters: Json = {"Metric_Type": list(header.metric_types)} if header.metric_types else {}
    for name, values in header.report_filters.items():
        rule = rules.get(name)
        filters[name] = list(values) if rule is None or rule.multi else "|".join(values)
    filters |= {"Begin_Date": str(header.begin), "End_Date": str(header.end)}
    multiple = plan.release.attributes_of(plan.report, "json")
    attributes = {
        name: list(values) if name in multiple and multiple[name].multi else "|".join(values)
        for name, values in plan.attributes("json").items()
    }
    described = _filled(
        (
            ("Release", header.release),
            ("Report_ID", header.report_id),
            ("Report_Name", header.report_name),
            ("Created", header.created),
            ("Created_By", header.created_by),
            ("Institution_ID", _listed(header.institution_ids)),
            ("Institution_Name", header.institution_name),
            ("Report_Filters", filters),
            ("Report_Attributes", attributes),
            ("Exceptions", _exceptions(plan)),
        )
    )
    # An unregistered provider leaves the link empty, but the property is required (section 3.2.1).
    return described | {"Registry_Record": header.registry_record}


def _listed(identifiers: Identifiers) -> Json:
    return {kind: list(values) for kind, values in identifiers.items()}


def _single(identifiers: Identifiers) -> Json:
    """An item has one value per type (schema Item_ID)."""
    return {kind: values[0] for kind, values in identifiers.items() if values}


def _authors51(authors: tuple[Author, ...]) -> list[Json]:
    listed = []
    for author in authors:
        kind, _, value = author.identifier.partition(":")
        listed.append({"Name": author.name} | ({kind: value} if value else {}))
    return listed


def _parent51(item: Item) -> Json:
    return _filled((("Title", item.name), *_part51(item), ("Data_Type", item.data_type)))


def _part51(item: Item | Record) -> tuple[tuple[str, Any], ...]:
    return (
        ("Item_ID", _single(item.identifiers)),
        ("Authors", _authors51(item.authors)),
        ("Publication_Date", item.publication_date),
        ("Article_Version", item.article_version),
    )


def _item51(plan: Plan, records: list[Record]) -> Json:
    """One item with the attribute sets of all its records."""
    head = records[0]
    described: Json = {} if plan.name_element == "Platform" else {plan.name_element: head.name}
    described |= _filled(_part51(head))
    if plan.name_element != "Platform":
        described["Publisher"] = head.publisher
        described |= _filled((("Publisher_ID", _listed(head.publisher_ids)),))
    described["Platform"] = head.platform
    described["Attribute_Performance"] = [_attribute_set(plan, record) for record in _by_attributes(plan, records)]
    return described


def _by_attributes(plan: Plan, records: list[Record]) -> list[Record]:
    """One record per set of attributes: a table may scatter the metrics of one set over its rows."""
    found: dict[tuple[tuple[str, str], ...], Record] = {}
    for record in records:
        key = tuple(_attributes(plan, record))
        known = found.get(key)
        if known is None:
            found[key] = record
            continue
        merged: Counts = {metric: dict(months) for metric, months in known.counts.items()}
        merge_counts(merged, record.counts)
        found[key] = replace(known, counts=merged, components=known.components + record.components)
    return list(found.values())


def _attribute_set(plan: Plan, record: Record) -> Json:
    """Components stand with the attributes of their item, as the official validator wants them."""
    described = _filled(_attributes(plan, record))
    described["Performance"] = _performance51(plan, record.counts)
    components = [
        _filled((("Item", component.name), *_part51(component)))
        | {
            "Attribute_Performance": [
                _filled((("Data_Type", component.data_type),)) | {"Performance": _performance51(plan, component.counts)}
            ]
        }
        for component in record.components
    ]
    return described | ({"Components": components} if components else {})


def _performance51(plan: Plan, counts: Counts) -> Json:
    performance: Json = {}
    for metric in sorted(counts):
        months = {
            json_month(month, plan.header): counts[metric][month]
            for month in sorted(counts[metric])
            if counts[metric][month]
        }
        if months:
            performance[metric] = months
    return performance


def _attributes(plan: Plan, record: Record) -> Iterator[tuple[str, str]]:
    """Attributes that the report's columns show, so that JSON and tables of one report say the same."""
    values = {
        "Data_Type": record.data_type,
        "Section_Type": record.section_type,
        "YOP": record.yop,
        "Access_Type": record.access_type,
        "Access_Method": record.access_method,
        "Format": record.format,
    }
    for column in plan.columns():
        if column in values:
            yield column, values[column]
        elif column in record.extensions:
            yield column, record.extensions[column]

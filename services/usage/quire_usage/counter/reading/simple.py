"""JSON and tables of releases 5 and 5.1, read leniently."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

import ijson
import python_calamine

from quire_usage.counter.model import TOTALS, Author, Component, Header, Identifiers, Item, Quarantined, Record
from quire_usage.counter.model import ReportException
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.months import as_text, lenient_month

Row = list[str]


def read(stream: BinaryIO, limits: Limits, quarantined: list[Quarantined]) -> tuple[Header, Iterator[Record]]:
    head = stream.read(4096)
    stream.seek(0)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        book = python_calamine.CalamineWorkbook.from_filelike(stream)
        rows = ([as_text(c) for c in row] for row in book.get_sheet_by_index(0).iter_rows())
        return _table(rows, "xlsx", quarantined)
    if text.startswith((b"{", b"[")):
        return _json(stream, quarantined)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    tab = head.count(b"\t") >= head.count(b",") and b"\t" in head
    wrapper = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    delimiter = "\t" if tab else (";" if head.count(b";") > head.count(b",") else ",")
    return _table(csv.reader(wrapper, delimiter=delimiter), "tsv" if tab else "csv", quarantined)


def _fuzzy(text: str) -> str:
    return re.sub(r"[\s\"'_-]", "", text).lower()


def _pairs(text: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if sign:
            found[name.strip()] = tuple(v.strip() for v in value.split("|") if v.strip())
    return found


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _ids(text: str, types: tuple[str, ...]) -> Identifiers:
    found: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        kind, colon, value = part.strip().partition(":")
        if not colon:
            continue
        if kind not in types:
            kind, value = "Proprietary", part.strip()
        found[kind] = found.get(kind, ()) + tuple(value.strip().split("|"))
    return found


_LABELS = {
    _fuzzy(x): x
    for x in (
        "Report_Name",
        "Report_ID",
        "Release",
        "Institution_Name",
        "Institution_ID",
        "Metric_Types",
        "Report_Filters",
        "Report_Attributes",
        "Exceptions",
        "Reporting_Period",
        "Created",
        "Created_By",
        "Registry_Record",
    )
}
_ORG = ("ISNI", "ISIL", "OCLC", "ROR")


def _table(rows: Iterator[Row], kind: str, quarantined: list[Quarantined]) -> tuple[Header, Iterator[Record]]:
    raw: dict[str, str] = {}
    number = 0
    headings: Row = []
    for row in rows:
        number += 1
        label = _LABELS.get(_fuzzy(row[0])) if row else None
        if label and len([c for c in row if c.strip()]) <= 2:
            raw[label] = row[1].strip() if len(row) > 1 else ""
        elif any(_fuzzy(c) == "metrictype" for c in row):
            headings = row
            break
        if number > 40:
            break
    if not headings and not raw:
        raise NotReadable("No COUNTER report header and no column headings were found in the first 40 rows.")
    period = _pairs(raw.get("Reporting_Period", ""))
    exceptions = tuple(
        ReportException(int(m[1]), m[2].strip(), m[3] or "")
        for m in re.finditer(r"(\d+)\s*:\s*([^(;]+)(?:\(([^)]*)\))?", raw.get("Exceptions", ""))
    )
    header = Header(
        report_id=raw.get("Report_ID", ""),
        report_name=raw.get("Report_Name", ""),
        release=raw.get("Release", ""),
        institution_name=raw.get("Institution_Name", ""),
        institution_ids=_ids(raw.get("Institution_ID", ""), _ORG),
        metric_types=tuple(m.strip() for m in re.split("[;|]", raw.get("Metric_Types", "")) if m.strip()),
        report_filters=_pairs(raw.get("Report_Filters", "")),
        report_attributes=_pairs(raw.get("Report_Attributes", "")),
        exceptions=exceptions,
        begin=_day(period.get("Begin_Date", ("",))[0]),
        end=_day(period.get("End_Date", ("",))[0]),
        created=raw.get("Created", ""),
        created_by=raw.get("Created_By", ""),
        registry_record=raw.get("Registry_Record", ""),
        format=kind,
        raw=dict(raw),
    )
    return header, _body(rows, headings, number, quarantined)


_IDS = {
    "DOI": "DOI",
    "Proprietary_ID": "Proprietary",
    "ISBN": "ISBN",
    "Print_ISSN": "Print_ISSN",
    "Online_ISSN": "Online_ISSN",
    "Linking_ISSN": "Linking_ISSN",
    "URI": "URI",
}
_PLAIN = {
    "Publisher": "publisher",
    "Platform": "platform",
    "Data_Type": "data_type",
    "Section_Type": "section_type",
    "YOP": "yop",
    "Access_Type": "access_type",
    "Access_Method": "access_method",
    "Publication_Date": "publication_date",
    "Article_Version": "article_version",
    "Format": "format",
}


def _authors(text: str) -> tuple[Author, ...]:
    found = []
    for part in text.split(";"):
        match = re.fullmatch(r"\s*(.*?)\s*(?:\(([^()]+)\))?\s*", part)
        if match and match[1]:
            found.append(Author(match[1], match[2] or ""))
    return tuple(found)


def _body(rows: Iterator[Row], headings: Row, number: int, quarantined: list[Quarantined]) -> Iterator[Record]:
    names = [h.strip() for h in headings]
    months = [(i, m) for i, h in enumerate(names) if (m := lenient_month(h))]
    index = {_fuzzy(h): i for i, h in enumerate(names)}
    metric_at, total_at = index.get("metrictype"), index.get("reportingperiodtotal")
    if metric_at is None:
        return
    if not months and total_at is not None:
        months = [(total_at, TOTALS)]
    key_at = [i for i in range(len(names)) if i not in {metric_at, total_at} and i not in {i for i, _ in months}]
    name_at = 0
    current: Record | None = None
    last: Row = []
    for row in rows:
        number += 1
        if not any(c.strip() for c in row):
            continue
        row = row + [""] * (len(names) - len(row))
        metric = row[metric_at].strip()
        if not metric:
            quarantined.append(Quarantined(f"row {number}", "no Metric_Type", "\t".join(row)[:500]))
            continue
        key = [row[i] for i in key_at]
        if current is None or key != last or metric in current.counts:
            if current is not None:
                yield current
            last = key
            current = _record(
                {names[i]: row[i].strip() for i in key_at if row[i].strip()}, row[name_at].strip(), number
            )
        counts = {}
        for i, month in months:
            cell = row[i].strip().replace(",", "")
            if cell and cell != "0":
                try:
                    counts[month] = int(float(cell)) if not cell.isdigit() else int(cell)
                except (ValueError, OverflowError):
                    quarantined.append(Quarantined(f"row {number}", f"{month}: no number", row[i][:200]))
        current.counts[metric] = counts
    if current is not None:
        yield current


def _record(cells: dict[str, str], name: str, number: int) -> Record:
    record = Record(name=name, place=number)
    parent, component = Item(), Component()
    for column, value in cells.items():
        if column in _IDS:
            record.identifiers[_IDS[column]] = (value,)
        elif column in _PLAIN:
            setattr(record, _PLAIN[column], value)
        elif column == "Publisher_ID":
            record.publisher_ids = _ids(value, _ORG)
        elif column == "Authors":
            record.authors = _authors(value)
        elif column.startswith(("Parent_", "Component_")):
            side, _, what = column.partition("_")
            target = parent if side == "Parent" else component
            if what in _IDS:
                target.identifiers[_IDS[what]] = (value,)
            elif what == "Title":
                target.name = value
            elif what == "Authors":
                target.authors = _authors(value)
            else:
                setattr(target, what.lower(), value)
        elif column not in ("Title", "Item", "Database"):
            record.extensions[column] = value
    if parent != Item():
        record.parent = parent
    if component != Component():
        record.components = (component,)
    return record


def _json(stream: BinaryIO, quarantined: list[Quarantined]) -> tuple[Header, Iterator[Record]]:
    raw: dict[str, Any] = {}
    prefix = ""
    try:
        for where, event, _ in ijson.parse(stream):
            if event == "start_map" and where.endswith("Report_Header"):
                prefix = where
                break
        if not prefix:
            raise NotReadable("No Report_Header was found in this JSON.")
        stream.seek(0)
        raw = next(ijson.items(stream, prefix), {})
    except ijson.JSONError as fault:
        raise NotReadable(f"The JSON is damaged: {fault}") from fault
    stream.seek(0)
    old = isinstance(raw.get("Report_Filters"), list) or str(raw.get("Release")).strip() in ("5", "5.0")
    filters = _named(raw.get("Report_Filters"))
    attributes = _named(raw.get("Report_Attributes"))
    header = Header(
        report_id=str(raw.get("Report_ID") or ""),
        report_name=str(raw.get("Report_Name") or ""),
        release=str(raw.get("Release") or ""),
        institution_name=str(raw.get("Institution_Name") or ""),
        institution_ids=_json_ids(raw.get("Institution_ID")),
        customer_id=str(raw.get("Customer_ID") or ""),
        metric_types=filters.pop("Metric_Type", ()),
        begin=_day(filters.pop("Begin_Date", ("",))[0]),
        end=_day(filters.pop("End_Date", ("",))[0]),
        report_filters=filters,
        report_attributes=attributes,
        exceptions=tuple(
            ReportException(
                int(e.get("Code") or 0),
                str(e.get("Message") or ""),
                str(e.get("Data") or ""),
                str(e.get("Help_URL") or ""),
                str(e.get("Severity") or ""),
            )
            for e in raw.get("Exceptions") or []
            if isinstance(e, dict)
        ),
        created=str(raw.get("Created") or ""),
        created_by=str(raw.get("Created_By") or ""),
        registry_record=str(raw.get("Registry_Record") or ""),
        format="json",
        raw=raw,
    )
    items = prefix.removesuffix("Report_Header") + "Report_Items.item"
    return header, (_items5 if old else _items51)(ijson.items(stream, items))


def _named(value: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(value, list):
        for pair in value:
            if isinstance(pair, dict) and pair.get("Name"):
                found[str(pair["Name"])] = found.get(str(pair["Name"]), ()) + tuple(
                    str(pair.get("Value") or "").split("|")
                )
    elif isinstance(value, dict):
        for name, values in value.items():
            found[name] = tuple(map(str, values)) if isinstance(values, list) else (str(values),)
    return found


def _json_ids(value: Any) -> Identifiers:
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(value, list):
        for pair in value:
            if isinstance(pair, dict) and pair.get("Type") and pair.get("Value"):
                found[str(pair["Type"])] = found.get(str(pair["Type"]), ()) + (str(pair["Value"]),)
    elif isinstance(value, dict):
        for kind, values in value.items():
            found[kind] = tuple(map(str, values)) if isinstance(values, list) else (str(values),)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ("" if value is None else str(value))


def _json_authors(value: Any) -> tuple[Author, ...]:
    found = []
    for a in value if isinstance(value, list) else []:
        if isinstance(a, dict):
            ident = next((f"{k}:{a[k]}" for k in ("ORCID", "ISNI") if a.get(k)), _text(a.get("Identifier")))
            found.append(Author(_text(a.get("Name")), ident))
    return tuple(found)


def _items5(items: Iterator[Any]) -> Iterator[Record]:
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        record = _common(item)
        record.place = f"/Report_Items/{number}"
        parents = item.get("Item_Parent")
        parent = parents[0] if isinstance(parents, list) and parents else parents
        if isinstance(parent, dict):
            record.parent = _described(parent, Item(name=_text(parent.get("Item_Name"))))
        components = []
        for c in item.get("Item_Component") or []:
            if isinstance(c, dict):
                component = Component(name=_text(c.get("Item_Name")))
                _described(c, component)
                component.counts = _performance(c.get("Performance"))
                components.append(component)
        record.components = tuple(components)
        record.counts = _performance(item.get("Performance"))
        yield record


def _performance(value: Any) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for p in value if isinstance(value, list) else []:
        if not isinstance(p, dict):
            continue
        period = p.get("Period") or {}
        begin, end = _text(period.get("Begin_Date")), _text(period.get("End_Date"))
        month = begin[:7] if begin[:7] == end[:7] else TOTALS
        for i in p.get("Instance") or []:
            try:
                count = int(i["Count"])
            except (KeyError, TypeError, ValueError):
                continue
            months = counts.setdefault(_text(i.get("Metric_Type")), {})
            months[month] = months.get(month, 0) + count
    return counts


def _described(item: Any, target: Item) -> Item:
    target.identifiers = _json_ids(item.get("Item_ID"))
    target.data_type = _text(item.get("Data_Type"))
    target.authors = _json_authors(item.get("Authors") or item.get("Item_Contributors"))
    target.publication_date = _text(item.get("Publication_Date")) or _typed(item.get("Item_Dates"), "Publication_Date")
    target.article_version = _text(item.get("Article_Version")) or _typed(
        item.get("Item_Attributes"), "Article_Version"
    )
    return target


def _typed(value: Any, kind: str) -> str:
    return next((_text(v.get("Value")) for v in value or [] if isinstance(v, dict) and v.get("Type") == kind), "")


def _common(item: Any) -> Record:
    name = next(
        (_text(item[k]) for k in ("Title", "Item", "Database") if item.get(k) is not None), _text(item.get("Platform"))
    )
    return Record(
        name=name,
        publisher=_text(item.get("Publisher")),
        publisher_ids=_json_ids(item.get("Publisher_ID")),
        platform=_text(item.get("Platform")),
        identifiers=_json_ids(item.get("Item_ID")),
        authors=_json_authors(item.get("Authors") or item.get("Item_Contributors")),
        publication_date=_text(item.get("Publication_Date")) or _typed(item.get("Item_Dates"), "Publication_Date"),
        article_version=_text(item.get("Article_Version")) or _typed(item.get("Item_Attributes"), "Article_Version"),
        data_type=_text(item.get("Data_Type")),
        section_type=_text(item.get("Section_Type")),
        yop=_text(item.get("YOP")),
        access_type=_text(item.get("Access_Type")),
        access_method=_text(item.get("Access_Method")),
    )


def _items51(items: Iterator[Any]) -> Iterator[Record]:
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("Items"), list):
            parent = _described(item, Item(name=_text(item.get("Title"))))
            for n, inner in enumerate(item["Items"]):
                if isinstance(inner, dict):
                    yield from _attributes(
                        inner, f"/Report_Items/{number}/Items/{n}", parent if parent != Item() else None
                    )
        else:
            yield from _attributes(item, f"/Report_Items/{number}", None)


_KNOWN = ("Data_Type", "Section_Type", "YOP", "Access_Type", "Access_Method")


def _attributes(item: Any, place: str, parent: Item | None) -> Iterator[Record]:
    for n, a in enumerate(item.get("Attribute_Performance") or []):
        if not isinstance(a, dict):
            continue
        record = _common(item)
        record.place, record.parent = f"{place}/Attribute_Performance/{n}", parent
        record.data_type, record.yop = _text(a.get("Data_Type")) or record.data_type, _text(a.get("YOP"))
        record.access_type, record.access_method = _text(a.get("Access_Type")), _text(a.get("Access_Method"))
        record.extensions = {
            k: _text(v)
            for k, v in a.items()
            if k not in (*_KNOWN, "Performance", "Components") and not isinstance(v, (dict, list))
        }
        record.counts = _performance51(a.get("Performance"))
        components = []
        for c in a.get("Components") or []:
            if isinstance(c, dict):
                component = Component(name=_text(c.get("Item")))
                _described(c, component)
                for p in c.get("Attribute_Performance") or [c]:
                    component.counts = _performance51(p.get("Performance"))
                components.append(component)
        record.components = tuple(components)
        yield record


def _performance51(value: Any) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for metric, months in (value or {}).items() if isinstance(value, dict) else ():
        if isinstance(months, dict):
            counts[metric] = {m: int(c) for m, c in months.items() if isinstance(c, int)}
        elif isinstance(months, int):
            counts[metric] = {TOTALS: months}
    return counts

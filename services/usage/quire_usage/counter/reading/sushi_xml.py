"""SUSHI XML of release 4 (SOAP answer, bare ReportResponse, or bare Report), read only, item by item.

Source: ANSI/NISO Z39.93-2014 (SUSHI) and the COUNTER XML schema 4.1. Namespaces and their prefixes are not looked at:
vendors use a dozen ways to write them. Document types and entities are refused (defusedxml).
"""

import io
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from quire_usage.counter.definitions.release4 import fold, release4
from quire_usage.counter.model import Header, Identifiers, Level, Record, ReportException
from quire_usage.counter.months import month_key
from quire_usage.counter.reading.counts import whole_number
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.sink import Sink

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\b|!--|[A-Za-z_])")
_HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_ELEMENTS = 200_000
_DAY = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})")


def recognizes(head: bytes) -> bool:
    """Whether the first bytes are those of an XML document that is no web page."""
    return _START.match(head) is not None and _HTML.search(head) is None


def read(stream: BinaryIO, limits: Limits, sink: Sink) -> tuple[Header, Iterator[Record]]:
    """The header and a stream of records.

    Raises NotReadable for XML that is no SUSHI answer, and for entities and document types.
    """
    parser = _Items(_Guarded(stream, limits), limits, sink)
    header = parser.header()
    return header, parser


class _Guarded(io.RawIOBase):
    """Passes bytes on and stops when one item, or the header, takes more than the limit."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._stream = stream
        self._limits = limits
        self._total = 0
        self.since_item = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size if size > 0 else 65536)
        self._total += len(chunk)
        self.since_item += len(chunk)
        if self.since_item > self._limits.item_bytes:
            raise NotReadable(
                f"One element of this XML is larger than {self._limits.item_bytes // 1024**2} MB; no report needs that."
            )
        if self._total > self._limits.bytes:
            raise NotReadable(f"The XML is larger than {self._limits.bytes // 1024**2} MB; ask for fewer months.")
        return chunk


def _local(element: Element) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].lower()


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _local(child) == name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""


class _Items(Iterator[Record]):
    """One pass over the document: `header()` goes to the first item, iteration to the end."""

    def __init__(self, source: _Guarded, limits: Limits, sink: Sink) -> None:
        self._source = source
        self._limits = limits
        self._sink = sink
        self._events = self._parse()
        self._header = Header(release="4", format="xml")
        self._path: list[Element] = []
        self._number = 0
        self._waiting: list[Record] = []
        self._sushi = False
        self._elements = 0
        """Elements since the last item; a flood of tiny ones would fill memory before any byte limit."""

    def _parse(self) -> Iterator[tuple[str, Element]]:
        try:
            yield from ElementTree.iterparse(self._source, events=("start", "end"), forbid_dtd=True)
        except DefusedXmlException as fault:
            raise NotReadable(
                "The XML declares a document type or entities. No report needs them and they can be used for attacks; "
                "the file was refused."
            ) from fault
        except (ParseError, ValueError, LookupError) as fault:
            if isinstance(fault, NotReadable):
                raise
            if self._number == 0:
                raise NotReadable(f"The XML is damaged: {fault}. Fetch the report again.") from fault
            self._sink.finding(
                "sushi_damaged",
                Level.CRITICAL,
                "XML is damaged; the items before the damage were read",
                f"The XML is damaged after {self._number} items ({fault}); the items before were read.",
                place=f"item {self._number + 1}",
                advice="Fetch the report again; do not use this one for totals.",
                ours=True,
            )

    def header(self) -> Header:
        """Reads up to the first item with figures, or the end."""
        self._advance()
        if not self._sushi:
            raise NotReadable(
                "This XML is no SUSHI answer: it has neither ReportResponse nor Report. "
                "If the vendor offers JSON (COUNTER 5), take that."
            )
        return self._header

    def __next__(self) -> Record:
        if not self._waiting:
            self._advance()
        if not self._waiting:
            raise StopIteration
        return self._waiting.pop(0)

    def _advance(self) -> None:
        for event, element in self._events:
            name = _local(element)
            if event == "start":
                self._path.append(element)
                self._elements += 1
                if self._elements > _ELEMENTS:
                    raise NotReadable(f"One part of this XML has more than {_ELEMENTS:,} elements; no report does.")
                if len(self._path) > self._limits.depth:
                    raise NotReadable(f"The XML nests more than {self._limits.depth} levels; no report does.")
                self._started(name, element)
                continue
            self._path.pop()
            if name == "reportitems":
                self._number += 1
                self._waiting.extend(self._records(element))
            else:
                self._ended(name, element)
            if name in ("reportitems", "vendor", "exception") and self._path:
                self._path[-1].remove(element)
                self._source.since_item = self._elements = 0
            if self._waiting:
                return

    def _started(self, name: str, element: Element) -> None:
        """What stands in attributes is known when an element starts, before its items come."""
        header = self._header
        if name in ("reportresponse", "report"):
            self._sushi = True
        if name == "reportdefinition":
            header.raw["ReportDefinition"] = dict(element.attrib)
            self._name_report(element.attrib)
        elif name == "report" and {"Name", "Version", "ID"} & set(element.attrib):
            header.raw["Report"] = dict(element.attrib)
            header.created = element.attrib.get("Created", header.created)
            self._name_report(element.attrib)
        elif name == "reportitems" and self._path[-2:]:
            self._customer(self._path[-2] if len(self._path) > 1 else element)

    def _name_report(self, attributes: dict[str, str]) -> None:
        header = self._header
        texts = [attributes[key] for key in ("Name", "ID", "Title") if attributes.get(key)]
        known = next((report for text in texts if (report := release4().report(text))), None)
        if known is not None:
            header.report_id, header.report_name = known.id, known.name
        elif not header.report_id and texts:
            header.report_id = header.report_name = texts[0]
        release = attributes.get("Release") or attributes.get("Version")
        if release:
            header.release = release

    def _customer(self, customer: Element) -> None:
        if _local(customer) != "customer" or self._header.institution_name or self._header.institution_ids:
            return
        self._header.institution_name = _text(customer, "name")
        if identifier := _text(customer, "id"):
            self._header.institution_ids = {"Proprietary": (identifier,)}

    def _ended(self, name: str, element: Element) -> None:
        header = self._header
        if name == "usagedaterange":
            header.begin, header.end = _day(_text(element, "begin")), _day(_text(element, "end"))
        elif name == "vendor":
            header.created_by = _text(element, "name") or _text(element, "id")
        elif name == "exception":
            header.exceptions = (*header.exceptions, _exception(element))
        elif name == "customer":
            self._customer(element)

    def _records(self, item: Element) -> list[Record]:
        """The records of one ReportItems: one per year of publication, usually one."""
        place = f"item {self._number}"
        found: dict[tuple[str, str], Record] = {}
        for performance in item:
            if _local(performance) != "itemperformance":
                continue
            year = performance.attrib.get("PubYr", "")
            span = "/".join(performance.attrib[key] for key in ("PubYrFrom", "PubYrTo") if performance.attrib.get(key))
            record = found.get((year, span))
            if record is None:
                record = found[(year, span)] = _described(item, place)
                record.yop = year
                if span:
                    record.extensions["Publication_Years"] = span
            self._performance(performance, record, place)
        if not found:
            record = _described(item, place)
            self._sink.quarantine(place, "Item without ItemPerformance", record.name)
            self._finding(
                "sushi_no_performance", Level.WARNING, "Item has no usage", f"“{record.name}” has no usage.", place
            )
        return list(found.values())

    def _performance(self, performance: Element, record: Record, place: str) -> None:
        period = _child(performance, "period")
        begin = _day(_text(period, "begin")) if period is not None else None
        end = _day(_text(period, "end")) if period is not None else None
        if begin is None or end is None or (begin.year, begin.month) != (end.year, end.month):
            summary = "Period is not one month; its counts were not used"
            self._finding("sushi_period", Level.ERROR, summary, summary + ".", place)
            self._sink.quarantine(place, summary, ElementTree.tostring(performance, encoding="unicode")[:2000])
            return
        month = month_key(begin.year, begin.month)
        for instance in performance:
            if _local(instance) == "instance":
                self._instance(instance, month, record, place)

    def _instance(self, instance: Element, month: str, record: Record, place: str) -> None:
        label, number = _text(instance, "metrictype"), _text(instance, "count")
        metric = release4().metric(label)
        count = whole_number(number, self._limits.count)
        if metric is None or count is None:
            summary = "Unknown MetricType" if metric is None else "Count is no whole number"
            self._finding(
                "sushi_instance",
                Level.ERROR,
                summary + "; it was not used",
                f"{summary}: {label} {number[:40]}; it was not used.",
                place,
            )
            self._sink.quarantine(f"{place}, {month}", summary, f"{label}: {number[:200]}")
            return
        months = record.counts.setdefault(metric, {})
        if month in months:
            summary = "Two counts for one metric and month; they were added up"
            self._finding(
                "sushi_twice",
                Level.WARNING,
                summary,
                f"{record.name}: two counts of {metric} in {month}; they were added up.",
                place,
            )
        if count:
            months[month] = months.get(month, 0) + count

    def _finding(self, code: str, level: Level, summary: str, message: str, place: str) -> None:
        advice = (
            "Ask the vendor for a corrected report." if level >= Level.ERROR else "Check with the vendor if it matters."
        )
        self._sink.finding(code, level, summary, message, place=place, advice=advice, ours=True)


def _described(item: Element, place: str) -> Record:
    identifiers: Identifiers = {}
    for child in item:
        if _local(child) == "itemidentifier":
            value = _text(child, "value")
            kind = release4().identifier_types.get(fold(_text(child, "type")))
            if kind and value and value not in identifiers.get(kind, ()):
                identifiers[kind] = (*identifiers.get(kind, ()), value)
    return Record(
        name=_text(item, "itemname"),
        publisher=_text(item, "itempublisher"),
        platform=_text(item, "itemplatform"),
        identifiers=identifiers,
        data_type=_text(item, "itemdatatype"),
        place=place,
    )


def _exception(element: Element) -> ReportException:
    number = _text(element, "number") or _text(element, "code")
    return ReportException(
        code=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,
        message=_text(element, "message"),
        data=_text(element, "data"),
        help_url=_text(element, "helpurl"),
        severity=_text(element, "severity"),
    )


def _day(text: str) -> date | None:
    match = _DAY.match(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None

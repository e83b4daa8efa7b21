"""Reads a report in JSON: header, records, and the official checks, in one pass."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson

from quire_usage.counter.definitions import releases
from quire_usage.counter.model import Header, Record
from quire_usage.counter.reading import json_records
from quire_usage.counter.reading.json_stream import Damaged, JsonReport, Part
from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.sink import Issue, Mute, Sink
from quire_usage.counter.validation.header import DEFAULT_RELEASE, HeaderJudge, supported_release
from quire_usage.counter.validation.json_items5 import JsonJudge5
from quire_usage.counter.validation.json_items51 import JsonJudge51
from quire_usage.counter.validation.merging import Group, Merger
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.shapes import Shapes
from quire_usage.counter.words import closest, fuzzy

_NOT_REPORT = ("exception", "code", "number")
"""Members that make JSON an error message for the official tool, whatever else is in it."""


class JsonReading:
    """One JSON report being read."""

    def __init__(self, stream: BinaryIO, limits: Limits, sink: Sink, *, bom: bool) -> None:
        self._stream = stream
        self._limits = limits
        self._sink = sink
        self._report = JsonReport(stream, limits)
        self._plan: Plan | None = None
        self._judge: HeaderJudge | None = None
        self._prefix = ""
        self._broken = False
        self._bom = bom
        raw = self._header_member()
        self.header: Header = json_records.header_of(raw if isinstance(raw, dict) else {})
        self._judge_document(raw)

    def _header_member(self) -> Any:
        name = closest("Report_Header", self._report.members)
        if name is not None:
            return self._report.members[name]
        return self._wrapped_header()

    def _wrapped_header(self) -> Any:
        """A report packed in another object, as some interfaces hand it out: read, but not what the standard says."""
        self._stream.seek(0)
        try:
            for where, event, _ in ijson.parse(self._stream):
                if event == "start_map" and where.rpartition(".")[2] == "Report_Header":
                    self._prefix = where
                    break
            if not self._prefix:
                return self._bare_exceptions()
            self._stream.seek(0)
            return next(ijson.items(self._stream, self._prefix, use_float=True), {})
        except (ijson.JSONError, RecursionError):
            return self._bare_exceptions()

    def _bare_exceptions(self) -> dict[str, Any]:
        """The exceptions of an error message instead of a report, so that a harvest knows why."""
        members = self._report.members
        for name in ("Exception", "Exceptions"):
            found = closest(name, members)
            if found is not None:
                return {"Exceptions": members[found] if isinstance(members[found], list) else [members[found]]}
        return {"Exceptions": [members]} if closest("Code", members) or closest("Number", members) else {}

    def _fatal(self, code: str, place: str = "", **words: str) -> None:
        self._sink.issue(Issue(code, "", words), place)

    def _judge_document(self, raw: Any) -> None:
        damage = self._report.damage
        if damage is not None:
            self._damaged(damage)
            return
        members = self._report.members
        names = {fuzzy(name) for name in members}
        if self._report.array or "reportheader" not in names or names & {"exception"}:
            self._fatal("json-no-report")
            return
        if self._bom:
            self._fatal("bom-in-json")
        shapes = Shapes(self._sink, "json")
        release_id = self._release(raw, shapes)
        if release_id is None:
            return
        if not shapes.is_object("/Report_Header", "Report_Header", raw):
            self._fatal("header-unusable", "/Report_Header")
            return
        judge = HeaderJudge(self._sink, release_id, "json")
        judge.json("/Report_Header", raw)
        self._judge = judge
        if judge.report is None or ("Report_ID" in judge.data and judge.data["Report_ID"] not in judge.release.reports):
            return
        self._plan = judge.plan()
        self._correct_header(judge)
        if self._plan is None:
            self._fatal("body-skipped-json", "/Report_Items")

    def _correct_header(self, judge: HeaderJudge) -> None:
        assert judge.report is not None
        self.header.report_id = judge.report.id
        self.header.release = judge.release.id
        if self._plan is not None:
            self.header.begin, self.header.end = self._plan.begin, self._plan.end

    def _release(self, raw: Any, shapes: Shapes) -> str | None:
        if isinstance(raw, dict):
            name = closest("Release", raw)
            given = raw[name] if name is not None else None
            if given is not None and not isinstance(given, list | dict):
                return supported_release(shapes, "/Report_Header/Release", json_records.text(given).strip())
        return DEFAULT_RELEASE

    def records(self) -> Iterator[Record]:
        """All records; the checks are complete when the last one was taken."""
        if self._report.damage is not None and not self._report.members:
            return
        if self._prefix:
            yield from self._wrapped()
            return
        judged = _Body(self._plan, self._sink, self._limits) if self._plan is not None else None
        lenient = judged.nested if judged is not None else self._looks_nested()
        totals = self._totals()
        quick = judged is not None and judged.flat and not totals
        count = 0
        try:
            for place, item in self._report.items():
                count += 1
                if judged is not None:
                    before = self._sink.said
                    judged.see(count - 1, place, item)
                    if quick and self._sink.said == before:
                        yield from json_records.records51_as_judged(item, place)
                        continue
                if isinstance(item, dict):
                    yield from _records(item, place, nested=lenient, totals=totals)
                else:
                    self._sink.quarantine(place, "This element of Report_Items is no object.", str(item))
        except Damaged as damage:
            self._damaged(damage)
            self._sink.quarantine(damage.place, "From here on the JSON is damaged or cut off.", "")
            return
        if self._report.damage is None:
            self._finish(judged, count)

    def _wrapped(self) -> Iterator[Record]:
        self._stream.seek(0)
        inner = self._prefix.rpartition("Report_Header")[0]
        nested = self._looks_nested()
        totals = self._totals()
        try:
            items = ijson.items(self._stream, inner + "Report_Items.item", use_float=True)
            for number, item in enumerate(items):
                if isinstance(item, dict):
                    place = "/" + inner.replace(".", "/") + f"Report_Items/{number}"
                    yield from _records(item, place, nested=nested, totals=totals)
        except (ijson.JSONError, RecursionError) as fault:
            self._sink.quarantine("", f"The JSON is damaged: {fault}.", "")

    def _looks_nested(self) -> bool:
        release_id = self.header.release.strip()
        if release_id in releases():
            return release_id != releases()[0]
        return not isinstance(self.header.raw.get("Report_Filters"), list) and not release_id.startswith("5.0")

    def _totals(self) -> bool:
        return "Totals" in self.header.report_attributes.get("Granularity", ())

    def _damaged(self, damage: Damaged) -> None:
        if self._broken:
            return
        self._broken = True
        code = damage.code
        if code != "file-not-utf8":
            code = "json-syntax" if self._report.looks_whole() else "json-not-object"
        self._sink.abandon()
        self._fatal(code, damage.place)

    def _finish(self, judged: "_Body | None", count: int) -> None:
        members = self._report.members
        if self._judge is None:
            return
        self._root(members)
        items = closest("Report_Items", members)
        value = members[items] if items is not None else None
        if self._report.items_found or value is None:
            begin = self._plan.begin if self._plan is not None else None
            end = self._plan.end if self._plan is not None else None
            if self._judge.report is not None:
                self._judge.exceptions.judge_usage("/Report_Header", count, begin, end)
        elif self._plan is not None:
            found = "an object" if isinstance(value, dict) else "a scalar"
            self._fatal("items-not-array", "/Report_Items", found=found)
            return
        if judged is not None and self._report.items_found:
            judged.finish(self._report.items, count)

    def _root(self, members: dict[str, Any]) -> None:
        root: dict[str, Any] = dict(members)
        if self._report.items_found:
            root[self._report.items_found] = []
        Shapes(self._sink, "json").properties("", root, ("Report_Header", "Report_Items"))


class _Body:
    """The check of the items of one report."""

    def __init__(self, plan: Plan, sink: Sink, limits: Limits) -> None:
        self._plan = plan
        self._sink = sink
        self.nested = plan.release.nested
        self._families = self.nested and plan.report.kind == "Item"
        self.flat = self.nested and not self._families
        """True: items stand by themselves, so a record needs nothing but its item."""
        self._judge: JsonJudge5 | JsonJudge51 = (JsonJudge51 if self.nested else JsonJudge5)(plan, sink)
        self._merger = Merger(plan, sink)
        self._parents: dict[object, int] = {}
        self._parent: Any = None

    def see(self, index: int, place: str, item: Any) -> None:
        """Judges one item."""
        for group in self._groups(self._judge, index, place, item):
            self._merger.see(group)

    def _groups(self, judge: JsonJudge5 | JsonJudge51, index: int, place: str, item: Any) -> Iterator[Group]:
        if not self._families or isinstance(judge, JsonJudge5):
            yield from judge.see(index, item, place)
            return
        continued = isinstance(item, Part) and item.offset > 0
        parent = self._parent if continued else judge.parent(place, item)
        self._parent = parent
        if parent is None:
            return
        if judge is self._judge and not continued:
            if parent[2] in self._parents and "Items" in item:
                self._sink.issue(Issue("parent-objects-repeated"), place)
            self._parents[parent[2]] = index
        inner = item.get("Items")
        name = "Items"
        if inner is None and (right := closest("Items", item)) is not None:
            name, inner = right, item[right]
        if inner is None:
            judge.items.unusable += 1
            return
        if not judge.items.shapes.is_filled_list(f"{place}/{name}", "Items", inner, optional=False):
            return
        for number, element in enumerate(inner, start=item.offset if isinstance(item, Part) else 0):
            yield from judge.item_of(f"{place}/{name}/{number}", element, parent, index, number)

    def finish(self, again: Any, count: int) -> None:
        """Judges what needs the whole body."""
        muted = type(self._judge)(self._plan, Mute())

        def groups() -> Iterator[Group]:
            for index, (place, item) in enumerate(again()):
                yield from self._groups(muted, index, place, item)

        self._merger.finish(groups)
        items = self._judge.items
        if items.unusable or self._merger.conflicts:
            self._sink.issue(Issue("checks-skipped-json"), "/Report_Items")
        if count:
            absent = [metric for metric in self._plan.metrics if metric not in items.metrics_present]
            if absent:
                types = "'" + "', '".join(absent) + "'"
                self._sink.issue(Issue("metrics-absent", "", {"types": types}), "/Report_Items")


def _records(item: dict[str, Any], place: str, *, nested: bool, totals: bool) -> Iterator[Record]:
    if not nested:
        yield from json_records.records5(item, place, totals=totals)
        return
    inner = item.get("Items")
    if not isinstance(inner, list):
        yield from json_records.records51(item, place, None, totals=totals)
        return
    parent = json_records.parent_of(item)
    for number, element in enumerate(inner, start=item.offset if isinstance(item, Part) else 0):
        if isinstance(element, dict):
            yield from json_records.records51(element, f"{place}/Items/{number}", parent, totals=totals)


def not_a_report(stream: BinaryIO) -> NotReadable:
    """What to say of a text that is no report, with its beginning."""
    stream.seek(0)
    head = stream.read(300).decode("utf-8", "replace")
    return NotReadable(f"This is no COUNTER report. It begins: {' '.join(head.split())[:200]}")

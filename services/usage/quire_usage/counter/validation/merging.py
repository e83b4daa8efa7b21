"""Puts together what belongs to one item, wherever it stands in the file, and judges it as a whole.

The first pass keeps one number per item: items that are whole where they stand and in order are done with at once.
Only items that come back later, or that look wrong, are collected, merged and judged in a second pass over the file;
so memory does not grow with the counts, and a faulty file costs twice the time.
"""

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge as merge_sorted
from tempfile import TemporaryFile
from typing import BinaryIO

from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.relations import Relation, Series, add, hold, relations_of, violations
from quire_usage.counter.validation.shapes import Reporter

Key = Hashable


@dataclass(slots=True)
class Group:
    """The counts of one item with one set of attributes, from one place of the file."""

    item: Key
    """What makes two items the same: the checked metadata, case apart."""
    attributes: dict[str, str]
    place: str
    series: Series = field(default_factory=dict)
    components: dict[Key, Series] = field(default_factory=dict)
    parent: Key = None
    again: list[tuple[Key, str, list[int], str]] = field(default_factory=list)
    """(component or None, metric, counts, place) that `series` already has."""
    owner: int = 0
    """Number of the JSON object that the item came from, within its parent object."""
    family: int = 0
    """Number of the parent object, in releases that nest items in parents."""


@dataclass(slots=True)
class _Set:
    """The merged counts of one attribute set."""

    first: Group
    series: Series
    components: dict[Key, Series]


@dataclass(slots=True)
class _Whole:
    """One merged item."""

    first: Group
    sets: dict[Key, _Set] = field(default_factory=dict)


class Merger:
    """Sees every group of the file once, in order; `finish` says what is wrong with items as wholes."""

    def __init__(self, plan: Plan, reporter: Reporter, *, judged: bool = True) -> None:
        self.plan = plan
        self.reporter = reporter
        self.json = plan.values.layout == "json"
        self.nested = plan.release.nested
        self.families = self.nested and plan.report.kind == "Item"
        """Items stand in parent objects; the official validator then compares neither metrics nor data types in JSON."""
        self.compares = not (self.families and self.json)
        self.item_relations = relations_of(plan, plan.release.item_relations)
        self.title_relations = relations_of(plan, plan.release.title_relations) if self._has_titles() else []
        self._title_types = frozenset(plan.release.listed("title_metric_data_types"))
        permitted = plan.values.permitted.get("Data_Type", ())
        self._all_titles = not self.nested and len(permitted) == 1
        self._one_data_type = plan.report.kind in ("Title", "Item")
        self._seen = _Hashes()
        self._suspects: set[int] = set()
        self._current: list[Group] = []
        self.judged = judged
        self.conflicts = 0

    def _has_titles(self) -> bool:
        if self.nested:
            return self.plan.has_title_metrics
        types = self.plan.values.permitted.get("Data_Type")
        title_types = self.plan.release.listed("title_metric_data_types")
        if types is not None and not any(kind in types for kind in title_types):
            return False
        return any(metric.startswith("Unique_Title_") for metric in self.plan.metrics)

    def see(self, group: Group) -> None:
        """Takes the next group of the file."""
        current = self._current
        if current and current[0].item != group.item:
            self._close()
            current = self._current
        current.append(group)

    def finish(self, again: Callable[[], Iterable[Group]]) -> None:
        """Judges the suspects; `again` reads the file's groups once more."""
        self._close()
        suspects = self._suspects
        suspects.update(self._seen.repeated())
        if not suspects:
            return
        wholes: dict[Key, _Whole] = {}
        families: dict[Key, int] = {}
        for group in again():
            if hash(group.item) in suspects:
                self._merge(wholes, families, group)
        for whole in wholes.values():
            self._judge(whole)

    def _close(self) -> None:
        groups = self._current
        if not groups:
            return
        self._current = []
        mark = hash(groups[0].item)
        self._seen.add(mark)
        if not self._in_order(groups):
            self._suspects.add(mark)

    def _in_order(self, groups: list[Group]) -> bool:
        if len(groups) > 1:
            keys = {_full(group.attributes) for group in groups}
            if len(keys) < len(groups):
                return False
            if any(group.parent != groups[0].parent for group in groups):
                return False
        if any(group.again for group in groups):
            return False
        if not self.compares:
            return True
        if self.nested:
            return self._one_kind(groups) and all(self._set_holds(group) for group in groups)
        return self._related_hold(groups)

    def _one_kind(self, groups: list[Group]) -> bool:
        if len(groups) == 1 and self._one_data_type:
            return True
        kinds = {group.attributes.get("Data_Type") for group in groups}
        if self._one_data_type:
            return len(kinds) == 1
        content: dict[str, list[str]] = self.plan.release.words["database_content"]
        databases = [kind for kind in kinds if kind in content]
        if self.plan.report.kind == "Platform" or not databases:
            return True
        return (
            len(databases) == 1
            and all(kind in content[databases[0]] for kind in kinds)
            and databases[0] != self.plan.release.words["no_requests_data_type"]
        )

    def _set_holds(self, group: Group) -> bool:
        series = group.series
        if group.components:
            series = _with_components(series, group.components)
        title_like = group.attributes.get("Data_Type") in self._title_types
        return hold(series, self.item_relations, title_like=title_like) and hold(
            series, self.title_relations, title_like=title_like
        )

    def _related_hold(self, groups: list[Group]) -> bool:
        """Release 5: title metrics stand beside section types, and requests beside formats, so these are added up."""
        if len(groups) == 1:
            group = groups[0]
            series = _with_components(group.series, group.components) if group.components else group.series
            return hold(series, self.item_relations, title_like=False) and hold(
                group.series, self.title_relations, title_like=self._title_like(group)
            )
        for apart, relations, components in self._views():
            for related in _related(groups, apart).values():
                series = _sum(related, components=components)
                if not hold(series, relations, title_like=self._title_like(related[0])):
                    return False
        return True

    def _views(self) -> tuple[tuple[tuple[str, ...], list[Relation], bool], ...]:
        """(attributes that do not part what is related, relations, whether components count)."""
        return (
            (("Format",), self.item_relations, True),
            (("Format", "Section_Type"), self.title_relations, False),
        )

    def _title_like(self, group: Group) -> bool:
        return self._all_titles or group.attributes.get("Data_Type") in self._title_types

    def _say(self, code: str, place: str, value: str = "", **words: str) -> None:
        self.reporter.issue(Issue(code, value, words), place)

    def _merge(self, wholes: dict[Key, _Whole], families: dict[Key, int], group: Group) -> None:
        key: Key = group.item
        if self.families and self.json:
            key = (group.parent, group.item)
        whole = wholes.get(key)
        if whole is None:
            whole = wholes[key] = _Whole(group)
        elif self.nested:
            self._met_again(whole, group)
            if self.families and not self.json and whole.first.parent != group.parent:
                self._say("parents-differ", group.place)
                self.conflicts += 1
                return
        attributes = _full(group.attributes)
        known = whole.sets.get(attributes)
        if known is None:
            known = whole.sets[attributes] = _Set(group, {}, {})
        elif not self.nested:
            self._same_again(known, group)
        self._counts(known.series, group.series, group.place, component=False)
        for component, series in group.components.items():
            into = known.components.setdefault(component, {})
            if into and self.json and not self.nested:
                self._say("components-repeated", group.place)
            self._counts(into, series, group.place, component=True)
        for owner, metric, counts, place in group.again:
            target = known.series if owner is None else known.components.setdefault(owner, {})
            self._counts(target, {metric: counts}, place, component=owner is not None)

    def _met_again(self, whole: _Whole, group: Group) -> None:
        if not self.json or group.owner == whole.first.owner or group.family != whole.first.family:
            return
        self._say("item-objects-repeated", group.place)
        whole.first.owner = group.owner

    def _same_again(self, known: _Set, group: Group) -> None:
        if self.json:
            self._say("items-repeated", group.place)
        before, now = known.first.parent, group.parent
        if before != now:
            how = "with a different Item_Parent"
            if now is None:
                how = "with an Item_Parent"
            elif before is None:
                how = "without an Item_Parent"
            self._say("parents-inconsistent", group.place, how=how)

    def _counts(self, into: Series, series: Series, place: str, *, component: bool) -> None:
        for metric, counts in series.items():
            known = into.get(metric)
            if known is None:
                into[metric] = list(counts)
                continue
            for month, count in enumerate(counts):
                if self.json and (not count or not known[month]):
                    known[month] = known[month] or count
                    continue
                self._repeated(place, metric, month, same=count == known[month], component=component)

    def _repeated(self, place: str, metric: str, month: int, *, same: bool, component: bool) -> None:
        if self.nested:
            code = "counts-repeated"
        elif self.json:
            code = "components-repeated-counts" if component else "items-repeated-counts"
        else:
            code = "component-rows-repeated" if component else "rows-repeated"
        self.conflicts += 1
        self._say(code, place, f"{metric}, {self.plan.months[month]}", same="identical" if same else "different")

    def _judge(self, whole: _Whole) -> None:
        if not self.compares:
            return
        sets = list(whole.sets.values())
        if not self.nested:
            groups = [_as_group(known) for known in sets]
            for apart, relations, components in self._views():
                for related in _related(groups, apart).values():
                    series = _sum(related, components=components)
                    self._say_violations(series, relations, related[0], title_like=self._title_like(related[0]))
            return
        self._data_types(whole, sets)
        for known in sets:
            series = _with_components(known.series, known.components)
            title_like = known.first.attributes.get("Data_Type") in self._title_types
            self._say_violations(series, self.item_relations, known.first, title_like=title_like)
            self._say_violations(series, self.title_relations, known.first, title_like=title_like)

    def _say_violations(self, series: Series, relations: list[Relation], group: Group, *, title_like: bool) -> None:
        for found in violations(series, relations, len(self.plan.months), title_like=title_like):
            value = ", ".join(filter(None, (self.plan.months[found.month], found.value)))
            self._say(found.code, group.place, value, first=found.first, second=found.second)

    def _data_types(self, whole: _Whole, sets: list[_Set]) -> None:
        kinds = list(dict.fromkeys(known.first.attributes.get("Data_Type", "") for known in sets))
        place = whole.first.place
        if self._one_data_type:
            if len(kinds) > 1:
                self._say("data-types-differ", place, "/".join(kinds))
            return
        content: dict[str, list[str]] = self.plan.release.words["database_content"]
        databases = [kind for kind in kinds if kind in content]
        if self.plan.report.kind == "Platform" or not databases:
            return
        if len(databases) > 1:
            self._say("database-types-differ", place, "/".join(databases))
            return
        wrong = [kind for kind in kinds if kind not in content[databases[0]]]
        if wrong:
            self._say("database-content", place, databases[0])
        if databases[0] == self.plan.release.words["no_requests_data_type"]:
            requests = {metric for known in sets for metric in known.series if metric.endswith("_Requests")}
            if requests:
                self._say("database-requests", place, databases[0])


def _full(attributes: dict[str, str], apart: tuple[str, ...] = ()) -> Key:
    return tuple(sorted((name, value.lower()) for name, value in attributes.items() if name not in apart))


def _related(groups: list[Group], apart: tuple[str, ...]) -> dict[Key, list[Group]]:
    found: dict[Key, list[Group]] = {}
    for group in groups:
        found.setdefault(_full(group.attributes, apart), []).append(group)
    return found


def _with_components(series: Series, components: dict[Key, Series]) -> Series:
    total = {metric: list(counts) for metric, counts in series.items()}
    for more in components.values():
        add(total, more)
    return total


def _sum(groups: list[Group], *, components: bool) -> Series:
    if len(groups) == 1 and not (components and groups[0].components):
        return groups[0].series
    total: Series = {}
    for group in groups:
        add(total, group.series)
        if components:
            for more in group.components.values():
                add(total, more)
    return total


def _as_group(known: _Set) -> Group:
    first = known.first
    return Group(first.item, first.attributes, first.place, known.series, known.components, first.parent)


class _Hashes:
    """Remembers which numbers were seen, on disk beyond half a million."""

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._now: set[int] = set()
        self._twice: set[int] = set()
        self._runs: list[tuple[BinaryIO, int]] = []

    def add(self, number: int) -> None:
        """Takes a signed 64-bit number."""
        if number in self._now:
            self._twice.add(number)
            return
        self._now.add(number)
        if len(self._now) >= self._most:
            self._spill()

    def _spill(self) -> None:
        run = TemporaryFile()  # noqa: SIM115  closed when the merger goes
        array("q", sorted(self._now)).tofile(run)
        self._runs.append((run, len(self._now)))
        self._now = set()

    def repeated(self) -> set[int]:
        """The numbers that came more than once."""
        if self._runs:
            self._spill()
            last: int | None = None
            for number in merge_sorted(*(_numbers(run, length) for run, length in self._runs)):
                if number == last:
                    self._twice.add(number)
                last = number
            for run, _ in self._runs:
                run.close()
        return self._twice


def _numbers(run: BinaryIO, length: int) -> Iterator[int]:
    run.seek(0)
    while length > 0:
        part = array("q")
        part.fromfile(run, min(length, 16_384))
        length -= len(part)
        yield from part

"""Checks of the JSON items of release 5.1 (Code of Practice 5.1, section 3.3 and the COUNTER API schema)."""

from collections.abc import Iterator
from typing import Any

from quire_usage.counter.definitions import Element
from quire_usage.counter.reading.limits import MOST_COUNT
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.items import Checked
from quire_usage.counter.validation.json_items import JsonItems
from quire_usage.counter.validation.merging import Group, Key
from quire_usage.counter.validation.months_of import Months
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.relations import Series
from quire_usage.counter.validation.shapes import Json, Reporter

_SETS = frozenset({"Attribute_Performance"})
_ITEMS = frozenset({"Items"})
_COUNTS = frozenset({"Performance", "Components"})
_WHOLE = frozenset({int})


class JsonJudge51:
    """Judges items one by one and yields a group per attribute set."""

    def __init__(self, plan: Plan, reporter: Reporter) -> None:
        self.plan = plan
        self.items = JsonItems(plan, reporter)
        elements = plan.elements()
        rules = self.items.rules
        self._elements = elements
        self._attributes = rules.attribute_names
        self._required = [*rules.required, "Attribute_Performance"]
        self._optional = [name for name, element in elements.items() if element.metadata and not element.required]
        self._item_names = frozenset((*self._required, *self._optional))
        self._required_set = frozenset(self._required)
        self._key_names = [*rules.required, *self._optional]
        self._set_required = [*self._attributes, "Performance", *(["Components"] if plan.components else [])]
        self._set_names = frozenset(self._set_required)
        self._parent_elements = self._parents()
        self._component_elements = plan.release.elements["json_component"]
        self._right: dict[str, set[str]] = {name: set() for name in self._attributes}
        """Attribute values that are right as they stand."""
        self._metrics = frozenset(plan.metrics)
        self._months = Months(plan)
        self._month_names = tuple(plan.months)
        self._month_set = frozenset(plan.months)

    def _parents(self) -> dict[str, Element]:
        elements = self.plan.release.parent_elements(self.plan.report)
        if self.plan.parents or self.plan.report.parent_expected:
            return elements
        return {"Items": elements["Items"]}

    def see(self, index: int, item: Any, place: str) -> Iterator[Group]:
        """Judges one element of Report_Items in a report without parents."""
        yield from self._item(place, item, None, 0, index)

    def _item(self, place: str, item: Any, parent: Key, family: int, index: int) -> Iterator[Group]:
        items = self.items
        if not items.shapes.is_element(place, item):
            return
        if item.keys() <= self._item_names and None not in item.values() and self._required_set <= item.keys():
            parts: Json = item
        else:
            parts = items.shapes.properties(
                place, item, self._required, self._optional, self.plan.report.attributes_to_show
            )
        checked = items.metadata(place, parts, self._elements, _SETS)
        groups, usable = self._sets(f"{place}/Attribute_Performance", parts.get("Attribute_Performance"))
        issues: list[tuple[Issue, str]] = []
        invalid_id = "Item_ID" in parts and "Item_ID" not in checked and not checked.get(items.rules.name_element)
        usable &= items.rules.named(checked, "Item_ID" in checked or invalid_id, issues)
        items.say_whole(issues, place)
        if not usable:
            items.unusable += 1
            return
        parts_of_key = [checked.get(name) for name in self._key_names]
        key = tuple([value.lower() if type(value) is str else value for value in parts_of_key])
        for group in groups:
            group.item, group.parent, group.family, group.owner = key, parent, family, index
            yield group

    def _sets(self, place: str, value: Any) -> tuple[list[Group], bool]:
        items = self.items
        if value is None:
            return [], False
        if not items.shapes.is_filled_list(place, "Attribute_Performance", value, optional=False):
            return [], False
        if len(value) == 1 and type(value[0]) is dict:
            only = self._set(f"{place}/0", value[0])
            return ([], False) if only is None else ([only], True)
        found: dict[Key, Group] = {}
        all_usable = True
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not items.shapes.is_element(here, element):
                continue
            group = self._set(here, element)
            if group is None:
                all_usable = False
                continue
            key = tuple(text.lower() for text in group.attributes.values())
            known = found.get(key)
            if known is None:
                found[key] = group
                continue
            items.say("sets-repeated", here)
            known.again.extend((None, metric, counts, here) for metric, counts in group.series.items())
            known.again.extend(
                (component, metric, counts, here)
                for component, series in group.components.items()
                for metric, counts in series.items()
            )
            all_usable &= not any(
                a and b
                for metric, counts in group.series.items()
                for a, b in zip(counts, known.series.get(metric, ()), strict=False)
            )
        if not all_usable:
            # the official tool drops the item, but has said before which counts are there twice
            self._say_conflicts(found.values())
        return list(found.values()), all_usable

    def _say_conflicts(self, groups: Any) -> None:
        for group in groups:
            for owner, metric, counts, place in group.again:
                series = group.series if owner is None else group.components.get(owner, {})
                for number, (a, b) in enumerate(zip(counts, series.get(metric, ()), strict=False)):
                    if a and b:
                        same = "identical" if a == b else "different"
                        value = f"{metric}, {self._month_names[number]}"
                        self.items.say("counts-repeated", place, value, same=same)

    def _set(self, place: str, element: Json) -> Group | None:
        items = self.items
        if element.keys() == self._set_names and None not in element.values():
            parts: Json = element
        else:
            parts = items.shapes.properties(place, element, self._set_required)
        attributes: dict[str, str] = {}
        for name in self._attributes:
            if name in parts:
                text = parts[name]
                if type(text) is str and text in self._right[name]:
                    attributes[name] = text
                    continue
                found = items.value(self._elements[name], f"{place}/{name}", parts[name])
                if found is not None:
                    attributes[name] = found
                    if found == text and len(self._right[name]) < 2_000 and items.remembers_as_right(name, found):
                        self._right[name].add(found)
        series: Series = {}
        usable = True
        if "Performance" in parts:
            usable = self._performance(f"{place}/Performance", parts["Performance"], series, component=False)
        components: dict[Key, Series] = {}
        if "Components" in parts:
            components, fine = self._components(f"{place}/Components", parts["Components"])
            usable &= fine
        if len(attributes) < len(self._attributes) or ("Components" in self._set_required and not components):
            usable = False
        fits, issues = items.metric_rules.judge(attributes, tuple(series), component=False)
        if issues:
            items.shapes.say_all(issues, place)
        return Group(None, attributes, place, series, components) if usable and fits else None

    def _performance(self, place: str, value: Any, series: Series, *, component: bool) -> bool:
        items = self.items
        if not items.shapes.is_object(place, "Performance", value):
            return True
        known: Json = value
        if not (value.keys() <= self._metrics and None not in value.values()):
            known = items.shapes.properties(place, value, (), self.plan.metrics)
        items.metrics_present.update(known)
        usable = True
        invalid = 0
        for metric, counts in known.items():
            found, fine = self._counts(place, metric, counts)
            usable &= fine
            if found is None:
                invalid += 1
            else:
                series[metric] = found
        if not series and not invalid and (component or not self.plan.components):
            items.say("performance-empty", place, "", property="Performance")
            usable = False
        return usable

    def _counts(self, place: str, metric: str, value: Any) -> tuple[list[int] | None, bool]:
        """(counts per month of the plan or None, whether the set can be used)."""
        if type(value) is dict and value:
            counts = list(value.values())
            if set(map(type, counts)) == _WHOLE and min(counts) > 0 and max(counts) < MOST_COUNT:
                if tuple(value) == self._month_names:
                    return counts, True
                if value.keys() <= self._month_set:
                    get = value.get
                    return [get(month, 0) for month in self._month_names], True
        return self._odd_counts(f"{place}/{metric}", metric, value)

    def _odd_counts(self, place: str, metric: str, value: Any) -> tuple[list[int] | None, bool]:
        items = self.items
        if not items.shapes.is_object(place, metric, value):
            return None, False
        if not value:
            items.say("performance-empty", place, "", property=metric)
            return None, False
        usable = True
        found: dict[str, int] = {}
        for month, given in items.shapes.properties(place, value, (), self._month_names).items():
            count = items.count(f"{place}/{month}", given, scalar_code="count-found")
            if count is None:
                usable = False
            else:
                found[month] = count
        if not found:
            return None, usable
        return [found.get(month, 0) for month in self._month_names], usable

    def _components(self, place: str, value: Any) -> tuple[dict[Key, Series], bool]:
        items = self.items
        found: dict[Key, Series] = {}
        if not items.shapes.is_filled_list(place, "Components", value, optional=False):
            return found, True
        elements = self._component_elements
        required = [name for name, element in elements.items() if element.required and not element.attribute]
        optional = [name for name, element in elements.items() if not element.required and not element.attribute]
        all_usable = True
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not items.shapes.is_element(here, element):
                continue
            parts = items.shapes.properties(here, element, required, optional)
            checked = items.metadata(here, parts, elements, _SETS)
            sets, usable = self._component_sets(f"{here}/Attribute_Performance", parts.get("Attribute_Performance"))
            usable &= "Item_ID" in checked or "Item" in checked
            all_usable &= usable
            if not usable:
                continue
            # like the official tool: identifiers do not tell components apart
            name = tuple(sorted((n, v.lower()) for n, v in checked.items() if isinstance(v, str)))
            if any(isinstance(key, tuple) and key[0] == name for key in found):
                items.say("component-objects-repeated", here)
            for kind, series in sets.items():
                key = (name, kind)
                if key in found:
                    self._component_conflicts(here, found[key], series)
                else:
                    found[key] = series
        return found, all_usable

    def _component_conflicts(self, place: str, into: Series, series: Series) -> None:
        for metric, counts in series.items():
            known = into.setdefault(metric, [0] * len(counts))
            for number, count in enumerate(counts):
                if count and known[number]:
                    same = "identical" if count == known[number] else "different"
                    self.items.say("counts-repeated", place, metric, same=same)
                else:
                    known[number] = known[number] or count

    def _component_sets(self, place: str, value: Any) -> tuple[dict[str, Series], bool]:
        items = self.items
        found: dict[str, Series] = {}
        if value is None or not items.shapes.is_filled_list(place, "Attribute_Performance", value, optional=False):
            return found, False
        all_usable = True
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not items.shapes.is_element(here, element):
                continue
            parts = items.shapes.properties(here, element, ("Data_Type", "Performance"))
            kind: str | None = None
            if "Data_Type" in parts:
                kind = items.value(self._data_type, f"{here}/Data_Type", parts["Data_Type"])
            series: Series = {}
            usable = kind is not None
            if "Performance" in parts:
                usable &= self._performance(f"{here}/Performance", parts["Performance"], series, component=True)
            fits, issues = items.metric_rules.judge({}, tuple(series), component=True)
            items.shapes.say_all(issues, here)
            if not (usable and fits) or kind is None:
                all_usable = False
            elif kind.lower() in found:
                items.say("sets-repeated", here)
                self._component_conflicts(here, found[kind.lower()], series)
            else:
                found[kind.lower()] = series
        return found, all_usable

    @property
    def _data_type(self) -> Element:
        # the official tool judges a component's data type by the values of items here
        return self._elements.get("Data_Type") or self._component_elements["Data_Type"]

    def parent(self, place: str, value: Any) -> tuple[Checked, bool, Key] | None:
        """Judges a parent object (its Items apart): (checked, whether it is a parent at all, key)."""
        items = self.items
        if not items.shapes.is_element(place, value):
            return None
        elements = self._parent_elements
        alone = len(value) == 1 and next(iter(value)).lower() == "items"
        required = [n for n, e in elements.items() if e.required or (n == "Item_ID" and not alone)]
        optional = [n for n in elements if n not in required]
        parts = items.shapes.properties(place, value, required, optional)
        checked = items.metadata(place, parts, elements, _ITEMS)
        is_parent = bool(checked)
        if (is_parent or "Items" not in parts) and not self._parent_complete(place, parts, checked):
            items.unusable += 1
            return None
        key = tuple(sorted((n, v.lower() if isinstance(v, str) else v) for n, v in checked.items()))
        return checked, is_parent, key if is_parent else None

    def _parent_complete(self, place: str, parts: Json, checked: Checked) -> bool:
        """False when the parent is so incomplete that its items cannot be judged."""
        items = self.items
        if "Item_ID" not in checked and "Item_ID" not in parts and "Item_ID" in self._parent_elements:
            items.say("property-missing", place, "", property="Item_ID")
        if "Data_Type" in self._parent_elements and "Data_Type" not in parts:
            items.say("property-missing", place, "", property="Data_Type")
            return False
        return True

    def item_of(
        self, place: str, item: Any, parent: tuple[Checked, bool, Key], family: int, index: int
    ) -> Iterator[Group]:
        """Judges one element of a parent's Items."""
        checked, is_parent, key = parent
        kind = checked.get("Data_Type")
        for group in self._item(place, item, key, family, index):
            issue = self.items.rules.parent_issue(
                has_parent=is_parent,
                parent_type=None if kind is None else str(kind),
                data_type=group.attributes.get("Data_Type"),
            )
            if issue is not None:
                self.items.reporter.issue(issue, group.place)
            yield group

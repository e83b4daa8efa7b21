"""Checks of the JSON items of release 5 (Code of Practice 5, section 3.3 and the SUSHI schema)."""

from collections.abc import Iterator
from typing import Any

from quire_usage.counter.definitions import Element
from quire_usage.counter.validation.items import Checked
from quire_usage.counter.validation.json_items import JsonItems
from quire_usage.counter.validation.merging import Group, Key
from quire_usage.counter.validation.months_of import Months
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.relations import Series
from quire_usage.counter.validation.shapes import Json, Reporter
from quire_usage.counter.validation.values import Issues

_SPECIAL = frozenset({"Performance", "Item_Parent", "Item_Component"})


class JsonJudge5:
    """Judges items one by one and yields their groups."""

    def __init__(self, plan: Plan, reporter: Reporter) -> None:
        self.plan = plan
        self.items = JsonItems(plan, reporter)
        self._elements = plan.elements()
        self._required = [name for name, element in self._elements.items() if element.required]
        self._optional = [name for name, element in self._elements.items() if not element.required]
        self._parent_elements = plan.release.parent_elements(plan.report)
        self._component_elements = plan.release.elements["json_component"]
        self._months = Months(plan)

    def see(self, index: int, item: Any, place: str) -> Iterator[Group]:
        """Judges one element of Report_Items."""
        items = self.items
        if not items.shapes.is_element(place, item):
            return
        parts = items.shapes.properties(
            place, item, self._required, self._optional, self.plan.report.attributes_to_show
        )
        checked = items.metadata(place, parts, self._elements, _SPECIAL)
        usable = True
        series: Series = {}
        if "Performance" in parts:
            usable &= self._performance(f"{place}/Performance", parts["Performance"], series)
        parent, fine = self._parent(f"{place}/Item_Parent", parts.get("Item_Parent"))
        usable &= fine
        components = self._components(f"{place}/Item_Component", parts.get("Item_Component"))
        usable &= self._whole(place, item, checked, parts, series)
        if not usable:
            items.unusable += 1
            return
        attributes = {name: str(checked[name]) for name in items.rules.attribute_names if name in checked}
        metadata = tuple(
            sorted(
                (name, value.lower() if isinstance(value, str) else value)
                for name, value in checked.items()
                if name not in attributes
            )
        )
        yield Group(metadata, attributes, place, series, components, parent, owner=index)

    def _whole(self, place: str, item: Json, checked: Checked, parts: Json, series: Series) -> bool:
        items = self.items
        issues: list[Any] = []
        # an invalid identifier list is not a missing one
        invalid_id = "Item_ID" in parts and "Item_ID" not in checked and bool(parts["Item_ID"])
        name = checked.get(items.rules.name_element)
        usable = items.rules.named(checked, "Item_ID" in checked or (invalid_id and not name), issues)
        items.say_whole(issues, place)
        attributes = {n: str(checked[n]) for n in items.rules.attribute_names if n in checked}
        given = all(n in checked or n not in parts for n in ("Section_Type", "Format"))
        fits, found = items.metric_rules.judge(attributes, tuple(series), component=False, sections_valid=given)
        items.shapes.say_all(found, place)
        usable &= fits
        usable &= all(n in attributes for n in items.rules.required_attributes)
        if items.rules.needs_parent and "Item_Parent" not in parts:
            usable = False
        return usable

    def _parent(self, place: str, value: Any) -> tuple[Key, bool]:
        if value is None:
            return None, True
        items = self.items
        if isinstance(value, list) and len(value) == 1:
            items.say("must-be-object", place, "", property="Item_Parent", found="an array")
            value = value[0]
        if not items.shapes.is_object(place, "Item_Parent", value):
            return None, not items.rules.needs_parent
        checked = self._described(place, value, self._parent_elements)
        if "Item_ID" not in checked and "Item_Name" not in checked:
            return None, not items.rules.needs_parent
        return _comparable(checked), True

    def _described(self, place: str, value: Json, elements: dict[str, Element]) -> Checked:
        required = [name for name, element in elements.items() if element.required]
        optional = [name for name, element in elements.items() if not element.required]
        parts = self.items.shapes.properties(place, value, required, optional)
        return self.items.metadata(place, parts, elements, _SPECIAL)

    def _components(self, place: str, value: Any) -> dict[Key, Series]:
        found: dict[Key, Series] = {}
        if value is None or not self.items.shapes.is_filled_list(place, "Item_Component", value):
            return found
        all_usable = True
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not self.items.shapes.is_element(here, element):
                continue
            checked = self._described(here, element, self._component_elements)
            series: Series = {}
            usable = True
            performance = next((element[n] for n in element if n == "Performance"), None)
            if performance is not None:
                usable = self._performance(f"{here}/Performance", performance, series)
            if "Item_ID" not in checked and "Item_Name" not in checked:
                usable = False
            fits, issues = self.items.metric_rules.judge({}, tuple(series), component=True)
            self.items.shapes.say_all(issues, here)
            usable = usable and fits and bool(series)
            all_usable &= usable
            if not usable:
                continue
            key = _comparable(checked)
            if key in found:
                self.items.say("components-repeated", here)
                self._merge_component(here, found[key], series)
            else:
                found[key] = series
        return found if all_usable else {}

    def _merge_component(self, place: str, into: Series, series: Series) -> None:
        for metric, counts in series.items():
            known = into.setdefault(metric, [0] * len(counts))
            for month, count in enumerate(counts):
                if count and known[month]:
                    same = "identical" if count == known[month] else "different"
                    self.items.say("components-repeated-counts", place, metric, same=same)
                else:
                    known[month] = known[month] or count

    def _performance(self, place: str, value: Any, series: Series) -> bool:
        """Fills `series`; False when the item cannot be used."""
        shapes = self.items.shapes
        if not shapes.is_filled_list(place, "Performance", value, optional=False):
            return False
        usable = True
        seen: set[int] = set()
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not shapes.is_object(here, "Performance", element):
                usable = False
                continue
            parts = shapes.properties(here, element, ("Period", "Instance"))
            if "Period" not in parts or not shapes.is_object(f"{here}/Period", "Period", parts["Period"]):
                usable = False
                continue
            month = self._period(f"{here}/Period", parts["Period"])
            if month is None:
                usable = False
            elif month in seen:
                self.items.say("period-repeated", f"{here}/Period", self.plan.months[month])
            if "Instance" not in parts or not shapes.is_filled_list(
                f"{here}/Instance", "Instance", parts["Instance"], optional=False
            ):
                usable = False
                continue
            usable &= self._instances(f"{here}/Instance", parts["Instance"], month, series)
            if month is not None:
                seen.add(month)
        return usable

    def _period(self, place: str, value: Json) -> int | None:
        parts = self.items.shapes.properties(place, value, ("Begin_Date", "End_Date"))
        days: list[str | None] = []
        for name in ("Begin_Date", "End_Date"):
            found: str | None = None
            if name in parts:
                issues: Issues = []
                found = self.plan.values.day(name, parts[name], issues)
                self.items.shapes.say_all(issues, f"{place}/{name}")
            days.append(found)
        if days[0] is None or days[1] is None:
            return None
        month, issues = self._months.of_period(days[0], days[1])
        self.items.shapes.say_all(issues, place)
        return month

    def _instances(self, place: str, value: list[Any], month: int | None, series: Series) -> bool:
        items = self.items
        usable = True
        for index, element in enumerate(value):
            here = f"{place}/{index}"
            if not items.shapes.is_object(here, "Instance", element):
                usable = False
                continue
            if element.keys() == _INSTANCE and element["Metric_Type"] is not None and element["Count"] is not None:
                parts = element
            else:
                parts = items.shapes.properties(here, element, ("Metric_Type", "Count"))
            metric: str | None = None
            if "Metric_Type" in parts:
                metric = items.value(_METRIC, f"{here}/Metric_Type", parts["Metric_Type"])
            if metric is None:
                usable = False
            else:
                items.metrics_present.add(metric)
            if "Count" not in parts:
                usable = False
                continue
            count = items.count(f"{here}/Count", parts["Count"], scalar_code="count-scalar")
            if count is None:
                usable = False
                continue
            if count and metric is not None and month is not None:
                usable &= self._add(here, series, metric, month, count)
        return usable

    def _add(self, place: str, series: Series, metric: str, month: int, count: int) -> bool:
        counts = series.get(metric)
        if counts is None:
            counts = series[metric] = [0] * len(self.plan.months)
        if not counts[month]:
            counts[month] = count
            return True
        same = "identical" if counts[month] == count else "different"
        self.items.say("instance-repeated", place, metric, same=same)
        return False


_INSTANCE = {"Metric_Type", "Count"}
_METRIC = Element("Metric_Type", "enumerated", required=True)


def _comparable(checked: Checked) -> Key:
    return tuple(sorted((name, value.lower() if isinstance(value, str) else value) for name, value in checked.items()))

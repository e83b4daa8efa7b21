"""Checks of report filters and report attributes (Code of Practice, sections 3.2.2 and 3.3.7–3.3.8)."""

import re
from dataclasses import dataclass, field
from typing import Any

from quire_usage.counter.definitions import FilterRule, Report
from quire_usage.counter.validation.shapes import Entry, Json, Shapes
from quire_usage.counter.validation.values import Issues, Values, as_shown, is_scalar, kind_of
from quire_usage.counter.words import closest, fuzzy

_YOP = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")
_OWN_ROW = {"Begin_Date": "Reporting_Period", "End_Date": "Reporting_Period", "Metric_Type": "Metric_Types"}
"""Filters that have their own header row in tables."""
_CODES = {"Country_Code": "country_code", "Subdivision_Code": "subdivision_code"}
_TEXTS = dict.fromkeys(("Author", "Database", "Item_ID", "Platform"), "optional_text")


@dataclass(slots=True)
class Stated:
    """What a header states: name → values, after repairs."""

    values: dict[str, list[str]] = field(default_factory=dict)
    usable: bool = True

    def one(self, name: str) -> str | None:
        """The value of a single-valued name."""
        found = self.values.get(name)
        return found[0] if found else None


class HeaderLists:
    """Judges filters and attributes of one header."""

    def __init__(self, shapes: Shapes, values: Values, report: Report, cells: dict[str, str]) -> None:
        self.shapes = shapes
        self.values = values
        self.report = report
        self.cells = cells
        """Header element → place of its cell, in tables."""

    def filters(self, place: str, value: Any) -> Stated | None:
        """Report_Filters; None when they cannot be read at all."""
        rules = self.values.release.filters_of(self.report)
        stated = self._read("Report_Filters", place, value, rules)
        if stated is None:
            return None
        entries, invalid = stated
        result = Stated()
        self._years(place, entries, result)
        if not self.report.is_full:
            self._required(place, entries, rules, invalid)
        self._dates(place, entries, invalid, result)
        self._others(place, entries)
        result.values = {name: [entry.value for entry in found] for name, found in entries.items() if found}
        if "Begin_Date" not in result.values or "End_Date" not in result.values:
            where = ".Report_Header.Report_Filters." if self.shapes.layout == "json" else "Reporting_Period "
            state = "invalid" if {"Begin_Date", "End_Date"} & invalid else "missing"
            self.shapes.say("period-fatal", place, "", where=where, state=state)
            result.usable = False
        return result

    def attributes(self, place: str, value: Any) -> Stated | None:
        """Report_Attributes; None when they cannot be read at all."""
        rules = self.values.release.attributes_of(self.report, self.shapes.layout)
        stated = self._read("Report_Attributes", place, value, rules)
        if stated is None:
            return None
        values = {name: [entry.value for entry in found] for name, found in stated[0].items() if found}
        return Stated(values, usable=bool(values))

    def _read(
        self, header: str, place: str, value: Any, rules: dict[str, FilterRule]
    ) -> tuple[dict[str, list[Entry]], set[str]] | None:
        invalid: set[str] = set()
        if self.values.release.nested:
            if not self.shapes.is_object(place, header, value):
                return None
            if header == "Report_Attributes" and not value:
                self.shapes.say("object-empty", place, "", property=header)
                return None
            entries = self._members(place, value, rules, invalid)
        else:
            if not self.shapes.is_filled_list(place, header, value):
                return None
            entries = self.shapes.pairs(self.values, place, value, "Name", "Value", rules)
            for name in entries:
                entries[name] = self._named(header, place, rules[name], entries[name], invalid)
        self._defaults(header, place, entries, rules)
        return entries, invalid

    def place_of(self, header: str, place: str, name: str, index: int | None) -> str:
        """The place of one value."""
        if self.shapes.layout == "tabular":
            row = _OWN_ROW.get(name, header) if header == "Report_Filters" else header
            return self.cells.get(row, place)
        if index is None:
            return place
        return f"{place}/{name}/{index}" if self.values.release.nested else f"{place}/{index}/Value"

    def row_of(self, name: str) -> str:
        """The header element that states a filter."""
        return _OWN_ROW.get(name, "Report_Filters") if self.shapes.layout == "tabular" else "Report_Filters"

    def _members(
        self, place: str, value: Json, rules: dict[str, FilterRule], invalid: set[str]
    ) -> dict[str, list[Entry]]:
        """The form of release 5.1: an object, lists for names that take several values."""
        entries: dict[str, list[Entry]] = {}
        for name, given in self.shapes.properties(place, value, (), rules).items():
            here = self.shapes.at(place, name)
            rule = rules[name]
            if not rule.multi:
                if not is_scalar(given):
                    self.shapes.say("must-be-scalar", here, "", property=name, found=kind_of(given))
                    invalid.add(name)
                elif rule.values is None:
                    entries[name] = [Entry(as_shown(given), 0)]
                elif (found := self._permitted(here, rule, given)) is not None:
                    entries[name] = [Entry(found, 0)]
                continue
            if not isinstance(given, list):
                self.shapes.say("must-be-array-found-critical", here, "", property=name, found=kind_of(given))
                invalid.add(name)
                continue
            if not given:
                self.shapes.say("list-empty", here, "", property=name)
                invalid.add(name)
                continue
            entries[name] = []
            for index, part in enumerate(given):
                there = self.shapes.at(here, index)
                found = self._permitted(there, rule, part) if rule.values is not None else as_shown(part)
                if found is not None:
                    entries[name].append(Entry(found, index))
                elif part is not None:
                    invalid.add(name)
        return entries

    def _permitted(self, place: str, rule: FilterRule, value: Any) -> str | None:
        issues: Issues = []
        found = self.values.one_of(rule.name, value, rule.values or (), issues)
        self.shapes.say_all(issues, place)
        return found

    def _named(self, header: str, place: str, rule: FilterRule, entries: list[Entry], invalid: set[str]) -> list[Entry]:
        """The values of one name in the form of release 5."""
        kept = list(entries)
        for entry in entries:
            here = self.place_of(header, place, rule.name, entry.index)
            words = {"property": rule.name}
            if rule.values is not None and entry.value not in rule.values:
                right = closest(entry.value, rule.values)
                if right is None:
                    expected = "Permitted are " + ", ".join(sorted(rule.values)) + "."
                    self.shapes.say("value-invalid", here, entry.value, expected=expected, **words)
                    invalid.add(rule.name)
                    kept.remove(entry)
                    continue
                self.shapes.say("value-spelling", here, entry.value, expected=right, **words)
                if any(other.value == right for other in kept):
                    self.shapes.say("key-value-repeated", here, right, key="Name", name=rule.name)
                    kept.remove(entry)
                    continue
                entry.value = right
            if not rule.multi and len(kept) > 1:
                self.shapes.say("single-value", here, entry.value, name=rule.name)
                kept.remove(entry)
            elif not rule.multi and fuzzy(entry.value) == "all":
                self.shapes.say("value-all", here, entry.value, **words)
                kept.remove(entry)
        return kept

    def _defaults(self, header: str, place: str, entries: dict[str, list[Entry]], rules: dict[str, FilterRule]) -> None:
        for name, found in entries.items():
            default = rules[name].default
            if default is not None and {entry.value for entry in found} == set(default):
                here = self.place_of(header, place, name, found[0].index)
                self.shapes.say("default-stated", here, "|".join(entry.value for entry in found), property=name)
                entries[name] = []

    def _years(self, place: str, entries: dict[str, list[Entry]], result: Stated) -> None:
        if "YOP" not in entries:
            return
        ranges: list[tuple[str, str]] = []
        kept: list[Entry] = []
        for entry in entries["YOP"]:
            here = self.place_of("Report_Filters", place, "YOP", entry.index)
            match = _YOP.fullmatch(entry.value)
            if match is None:
                self.shapes.say("yop-filter", here, entry.value)
                result.usable = False
                continue
            first, last = match[1], match[2] or match[1]
            if first == "0000":
                self.shapes.say("yop-filter-zero", here, entry.value)
                first, last = "0001", max(last, "0001")
            if first > last:
                self.shapes.say("yop-filter-range", here, entry.value)
                result.usable = False
                continue
            ranges.append((first, last))
            kept.append(entry)
        if _covers_all_years(ranges):
            self.shapes.say("yop-filter-default", self.place_of("Report_Filters", place, "YOP", 0), "0001-9999")
            del entries["YOP"]
        else:
            entries["YOP"] = kept

    def _required(
        self, place: str, entries: dict[str, list[Entry]], rules: dict[str, FilterRule], invalid: set[str]
    ) -> None:
        """A standard view must state its fixed filters completely."""
        for name, found in entries.items():
            rule = rules[name]
            if not rule.multi or rule.values is None:
                continue
            stated = [entry.value for entry in found]
            for missing in rule.values:
                if missing not in stated:
                    here = self.place_of("Report_Filters", place, name, found[0].index if found else 0)
                    self.shapes.say("filter-value-required", here, "|".join(stated), property=name, required=missing)
                    found.append(Entry(missing, 0))
        for name, rule in rules.items():
            if not rule.multi or rule.values is None or name in entries or name in invalid:
                continue
            row = self.row_of(name)
            required = ("; " if row == "Metric_Types" else "|").join(rule.values)
            if row == "Report_Filters":
                required = f"{name}={required}"
            here = self.place_of("Report_Filters", place, name, None)
            self.shapes.say("filter-required", here, "", header=row, required=required)
            entries[name] = [Entry(value, 0) for value in rule.values]

    def _dates(self, place: str, entries: dict[str, list[Entry]], invalid: set[str], result: Stated) -> None:
        for name in ("Begin_Date", "End_Date"):
            here = self.place_of("Report_Filters", place, name, None)
            if name not in entries:
                self.shapes.say("period-missing", here, "", header=self.row_of(name), property=name)
                result.usable = False
                continue
            if not entries[name]:
                continue
            issues: Issues = []
            found = self.values.day(name, entries[name][0].value, issues)
            self.shapes.say_all(issues, self.place_of("Report_Filters", place, name, entries[name][0].index))
            if found is None:
                invalid.add(name)
                result.usable = False
                del entries[name]
            else:
                entries[name][0].value = found
        begin, end = entries.get("Begin_Date"), entries.get("End_Date")
        if begin and end and end[0].value < begin[0].value:
            self.shapes.say("period-reversed", place, f"{begin[0].value} to {end[0].value}")
            invalid.update(("Begin_Date", "End_Date"))
            result.usable = False
            del entries["Begin_Date"], entries["End_Date"]

    def _others(self, place: str, entries: dict[str, list[Entry]]) -> None:
        checks = {**_CODES, **_TEXTS} if self.values.release.nested else _CODES
        for name, check in checks.items():
            if not entries.get(name):
                continue
            here = self.place_of("Report_Filters", place, name, entries[name][0].index)
            issues: Issues = []
            found = self.values.check(check, name, entries[name][0].value, issues)
            self.shapes.say_all(issues, here)
            if found is None:
                del entries[name]
            else:
                entries[name][0].value = found


def _covers_all_years(ranges: list[tuple[str, str]]) -> bool:
    reached = 0
    for first, last in sorted(ranges):
        if int(first) > reached + 1:
            return False
        reached = max(reached, int(last))
    return reached == 9999 and bool(ranges)

"""Checks of the report header, in JSON and in the first rows of a table (Code of Practice, section 3.2.2)."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quire_usage.counter.definitions import HeaderElement, Release, Report, release, releases
from quire_usage.counter.definitions.tables import Layout
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.exceptions import Exceptions
from quire_usage.counter.validation.filters import HeaderLists, Stated
from quire_usage.counter.validation.identifier_lists import IdentifierLists
from quire_usage.counter.validation.identifiers import WORLD_ID
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.shapes import Json, Reporter, Shapes
from quire_usage.counter.validation.values import Issues, Values, as_shown, is_scalar
from quire_usage.counter.words import BLANKS, closest, fuzzy

DEFAULT_RELEASE = "5.1"
WORLD = "The World"
"""The institution name of global reports."""

_REGISTRY = re.compile(
    r"https://registry\.(?:countermetrics|projectcounter)\.org/(platform|usage-data-host)/"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
_OLD_REGISTRY = re.compile(r"https://www\.projectcounter\.org/counter-user/.+")
_OLD_PERIOD = re.compile(r"\s*([0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)\s+to\s+([0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)\s*")
_SHEET_NUMBER = re.compile(r"[+-]?(?!0\d)(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,3})?", re.ASCII)
_CUSTOM = re.compile(r"[a-zA-Z0-9]+:")


def supported_release(shapes: Shapes, place: str, text: str) -> str | None:
    """The release that the text names exactly; else None, with the finding that stops the check."""
    if text in releases():
        return text
    try:
        equal = any(float(text) == float(known) for known in releases())
    except ValueError:
        equal = False
    shapes.say("release-unsupported-fatal" if equal else "release-unsupported", place, text, release=text)
    return None


def as_number(text: str) -> str:
    """A table cell as a spreadsheet program stores it: `5.0` is the number 5."""
    if not _SHEET_NUMBER.fullmatch(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(slots=True)
class Judged:
    """What the header's check leaves for the body."""

    plan: Plan | None = None
    """None: the header does not say what the body should be, so the body cannot be judged."""
    report_id: str = ""
    begin: date | None = None
    end: date | None = None
    data: dict[str, Any] = field(default_factory=dict)


class HeaderJudge:
    """Judges one header."""

    def __init__(self, reporter: Reporter, release_id: str, layout: Layout) -> None:
        self.release: Release = release(release_id)
        self.shapes = Shapes(reporter, layout)
        self.values = Values(self.release, layout)
        self.identifiers = IdentifierLists(self.shapes, self.values)
        self.exceptions = Exceptions(self.shapes, self.values)
        self.report: Report | None = None
        self.data: dict[str, Any] = {}
        self.filters: Stated | None = None
        self.attributes: Stated | None = None
        self.cells: dict[str, str] = {}
        self._id_invalid = False
        self._custom = False
        self._early: dict[str, str] = {}
        """Filters that tables state in rows of their own."""

    def json(self, place: str, header: Json) -> None:
        """Judges a JSON header."""
        wanted = [element for element in self.release.header if element.json != "absent"]
        required = [element.name for element in wanted if element.json == "required"]
        optional = [element.name for element in wanted if element.json == "optional"]
        parts = self.shapes.properties(place, header, required, optional)
        for element in wanted:
            here = self.shapes.at(place, element.name)
            if element.check in _LISTS:
                if element.name in parts:
                    self._list(element, here, parts[element.name])
            else:
                self._value(element, here, parts.get(element.name))
        self._whole(place)

    def table(self, rows: list[list[str]]) -> None:
        """Judges the header rows of a table; `rows` includes the blank row after them."""
        for element in self.release.header:
            if element.row is not None:
                self.cells[element.name] = f"row {element.row}, column B"
        for element in self.release.header:
            if element.row is not None:
                self._row(element, _filled(rows, element.row))
        blank = self.release.header_rows + 1
        for number, cell in enumerate(_filled(rows, blank)):
            if cell.strip(BLANKS):
                self.shapes.say("cell-not-empty-critical", f"row {blank}, column {column_name(number)}", cell)
        self._whole("row 9, column B")

    def _row(self, element: HeaderElement, row: list[str]) -> None:
        place = f"row {element.row}, column A"
        if not row:
            self.shapes.say("label-missing", place, "", property=element.name)
            return
        if row[0] != element.name:
            spelled = fuzzy(row[0]) == fuzzy(element.name)
            self.shapes.say("label-spelling" if spelled else "label-invalid", place, row[0], expected=element.name)
            if not spelled:
                return
        value = row[1] if len(row) > 1 else ""
        here = self.cells[element.name]
        if element.check == "identifiers":
            found = self.identifiers.of("Institution", here, element.name, value)
            if found is not None:
                self.data[element.name] = found
        elif element.check in _LISTS:
            self._cell_list(element, here, value)
        else:
            self._value(element, here, value)
        for number, cell in enumerate(row[2:], start=2):
            if cell.strip(BLANKS):
                self.shapes.say("cell-not-empty", f"row {element.row}, column {column_name(number)}", cell)

    def _value(self, element: HeaderElement, place: str, value: Any) -> None:
        issues: Issues = []
        found: str | None
        if element.check == "release":
            found = self._release(place, element.name, value, issues)
        elif element.check == "report_id":
            found = self._report_id(element.name, value, issues)
        elif element.check == "report_name":
            found = self._report_name(element.name, value, issues, place)
        elif element.check == "timestamp":
            found = self.values.timestamp(element.name, value, issues)
        elif element.check == "institution_name":
            found = self._institution(element.name, value, issues)
        elif element.check == "registry_url":
            found = self._registry(place, element.name, value, issues)
        else:
            found = self.values.check(element.check, element.name, value, issues)
        self.shapes.say_all(issues, place)
        if found is not None:
            self.data[element.name] = found

    def _list(self, element: HeaderElement, place: str, value: Any) -> None:
        if element.check == "identifiers":
            found = self.identifiers.of("Institution", place, element.name, value)
            if found is not None:
                self.data[element.name] = found
        elif element.check == "exceptions":
            self.exceptions.read_json(place, element.name, value)
        elif self.report is not None and not self._custom:
            self._filters_or_attributes(element, place, value)

    def _filters_or_attributes(self, element: HeaderElement, place: str, value: Any) -> None:
        assert self.report is not None
        lists = HeaderLists(self.shapes, self.values, self.report, self.cells)
        if element.check == "report_filters":
            self.filters = lists.filters(place, value)
        elif not self.report.is_full:
            self.shapes.say("attributes-in-view", place)
        else:
            self.attributes = lists.attributes(place, value)

    def _cell_list(self, element: HeaderElement, place: str, value: str) -> None:
        if element.check == "exceptions":
            self.exceptions.read_cell(place, element.name, value)
            return
        if self.report is None or self._custom:
            return
        if element.check == "metric_types":
            self._metric_types(place, element.name, value)
        elif element.check == "period":
            self._period(place, element.name, value)
        elif element.check == "report_attributes":
            if value == "":
                return
            if not self.report.is_full:
                self.shapes.say("attributes-in-view", place)
                return
            rules = self.release.attributes_of(self.report, "tabular")
            pairs = self._pairs(place, element.name, value, list(rules))
            if pairs:
                self._filters_or_attributes(element, place, self._as_json(pairs, rules))
        else:
            self._filter_cell(element, place, value)

    def _filter_cell(self, element: HeaderElement, place: str, value: str) -> None:
        assert self.report is not None
        rules = self.release.filters_of(self.report)
        for name, text in self._pairs(place, element.name, value, list(rules)).items():
            if name in ("Begin_Date", "End_Date", "Metric_Type"):
                self.shapes.say("filter-elsewhere", place, text, property=name)
                self._early.setdefault(name, text)
            else:
                self._early[name] = text
        self._filters_or_attributes(element, place, self._as_json(self._early, rules))

    def _as_json(self, pairs: dict[str, str], rules: dict[str, Any]) -> Any:
        if not self.release.nested:
            return [{"Name": name, "Value": text} for name, text in pairs.items()]
        return {name: text.split("|") if rules[name].multi else text for name, text in pairs.items()}

    def _metric_types(self, place: str, name: str, value: str) -> None:
        text = value
        if "|" in text:
            self.shapes.say("metric-types-pipe", place, value, property=name)
            text = "; ".join(re.split(r"\s*\|\s*", text))
        parts = self.shapes.semicolons(self.values, place, name, text)
        if parts:
            self._early["Metric_Type"] = "|".join(parts)

    def _period(self, place: str, name: str, value: str) -> None:
        if value.strip(BLANKS) == "":
            self.shapes.say("value-empty-critical", place, value, property=name)
            return
        if match := _OLD_PERIOD.fullmatch(value):
            self.shapes.say("period-old", place, value)
            value = f"Begin_Date={match[1]}; End_Date={match[2]}"
        self._early.update(self._pairs(place, name, value, ["Begin_Date", "End_Date"]))

    def _pairs(self, place: str, name: str, value: str, permitted: list[str]) -> dict[str, str]:
        """Name=Value pairs of a cell."""
        found: dict[str, str] = {}
        for part in self.shapes.semicolons(self.values, place, name, value):
            head, equals, text = part.partition("=")
            if not equals or not head.strip(BLANKS):
                self.shapes.say("pair-no-name", place, part)
                continue
            if not text.strip(BLANKS):
                self.shapes.say("pair-no-value", place, part)
                continue
            key = head.strip(BLANKS)
            if key != head:
                self.shapes.say("pair-name-blank", place, head)
            if key not in permitted:
                right = closest(key, permitted)
                if right is None:
                    self.shapes.say("pair-name-invalid", place, key, expected=", ".join(sorted(permitted)))
                    continue
                self.shapes.say("pair-name-spelling", place, key, expected=right)
                key = right
            if text != text.strip(BLANKS):
                self.shapes.say("pair-value-blank", place, text)
                text = text.strip(BLANKS)
            if key in found:
                self.shapes.say("pair-name-repeated", place, key)
                found[key] += "|" + text
            else:
                found[key] = text
        return found

    def _release(self, place: str, name: str, value: Any, issues: Issues) -> str | None:
        if value is None:
            self.shapes.say("release-assumed", place, "", release=DEFAULT_RELEASE)
            return DEFAULT_RELEASE
        text = self.values.text(name, value, issues, critical=True, blanks_are_error=True)
        if text is None:
            self.shapes.say(
                "release-unusable", place, as_shown(value) if is_scalar(value) else "", release=DEFAULT_RELEASE
            )
            return DEFAULT_RELEASE
        return text

    def _report_id(self, name: str, value: Any, issues: Issues) -> str | None:
        text = self.values.text(name, value, issues, critical=True, blanks_are_error=True)
        if text is None:
            self._id_invalid = value is not None
            return None
        if text in self.release.reports:
            self.report = self.release.reports[text]
            return text
        if _CUSTOM.match(text):
            self._custom = True
            return text
        right = closest(text, self.release.reports)
        if right is not None:
            issues.append(self._issue("value-spelling", text, property=name, expected=right))
            self.report = self.release.reports[right]
            return right
        issues.append(self._issue("report-id-invalid", text))
        self._id_invalid = True
        return None

    def _report_name(self, name: str, value: Any, issues: Issues, place: str) -> str | None:
        text = self.values.text(name, value, issues, critical=True, blanks_are_error=True)
        if text is not None and self.report is None and not self._custom:
            self.report = self.release.report_for_name(text)
            if self.report is not None:
                issues.append(self._issue("report-id-from-name", self.report.id))
                self.data["Report_ID"] = self.report.id
        if self.report is None or text == self.report.name:
            return text
        right = self.report.name
        if text is not None and fuzzy(text) == fuzzy(right):
            issues.append(self._issue("value-spelling", text, property=name, expected=right))
        elif value is None:
            issues.append(self._issue("report-name-from-id", right))
        else:
            issues.append(self._issue("report-name-wrong", text or "", report=self.report.id, expected=right))
        return right

    def _institution(self, name: str, value: Any, issues: Issues) -> str | None:
        text = self.values.text(name, value, issues, critical=True, blanks_are_error=True)
        if text is not None and text != WORLD and fuzzy(text) == fuzzy(WORLD):
            issues.append(self._issue("value-spelling", text, property=name, expected=WORLD))
            return WORLD
        return text

    def _registry(self, place: str, name: str, value: Any, issues: Issues) -> str | None:
        text = self.values.text_or_empty(name, value, issues, blanks_are_error=True)
        if text is None:
            return None
        if text == "":
            issues.append(self._issue("registry-missing", ""))
            return ""
        if match := _REGISTRY.fullmatch(text):
            if match[1] == "usage-data-host":
                issues.append(self._issue("registry-host", text))
            return text
        issues.append(self._issue("registry-outdated" if _OLD_REGISTRY.fullmatch(text) else "registry-invalid", text))
        return None

    def _issue(self, code: str, value: str, **words: str) -> Issue:
        return Issue(code, value, words)

    def _whole(self, place: str) -> None:
        """Checks that need the whole header."""
        if self._custom:
            self.shapes.say("report-custom", self.shapes.at(place, "Report_ID"), self.data.get("Report_ID", ""))
        elif self.report is None:
            self.shapes.say("report-id-unusable" if self._id_invalid else "report-id-missing", place)
        self._world(place)
        asks = self.attributes is not None and self.attributes.one("Include_Component_Details") == "True"
        self.exceptions.judge_use(self.shapes.at(place, "Exceptions"), asks_for_components=asks)

    def _world(self, place: str) -> None:
        named = self.data.get("Institution_Name") == WORLD
        listed = self.data.get("Institution_ID", {}).get("Proprietary", [])
        world = next((text for text in listed if text.partition(":")[2] == WORLD_ID), None)
        if named and world is None:
            self.shapes.say("world-without-id", self.shapes.at(place, "Institution_ID"))
        elif world is not None and not named:
            self.shapes.say("world-without-name", self.shapes.at(place, "Institution_Name"), world)

    def plan(self) -> Plan | None:
        """What the body must be; None when the header does not say."""
        if self.report is None or self._custom or self.filters is None or not self.filters.usable:
            return None
        if self.attributes is not None and not self.attributes.usable:
            return None
        begin, end = self.filters.one("Begin_Date"), self.filters.one("End_Date")
        if begin is None or end is None:
            return None
        attributes = self.attributes.values if self.attributes is not None else {}
        shown = tuple(attributes.get("Attributes_To_Show", ()))
        self._permit(shown)
        details = "Granularity" if self.shapes.layout == "json" else "Exclude_Monthly_Details"
        return Plan(
            release=self.release,
            report=self.report,
            values=self.values,
            begin=date.fromisoformat(begin),
            end=date.fromisoformat(end),
            metrics=self.values.permitted.get("Metric_Type", ()),
            attributes_to_show=shown,
            totals=details in attributes,
            parents=attributes.get("Include_Parent_Details") == ["True"],
            components=attributes.get("Include_Component_Details") == ["True"] and not self.exceptions.includes(3063),
        )

    def _permit(self, shown: tuple[str, ...]) -> None:
        """Narrows the permitted values to the stated filters."""
        assert self.report is not None
        assert self.filters is not None
        stated = self.filters.values
        for name, rule in self.release.filters_of(self.report, with_defaults=True).items():
            if rule.values is not None:
                self.values.permitted[name] = tuple(stated.get(name, rule.values))
            elif name in stated and not rule.multi:
                self.values.fixed[name] = stated[name][0]
        if "Format" in shown:
            self.values.permitted["Format"] = self.release.listed("formats")
        self.values.doubtful_data_types = self.report.doubtful_data_types


_LISTS = frozenset({"identifiers", "exceptions", "report_filters", "report_attributes", "metric_types", "period"})


def column_name(number: int) -> str:
    """A spreadsheet column's letters; 0 is A."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _filled(rows: list[list[str]], number: int) -> list[str]:
    """Row `number` (from 1) without blank cells at its end."""
    row = list(rows[number - 1]) if number <= len(rows) else []
    while row and not row[-1].strip(BLANKS):
        row.pop()
    return row

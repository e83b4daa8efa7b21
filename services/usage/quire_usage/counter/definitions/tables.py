"""Loads the tables of a release and answers which elements, filters and values a report may have."""

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from quire_usage.counter.words import fuzzy

Layout = Literal["json", "tabular"]

_FILES = {"5": "release_5.json", "5.1": "release_51.json"}


@dataclass(frozen=True, slots=True)
class Element:
    """One column or JSON property and the check that it gets."""

    name: str
    check: str
    attribute: bool = False
    metadata: bool = False
    required: bool = False
    extension: bool = False


@dataclass(frozen=True, slots=True)
class HeaderElement:
    """One header element: its row in tables (None: JSON only) and whether JSON requires it."""

    name: str
    check: str
    row: int | None
    json: Literal["required", "optional", "absent"]


@dataclass(frozen=True, slots=True)
class IdentifierRule:
    """One identifier type of an institution, publisher, item or author."""

    name: str
    check: str
    multi: bool
    layouts: frozenset[str]


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One filter or attribute: whether it takes several values, which are permitted, and what is the default."""

    name: str
    multi: bool = False
    values: tuple[str, ...] | None = None
    default: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExceptionRule:
    """One standard exception (appendix D)."""

    code: int
    message: str
    http: int
    data_required: bool
    severity: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One report or standard view."""

    id: str
    name: str
    kind: Literal["Platform", "Database", "Title", "Item"]
    full_report: str | None
    elements: frozenset[str]
    filters: dict[str, tuple[str, ...] | None]
    attributes: dict[str, tuple[str, ...] | None]
    parent_elements: tuple[str, ...] | None
    parent_expected: bool
    title_metrics: bool
    doubtful_data_types: frozenset[str]

    @property
    def is_full(self) -> bool:
        """True for a (master) report, False for a standard view of one."""
        return self.full_report is None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metric types that the report may have."""
        return self.filters.get("Metric_Type") or ()

    @property
    def attributes_to_show(self) -> tuple[str, ...]:
        """Values that Attributes_To_Show may take."""
        return self.attributes.get("Attributes_To_Show") or ()

    @property
    def offers_parents(self) -> bool:
        """True when parent details can be asked for."""
        return "Include_Parent_Details" in self.attributes


@dataclass(frozen=True, slots=True)
class ParentRule:
    """Which parents an item of some data type may have."""

    types: tuple[str, ...]
    optional: bool


@dataclass(frozen=True)
class Release:
    """All tables of one release."""

    id: str
    header_rows: int
    header: tuple[HeaderElement, ...]
    identifiers: dict[str, dict[str, IdentifierRule]]
    attribute_rules: dict[str, dict[str, Any]]
    elements: dict[str, dict[str, Element]]
    exceptions: dict[int, ExceptionRule]
    reports: dict[str, Report]
    item_relations: tuple[tuple[str, str], ...]
    title_relations: tuple[tuple[str, str], ...]
    parent_data_types: dict[str, ParentRule]
    words: dict[str, Any] = field(repr=False)
    """The plain lists of the table: data types with a role, severities, formats, article versions, …"""

    @property
    def nested(self) -> bool:
        """True when JSON groups counts by attribute set and items by parent (since 5.1)."""
        return self.id != "5"

    def listed(self, name: str) -> tuple[str, ...]:
        """One of the plain lists of the table; empty when the release has none."""
        return tuple(self.words.get(name, ()))

    def report_for_name(self, name: str) -> Report | None:
        """The report whose name is written so, spelling apart."""
        wanted = fuzzy(name)
        return next((report for report in self.reports.values() if fuzzy(report.name) == wanted), None)

    def identifiers_of(self, owner: str, layout: Layout) -> dict[str, IdentifierRule]:
        """Identifier types of an Institution, Publisher, Item or Author."""
        return {name: rule for name, rule in self.identifiers[owner].items() if layout in rule.layouts}

    def filters_of(self, report: Report, *, with_defaults: bool = False) -> dict[str, FilterRule]:
        """Filters that the header may state.

        A view's filter that permits all that its full report permits need not be stated and is left out, unless
        `with_defaults`.
        """
        rules: dict[str, FilterRule] = {}
        for name, values in report.filters.items():
            if values is None:
                rules[name] = FilterRule(name, multi=name == "YOP")
                continue
            default: tuple[str, ...] | None = values if report.is_full else None
            if report.full_report is not None:
                full = self.reports[report.full_report].filters[name] or ()
                if set(full) == set(values):
                    if not with_defaults:
                        continue
                    default = values
            rules[name] = FilterRule(name, multi=True, values=values, default=default)
        return rules

    def attributes_of(self, report: Report, layout: Layout) -> dict[str, FilterRule]:
        """Report attributes that the header may state."""
        rules: dict[str, FilterRule] = {}
        for name, values in report.attributes.items():
            rule = self.attribute_rules[name]
            if rule.get(layout, True):
                permitted = values if values is not None else tuple(rule["values"])
                default = (rule["default"],) if "default" in rule else None
                rules[name] = FilterRule(name, multi=bool(rule.get("multi")), values=permitted, default=default)
        return rules

    def item_elements(self, report: Report, layout: Layout, attributes_to_show: tuple[str, ...]) -> dict[str, Element]:
        """Columns (table) or properties (JSON) of a report item, in the standard's order."""
        wanted = report.elements.union(attributes_to_show)
        found = {name: element for name, element in self.elements[f"{layout}_item"].items() if name in wanted}
        parent = found.get("Item_Parent")
        if parent is not None and report.parent_elements is not None:
            found["Item_Parent"] = Element(parent.name, parent.check, required=True)
        return found

    def parent_elements(self, report: Report) -> dict[str, Element]:
        """JSON properties of a parent item."""
        names = report.parent_elements
        return {
            name: element for name, element in self.elements["json_parent"].items() if names is None or name in names
        }


def releases() -> tuple[str, ...]:
    """The releases that can be judged, oldest first."""
    return tuple(_FILES)


@cache
def release(release_id: str) -> Release:
    """The tables of a release. Raises KeyError for one that has no table."""
    text = resources.files(__package__).joinpath(_FILES[release_id]).read_text("utf-8")
    table = json.loads(text)
    return Release(
        id=table["release"],
        header_rows=table["header_rows"],
        header=tuple(HeaderElement(**row) for row in table["header"]),
        identifiers={
            owner: {
                name: IdentifierRule(
                    name,
                    rule["check"],
                    rule.get("multi", False),
                    frozenset(layout for layout in ("json", "tabular") if rule.get(layout, True)),
                )
                for name, rule in rules.items()
            }
            for owner, rules in table["identifiers"].items()
        },
        attribute_rules=table["attributes"],
        elements={
            context: {name: Element(name, **rule) for name, rule in elements.items()}
            for context, elements in table["elements"].items()
        },
        exceptions={
            int(code): ExceptionRule(
                int(code),
                rule["message"],
                rule["http"],
                rule.get("data_required", False),
                tuple(rule.get("severity", ())),
            )
            for code, rule in table["exceptions"].items()
        },
        reports={report_id: _report(report_id, rule) for report_id, rule in table["reports"].items()},
        item_relations=tuple((a, b) for a, b in table["item_relations"]),
        title_relations=tuple((a, b) for a, b in table["title_relations"]),
        parent_data_types={
            name: ParentRule(tuple(rule["types"]), rule["optional"])
            for name, rule in table["parent_data_types"].items()
        },
        words=table,
    )


def _report(report_id: str, rule: dict[str, Any]) -> Report:
    return Report(
        id=report_id,
        name=rule["name"],
        kind=rule["kind"],
        full_report=rule.get("full_report"),
        elements=frozenset(rule["elements"]),
        filters=_values(rule["filters"]),
        attributes=_values(rule.get("attributes", {})),
        parent_elements=tuple(rule["parent_elements"]) if "parent_elements" in rule else None,
        parent_expected=rule.get("parent_expected", False),
        title_metrics=rule.get("title_metrics", False),
        doubtful_data_types=frozenset(rule.get("doubtful_data_types", ())),
    )


def _values(rules: dict[str, list[str] | None]) -> dict[str, tuple[str, ...] | None]:
    return {name: tuple(values) if values is not None else None for name, values in rules.items()}

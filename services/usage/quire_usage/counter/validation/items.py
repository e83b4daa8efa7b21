"""Checks of an item as a whole: its name, identifiers, publisher, parent and required attributes."""

from dataclasses import dataclass, field

from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.merging import Key
from quire_usage.counter.validation.plan import Plan

_IDENTIFIERS = ("DOI", "Proprietary_ID", "ISBN", "Print_ISSN", "Online_ISSN", "Linking_ISSN", "URI")
_IDENTIFIER_SET = frozenset(_IDENTIFIERS)
_PREFIXES = ("Parent_", "Component_")

Checked = dict[str, object]


@dataclass(slots=True)
class Verdict:
    """What a row's shared cells say."""

    item: Key
    attributes: dict[str, str]
    usable: bool
    parent: Key = None
    component: Key = None
    issues: list[tuple[Issue, str]] = field(default_factory=list)
    """Issue and the column that it belongs to ("": the row)."""


class ItemRules:
    """Judges items of one report."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nested = plan.release.nested
        elements = plan.json_elements()
        self.attribute_names = [name for name, element in elements.items() if element.attribute]
        self.name_element = plan.report.kind
        self.required = [name for name, element in elements.items() if element.metadata and element.required]
        if self.nested:
            self.required_attributes = self.attribute_names
        else:
            self.required_attributes = [n for n in self.attribute_names if n not in ("Format", "Section_Type")]
        self._required_attributes = frozenset(self.required_attributes)
        self._required = frozenset(self.required)
        self._is_item = plan.report.kind == "Item"
        self._metadata = [
            name
            for name, element in plan.elements().items()
            if name not in self.attribute_names and not name.startswith(_PREFIXES)
        ]
        self.has_publisher = "Publisher" in elements
        names = plan.elements()
        self.needs_parent = not self.nested and plan.report.parent_elements is not None
        self.shows_parents = plan.parents or plan.report.parent_elements is not None
        self.parent_type_shown = "Parent_Data_Type" in names
        self.component_type_shown = "Component_Data_Type" in names

    def row(self, checked: Checked) -> Verdict:
        """Judges the cells that the rows of a group share."""
        names = checked.keys()
        attributes: dict[str, str] = {name: checked[name] for name in self.attribute_names if name in names}  # type: ignore[misc]
        issues: list[tuple[Issue, str]] = []
        usable = self._required_attributes <= names
        if usable or not self.nested:
            usable &= self.named(checked, not _IDENTIFIER_SET.isdisjoint(names), issues)
        parent: Key = None
        component: Key = None
        if self._is_item:
            component, fine = self._component(checked, issues)
            usable &= fine
            parent, fine = self._parent(checked, issues)
            usable &= fine
            if self.nested and usable:
                self._parent_fits(parent, checked, issues)
        # case does not tell items apart; attributes are compared by themselves
        parts = [checked.get(name, "") for name in self._metadata]
        metadata = "\0".join([part if type(part) is str else repr(part) for part in parts]).lower()
        return Verdict(metadata, attributes, usable, parent, component, issues)

    def named(self, checked: Checked, has_identifier: bool, issues: list[tuple[Issue, str]]) -> bool:
        """Checks name, identifiers and publisher; False when the item cannot be used."""
        usable = self._name(checked, has_identifier, issues)
        if self.has_publisher:
            if checked.get("Publisher") == "":
                issues.append((Issue("publisher-missing"), "Publisher"))
            checked.setdefault("Publisher", "")
        return usable and self._required <= checked.keys()

    def _name(self, checked: Checked, has_identifier: bool, issues: list[tuple[Issue, str]]) -> bool:
        kind = self.name_element
        if kind == "Platform":
            return True
        name = checked.get(kind)
        if kind == "Database" or name:
            if not has_identifier:
                issues.append((Issue("no-identifier", str(name or "")), ""))
            return True
        if not has_identifier and "Item_ID" not in checked:
            issues.append((Issue("name-and-ids-missing", "", {"property": kind}), ""))
            return False
        if name is not None:
            issues.append((Issue("name-missing", "", {"property": kind}), ""))
        checked[kind] = ""
        return True

    def _part(self, checked: Checked, prefix: str) -> Checked:
        return {name[len(prefix) :]: value for name, value in checked.items() if name.startswith(prefix)}

    def _component(self, checked: Checked, issues: list[tuple[Issue, str]]) -> tuple[Key, bool]:
        if not self.plan.components:
            return None, True
        parts = self._part(checked, "Component_")
        if not parts:
            return None, True
        usable = True
        if not any(name in parts for name in _IDENTIFIERS):
            issues.append((Issue("component-identifier"), ""))
            usable = "Title" in parts
        if "Data_Type" not in parts:
            if not self.nested and self.component_type_shown:
                issues.append((Issue("component-data-type-empty"), "Component_Data_Type"))
            usable = False
        return tuple((name, _folded(value)) for name, value in parts.items()), usable

    def _parent(self, checked: Checked, issues: list[tuple[Issue, str]]) -> tuple[Key, bool]:
        if not self.nested and not self.shows_parents:
            return None, True
        parts = self._part(checked, "Parent_")
        if not parts and not self.needs_parent:
            return None, True
        usable = True
        if not any(name in parts for name in _IDENTIFIERS):
            issues.append((Issue("parent-identifier"), ""))
            usable = not parts.get("Title") if self.nested else "Title" in parts
        if self.parent_type_shown and "Data_Type" not in parts:
            issues.append((Issue("parent-data-type-empty"), "Parent_Data_Type"))
            usable = False
        if not self.nested and not self.needs_parent and not usable:
            return None, True
        return tuple((name, _folded(value)) for name, value in parts.items()), usable

    def _parent_fits(self, parent: Key, checked: Checked, issues: list[tuple[Issue, str]]) -> None:
        kind = checked.get("Parent_Data_Type")
        found = self.parent_issue(
            has_parent=parent is not None,
            parent_type=None if kind is None else str(kind),
            data_type=None if "Data_Type" not in checked else str(checked["Data_Type"]),
        )
        if found is not None:
            issues.append((found, ""))

    def parent_issue(self, *, has_parent: bool, parent_type: str | None, data_type: str | None) -> Issue | None:
        """Whether the item's data type goes with its parent's (release 5.1, section 3.3.2)."""
        if self.plan.report.parent_expected:
            return None if has_parent else Issue("parent-missing")
        if not self.plan.parents:
            return None
        rule = self.plan.release.parent_data_types.get(data_type or "")
        if rule is None:
            return Issue("parent-not-allowed", data_type or "") if has_parent else None
        if not has_parent:
            return None if rule.optional else Issue("parent-missing", data_type or "")
        if parent_type in rule.types:
            return None
        types = "'" + "', '".join(rule.types) + "'" + (" or no Parent" if rule.optional else "")
        return Issue("parent-data-type", data_type or "", {"types": types})


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value

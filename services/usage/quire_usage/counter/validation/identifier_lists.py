"""Checks of lists of identifiers and authors, in the forms of both releases and of table cells."""

import re
from typing import Any

from quire_usage.counter.definitions import IdentifierRule
from quire_usage.counter.validation.shapes import Entry, Json, Shapes
from quire_usage.counter.validation.values import Issues, Values, as_shown, is_scalar, kind_of
from quire_usage.counter.words import BLANKS, closest

Found = dict[str, list[str]]

_AUTHOR = re.compile(r"(.+) \(([^:]+):([^)]+)\)")
MOST_AUTHORS = 3
"""Authors that release 5.1 permits per item (section 3.3.5)."""


class IdentifierLists:
    """Judges identifier lists for one report."""

    def __init__(self, shapes: Shapes, values: Values) -> None:
        self.shapes = shapes
        self.values = values
        self._rules = {
            owner: values.release.identifiers_of(owner, values.layout) for owner in values.release.identifiers
        }

    def of(self, owner: str, place: str, name: str, value: Any) -> Found | None:
        """Identifiers of an Institution, Publisher or Item; None when there is none that can be used."""
        if self.values.layout == "tabular":
            return self._cell(owner, place, name, value)
        if self.values.release.nested:
            return self._object(owner, place, name, value)
        if not self.shapes.is_filled_list(place, name, value):
            return None
        return self.typed(place, value, self._rules[owner])

    def typed(self, place: str, elements: list[Any], rules: dict[str, IdentifierRule]) -> Found | None:
        """A list of {Type, Value}, as release 5 writes identifiers, dates and attributes of items."""
        pairs = self.shapes.pairs(self.values, place, elements, "Type", "Value", rules)
        found: Found = {}
        for kind, entries in pairs.items():
            kept = self._checked(place, kind, rules[kind], entries)
            if kept:
                found["Proprietary" if kind == "Proprietary_ID" else kind] = kept
        return found or None

    def _checked(self, place: str, kind: str, rule: IdentifierRule, entries: list[Entry]) -> list[str]:
        kept: list[str] = []
        for number, entry in enumerate(entries):
            here = self.shapes.at(place, entry.index, "Value")
            issues: Issues = []
            value = self.values.check(rule.check, "Value", entry.value, issues)
            self.shapes.say_all(issues, here)
            if value is None:
                continue
            if number and (not rule.multi or self.values.layout == "tabular"):
                self.shapes.say("single-value", here, value, name=kind)
                continue
            kept.append(value)
        return kept

    def _object(self, owner: str, place: str, name: str, value: Any) -> Found | None:
        if not self.shapes.is_object(place, name, value):
            return None
        if not value:
            critical = owner == "Institution"
            self.shapes.say("object-empty-critical" if critical else "object-empty", place, "", property=name)
        return self.members(owner, place, value)

    def members(self, owner: str, place: str, value: Json) -> Found | None:
        """An object {type: value or values}, as release 5.1 writes identifiers."""
        rules = self._rules[owner]
        found: Found = {}
        for kind, given in self.shapes.properties(place, value, (), rules).items():
            here = self.shapes.at(place, kind)
            kept = self._many(here, rules[kind], given) if rules[kind].multi else self._one(here, rules[kind], given)
            if kept:
                found["Proprietary" if kind == "Proprietary_ID" else kind] = kept
        return found or None

    def _many(self, place: str, rule: IdentifierRule, given: Any) -> list[str]:
        if not isinstance(given, list):
            found = kind_of(given)
            self.shapes.say("must-be-array-found", place, as_shown(given) if is_scalar(given) else "",
                            property=rule.name, found=found)  # fmt: skip
            return []
        if not given:
            self.shapes.say("list-empty", place, "", property=rule.name)
            return []
        kept = []
        for index, part in enumerate(given):
            here = self.shapes.at(place, index)
            if part is None:
                self.shapes.say("property-null", here, "", property=rule.name)
            elif not is_scalar(part):
                self.shapes.say("must-be-scalar", here, "", property=rule.name, found=kind_of(part))
            else:
                kept.extend(self._one(here, rule, part))
        return kept

    def _one(self, place: str, rule: IdentifierRule, given: Any) -> list[str]:
        if not is_scalar(given):
            self.shapes.say("must-be-scalar", place, "", property=rule.name, found=kind_of(given))
            return []
        issues: Issues = []
        value = self.values.check(rule.check, rule.name, as_shown(given), issues)
        self.shapes.say_all(issues, place)
        return [] if value is None else [value]

    def _cell(self, owner: str, place: str, name: str, value: Any) -> Found | None:
        nested = self.values.release.nested
        parts = self.shapes.semicolons(self.values, place, name, value)
        if not parts:
            if nested and owner == "Institution":
                self.shapes.say("list-empty-critical", place, "", property=name)
            return None
        rules = self._rules[owner]
        pairs = [pair for part in parts if (pair := self._namespaced(place, name, part, list(rules))) is not None]
        if not pairs:
            return None
        if not nested:
            elements = [{"Type": kind, "Value": text} for kind, text in pairs]
            return self.typed(place, elements, rules)
        members: Json = {}
        for kind, text in pairs:
            if kind in members:
                self.shapes.say("namespace-repeated", place, text, namespace=kind)
            else:
                members[kind] = text.split("|") if rules[kind].multi else text
        return self.members(owner, place, members)

    def _namespaced(
        self, place: str, name: str, value: Any, permitted: list[str], *, proprietary: bool = True
    ) -> tuple[str, str] | None:
        """`namespace:value` as (type, value); other namespaces are platform IDs, if `proprietary`."""
        issues: Issues = []
        text = self.values.text(name, value, issues, critical=True, blanks_are_error=True)
        self.shapes.say_all(issues, place)
        if text is None:
            return None
        head, colon, rest = text.partition(":")
        space, local = head.strip(BLANKS), rest.strip(BLANKS)
        if not colon or not space:
            self.shapes.say("namespace-missing", place, text, property=name)
            return None
        if (space, local) != (head, rest):
            self.shapes.say("blank-around-error", place, text, property=name)
        if space.lower() in ("proprietary", "proprietary_id"):
            self.shapes.say("namespace-proprietary", place, text)
            return self._namespaced(place, name, local, permitted)
        if space in permitted:
            return space, local
        right = closest(space, permitted)
        if right is not None:
            self.shapes.say("namespace-spelling", place, space, property=name, expected=right)
            return right, local
        if proprietary:
            return "Proprietary", f"{space}:{local}"
        self.shapes.say("namespace-invalid", place, space, property=name, expected=", ".join(permitted))
        return None

    def authors(self, place: str, name: str, value: Any) -> tuple[tuple[str, ...], ...] | None:
        """Authors, as a comparable value; None when there is none that can be used."""
        if self.values.layout == "tabular":
            value = self._author_cell(place, name, value)
            if not value:
                return None
        if not self.shapes.is_filled_list(place, name, value):
            return None
        found = []
        for index, element in enumerate(value):
            here = self.shapes.at(place, index)
            if not self.shapes.is_element(here, element):
                continue
            if self.values.release.nested and index >= MOST_AUTHORS:
                self.shapes.say("authors-many", place, str(len(value)))
                break
            author = self._author(here, element) if self.values.release.nested else self._contributor(here, element)
            if author is not None:
                found.append(author)
        return tuple(found) or None

    def _author_cell(self, place: str, name: str, value: Any) -> list[Json]:
        authors: list[Json] = []
        for part in self.shapes.semicolons(self.values, place, name, value):
            match = _AUTHOR.fullmatch(part)
            if self.values.release.nested:
                authors.append({"Name": match[1], match[2]: match[3]} if match else {"Name": part})
            elif match:
                authors.append({"Type": "Author", "Name": match[1], "Identifier": f"{match[2]}:{match[3]}"})
            else:
                authors.append({"Type": "Author", "Name": part})
        return authors

    def _author(self, place: str, element: Json) -> tuple[str, ...] | None:
        rules = self._rules["Author"]
        parts = self.shapes.properties(place, element, ("Name",), rules)
        known: dict[str, str] = {}
        for kind, given in parts.items():
            here = self.shapes.at(place, kind)
            issues: Issues = []
            if kind != "Name" and not is_scalar(given):
                self.shapes.say("must-be-scalar", here, "", property=kind, found=kind_of(given))
                continue
            value = (
                self.values.text(kind, given, issues)
                if kind == "Name"
                else self.values.check(rules[kind].check, kind, as_shown(given), issues)
            )
            self.shapes.say_all(issues, here)
            if value is not None:
                known[kind] = value
        return tuple(f"{kind}={value}" for kind, value in sorted(known.items())) if "Name" in known else None

    def _contributor(self, place: str, element: Json) -> tuple[str, ...] | None:
        parts = self.shapes.properties(place, element, ("Name", "Type"), ("Identifier",))
        if "Name" not in parts or "Type" not in parts:
            return None
        known: list[str] = []
        for kind, given in parts.items():
            here = self.shapes.at(place, kind)
            issues: Issues = []
            if kind == "Type":
                value = self.values.one_of(kind, given, ("Author",), issues)
            elif kind == "Name":
                value = self.values.text(kind, given, issues)
            else:
                self._contributor_identifier(here, given, known)
                continue
            self.shapes.say_all(issues, here)
            if value is None:
                return None
            if kind == "Name":
                known.append(f"Name={value}")
        return tuple(sorted(known))

    def _contributor_identifier(self, place: str, given: Any, known: list[str]) -> None:
        rules = self._rules["Author"]
        pair = self._namespaced(place, "Identifier", given, list(rules), proprietary=False)
        if pair is None:
            return
        issues: Issues = []
        value = self.values.check(rules[pair[0]].check, "Identifier", pair[1], issues)
        self.shapes.say_all(issues, place)
        if value is not None:
            known.append(f"{pair[0]}={value}")

"""Checks of JSON structure: objects with known properties, lists, pairs of key and value.

Tables are judged with the same rules: their header cells are taken apart into the same objects. All places inside a
table cell are the cell's own place, so a judge knows its layout.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from quire_usage.counter.definitions.tables import Layout
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.values import Issues, Values, as_shown, is_scalar, kind_of
from quire_usage.counter.words import BLANKS, closest

Json = dict[str, Any]


class Reporter(Protocol):
    """What issues are said to."""

    def issue(self, issue: Issue, place: str) -> None:
        """Takes one issue at one place."""


@dataclass(slots=True)
class Entry:
    """One value of a list of keys and values, with the number of the list element that it came from."""

    value: str
    index: int


class Shapes:
    """Structure checks that say their issues to a reporter."""

    def __init__(self, reporter: Reporter, layout: Layout) -> None:
        self.reporter = reporter
        self.layout: Layout = layout

    def say(self, code: str, place: str, value: object = "", **words: str) -> None:
        """Says one issue."""
        self.reporter.issue(Issue(code, as_shown(value), words), place)

    def say_all(self, issues: Issues, place: str) -> None:
        """Says the issues of one value."""
        for issue in issues:
            self.reporter.issue(issue, place)

    def at(self, place: str, *steps: object) -> str:
        """The place of a part: deeper in JSON, the same cell in a table."""
        return "/".join((place, *map(str, steps))) if self.layout == "json" else place

    def properties(
        self,
        place: str,
        value: Json,
        required: Collection[str],
        optional: Collection[str] = (),
        shown: Collection[str] = (),
    ) -> Json:
        """The known properties of an object that have a value, names repaired.

        `shown`: attributes that would be permitted if the header asked for them.
        """
        found: Json = {}
        present: set[str] = set()
        for name, part in value.items():
            here = self.at(place, name)
            right: str | None = name
            if name not in required and name not in optional:
                permitted = sorted((*required, *optional))
                right = closest(name, permitted)
                if right is None:
                    code = "property-not-shown" if name in shown else "property-invalid"
                    self.say(code, here, "", property=name, expected=", ".join(permitted))
                    continue
                self.say("property-spelling", here, "", property=name, expected=right)
            assert right is not None
            if part is None:
                if right in required:
                    self.say("property-null-critical", here, "", property=right)
                    present.add(right)
                else:
                    self.say("property-null", here, "", property=right)
            else:
                present.add(right)
                found[right] = part
        for name in required:
            if name not in present:
                self.say("property-missing", place, "", property=name)
        return found

    def is_object(self, place: str, name: str, value: Any) -> bool:
        """True for a JSON object; else a critical error."""
        if isinstance(value, dict):
            return True
        self.say("must-be-object", place, "", property=name, found=kind_of(value))
        return False

    def is_filled_list(self, place: str, name: str, value: Any, *, optional: bool = True) -> bool:
        """True for a JSON array with elements."""
        if not isinstance(value, list):
            self.say("must-be-array" if optional else "must-be-array-critical", place, "", property=name)
            return False
        if not value:
            self.say("list-empty", place, "", property=name)
            return False
        return True

    def is_element(self, place: str, value: Any) -> bool:
        """True for an object within an array."""
        if isinstance(value, dict):
            return True
        self.say("element-must-be-object", place, value if is_scalar(value) else "", found=kind_of(value))
        return False

    def integer(self, place: str, name: str, value: Any, *, required: bool = False) -> int | None:
        """A whole number; digits in quotes are read, with an error."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = as_shown(value) if is_scalar(value) else ""
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            self.say("must-be-integer-critical" if required else "must-be-integer", place, text, property=name)
            return None
        self.say("must-be-integer", place, text, property=name)
        return int(text)

    def piped(self, values: Values, place: str, name: str, value: Any) -> list[str] | None:
        """Values joined by pipes, blanks and stray pipes repaired."""
        issues: Issues = []
        text = values.text(name, value, issues, critical=True, blanks_are_error=True)
        self.say_all(issues, place)
        if text is None:
            return None
        parts = text.split("|")
        if any(part != part.strip(BLANKS) for part in parts):
            self.say("pipes-blank", place, text, property=name)
            parts = [part.strip(BLANKS) for part in parts]
        if parts[0] == "":
            self.say("pipes-first", place, text, property=name)
        filled = [part for part in parts if part]
        if len(parts) > 1 and parts[-1] == "" and filled:
            self.say("pipes-last", place, text, property=name)
        first = next((number for number, part in enumerate(parts) if part), len(parts))
        last = next((number for number in range(len(parts) - 1, -1, -1) if parts[number]), -1)
        if any(not part for part in parts[first:last]):
            self.say("pipes-doubled", place, text, property=name)
        if not filled:
            self.say("pipes-only", place, text, property=name)
            return None
        return filled

    def semicolons(self, values: Values, place: str, name: str, value: Any) -> list[str]:
        """Values joined by semicolon and blank, as table cells hold them."""
        return self._split(values, place, name, value, exceptions=False)

    def semicolons_of_exceptions(self, values: Values, place: str, name: str, value: Any) -> list[str]:
        """Exceptions joined by semicolons; a semicolon within a message does not part it."""
        return self._split(values, place, name, value, exceptions=True)

    def _split(self, values: Values, place: str, name: str, value: Any, *, exceptions: bool) -> list[str]:
        issues: Issues = []
        text = values.string(name, value, issues)
        self.say_all(issues, place)
        if text is None:
            return []
        parts = text.split(";")
        blank = [not part.strip() for part in parts]
        inner = [number for number in range(1, len(parts) - 1) if blank[number]]
        if inner:
            self.say("semicolons-doubled", place, text, property=name)
        if len(parts) > 1 and blank[0]:
            self.say("semicolons-first", place, text, property=name)
        if len(parts) > 1 and blank[-1]:
            self.say("semicolons-last", place, text, property=name)
        kept = [part for part, empty in zip(parts, blank, strict=True) if not empty]
        if not kept:
            return [] if len(parts) > 1 or text == "" else [""]
        if exceptions:
            kept = _rejoined(kept)
        found = []
        for number, part in enumerate(kept):
            if number:
                if not part.startswith(" "):
                    self.say("semicolon-space", place, part, property=name)
                else:
                    part = part[1:]
            short = part.strip(BLANKS)
            if short != part:
                self.say("blank-around-error", place, part, property=name)
            found.append(short)
        return found

    def pairs(
        self,
        values: Values,
        place: str,
        elements: list[Any],
        key_name: str,
        value_name: str,
        permitted: Collection[str],
    ) -> dict[str, list[Entry]]:
        """A list of objects {key, value}, as release 5 writes filters, attributes and identifiers."""
        found: dict[str, list[Entry]] = {}
        for index, element in enumerate(elements):
            here = self.at(place, index)
            if not self.is_element(here, element):
                continue
            parts = self.properties(here, element, (key_name, value_name))
            key: str | None = None
            if key_name in parts:
                issues: Issues = []
                key = values.one_of(key_name, parts[key_name], permitted, issues)
                self.say_all(issues, self.at(here, key_name))
                if key is not None and key in found:
                    self.say("key-repeated", self.at(here, key_name), key, key=key_name, name=key)
                elif key is not None:
                    found[key] = []
            if value_name not in parts:
                continue
            there = self.at(here, value_name)
            listed = self.piped(values, there, key or value_name, parts[value_name])
            if key is None or listed is None:
                continue
            for value in listed:
                if any(entry.value == value for entry in found[key]):
                    self.say("key-value-repeated", there, value, key=key_name, name=key)
                else:
                    found[key].append(Entry(value, index))
        return found


def _rejoined(parts: list[str]) -> list[str]:
    """Puts the pieces of an exception's message together again: a new exception starts with digits and a colon."""
    found: list[str] = []
    for part in parts:
        head, colon, _ = part.partition(":")
        starts = bool(colon) and head.strip().isascii() and head.strip().isdigit()
        if found and not starts:
            found[-1] += ";" + part
        else:
            found.append(part)
    return found

"""Checks shared by the JSON items of both releases."""

from typing import Any

from quire_usage.counter.definitions import Element, IdentifierRule
from quire_usage.counter.reading.limits import MOST_COUNT
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.identifier_lists import IdentifierLists
from quire_usage.counter.validation.items import Checked, ItemRules
from quire_usage.counter.validation.merging import Key
from quire_usage.counter.validation.metric_rules import MetricRules
from quire_usage.counter.validation.numbers import whole_number
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.quick import TESTS, Test
from quire_usage.counter.validation.shapes import Json, Reporter, Shapes
from quire_usage.counter.validation.values import Issues

_REMEMBERED = 20_000

_DATES = {"Publication_Date": IdentifierRule("Publication_Date", "day", False, frozenset(("json", "tabular")))}
_ITEM_ATTRIBUTES = {
    name: IdentifierRule(name, check, multi, frozenset(("json", "tabular")))
    for name, check, multi in (
        ("Article_Version", "article_version", False),
        ("Article_Type", "text", False),
        ("Qualification_Name", "text", False),
        ("Qualification_Level", "text", False),
        ("Proprietary", "proprietary_value", True),
    )
}


class JsonItems:
    """The parts of an item's check that do not depend on the release."""

    def __init__(self, plan: Plan, reporter: Reporter) -> None:
        self.plan = plan
        self.reporter = reporter
        self.shapes = Shapes(reporter, "json")
        self.lists = IdentifierLists(self.shapes, plan.values)
        self.rules = ItemRules(plan)
        self.metric_rules = MetricRules(plan)
        self.metrics_present: set[str] = set()
        self.unusable = 0
        self._surely = {name: TESTS[e.check] for name, e in plan.elements().items() if e.check in TESTS}
        self._publishers: dict[str, Key] = {}
        self._item_tests = self._tests("Item") if plan.release.nested else {}
        self._publisher_tests = self._tests("Publisher") if plan.release.nested else {}
        self._memory: dict[tuple[str, str], tuple[str | None, Issues]] = {}

    def _tests(self, owner: str) -> dict[str, Test]:
        rules = self.plan.release.identifiers_of(owner, "json")
        return {kind: TESTS[rule.check] for kind, rule in rules.items() if rule.check in TESTS}

    def value(self, element: Element, place: str, value: Any) -> str | None:
        """Checks a single value; answers for texts are remembered."""
        surely = TESTS.get(element.check)
        if type(value) is str and surely is not None and surely(value):
            return value
        if not isinstance(value, str):
            issues: Issues = []
            found = self.plan.values.check(element.check, element.name, value, issues)
        else:
            key = (element.name, value)
            known = self._memory.get(key)
            if known is None:
                issues = []
                known = (self.plan.values.check(element.check, element.name, value, issues), issues)
                if len(self._memory) > _REMEMBERED:
                    self._memory.clear()
                self._memory[key] = known
            found, issues = known
        for issue in issues:
            self.reporter.issue(issue, place)
        return found

    def remembers_as_right(self, name: str, value: str) -> bool:
        """True when the value was judged before and nothing was said of it."""
        known = self._memory.get((name, value))
        return known is not None and not known[1] and known[0] == value

    def listed(self, element: Element, place: str, value: Any) -> Key | None:
        """Checks identifiers, authors, dates or attributes of an item; the answer is comparable."""
        if element.check == "authors":
            return self.lists.authors(place, element.name, value)
        if element.check == "identifiers":
            owner = "Publisher" if element.name.startswith("Publisher") else "Item"
            found = self.lists.of(owner, place, element.name, value)
        else:
            if not self.shapes.is_filled_list(place, element.name, value):
                return None
            rules = _DATES if element.check == "dates" else _ITEM_ATTRIBUTES
            found = self.lists.typed(place, value, rules)
        if found is None:
            return None
        return tuple(sorted((kind, tuple(text.lower() for text in values)) for kind, values in found.items()))

    def _quick_identifiers(self, name: str, value: Json) -> Key | None:
        """The comparable form of an object of identifiers that is surely right; None when that is not sure."""
        if name.startswith("Publisher"):
            key = repr(value)
            known = self._publishers.get(key)
            if known is None and value and self._lists_are_right(value):
                if len(self._publishers) > _REMEMBERED:
                    self._publishers.clear()
                known = self._publishers[key] = tuple(
                    sorted((kind, tuple(text.lower() for text in texts)) for kind, texts in value.items())
                )
            return known
        tests = self._item_tests
        if not value:
            return None
        for kind, text in value.items():
            test = tests.get(kind)
            if test is None or type(text) is not str or not test(text):
                return None
        return tuple(sorted([(kind, (text.lower(),)) for kind, text in value.items()]))

    def _lists_are_right(self, value: Json) -> bool:
        rules = self._publisher_tests
        return all(
            kind in rules
            and type(texts) is list
            and len(texts) > 0
            and all(type(text) is str and rules[kind](text) for text in texts)
            for kind, texts in value.items()
        )

    def metadata(self, place: str, parts: Json, elements: dict[str, Element], special: frozenset[str]) -> Checked:
        """Checks all properties but those of `special`."""
        checked: Checked = {}
        for name, value in parts.items():
            if name in special:
                continue
            element = elements[name]
            if type(value) is str and (test := self._surely.get(name)) is not None and test(value):
                checked[name] = value
                continue
            if element.check == "identifiers" and type(value) is dict:
                quick = self._quick_identifiers(name, value)
                if quick is not None:
                    checked[name] = quick
                    continue
            here = f"{place}/{name}"
            found = (
                self.value(element, here, value)
                if self.plan.values.knows(element.check)
                else self.listed(element, here, value)
            )
            if found is not None:
                checked[name] = found
        return checked

    def say(self, code: str, place: str, value: str = "", **words: str) -> None:
        """Says an issue of the table."""
        self.reporter.issue(Issue(code, value, words), place)

    def say_whole(self, issues: list[tuple[Issue, str]], place: str) -> None:
        """Says issues of an item as a whole."""
        for issue, _ in issues:
            self.reporter.issue(issue, place)

    def count(self, place: str, value: Any, *, scalar_code: str) -> int | None:
        """A count: a positive whole number. 0 is said and returned; None cannot be used."""
        if type(value) is int and 0 < value < MOST_COUNT:
            return value
        shown = str(value)
        if isinstance(value, list | dict):
            self.say(scalar_code, place, "", found="an array" if isinstance(value, list) else "an object")
            return None
        text = value if isinstance(value, str) else ("1" if value is True else "" if value is False else shown)
        if text.strip() == "":
            self.say("count-empty", place, shown)
            return None
        number = whole_number(text.strip())
        if number is None:
            self.say("count-word", place, shown)
            return None
        if type(value) is not int:
            self.say("count-type", place, shown)
        if number < 0:
            self.say("count-negative", place, shown)
            return None
        if number == 0:
            self.say("count-zero", place, shown)
        return number

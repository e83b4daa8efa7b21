"""Checks of the exceptions in a report header (Code of Practice, appendix D)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from quire_usage.counter.definitions import ExceptionRule
from quire_usage.counter.validation.identifiers import is_web_address
from quire_usage.counter.validation.shapes import Json, Shapes
from quire_usage.counter.validation.values import Issues, Values
from quire_usage.counter.words import BLANKS, closest, fuzzy

_CELL = re.compile(r"([0-9]+\s*):([^(]+)(?:\((.+)\))?", re.DOTALL)
_NO_USAGE = range(3030, 3041)
"""Codes that say why months have no usage: 3030 none, 3031 not ready, 3032 gone, 3040 partial."""
_DEPRECATED = (3000, 3010)


@dataclass(slots=True)
class Found:
    """One usable exception of the header."""

    code: int
    place: str


class Exceptions:
    """Judges the exceptions of one header."""

    def __init__(self, shapes: Shapes, values: Values) -> None:
        self.shapes = shapes
        self.values = values
        self.found: list[Found] = []
        self.present = False
        """True when the header has at least one usable exception."""

    def read_json(self, place: str, name: str, value: Any) -> None:
        """The JSON form: a list of objects."""
        if self.shapes.is_filled_list(place, name, value):
            self._read(place, value)

    def read_cell(self, place: str, name: str, value: str) -> None:
        """The form in a table cell: `Code: Message (Data); …`."""
        elements: list[Any] = []
        for part in self.shapes.semicolons_of_exceptions(self.values, place, name, value):
            match = _CELL.fullmatch(part)
            if match is None:
                expected = 'The form is "Code: Message (Data)".'
                self.shapes.say("value-invalid", place, part, property=name, expected=expected)
                continue
            elements.append(self._from_cell(place, name, part, match))
        if elements:
            self._read(place, elements)

    def _from_cell(self, place: str, name: str, part: str, match: re.Match[str]) -> Json:
        code, message, data = match[1], match[2], match[3]
        if not message.startswith(" "):
            self.shapes.say("exception-colon", place, part, property=name)
        else:
            message = message[1:]
        if data is not None:
            if not message.endswith(" "):
                self.shapes.say("exception-bracket", place, part, property=name)
            else:
                message = message[:-1]
        for piece in (part, code, message, data):
            if piece is not None and piece.strip(BLANKS) != piece:
                self.shapes.say("exception-blanks", place, part, property=name)
        element: Json = {"Code": int(code) if len(code) < 12 else -1, "Message": message.strip(BLANKS)}
        if data is not None:
            element["Data"] = data.strip(BLANKS)
        if self.values.release.listed("severities"):
            rule = self.values.release.exceptions.get(element["Code"])
            default = "Info" if element["Code"] == 0 else "Warning"
            element["Severity"] = rule.severity[0] if rule and rule.severity else default
        return element

    def _read(self, place: str, elements: list[Any]) -> None:
        for index, element in enumerate(elements):
            here = self.shapes.at(place, index)
            if self.shapes.is_element(here, element):
                self._one(here, element)
        self.present = bool(self.found)

    def _one(self, place: str, element: Json) -> None:
        element = self._renamed(place, element)
        required = ["Code", "Message"]
        if self.values.release.listed("severities"):
            required.append("Severity")
        parts = self.shapes.properties(place, element, required, ("Help_URL", "Data"))
        code: int | None = None
        known: dict[str, str] = {}
        for name, given in parts.items():
            here = self.shapes.at(place, name)
            issues: Issues = []
            value: str | None = None
            if name == "Code":
                code = self.shapes.integer(here, name, given, required=True)
            elif name == "Severity":
                value = self.values.one_of(name, given, self.values.release.listed("severities"), issues)
            elif name == "Help_URL":
                value = self.values.text(name, given, issues, required=False)
                if value is not None and not is_web_address(value, ("http", "https", "ftp", "mailto")):
                    self.shapes.say("not-url", here, value, property=name)
                    value = None
            elif name == "Message":
                value = self.values.text(name, given, issues, critical=True, blanks_are_error=True)
            else:
                value = self.values.text(name, given, issues, required=False)
            self.shapes.say_all(issues, here)
            if value is not None:
                known[name] = value
        if code is None and "Message" in known:
            code = self._code_for(known["Message"])
        if code is not None:
            self._judge(place, code, known)
            self.found.append(Found(code, place))

    def _renamed(self, place: str, element: Json) -> Json:
        old = closest("Number", element)
        if old is None:
            return element
        words = {"property": "Number", "expected": "Code"}
        here = self.shapes.at(place, old)
        if closest("Code", element) is not None:
            self.shapes.say("property-wrong-unfixable", here, "", **words)
            return element
        self.shapes.say("property-wrong", here, "", **words)
        return {("Code" if name == old else name): value for name, value in element.items()}

    def _code_for(self, message: str) -> int | None:
        wanted = fuzzy(message)
        rules = self.values.release.exceptions.values()
        return next((rule.code for rule in rules if fuzzy(rule.message) == wanted), None)

    def _judge(self, place: str, code: int, known: dict[str, str]) -> None:
        rule = self.values.release.exceptions.get(code)
        shown = str(code)
        if code in _DEPRECATED:
            self.shapes.say("exception-deprecated", self.shapes.at(place, "Code"), shown, exception=shown)
        elif code >= 1000 and rule is None:
            self.shapes.say("exception-code", self.shapes.at(place, "Code"), shown, exception=shown)
        if rule is not None and rule.http != 200:
            self.shapes.say("exception-in-report", place, shown, exception=shown)
        if rule is not None:
            self._message(place, rule, known)
        if self.values.layout == "json" and "Severity" in known:
            self._severity(place, code, rule, known["Severity"])
        if rule is not None and "Data" not in known:
            if rule.data_required:
                self.shapes.say("exception-data", place, shown, exception=shown)
            elif code == 2030 and "Help_URL" not in known:
                self.shapes.say("exception-data-or-url", place, shown, exception=shown)

    def _message(self, place: str, rule: ExceptionRule, known: dict[str, str]) -> None:
        message = known.get("Message")
        if message is None or message == rule.message:
            return
        here = self.shapes.at(place, "Message")
        if fuzzy(message) == fuzzy(rule.message):
            self.shapes.say("exception-message-spelling", here, message, expected=rule.message)
            return
        self.shapes.say("exception-message", here, message, expected=rule.message)
        known.setdefault("Data", message)

    def _severity(self, place: str, code: int, rule: ExceptionRule | None, severity: str) -> None:
        here = self.shapes.at(place, "Severity")
        self.shapes.say("severity-deprecated", here, severity)
        if code == 0:
            permitted: tuple[str, ...] = ("Info", "Debug")
        elif code < 1000:
            permitted = ("Warning",)
        elif rule is None:
            return
        else:
            permitted = rule.severity
        if permitted and severity not in permitted:
            self.shapes.say("severity-wrong", here, severity, expected=" or ".join(permitted))

    def includes(self, code: int) -> bool:
        """True when the header has this exception."""
        return any(found.code == code for found in self.found)

    def judge_use(self, place: str, *, asks_for_components: bool) -> None:
        """Checks that need the other header elements."""
        for found in self.found:
            if found.code == 3040:
                self.shapes.say("exception-3040", found.place, "3040")
                break
        if not asks_for_components and self.includes(3063):
            self.shapes.say("exception-3063", place, "3063")

    def judge_usage(self, place: str, items: int, begin: date | None, end: date | None) -> None:
        """Checks against the number of items or rows in the body (section 3.7, appendix D)."""
        if not self.present:
            if items == 0:
                self.shapes.say("exceptions-missing", place)
            return
        codes = {found.code for found in self.found if found.code in _NO_USAGE}
        if not codes and items == 0:
            self.shapes.say("exceptions-no-reason", place)
            return
        if 3030 in codes and items > 0:
            self.shapes.say("exception-3030-usage", place, "3030")
            return
        if begin is None or end is None or begin > end:
            return
        months = (end.year - begin.year) * 12 + end.month - begin.month + 1
        if len(codes) > months or (len(codes) == months and 3040 not in codes and items > 0):
            self.shapes.say("exceptions-combination", place, ", ".join(map(str, sorted(codes))))

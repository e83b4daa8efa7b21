"""Checks of single values: texts, permitted values, dates, years, codes.

Each check takes the element's name and its value, says its issues to a list, and returns the value as it is used
(repaired where the repair is certain) or None when it cannot be used. Places are added by the caller, so that the
answer for a repeated value can be remembered.
Source: COUNTER Code of Practice, sections 3.2.1 (formats) and 3.3 (elements).
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from quire_usage.counter.definitions import Release
from quire_usage.counter.definitions.tables import Layout
from quire_usage.counter.months import last_day
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation import identifiers
from quire_usage.counter.words import BLANKS, closest

Issues = list[Issue]

_TIMESTAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z|[+-]\d\d(?::?\d\d)?)")
_MILLISECONDS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}([Z+-].*)", re.DOTALL)
_OTHER_DATES = ("%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b %Y", "%B %Y", "%b-%Y")  # fmt: skip
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_MONTH = re.compile(r"\d{4}-\d{2}")
_YEAR = re.compile(r"[0-9]{1,4}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


def is_scalar(value: object) -> bool:
    """True for a JSON text, number or truth value."""
    return isinstance(value, str | int | float)


def kind_of(value: object) -> str:
    """The JSON kind of a value, in the official validator's words."""
    if isinstance(value, list):
        return "an array"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else "a scalar"


def as_shown(value: object) -> str:
    """A JSON scalar as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else ""
    if value is None:
        return ""
    return str(value)


class Values:
    """The value checks of one report: they know its release, its layout and its permitted values."""

    def __init__(self, release: Release, layout: Layout) -> None:
        self.release = release
        self.layout: Layout = layout
        self.permitted: dict[str, tuple[str, ...]] = {}
        """Permitted values per element, narrowed by the report's filters."""
        self.fixed: dict[str, str] = {}
        """The one value that a single-valued filter leaves (Platform, Database, …)."""
        self.doubtful_data_types: frozenset[str] = frozenset()
        self._checks: dict[str, Callable[[str, Any, Issues], str | None]] = {
            "text": self.text,
            "optional_text": lambda name, value, out: self.text(name, value, out, required=False),
            "text_or_empty": self.text_or_empty,
            "filtered": self.filtered,
            "enumerated": self.enumerated,
            "data_type": self.data_type,
            "parent_data_type": lambda name, value, out: self._prefixed("Parent_", name, value, out),
            "component_data_type": lambda name, value, out: self._prefixed("Component_", name, value, out),
            "section_type": self.optional_in_table,
            "format": self.optional_in_table,
            "yop": self.yop,
            "country_code": self.country_code,
            "subdivision_code": self.subdivision_code,
            "publication_date": lambda name, value, out: self.day(name, value, out, required=False),
            "day": self.day,
            "article_version": self.article_version,
            **identifiers.CHECKS,
        }

    def check(self, check: str, name: str, value: Any, out: Issues) -> str | None:
        """Runs the check that the tables name for an element."""
        return self._checks[check](name, value, out)

    def knows(self, check: str) -> bool:
        """True when `check` judges a single value (lists and objects are judged elsewhere)."""
        return check in self._checks

    def string(self, name: str, value: Any, out: Issues, *, critical: bool = False) -> str | None:
        """A text; numbers are read as text, with an error."""
        if isinstance(value, str):
            return value
        if not is_scalar(value):
            code = "must-be-string-critical" if critical else "must-be-string"
            out.append(Issue(code, kind_of(value), {"property": name}))
            return None
        out.append(Issue("must-be-string", as_shown(value), {"property": name}))
        return as_shown(value)

    def text_or_empty(
        self, name: str, value: Any, out: Issues, *, critical: bool = False, blanks_are_error: bool = False
    ) -> str | None:
        """A text that may be empty."""
        if value is None:
            return None
        text = self.string(name, value, out, critical=critical)
        return None if text is None else _trimmed(name, text, out, blanks_are_error)

    def text(
        self,
        name: str,
        value: Any,
        out: Issues,
        *,
        required: bool = True,
        critical: bool = False,
        blanks_are_error: bool = False,
    ) -> str | None:
        """A text that must not be empty."""
        if value is None and required:
            return None
        text = self.string(name, value, out, critical=critical)
        if text is None:
            return None
        text = _trimmed(name, text, out, blanks_are_error)
        if text == "":
            out.append(Issue("value-empty-critical" if critical else "value-empty", "", {"property": name}))
            return None
        return text

    def one_of(
        self, name: str, value: Any, permitted: Iterable[str], out: Issues, *, required: bool = True
    ) -> str | None:
        """One of the permitted values; another spelling is repaired, with an error."""
        if required:
            text = self.text(name, value, out, critical=True, blanks_are_error=True)
        else:
            text = self.text(name, value, out, required=False, blanks_are_error=True)
        if text is None or text in permitted:
            return text
        right = closest(text, permitted)
        if right is not None:
            out.append(Issue("value-spelling", text, {"property": name, "expected": right}))
            return right
        listed = "Permitted are " + ", ".join(sorted(permitted)) + "."
        out.append(Issue("value-invalid-critical", text, {"property": name, "expected": listed}))
        return None

    def filtered(self, name: str, value: Any, out: Issues) -> str | None:
        """A name that must be the one of the report's filter, if the report has that filter."""
        if name in self.fixed:
            return self.one_of(name, value, (self.fixed[name],), out)
        return self.text(name, value, out)

    def enumerated(self, name: str, value: Any, out: Issues) -> str | None:
        """One of the values that the report's definition and filters permit."""
        shown = "Data_Type" if self.layout == "json" and name.endswith("_Data_Type") else name
        return self.one_of(shown, value, self.permitted.get(name, ()), out)

    def _prefixed(self, prefix: str, name: str, value: Any, out: Issues) -> str | None:
        return self.enumerated(prefix + name if self.layout == "json" else name, value, out)

    def data_type(self, name: str, value: Any, out: Issues) -> str | None:
        """The data type; the release's catch-all type draws a warning."""
        found = self.enumerated(name, value, out)
        if found is not None:
            if found == self.release.words["audit_doubt_data_type"]:
                out.append(Issue("data-type-unspecified", found))
            if found in self.doubtful_data_types:
                out.append(Issue("data-type-doubtful", found))
        return found

    def optional_in_table(self, name: str, value: Any, out: Issues) -> str | None:
        """Section_Type and Format: empty in rows of some metrics, which is judged with the metric."""
        if self.layout == "tabular" and value == "":
            return None
        return self.enumerated(name, value, out)

    def yop(self, name: str, value: Any, out: Issues) -> str | None:
        """A year of publication, 0001 (unknown) to 9999 (in press)."""
        text = self.text(name, value, out, blanks_are_error=True)
        if text is None:
            return None
        if not _YEAR.fullmatch(text) or int(text) == 0:
            expected = "A year from 0001 to 9999 is needed."
            out.append(Issue("value-invalid-critical", text, {"property": name, "expected": expected}))
            return None
        if len(text) != 4:
            out.append(Issue("year-zeros", text, {"property": name, "expected": text.zfill(4)}))
            text = text.zfill(4)
        return text

    def article_version(self, name: str, value: Any, out: Issues) -> str | None:
        """A NISO article version (AM, VoR, …)."""
        return self.one_of(name, value, self.release.listed("article_versions"), out)

    def country_code(self, name: str, value: Any, out: Issues) -> str | None:
        """An ISO 3166-1 alpha-2 code."""
        return self._patterned(name, value, _COUNTRY, "An ISO 3166-1 alpha-2 code is needed.", out)

    def subdivision_code(self, name: str, value: Any, out: Issues) -> str | None:
        """An ISO 3166-2 code."""
        return self._patterned(name, value, _SUBDIVISION, "An ISO 3166-2 code is needed.", out)

    def _patterned(self, name: str, value: Any, pattern: re.Pattern[str], expected: str, out: Issues) -> str | None:
        text = self.text(name, value, out)
        if text is not None and not pattern.fullmatch(text):
            out.append(Issue("value-invalid", text, {"property": name, "expected": expected}))
            return None
        return text

    def timestamp(self, name: str, value: Any, out: Issues) -> str | None:
        """An RFC 3339 date-time; milliseconds are dropped, with an error."""
        text = self.text(name, value, out, critical=True, blanks_are_error=True)
        if text is None:
            return None
        if match := _MILLISECONDS.fullmatch(text):
            out.append(Issue("format-wrong", text, {"property": name, "expected": "yyyy-mm-ddThh:mm:ssZ"}))
            text = match[1] + match[2]
        parts = _TIMESTAMP.fullmatch(text)
        if parts is None:
            out.append(Issue("format-wrong", text, {"property": name, "expected": "yyyy-mm-ddThh:mm:ssZ"}))
            return None
        try:
            datetime(*(int(part) for part in parts.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            expected = "There is no such date or time."
            out.append(Issue("value-invalid", text, {"property": name, "expected": expected}))
            return None
        return text

    def day(self, name: str, value: Any, out: Issues, *, required: bool = True) -> str | None:
        """A date yyyy-mm-dd; months and other notations are repaired, with an error."""
        if required:
            text = self.text(name, value, out, critical=True, blanks_are_error=True)
        else:
            text = self.text(name, value, out, required=False, blanks_are_error=True)
        if text is None:
            return None
        month_only = _ISO_MONTH.fullmatch(text) is not None
        if month_only:
            words = {"property": name, "expected": "yyyy-mm-dd"}
            out.append(Issue("format-wrong", text, words))
        elif not _ISO_DATE.fullmatch(text):
            other = _other_date(text)
            if other is None:
                expected = "A date yyyy-mm-dd is needed."
                out.append(Issue("value-invalid-critical", text, {"property": name, "expected": expected}))
                return None
            out.append(Issue("format-wrong", text, {"property": name, "expected": other.isoformat()}))
            return other.isoformat()
        try:
            found = date.fromisoformat(text + "-01" if month_only else text)
        except ValueError:
            expected = "There is no such date."
            out.append(Issue("value-invalid-critical", text, {"property": name, "expected": expected}))
            return None
        if month_only and name == "End_Date":
            found = last_day(found)
        for edge, right in (("Begin_Date", found.replace(day=1)), ("End_Date", last_day(found))):
            if name == edge and found != right:
                expected = f"Read as {right.isoformat()}."
                out.append(Issue("value-invalid", text, {"property": name, "expected": expected}))
                found = right
        return found.isoformat()


def _trimmed(name: str, text: str, out: Issues, blanks_are_error: bool) -> str:
    short = text.strip(BLANKS)
    if short != text:
        out.append(Issue("blank-around-error" if blanks_are_error else "blank-around", text, {"property": name}))
    return short


def _other_date(text: str) -> date | None:
    head = text[:10]
    if _ISO_DATE.fullmatch(head) and text[10:11] in ("T", " "):
        try:
            return date.fromisoformat(head)
        except ValueError:
            return None
    for form in _OTHER_DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None

"""Numbers and days as EDIFACT writes them: never guessed. ISO 9735 §10 allows point and comma as decimal mark and no
thousands mark."""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

_PLAIN = re.compile(r"-?(?:[0-9]{1,30}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
_LOOSE = re.compile(r"([+-]?)([0-9]{1,30}(?:[.,][0-9]{0,12})?|[.,][0-9]{1,12})(-?)")


class Number(NamedTuple):
    """`value` is `None` when the text is no number; `flag` is the code of what was odd, or empty."""

    value: Decimal | None
    flag: str = ""


_NOTHING = Number(None)


class Numbers:
    """Reads numbers of one decimal mark; remembers those it has read, for most of them come again."""

    __slots__ = ("_known", "_mark")

    MOST = 4096

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._known: dict[str, Number] = {}

    def read(self, text: str) -> Number:
        known = self._known.get(text)
        if known is not None:
            return known
        number = self._parse(text)
        if len(self._known) < self.MOST:
            self._known[text] = number
        return number

    def _parse(self, text: str) -> Number:
        if self._mark == "." and _PLAIN.fullmatch(text):
            return Number(Decimal(text))
        bare = text.strip()
        if not bare:
            return _NOTHING
        found = _LOOSE.fullmatch(bare)
        if found is None:
            return Number(None, "NUMBER_UNREADABLE")
        sign, digits, tail = found.groups()
        if sign and tail:
            return Number(None, "NUMBER_UNREADABLE")
        other = "," if self._mark == "." else "."
        flag = ""
        if other in digits:
            fraction = digits.partition(other)[2]
            flag = "NUMBER_AMBIGUOUS" if len(fraction) == 3 else "NUMBER_OTHER_MARK"
        if tail and not flag:
            flag = "NUMBER_TRAILING_MINUS"
        value = Decimal(digits.replace(",", "."))
        return Number(-value if sign == "-" or tail else value, flag)


def day(text: str, form: str) -> tuple[date | None, date | None]:
    """First and last day of a DTM value (2380) in format 2379: 102, 203, 204, 101, 201, 718, 609, 610, 602, or none.

    The second is `None` unless the text is a period. `(None, None)` when it is no day.
    """
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit():
        first, dash, second = digits.partition("-")
        if dash and form in ("718", "717", "711") and first.isdigit() and second.isdigit():
            return _one(first), _one(second)
        return None, None
    if form in ("718", "711") and len(digits) == 16:
        return _one(digits[:8]), _one(digits[8:])
    if form in ("101", "201") or (form == "" and len(digits) == 6):
        return _one(("20" if digits < "80" else "19") + digits[:6]), None
    if form == "610" and len(digits) == 6:
        return _one(digits + "01"), None
    if form == "609" and len(digits) == 4:
        return _one(("20" if digits < "80" else "19") + digits + "01"), None
    if form == "602" and len(digits) == 4:
        return _one(digits + "0101"), None
    return _one(digits[:8]) if len(digits) in (8, 12, 14) else None, None


def _one(digits: str) -> date | None:
    if len(digits) == 6:
        digits = ("20" if digits < "80" else "19") + digits
    if len(digits) != 8:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None

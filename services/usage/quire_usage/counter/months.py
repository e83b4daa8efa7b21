"""Month headings as vendors write them."""

import re
from calendar import monthrange
from datetime import date, datetime
from functools import lru_cache

_NAMES = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_STANDARD = re.compile(r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(\d{4})")
_NAME_YEAR = re.compile(r"([A-Za-z]{3,9})\.?[\s\-_/]*(\d{4}|\d{2})")
_YEAR_NAME = re.compile(r"(\d{4}|\d{2})[\s\-_/]*([A-Za-z]{3,9})\.?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2})?(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{4})")


def month_key(year: int, month: int) -> str:
    """`yyyy-mm`."""
    return f"{year:04d}-{month:02d}"


@lru_cache(maxsize=4096)
def standard_month(heading: str) -> str | None:
    """`yyyy-mm` of a heading in the standard's form `Mmm-yyyy`, else None."""
    match = _STANDARD.fullmatch(heading)
    return month_key(int(match[2]), _NAMES[match[1].lower()]) if match else None


@lru_cache(maxsize=4096)
def lenient_month(heading: str) -> str | None:
    """`yyyy-mm` of a heading in any form seen in vendors' files (`Jan 2022`, `22-Jan`, `2022-01`, …), else None."""
    text = heading.strip()
    if match := _ISO.fullmatch(text):
        return _valid(int(match[1]), int(match[2]))
    if match := _SLASHED.fullmatch(text):
        return _valid(int(match[2]), int(match[1]))
    if match := _NAME_YEAR.fullmatch(text):
        return _named(match[1], match[2])
    if match := _YEAR_NAME.fullmatch(text):
        return _named(match[2], match[1])
    return None


def months_between(begin: date, end: date) -> list[str]:
    """Every month from `begin`'s to `end`'s, at most 1,200 (a hundred years)."""
    first = begin.year * 12 + begin.month - 1
    last = min(end.year * 12 + end.month - 1, first + 1199)
    return [month_key(number // 12, number % 12 + 1) for number in range(first, last + 1)]


def as_text(cell: object) -> str:
    """A spreadsheet cell as the text a person sees; whole floats lose their `.0`, dates become ISO."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.hour == cell.minute == cell.second == 0 else cell.isoformat()
    return str(cell)


def _valid(year: int, month: int) -> str | None:
    return month_key(year, month) if 1 <= month <= 12 and 1900 <= year <= 2199 else None


def _named(name: str, year: str) -> str | None:
    number = _NAMES.get(name[:3].lower())
    if number is None:
        return None
    full = int(year)
    if len(year) == 2:
        full += 2000 if full < 70 else 1900
    return _valid(full, number)


def last_day(day: date) -> date:
    """The last day of `day`'s month."""
    return day.replace(day=monthrange(day.year, day.month)[1])

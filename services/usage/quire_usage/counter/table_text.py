"""Header cells of tables taken apart, leniently."""

import re
from datetime import date

from quire_usage.counter.model import Author, Identifiers, ReportException
from quire_usage.counter.months import last_day, lenient_month

_EXCEPTION = re.compile(r"(\d{1,9})\s*:\s*([^(;]+)(?:\(([^)]*)\))?")
_AUTHOR = re.compile(r"\s*(.*?)\s*(?:\(([^()]+)\))?\s*")


def as_day(text: str, *, last: bool) -> date | None:
    """A date; of a month alone the first or the `last` day."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        month = lenient_month(text)
        if month is None:
            return None
        first = date(int(month[:4]), int(month[5:]), 1)
        return last_day(first) if last else first


def pairs(text: str) -> dict[str, tuple[str, ...]]:
    """`Name=value|value; …`."""
    found = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found[name.strip()] = tuple(piece.strip() for piece in value.split("|") if piece.strip())
    return found


def identifiers(text: str, known: tuple[str, ...]) -> Identifiers:
    """`ISNI:…; platform:id`: namespaces that are no scheme are platform IDs."""
    found: Identifiers = {}
    for part in text.split(";"):
        kind, colon, value = (piece.strip() for piece in part.partition(":"))
        if not colon:
            continue
        if kind.lower().startswith("proprietary"):
            kind, value = "Proprietary", value
        elif kind.upper() in known:
            kind = kind.upper()
        else:
            kind, value = "Proprietary", f"{kind}:{value}"
        found[kind] = found.get(kind, ()) + tuple(filter(None, value.split("|")))
    return found


def exceptions(text: str) -> tuple[ReportException, ...]:
    """`Code: Message (Data); …`."""
    return tuple(
        ReportException(int(match[1]), match[2].strip(), match[3] or "") for match in _EXCEPTION.finditer(text)
    )


def authors(text: str) -> tuple[Author, ...]:
    """`Name (ORCID:…); …`."""
    found = []
    for part in text.split(";"):
        match = _AUTHOR.fullmatch(part)
        if match and match[1]:
            found.append(Author(match[1], match[2] or ""))
    return tuple(found)

"""Checks of identifiers of items, publishers, institutions and authors.

Source: COUNTER Code of Practice, section 3.3.2–3.3.3 (identifier formats); ISBN hyphens: the International ISBN
Agency's range message, through python-stdnum.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from stdnum import isbn as isbn_ranges

from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.words import fuzzy

WORLD_ID = "0000000000000000"
"""The institution identifier of global reports (section 3.3.2)."""

_ISNI = re.compile(r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9X]")
_ISIL = re.compile(r"[A-Z]{2}-.{1,11}.*", re.DOTALL)
_OCLC = re.compile(r"[0-9]+")
_ROR = re.compile(r"0[0-9a-hjkmnp-z]{6}[0-9]{2}")
_ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")
_DOI = re.compile(r"10\.[1-9][0-9]{2}[0-9.]*/.+")
_DOI_WITHIN = re.compile(r"\b(10\.[1-9][0-9]{2}[0-9.]*/.+)$")
_PLATFORM_ID = re.compile(r"([a-zA-Z0-9+_./]+):")
_ISSN = re.compile(r"[0-9]{4}-?[0-9]{3}[0-9xX]")
_ISSN_GOOD = re.compile(r"[0-9]{4}-[0-9]{3}[0-9X]")
_ISSN_WITHIN = re.compile(r"\b([0-9]{4})-?([0-9]{3}[0-9xX])\b")
_ISBN13 = re.compile(r"97[89][0-9]{10}")
_ISBN10 = re.compile(r"[0-9]{9}[0-9xX]")
_ISBN13_WITHIN = re.compile(r"(?:97[89][0-9-]{14}|97[89][0-9]{10})\b")
_ISBN10_WITHIN = re.compile(r"(?:[0-9-]{12}[0-9xX]|[0-9]{9}[0-9xX])\b")
_HOST = re.compile(r"([^.]+\.)+[^.]{2,}")
_PLAIN_ADDRESS = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[A-Za-z0-9/._~%=?&+:;,!()*-]*)?")
_URN = re.compile(r"urn:[a-zA-Z0-9][a-zA-Z0-9-]{0,30}[a-zA-Z0-9]:.+")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _matches(
    pattern: re.Pattern[str], label: str | None, expected: str
) -> Callable[[str, Any, list[Issue]], str | None]:
    """A check for identifiers that have one form; `label` names the scheme where the element's name does not."""

    def check(name: str, value: Any, out: list[Issue]) -> str | None:
        text = _text(value)
        if pattern.fullmatch(text):
            return text
        out.append(Issue("value-invalid", text, {"property": label or name, "expected": expected}))
        return None

    return check


isni = _matches(_ISNI, "ISNI", "16 digits (the last may be X), in blocks of four.")
isil = _matches(_ISIL, "ISIL", "A country code, a hyphen, and the unit's identifier.")
oclc = _matches(_OCLC, "OCLC", "Digits only.")
ror = _matches(_ROR, "ROR", "0, six characters and two digits, without https://ror.org/.")
orcid = _matches(_ORCID, None, "16 digits (the last may be X), in blocks of four with hyphens.")


def doi(name: str, value: Any, out: list[Issue]) -> str | None:
    """A DOI without resolver or prefix word."""
    text = _text(value)
    if _DOI.fullmatch(text):
        return text
    if match := _DOI_WITHIN.search(text):
        out.append(Issue("format-wrong", text, {"property": name, "expected": match[1]}))
        return match[1]
    out.append(
        Issue("value-invalid", text, {"property": name, "expected": "A DOI is prefix/suffix, e.g. 10.1000/182."})
    )
    return None


def proprietary(name: str, value: Any, out: list[Issue]) -> str | None:
    """`platform-id:identifier`, the platform ID at most 17 characters."""
    return _proprietary(value, "identifier", out)


def proprietary_value(name: str, value: Any, out: list[Issue]) -> str | None:
    """A proprietary item attribute, in the same form."""
    return _proprietary(value, "value", out)


def _proprietary(value: Any, kind: str, out: list[Issue]) -> str | None:
    text = _text(value)
    head, colon, rest = text.partition(":")
    if head and colon and not rest:
        expected = "The identifier after the platform ID is missing."
    elif not head or not rest:
        expected = "The platform ID and a colon are missing."
    elif not (match := _PLATFORM_ID.match(text)):
        expected = "The platform ID may have letters, digits, underscore, dot and slash only."
    elif len(match[1]) > 17:
        expected = "The platform ID may have 17 characters at most."
    else:
        return text
    out.append(Issue("proprietary-invalid", text, {"kind": kind, "expected": expected}))
    return None


def proprietary_institution(name: str, value: Any, out: list[Issue]) -> str | None:
    """A proprietary institution identifier; the one of global reports is repaired if misspelt."""
    text = _proprietary(value, "identifier", out)
    if text is None:
        return None
    namespace, _, local = text.partition(":")
    if local != WORLD_ID and fuzzy(local) == WORLD_ID:
        right = f"{namespace}:{WORLD_ID}"
        out.append(Issue("value-spelling", text, {"property": name, "expected": right}))
        return right
    return text


def issn(name: str, value: Any, out: list[Issue]) -> str | None:
    """An ISSN with hyphen and capital X."""
    text = _text(value)
    if _ISSN_GOOD.fullmatch(text):
        return text
    if _ISSN.fullmatch(text):
        right = text.replace("-", "").upper()
        right = f"{right[:4]}-{right[4:]}"
        if len(text) == 8:
            out.append(Issue("format-wrong", text, {"property": name, "expected": right}))
        if text[-1] == "x":
            out.append(Issue("format-wrong", text, {"property": name, "expected": right}))
        return right
    if match := _ISSN_WITHIN.search(text):
        right = f"{match[1]}-{match[2].upper()}"
        out.append(Issue("format-wrong", text, {"property": name, "expected": right}))
        return right
    out.append(Issue("value-invalid", text, {"property": name, "expected": "An ISSN is nnnn-nnnn; the last may be X."}))
    return None


def isbn(name: str, value: Any, out: list[Issue]) -> str | None:
    """An ISBN-13 with hyphens in the places of the ISBN agency's ranges."""
    text = _text(value)
    bare = text.replace("-", "")
    if _ISBN13.fullmatch(bare):
        return _isbn13(name, text, bare, out)
    if bare.isascii() and bare.isdigit() and len(bare) == 13:
        expected = "An ISBN-13 starts with 978 or 979."
        out.append(Issue("value-invalid", text, {"property": name, "expected": expected}))
        return None
    if _ISBN10.fullmatch(bare):
        right = hyphenated(isbn13_of(bare))
        out.append(Issue("isbn10", text, {"property": name, "expected": right}))
        return right
    if match := _ISBN13_WITHIN.match(text):
        found = match[0]
        right = found if len(found) == 17 and found[3] == "-" == found[15] else hyphenated(found.replace("-", ""))
        out.append(Issue("format-wrong", text, {"property": name, "expected": right}))
        return right
    match = _ISBN10_WITHIN.match(text)
    if match and _ISBN10.fullmatch(match[0].replace("-", "")):
        right = hyphenated(isbn13_of(match[0].replace("-", "")))
        out.append(Issue("isbn10", text, {"property": name, "expected": right}))
        return right
    out.append(Issue("value-invalid", text, {"property": name, "expected": "An ISBN-13 with hyphens is needed."}))
    return None


def _isbn13(name: str, text: str, bare: str, out: list[Issue]) -> str:
    right = hyphenated(bare)
    if text == right:
        return text
    if len(text) != 17:
        out.append(Issue("format-wrong", text, {"property": name, "expected": right}))
        return right
    out.append(Issue("format-doubtful", text, {"property": name, "expected": f"By the ISBN ranges: {right}."}))
    # a wrongly hyphenated ISBN may be what the provider uses throughout, so it is kept when its ends are right
    return text if text[3] == "-" == text[15] else right


_REGISTRANTS: dict[str, tuple[int, int]] = {}
"""ISBN prefixes up to the registrant → lengths of group and registrant: all ISBNs of a registrant are cut alike."""
_MOST_REGISTRANTS = 100_000


def hyphenated(bare: str) -> str:
    """An ISBN-13 with hyphens; without, when its range is not assigned."""
    for end in range(11, 4, -1):
        lengths = _REGISTRANTS.get(bare[:end])
        if lengths is not None:
            cut = 3 + lengths[0]
            return f"{bare[:3]}-{bare[3:cut]}-{bare[cut:end]}-{bare[end:12]}-{bare[12]}"
    parts = isbn_ranges.split(bare)
    if len(parts) != 5 or not all(parts):
        return bare
    if len(_REGISTRANTS) >= _MOST_REGISTRANTS:
        _REGISTRANTS.clear()
    _REGISTRANTS["".join(parts[:3])] = (len(parts[1]), len(parts[2]))
    return "-".join(parts)


def isbn13_of(isbn10: str) -> str:
    """The ISBN-13 (without hyphens) of an ISBN-10 (without hyphens)."""
    body = "978" + isbn10[:9]
    odd_even = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-odd_even % 10)


def uri(name: str, value: Any, out: list[Issue]) -> str | None:
    """A web address with host, or a URN."""
    text = _text(value)
    if _PLAIN_ADDRESS.fullmatch(text) or is_web_address(text) or _URN.fullmatch(text):
        return text
    out.append(Issue("value-invalid", text, {"property": name, "expected": "A full URL or URN is needed."}))
    return None


def is_web_address(text: str, schemes: tuple[str, ...] = ("http", "https", "ftp")) -> bool:
    """True for an absolute address with a dotted host."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
        parts.port  # noqa: B018  an impossible port raises
    except ValueError:
        return False
    return parts.scheme in schemes and host is not None and _HOST.fullmatch(host) is not None


CHECKS: dict[str, Callable[[str, Any, list[Issue]], str | None]] = {
    "isni": isni,
    "isil": isil,
    "oclc": oclc,
    "ror": ror,
    "orcid": orcid,
    "doi": doi,
    "proprietary": proprietary,
    "proprietary_value": proprietary_value,
    "proprietary_institution": proprietary_institution,
    "issn": issn,
    "isbn": isbn,
    "uri": uri,
}

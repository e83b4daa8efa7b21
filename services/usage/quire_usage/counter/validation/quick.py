"""Tests that are true only of values that are surely right as they stand.

Most values are right, and most of the time goes into saying so. What passes here needs no further check and no repair;
what does not is judged in full, so these tests change the speed and never the verdict.
"""

import re
from collections.abc import Callable
from typing import Any

from quire_usage.counter.validation.identifiers import hyphenated

Test = Callable[[str], Any]

_PROPRIETARY = re.compile(r"[a-zA-Z0-9+_./]{1,17}:[^\n]+")
_DOI = re.compile(r"10\.[1-9][0-9]{2}[0-9.]*/[^\n]+")
_ISSN = re.compile(r"[0-9]{4}-[0-9]{3}[0-9X]")
_ISBN = re.compile(r"97[89]-[0-9-]{11}-[0-9]")
_ADDRESS = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[A-Za-z0-9/._~%=?&+:;,!()*-]*)?")
_ISNI = re.compile(r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9X]")
_ROR = re.compile(r"0[0-9a-hjkmnp-z]{6}[0-9]{2}")


def _isbn(text: str) -> bool:
    return len(text) == 17 and _ISBN.fullmatch(text) is not None and hyphenated(text.replace("-", "")) == text


def _text(text: str) -> bool:
    # a first sign beyond the digits: a table cell that looks like a number is stored as one
    return text[:1] >= "A" and text[-1:] > " "


TESTS: dict[str, Test] = {
    "doi": _DOI.fullmatch,
    "issn": _ISSN.fullmatch,
    "isbn": _isbn,
    "uri": _ADDRESS.fullmatch,
    "proprietary": _PROPRIETARY.fullmatch,
    "isni": _ISNI.fullmatch,
    "ror": _ROR.fullmatch,
    "text": _text,
    "text_or_empty": _text,
}
"""Check → test; checks that are not here are always made in full."""

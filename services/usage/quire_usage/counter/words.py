"""Comparing words as vendors spell them."""

import re
from collections.abc import Iterable

_NOISE = re.compile("[\\s\"“”'_-]")

BLANKS = " \t\n\r\0\x0b"
"""What counts as white space around a value (the standard's values are ASCII)."""


def fuzzy(text: str) -> str:
    """`text` without case, white space, quotes, underscores and hyphens."""
    return _NOISE.sub("", text).lower()


def closest(text: str, permitted: Iterable[str]) -> str | None:
    """The permitted word that `text` means, spelling apart."""
    wanted = fuzzy(text)
    return next((word for word in permitted if fuzzy(word) == wanted), None)

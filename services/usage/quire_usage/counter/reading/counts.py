"""Counts as vendors write them."""

import re

_SEPARATORS = ", \u00a0\u202f"
_GROUPED = re.compile(rf"[0-9]{{1,3}}([{_SEPARATORS}][0-9]{{3}})+(\.0+)?|[0-9]+(\.0+)?")
_REMOVED = str.maketrans("", "", _SEPARATORS)


def whole_number(text: str, largest: int) -> int | None:
    """The count that `12`, `1,123`, `1 123` or `12.0` means; None for anything else and for more than `largest`."""
    if not (text.isascii() and text.isdigit()):
        if _GROUPED.fullmatch(text) is None:
            return None
        text = text.translate(_REMOVED).split(".")[0]
    if len(text) > 20:
        return None
    value = int(text)
    return value if value <= largest else None

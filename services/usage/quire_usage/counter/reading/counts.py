"""Counts as vendors write them."""

import re

_GROUPED = re.compile(r"\d{1,3}([,  ]\d{3})+(\.0+)?|\d+(\.0+)?")


def whole_number(text: str, largest: int) -> int | None:
    """The count that `12`, `1,123`, `1 123` or `12.0` means; None for anything else and for more than `largest`."""
    if not (text.isascii() and text.isdigit()):
        if _GROUPED.fullmatch(text) is None or not text.replace("\u00a0", " ").isascii():
            return None
        text = re.sub(r"[,  ]", "", text).split(".")[0]
    if len(text) > 20:
        return None
    value = int(text)
    return value if value <= largest else None

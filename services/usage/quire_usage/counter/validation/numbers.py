"""Numbers as tables and JSON texts write them."""

import re

from quire_usage.counter.reading.limits import MOST_COUNT

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def whole_number(text: str) -> int | None:
    """A number as spreadsheets write it (`12`, `12.0`, `1e3`), its fraction cut off.

    None for anything else, and for numbers that no usage reaches (10^15 and more).
    """
    if not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        number = int(text) if len(text) < 20 else MOST_COUNT
    else:
        value = float(text)
        number = int(value) if abs(value) < MOST_COUNT else MOST_COUNT
    return number if abs(number) < MOST_COUNT else None

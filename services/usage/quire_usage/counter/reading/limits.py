"""Limits that stop hostile or hopeless input before it fills memory or a disk."""

from dataclasses import dataclass

MOST_COUNT = 10**15
"""Counts from here on are not believed."""


class NotReadable(ValueError):
    """The input cannot be read as a report at all; the message says why and what to do, in words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one report. A 50,000-title year needs less than a hundredth of each."""

    bytes: int = 4 * 1024**3
    """Bytes of the (unpacked) text, or of one unpacked spreadsheet part."""
    rows: int = 20_000_000
    columns: int = 2_000
    cell: int = 64_000
    """Characters of one cell or JSON string."""
    item_bytes: int = 32 * 1024**2
    """Bytes of one JSON report item."""
    header_bytes: int = 4 * 1024**2
    depth: int = 64
    """Nesting of JSON."""
    count: int = MOST_COUNT
    """Counts from here on are not believed."""
    line: int = 16 * 1024**2
    """Bytes of one line of a text table."""
    ratio: int = 400
    """Unpacked bytes per packed byte of a spreadsheet part beyond the first 32 MB."""
    quarantined: int = 10_000
    """Quarantined parts kept; further ones are only counted."""

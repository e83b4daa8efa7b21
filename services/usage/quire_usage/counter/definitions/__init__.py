"""Report definitions of each COUNTER release, as tables. A new release is a new file, not new code.

The tables state what the Code of Practice prescribes: header rows, columns, filters, permitted values, metrics,
attributes, exceptions and the relations between metrics (sections 3.2–3.3 and 4, appendix D).
"""

from quire_usage.counter.definitions.tables import (
    Element,
    ExceptionRule,
    FilterRule,
    HeaderElement,
    IdentifierRule,
    Release,
    Report,
    release,
    releases,
)

__all__ = [
    "Element",
    "ExceptionRule",
    "FilterRule",
    "HeaderElement",
    "IdentifierRule",
    "Release",
    "Report",
    "release",
    "releases",
]

"""EDI syntax: bytes to messages and segments and back (ISO 9735, ASC X12.5)."""

from .limits import DEFAULT_LIMITS, Limits
from .model import DEFAULT_DELIMITERS, Delimiters, Group, Interchange, Layout, Message, Segment
from .reader import Reading, read, tokenize
from .writer import OutElement, OutEnvelope, OutGroup, OutMessage, OutSegment, OutStyle, Written, write_interchange

__all__ = [
    "DEFAULT_DELIMITERS",
    "DEFAULT_LIMITS",
    "Delimiters",
    "Group",
    "Interchange",
    "Layout",
    "Limits",
    "Message",
    "OutElement",
    "OutEnvelope",
    "OutGroup",
    "OutMessage",
    "OutSegment",
    "OutStyle",
    "Reading",
    "Segment",
    "Written",
    "read",
    "tokenize",
    "write_interchange",
]

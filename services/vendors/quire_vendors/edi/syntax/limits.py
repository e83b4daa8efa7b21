"""How much the reader takes before it refuses in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes. What is over a limit is flagged and left out; nothing grows with a hostile file."""

    file: int = 50_000_000
    chunk: int = 262_144
    """Read at a time; three segments of the greatest length are read when that is more."""
    segment: int = 65_536
    elements: int = 200
    """Elements of one segment, and components of one element."""
    message_bytes: int = 8_000_000
    message_segments: int = 100_000
    message_elements: int = 1_000_000
    """Elements and components of one message together."""
    messages: int = 100_000
    interchanges: int = 2_000


DEFAULT_LIMITS = Limits()

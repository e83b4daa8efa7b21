"""What the reader must know of a syntax: its service segments, and how an interchange declares its delimiters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .model import DEFAULT_DELIMITERS, Delimiters, Group, Interchange, Layout, Message, Segment

Role = Literal["interchange", "group", "message", "end of message", "end of group", "end of interchange"]


@dataclass(slots=True)
class Settled:
    """The delimiters of an interchange, read from its first bytes.

    `skip` bytes belong to the declaration itself (UNA) and are no segment. `notes` are flag codes with their values.
    """

    delimiters: Delimiters = DEFAULT_DELIMITERS
    skip: int = 0
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)


class Codec(Protocol):
    """One EDI syntax. EDIFACT and X12 share the splitting into segments and the checks of trailers."""

    @property
    def standard(self) -> str:
        """`EDIFACT` or `X12`."""

    @property
    def openers(self) -> tuple[bytes, ...]:
        """First three bytes of what opens an interchange; there the delimiters are settled anew."""

    @property
    def roles(self) -> Mapping[bytes, Role]:
        """Service segments by tag; the trailers have count and reference as their first two elements."""

    @property
    def header(self) -> str:
        """Tag of an interchange's header."""

    @property
    def loose(self) -> frozenset[str]:
        """Tags that may stand outside of messages."""

    @property
    def trailers(self) -> Mapping[Role, str]:
        """Tag of each trailer, for the codes of flags."""

    @property
    def tag_pattern(self) -> bytes:
        """Regular expression of a tag."""

    def settle(self, window: bytes, current: Delimiters | None) -> Settled | None:
        """Delimiters from the file's bytes at an opener; `None` when the bytes open nothing."""

    def role(self, raw: bytes, layout: Layout) -> Role | None:
        """What a service segment does; `None` for any other."""

    def charset(self, raw: bytes, layout: Layout) -> str:
        """The character set that an interchange's header declares, for the reading of that header itself."""

    def open_interchange(self, segment: Segment, interchange: Interchange) -> None:
        """Fill the interchange from its header and flag what is odd in it."""

    def open_group(self, segment: Segment) -> Group: ...

    def open_message(self, segment: Segment, message: Message) -> None:
        """Fill reference, type and version from the message's header and flag what is odd in it."""

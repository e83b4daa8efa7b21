"""X12 (ASC X12.5, X12.6): ISA, GS and ST with their trailers. Segments, types and counts; no documents yet."""

import re

from .codec import Role, Settled
from .model import Delimiters, Group, Interchange, Layout, Message, Segment

_FIELDS = 16


class X12:
    standard = "X12"
    openers = (b"ISA",)
    roles: dict[bytes, Role] = {
        b"ISA": "interchange",
        b"GS": "group",
        b"ST": "message",
        b"SE": "end of message",
        b"GE": "end of group",
        b"IEA": "end of interchange",
    }
    header = "ISA"
    loose = frozenset({"TA1"})
    trailers: dict[Role, str] = {"end of message": "SE", "end of group": "GE", "end of interchange": "IEA"}
    tag_pattern = rb"[A-Z][A-Z0-9]{1,2}"

    def settle(self, window: bytes, current: Delimiters | None) -> Settled | None:
        """ISA has 16 elements of fixed width, 106 bytes in all: byte 4 separates elements, byte 105 components, byte
        106 ends the segment. Where a sender did not pad, the separators are found by counting elements."""
        element = window[3:4]
        if window[:3] != b"ISA" or not element or element.isalnum() or element in b"\r\n":
            return None
        notes: list[tuple[str, dict[str, object]]] = []
        at = -1
        for _ in range(_FIELDS):
            at = window.find(element, at + 1, 400)
            if at < 0:
                return None
        component, segment = window[at + 1 : at + 2], window[at + 2 : at + 3]
        if segment == b"\r" and window[at + 3 : at + 4] == b"\n":
            segment = b"\n"
        if not segment or segment == element or segment.isalnum() or not component or component == segment:
            return None
        if at != 103:
            notes.append(("ISA_WIDTH", {"size": at + 3}))
        parts = window[: at + 1].split(element)
        repetition = parts[11]
        new = re.fullmatch(rb"[0-9]{5}", parts[12]) is not None and parts[12] >= b"00402"
        return Settled(
            Delimiters(
                component=component,
                element=element,
                release=b"",
                segment=segment,
                repetition=repetition if new and len(repetition) == 1 and not repetition.isalnum() else b"",
            ),
            0,
            notes,
        )

    def role(self, raw: bytes, layout: Layout) -> Role | None:
        return self.roles.get(raw[:16].translate(None, b"\r\n")[:3].split(layout.delimiters.element)[0])

    def charset(self, raw: bytes, layout: Layout) -> str:
        """X12 declares none; Latin-1 is the least that its senders use."""
        return "UNOC"

    def open_interchange(self, segment: Segment, interchange: Interchange) -> None:
        """ISA05 to ISA16 (qualifiers and ids padded with blanks, which are no part of them)."""
        get = segment.get
        interchange.sender_qualifier, interchange.sender = get(4).strip(), get(5).strip()
        interchange.recipient_qualifier, interchange.recipient = get(6).strip(), get(7).strip()
        interchange.date, interchange.time = get(8).strip(), get(9).strip()
        interchange.syntax = ("X12", get(11).strip())
        interchange.reference = get(12).strip()
        interchange.acknowledgement_requested = get(13).strip() == "1"
        interchange.test = get(14).strip() not in ("P", "")
        if interchange.test:
            interchange.flags.add("TEST_INTERCHANGE", segment.place(None, 14))

    def open_group(self, segment: Segment) -> Group:
        get = segment.get
        return Group(type=get(0), sender=get(1), recipient=get(2), reference=get(5), segment=segment)

    def open_message(self, segment: Segment, message: Message) -> None:
        """ST01 is the type, ST02 the reference, ST03 the implementation; release and agency come from GS07, GS08."""
        message.type = segment.get(0).strip()
        message.reference = segment.get(1).strip()
        message.association = segment.get(2).strip()
        if message.group is not None:
            message.agency = message.group.segment.get(6).strip()
            message.release = message.group.segment.get(7).strip()
        if not message.type:
            message.noted.add("MESSAGE_TYPE_MISSING", segment.place(message.index))
        if not message.reference:
            message.noted.add("MESSAGE_REFERENCE_MISSING", segment.place(message.index))

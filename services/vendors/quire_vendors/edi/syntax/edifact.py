"""EDIFACT (ISO 9735, syntax versions 1 to 4): UNA, UNB, UNG, UNH and their trailers, as vendors write them."""

import re

from .charset import CODECS
from .codec import Role, Settled
from .model import DEFAULT_DELIMITERS, Delimiters, Group, Interchange, Layout, Message, Segment

_OPENING = re.compile(rb"UNB(.)[A-Z0-9]{4}(.)[0-9]", re.DOTALL)
_HEADER = re.compile(rb"UN[BGH](.)", re.DOTALL)
_BLANK = rb"[\r\n\t ]*"
_OWN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _may_delimit(mark: bytes) -> bool:
    return len(mark) == 1 and mark not in _OWN and mark < b"\x7f" and mark not in b"\0 "


class Edifact:
    standard = "EDIFACT"
    openers = (b"UNA", b"UNB")
    roles: dict[bytes, Role] = {
        b"UNB": "interchange",
        b"UNG": "group",
        b"UNH": "message",
        b"UNT": "end of message",
        b"UNE": "end of group",
        b"UNZ": "end of interchange",
    }
    header = "UNB"
    loose: frozenset[str] = frozenset()
    trailers: dict[Role, str] = {"end of message": "UNT", "end of group": "UNE", "end of interchange": "UNZ"}
    tag_pattern = rb"[A-Z][A-Z0-9]{2}"

    def settle(self, window: bytes, current: Delimiters | None) -> Settled | None:
        """UNA says which characters delimit; what the header segments show wins over it.

        UNA has six characters (ISO 9735-1, 7.1), five where a sender leaves out the reserved blank. Without UNA the
        characters of the interchange before it stay where they fit, else the standard ones are taken.
        """
        text = window.translate(None, b"\r\n")
        declared: Delimiters | None = None
        skip = 0
        notes: list[tuple[str, dict[str, object]]] = []
        if window[:3] == b"UNA":
            found = self._una(window)
            if found is None:
                return None
            declared, skip, short = found
            if short:
                notes.append(("UNA_SHORT", {"una": window[: skip + 3].decode("latin-1").strip()}))
            text = window[skip:].translate(None, b"\r\n")
        believed = declared or current or DEFAULT_DELIMITERS
        body = text.lstrip(b" \t")
        if not _HEADER.match(body):
            if declared is None or skip == 0:
                return None
            return Settled(declared, skip, notes)
        marks = self._observe(window[skip:], body, believed, DEFAULT_DELIMITERS)
        if declared is not None and marks != declared:
            notes.append(("UNA_DISAGREES", {"una": _shown(declared), "used": _shown(marks)}))
        elif declared is None and marks != DEFAULT_DELIMITERS:
            notes.append(("DELIMITERS_GUESSED", {"used": _shown(marks)}))
        return Settled(marks, skip, notes)

    def _una(self, window: bytes) -> tuple[Delimiters, int, bool] | None:
        """Delimiters of UNA, its length, and whether it is the short form; `None` when it is no UNA at all."""
        short = re.compile(re.escape(window[7:8]) + _BLANK + rb"UN[GH]")
        breaks = window[8:9] in (b"\r", b"\n") and _may_delimit(window[7:8]) and short.search(window, 8)
        for size in (8, 9) if breaks else (9, 8):
            una, after = window[:size], window[size:].lstrip(b"\r\n\t ")
            component, element, decimal, release = (una[at : at + 1] for at in range(3, 7))
            segment = una[-1:]
            good = all(_may_delimit(mark) for mark in (component, element, segment)) and not release.isalnum()
            if good and len({component, element, segment}) == 3 and (not after or after.startswith((b"UN", b"U"))):
                reserved = una[7:8] if size == 9 else b""
                return (
                    Delimiters(
                        component=component,
                        element=element,
                        decimal=decimal if decimal in b".," else b".",
                        release=release if release not in (b" ", component, element, segment) else b"",
                        segment=segment,
                        repetition=reserved if _may_delimit(reserved) else b"",
                    ),
                    size,
                    size == 8,
                )
        found = re.compile(rb"UNA.{0,8}?[\r\n\t ]*(?=UN[BGH])", re.DOTALL).match(window)
        return (DEFAULT_DELIMITERS, found.end(), False) if found else None

    def _observe(self, raw: bytes, body: bytes, believed: Delimiters, fallback: Delimiters) -> Delimiters:
        """The delimiters that the header segments themselves show, `believed` where they show nothing."""
        header = _HEADER.match(body)
        opening = _OPENING.match(body)
        element = header.group(1) if header and _may_delimit(header.group(1)) else believed.element
        component = opening.group(2) if opening and _may_delimit(opening.group(2)) else believed.component
        if opening is None and body.startswith(b"UNH"):
            typed = re.compile(rb"UNH" + re.escape(element) + rb"[A-Za-z0-9]*" + re.escape(element) + rb"[A-Z]{6}(.)")
            if (hit := typed.match(body)) and _may_delimit(hit.group(1)):
                component = hit.group(1)
        if component == element:
            component = believed.component if believed.component != element else fallback.component
        segment = b""
        for candidate in (believed.segment, fallback.segment):
            if candidate not in (element, component) and self._ends(raw, body, candidate, element):
                segment = candidate
                break
        if not segment:
            follow = re.compile(rb"([^A-Za-z0-9\r\n\t ])" + _BLANK + rb"UN[GH]" + re.escape(element))
            for hit in follow.finditer(body):
                if hit.group(1) not in (element, component) and _may_delimit(hit.group(1)):
                    segment = hit.group(1)
                    break
            else:
                broken = re.compile(rb"[\r\n]UN[GH]" + re.escape(element)).search(raw)
                segment = b"\n" if broken and b"\n" in raw else believed.segment
        if segment in (element, component):
            segment = next(mark for mark in (b"'", b"~", b"\n") if mark not in (element, component))
        release = believed.release if believed.release not in (element, component, segment) else b""
        return Delimiters(
            component=component,
            element=element,
            decimal=believed.decimal,
            release=release,
            segment=segment,
            repetition=believed.repetition if believed.repetition not in (element, component, segment) else b"",
        )

    def _ends(self, raw: bytes, body: bytes, mark: bytes, element: bytes) -> bool:
        text = raw if mark in b"\r\n" else body
        return re.search(re.escape(mark) + _BLANK + rb"UN[GHZT]" + re.escape(element), text) is not None

    def role(self, raw: bytes, layout: Layout) -> Role | None:
        return self.roles.get(raw[:16].translate(None, b"\r\n")[:3])

    def charset(self, raw: bytes, layout: Layout) -> str:
        """The syntax identifier (S001 0001), four characters after the tag."""
        return raw[:32].translate(None, b"\r\n")[4:8].decode("latin-1")

    def open_interchange(self, segment: Segment, interchange: Interchange) -> None:
        get = segment.get
        interchange.syntax = (get(0), get(0, 1))
        interchange.charset = get(0).strip()
        interchange.sender, interchange.sender_qualifier, interchange.sender_routing = (get(1, at) for at in range(3))
        interchange.recipient, interchange.recipient_qualifier = get(2), get(2, 1)
        interchange.recipient_routing = get(2, 2)
        interchange.date, interchange.time = get(3), get(3, 1)
        interchange.reference = get(4)
        interchange.password = get(5)
        interchange.application_reference = get(6)
        interchange.acknowledgement_requested = get(8).strip() == "1"
        interchange.test = get(10).strip() not in ("", "0")
        place = segment.place
        if interchange.charset not in CODECS:
            interchange.flags.add("CHARSET_UNKNOWN", place(None, 0, 0), charset=interchange.charset or "nothing")
        if not interchange.reference.strip():
            interchange.flags.add("INTERCHANGE_REFERENCE_MISSING", place(None, 4))
        if not interchange.sender.strip():
            interchange.flags.add("SENDER_MISSING", place(None, 1))
        if interchange.test:
            interchange.flags.add("TEST_INTERCHANGE", place(None, 10))

    def open_group(self, segment: Segment) -> Group:
        get = segment.get
        return Group(type=get(0), sender=get(1), recipient=get(2), reference=get(4), segment=segment)

    def open_message(self, segment: Segment, message: Message) -> None:
        """UNH: reference, then type, version, release, agency and association code (S009)."""
        get = segment.get
        message.reference = get(0)
        message.type = get(1).strip()
        version, release = get(1, 1).strip(), get(1, 2).strip()
        if version[:1].isdigit() and release in ("D", "S") and len(version) > 1:
            message.noted.add("UNH_VERSION_SWAPPED", segment.place(message.index, 1), written=f"{version}:{release}")
            version, release = release, version
        message.version, message.release = version, release
        message.agency, message.association = get(1, 3).strip(), get(1, 4).strip()
        if not message.type:
            message.noted.add("MESSAGE_TYPE_MISSING", segment.place(message.index))
        if not message.reference.strip():
            message.noted.add("MESSAGE_REFERENCE_MISSING", segment.place(message.index, 0))


def _shown(marks: Delimiters) -> str:
    return (marks.component + marks.element + marks.decimal + (marks.release or b" ") + marks.segment).decode("latin-1")

"""What a file is, by its first bytes: EDIFACT, X12, or something else, said in words."""

import re

from quire_vendors.edi.flags import Flags, Place

from .codec import Codec
from .edifact import Edifact
from .source import Source
from .x12 import X12

_MAGIC = (
    (b"PK\x03\x04", "it is a ZIP archive or an office document; unpack it first"),
    (b"PK\x05\x06", "it is an empty ZIP archive"),
    (b"\x1f\x8b", "it is packed with gzip; unpack it first"),
    (b"%PDF", "it is a PDF document"),
    (b"\xd0\xcf\x11\xe0", "it is an old office document"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"{\\rtf", "it is a text document (RTF)"),
    (b"\xff\xfe", "its text is UTF-16; ask for plain 8-bit text"),
    (b"\xfe\xff", "its text is UTF-16; ask for plain 8-bit text"),
    (b"STX=", "it is a TRADACOMS file, which is not supported"),
    (b"<?xml", "it is an XML document"),
    (b"<!DOCTYPE", "it is a web page"),
    (b"<!doctype", "it is a web page"),
    (b"<html", "it is a web page"),
    (b"<HTML", "it is a web page"),
)
_START = re.compile(rb"UNA[^A-Za-z0-9]{5}|UNB[^A-Za-z0-9\s]|UNH[^A-Za-z0-9\s][^\s]|ISA[^A-Za-z0-9\s](?:[^\r\n]{2}|$)")
_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def sniff(source: Source, noted: Flags) -> Codec | None:
    """The syntax of a file, with the source moved to its first interchange; `None`, flagged, when there is none."""
    source.fill()
    buffer = source.buffer
    if not buffer.strip(_BLANKS):
        noted.add("EMPTY_FILE" if source.ended else "NOT_EDI", Place(), what="it begins with nothing but blanks")
        return None
    body = buffer.removeprefix(_BOM).lstrip(_BLANKS)
    for magic, what in _MAGIC:
        if body.startswith(magic):
            noted.add("NOT_EDI", Place(end=len(magic)), what=what)
            return None
    found = _START.search(buffer)
    if found is None:
        noted.add("NOT_EDI", Place(), what=_guess(body))
        return None
    lead = buffer[: found.start()].removeprefix(_BOM).strip(_BLANKS)
    if lead:
        shown = lead[:80].decode("latin-1")
        noted.add("LEADING_TEXT", Place(start=0, end=found.start()), size=found.start(), text=shown)
    source.drop(found.start())
    return X12() if found.group().startswith(b"ISA") else Edifact()


def _guess(body: bytes) -> str:
    if b"\0" in body[:512]:
        even, odd = body[:512:2].count(0), body[1:512:2].count(0)
        if max(even, odd) > len(body[:512]) // 4 and min(even, odd) < max(even, odd) // 4:
            return "its text is UTF-16; ask for plain 8-bit text"
        return "it holds binary data"
    if body.startswith(b"<"):
        return "it is an XML document or a web page"
    return "neither UNA, UNB, UNH nor ISA was found in its first part"

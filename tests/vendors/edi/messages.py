"""Messages for tests, written as segments."""

from collections.abc import Sequence

from quire_vendors.edi import documents
from quire_vendors.edi.documents.model import AnyDocument
from quire_vendors.edi.profiles.loader import BASE, build, shipped
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Reading

HEAD = "profile: mine\nversion: 1\ntitle: Mine\ninherits: editeur-d96a\n"


def profile(text: str = "") -> Profile:
    """The base profile, or one with these YAML keys on top of it."""
    return build(HEAD + text, "mine.yaml") if text else shipped(BASE)


def file(kind: str, segments: Sequence[str], una: str = "UNA:+.? '", test: bool = False) -> bytes:
    """An interchange of one message; the segments without terminator."""
    end = una[-1]
    body = [f"UNH+1+{kind}:D:96A:UN:EAN008", *segments, f"UNT+{len(segments) + 2}+1"]
    header = "UNB+UNOC:3+SENDER:ZZ+LIBRARY:ZZ+260101:1200+77" + ("++++++1" if test else "")
    return (una + end.join([header, *body, "UNZ+1+77", ""])).encode("latin-1")


def read(kind: str, segments: Sequence[str], text: str = "", una: str = "UNA:+.? '", test: bool = False) -> AnyDocument:
    [message] = Reading(file(kind, segments, una, test))
    return documents.read(message, profile(text))


def line(number: int, amount: str, *more: str, quantity: str = "1") -> list[str]:
    """An invoice line with quantity and amount."""
    return [f"LIN+{number}++9780000000019:EN", f"QTY+47:{quantity}", f"MOA+203:{amount}", *more]


INVOICE = ["BGM+380+INV1+9", "DTM+137:20260131:102", "CUX+2:EUR:4"]

"""Picks the profile of a message from who sent it. No vendor's name stands in the code: profiles say who they are."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from quire_vendors.edi.syntax.model import Message

from .loader import BASE, names, shipped
from .model import Profile

MOST_PARTIES = 20
"""Supplier parties that are looked at."""


def choose(message: Message, profiles: Iterable[Profile] | None = None) -> Profile:
    """The profile whose patterns fit the interchange sender, else the supplier in the message, else the base.

    `profiles`: those to choose from (a library's own before the shipped ones); default: those that Quire ships.
    """
    if message.interchange.standard != "EDIFACT":
        return shipped(BASE)
    candidates = _shipped() if profiles is None else tuple(profiles)
    sender, qualifier = message.interchange.sender.strip(), message.interchange.sender_qualifier.strip()
    for profile in candidates:
        if any(_fits(pattern, sender, qualifier) for pattern in profile.identify.senders):
            return profile
    suppliers, supplier_names = _suppliers(message)
    for profile in candidates:
        for pattern in profile.identify.suppliers:
            if any(_fits(pattern, identifier, agency) for identifier, agency in suppliers):
                return profile
        for name in profile.identify.names:
            if any(name.casefold() in text for text in supplier_names):
                return profile
    return shipped(BASE)


@cache
def _shipped() -> tuple[Profile, ...]:
    return tuple(profile for profile in map(shipped, names()) if profile.status != "base")


def _fits(pattern: str, identifier: str, qualifier: str) -> bool:
    wanted, colon, wanted_qualifier = pattern.partition(":")
    if colon and wanted_qualifier != qualifier:
        return False
    return bool(identifier) and fnmatchcase(identifier, wanted)


def _suppliers(message: Message) -> tuple[list[tuple[str, str]], list[str]]:
    identifiers: list[tuple[str, str]] = []
    texts: list[str] = []
    for segment in message.segments:
        if segment.tag == "LIN" or len(identifiers) >= MOST_PARTIES:
            break
        if segment.tag == "NAD" and segment.get(0) in ("SU", "SR", "SE"):
            identifiers.append((segment.get(1), segment.get(1, 2)))
            texts.append(" ".join(piece for element in segment.elements[2:] for piece in element).casefold())
    return identifiers, texts

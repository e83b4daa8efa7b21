"""Pure decisions about what goes out: names of files, pauses between attempts, and a second sending of an order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from quire_vendors.exchange.rules import MessageState

ATTEMPTS_BEFORE_ALARM = 5
MOST_ATTEMPTS = 200

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

#: An earlier message of the order in one of these states reached the vendor, or may have.
GONE = frozenset({MessageState.RENDERED, MessageState.SENT, MessageState.ACKNOWLEDGED, MessageState.REJECTED})
#: In these nothing has left the house.
NOT_GONE = frozenset({MessageState.DRAFTED, MessageState.BY_HAND, MessageState.QUARANTINED})


def file_name(template: str, values: dict[str, str], longest: int) -> str:
    """The name of a file that goes out: the profile's template, with safe characters and not longer than allowed.

    What is too long loses the start of its stem: the reference at its end tells files apart.
    """
    name = template
    for key, value in values.items():
        name = name.replace("{" + key + "}", value)
    name = _UNSAFE.sub("-", name).strip(".-") or "order"
    if len(name) > longest:
        stem, point, suffix = name.rpartition(".")
        if point and len(suffix) < longest - 1:
            name = stem[-(longest - len(suffix) - 1) :] + point + suffix
        else:
            name = name[-longest:]
    return name.lstrip(".-")


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 30 seconds, doubled each time, an hour at most."""
    return timedelta(seconds=min(30 * 2 ** min(max(attempts - 1, 0), 10), 3600))


def sent_before(states: Iterable[MessageState]) -> bool:
    """Whether an order reached its vendor before, or may have."""
    return any(state in GONE for state in states)

"""Decisions of identity: roles as sets of scopes, what one may give away, how long things last, when to slow down."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from quire_shared.access.principal import Principal

ADMINISTRATOR = "administrator"

SESSION_IDLE = timedelta(hours=2)
SESSION_LONGEST = timedelta(hours=12)
LINK_LIFETIME = timedelta(hours=24)
KEY_LONGEST = timedelta(days=366)

SHORTEST_PASSWORD = 12
USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")


@dataclass(frozen=True, slots=True)
class SeedRole:
    """A role that Quire brings. ``grants`` are patterns over ``service/resource:action``."""

    name: str
    description: str
    grants: tuple[str, ...]


SEED_ROLES: Mapping[str, SeedRole] = {
    ADMINISTRATOR: SeedRole("Administrator", "Everything, including people, roles and operations.", ("*",)),
    "acquisitions_librarian": SeedRole(
        "Acquisitions librarian",
        "Orders, receiving, invoices, budgets and vendors; reads licenses and usage.",
        (
            "orders/*",
            "vendors/*",
            "licenses/*:read",
            "usage/*:read",
            "desk/readmodels:read",
            "desk/units:read",
            "desk/keys:write",
        ),
    ),
    "eresources_librarian": SeedRole(
        "E-resources librarian",
        "Licenses, renewals and usage; reads orders, budgets and vendors.",
        (
            "licenses/*",
            "usage/*",
            "orders/*:read",
            "vendors/*:read",
            "desk/readmodels:read",
            "desk/units:read",
            "desk/keys:write",
        ),
    ),
    "receiving_assistant": SeedRole(
        "Receiving assistant",
        "Receives shipments; nothing else.",
        ("orders/receiving:*", "orders/orders:read"),
    ),
    "finance_clerk": SeedRole(
        "Finance clerk",
        "Reads budgets and orders; pays approved invoices.",
        ("orders/*:read", "orders/*:pay", "vendors/vendors:read", "desk/readmodels:read"),
    ),
    "selector": SeedRole(
        "Selector",
        "Reads funds, orders and cost per use.",
        ("orders/funds:read", "orders/orders:read", "usage/*:read", "desk/readmodels:read"),
    ),
}

#: No pattern of a seed role other than the administrator's reaches these.
_ADMINISTRATORS_ONLY = ("operations:", "identity:")


def seed_scopes(code: str, offered: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The scopes of a seed role, from the scopes that each installed service offers."""
    if code == ADMINISTRATOR:
        return frozenset({"*:*"})
    grants = SEED_ROLES[code].grants
    return frozenset(
        scope
        for service, scopes in offered.items()
        for scope in scopes
        if not scope.startswith(_ADMINISTRATORS_ONLY)
        and any(fnmatchcase(f"{service}/{scope}", pattern) for pattern in grants)
    )


def beyond(who: Principal, scopes: Iterable[str]) -> list[str]:
    """Those of the scopes that ``who`` does not have: nobody gives away what is not theirs."""
    return sorted(s for s in scopes if not who.may(s))


def units_beyond(who: Principal, whole_house: bool, unit_ids: Iterable[uuid.UUID]) -> bool:
    """True when somebody limited to units would let another see more than that."""
    return who.units is not None and (whole_house or not set(unit_ids) <= who.units)


def key_scopes(owner: Principal, scopes: Iterable[str]) -> frozenset[str]:
    """What an API key may do now: never more than its owner."""
    return frozenset(s for s in scopes if owner.may(s))


def key_units(
    owner: frozenset[uuid.UUID] | None, whole_house: bool, unit_ids: Iterable[uuid.UUID]
) -> frozenset[uuid.UUID] | None:
    """The units that an API key sees now: never more than its owner."""
    if whole_house:
        return owner
    return frozenset(unit_ids) if owner is None else owner & frozenset(unit_ids)


def normal_user_name(name: str) -> str:
    """The form in which user names are compared: composed, lower case, no blanks around."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def user_name_fault(name: str) -> str | None:
    """What is wrong with a user name (in its normal form), or None."""
    if USER_NAME.fullmatch(name):
        return None
    return (
        "A user name has 2 to 100 characters: letters a to z, digits and . _ @ + -, and begins with a letter or digit."
    )


def password_fault(password: str, user_name: str | None) -> str | None:
    """What is wrong with a new password, or None. Length counts, not composition (NIST SP 800-63B §3.1.1.2)."""
    if len(password) < SHORTEST_PASSWORD:
        return (
            f"A password needs at least {SHORTEST_PASSWORD} characters; this one has {len(password)}. Take a few words."
        )
    if len(set(password)) < 5:
        return "This password repeats too few different characters. Take a few words."
    if user_name and user_name.casefold() in password.casefold():
        return "The password must not contain the user name."
    return None


def hashed(secret: str) -> bytes:
    """SHA-256 of a random secret. Enough for 256 random bits; passwords are hashed with argon2 instead."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_token(session_token: str) -> str:
    """The token that a page of ours sends along with a change; it cannot be made without the session's cookie."""
    return hmac.new(session_token.encode(), b"quire csrf", hashlib.sha256).hexdigest()


def session_ends(created_at: datetime, last_used_at: datetime) -> datetime:
    """When a session ends: after two hours without use, after twelve in any case."""
    return min(created_at + SESSION_LONGEST, last_used_at + SESSION_IDLE)


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most ``limit`` attempts within ``window``."""

    limit: int
    window: timedelta


#: By address, by user name and address together, and by user name (many addresses guessing one password).
THROTTLES: Mapping[str, Throttle] = {
    "pair": Throttle(5, timedelta(minutes=5)),
    "address": Throttle(60, timedelta(minutes=15)),
    "name": Throttle(100, timedelta(minutes=15)),
}


def wait_for(throttle: Throttle, count: int, window_start: datetime, now: datetime) -> timedelta | None:
    """How long to wait before another attempt is looked at; None when this one is."""
    if count <= throttle.limit:
        return None
    return max(window_start + throttle.window - now, timedelta(seconds=1))

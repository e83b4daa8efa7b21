"""What a license is and how its status may change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What sort of paper the license is."""

    LICENSE = "license"
    MASTER = "master"
    AMENDMENT = "amendment"
    SERU = "seru"
    NO_LICENSE_REQUIRED = "no_license_required"


class Status(StrEnum):
    """Where a license stands."""

    PLANNED = "planned"
    IN_NEGOTIATION = "in_negotiation"
    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class PartyRole(StrEnum):
    """What a party is to the license (ONIX-PL party roles, as far as libraries record them)."""

    LICENSOR = "licensor"
    LICENSEE = "licensee"
    CONSORTIUM = "consortium"
    AGENT = "agent"
    PROVIDER = "provider"


class RelationKind(StrEnum):
    """How a license stands to an earlier one."""

    SUPERSEDES = "supersedes"
    AMENDS = "amends"
    RELATED = "related"


class Confidentiality(StrEnum):
    """Who may see a document."""

    PUBLIC = "public"
    INTERNAL = "internal"
    STRICT = "strict"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PLANNED: frozenset({Status.IN_NEGOTIATION, Status.ACTIVE, Status.REJECTED}),
    Status.IN_NEGOTIATION: frozenset({Status.PLANNED, Status.ACTIVE, Status.REJECTED}),
    Status.ACTIVE: frozenset({Status.EXPIRED, Status.TERMINATED, Status.SUPERSEDED}),
    Status.EXPIRED: frozenset({Status.ACTIVE, Status.SUPERSEDED}),
    Status.TERMINATED: frozenset({Status.ACTIVE}),
    Status.REJECTED: frozenset({Status.IN_NEGOTIATION}),
    Status.SUPERSEDED: frozenset(),
}


def may_become(now: Status, wanted: Status) -> bool:
    return wanted in TRANSITIONS[now]


def onward(now: Status) -> str:
    """The statuses that may follow, in words."""
    names = sorted(status.value.replace("_", " ") for status in TRANSITIONS[now])
    return ", ".join(names) if names else "nothing"

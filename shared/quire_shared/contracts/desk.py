"""Events of ``desk``: people (by id only), roles and units, heard by all."""

from __future__ import annotations

import uuid
from typing import ClassVar

from quire_shared.contracts.base import Event


class PersonChanged(Event):
    """A person's roles or units changed. No name. Key: person."""

    type: ClassVar[str] = "desk.person.changed"
    person_id: uuid.UUID
    active: bool
    roles: list[str]
    unit_ids: list[uuid.UUID] | None = None


class UnitChanged(Event):
    """A unit (branch, faculty library) was made or changed. Key: unit."""

    type: ClassVar[str] = "desk.unit.changed"
    unit_id: uuid.UUID
    code: str
    name: str
    active: bool

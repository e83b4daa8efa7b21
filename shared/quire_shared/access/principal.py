"""Who acts: an id, scopes and units. Never a name: names live in one table of ``desk`` (DESIGN §3, Security)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, an API key or a service.

    ``units`` is None for everybody who sees the whole house, else the units whose rows are visible.
    """

    id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    units: frozenset[uuid.UUID] | None = None
    kind: str = "person"

    def may(self, scope: str) -> bool:
        """True when one of the scopes covers ``resource:action``; ``*`` stands for any resource or action."""
        resource, _, action = scope.partition(":")
        return bool(self.scopes & {scope, f"{resource}:*", f"*:{action}", "*:*"})

    def sees(self, unit_id: uuid.UUID | None) -> bool:
        return self.units is None or unit_id is None or unit_id in self.units


SYSTEM = Principal("system", frozenset({"*:*"}), None, "system")

"""Handlers: what a service does with the events of others.

A *projection* can be rebuilt: it has its own consumer, offsets and inbox per generation. A *reaction* does something once
and is never replayed. The two never share a consumer, else a rebuild would book invoices twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from quire_shared.contracts.base import Event
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope

E = TypeVar("E", bound=Event)
Handler = Callable[[Work, Any, Envelope], Awaitable[None]]


@dataclass
class HandlerGroup:
    """The handlers of one consumer; one per event type."""

    name: str
    handlers: dict[str, Handler] = field(default_factory=dict)

    def on(self, event: type[E]) -> Callable[[Callable[[Work, E, Envelope], Awaitable[None]]], Handler]:
        """Register a handler for an event type."""

        def register(handler: Callable[[Work, E, Envelope], Awaitable[None]]) -> Handler:
            if event.type in self.handlers:
                raise ValueError(f"{self.name} handles {event.type} twice")
            self.handlers[event.type] = handler
            return handler

        return register

    @property
    def topics(self) -> list[str]:
        return sorted({"quire." + t.split(".", 1)[0] for t in self.handlers})


class Reaction(HandlerGroup):
    """Does something once per event, never replayed."""


@dataclass
class Projection(HandlerGroup):
    """Fills a read model; ``forget`` deletes the rows of one generation."""

    forget: Callable[[Work, int], Awaitable[None]] | None = None

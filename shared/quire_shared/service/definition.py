"""What a service is to the runner. A service registers its definition as an entry point of the group ``quire.services``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData

from quire_shared.events.handlers import Projection, Reaction

if TYPE_CHECKING:
    from quire_shared.jobs.worker import JobHandler
    from quire_shared.service.runtime import Runtime


#: The rights over :mod:`quire_shared.api.operations`, which every service has.
OPERATIONS = {
    "operations:read": "See the state of the service, parked events, the audit chain and jobs.",
    "operations:write": "Retry and skip parked events; cancel jobs.",
}


@dataclass
class Service:
    """Name, package, tables, routes, handlers and jobs of one service."""

    name: str
    package: str
    title: str
    metadata: MetaData
    scopes: dict[str, str]
    routers: Sequence[APIRouter] = ()
    reactions: Sequence[Reaction] = ()
    projections: Sequence[Projection] = ()
    jobs: dict[str, JobHandler] = field(default_factory=dict)
    #: Long-running tasks of the ``work`` role besides jobs (a folder watcher, a clock); each is cancelled at the end.
    background: Sequence[Callable[[Runtime], Awaitable[None]]] = ()
    #: Called with the finished application, for what is no plain route (a gateway).
    dress: Callable[[FastAPI, Runtime], Any] | None = None

    def __post_init__(self) -> None:
        self.scopes = {**self.scopes, **OPERATIONS}


def installed() -> dict[str, Service]:
    """All installed services by name, desk last."""
    found = {e.name: e.load() for e in entry_points(group="quire.services")}
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == "desk", pair[0])))

"""One service in one process: its database, its part of the bus, and whichever roles it plays here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import text
from starlette.types import ASGIApp

from quire_shared.access.principal import Principal
from quire_shared.database.engine import make_engine
from quire_shared.database.run import Database
from quire_shared.events.bus.base import Bus
from quire_shared.events.bus.kafka import KafkaBus
from quire_shared.events.bus.log import LogBus
from quire_shared.events.consumer import Consumer
from quire_shared.events.relay import Relay
from quire_shared.jobs.worker import Worker
from quire_shared.service.definition import Service
from quire_shared.service.settings import Settings

ROLES = ("api", "relay", "consume", "work")


def make_bus(settings: Settings) -> Bus:
    if settings.bus == "kafka":
        return KafkaBus(settings.kafka_bootstrap or "", replication=settings.kafka_replication)
    return LogBus(settings.dsn("bus"))


class Runtime:
    """What a running service holds; reachable in routes as ``request.app.state.runtime``."""

    def __init__(self, service: Service, settings: Settings, bus: Bus, verify: Callable[[str], Principal]) -> None:
        self.service = service
        self.settings = settings
        self.bus = bus
        self.verify = verify
        self.dsn = settings.dsn(service.name)
        self.database = Database(
            make_engine(self.dsn, f"quire {service.name}", pool_size=settings.pool_size), service.name
        )
        #: Applications of other services in this process, for desk's gateway.
        self.peers: Mapping[str, ASGIApp] = {}
        self.stopping = asyncio.Event()
        self.relay: Relay | None = None
        self.consumers: list[Consumer] = []
        self.worker: Worker | None = None
        #: What a service's application holds open besides (connections of the gateway), closed at the end.
        self.at_stop: list[Callable[[], Awaitable[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, roles: tuple[str, ...] = ROLES) -> None:
        """Start the roles that run in the background; the API is served by the runner."""
        if "relay" in roles:
            self.relay = Relay(self.dsn, self.service.name, self.bus)
            self.relay.start()
        if "consume" in roles:
            for group in (*self.service.reactions, *self.service.projections):
                consumer = Consumer(self.database, self.dsn, self.bus, group)
                consumer.start()
                self.consumers.append(consumer)
        if "work" in roles:
            self.worker = Worker(self.database, self.service.jobs, self)
            self.worker.start()
            self._tasks = [
                asyncio.create_task(_named(b, self), name=f"{self.service.name} background")
                for b in self.service.background
            ]

    async def stop(self) -> None:
        """Finish what is under way: jobs, consumers, then the relay, so that what they said still goes out."""
        self.stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.worker is not None:
            await self.worker.stop()
        await asyncio.gather(*(c.stop() for c in self.consumers))
        if self.relay is not None:
            await self.relay.stop()
        for close in self.at_stop:
            await close()
        await self.database.engine.dispose()

    async def health(self) -> dict[str, Any]:
        """What is wrong here, in words; ``ready`` is false when requests should go elsewhere."""
        troubles: list[str] = []
        database = True
        try:
            async with asyncio.timeout(5), self.database.engine.connect() as connection:
                waiting = (
                    await connection.execute(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
                ).scalar_one()
                parked = (await connection.execute(text("SELECT count(*) FROM parked"))).scalar_one()
        except Exception as error:  # noqa: BLE001 - the answer of this route is what is wrong
            database, waiting, parked = False, None, None
            troubles.append(f"The database does not answer: {error or type(error).__name__}")
        if self.relay is not None and self.relay.trouble:
            troubles.append(self.relay.trouble)
        troubles += [c.trouble for c in self.consumers if c.trouble]
        if self.worker is not None and self.worker.trouble:
            troubles.append(self.worker.trouble)
        stopped = [c.stopped for c in self.consumers if c.stopped]
        return {
            "service": self.service.name,
            "ready": database and not stopped and not self.stopping.is_set(),
            "troubles": troubles + (["The service is stopping."] if self.stopping.is_set() else []),
            "events_waiting": waiting,
            "events_parked": parked,
            "consumers": {c.group.name: {"applied": c.applied, "trouble": c.trouble} for c in self.consumers},
        }


async def _named(task: Any, runtime: Runtime) -> None:
    await task(runtime)

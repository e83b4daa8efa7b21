"""All services in one process: what ``make up``, the journey and most tests run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from quire_shared.access.tokens import Signer, verifier
from quire_shared.database.embedded import EmbeddedPostgres
from quire_shared.database.migrations import create_database, upgrade
from quire_shared.events.bus.base import Bus
from quire_shared.service.app import create_app
from quire_shared.service.definition import Service, installed
from quire_shared.service.runtime import ROLES, Runtime, make_bus
from quire_shared.service.settings import Settings


async def prepare(settings: Settings, services: Iterable[Service]) -> None:
    """Create missing databases, bring them to the newest revision, create topics. Safe to repeat."""
    (settings.data_dir / "keys").mkdir(parents=True, exist_ok=True)
    Signer(settings.data_dir / "keys")
    if settings.bus == "log":
        await create_database(settings.dsn("bus"))
    for service in services:
        await create_database(settings.dsn(service.name))
        await upgrade(service.package, service.metadata, settings.dsn(service.name))
    bus = make_bus(settings)
    try:
        await bus.prepare()
    finally:
        await bus.close()


class Installation:
    """Services of one process with their shared bus; ``async with`` starts and ends them."""

    def __init__(
        self, settings: Settings, services: dict[str, Service] | None = None, roles: tuple[str, ...] = ROLES
    ) -> None:
        self.given = settings
        self.settings = settings
        self.services = installed() if services is None else services
        self.roles = roles
        self.postgres: EmbeddedPostgres | None = None
        self.runtimes: dict[str, Runtime] = {}
        self.apps: dict[str, FastAPI] = {}
        self.bus: Bus | None = None

    async def __aenter__(self) -> Installation:
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start(self) -> None:
        if self.given.database_url is None:
            self.given.data_dir.mkdir(parents=True, exist_ok=True)
            self.postgres = EmbeddedPostgres(self.given.data_dir / "postgres")
            await asyncio.to_thread(self.postgres.start)
            self.settings = self.given.model_copy(update={"database_url": SecretStr(self.postgres.dsn("postgres"))})
        await prepare(self.settings, self.services.values())
        self.bus = make_bus(self.settings)
        verify = verifier(self.settings.jwks_path)
        for name, service in self.services.items():
            runtime = Runtime(service, self.settings, self.bus, verify)
            self.runtimes[name] = runtime
            runtime.peers = self.apps
            self.apps[name] = create_app(runtime)
        for runtime in self.runtimes.values():
            runtime.start(self.roles)

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.gather(*(r.stop() for r in self.runtimes.values()), return_exceptions=True)
        if self.bus is not None:
            await self.bus.close()
        if self.postgres is not None:
            await asyncio.to_thread(self.postgres.stop)

    async def settled(self, wait: float = 20.0) -> None:
        """Wait until every due job has run and every event has been published and consumed by everybody: for tests and the end of a load."""
        deadline = asyncio.get_running_loop().time() + wait
        quiet = 0
        while quiet < 2:
            if await self._waiting() == 0:
                quiet += 1
            else:
                quiet = 0
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"events did not settle: {[r.service.name for r in self.runtimes.values()]}")
            await asyncio.sleep(0.05)

    async def _waiting(self) -> int:
        total = 0
        for runtime in self.runtimes.values():
            async with runtime.database.engine.connect() as connection:
                total += (
                    await connection.execute(
                        text(
                            "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) + (SELECT count(*) FROM job WHERE state IN ('waiting', 'running') AND run_after <= now())"
                        )
                    )
                ).scalar_one()
            for consumer in runtime.consumers:
                total += await consumer.lag()
        return total

"""One service on a fresh database, its API reached as any principal: no network, everything else real."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from quire_shared.access.principal import Principal
from quire_shared.service.app import create_app
from quire_shared.service.definition import installed
from quire_shared.service.installation import prepare
from quire_shared.service.runtime import Runtime, make_bus
from quire_shared.service.settings import Settings


class ServiceUnderTest:
    """A service's runtime without background roles; start those that a test needs with ``runtime.start((…,))``."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.app = create_app(runtime)
        self.people: dict[str, Principal] = {}
        runtime.verify = self._verify
        self.app.state.verify = self._verify

    def _verify(self, token: str) -> Principal:
        return self.people[token]

    def client(
        self, scopes: Iterable[str] = ("*:*",), units: Iterable[uuid.UUID] | None = None, name: str | None = None
    ) -> httpx.AsyncClient:
        """A client that acts as somebody with these scopes and units."""
        token = name or f"person-{len(self.people)}"
        self.people[token] = Principal(token, frozenset(scopes), None if units is None else frozenset(units))
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        )


@asynccontextmanager
async def service_under_test(name: str, postgres_dsn: str, folder: Path) -> AsyncIterator[ServiceUnderTest]:
    settings = Settings(
        data_dir=folder, database_url=SecretStr(postgres_dsn), database_prefix=f"t_{uuid.uuid4().hex[:10]}_"
    )
    service = installed()[name]
    await prepare(settings, [service])
    bus = make_bus(settings)
    runtime = Runtime(service, settings, bus, lambda token: Principal(token))
    try:
        yield ServiceUnderTest(runtime)
    finally:
        await runtime.stop()
        await bus.close()

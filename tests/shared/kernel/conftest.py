from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from quire_shared.database.engine import make_engine
from quire_shared.database.mechanisms import AFTER_CREATE
from quire_shared.database.run import Database
from quire_shared.events.bus.log import LogBus

from . import probe


@dataclass
class Probe:
    database: Database
    dsn: str
    bus: LogBus

    async def scalar(self, sql: str, **values: object) -> object:
        async with self.database.engine.connect() as connection:
            return (await connection.execute(text(sql), values)).scalar()


@pytest.fixture
async def kernel(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Probe]:
    """The probe service's database and a log bus, both empty."""
    dsn, bus_dsn = await new_database(), await new_database()
    engine = make_engine(dsn, "probe")
    async with engine.begin() as connection:
        await connection.run_sync(probe.Base.metadata.create_all)
        for statement in AFTER_CREATE:
            await connection.execute(text(statement))
    bus = LogBus(bus_dsn, poll=0.02)
    await bus.prepare()
    yield Probe(Database(engine, "orders"), dsn, bus)
    await bus.close()
    await engine.dispose()

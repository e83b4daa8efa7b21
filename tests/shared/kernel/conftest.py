from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from quire_shared.contracts.base import TOPICS
from quire_shared.database.engine import make_engine
from quire_shared.database.mechanisms import AFTER_CREATE
from quire_shared.database.run import Database
from quire_shared.events.bus.base import Bus
from quire_shared.events.bus.kafka import KafkaBus
from quire_shared.events.bus.log import LogBus
from quire_shared.testing.plugin import NewDatabase

from . import probe


@dataclass
class Probe:
    database: Database
    dsn: str
    bus: Bus

    async def scalar(self, sql: str, **values: object) -> object:
        async with self.database.engine.connect() as connection:
            return (await connection.execute(text(sql), values)).scalar()


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
async def bus(request: pytest.FixtureRequest, new_database: NewDatabase) -> AsyncIterator[Bus]:
    """Each bus, empty."""
    if request.param == "log":
        bus: Bus = LogBus(await new_database(), poll=0.02)
    else:
        broker = request.getfixturevalue("kafka_broker")
        await empty(broker.bootstrap)
        bus = KafkaBus(broker.bootstrap)
    await bus.prepare()
    yield bus
    await bus.close()


async def empty(bootstrap: str) -> None:
    """Delete Quire's topics, so that a test starts at offset 0."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = [t for t in await admin.list_topics() if t in TOPICS]
        if existing:
            await admin.delete_topics(existing)
            while set(existing) & set(await admin.list_topics()):
                await asyncio.sleep(0.1)
    finally:
        await admin.close()


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[tuple[Database, str]]:
    dsn = await new_database()
    engine = make_engine(dsn, "probe")
    async with engine.begin() as connection:
        await connection.run_sync(probe.Base.metadata.create_all)
        for statement in AFTER_CREATE:
            await connection.execute(text(statement))
    yield Database(engine, "orders"), dsn
    await engine.dispose()


@pytest.fixture
async def kernel(database: tuple[Database, str], new_database: NewDatabase) -> AsyncIterator[Probe]:
    """The probe service's database and a log bus, both empty."""
    bus = LogBus(await new_database(), poll=0.02)
    await bus.prepare()
    yield Probe(*database, bus)
    await bus.close()


@pytest.fixture
async def both(database: tuple[Database, str], bus: Bus) -> Probe:
    """The probe service on each of the buses in turn."""
    return Probe(*database, bus)

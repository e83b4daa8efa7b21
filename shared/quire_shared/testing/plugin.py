"""Pytest fixtures for a real PostgreSQL and a real Kafka (``-p quire_shared.testing.plugin``).

Under pytest-xdist every worker has servers of its own. They lie in a short path outside pytest's own folders, which
PostgreSQL's system user could not enter when tests run as root.
"""

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest

from quire_shared.database.embedded import EmbeddedPostgres
from quire_shared.testing.kafka import Broker, KafkaUnavailable, start_broker


class NewDatabase(Protocol):
    """Makes an empty database, or a copy of ``template``, and returns its address for asyncpg."""

    def __call__(self, template: str | None = None) -> Awaitable[str]: ...


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for this run, without fsync, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="quire-pg-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), fsync=False)
        server.start()
        try:
            yield server
        finally:
            server.destroy()


@pytest.fixture(scope="session")
def postgres_dsn(request: pytest.FixtureRequest) -> str:
    """Address of a PostgreSQL for this run: QUIRE_TEST_DATABASE_URL, else `postgres_server`."""
    given = os.environ.get("QUIRE_TEST_DATABASE_URL")
    if given:
        return given
    server: EmbeddedPostgres = request.getfixturevalue("postgres_server")
    return server.dsn()


@pytest.fixture
async def new_database(postgres_dsn: str) -> AsyncIterator[NewDatabase]:
    """A function that makes a database of its own name; all of them are dropped at the end of the test."""
    names: list[str] = []
    server = postgres_dsn.rsplit("/", 1)[0]

    async def make(template: str | None = None) -> str:
        name = f"t_{uuid.uuid4().hex[:16]}"
        await _execute(postgres_dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template or "template0"}"')
        names.append(name)
        return f"{server}/{name}"

    yield make
    for name in names:
        await _execute(postgres_dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[Broker]:
    """A Kafka for this run. Without one the test is skipped and says what to install; in CI it fails."""
    with tempfile.TemporaryDirectory(prefix="quire-kafka-") as folder:
        try:
            broker = start_broker(Path(folder))
        except KafkaUnavailable as error:
            if os.environ.get("CI"):
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
        try:
            yield broker
        finally:
            broker.stop()


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()

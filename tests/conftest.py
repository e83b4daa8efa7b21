"""Databases and brokers for all tests: real PostgreSQL, real Kafka, nothing replaced."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from quire_shared.database.embedded import EmbeddedPostgres

from tests.support.service import ServiceUnderTest, service_under_test


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Address of a PostgreSQL server for this run: QUIRE_TEST_DATABASE_URL, else an embedded one."""
    given = os.environ.get("QUIRE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="quire-pg-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            yield server.dsn("postgres")
        finally:
            server.stop()


@pytest.fixture
async def new_database(postgres_dsn: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """A function that makes an empty database and answers its address; all are dropped at the end."""
    names: list[str] = []

    async def make() -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        await connection.close()
        names.append(name)
        return postgres_dsn.rsplit("/", 1)[0] + "/" + name

    yield make
    connection = await asyncpg.connect(postgres_dsn)
    for name in names:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture
async def orders(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("orders", postgres_dsn, tmp_path) as service:
        yield service


@pytest.fixture
async def vendors(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("vendors", postgres_dsn, tmp_path) as service:
        yield service


@pytest.fixture
async def licenses(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("licenses", postgres_dsn, tmp_path) as service:
        yield service


@pytest.fixture
async def usage(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("usage", postgres_dsn, tmp_path) as service:
        yield service


@pytest.fixture
async def desk(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("desk", postgres_dsn, tmp_path) as service:
        yield service

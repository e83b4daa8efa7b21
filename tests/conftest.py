"""Services on fresh databases; real PostgreSQL and real Kafka come from ``quire_shared.testing.plugin``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.service import ServiceUnderTest, service_under_test

pytest_plugins = ["quire_shared.testing.plugin"]


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

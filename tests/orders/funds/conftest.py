from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.orders.funds.book import Book
from tests.support.service import ServiceUnderTest, service_under_test


@pytest.fixture(scope="session")
async def ledger_service(
    postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceUnderTest]:
    """One orders service for all tests of the ledger; each test has its own calendar, ledgers and funds in it."""
    async with service_under_test("orders", postgres_dsn, tmp_path_factory.mktemp("ledger")) as service:
        yield service


@pytest.fixture
async def book(ledger_service: ServiceUnderTest) -> Book:
    return await Book.open(ledger_service)

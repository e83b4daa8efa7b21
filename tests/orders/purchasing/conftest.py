from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from quire_orders.consumers import keep_vendor
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from tests.orders.funds.book import Book
from tests.support.service import ServiceUnderTest, service_under_test


@dataclass
class Shop:
    """A library with two funds (H 1,000.00 and M 200.00 USD) and two vendors."""

    service: ServiceUnderTest
    book: Book
    client: httpx.AsyncClient
    vendor: uuid.UUID
    edi_vendor: uuid.UUID

    def line(self, title: str = "A book", price: str = "20.00", **more: Any) -> dict[str, Any]:
        return {
            "title": title,
            "unit_price": {"amount": price, "currency": "USD"},
            "funds": [{"fund_id": str(self.book.funds["H"]), "value": "100"}],
            **more,
        }

    async def order(self, *lines: dict[str, Any], edi: bool = False, **more: Any) -> dict[str, Any]:
        answer = await self.client.post(
            "/orders",
            json={"vendor_id": str(self.edi_vendor if edi else self.vendor), "currency": "USD", "lines": lines, **more},
        )
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def figures(self, fund: str) -> dict[str, Any]:
        answer = await self.client.get(f"/budgets/{self.book.budgets[fund]}")
        body: dict[str, Any] = answer.json()
        return body["figures"]  # type: ignore[no-any-return]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with self.service.database.engine.connect() as connection:
            rows = await connection.execute(text("SELECT payload FROM outbox WHERE type = :t ORDER BY id"), {"t": kind})
            return [r.payload for r in rows]


@pytest.fixture(scope="session")
async def purchasing_service(
    postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceUnderTest]:
    async with service_under_test("orders", postgres_dsn, tmp_path_factory.mktemp("purchasing")) as service:
        yield service


@pytest.fixture
async def shop(purchasing_service: ServiceUnderTest) -> Shop:
    book = await Book.open(purchasing_service)
    for name, initial in (("H", "1000.00"), ("M", "200.00")):
        await book.fund(name)
        await book.budget(name, initial)
    vendors = []
    for edi in (False, True):
        vendor_id = uuid.uuid4()
        await purchasing_service.database.run(_vendor, vendor_id, edi)
        vendors.append(vendor_id)
    return Shop(purchasing_service, book, book.client, *vendors)


async def _vendor(work: Work, vendor_id: uuid.UUID, edi: bool) -> None:
    changed = VendorChanged(
        vendor_id=vendor_id, code=f"V{vendor_id.hex[:6]}", name="A vendor", status="active", receives_edi=edi
    )
    await keep_vendor(work, changed, None)  # type: ignore[arg-type]


class StatementCount:
    """Counts the SQL statements that a service sends."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.engine = service.database.engine.sync_engine
        self.count = 0

    def _seen(self, *_: Any) -> None:
        self.count += 1

    def __enter__(self) -> StatementCount:
        event.listen(self.engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._seen)

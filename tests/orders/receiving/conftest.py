"""Somebody at the receiving table of the library of ``Shop``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.orders.purchasing.conftest import Shop, purchasing_service, shop

__all__ = ["Table", "purchasing_service", "shop", "table"]


@dataclass
class Table:
    shop: Shop
    shipment: str = ""

    async def begin(self, number: str = "DN-1", **more: Any) -> str:
        body = {"vendor_id": str(self.shop.vendor), "number": number, "received_on": "2026-06-10", **more}
        answer = await self.shop.client.post("/shipments", json=body)
        assert answer.status_code == 201, answer.text
        self.shipment = answer.json()["id"]
        return self.shipment

    async def scan(self, code: str = "", status: int = 201, **body: Any) -> dict[str, Any]:
        answer = await self.shop.client.post(f"/shipments/{self.shipment}/scan", json={"code": code, **body})
        assert answer.status_code == status, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def post(self, path: str, body: Any, version: int, status: int = 200) -> dict[str, Any]:
        answer = await self.shop.client.post(path, json=body, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == status, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def open_order(self, *lines: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        order = await self.shop.order(*lines, **more)
        await self.post(f"/orders/{order['id']}/open", None, order["version"])
        found: list[dict[str, Any]] = order["lines"]
        return found

    async def line(self, line_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.shop.client.get(f"/order-lines/{line_id}")).json()
        return found


@pytest.fixture
async def table(shop: Shop) -> Table:
    table = Table(shop)
    await table.begin()
    return table

"""A library with orders and a vendor whose invoices come as messages. Its figures stand in ``Shop``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quire_orders.invoicing import commands
from quire_shared.contracts.vendors import Charge, InvoicedLine, InvoiceReceived, Reference
from tests.orders.purchasing.conftest import Shop, purchasing_service, shop

__all__ = ["Desk", "desk_of_invoices", "purchasing_service", "shop"]

DAY = date(2026, 6, 15)


@dataclass
class Desk:
    """Somebody who has the rights for all that invoices need."""

    shop: Shop
    versions: dict[str, str] = field(default_factory=dict)

    async def arrive(self, *parts: InvoiceReceived) -> list[uuid.UUID]:
        """Deliver a message's parts; answers the invoices that were made."""
        made = [await self.shop.book.run(commands.receive, part, DAY) for part in parts]
        return [invoice for invoice in made if invoice is not None]

    async def get(self, invoice_id: Any) -> dict[str, Any]:
        answer = await self.shop.client.get(f"/invoices/{invoice_id}")
        assert answer.status_code == 200, answer.text
        self.versions[str(invoice_id)] = answer.headers["ETag"]
        body: dict[str, Any] = answer.json()
        return body

    async def do(self, invoice_id: Any, step: str, body: Any = None, status: int = 200) -> dict[str, Any]:
        """A step on an invoice with the version that was read last; checks the status of the answer."""
        await self.get(invoice_id)
        answer = await self.shop.client.post(
            f"/invoices/{invoice_id}/{step}", json=body, headers={"If-Match": self.versions[str(invoice_id)]}
        )
        assert answer.status_code == status, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def decide(self, invoice_id: Any, line: dict[str, Any], **body: Any) -> dict[str, Any]:
        return await self.do(invoice_id, f"lines/{line['id']}/decision", body)

    async def open_order(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        order = await self.shop.order(*lines, **more)
        opened = await self.shop.client.post(
            f"/orders/{order['id']}/open", headers={"If-Match": f'"{order["version"]}"'}
        )
        assert opened.status_code == 200, opened.text
        body: dict[str, Any] = opened.json()
        return body

    def message(self, *lines: InvoicedLine, total: str, number: str | None = None, **more: Any) -> InvoiceReceived:
        return InvoiceReceived.model_validate(
            {
                "message_id": uuid.uuid4(),
                "file_id": uuid.uuid4(),
                "vendor_id": self.shop.vendor,
                "number": number or f"INV-{uuid.uuid4().hex[:8]}",
                "invoice_date": date(2026, 6, 1),
                "kind": "invoice",
                "function": "original",
                "payment_expected": True,
                "currency": "USD",
                "stated_total": Decimal(total),
                "explained": True,
                "explanation": "",
                "lines": list(lines),
                **more,
            }
        )


def invoiced(number: str, amount: str, reference: str | None = None, **more: Any) -> InvoicedLine:
    """A line of a message; ``reference`` is our own line reference."""
    references = [Reference(kind="own_line", value=reference)] if reference else []
    fields: dict[str, Any] = {"quantity": Decimal(1), "title": f"Title {number}", "references": references, **more}
    return InvoicedLine(number=number, line_amount=Decimal(amount), **fields)


def delivery(amount: str) -> Charge:
    return Charge(code="DL", description="Delivery", amount=Decimal(amount))


@pytest.fixture
async def desk_of_invoices(shop: Shop) -> Desk:
    return Desk(shop)

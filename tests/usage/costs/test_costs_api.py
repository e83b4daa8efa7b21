"""Cost per use through the API. Uses are the cells of the sample (controlled journal requests), costs are worked by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import text

from quire_shared.contracts.orders import (
    InvoiceLineState,
    InvoicePaid,
    InvoicePaymentReversed,
    LineChanged,
    LineState,
)
from quire_shared.contracts.usage import ReportLoaded
from quire_shared.database.work import Work
from quire_shared.values.money import Money
from quire_usage.costs import commands
from tests.support.service import ServiceUnderTest

TR51 = "Project-Counter+cop5@5.1__source___static__report__TR_sample_r51.json"
TR5 = "Project-Counter+cop5@5.0.3__source___static__report__Sample-TR.tsv"
YEAR = {"from": "2022-01", "to": "2022-12"}


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


async def order_line(usage: ServiceUnderTest, number: str, unit_id: uuid.UUID | None = None) -> uuid.UUID:
    line = LineState(
        line_id=uuid.uuid4(),
        number=number,
        title=f"Title of {number}",
        material="electronic",
        order_type="ongoing",
        state="open",
        receipt_status="none",
        payment_status="none",
        quantity=1,
        unit_price=eur("1"),
        estimated_price=eur("1"),
    )
    event = LineChanged(order_id=uuid.uuid4(), order_number="PO-1", vendor_id=uuid.uuid4(), line=line, unit_id=unit_id)
    await usage.database.run(commands.keep_order_line, event)
    return line.line_id


def paid(lines: dict[uuid.UUID, Money], number: str = "INV-1") -> InvoicePaid:
    return InvoicePaid(
        invoice_id=uuid.uuid4(),
        vendor_id=uuid.uuid4(),
        number=number,
        paid_on=date(2022, 2, 1),
        reference="",
        currency="EUR",
        lines=[
            InvoiceLineState(
                line_id=uuid.uuid4(),
                number=str(n),
                order_line_id=line_id,
                description=f"line {n}",
                quantity=1,
                total=total,
                decision="accept",
                service_from=date(2022, 1, 1),
                service_to=date(2022, 12, 31),
            )
            for n, (line_id, total) in enumerate(lines.items(), 1)
        ],
    )


async def platform_named(client: httpx.AsyncClient, name: str, **more: Any) -> str:
    answer = await client.post("/platforms", json={"name": name, "material": "journals", "currency": "EUR", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def link(client: httpx.AsyncClient, line_id: uuid.UUID, body: dict[str, Any]) -> httpx.Response:
    etag = (await client.get(f"/order-lines/{line_id}")).headers["ETag"]
    return await client.put(f"/order-lines/{line_id}/platforms", json=body, headers={"If-Match": etag})


async def load(client: httpx.AsyncClient, platform_id: str, content: bytes) -> dict[str, Any]:
    answer = await client.post("/reports", data={"platform_id": platform_id}, files={"file": ("tr", content)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(usage: ServiceUnderTest) -> list[dict[str, Any]]:
    async with usage.database.read() as session:
        rows = await session.execute(
            text("SELECT payload FROM outbox WHERE type = 'usage.cost_per_use.changed' ORDER BY created_at, event_id")
        )
        return [row.payload for row in rows]


async def three_lines_two_platforms(usage: ServiceUnderTest, client: httpx.AsyncClient) -> tuple[str, str, InvoicePaid]:
    """Alpha has three lines, the third pays Beta as well, shared equally."""
    alpha, beta = await platform_named(client, "Alpha"), await platform_named(client, "Beta")
    one, two, three = [await order_line(usage, f"PO-1-{n}") for n in (1, 2, 3)]
    for line_id in (one, two):
        answer = await link(client, line_id, {"platforms": [{"platform_id": alpha}]})
        assert answer.status_code == 200, answer.text
    both = [{"platform_id": alpha}, {"platform_id": beta}]
    answer = await link(client, three, {"method": "equal", "platforms": both})
    assert answer.status_code == 200, answer.text
    invoice = paid({one: eur("1200.00"), two: eur("600.00"), three: eur("120.00")})
    return alpha, beta, invoice


async def test_cost_per_use_with_lines_and_reports_that_made_it(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha, beta, invoice = await three_lines_two_platforms(usage, client)
    report = await load(client, alpha, sample(TR51))
    await usage.database.run(commands.keep_paid_lines, invoice)
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    # 1200 + 600 + half of 120 = 1860; 1860 / 3792 = 0.49050…
    assert (answer["outcome"], answer["cost"]["amount"], answer["uses"]) == ("complete", "1860.00", 3792)
    assert answer["cost_per_use"] == "0.4905"
    assert (answer["coverage_percent"], answer["metric"]["metric"]) == (100, "Unique_Item_Requests")
    assert answer["allocation"] == "equal"
    assert answer["level"] == "platform" and "Without a title list" in answer["level_note"]
    assert {(line["line_id"], line["share"]["amount"], line["shared_by"]) for line in answer["lines"]} == {
        (str(invoice.lines[0].line_id), "1200.00", None),
        (str(invoice.lines[1].line_id), "600.00", None),
        (str(invoice.lines[2].line_id), "60.00", "equal"),
    }
    assert [(r["id"], r["version"], r["release"]) for r in answer["reports"]] == [(report["id"], 1, "5.1")]
    nothing = (await client.get(f"/platforms/{beta}/cost-per-use", params=YEAR)).json()
    assert (nothing["outcome"], nothing["cost_per_use"]) == ("no_usage_data", None)
    last = (await told(usage))[-2:]
    assert {(e["platform"], e["cost"], e["uses"], e["cost_per_use"]) for e in last} == {
        ("Alpha", "1860.00", 3792, "0.4905"),
        ("Beta", "0.00", 0, None),
    }


async def test_only_covered_months_are_divided(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha, _, invoice = await three_lines_two_platforms(usage, client)
    await usage.database.run(commands.keep_paid_lines, invoice)
    await load(client, alpha, sample(TR51))
    half = {"from": "2021-07", "to": "2022-06"}
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=half)).json()
    # six months: (1200 + 600 + 60) / 2 = 930; 226 + 372 + 366 + 288 + 350 + 326 = 1928; 930 / 1928 = 0.48236…
    assert (answer["outcome"], answer["covered_cost"]["amount"], answer["uses"]) == ("partial", "930.00", 1928)
    assert (answer["cost_per_use"], answer["coverage_percent"]) == ("0.4824", 50)
    assert answer["missing"] == {f"2021-{n:02d}": "missing" for n in range(7, 13)}

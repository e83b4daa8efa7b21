"""Cost per use through the API. Uses are the cells of the sample (controlled journal requests), costs are worked by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
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
    assert answer["level"] == "platform"
    assert "Without a title list" in answer["level_note"]
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


async def test_reversed_payment_no_longer_counts(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha, _, invoice = await three_lines_two_platforms(usage, client)
    await load(client, alpha, sample(TR51))
    await usage.database.run(commands.keep_paid_lines, invoice)
    reversal = InvoicePaymentReversed(invoice_id=invoice.invoice_id, reversed_on=date(2022, 3, 1))
    await usage.database.run(commands.reverse_payment, reversal)
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    assert (answer["outcome"], answer["lines"], answer["cost"]["amount"]) == ("no_cost", [], "0.00")
    assert [e["cost"] for e in await told(usage) if e["platform"] == "Alpha"] == ["1860.00", "0.00"]


async def test_several_platforms_need_a_named_method(usage: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    both = [{"platform_id": await platform_named(client, name)} for name in ("Alpha", "Beta")]
    line_id = await order_line(usage, "PO-1-1")
    answer = await link(client, line_id, {"platforms": both})
    assert answer.status_code == 422
    assert [e["code"] for e in answer.json()["errors"]] == ["method_needed"]
    without = await client.put(f"/order-lines/{line_id}/platforms", json={"platforms": both[:1]})
    assert without.status_code == 428


async def test_missing_list_price_is_said_and_no_cost_per_use_given(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha, beta = await platform_named(client, "Alpha"), await platform_named(client, "Beta")
    line_id = await order_line(usage, "PO-1-1")
    priced = {"platform_id": alpha, "list_price": {"amount": "300.00", "currency": "EUR"}}
    body: dict[str, Any] = {"method": "list_price", "platforms": [priced, {"platform_id": beta}]}
    assert (await link(client, line_id, body)).status_code == 200
    await load(client, alpha, sample(TR51))
    await usage.database.run(commands.keep_paid_lines, paid({line_id: eur("1200.00")}))
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    assert (answer["outcome"], answer["cost_per_use"]) == ("cost_unknown", None)
    assert "No list price is known for Beta" in answer["left_out"][0]["why"]
    body["platforms"][1]["list_price"] = {"amount": "100.00", "currency": "EUR"}
    assert (await link(client, line_id, body)).status_code == 200
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    # three quarters of 1200 = 900; 900 / 3792 = 0.23734…
    assert (answer["cost"]["amount"], answer["cost_per_use"], answer["allocation"]) == (
        "900.00",
        "0.2373",
        "list_price",
    )


async def test_foreign_currency_needs_its_booking_rate(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha = await platform_named(client, "Alpha")
    line_id = await order_line(usage, "PO-1-1")
    await link(client, line_id, {"platforms": [{"platform_id": alpha}]})
    await load(client, alpha, sample(TR51))
    invoice = paid({line_id: Money.of("1000.00", "USD")})
    await usage.database.run(commands.keep_paid_lines, invoice)
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    assert answer["outcome"] == "cost_unknown"
    assert "no booking rate" in answer["left_out"][0]["why"]
    given = await client.put(f"/paid-lines/{invoice.lines[0].line_id}/rate", json={"rate": "0.9"})
    assert given.status_code == 200, given.text
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    # 900 / 3792 = 0.23734…
    assert (answer["cost"], answer["cost_per_use"]) == ({"amount": "900.00", "currency": "EUR"}, "0.2373")


async def test_no_use_is_neither_zero_nor_infinite(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    # with every journal of the sample called something else there is no journal use left
    alpha = await platform_named(client, "Alpha")
    line_id = await order_line(usage, "PO-1-1")
    await link(client, line_id, {"platforms": [{"platform_id": alpha}]})
    await usage.database.run(commands.keep_paid_lines, paid({line_id: eur("1200.00")}))
    content = sample(TR51).replace(b'"Journal"', b'"Other"')
    await load(client, alpha, content)
    answer = (await client.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).json()
    assert (answer["outcome"], answer["cost_per_use"], answer["uses"]) == ("no_use", None, 0)
    assert answer["words"].startswith("no use in 2022-01")


async def test_comparison_is_over_equal_months(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    alpha, beta, _ = await three_lines_two_platforms(usage, client)
    await load(client, alpha, sample(TR51))
    await load(client, beta, sample(TR5))
    params = {"from": "2016-01", "to": "2022-12", "platform_id": [alpha, beta]}
    answer = (await client.get("/cost-per-use", params=params)).json()
    assert answer["covered"] == []
    assert [item["outcome"] for item in answer["items"]] == ["no_usage_data", "no_usage_data"]


async def test_rights_and_units(usage: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    alpha = await platform_named(client, "Alpha", unit_id=str(mine))
    line_id = await order_line(usage, "PO-1-1", mine)
    async with usage.client(("costs:read",)) as reader:
        assert (await link(reader, line_id, {"platforms": []})).status_code == 403
    async with usage.client(units=[other]) as stranger:
        assert (await stranger.get(f"/platforms/{alpha}/cost-per-use", params=YEAR)).status_code == 404
        assert (await stranger.get(f"/order-lines/{line_id}")).status_code == 404
        put = await stranger.put(f"/order-lines/{line_id}/platforms", json={"platforms": []}, headers={"If-Match": "*"})
        assert put.status_code == 404

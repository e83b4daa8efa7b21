"""The four real files of the journey: one invoice per message, totals explained to the cent, nothing twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import (
    BRODART,
    EBSCO,
    HARRASSOWITZ,
    YBP,
    Take,
    corpus,
    events,
    make_vendor,
    run_jobs,
    upload,
)

INVOICE = "vendors.invoice.received"


def added_up(parts: list[dict[str, Any]]) -> Decimal:
    """Lines, their charges, taxes and the charges that are added: what orders will count."""
    head = parts[0]
    total = Decimal(head["tax_total"] or 0)
    total += sum(Decimal(c["amount"]) for c in head["charges"] if not c["included_in_lines"])
    for part in parts:
        for line in part["lines"]:
            total += Decimal(line["line_amount"] or 0) + Decimal(line["charges"] or 0)
    return total


@pytest.mark.parametrize(
    ("code", "name", "messages", "payable"),
    [("YBP", YBP, 1, True), ("BROD", BRODART, 6, True), ("HARR", HARRASSOWITZ, 18, False), ("EBSCO", EBSCO, 15, True)],
)
async def test_each_message_becomes_one_invoice_and_the_same_file_nothing(
    vendors: ServiceUnderTest, take: Take, code: str, name: str, messages: int, payable: bool
) -> None:
    client = vendors.client()
    vendor = await make_vendor(client, code)
    data = corpus(name)
    found = await take(name, data)
    assert [m["state"] for m in found] == ["applied"] * messages
    told = await events(vendors, INVOICE)
    by_message: dict[str, list[dict[str, Any]]] = {}
    for event in told:
        by_message.setdefault(event["message_id"], []).append(event)
    assert len(by_message) == messages
    assert sorted(by_message) == sorted(m["id"] for m in found)
    for parts in by_message.values():
        assert [p["part"] for p in parts] == list(range(1, parts[0]["parts"] + 1))
        assert parts[0]["explained"]
        assert parts[0]["payment_expected"] is payable
        assert parts[0]["vendor_id"] == vendor["id"]
        assert added_up(parts) == Decimal(parts[0]["stated_total"])
    again = await upload(client, "another name", data)
    assert again["duplicate"]
    assert "nothing was done" in again["told"]
    assert again["file"]["deliveries"] == 2
    assert await run_jobs(vendors) == 0
    assert len(await events(vendors, INVOICE)) == len(told)


async def test_574076_is_its_titles_tax_and_delivery(vendors: ServiceUnderTest, take: Take) -> None:
    await make_vendor(vendors.client(), "YBP")
    await take(YBP, corpus(YBP))
    [event] = await events(vendors, INVOICE)
    assert event["number"] == "574076"
    assert event["currency"] == "USD"
    assert len(event["lines"]) == 6
    assert sum(Decimal(line["line_amount"]) for line in event["lines"]) == Decimal("167.85")
    assert Decimal(event["tax_total"]) == Decimal("15.32")
    assert [(c["code"], Decimal(c["amount"]), c["included_in_lines"]) for c in event["charges"]] == [
        ("DL", Decimal("3.00"), False)
    ]
    assert Decimal(event["stated_total"]) == Decimal("186.17")


async def test_the_function_of_the_document_decides_on_payment(vendors: ServiceUnderTest, take: Take) -> None:
    client = vendors.client()
    await make_vendor(client, "BROD")
    await make_vendor(client, "HARR")
    await take(BRODART, corpus(BRODART))
    await take(HARRASSOWITZ, corpus(HARRASSOWITZ))
    told = {(e["function"], e["payment_expected"]) for e in await events(vendors, INVOICE)}
    assert told == {("43", True), ("55", False)}
    noted = [e for e in await events(vendors, INVOICE) if e["function"] == "55"]
    assert all("expects no payment" in e["payment_note"] for e in noted)


async def test_brodart_lines_keep_the_librarys_own_references(vendors: ServiceUnderTest, take: Take) -> None:
    await make_vendor(vendors.client(), "BROD")
    await take(BRODART, corpus(BRODART))
    first = (await events(vendors, INVOICE))[0]
    assert first["number"] == "B766274"
    [line] = first["lines"]
    assert {"kind": "own_line", "value": "16600/29", "qualifier": "LI"} in line["references"]
    assert line["identifiers"] == {"isbn10": ["1741047625"], "isbn13": ["9781741047622"]}

"""Loads through the API: preview with every fault in its place, accept, known rows, undo."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from quire_orders.consumers import keep_vendor
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from tests.support.service import ServiceUnderTest

DATA = Path(__file__).parents[2] / "data" / "imports"
FUNDS = {
    "name": "Finance office",
    "decimal_mark": ",",
    "fiscal_year_code": "FY27",
    "fiscal_year_start": "2026-07-01",
    "fiscal_year_end": "2027-06-30",
    "ledger_code": "LIB",
    "ledger_name": "Library",
    "currency": "EUR",
    "account_column": "Account",
    "levels": [{"segments": [3]}, {"segments": [4]}, {"segments": [5]}],
    "amount_column": "Approved budget",
    "subtotal_marks": ["Subtotal", "Total", "Grand total"],
    "include": ["1000-LIB-"],
    "encumbrance_stop_percent": "100",
}
SHEET = {
    "name": "Selectors",
    "default_currency": "EUR",
    "key": "No",
    "title": "Title",
    "isbn": "ISBN",
    "quantity": "Qty",
    "unit_price": "Price",
    "vendor_code": "Vendor",
    "funds": [{"fund": "Fund", "percent": "%"}, {"fund": "Fund 2", "percent": "% 2"}],
}
HEAD = "No,Title,ISBN,Qty,Price,Vendor,Fund,%,Fund 2,% 2\n"


async def upload(
    client: httpx.AsyncClient, kind: str, mapping: dict[str, Any], content: bytes, name: str = "f.csv"
) -> httpx.Response:
    return await client.post(
        "/loads", data={"kind": kind, "mapping": json.dumps(mapping)}, files={"file": (name, content, "text/csv")}
    )


@pytest.fixture
async def client(orders: ServiceUnderTest) -> httpx.AsyncClient:
    vendor = VendorChanged(vendor_id=uuid.uuid4(), code="VNDR", name="A vendor", status="active")

    async def known(work: Work) -> None:
        await keep_vendor(work, vendor, None)  # type: ignore[arg-type]

    await orders.database.run(known)
    return orders.client()


async def with_funds(client: httpx.AsyncClient) -> dict[str, Any]:
    load = (await upload(client, "funds", FUNDS, (DATA / "finance_export.csv").read_bytes())).json()
    accepted = await client.post(f"/loads/{load['id']}/accept", json={})
    assert accepted.status_code == 200, accepted.text
    body: dict[str, Any] = accepted.json()
    return body


async def leaf_codes(client: httpx.AsyncClient) -> list[str]:
    budgets = (await client.get("/budgets?limit=1000")).json()["items"]
    return sorted(b["fund_code"] for b in budgets)


async def test_the_finance_offices_export_becomes_a_tree_of_funds_with_budgets(client: httpx.AsyncClient) -> None:
    answer = await upload(client, "funds", FUNDS, (DATA / "finance_export.csv").read_bytes())
    assert answer.status_code == 201, answer.text
    load = answer.json()
    assert load["state"] == "previewed"
    assert (await client.get("/funds")).json()["total"] == 0  # a preview makes nothing
    accepted = (await client.post(f"/loads/{load['id']}/accept", json={})).json()
    assert accepted["state"] == "accepted"
    funds = (await client.get("/funds?limit=1000")).json()["items"]
    assert {len(f["path"]) for f in funds} == {1, 2, 3}
    budgets = (await client.get("/budgets?limit=1000")).json()["items"]
    # 1,011.25 of the account 10-01-01 less its mid-year cut of (500.50)
    cut = next(b for b in budgets if Decimal(b["figures"]["allocated"]["amount"]) == Decimal("510.75"))
    assert cut["fund_code"].endswith("01")
    proof = (await client.get("/funds/consistency")).json()
    assert proof["consistent"] is True


async def test_orders_from_a_sheet_keep_the_bad_rows_and_accept_the_good_once(client: httpx.AsyncClient) -> None:
    await with_funds(client)
    fund, other = (await leaf_codes(client))[:2]
    rows = (
        f"1,Good,9780306406157,1,10.00,VNDR,{fund},100,,\n"
        f"2,Split,,2,15.00,VNDR,{fund},50,{other},50\n"
        "3,Nobody pays,,1,10.00,VNDR,NOFUND,100,,\n"
        f"4,Seventy,,1,10.00,VNDR,{fund},70,,\n"
        f"5,Nobody sells,,1,10.00,WHO,{fund},100,,\n"
    )
    load = (await upload(client, "order_sheet", SHEET, (HEAD + rows).encode())).json()
    assert load["rows"] == {"good": 2, "bad": 3}
    bad = (await client.get(f"/loads/{load['id']}/rows?state=bad")).json()["items"]
    assert {f["code"] for r in bad for f in r["faults"]} >= {"fund_unknown", "vendor_unknown"}
    assert all(f["place"] for r in bad for f in r["faults"])
    effect = (await client.post(f"/loads/{load['id']}/accept?dry_run=true", json={})).json()
    assert len(effect["made"]["orders"]) == 1
    assert (await client.get("/orders")).json()["total"] == 0
    accepted = (await client.post(f"/loads/{load['id']}/accept", json={})).json()
    (order_id,) = accepted["made"]["orders"]
    order = (await client.get(f"/orders/{order_id}")).json()
    assert order["total"] == {"amount": "40.00", "currency": "EUR"}
    assert (await client.post(f"/loads/{load['id']}/accept", json={})).status_code == 409
    again = (await upload(client, "order_sheet", SHEET, (HEAD + rows).encode())).json()
    assert again["rows"] == {"known": 2, "bad": 3}
    assert again["seen_before"] == load["id"]
    result = await client.get(f"/loads/{load['id']}/result.xlsx")
    assert result.content[:2] == b"PK"


async def test_a_load_of_orders_is_undone_while_they_are_pending_and_not_after(client: httpx.AsyncClient) -> None:
    await with_funds(client)
    (fund,) = (await leaf_codes(client))[:1]
    loads = []
    for n in (1, 2):
        content = (HEAD + f"{n},Book {n},,1,10.00,VNDR,{fund},100,,\n").encode()
        load = (await upload(client, "order_sheet", SHEET, content)).json()
        loads.append((await client.post(f"/loads/{load['id']}/accept", json={})).json())
    assert (await client.post(f"/orders/{loads[0]['made']['orders'][0]}/open")).status_code == 200
    refused = await client.post(f"/loads/{loads[0]['id']}/undo", json={"reason": "wrong file"})
    assert refused.status_code == 409
    assert "opened already" in refused.json()["detail"]
    undone = await client.post(f"/loads/{loads[1]['id']}/undo", json={"reason": "wrong file"})
    assert undone.status_code == 200, undone.text
    assert (await client.get("/order-lines?q=Book 2")).json()["total"] == 0


async def test_undoing_a_fund_structure_takes_the_money_back(client: httpx.AsyncClient) -> None:
    accepted = await with_funds(client)
    undone = await client.post(f"/loads/{accepted['id']}/undo", json={"reason": "last year's file"})
    assert undone.status_code == 200, undone.text
    budgets = (await client.get("/budgets?limit=1000")).json()["items"]
    assert {Decimal(b["figures"]["allocated"]["amount"]) for b in budgets} == {Decimal(0)}
    assert (await client.get("/funds/consistency")).json()["consistent"] is True


async def test_marc_records_become_order_lines(client: httpx.AsyncClient) -> None:
    profile = {
        "name": "Example vendor",
        "order_field": "980",
        "repeated": "copy",
        "fund": "b",
        "copies": "q",
        "price": "p",
        "currency": "c",
        "location": "l",
        "note": "n",
        "vendor_reference": {"tag": "001"},
        "default_currency": "EUR",
        "vendor_code": "VNDR",
    }
    load = await upload(client, "order_marc", profile, (DATA / "orders_utf8.mrc").read_bytes(), "o.mrc")
    assert load.status_code == 201, load.text
    rows = (await client.get(f"/loads/{load.json()['id']}/rows")).json()["items"]
    assert len(rows) == 3
    assert {r["state"] for r in rows} == {"bad"}  # no funds were made in this test
    assert "fund_unknown" in {f["code"] for r in rows for f in r["faults"]}


@pytest.mark.parametrize(
    ("kind", "mapping", "content", "words"),
    [
        ("order_sheet", SHEET, b"", "empty"),
        ("order_sheet", SHEET, b"%PDF-1.4 not a sheet \x00\x01", "“f.csv”"),
        (
            "order_marc",
            {"name": "x", "order_field": "980", "repeated": "copy", "fund": "b", "default_currency": "EUR"},
            b"<html>",
            "“f.csv”",
        ),
        ("funds", FUNDS, b"PK\x03\x04broken", "“f.csv”"),
    ],
)
async def test_a_file_of_another_kind_is_refused_in_words(
    client: httpx.AsyncClient, kind: str, mapping: dict[str, Any], content: bytes, words: str
) -> None:
    refused = await upload(client, kind, mapping, content)
    assert refused.status_code == 415, refused.text
    assert words in refused.json()["detail"]
    assert refused.json()["errors"][0]["fix"]


async def test_a_mapping_that_does_not_fit_names_its_fields(client: httpx.AsyncClient) -> None:
    refused = await upload(client, "funds", {**FUNDS, "currency": "XQQ", "surprise": 1}, b"a;b")
    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json()["errors"]} == {"/mapping/currency", "/mapping/surprise"}


async def test_our_templates_can_be_downloaded(client: httpx.AsyncClient) -> None:
    for kind in ("funds", "order_sheet"):
        assert (await client.get(f"/load-templates/{kind}")).content[:2] == b"PK"

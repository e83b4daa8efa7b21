"""Vendors: made, changed, told to the others; faults all at once; contacts erased for good."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import events

CHANGED = "vendors.vendor.changed"

WHOLE: dict[str, Any] = {
    "code": "YBP",
    "name": "YBP Library Services",
    "aliases": ["Yankee Book Peddler"],
    "identifiers": [
        {"scheme": "san", "value": "169-4510"},
        {"scheme": "supplier", "value": "824016", "agency": "91", "valid_from": "2020-01-01", "valid_to": "2026-12-31"},
    ],
    "currency": "USD",
    "tolerance_amount": {"amount": "5.00", "currency": "USD"},
    "tolerance_percent": "2.5",
    "claim_days": 60,
    "days_to_deliver": 30,
    "accounts": [
        {
            "number": "7701",
            "profile": "gobi",
            "sends_edi": True,
            "receives_edi": True,
            "folder_in": "ybp/in",
            "folder_out": "ybp/out",
            "library_id": "3618129",
        }
    ],
}


async def made(service: ServiceUnderTest, **more: Any) -> dict[str, Any]:
    answer = await service.client().post("/vendors", json={**WHOLE, **more})
    assert answer.status_code == 201, answer.text
    vendor: dict[str, Any] = answer.json()
    return vendor


async def test_a_vendor_is_made_with_all_that_belongs_to_it(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    shown = await vendors.client().get(f"/vendors/{vendor['id']}")
    assert shown.json() == vendor
    assert shown.headers["ETag"] == '"1"'
    assert vendor["identifiers"][0]["value"] == "1694510"
    assert vendor["aliases"] == ["Yankee Book Peddler"]
    assert (vendor["sends_edi"], vendor["receives_edi"]) == (True, True)
    [event] = await events(vendors, CHANGED)
    assert event["vendor_id"] == vendor["id"]
    assert (event["code"], event["status"], event["receives_edi"]) == ("YBP", "active", True)
    assert event["tolerance_amount"] == {"amount": "5.00", "currency": "USD"}
    assert Decimal(event["tolerance_percent"]) == Decimal("2.5")
    assert event["days_to_deliver"] == 30


async def test_vendors_are_found_by_code_name_alias_and_number(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    await made(vendors, code="OTHER", name="Another", aliases=[], identifiers=[], accounts=[])
    client = vendors.client()
    for words in ("ybp", "library serv", "PEDDLER", "1694510", "824"):
        found = (await client.get("/vendors", params={"q": words})).json()
        assert [v["id"] for v in found["items"]] == [vendor["id"]], words
        assert found["total"] == 1
    assert (await client.get("/vendors")).json()["total"] == 2
    assert (await client.get("/vendors", params={"q": "nobody"})).json() == {"items": [], "total": 0}


async def test_all_faults_are_told_at_once_and_nothing_is_made(vendors: ServiceUnderTest) -> None:
    await made(vendors)
    answer = await vendors.client().post(
        "/vendors",
        json={
            "code": "ybp",
            "name": "Again",
            "identifiers": [{"scheme": "san", "value": "1694511"}, {"scheme": "supplier", "value": "824016"}],
            "currency": "EUR",
            "tolerance_amount": {"amount": "5.00", "currency": "USD"},
            "accounts": [
                {"number": "1", "profile": "nobody", "folder_in": "../in"},
                {"number": "1", "receives_edi": True, "folder_in": "ybp/in"},
            ],
        },
    )
    assert answer.status_code == 422
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {
        ("/code", "code_taken"),
        ("/identifiers/0/value", "check_digit"),
        ("/identifiers/0/value", "number_taken"),
        ("/tolerance_amount", "other_currency"),
        ("/accounts/0/profile", "profile_unknown"),
        ("/accounts/0/folder_in", "folder_not_usable"),
        ("/accounts/1/receives_edi", "nowhere_to_send"),
        ("/accounts/1/folder_in", "folder_taken"),
        ("/accounts/1/number", "account_number_taken"),
    }
    assert (await vendors.client().get("/vendors")).json()["total"] == 1


async def test_a_change_needs_the_version_that_was_read(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    client = vendors.client()
    path = f"/vendors/{vendor['id']}"
    assert (await client.patch(path, json={"name": "A"})).status_code == 428
    first = await client.patch(path, json={"name": "First"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = await client.patch(path, json={"name": "Second"}, headers={"If-Match": '"1"'})
    assert second.status_code == 412
    assert second.json()["errors"][0]["pointer"] == "/name"
    assert [e["name"] for e in await events(vendors, CHANGED)] == ["YBP Library Services", "First"]


async def test_accounts_are_added_and_changed_under_the_vendors_version(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    client = vendors.client()
    added = await client.post(f"/vendors/{vendor['id']}/accounts", json={"number": "7702"})
    assert added.status_code == 201, added.text
    assert [a["number"] for a in added.json()["accounts"]] == ["7701", "7702"]
    account = added.json()["accounts"][0]["id"]
    path = f"/vendors/{vendor['id']}/accounts/{account}"
    changed = await client.patch(path, json={"receives_edi": False, "active": True}, headers={"If-Match": '"2"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["receives_edi"] is False
    assert [e["receives_edi"] for e in await events(vendors, CHANGED)] == [True, True, False]
    refused = await client.patch(path, json={"folder_out": None, "receives_edi": True}, headers={"If-Match": '"3"'})
    assert [e["code"] for e in refused.json()["errors"]] == ["nowhere_to_send"]


async def test_numbers_are_replaced_as_a_whole(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    client = vendors.client()
    answer = await client.patch(
        f"/vendors/{vendor['id']}",
        json={"identifiers": [{"scheme": "gln", "value": "4012345000009"}]},
        headers={"If-Match": '"1"'},
    )
    assert [i["value"] for i in answer.json()["identifiers"]] == ["4012345000009"]
    other = await client.post(
        "/vendors",
        json={"code": "X", "name": "X", "identifiers": [{"scheme": "san", "value": "1694510"}]},
    )
    assert other.status_code == 201, other.text


async def test_a_person_at_the_vendor_is_erased_without_a_trace(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    client = vendors.client()
    name = "Erasable Person"
    path = f"/vendors/{vendor['id']}/contacts"
    added = await client.post(
        path, json={"name": name, "email": "erasable@example.org"}, headers={"Idempotency-Key": "k1"}
    )
    assert added.status_code == 201, added.text
    [contact] = (await client.get(path)).json()["items"]
    assert contact["name"] == name
    assert (await client.delete(f"{path}/{contact['id']}")).status_code == 200
    assert (await client.get(path)).json()["total"] == 0
    async with vendors.database.read() as session:
        tables = (await session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars()
        for table in list(tables):
            rows = (await session.execute(text(f'SELECT t::text FROM "{table}" t'))).scalars()
            assert not any("rasable" in row for row in rows), table
        answers = (await session.execute(text("SELECT body FROM idempotency"))).scalars()
        assert not any(b"rasable" in (body or b"") for body in answers)


async def test_contacts_have_rights_of_their_own(vendors: ServiceUnderTest) -> None:
    vendor = await made(vendors)
    reader = vendors.client(scopes=["vendors:read", "vendors:write"])
    assert (await reader.get(f"/vendors/{vendor['id']}/contacts")).status_code == 403
    assert (await reader.post(f"/vendors/{vendor['id']}/contacts", json={"name": "N"})).status_code == 403

"""Loading reports through the API. Expected figures are sums of the cells of the sample files, added up by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.support.service import ServiceUnderTest

TR5 = "Project-Counter+cop5@5.0.3__source___static__report__Sample-TR.tsv"
TR51 = "Project-Counter+cop5@5.1__source___static__report__TR_sample_r51.json"


async def load(client: httpx.AsyncClient, platform: dict[str, Any], content: bytes, name: str = "tr") -> httpx.Response:
    return await client.post("/reports", data={"platform_id": platform["id"]}, files={"file": (name, content)})


async def test_tabular_release_5_is_stored_by_month(
    client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    answer = await load(client, platform, sample(TR5), "tr.tsv")
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert (report["state"], report["report_id"], report["release"], report["file_format"]) == (
        "loaded",
        "TR",
        "5",
        "tsv",
    )
    assert (report["level"], report["report_version"]) == ("Passed", 1)
    assert report["current_months"] == ["2016-01", "2016-02", "2016-03"]
    usage = (await client.get(f"/platforms/{platform['id']}/usage")).json()
    by_month = {line["month"]: line["metrics"] for line in usage["items"]}
    assert {month: metrics["Unique_Item_Requests"] for month, metrics in by_month.items()} == {
        "2016-01": 11,
        "2016-02": 17,
        "2016-03": 22,
    }
    assert {line["from_report"] for line in usage["items"]} == {report["id"]}
    kept = await client.get(f"/reports/{report['id']}/file")
    assert kept.content == sample(TR5)


async def test_json_release_5_1_is_stored_by_month(
    client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    answer = await load(client, platform, sample(TR51), "tr.json")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["release"], answer.json()["file_format"]) == ("loaded", "5.1", "json")
    everything = (await client.get(f"/platforms/{platform['id']}/usage")).json()
    assert [line["metrics"]["Unique_Item_Requests"] for line in everything["items"]] == [
        15562, 16481, 16068, 16726, 16108, 15946, 15248, 16621, 15352, 16407, 15735, 16921,
    ]  # fmt: skip
    journals = {"data_type": "Journal", "access_type": "Controlled", "access_method": "Regular"}
    part = (await client.get(f"/platforms/{platform['id']}/usage", params={**journals, "from": "2022-11"})).json()
    assert [(line["month"], line["metrics"]["Unique_Item_Requests"]) for line in part["items"]] == [
        ("2022-11", 264),
        ("2022-12", 450),
    ]


async def test_new_version_replaces_months_and_shows_the_difference(
    usage: ServiceUnderTest, client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    old = (await load(client, platform, sample(TR5))).json()
    row = b"Unique_Item_Requests\t22\t5\t8\t9"  # Journal 10
    assert sample(TR5).count(row) == 1
    changed = sample(TR5).replace(row, b"Unique_Item_Requests\t21\t4\t8\t9")
    new = (await load(client, platform, changed)).json()
    assert (new["state"], new["report_version"]) == ("loaded", 2)
    assert new["changes"] == [{"month": "2016-01", "metric": "Unique_Item_Requests", "before": 11, "after": 10}]
    assert (await client.get(f"/reports/{old['id']}")).json()["current_months"] == []
    assert (await client.get(f"/reports/{old['id']}/file")).content == sample(TR5)
    lines = (await client.get(f"/platforms/{platform['id']}/usage")).json()["items"]
    assert [(m["metrics"]["Unique_Item_Requests"], m["report_version"]) for m in lines] == [(10, 2), (17, 2), (22, 2)]
    async with usage.database.read() as session:
        facts = (await session.execute(text("SELECT sum(unique_item_requests) FROM fact"))).scalar_one()
        rollup = (await session.execute(text("SELECT sum(unique_item_requests) FROM rollup"))).scalar_one()
        items = (await session.execute(text("SELECT count(*) FROM item"))).scalar_one()
        years = (await session.execute(text("SELECT DISTINCT tableoid::regclass::text FROM fact"))).scalars().all()
    assert (facts, rollup) == (49, 49)
    assert years == ["fact_years.fact_2016"]
    # the sample names Book 1715 and journals 10, 11, 12, … once each; the second load makes no item anew
    names = {line.split(b"\t")[0] for line in sample(TR5).split(b"\n")[14:] if line.strip()}
    assert items == len(names)


async def test_same_file_twice_changes_nothing(
    client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    first = (await load(client, platform, sample(TR5))).json()
    again = await load(client, platform, sample(TR5))
    assert again.status_code == 409
    assert first["id"] in again.json()["detail"]
    assert (await client.get("/reports")).json()["total"] == 1


@pytest.mark.parametrize("content", [b"<html><body>Please sign in</body></html>", b"%PDF-1.7 nothing"])
async def test_what_is_no_report_is_refused_with_its_first_lines(
    usage: ServiceUnderTest, client: httpx.AsyncClient, platform: dict[str, Any], content: bytes
) -> None:
    answer = await load(client, platform, content, "tr.tsv")
    assert answer.status_code == 415, answer.text
    assert "is no usage report" in answer.json()["detail"]
    assert answer.json()["errors"][0]["detail"] == content.decode()
    async with usage.database.read() as session:
        kept = (await session.execute(text("SELECT size FROM report_file"))).scalars().all()
        stored = (await session.execute(text("SELECT count(*) FROM report_month"))).scalar_one()
    assert kept == [len(content)]
    assert stored == 0


async def test_critical_report_is_kept_with_its_verdict_and_nothing_of_it_stored(
    client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    broken = (
        sample(TR5).replace(b"Report_ID\tTR\n", b"Report_ID\tXX\n").replace(b"Report_ID\tTR\r\n", b"Report_ID\tXX\r\n")
    )
    assert broken != sample(TR5)
    report = (await load(client, platform, broken)).json()
    assert report["state"] == "refused", report
    assert report["level"] in {"Critical error", "Fatal error"}
    assert "nothing of it is stored" in report["reason"]
    assert report["findings"][0]["level"] == report["level"]
    assert (await client.get(f"/platforms/{platform['id']}/coverage")).json()["items"] == []


async def test_coverage_tells_missing_months_from_stored_ones(
    client: httpx.AsyncClient, platform: dict[str, Any], sample: Callable[[str], bytes]
) -> None:
    await load(client, platform, sample(TR5))
    params = {"from": "2015-12", "to": "2016-04"}
    answer = (await client.get(f"/platforms/{platform['id']}/coverage", params=params)).json()
    assert answer["items"] == [
        {
            "report_id": "TR",
            "release": "5",
            "months": {
                "2015-12": "missing",
                "2016-01": "stored",
                "2016-02": "stored",
                "2016-03": "stored",
                "2016-04": "missing",
            },
        }
    ]


async def test_rights_and_units(
    usage: ServiceUnderTest, client: httpx.AsyncClient, sample: Callable[[str], bytes]
) -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    body = {"name": "Of a unit", "currency": "EUR", "unit_id": str(mine)}
    platform = (await client.post("/platforms", json=body)).json()
    report = (await load(client, platform, sample(TR5))).json()
    async with usage.client(("usage:read",)) as reader:
        assert (await load(reader, platform, sample(TR5))).status_code == 403
    async with usage.client(units=[other]) as stranger:
        for path in (f"/platforms/{platform['id']}", f"/platforms/{platform['id']}/usage", f"/reports/{report['id']}"):
            assert (await stranger.get(path)).status_code == 404
        assert (await load(stranger, platform, sample(TR5))).status_code == 404
        assert (await stranger.get("/reports")).json() == {"items": [], "total": 0}


async def test_two_people_saving(client: httpx.AsyncClient, platform: dict[str, Any]) -> None:
    path = f"/platforms/{platform['id']}"
    etag = (await client.get(path)).headers["ETag"]
    assert (await client.patch(path, json={"provider": "A"})).status_code == 428
    assert (await client.patch(path, json={"provider": "A"}, headers={"If-Match": etag})).status_code == 200
    assert (await client.patch(path, json={"provider": "B"}, headers={"If-Match": etag})).status_code == 412

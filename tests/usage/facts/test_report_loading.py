"""Loading reports through the API. Expected figures are sums of the cells of the sample files, added up by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

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

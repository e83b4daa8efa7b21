"""Every file of the corpus goes through the service: none fails, each message has its row, nothing is booked twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import CORPUS, VENDORS, YBP, corpus, events, make_vendor, run_jobs, upload


@pytest.mark.slow
async def test_every_file_of_the_corpus_is_kept_and_read(vendors: ServiceUnderTest) -> None:
    corpus(YBP)
    client = vendors.client()
    for code in VENDORS:
        await make_vendor(client, code)
    paths = [p for p in sorted(CORPUS.iterdir()) if p.suffix not in (".jsonl", ".tsv") and p.stat().st_size < 1_000_000]
    for path in paths:
        await upload(client, path.name, path.read_bytes())
    await run_jobs(vendors)
    left = (await client.get("/files", params={"state": "stored"})).json()["total"]
    assert left == 0
    faults = (await client.get("/messages", params={"cause": "fault"})).json()
    assert faults["items"] == []
    told = [e for e in await events(vendors, "vendors.invoice.received") if e["part"] == 1]
    assert told
    booked = Counter((e["vendor_id"], e["kind"], e["number"].casefold()) for e in told if e["function"] != "5")
    assert max(booked.values()) == 1

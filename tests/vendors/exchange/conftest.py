"""Vendors of the four files of the journey, uploads, and what the outbox holds."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from quire_shared.jobs.worker import Worker
from tests.support.service import ServiceUnderTest

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("QUIRE_CORPORA", "../shared/corpora"))
CORPUS = (FOLDER if FOLDER.is_absolute() else ROOT / FOLDER) / "edi"

YBP = "sul-dlss__libsys-airflow__tests__vendor__inv574076.edi.txt"
BRODART = "evergreen__Evergreen__Open-ILS__src__edi_translator__data__brodart__1130B766274.inv"
HARRASSOWITZ = "folio-org__stripes-testing__cypress__fixtures__ediFileForC347615.edi"
EBSCO = "VU-libtech__OLE-INST__ole-app__olefs__src__test__resources__org__kuali__ole__ingest__R032713.T102543.INV"

VENDORS = {
    "YBP": {"name": "YBP Library Services", "profile": "gobi"},
    "BROD": {"name": "Brodart", "profile": "brodart"},
    "HARR": {"name": "Otto Harrassowitz", "profile": "harrassowitz"},
    "EBSCO": {"name": "EBSCO Information Services", "profile": "ebsco"},
}


def corpus(name: str) -> bytes:
    """A file of the corpus; without the corpus the test is skipped, in CI it fails."""
    path = CORPUS / name
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"The corpus is missing: {path.name} is not in QUIRE_CORPORA.", pytrace=False)
        pytest.skip(f"no corpus: {path.name} is not in QUIRE_CORPORA")
    return path.read_bytes()


async def make_vendor(client: httpx.AsyncClient, code: str, **account: Any) -> dict[str, Any]:
    """A vendor of the journey with one account under its profile."""
    known = VENDORS[code]
    answer = await client.post(
        "/vendors",
        json={
            "code": code,
            "name": known["name"],
            "currency": "USD",
            "accounts": [{"number": f"{code}-1", "profile": known["profile"], "sends_edi": True, **account}],
        },
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def upload(client: httpx.AsyncClient, name: str, data: bytes, **query: Any) -> dict[str, Any]:
    answer = await client.post("/files", files={"file": (name, data, "application/octet-stream")}, params=query)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def run_jobs(service: ServiceUnderTest) -> int:
    """Run all jobs that are due; each must end well."""
    worker = Worker(service.database, service.runtime.service.jobs, service.runtime)
    ran = 0
    while await worker.once():
        ran += 1
    async with service.database.read() as session:
        failed = (await session.execute(text("SELECT kind, error FROM job WHERE state = 'failed'"))).all()
    assert failed == []
    return ran


async def events(service: ServiceUnderTest, event_type: str) -> list[dict[str, Any]]:
    """What the outbox holds of a type, oldest first."""
    async with service.database.read() as session:
        rows = await session.execute(
            text("SELECT payload::text FROM outbox WHERE type = :t ORDER BY id"), {"t": event_type}
        )
        return [orjson.loads(row[0]) for row in rows]


Take = Callable[[str, bytes], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def take(vendors: ServiceUnderTest) -> Take:
    """Upload a file, read it, and answer its messages in the order of the file."""

    async def run(name: str, data: bytes) -> list[dict[str, Any]]:
        client = vendors.client()
        taken = await upload(client, name, data)
        await run_jobs(vendors)
        found = await client.get("/messages", params={"file_id": taken["file"]["id"], "limit": 500})
        return sorted(found.json()["items"], key=lambda m: m["position_in_file"])

    return run

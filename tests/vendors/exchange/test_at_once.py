"""Two at once: the same bytes, the same interchange in other bytes, two orders to one partner; and tables = migration."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.database.migrations import differences
from quire_shared.jobs.worker import Worker
from quire_vendors.exchange import commands_out
from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import BRODART, corpus, events, make_vendor, run_jobs, upload
from tests.vendors.exchange.test_orders_out import order

INVOICE = "vendors.invoice.received"


async def test_the_same_bytes_from_two_people_at_once_are_one_file(vendors: ServiceUnderTest) -> None:
    client = vendors.client()
    await make_vendor(client, "BROD")
    data = corpus(BRODART)
    taken = await asyncio.gather(*(upload(client, f"{n}.inv", data) for n in range(4)))
    assert sorted(t["duplicate"] for t in taken) == [False, True, True, True]
    assert len({t["file"]["id"] for t in taken}) == 1
    await run_jobs(vendors)
    assert len(await events(vendors, INVOICE)) == 6


async def test_one_interchange_in_two_files_read_at_once_is_booked_once(vendors: ServiceUnderTest) -> None:
    client = vendors.client()
    await make_vendor(client, "BROD")
    data = corpus(BRODART)
    await upload(client, "a.inv", data)
    await upload(client, "b.inv", data + b"\n")
    workers = [Worker(vendors.database, vendors.runtime.service.jobs, vendors.runtime) for _ in range(2)]
    assert await asyncio.gather(*(w.once() for w in workers)) == [True, True]
    await run_jobs(vendors)
    told = await events(vendors, INVOICE)
    assert sorted(e["number"] for e in told) == [f"B76627{n}" for n in range(4, 10)]
    states = [m["state"] for m in (await client.get("/messages")).json()["items"]]
    assert sorted(states) == ["applied"] * 6 + ["duplicate"] * 6


async def test_orders_rendered_at_once_take_different_references(vendors: ServiceUnderTest) -> None:
    vendor = await make_vendor(vendors.client(), "BROD", receives_edi=True, folder_out="brodart/out")
    for n in range(6):
        asked = OrderSendRequested.model_validate(order(vendor["id"], f"PO-{n}"))
        await vendors.database.run(commands_out.request_order, asked)
    workers = [Worker(vendors.database, vendors.runtime.service.jobs, vendors.runtime) for _ in range(6)]
    await asyncio.gather(*(w.once() for w in workers))
    await run_jobs(vendors)
    sent = await events(vendors, "vendors.order.sent")
    assert sorted(int(s["control_reference"]) for s in sent) == [1, 2, 3, 4, 5, 6]


async def test_the_migrations_make_the_tables_that_the_code_declares(vendors: ServiceUnderTest) -> None:
    assert await differences(vendors.runtime.service.metadata, vendors.runtime.dsn) == []


async def test_kept_bytes_can_not_be_changed_by_sql(vendors: ServiceUnderTest) -> None:
    await upload(vendors.client(), "a", b"UNB+")
    for statement in ("UPDATE raw_content SET data = ''", "DELETE FROM raw_content"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with vendors.database.engine.begin() as connection:
                await connection.execute(text(statement))

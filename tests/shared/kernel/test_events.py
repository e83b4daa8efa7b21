"""Relay and consumers on the log bus: nothing lost, nothing doubled, order per key, parked keys, generations, fences."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator

import asyncpg
import pytest
from sqlalchemy import text

from quire_shared.api.problems import NotFound
from quire_shared.events import parked
from quire_shared.events.bus.base import Outgoing, Partition, partition_of
from quire_shared.events.bus.log import LogBus
from quire_shared.events.consumer import FAULTS_IN_A_ROW, Consumer
from quire_shared.events.handlers import HandlerGroup
from quire_shared.events.rebuild import rebuild
from quire_shared.events.relay import Relay

from . import probe
from .conftest import Probe


@pytest.fixture(autouse=True)
def _sound() -> Iterator[None]:
    probe.OUT_OF_ORDER.clear()
    probe.BROKEN_DEPLOY.update(on=False, poison=True)
    yield
    probe.BROKEN_DEPLOY.update(on=False, poison=True)


def consumer(kernel: Probe, group: HandlerGroup, **kwargs: int) -> Consumer:
    return Consumer(kernel.database, kernel.dsn, kernel.bus, group, **kwargs)


async def until(kernel: Probe, sql: str, expected: object, wait: float = 40.0) -> None:
    async with asyncio.timeout(wait):
        while await kernel.scalar(sql) != expected:
            await asyncio.sleep(0.03)


async def some_accounts(kernel: Probe, count: int) -> list[uuid.UUID]:
    return [(await kernel.database.run(probe.open_account, f"a{n}")).id for n in range(count)]


async def test_two_relays_and_concurrent_commits_lose_nothing_and_keep_the_order_of_each_key(both: Probe) -> None:
    accounts = await some_accounts(both, 7)
    relays = [Relay(both.dsn, "orders", both.bus, batch=17) for _ in range(2)]
    consumers = [consumer(both, probe.projection, batch=13) for _ in range(2)]
    workers: list[Relay | Consumer] = [*relays, *consumers]
    for worker in workers:
        worker.start()

    async def clerk(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            await both.database.run(probe.take, chance.choice(accounts), 1)

    await asyncio.gather(*(clerk(n) for n in range(6)))
    await until(both, "SELECT sum(total)::int FROM seen", 240)
    for worker in reversed(workers):
        await worker.stop()
    assert probe.OUT_OF_ORDER == []
    assert (
        await both.scalar("SELECT count(*) FROM account a JOIN seen s ON s.account_id = a.id WHERE a.total <> s.total")
        == 0
    )


async def test_an_event_that_was_sent_twice_is_applied_once(both: Probe) -> None:
    (account,) = await some_accounts(both, 1)
    await both.database.run(probe.take, account, 3)
    relay = Relay(both.dsn, "orders", both.bus)
    connection = await asyncpg.connect(relay.dsn)
    sink = both.bus.sink()
    await sink.start()
    assert await relay.once(connection, sink) == 1
    await connection.execute("UPDATE outbox SET published_at = NULL")  # as if the mark had not been committed
    assert await relay.once(connection, sink) == 1
    await sink.close()
    await connection.close()
    worker = consumer(both, probe.projection)
    worker.start()
    await until(both, "SELECT sum(next_offset)::int FROM consumer_offset", 2)
    await worker.stop()
    assert await both.scalar("SELECT total FROM seen") == 3


async def test_a_poisoned_event_is_parked_with_its_successors_while_other_keys_flow(both: Probe) -> None:
    bad, good = await some_accounts(both, 2)
    await both.database.run(probe.take, bad, 1, True)
    await both.database.run(probe.take, bad, 2)
    await both.database.run(probe.take, good, 4)
    relay, worker = Relay(both.dsn, "orders", both.bus), consumer(both, probe.projection)
    relay.start()
    worker.start()
    await until(both, "SELECT count(*)::int FROM parked", 2)
    await until(both, "SELECT sum(total)::int FROM seen", 4)
    async with both.database.read() as session:
        first, second = await parked.listing(session)
    assert (first.error, first.waits, second.waits) == ("ValueError: poison", False, True)
    with pytest.raises(parked.StillFails, match="poison"):
        await parked.retry(both.database, [probe.projection], first.id, "me")
    assert await both.scalar("SELECT count(*) FROM parked") == 2
    probe.BROKEN_DEPLOY["poison"] = False
    assert await parked.retry(both.database, [probe.projection], first.id, "me") == 2
    assert await both.scalar("SELECT total FROM seen WHERE account_id = :a", a=bad) == 3
    with pytest.raises(NotFound):
        await parked.retry(both.database, [probe.projection], first.id, "me")
    await worker.stop()
    await relay.stop()
    assert probe.OUT_OF_ORDER == []


async def test_a_skip_is_remembered_in_a_rebuild(kernel: Probe) -> None:
    (bad,) = await some_accounts(kernel, 1)
    await kernel.database.run(probe.take, bad, 1, True)
    await kernel.database.run(probe.take, bad, 2)
    relay, worker = Relay(kernel.dsn, "orders", kernel.bus), consumer(kernel, probe.projection)
    relay.start()
    worker.start()
    await until(kernel, "SELECT count(*)::int FROM parked", 2)
    async with kernel.database.read() as session:
        first, _ = await parked.listing(session)
    assert await parked.skip(kernel.database, [probe.projection], first.id, "me", "a typing error of the vendor") == 2
    assert await kernel.scalar("SELECT total FROM seen") == 2
    assert await rebuild(kernel.database, kernel.dsn, kernel.bus, probe.projection) == 2
    assert await kernel.scalar("SELECT total FROM seen WHERE generation = 2") == 2
    assert await kernel.scalar("SELECT count(*) FROM parked") == 0
    await worker.stop()
    await relay.stop()


async def test_a_bad_deploy_stops_the_consumer_instead_of_parking_everything(kernel: Probe) -> None:
    accounts = await some_accounts(kernel, FAULTS_IN_A_ROW + 5)
    for account in accounts:
        await kernel.database.run(probe.take, account, 1)
    probe.BROKEN_DEPLOY["on"] = True
    relay, worker = Relay(kernel.dsn, "orders", kernel.bus), consumer(kernel, probe.projection)
    relay.start()
    worker.start()
    async with asyncio.timeout(15):
        while worker.stopped is None:
            await asyncio.sleep(0.03)
    assert "in a row" in worker.stopped
    assert await kernel.scalar("SELECT count(*) FROM parked") == FAULTS_IN_A_ROW - 1
    await worker.stop()
    await relay.stop()


async def test_a_rebuild_while_events_flow_ends_equal_and_repeats_no_reaction(both: Probe) -> None:
    accounts = await some_accounts(both, 3)
    relay = Relay(both.dsn, "orders", both.bus)
    workers: list[Relay | Consumer] = [relay, consumer(both, probe.projection), consumer(both, probe.reaction)]
    for worker in workers:
        worker.start()

    async def flow() -> None:
        for n in range(90):
            await both.database.run(probe.take, accounts[n % 3], 1)

    flowing = asyncio.create_task(flow())
    await asyncio.sleep(0.2)
    assert await rebuild(both.database, both.dsn, both.bus, probe.projection) == 2
    await flowing
    await until(both, "SELECT sum(total)::int FROM seen WHERE generation = 2", 90)
    await until(both, "SELECT count(*)::int FROM letter", 90)
    await asyncio.sleep(0.3)
    assert await both.scalar("SELECT count(*) FROM seen WHERE generation = 1") == 0
    assert await both.scalar("SELECT count(*) FROM letter") == 90
    for worker in reversed(workers):
        await worker.stop()
    assert probe.OUT_OF_ORDER == []


async def test_a_frozen_consumer_changes_nothing_when_it_wakes_up(kernel: Probe) -> None:
    """It still has the batch in its hands, but the offset row has moved on: the fence."""
    (account,) = await some_accounts(kernel, 1)
    for _ in range(5):
        await kernel.database.run(probe.take, account, 1)
    relay = Relay(kernel.dsn, "orders", kernel.bus)
    connection = await asyncpg.connect(relay.dsn)
    await relay.once(connection, kernel.bus.sink())
    await connection.close()
    frozen = consumer(kernel, probe.projection)
    frozen.generation = 1
    source = kernel.bus.source()
    await source.start(frozen.group.topics, frozen.name, 0, frozen._assigner(source))
    batches = await source.fetch(100, 1.0)
    assert len(batches) == 1
    assert len(batches[0]) == 5
    other = consumer(kernel, probe.projection)
    other.start()
    await until(kernel, "SELECT total::int FROM seen", 5)
    await other.stop()
    await kernel.database.engine.dispose()
    records = batches[0]
    part = Partition(records[0].topic, records[0].partition)
    assert await frozen._apply(source, part, records) == 5
    assert frozen.applied == 0
    assert await kernel.scalar("SELECT total FROM seen") == 5


async def test_another_log_stops_the_consumer_red(kernel: Probe) -> None:
    (account,) = await some_accounts(kernel, 1)
    await kernel.database.run(probe.take, account, 1)
    relay, worker = Relay(kernel.dsn, "orders", kernel.bus), consumer(kernel, probe.projection)
    relay.start()
    worker.start()
    await until(kernel, "SELECT total::int FROM seen", 1)
    await worker.stop()
    await relay.stop()
    assert isinstance(kernel.bus, LogBus)
    pool = await kernel.bus.pool()
    await pool.execute("UPDATE bus_identity SET cluster = $1", uuid.uuid4())
    kernel.bus._cluster = ""
    again = consumer(kernel, probe.projection)
    again.start()
    async with asyncio.timeout(10):
        while again.stopped is None:
            await asyncio.sleep(0.03)
    assert "has read from the event log" in again.stopped
    await again.stop()


async def test_a_log_that_lost_its_end_stops_the_consumer_red(kernel: Probe) -> None:
    worker = consumer(kernel, probe.projection)
    worker.start()
    await until(kernel, "SELECT count(*)::int FROM consumer_offset", 6)
    await worker.stop()
    async with kernel.database.engine.begin() as connection:
        await connection.execute(text("UPDATE consumer_offset SET next_offset = 99 WHERE partition = 3"))
    again = consumer(kernel, probe.projection)
    again.start()
    async with asyncio.timeout(10):
        while again.stopped is None:
            await asyncio.sleep(0.03)
    assert "events were lost" in again.stopped
    await again.stop()


async def test_a_record_that_is_no_event_is_parked(both: Probe) -> None:
    sink = both.bus.sink()
    await sink.start()
    await sink.send([Outgoing("quire.orders", "k", b"\x00\xff", {"x": "y"})])
    await sink.close()
    worker = consumer(both, probe.projection)
    worker.start()
    await until(both, "SELECT count(*)::int FROM parked", 1)
    await worker.stop()
    assert await both.scalar("SELECT type FROM parked") == "unreadable"
    assert (
        await both.scalar("SELECT next_offset::int FROM consumer_offset WHERE partition = :p", p=partition_of("k")) == 1
    )

"""What was lost, doubled, off or out of order: the client's books against databases, log and read model."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from quire_shared.contracts.base import PARTITIONS
from tests.chaos.client import Client
from tests.chaos.stage import Broken, Stage

PROJECTION = "desk.budgets"


@dataclass
class Verdict:
    """The counts of the report, and a sentence for each thing found."""

    lost: int = 0
    doubled: int = 0
    off: Decimal = Decimal("0.00")
    out_of_order: int = 0
    found: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.off or self.out_of_order or self.found)

    def say(self, sentence: str) -> None:
        self.found.append(sentence)


@dataclass(frozen=True)
class Logged:
    """A record of the log."""

    partition: int
    key: str
    event_id: uuid.UUID
    aggregate_version: int | None


def order_faults(sequence: Sequence[int]) -> int:
    """How many of these numbers come after a larger one."""
    faults, largest = 0, None
    for number in sequence:
        if largest is not None and number < largest:
            faults += 1
        largest = number if largest is None else max(largest, number)
    return faults


async def settled(stage: Stage, seconds: float) -> None:
    """Wait until nothing waits in the outbox and the read model has seen every event. Raises `Broken` with what waits."""
    end = time.monotonic() + seconds
    orders, desk = await asyncpg.connect(stage.dsn("orders")), await asyncpg.connect(stage.dsn("desk"))
    try:
        while True:
            waiting = await orders.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            told = await orders.fetchval("SELECT count(*) FROM outbox WHERE topic = 'quire.orders'")
            seen = await desk.fetchval("SELECT count(*) FROM inbox WHERE consumer = $1", await _consumer(desk))
            if waiting == 0 and seen >= told:
                return
            if time.monotonic() > end:
                raise Broken(f"not settled: {waiting} in the outbox, {seen} of {told} events seen by {PROJECTION}")
            await asyncio.sleep(0.25)
    finally:
        await orders.close()
        await desk.close()


async def judge(stage: Stage, client: Client) -> Verdict:
    """Compare everything; the stage must have settled."""
    verdict = Verdict()
    orders, desk = await asyncpg.connect(stage.dsn("orders")), await asyncpg.connect(stage.dsn("desk"))
    try:
        await _commands(verdict, client, orders)
        await _balances(verdict, client)
        await _events(verdict, stage, orders, desk)
        await _read_model(verdict, client, orders, desk)
    finally:
        await orders.close()
        await desk.close()
    return verdict


async def _consumer(desk: asyncpg.Connection) -> str:
    return f"{PROJECTION}.g{await desk.fetchval('SELECT active FROM projection WHERE name = $1', PROJECTION)}"


async def _commands(verdict: Verdict, client: Client, orders: asyncpg.Connection) -> None:
    """Every answered command is booked once, and nothing else is."""
    booked = {str(row["id"]) for row in await orders.fetch("SELECT id FROM transaction")}
    answered = set(client.transactions)
    verdict.lost += len(answered - booked)
    verdict.doubled += len(booked - answered) + sum(n - 1 for n in client.transactions.values())
    for missing in sorted(answered - booked)[:5]:
        verdict.say(f"transaction {missing} was answered but is not there")
    for extra in sorted(booked - answered)[:5]:
        verdict.say(f"transaction {extra} was booked but no answer named it")


async def _balances(verdict: Verdict, client: Client) -> None:
    """Balances of orders against the client's books, and the ledger's own proof."""
    listed = {row["id"]: row["figures"] for row in (await client.get("/budgets?limit=1000"))["items"]}
    if set(listed) != set(client.books):
        verdict.say(f"{len(listed)} budgets are listed, {len(client.books)} were made")
    for budget, account in client.books.items():
        for name in ("allocated", "net_transfers", "available"):
            has = Decimal(listed[budget][name]["amount"]) if budget in listed else Decimal(0)
            _off(verdict, f"orders: {name} of budget {budget}", has, getattr(account, name))
    proof = await client.get("/funds/consistency")
    if not proof["consistent"]:
        verdict.say(f"the ledger is not consistent: {proof['found'][:3]}")


async def _events(verdict: Verdict, stage: Stage, orders: asyncpg.Connection, desk: asyncpg.Connection) -> None:
    """Outbox against log against inbox; the order per key in the log is that of the commits."""
    outbox = {
        row["event_id"]: row["id"]
        for row in await orders.fetch("SELECT id, event_id FROM outbox WHERE topic = 'quire.orders'")
    }
    log = await read_log(stage.kafka.broker.bootstrap, "quire.orders")
    inbox = {
        row["event_id"]
        for row in await desk.fetch("SELECT event_id FROM inbox WHERE consumer = $1", await _consumer(desk))
    }
    logged = {record.event_id for record in log}
    parked = await desk.fetchval("SELECT count(*) FROM parked")
    for what, ids in (
        ("never reached the log", set(outbox) - logged),
        ("never reached the read model", set(outbox) - inbox),
    ):
        verdict.lost += len(ids)
        if ids:
            verdict.say(f"{len(ids)} events {what}, for instance {sorted(ids)[0]}")
    if parked:
        verdict.lost += parked
        verdict.say(f"{parked} events are parked")
    strange = (logged | inbox) - set(outbox)
    verdict.doubled += len(strange)
    if strange:
        verdict.say(f"{len(strange)} events are known that orders has not committed")
    firsts: dict[str, list[Logged]] = {}
    seen: set[uuid.UUID] = set()
    for record in log:
        if record.event_id not in seen and record.event_id in outbox:
            seen.add(record.event_id)
            firsts.setdefault(record.key, []).append(record)
    for key, records in firsts.items():
        # An outbox id is given while the row of the key is locked, so it grows with the commits of the key.
        faults = order_faults([outbox[r.event_id] for r in records])
        faults += order_faults([r.aggregate_version for r in records if r.aggregate_version is not None])
        faults += len({r.partition for r in records}) - 1
        verdict.out_of_order += faults
        if faults:
            verdict.say(f"{faults} events of {key} are out of order in the log")


async def _read_model(verdict: Verdict, client: Client, orders: asyncpg.Connection, desk: asyncpg.Connection) -> None:
    """Rows of the active generation against the client's books; each must stem from the last event of its budget."""
    last = await orders.fetch(
        "SELECT DISTINCT ON (key) key, event_id FROM outbox WHERE type = 'orders.budget.changed' ORDER BY key, id DESC"
    )
    rows = {
        str(row["budget_id"]): row
        for row in await desk.fetch(
            "SELECT v.* FROM view_budget v JOIN projection p ON p.name = $1 AND p.active = v.generation", PROJECTION
        )
    }
    for budget, account in client.books.items():
        row: Any = rows.get(budget)
        for name in ("allocated", "net_transfers", "available"):
            has = row[name] if row is not None else Decimal(0)
            _off(verdict, f"desk: {name} of budget {budget}", has, getattr(account, name))
    for event in last:
        row = rows.get(event["key"])
        if row is None or row["event_id"] != event["event_id"]:
            verdict.out_of_order += 1
            verdict.say(f"desk: the row of budget {event['key']} does not stem from its last event")


def _off(verdict: Verdict, where: str, has: Decimal, expected: Decimal) -> None:
    if has != expected:
        verdict.off += abs(has - expected)
        verdict.say(f"{where} is {has}, expected {expected}")


async def read_log(bootstrap: str, topic: str) -> list[Logged]:
    """All records of a topic, in order within each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    records: list[Logged] = []
    try:
        parts = [TopicPartition(topic, n) for n in range(PARTITIONS)]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends = await consumer.end_offsets(parts)
        stop = time.monotonic() + 60
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            if time.monotonic() > stop:
                raise Broken(f"the log of {topic} could not be read to its end")
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                for m in messages:
                    headers = dict(m.headers)
                    version = headers.get("ce_aggregateversion")
                    records.append(
                        Logged(
                            m.partition,
                            m.key.decode(),
                            uuid.UUID(headers["ce_id"].decode()),
                            int(version) if version is not None else None,
                        )
                    )
    finally:
        await consumer.stop()
    return records

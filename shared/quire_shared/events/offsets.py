"""Stored offsets, the inbox and generations: the consumer's own SQL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.database.run import Database
from quire_shared.events.bus.base import ClusterChanged, EndBehind, Partition
from quire_shared.values import clock


def consumer_name(group: str, generation: int | None) -> str:
    return group if generation is None else f"{group}.g{generation}"


async def take(
    connection: AsyncConnection,
    consumer: str,
    parts: Sequence[Partition],
    cluster: str,
    ends: Mapping[Partition, int],
) -> dict[Partition, int]:
    """The offsets to start from, made where missing.

    Raises :class:`ClusterChanged` when the stored offsets belong to another log or lie beyond the end of this one: going
    on would skip what is new in silence.
    """
    if not parts:
        return {}
    await connection.execute(
        text(
            "INSERT INTO consumer_offset (consumer, topic, partition, next_offset, cluster, updated_at)"
            " SELECT :c, t, p, 0, :cluster, :now FROM unnest(CAST(:t AS text[]), CAST(:p AS int[])) AS x(t, p)"
            " ON CONFLICT DO NOTHING"
        ),
        {
            "c": consumer,
            "cluster": cluster,
            "now": clock.now(),
            "t": [p.topic for p in parts],
            "p": [p.number for p in parts],
        },
    )
    rows = await connection.execute(
        text("SELECT topic, partition, next_offset, cluster FROM consumer_offset WHERE consumer = :c"), {"c": consumer}
    )
    wanted, found = set(parts), {}
    for row in rows:
        part = Partition(row.topic, row.partition)
        if part not in wanted:
            continue
        if row.cluster != cluster:
            raise ClusterChanged(
                f"{consumer} has read from the event log {row.cluster}, but this is {cluster}. Give back the old log, or"
                f" rebuild with `quire events adopt {consumer}` once you know that nothing is missing."
            )
        if row.next_offset > ends.get(part, 0):
            raise EndBehind(
                f"{consumer} has read {row.next_offset} events of {row.topic}/{row.partition}, but the log ends at"
                f" {ends.get(part, 0)}: events were lost from it."
            )
        found[part] = row.next_offset
    return found


async def stored(session: AsyncSession, consumer: str) -> dict[Partition, int]:
    rows = await session.execute(
        text("SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = :c"), {"c": consumer}
    )
    return {Partition(r.topic, r.partition): r.next_offset for r in rows}


async def lock(session: AsyncSession, consumer: str, part: Partition, *, wait: bool) -> int | None:
    """Take the offset row, the fence of everything after it. None when another worker has it (``wait`` false)."""
    row = await session.execute(
        text(
            "SELECT next_offset FROM consumer_offset WHERE consumer = :c AND topic = :t AND partition = :p FOR UPDATE"
            + ("" if wait else " SKIP LOCKED")
        ),
        {"c": consumer, "t": part.topic, "p": part.number},
    )
    return row.scalar()


async def move(session: AsyncSession, consumer: str, part: Partition, end: int, now: datetime) -> None:
    await session.execute(
        text(
            "UPDATE consumer_offset SET next_offset = :o, updated_at = :now"
            " WHERE consumer = :c AND topic = :t AND partition = :p"
        ),
        {"o": end, "now": now, "c": consumer, "t": part.topic, "p": part.number},
    )


async def receive(session: AsyncSession, consumer: str, ids: Sequence[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Write the inbox rows; answers the ids that were not there before."""
    rows = await session.execute(
        text(
            "INSERT INTO inbox (consumer, event_id, received_at) SELECT :c, e, :now"
            " FROM unnest(CAST(:ids AS uuid[])) AS x(e) ON CONFLICT DO NOTHING RETURNING event_id"
        ),
        {"c": consumer, "now": now, "ids": list(dict.fromkeys(ids))},
    )
    return set(rows.scalars())


async def has_seen(session: AsyncSession, consumer: str, ids: Sequence[uuid.UUID]) -> bool:
    """True when all of these events have been applied: a screen waits for its own write with it."""
    count = await session.execute(
        text("SELECT count(*) FROM inbox WHERE consumer = :c AND event_id = ANY(CAST(:ids AS uuid[]))"),
        {"c": consumer, "ids": list(ids)},
    )
    return bool(count.scalar_one() == len(set(ids)))


# Generations of projections


async def active_generation(database: Database, name: str) -> int:
    async with database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO projection (name, active) VALUES (:n, 1) ON CONFLICT DO NOTHING"), {"n": name}
        )
        row = await connection.execute(text("SELECT active FROM projection WHERE name = :n"), {"n": name})
        return int(row.scalar_one())


async def generations(session: AsyncSession, name: str) -> set[int | None]:
    row = (
        await session.execute(text("SELECT active, building FROM projection WHERE name = :n FOR SHARE"), {"n": name})
    ).one_or_none()
    return {1} if row is None else {row.active, row.building}


async def tell_fresh(database: Database, name: str, now: datetime) -> int:
    async with database.engine.begin() as connection:
        row = await connection.execute(
            text("UPDATE projection SET fresh_at = :now WHERE name = :n RETURNING active"), {"now": now, "n": name}
        )
        return int(row.scalar_one())

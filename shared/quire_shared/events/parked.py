"""Parked events: put aside with their reason and all later events of the same key; retried or skipped by a person.

Retry and skip hold the offset row of the partition, run the key's parked events in order and unpark them in that one
transaction. A skip is remembered by event id and repeated in a rebuild.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.api.problems import Conflict, NotFound
from quire_shared.database.run import Database
from quire_shared.database.work import Work
from quire_shared.events import offsets
from quire_shared.events.bus.base import Partition, Record
from quire_shared.events.envelope import Envelope, open_envelope
from quire_shared.events.handlers import HandlerGroup
from quire_shared.values import clock
from quire_shared.values.ids import uuid7


@dataclass(frozen=True, slots=True)
class Parked:
    """One event that was put aside."""

    id: int
    consumer: str
    topic: str
    key: str
    type: str
    event_id: uuid.UUID
    error: str
    waits: bool
    attempts: int
    parked_at: datetime


_PUT = text(
    """
    INSERT INTO parked (consumer, topic, partition, "offset", event_id, key, type, payload, headers, error, behind, parked_at)
    VALUES (:consumer, :topic, :partition, :offset, :event_id, :key, :type, :payload, CAST(:headers AS json), :error,
            :behind, :now)
    ON CONFLICT (consumer, event_id) DO NOTHING
    """
)


async def put(session: AsyncSession, consumer: str, envelope: Envelope, error: str, *, behind: bool) -> None:
    await _put(session, consumer, envelope.record, envelope.event_id, envelope.type, error, behind)


async def put_record(session: AsyncSession, consumer: str, record: Record, error: str) -> None:
    """Park a record that may not even be an event of ours; it then gets an id of its own."""
    try:
        envelope = open_envelope(record)
    except ValueError:
        await _put(session, consumer, record, uuid7(), "unreadable", error, behind=False)
        return
    await offsets.receive(session, consumer, [envelope.event_id], clock.now())
    await _put(session, consumer, record, envelope.event_id, envelope.type, error, behind=False)


async def _put(
    session: AsyncSession, consumer: str, record: Record, event_id: uuid.UUID, kind: str, error: str, behind: bool
) -> None:
    await session.execute(
        _PUT,
        {
            "consumer": consumer,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "event_id": event_id,
            "key": record.key,
            "type": kind,
            "payload": record.value,
            "headers": orjson.dumps(dict(record.headers)).decode(),
            "error": error[:2000],
            "behind": "yes" if behind else None,
            "now": clock.now(),
        },
    )


async def keys(session: AsyncSession, consumer: str, wanted: Sequence[str]) -> set[tuple[str, str]]:
    """Those of the keys that have parked events: (topic, key)."""
    rows = await session.execute(
        text("SELECT DISTINCT topic, key FROM parked WHERE consumer = :c AND key = ANY(CAST(:k AS text[]))"),
        {"c": consumer, "k": list(set(wanted))},
    )
    return {(r.topic, r.key) for r in rows}


async def skipped(session: AsyncSession, group: str, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    rows = await session.execute(
        text("SELECT event_id FROM skipped WHERE handler_group = :g AND event_id = ANY(CAST(:ids AS uuid[]))"),
        {"g": group, "ids": list(ids)},
    )
    return set(rows.scalars())


async def listing(session: AsyncSession, limit: int = 200) -> list[Parked]:
    rows = await session.execute(
        text(
            "SELECT id, consumer, topic, key, type, event_id, error, behind IS NOT NULL AS waits, attempts, parked_at"
            " FROM parked ORDER BY id LIMIT :n"
        ),
        {"n": limit},
    )
    return [Parked(**r._mapping) for r in rows]


class StillFails(Conflict):
    title = "The event could not be applied this time either"


async def retry(database: Database, groups: Sequence[HandlerGroup], parked_id: int, by: str) -> int:
    """Run the parked events of this one's key in order; answers how many. Raises :class:`StillFails` with the reason."""
    return await _resolve(database, groups, parked_id, by, skip_reason=None)


async def skip(database: Database, groups: Sequence[HandlerGroup], parked_id: int, by: str, reason: str) -> int:
    """Leave this event out for good, with a reason, and run those that waited behind it."""
    return await _resolve(database, groups, parked_id, by, skip_reason=reason)


async def _resolve(
    database: Database, groups: Sequence[HandlerGroup], parked_id: int, by: str, skip_reason: str | None
) -> int:
    from quire_shared.events.consumer import adopt, work_for

    failure: tuple[int, Exception] | None = None
    done = 0
    async with AsyncSession(database.engine, expire_on_commit=False) as session:
        first = (
            await session.execute(
                text("SELECT consumer, topic, partition, key FROM parked WHERE id = :id"), {"id": parked_id}
            )
        ).one_or_none()
        if first is None:
            raise NotFound(f"There is no parked event number {parked_id}; perhaps it was resolved meanwhile.")
        group = next(
            (g for g in groups if g.name == first.consumer.rpartition(".g")[0] or g.name == first.consumer), None
        )
        if group is None:
            raise NotFound(f"{first.consumer} is no consumer of this service any more.")
        suffix = first.consumer.removeprefix(group.name)
        generation = int(suffix.removeprefix(".g")) if suffix else None
        await offsets.lock(session, first.consumer, Partition(first.topic, first.partition), wait=True)
        rows = (
            await session.execute(
                text(
                    'SELECT id, topic, partition, "offset", key, payload, headers, event_id FROM parked'
                    ' WHERE consumer = :c AND topic = :t AND key = :k ORDER BY "offset", id FOR UPDATE'
                ),
                {"c": first.consumer, "t": first.topic, "k": first.key},
            )
        ).all()
        work = work_for(session, database.service, generation)
        for row in rows:
            if row.id == parked_id and skip_reason is not None:
                await _remember_skip(session, group.name, row.event_id, skip_reason, by)
            else:
                record = Record(row.topic, row.partition, row.offset, row.key, row.payload, row.headers)
                try:
                    await _run(work, group, open_envelope(record), adopt)
                except Exception as error:  # noqa: BLE001 - told to the person who asked for the retry
                    failure = (row.id, error)
                    break
            await session.execute(text("DELETE FROM parked WHERE id = :id"), {"id": row.id})
            done += 1
        if failure is None:
            work.audit("events.skip" if skip_reason else "events.retry", parked_id, reason=skip_reason, by=by)
            await work.finish()
            await session.commit()
            return done
        await session.rollback()
    async with database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE parked SET attempts = attempts + 1, error = :e WHERE id = :id"),
            {"e": f"{type(failure[1]).__name__}: {failure[1]}"[:2000], "id": failure[0]},
        )
    raise StillFails(f"Event {failure[0]} fails with: {failure[1]}. Nothing was changed; it stays parked.")


async def _run(work: Work, group: HandlerGroup, envelope: Envelope, adopt: Any) -> None:
    handler = group.handlers.get(envelope.type)
    if handler is not None:
        adopt(work, envelope)
        await handler(work, envelope.event(), envelope)
        await work.session.flush()


async def _remember_skip(session: AsyncSession, group: str, event_id: uuid.UUID, reason: str, by: str) -> None:
    await session.execute(
        text(
            "INSERT INTO skipped (handler_group, event_id, reason, skipped_by, skipped_at) VALUES (:g, :e, :r, :by, :now)"
            " ON CONFLICT DO NOTHING"
        ),
        {"g": group, "e": event_id, "r": reason, "by": by, "now": clock.now()},
    )

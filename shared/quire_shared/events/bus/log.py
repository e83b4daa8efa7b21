"""The ``log`` bus: a partitioned, durable, replayable event log in PostgreSQL, for an installation on one machine.

Offsets are dense: they are given out under the lock of the row of ``(topic, partition)`` in ``bus_end``, so that a reader
who has seen the end has seen everything before it. (A serial column would not do: commits overtake each other.)
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg
import orjson

from quire_shared.contracts.base import PARTITIONS, TOPICS
from quire_shared.database.engine import Waits, plain_dsn
from quire_shared.events.bus.base import Assigned, Outgoing, Partition, Record, SinkBroken, partition_of

_DDL = """
CREATE TABLE IF NOT EXISTS bus_identity (id int PRIMARY KEY CHECK (id = 1), cluster uuid NOT NULL);
CREATE TABLE IF NOT EXISTS bus_end (topic text, partition int, next_offset bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS bus_record (topic text, partition int, "offset" bigint, key text NOT NULL, value bytea NOT NULL,
  headers json NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (topic, partition, "offset"));
"""

_APPEND = """
INSERT INTO bus_record (topic, partition, "offset", key, value, headers)
SELECT $1, $2, $3 + r.n - 1, r.key, r.value, r.headers::json
FROM unnest($4::text[], $5::bytea[], $6::text[]) WITH ORDINALITY AS r(key, value, headers, n)
"""


class LogBus:
    """One per process: a small pool, and one poller that wakes all sources."""

    def __init__(self, dsn: str, *, poll: float = 0.05) -> None:
        self.dsn = plain_dsn(dsn)
        self.poll = poll
        self._pool: asyncpg.Pool | None = None
        self._making = asyncio.Lock()
        self._poller: asyncio.Task[None] | None = None
        self._ends: dict[Partition, int] = {}
        self._news = asyncio.Event()
        self._cluster = ""

    async def prepare(self) -> None:
        async with (await self.pool()).acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(7214001)")
            await connection.execute(_DDL)
            await connection.execute("INSERT INTO bus_identity VALUES (1, $1) ON CONFLICT DO NOTHING", uuid.uuid4())
            await connection.executemany(
                "INSERT INTO bus_end (topic, partition) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [(t, p) for t in TOPICS for p in range(PARTITIONS)],
            )

    async def pool(self) -> asyncpg.Pool:
        async with self._making:
            if self._pool is None:
                self._pool = await self._make_pool()
            return self._pool

    async def _make_pool(self) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self.dsn,
            min_size=0,
            max_size=12,
            server_settings=Waits().server_settings("quire bus"),
            timeout=10,
            command_timeout=30,
        )

    async def cluster(self) -> str:
        if not self._cluster:
            self._cluster = str(await (await self.pool()).fetchval("SELECT cluster FROM bus_identity"))
        return self._cluster

    async def ends(self) -> dict[Partition, int]:
        rows = await (await self.pool()).fetch("SELECT topic, partition, next_offset FROM bus_end")
        return {Partition(r["topic"], r["partition"]): r["next_offset"] for r in rows}

    async def known_ends(self, wait: float, have: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """The ends as the poller last saw them; waits until one of ``have`` is behind, ``wait`` seconds at most."""
        if self._poller is None or self._poller.done():
            ended, self._poller = self._poller, None
            if ended is not None:
                await ended  # raises what ended it; the next call starts a new one
            self._poller = asyncio.create_task(self._watch(), name="log bus poller")
        deadline = asyncio.get_running_loop().time() + wait
        while not any(self._ends.get(p, 0) > at for p, at in have.items()):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
        return self._ends

    async def _watch(self) -> None:
        while True:
            ends = await self.ends()
            if ends != self._ends:
                self._ends = ends
                self._news.set()
                self._news = asyncio.Event()
            await asyncio.sleep(self.poll)

    def sink(self) -> LogSink:
        return LogSink(self)

    def source(self) -> LogSource:
        return LogSource(self)

    async def close(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        if self._pool is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pool.close(), 5)
            self._pool.terminate()


class LogSink:
    def __init__(self, bus: LogBus) -> None:
        self.bus = bus

    async def start(self) -> None:
        await self.bus.pool()

    async def send(self, records: Sequence[Outgoing]) -> None:
        parts: dict[Partition, list[Outgoing]] = {}
        for record in records:
            parts.setdefault(Partition(record.topic, partition_of(record.key)), []).append(record)
        try:
            async with (await self.bus.pool()).acquire() as connection, connection.transaction():
                for part in sorted(parts):
                    batch = parts[part]
                    end = await connection.fetchval(
                        "UPDATE bus_end SET next_offset = next_offset + $3 WHERE topic = $1 AND partition = $2"
                        " RETURNING next_offset",
                        part.topic,
                        part.number,
                        len(batch),
                    )
                    if end is None:
                        raise SinkBroken(f"the log has no topic {part.topic}; run `quire migrate`")
                    await connection.execute(
                        _APPEND,
                        part.topic,
                        part.number,
                        end - len(batch),
                        [r.key for r in batch],
                        [r.value for r in batch],
                        [orjson.dumps(dict(r.headers)).decode() for r in batch],
                    )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise SinkBroken(f"the event log did not take the batch: {error}") from error

    async def close(self) -> None:
        """The pool belongs to the bus."""


class LogSource:
    gives_out_partitions = False

    def __init__(self, bus: LogBus) -> None:
        self.bus = bus
        self.topics: Sequence[str] = ()
        self._at: dict[Partition, int] = {}
        self._turn = 0

    async def start(self, topics: Sequence[str], group: str, slot: int, assigned: Assigned) -> None:
        self.topics = topics
        parts = [Partition(t, n) for t in topics for n in range(PARTITIONS)]
        self._at = dict(await assigned(parts))

    async def fetch(self, limit: int, wait: float) -> list[list[Record]]:
        ends = await self.bus.known_ends(wait, self._at)
        behind = [p for p in sorted(self._at) if ends.get(p, 0) > self._at[p]]
        if not behind:
            return []
        self._turn += 1
        start = self._turn % len(behind)
        out: list[list[Record]] = []
        for part in behind[start:] + behind[:start]:
            rows = await (await self.bus.pool()).fetch(
                'SELECT "offset", key, value, headers FROM bus_record WHERE topic = $1 AND partition = $2'
                ' AND "offset" >= $3 ORDER BY "offset" LIMIT $4',
                part.topic,
                part.number,
                self._at[part],
                limit,
            )
            if rows:
                records = [
                    Record(part.topic, part.number, r["offset"], r["key"], r["value"], orjson.loads(r["headers"]))
                    for r in rows
                ]
                self._at[part] = records[-1].offset + 1
                out.append(records)
                limit -= len(records)
            if limit <= 0:
                break
        return out

    async def seek(self, partition: Partition, offset: int) -> None:
        self._at[partition] = offset

    async def committed(self, positions: Mapping[Partition, int]) -> None:
        """The offset rows of the consumer are the only record here."""

    async def cluster(self) -> str:
        return await self.bus.cluster()

    async def ends(self, topics: Sequence[str]) -> Mapping[Partition, int]:
        return {p: end for p, end in (await self.bus.ends()).items() if p.topic in topics}

    async def close(self) -> None:
        """The pool belongs to the bus."""

"""The relay: takes committed events out of the outbox and gives them to the bus, in order, by one writer at a time.

Not a cursor over ids (commits overtake each other: a quarter of the events was lost in a trial) and not ``SKIP LOCKED``
(order per key broke): a single writer under an advisory lock marks what the bus has acknowledged in the same transaction.
"""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress

import asyncpg
import orjson
import structlog

from quire_shared.database.engine import Waits, plain_dsn
from quire_shared.events.bus.base import Bus, Outgoing, Sink, SinkBroken
from quire_shared.observe import metrics
from quire_shared.observe.faults import is_temporary

log = structlog.get_logger()

BATCH = 500
POLL = 0.05

_TAKE = "SELECT pg_try_advisory_xact_lock($1)"
_NEXT = "SELECT id, topic, key, payload, headers FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1"
_MARK = "UPDATE outbox SET published_at = now() WHERE id = ANY($1::bigint[])"


class Relay:
    """One service's relay. Any number may run; one of them works."""

    def __init__(self, dsn: str, service: str, bus: Bus, *, batch: int = BATCH, poll: float = POLL) -> None:
        self.dsn = plain_dsn(dsn)
        self.service = service
        self.bus = bus
        self.batch = batch
        self.poll = poll
        self.key = zlib.crc32(f"quire relay {service}".encode())
        self.trouble: str | None = None
        self.published = 0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self.work(), name=f"relay {self.service}")

    async def stop(self) -> None:
        """Finish the batch that is under way, then end."""
        self._stopping.set()
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), 15)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def work(self) -> None:
        """Publish until stopped; a broken bus or database is named in ``trouble`` and tried again with a growing pause."""
        pause = 0.2
        while not self._stopping.is_set():
            sink: Sink | None = None
            connection: asyncpg.Connection | None = None
            try:
                connection = await asyncpg.connect(
                    self.dsn,
                    timeout=10,
                    command_timeout=30,
                    server_settings=Waits().server_settings(f"quire {self.service} relay"),
                )
                sink = self.bus.sink()
                await sink.start()
                while not self._stopping.is_set():
                    sent = await self.once(connection, sink)
                    self.trouble, pause = None, 0.2
                    if sent < self.batch:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._stopping.wait(), self.poll)
            except Exception as error:
                self.trouble = f"events are not going out: {error or type(error).__name__}"
                if isinstance(error, SinkBroken) or is_temporary(error):
                    log.warning("relay_waits", service=self.service, error=str(error))
                else:
                    log.error("relay_fault", service=self.service, exc_info=error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                pause = min(pause * 2, 5.0)
            finally:
                if sink is not None:
                    await sink.close()
                if connection is not None:
                    with suppress(Exception):
                        await connection.close(timeout=2)

    async def once(self, connection: asyncpg.Connection, sink: Sink) -> int:
        """Publish one batch; answers how many events went out. The mark commits only after the bus has acknowledged."""
        async with connection.transaction():
            if not await connection.fetchval(_TAKE, self.key):
                return 0
            rows = await connection.fetch(_NEXT, self.batch)
            if not rows:
                return 0
            await sink.send(
                [Outgoing(r["topic"], r["key"], r["payload"].encode(), orjson.loads(r["headers"])) for r in rows]
            )
            await connection.execute(_MARK, [r["id"] for r in rows])
        self.published += len(rows)
        metrics.RELAY_PUBLISHED.labels(self.service).inc(len(rows))
        return len(rows)

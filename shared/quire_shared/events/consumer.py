"""The consumer: offset, inbox row and effects are one transaction, which first takes the offset row (the fence).

A consumer that was frozen and lost its partition finds the offset moved when it wakes up, drops what lies below it and
changes nothing. What a relay sent twice, the inbox drops. How this behaved under kills: ``docs/mechanisms/consumer.md``.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.contracts.base import PARTITIONS
from quire_shared.database.engine import Waits, plain_dsn
from quire_shared.database.run import Database
from quire_shared.database.work import Work
from quire_shared.events import offsets, parked
from quire_shared.events.bus.base import Bus, ClusterChanged, EndBehind, Partition, Record, Source
from quire_shared.events.envelope import Cause, Envelope, open_envelope
from quire_shared.events.handlers import HandlerGroup, Projection
from quire_shared.observe import metrics
from quire_shared.observe.faults import is_temporary
from quire_shared.values import clock

log = structlog.get_logger()

BATCH = 500
SLOTS = 16
#: Faults one after the other, each of another key, that stop a consumer: a bad deploy must not park everything.
FAULTS_IN_A_ROW = 10
FRESH_EVERY = 2.0
#: Seconds in which a restarted broker may still find the end of its log.
END_GRACE = 30.0


class Superseded(Exception):
    """This generation of a projection is no longer the active one."""


class Stopped(Exception):
    """The consumer has stopped for good and says why."""


class Consumer:
    """One worker of one handler group. Any number may run, in one process or in many."""

    def __init__(
        self,
        database: Database,
        dsn: str,
        bus: Bus,
        group: HandlerGroup,
        *,
        generation: int | None = None,
        batch: int = BATCH,
    ) -> None:
        self.database = database
        self.dsn = plain_dsn(dsn)
        self.bus = bus
        self.group = group
        self.fixed_generation = generation
        self.generation: int | None = generation
        self.batch = batch
        self.trouble: str | None = None
        self.stopped: str | None = None
        self.applied = 0
        self.idle = asyncio.Event()
        self._source: Source | None = None
        self._refused: Exception | None = None
        self._in_a_row = 0
        self._fresh_told = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return offsets.consumer_name(self.group.name, self.generation)

    # Life

    def start(self) -> None:
        self._task = asyncio.create_task(self.work(), name=f"consumer {self.group.name}")

    async def stop(self) -> None:
        """Finish the batch that is under way, then end."""
        self._stopping.set()
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), 15)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def work(self) -> None:
        """Consume until stopped. Broken connections are tried again for ever; a ``Stopped`` consumer turns readiness red."""
        pause = 0.2
        behind_since: float | None = None
        while not self._stopping.is_set():
            slot: asyncpg.Connection | None = None
            source = self.bus.source()
            try:
                self._refused = None
                if isinstance(self.group, Projection) and self.fixed_generation is None:
                    self.generation = await offsets.active_generation(self.database, self.group.name)
                number = 0
                if source.gives_out_partitions:
                    slot, number = await self._take_slot()
                await source.start(self.group.topics, self.name, number, self._assigner(source))
                self._source = source
                while not self._stopping.is_set():
                    await self._round(source)
                    self.trouble, pause, behind_since = None, 0.2, None
            except Superseded:
                continue
            except EndBehind as error:
                # A restarted broker tells its end from a checkpoint at first; only an end that stays behind is a loss.
                self.trouble = str(error)
                now = asyncio.get_running_loop().time()
                behind_since = behind_since or now
                if not source.gives_out_partitions or now - behind_since > END_GRACE:
                    self.stopped = self.trouble
                    log.error("consumer_stopped", consumer=self.name, reason=str(error))
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 1.0)
            except (Stopped, ClusterChanged) as error:
                self.stopped = self.trouble = str(error)
                log.error("consumer_stopped", consumer=self.name, reason=str(error))
                return
            except Exception as error:  # noqa: BLE001 - named in readiness, logged, and tried again for ever
                self.trouble = f"{self.name} does not receive events: {error or type(error).__name__}"
                log.warning("consumer_waits", consumer=self.name, error=repr(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                pause = min(pause * 2, 5.0)
            finally:
                self._source = None
                await source.close()
                if slot is not None:
                    with suppress(Exception):
                        await slot.close(timeout=2)

    async def catch_up(self) -> None:
        """Consume to the present end of all topics, then return: for a rebuild."""
        source = self.bus.source()
        slot: asyncpg.Connection | None = None
        try:
            number = 0
            if source.gives_out_partitions:
                slot, number = await self._take_slot()
            await source.start(self.group.topics, self.name, number, self._assigner(source))
            self._source = source
            while await self.lag():
                await self._round(source)
        finally:
            await source.close()
            if slot is not None:
                await slot.close(timeout=2)

    async def lag(self) -> int:
        """How many records lie between the stored offsets and the end of the log; 1 while the bus is not reached."""
        if self._source is None:
            return 1
        ends = await self._source.ends(self.group.topics)
        async with self.database.read() as session:
            stored = await offsets.stored(session, self.name)
        return sum(max(0, end - stored.get(part, 0)) for part, end in ends.items())

    async def _take_slot(self) -> tuple[asyncpg.Connection, int]:
        """A slot number held by an advisory lock: a restarted worker finds its own again and keeps its partitions."""
        connection = await asyncpg.connect(
            self.dsn,
            timeout=10,
            server_settings=Waits(idle_in_transaction=0).server_settings(f"quire {self.name} slot"),
        )
        key = zlib.crc32(self.name.encode()) - 2**31
        for number in range(SLOTS):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1::int, $2::int)", key, number):
                return connection, number
        await connection.close()
        raise ConnectionError(f"all {SLOTS} worker slots of {self.name} are taken")

    def _assigner(self, source: Source):  # type: ignore[no-untyped-def]
        async def assigned(parts: Sequence[Partition]) -> Mapping[Partition, int]:
            try:
                cluster = await source.cluster()
                ends = await source.ends(self.group.topics)
                async with self.database.engine.begin() as connection:
                    return await offsets.take(connection, self.name, parts, cluster, ends)
            except Exception as error:  # noqa: BLE001 - raised again by the loop; the bus must not swallow it
                self._refused = error
                return {}

        return assigned

    # Work

    async def _round(self, source: Source) -> None:
        batches = await source.fetch(self.batch, 0.25)
        if self._refused is not None:
            raise self._refused
        positions: dict[Partition, int] = {}
        for records in batches:
            part = Partition(records[0].topic, records[0].partition)
            position = await self._apply(source, part, records)
            if position is not None:
                positions[part] = position
        if positions:
            await source.committed(positions)
            self.idle.clear()
        if not batches:
            self.idle.set()
            await self._tell_fresh()

    async def _tell_fresh(self) -> None:
        """An idle projection says until when it knows everything."""
        now = asyncio.get_running_loop().time()
        if not isinstance(self.group, Projection) or now - self._fresh_told < FRESH_EVERY or self.fixed_generation:
            return
        self._fresh_told = now
        if await offsets.tell_fresh(self.database, self.group.name, clock.now()) != self.generation:
            raise Superseded

    async def _apply(self, source: Source, part: Partition, records: Sequence[Record]) -> int | None:
        """Apply one fetch of one partition; answers the stored offset, None when another worker has the partition."""
        pause = 0.05
        while True:
            try:
                return await self._transaction(source, part, records)
            except (Superseded, Stopped, asyncio.CancelledError):
                raise
            except Exception as error:
                if is_temporary(error):
                    self.trouble = f"{self.name} repeats a batch: {error}"
                    log.warning("batch_repeated", consumer=self.name, error=str(error)[:300])
                    if self._stopping.is_set():
                        raise
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 5.0)
                    continue
                if len(records) == 1:
                    return await self._park(source, part, records[0], error)
            position: int | None = None
            for record in records:
                position = await self._apply(source, part, [record])
                if position is None:
                    return None
            return position

    async def _transaction(self, source: Source, part: Partition, records: Sequence[Record]) -> int | None:
        async with AsyncSession(self.database.engine, expire_on_commit=False) as session, session.begin():
            if isinstance(self.group, Projection) and self.generation not in await offsets.generations(
                session, self.group.name
            ):
                raise Superseded
            stored = await offsets.lock(session, self.name, part, wait=source.gives_out_partitions)
            if stored is None:
                await source.seek(part, records[0].offset)
                return None
            fresh = [r for r in records if r.offset >= stored]
            if not fresh or (fresh[0].offset > stored and not source.gives_out_partitions):
                await source.seek(part, stored)
                return stored
            envelopes = [open_envelope(r) for r in fresh]
            new = await offsets.receive(session, self.name, [e.event_id for e in envelopes], clock.now())
            held_up = await parked.keys(session, self.name, [e.key for e in envelopes])
            skipped = await parked.skipped(session, self.group.name, [e.event_id for e in envelopes])
            count = 0
            work = work_for(session, self.database.service, self.generation)
            for envelope in envelopes:
                if envelope.event_id not in new or envelope.event_id in skipped:
                    continue
                new.discard(envelope.event_id)  # the same event twice in one batch
                handler = self.group.handlers.get(envelope.type)
                if handler is None:
                    continue
                if (envelope.record.topic, envelope.key) in held_up:
                    await parked.put(session, self.name, envelope, "waits for the parked event before it", behind=True)
                    continue
                adopt(work, envelope)
                await handler(work, envelope.event(), envelope)
                count += 1
            await work.finish()
            end = fresh[-1].offset + 1
            await offsets.move(session, self.name, part, end, clock.now())
        if count:
            self._in_a_row = 0
        self.applied += count
        metrics.CONSUMER_APPLIED.labels(self.group.name).inc(count)
        return end

    async def _park(self, source: Source, part: Partition, record: Record, error: Exception) -> int | None:
        """Put one event aside with its reason, in the transaction that moves the offset past it."""
        self._in_a_row += 1
        if self._in_a_row >= FAULTS_IN_A_ROW:
            raise Stopped(
                f"{self.name} stopped: {self._in_a_row} events in a row could not be applied, the last with “{error}”."
                " This looks like a fault of this version rather than of the events; nothing more is parked."
            ) from error
        log.error("event_parked", consumer=self.name, event_id=record.headers.get("ce_id"), exc_info=error)
        async with AsyncSession(self.database.engine, expire_on_commit=False) as session, session.begin():
            stored = await offsets.lock(session, self.name, part, wait=True)
            if stored is None or record.offset < stored:
                return stored
            await parked.put_record(session, self.name, record, f"{type(error).__name__}: {error}")
            await offsets.move(session, self.name, part, record.offset + 1, clock.now())
        metrics.CONSUMER_PARKED.labels(self.group.name).inc()
        return record.offset + 1


def work_for(session: AsyncSession, service: str, generation: int | None) -> Work:
    return Work(
        session, service, Principal("system", frozenset({"*:*"}), None, "system"), Cause(), generation=generation
    )


def adopt(work: Work, envelope: Envelope) -> None:
    """What a handler does is done by the actor of the event, because of the event."""
    work.actor = Principal(envelope.cause.actor, frozenset({"*:*"}), None, "event")
    work.cause = Cause(
        envelope.cause.actor, envelope.cause.correlation_id, str(envelope.event_id), envelope.cause.traceparent
    )


__all__ = ["PARTITIONS", "Consumer", "Stopped", "Superseded", "adopt", "work_for"]

"""The ``kafka`` bus on aiokafka: idempotent producer with acks=all, consumer groups with static membership."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from quire_shared.contracts.base import PARTITIONS, TOPICS
from quire_shared.events.bus.base import Assigned, Outgoing, Partition, Record, SinkBroken, partition_of

log = structlog.get_logger()

SEND_BOUND = 10.0  # aiokafka's idempotent retries never end by themselves, and a waiting relay blocks vacuum


class KafkaBus:
    def __init__(self, bootstrap: str, *, replication: int = 1) -> None:
        self.bootstrap = bootstrap
        self.replication = replication

    async def prepare(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=10_000)
        await admin.start()
        try:
            existing = set(await admin.list_topics())
            missing = [
                NewTopic(t, PARTITIONS, self.replication, topic_configs={"retention.ms": "-1", "retention.bytes": "-1"})
                for t in TOPICS
                if t not in existing
            ]
            if missing:
                with suppress(TopicAlreadyExistsError):
                    await admin.create_topics(missing)
        finally:
            await admin.close()

    def sink(self) -> KafkaSink:
        return KafkaSink(self.bootstrap)

    def source(self) -> KafkaSource:
        return KafkaSource(self.bootstrap)

    async def close(self) -> None:
        """Producers and consumers are closed by their owners."""


class KafkaSink:
    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=2,
            max_batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
            request_timeout_ms=8_000,
        )
        try:
            await asyncio.wait_for(producer.start(), SEND_BOUND)
        except (KafkaError, OSError, TimeoutError) as error:
            await _stop(producer)
            raise SinkBroken(f"Kafka at {self.bootstrap} does not answer: {error}") from error
        self._producer = producer

    async def send(self, records: Sequence[Outgoing]) -> None:
        if self._producer is None:
            raise SinkBroken("the producer was not started")
        try:
            async with asyncio.timeout(SEND_BOUND):
                futures = [
                    await self._producer.send(
                        r.topic,
                        r.value,
                        key=r.key.encode(),
                        partition=partition_of(r.key),
                        headers=[(k, v.encode()) for k, v in r.headers.items()],
                    )
                    for r in records
                ]
                for future in futures:
                    await future
        except (KafkaError, OSError, TimeoutError) as error:
            raise SinkBroken(f"Kafka did not take the batch: {error or type(error).__name__}") from error

    async def close(self) -> None:
        if self._producer is not None:
            await _stop(self._producer)
            self._producer = None


async def _stop(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(client.stop(), 5)


class KafkaSource:
    gives_out_partitions = True

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self, topics: Sequence[str], group: str, slot: int, assigned: Assigned) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=f"quire.{group}",
            group_instance_id=f"quire.{group}.{slot}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_500,
            rebalance_timeout_ms=8_000,
            max_poll_interval_ms=60_000,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=2 * 1024 * 1024,
        )
        self._consumer = consumer
        await consumer.start()
        consumer.subscribe(list(topics), listener=_Seeker(consumer, assigned))

    async def fetch(self, limit: int, wait: float) -> list[list[Record]]:
        batches = await self._running().getmany(timeout_ms=int(wait * 1000), max_records=limit)
        return [
            [
                Record(
                    m.topic,
                    m.partition,
                    m.offset,
                    (m.key or b"").decode("utf-8", "replace"),
                    m.value or b"",
                    {k: v.decode("utf-8", "replace") for k, v in m.headers},
                )
                for m in messages
            ]
            for messages in batches.values()
            if messages
        ]

    async def seek(self, partition: Partition, offset: int) -> None:
        wanted = TopicPartition(partition.topic, partition.number)
        if wanted in self._running().assignment():
            self._running().seek(wanted, offset)

    async def committed(self, positions: Mapping[Partition, int]) -> None:
        try:
            await self._running().commit({TopicPartition(p.topic, p.number): o for p, o in positions.items()})
        except (KafkaError, ValueError) as error:  # a partition that has just moved; the database has the truth
            log.info("offset_not_told_to_kafka", error=str(error))

    async def cluster(self) -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=8_000)
        await admin.start()
        try:
            return str((await admin.describe_cluster())["cluster_id"])
        finally:
            await admin.close()

    async def ends(self, topics: Sequence[str]) -> Mapping[Partition, int]:
        parts = [TopicPartition(t, n) for t in topics for n in range(PARTITIONS)]
        ends = await self._running().end_offsets(parts)
        return {Partition(p.topic, p.partition): end for p, end in ends.items()}

    async def close(self) -> None:
        if self._consumer is not None:
            await _stop(self._consumer)
            self._consumer = None

    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("the source was not started")
        return self._consumer


class _Seeker(ConsumerRebalanceListener):  # type: ignore[misc]
    """On assignment each partition is read from the offset in the database, whatever Kafka remembers."""

    def __init__(self, consumer: AIOKafkaConsumer, assigned: Assigned) -> None:
        self.consumer = consumer
        self.assigned = assigned

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """The offset row fences whatever is still under way."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        offsets = await self.assigned([Partition(p.topic, p.partition) for p in sorted(assigned)])
        for part, offset in offsets.items():
            self.consumer.seek(TopicPartition(part.topic, part.number), offset)

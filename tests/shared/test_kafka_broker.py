"""The Kafka broker of the tests is a real one: it keeps its log over a kill and its ports over a restart."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from quire_shared.testing import kafka
from quire_shared.testing.kafka import Broker, GivenBroker, KafkaBroker, KafkaUnavailable, answers, start_broker
from quire_shared.testing.kafka.artefacts import kafka_version


@pytest.fixture
def own_broker(kafka_broker: Broker) -> Iterator[KafkaBroker]:
    """A broker of this test's own, which it may kill."""
    if not isinstance(kafka_broker, KafkaBroker):
        pytest.skip(f"this test kills its broker and does not kill {kafka_broker.how}")
    with tempfile.TemporaryDirectory(prefix="quire kafka ") as folder:
        broker = KafkaBroker(Path(folder))
        broker.start()
        yield broker
        broker.stop()


async def cluster_id(bootstrap: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def read_first(bootstrap: str) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition("kept", 0)])
        await consumer.seek_to_beginning()
        value: bytes | None = (await consumer.getone()).value
        return value
    finally:
        await consumer.stop()


@pytest.mark.kafka
async def test_keeps_its_log_over_a_kill_and_forgets_it_when_replaced(own_broker: KafkaBroker) -> None:
    bootstrap = own_broker.bootstrap
    first = await cluster_id(bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait("kept", b"an event")
    await producer.stop()

    own_broker.kill()
    assert own_broker.pid is None
    assert not answers(bootstrap)
    own_broker.start()
    assert own_broker.bootstrap == bootstrap
    assert await read_first(bootstrap) == b"an event"
    assert await cluster_id(bootstrap) == first

    own_broker.replace()
    assert own_broker.bootstrap == bootstrap
    assert await cluster_id(bootstrap) != first


def test_a_listener_that_is_no_kafka_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not answers(f"127.0.0.1:{port}", seconds=0.2)
    assert not answers(f"127.0.0.1:{port}")


def test_a_given_broker_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(kafka, "_wait_until_it_answers", _impatient)
    monkeypatch.setenv("QUIRE_KAFKA_BOOTSTRAP", f"127.0.0.1:{port}")
    with pytest.raises(KafkaUnavailable, match=f"127.0.0.1:{port} does not answer"):
        start_broker(tmp_path)
    with pytest.raises(KafkaUnavailable, match="do not kill"):
        GivenBroker("localhost:1").kill()


def test_without_java_and_docker_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QUIRE_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("QUIRE_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(KafkaUnavailable, match=r"install Java 17 and Maven, or start Docker .*none is installed"):
        start_broker(tmp_path)


def test_a_broker_that_ends_at_once_shows_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    jars = tmp_path / "cache" / f"kafka-{kafka_version()}"
    jars.mkdir(parents=True)
    monkeypatch.setenv("QUIRE_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(KafkaUnavailable, match="StorageTool failed"):
        KafkaBroker(tmp_path / "broker").start()


def _impatient(bootstrap: str, alive: object, seconds: float = 0) -> None:
    if not answers(bootstrap, 0.2):
        raise KafkaUnavailable(f"The Kafka at {bootstrap} does not answer.")

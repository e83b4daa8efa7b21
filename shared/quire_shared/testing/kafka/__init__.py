"""A real Apache Kafka for tests.

In this order: the brokers named in ``QUIRE_KAFKA_BOOTSTRAP``; a single KRaft node started from Kafka's Maven artefacts,
when Java and Maven are there or can be installed; a container. Ready means that it has answered an ApiVersions request.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from quire_shared.testing.kafka.artefacts import KafkaUnavailable, fetch_jars, kafka_version

__all__ = ["Broker", "DockerBroker", "GivenBroker", "KafkaBroker", "KafkaUnavailable", "answers", "start_broker"]

HOST: Final = "localhost"
START_SECONDS: Final = 90
STOP_SECONDS: Final = 30
JVM: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN")

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


class Broker(Protocol):
    """What tests may do with any of the three."""

    bootstrap: str
    how: str
    """Which Kafka this is, in words."""

    def start(self) -> None:
        """Start, or start again on the same port with the same log, and wait until it answers."""
        ...

    def stop(self) -> None:
        """Shut down in order."""
        ...

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        ...


class KafkaBroker:
    """A single node from Maven artefacts; ``folder`` holds its log, its settings and ``broker.log``.

    Raises `KafkaUnavailable` when the jars can't be had or the node does not start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).absolute()
        self.how = f"Apache Kafka {kafka_version()} from its Maven artefacts"
        self._port, self._controller = _free_ports(2)
        self.bootstrap = f"{HOST}:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs, for SIGSTOP and SIGCONT."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Start, or start again on the same ports with the same log, and wait until it answers."""
        if self.pid is not None:
            return
        jars = fetch_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        log = self.folder / "log"
        if not properties.exists():
            properties.write_text(
                PROPERTIES.format(
                    # In a properties file a backslash escapes.
                    host=HOST,
                    port=self._port,
                    controller=self._controller,
                    folder=str(log).replace("\\", "\\\\"),
                )
            )
        if not (log / "meta.properties").exists():
            cluster = self._java(jars, "kafka.tools.StorageTool", "random-uuid").strip().splitlines()[-1]
            self._java(jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties))
        with (self.folder / "broker.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["java", *JVM, "-cp", f"{jars}/*", "kafka.Kafka", str(properties)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_it_answers(self.bootstrap, lambda: self.pid is not None)
        except KafkaUnavailable as error:
            self.kill()
            told = (self.folder / "broker.log").read_text(errors="replace")[-1500:]
            raise KafkaUnavailable(f"{error} The end of its log:\n{told}") from None

    def stop(self) -> None:
        """Shut down in order; after 30 seconds by force. Does nothing when it does not run."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def replace(self) -> None:
        """Put a new, empty cluster with another id in its place, on the same ports."""
        self.stop()
        shutil.rmtree(self.folder / "log")
        self.start()

    def _java(self, jars: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=ERROR", "-cp", f"{jars}/*", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        if done.returncode != 0:
            raise KafkaUnavailable(f"Kafka's {arguments[0]} failed: {(done.stdout + done.stderr).strip()[-1000:]}")
        return done.stdout


class GivenBroker:
    """The brokers of ``QUIRE_KAFKA_BOOTSTRAP``: never stopped or killed by tests."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.how = f"the Kafka at {bootstrap} (QUIRE_KAFKA_BOOTSTRAP)"

    def start(self) -> None:
        """Wait until it answers."""
        _wait_until_it_answers(self.bootstrap, lambda: True, seconds=15)

    def stop(self) -> None:
        """Leave it running: it is not ours."""

    def kill(self) -> None:
        """Refused: it is not ours."""
        raise KafkaUnavailable(f"Tests do not kill {self.how}.")


class DockerBroker:
    """A single node in a container of the image apache/kafka."""

    def __init__(self) -> None:
        self.how = f"Apache Kafka {kafka_version()} in a container"
        self._port, _ = _free_ports(2)
        self.bootstrap = f"{HOST}:{self._port}"
        self._container: str | None = None

    def start(self) -> None:
        """Start, or start the same container again, and wait until it answers."""
        if self._container is None:
            settings = {
                "KAFKA_PROCESS_ROLES": "broker,controller",
                "KAFKA_NODE_ID": "1",
                "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
                "KAFKA_LISTENERS": f"PLAINTEXT://:{self._port},CONTROLLER://:9093",
                "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{self.bootstrap}",
                "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
                "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
                "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
                "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
                "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            }
            environment = [part for name, value in settings.items() for part in ("-e", f"{name}={value}")]
            publish = f"127.0.0.1:{self._port}:{self._port}"
            image = f"apache/kafka:{kafka_version()}"
            self._container = _docker("run", "-d", "-p", publish, *environment, image).strip()
        else:
            _docker("start", self._container)
        try:
            _wait_until_it_answers(self.bootstrap, lambda: True)
        except KafkaUnavailable:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop and delete the container."""
        if self._container is not None:
            _docker("rm", "-f", "-v", self._container)
            self._container = None

    def kill(self) -> None:
        """End it at once (SIGKILL); its log stays for the next start."""
        if self._container is not None:
            _docker("kill", self._container)


def start_broker(folder: Path) -> Broker:
    """Start the first Kafka that is to be had and print which; ``folder`` is for one from Maven artefacts.

    Raises `KafkaUnavailable`, in one sentence what to install, when there is none.
    """
    given = os.environ.get("QUIRE_KAFKA_BOOTSTRAP")
    if given:
        return _started(GivenBroker(given))
    try:
        return _started(KafkaBroker(folder))
    except KafkaUnavailable as without_java:
        if not _docker_answers():
            raise KafkaUnavailable(
                f"There is no Kafka to test with: set QUIRE_KAFKA_BOOTSTRAP, or install Java 17 and Maven, or start "
                f"Docker ({without_java})"
            ) from without_java
    return _started(DockerBroker())


def answers(bootstrap: str, seconds: float = 2.0) -> bool:
    """Tell whether one of the brokers (``host:port,host:port``) answers an ApiVersions request without an error."""
    return any(_one_answers(address.strip(), seconds) for address in bootstrap.split(","))


def _started(broker: Broker) -> Broker:
    broker.start()
    print(f"Kafka for tests: {broker.how}, {broker.bootstrap}", flush=True)
    return broker


def _one_answers(address: str, seconds: float) -> bool:
    host, _, port = address.rpartition(":")
    # ApiVersions (key 18) version 0, correlation id 7, no client id.
    request = struct.pack(">hhih", 18, 0, 7, -1)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=seconds) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            head = b""
            while len(head) < 10:
                part = connection.recv(10 - len(head))
                if not part:
                    return False
                head += part
    except OSError:
        return False
    _, correlation, error = struct.unpack(">iih", head)
    return bool(correlation == 7 and error == 0)


def _wait_until_it_answers(bootstrap: str, alive: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not answers(bootstrap):
        if not alive():
            raise KafkaUnavailable(f"The Kafka at {bootstrap} ended while starting.")
        if time.monotonic() > end:
            raise KafkaUnavailable(f"The Kafka at {bootstrap} does not answer.")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return subprocess.run([docker, "info"], check=False, capture_output=True, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise KafkaUnavailable(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout

"""The stage: PostgreSQL, Kafka and Quire's services, each a process of its own that can be killed and frozen."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import httpx

from quire_shared.access.principal import Principal
from quire_shared.access.tokens import Signer
from quire_shared.database.embedded import EmbeddedPostgres
from quire_shared.testing.kafka import KafkaBroker

QUIRE = Path(sys.executable).with_name("quire")
#: Service, its roles, what the report calls it.
PROCESSES = (
    ("orders", "api", "service"),
    ("orders", "relay", "relay"),
    ("orders", "relay", "relay"),
    ("orders", "consume,work", "consumer"),
    ("desk", "api", "service"),
    ("desk", "consume", "consumer"),
    ("desk", "consume", "consumer"),
)


class Broken(Exception):
    """Something happened that no kill explains."""


class Victim(Protocol):
    """What can be killed and frozen. ``lock`` is held while it is down or frozen."""

    name: str
    role: str
    lock: asyncio.Lock

    @property
    def pid(self) -> int | None: ...

    async def kill(self) -> None: ...

    async def start(self) -> None: ...


class ServiceProcess:
    """One ``quire serve``; the port stays the same over restarts."""

    role: str

    def __init__(self, name: str, service: str, roles: str, role: str, environment: dict[str, str], log: Path) -> None:
        self.name, self.service, self.roles, self.role = name, service, roles, role
        self.port = free_port()
        self.environment = environment | {"QUIRE_PORT": str(self.port)}
        self.log = log
        self.lock = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    async def start(self) -> None:
        self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(QUIRE), "serve", self.service, "--roles", self.roles],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """End it at once (SIGKILL). Raises `Broken` when it had ended by itself."""
        if self._process is None:
            return
        if self._process.poll() is not None:
            raise Broken(f"{self.name} had ended by itself with {self._process.returncode}; see {self.log}")
        self._process.kill()
        await asyncio.to_thread(self._process.wait)


class Postgres:
    name = role = "postgres"

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder)
        self.lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self.server.pid

    async def start(self) -> None:
        """Start it again. Raises `Broken` when it comes back on another port, where nobody looks for it."""
        before = self.server.dsn() if self.server.data_dir.joinpath("postgres.json").exists() else None
        await asyncio.to_thread(self.server.start)
        if before not in (None, self.server.dsn()):
            raise Broken("PostgreSQL came back on another port")

    async def kill(self) -> None:
        """SIGKILL to the postmaster; its backends end when they notice."""
        if self.pid is None:
            raise Broken("PostgreSQL had ended by itself")
        os.kill(self.pid, signal.SIGKILL)


class Kafka:
    name = role = "broker"

    def __init__(self, folder: Path) -> None:
        self.broker = KafkaBroker(folder)
        self.lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self.broker.pid

    async def start(self) -> None:
        await asyncio.to_thread(self.broker.start)

    async def kill(self) -> None:
        if self.pid is None:
            raise Broken("the broker had ended by itself")
        await asyncio.to_thread(self.broker.kill)


class Stage:
    """Everything that runs; ``async with`` starts and ends it. The folder stays while ``keep`` is set."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="quire-chaos-"))
        self.folder.chmod(0o755)
        self.postgres = Postgres(self.folder / "pg")
        self.kafka = Kafka(self.folder / "kafka")
        self.services: list[ServiceProcess] = []
        #: Whether the logs stay: yes, until the run turns out clean.
        self.keep = True

    @property
    def victims(self) -> list[Victim]:
        return [self.postgres, self.kafka, *self.services]

    def dsn(self, service: str) -> str:
        return self.postgres.server.dsn(f"quire_{service}")

    def token(self) -> str:
        """A token with all rights that outlives the run."""
        who = Principal("chaos", frozenset({"*:*"}), None, "service")
        return Signer(self.folder / "data" / "keys").sign(who, 4 * 3600)

    async def __aenter__(self) -> Stage:
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start(self) -> None:
        await asyncio.gather(self.postgres.start(), self.kafka.start())
        kept = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
        environment = kept | {
            "QUIRE_DATA_DIR": str(self.folder / "data"),
            "QUIRE_DATABASE_URL": self.postgres.server.dsn("postgres"),
            "QUIRE_BUS": "kafka",
            "QUIRE_KAFKA_BOOTSTRAP": self.kafka.broker.bootstrap,
        }
        migrated = await asyncio.to_thread(
            subprocess.run, [str(QUIRE), "migrate"], env=environment, capture_output=True, text=True, check=False
        )
        if migrated.returncode:
            raise Broken(f"quire migrate failed:\n{migrated.stdout[-2000:]}{migrated.stderr[-3000:]}")
        for number, (service, roles, role) in enumerate(PROCESSES):
            name = f"{service} {roles} {number}"
            log = self.folder / f"{name.replace(' ', '-')}.log"
            process = ServiceProcess(name, service, roles, role, environment, log)
            self.services.append(process)
            await process.start()
        await self.ready(90)

    async def ready(self, seconds: float) -> None:
        """Wait until every process says that it is ready. Raises `Broken` with what each says otherwise."""
        end = time.monotonic() + seconds
        async with httpx.AsyncClient(timeout=3) as http:
            waiting = list(self.services)
            said: dict[str, str] = {}
            while waiting:
                for process in list(waiting):
                    try:
                        answer = await http.get(f"{process.url}/health/ready")
                    except httpx.TransportError as error:
                        said[process.name] = repr(error)
                        continue
                    said[process.name] = answer.text[:500]
                    if answer.status_code == 200:
                        waiting.remove(process)
                if waiting and time.monotonic() > end:
                    raise Broken("not ready: " + "; ".join(f"{p.name}: {said[p.name]}" for p in waiting))
                await asyncio.sleep(0.2)

    async def __aexit__(self, *exc: object) -> None:
        for process in self.services:
            if process.pid is not None:
                await process.kill()
        await asyncio.to_thread(self.kafka.broker.kill)
        await asyncio.to_thread(self.postgres.server.stop)
        if self.keep:
            print(f"The logs stay in {self.folder}", flush=True)
        else:
            await asyncio.to_thread(self.postgres.server.destroy)
            shutil.rmtree(self.folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

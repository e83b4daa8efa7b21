"""A PostgreSQL of Quire's own, for one machine and for tests.

The server listens on 127.0.0.1 only, on a port and with a password kept (mode 0600) in ``postgres.json`` in the data
folder, so that neither the length of the path nor a blank in it matters. **A server is trusted only after it has
answered a query and named our own data folder**: ``postmaster.pid`` may be stale after a crash.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

import psutil

from quire_shared.database.binaries import (
    ROOT_HOME,
    PostgresUnavailable,
    SystemUser,
    find_binaries,
    system_user,
)

__all__ = ["EmbeddedPostgres", "PostgresUnavailable"]

USER: Final = "quire"
HOST: Final = "127.0.0.1"
DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
START_SECONDS: Final = 60
STOP_SECONDS: Final = 60

SETTINGS: Final = """\
# Written at every start; put settings of your own into postgresql.conf below the line that includes this file.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
max_wal_size = 512MB
jit = off
max_parallel_workers_per_gather = 0
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
fsync = {fsync}
full_page_writes = {fsync}
"""


@dataclass(frozen=True)
class _State:
    port: int
    password: str
    cluster: str


class EmbeddedPostgres:
    """The PostgreSQL server of one data folder.

    Several processes may start the same folder: the first starts the server, the others attach, and the server ends
    when the last of them stops (a killed one counts as stopped). ``fsync=False`` is for tests only.
    """

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.fsync = fsync
        self._use: IO[bytes] | None = None
        self._programs: Path | None = None

    # Life

    def start(self) -> None:
        """Start the server, or attach to it when it runs already; the folder is made at the first start.

        Raises `PostgresUnavailable` when PostgreSQL is missing or does not start; the message holds the end of its log.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self._state is None:
                self._initialize()
            if not self.is_running():
                self._launch()
            if self._use is None:
                use = (self.data_dir / "postgres.users").open("wb")
                fcntl.flock(use, fcntl.LOCK_SH)
                self._use = use

    def stop(self) -> None:
        """Leave the server, and end it unless another process still uses it. Does nothing when it does not run.

        Open transactions are rolled back ("fast" shutdown). Raises `PostgresUnavailable` when it does not end.
        """
        if not self.data_dir.exists():
            return
        with self._locked():
            if self._use is not None:
                self._use.close()
                self._use = None
            with (self.data_dir / "postgres.users").open("wb") as use:
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._end()

    def destroy(self) -> None:
        """Stop the server and delete its databases, port and password. Raises when another process uses them."""
        self.stop()
        if self._postmaster() is not None:
            raise PostgresUnavailable(f"The databases in {self.data_dir} are in use by another process.")
        state = self._state
        if state is not None:
            shutil.rmtree(state.cluster, ignore_errors=False)
            (self.data_dir / "postgres.json").unlink()

    def is_running(self) -> bool:
        """Tell whether the server of this folder answers a query."""
        state = self._state
        if state is None or self._postmaster() is None:
            return False
        answer = self._psql("SHOW data_directory", check=False)
        return answer.returncode == 0 and Path(answer.stdout.strip()) == Path(state.cluster)

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster, None when there is none."""
        process = self._postmaster()
        return None if process is None else process.pid

    # Databases

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database for asyncpg: ``postgresql://quire:…@127.0.0.1:port/name``.

        It holds the password: never log it. Raises `PostgresUnavailable` before the first start.
        """
        state = self._started()
        return f"postgresql://{USER}:{state.password}@{HOST}:{state.port}/{_checked(database)}"

    def create_database(self, name: str, template: str | None = None) -> bool:
        """Create a database unless it exists; returns whether it was created.

        The name is made of small letters, digits and underscores (at most 63); else `ValueError`.
        """
        copying = f' TEMPLATE "{_checked(template)}"' if template else ""
        made = self._psql(f'CREATE DATABASE "{_checked(name)}"{copying}', check=False)
        if made.returncode == 0:
            return True
        if self._psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'").stdout.strip() == "1":
            return False
        raise PostgresUnavailable(f"The database “{name}” could not be created: {made.stderr.strip()}")

    def drop_database(self, name: str) -> None:
        """Delete a database if it exists and end its connections."""
        self._psql(f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')

    # Inside

    @property
    def _state(self) -> _State | None:
        file = self.data_dir / "postgres.json"
        if not file.exists():
            return None
        try:
            return _State(**json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise PostgresUnavailable(f"{file} is damaged ({error}); restore it from a backup.") from error

    def _started(self) -> _State:
        state = self._state
        if state is None:
            raise PostgresUnavailable(f"There is no PostgreSQL in {self.data_dir} yet; start it first.")
        return state

    def _save(self, state: _State) -> None:
        file = self.data_dir / "postgres.json"
        partial = file.with_suffix(".new")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(asdict(state), out)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.data_dir / "postgres.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _run(self, program: str, *arguments: str, user: SystemUser | None) -> None:
        # Output goes to a file, not a pipe: the server inherits it and would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self._binaries(user) / program, *arguments],
                check=False,
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **(user.as_arguments() if user else {}),
            )
            output.seek(0)
            told = output.read()
        if done.returncode != 0:
            raise PostgresUnavailable(f"PostgreSQL's {program} failed: {told.strip()}")

    def _binaries(self, user: SystemUser | None) -> Path:
        if self._programs is None:
            self._programs = find_binaries(user)
        return self._programs

    def _psql(self, sql: str, *, check: bool = True) -> "subprocess.CompletedProcess[str]":
        state = self._started()
        environment = _environment() | {"PGPASSWORD": state.password, "PGCONNECT_TIMEOUT": "5"}
        psql = str(self._binaries(system_user()) / "psql")
        address = ("-h", HOST, "-p", str(state.port), "-U", USER, "-d", "postgres")
        done = subprocess.run(
            [psql, "-XqAt", "-v", "ON_ERROR_STOP=1", *address, "-c", sql],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=START_SECONDS,
        )
        if check and done.returncode != 0:
            raise PostgresUnavailable(f"PostgreSQL refused “{sql}”: {done.stderr.strip()}")
        return done

    def _initialize(self) -> None:
        user = system_user()
        cluster = self.data_dir / "cluster"
        if user is not None and not user.can_enter(self.data_dir):
            # The folder is closed to the system user (it lies below /root, for instance).
            key = hashlib.sha256(str(self.data_dir.resolve()).encode()).hexdigest()[:16]
            cluster = ROOT_HOME / f"cluster-{key}"
            ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        if cluster.exists():
            raise PostgresUnavailable(
                f"{cluster} holds databases but {self.data_dir / 'postgres.json'} is missing; "
                f"restore that file from a backup, or move the folder away to begin anew."
            )
        state = _State(_free_port(), secrets.token_urlsafe(24), str(cluster))
        partial = cluster.with_name(cluster.name + ".new")
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w") as password:
            password.write(state.password)
            password.flush()
            if user is not None:
                os.chown(partial, user.uid, user.gid)
                os.chown(password.name, user.uid, user.gid)
            self._run(
                "initdb",
                *("-D", str(partial), "-U", USER, "--pwfile", password.name, "-A", "scram-sha-256", "-E", "UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.fsync else ("--no-sync",)),
                user=user,
            )
        with (partial / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'quire.conf'\n")
        # Only a finished cluster gets its name, so that a crash in between leaves nothing half made; the state comes
        # first, because a cluster without its password is lost, and a state without its cluster is made again below.
        self._save(state)
        partial.rename(cluster)

    def _launch(self) -> None:
        state = self._started()
        cluster = Path(state.cluster)
        if not cluster.exists():
            (self.data_dir / "postgres.json").unlink()
            self._initialize()
            state = self._started()
        user = system_user() if os.geteuid() == 0 else None
        self._clear_remains(cluster)
        for attempt in range(3):
            if attempt or not _is_free(state.port):
                state = _State(_free_port(), state.password, state.cluster)
                self._save(state)
            settings = SETTINGS.format(host=HOST, port=state.port, fsync="on" if self.fsync else "off")
            (cluster / "quire.conf").write_text(settings)
            if user is not None:
                os.chown(cluster / "quire.conf", user.uid, user.gid)
            log = cluster / "server.log"
            before = log.stat().st_size if log.exists() else 0
            if before > 10_000_000:
                log.unlink()
                before = 0
            try:
                self._run(
                    "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", str(cluster), "-l", str(log), user=user
                )
            except PostgresUnavailable as error:
                told = log.read_bytes()[before:].decode(errors="replace") if log.exists() else ""
                if "could not create any TCP/IP sockets" in told and attempt < 2:
                    continue
                raise PostgresUnavailable(f"PostgreSQL in {cluster} does not start: {error}\n{told[-2000:]}") from error
            break
        if not self.is_running():
            raise PostgresUnavailable(f"PostgreSQL in {cluster} started but does not answer; see {log}.")

    def _postmaster(self) -> psutil.Process | None:
        """The postmaster named in postmaster.pid, if that process really works in our folder."""
        state = self._state
        if state is None:
            return None
        try:
            pid = int((Path(state.cluster) / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return next((process for process in _working_in(Path(state.cluster)) if process.pid == pid), None)

    def _clear_remains(self, cluster: Path) -> None:
        """After a crash: wait for backends to notice their postmaster's death, and drop a pid of another program.

        PostgreSQL itself removes a stale postmaster.pid, except when its number belongs to another process by now.
        """
        end = time.monotonic() + START_SECONDS
        while remains := _working_in(cluster):
            if time.monotonic() > end:
                pids = ", ".join(str(process.pid) for process in remains)
                raise PostgresUnavailable(
                    f"Processes {pids} still work in {cluster} but PostgreSQL does not answer; end them and start again."
                )
            time.sleep(0.05)
            if self.is_running():
                return
        (cluster / "postmaster.pid").unlink(missing_ok=True)

    def _end(self) -> None:
        process = self._postmaster()
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        end = time.monotonic() + STOP_SECONDS
        while _working_in(Path(self._started().cluster)):
            if time.monotonic() > end:
                raise PostgresUnavailable(f"PostgreSQL (process {process.pid}) did not end in {STOP_SECONDS} seconds.")
            time.sleep(0.02)


def _working_in(cluster: Path) -> list[psutil.Process]:
    """Living PostgreSQL processes whose working directory is the cluster (each of them keeps it)."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.name().startswith("postgres")
                and process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()) == cluster.resolve()
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            # Gone meanwhile, or of another user and so not ours.
            continue
    return found


def _environment() -> dict[str, str]:
    """Our environment without PostgreSQL's own variables, which would redirect its programs, and without a locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _checked(name: str) -> str:
    if not DATABASE_NAME.fullmatch(name):
        raise ValueError(f"“{name}” is no database name; use small letters, digits and underscores.")
    return name

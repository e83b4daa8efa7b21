"""The embedded PostgreSQL: attaches, survives a kill, and minds neither blanks nor long paths."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from quire_shared.database import embedded
from quire_shared.database.embedded import EmbeddedPostgres, PostgresUnavailable


async def value(server: EmbeddedPostgres, sql: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(server.dsn(database))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="quire-pg-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder, fsync=False)
    server.start()
    yield server
    server.destroy()


async def test_answers_and_goes_on_after_a_stop(server: EmbeddedPostgres) -> None:
    assert server.is_running()
    assert server.create_database("orders") is True
    assert server.create_database("orders") is False
    connection = await asyncpg.connect(server.dsn("orders"))
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.execute("INSERT INTO kept VALUES (7)")
    await connection.close()
    address = server.dsn("orders")
    server.stop()
    assert not server.is_running()
    assert server.pid is None
    server.stop()
    server.start()
    assert server.dsn("orders") == address
    assert await value(server, "SELECT n FROM kept", "orders") == 7
    assert await value(server, "SELECT lower('ÄÖ')", "orders") == "äö"
    server.drop_database("orders")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await value(server, "SELECT 1", "orders")


async def test_secrets_are_for_the_owner_only(server: EmbeddedPostgres) -> None:
    mode = stat.S_IMODE((server.data_dir / "postgres.json").stat().st_mode)
    assert mode == 0o600
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn().replace(":", ":x", 2).replace("postgresql:x", "postgresql:"))
    assert await value(server, "SHOW listen_addresses") == "127.0.0.1"
    assert await value(server, "SHOW unix_socket_directories") == ""


async def test_a_second_start_attaches_and_the_last_user_ends_it(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.data_dir, fsync=False)
    second.start()
    assert second.pid == server.pid
    server.stop()
    assert await value(second, "SELECT 1") == 1
    server.start()
    second.stop()
    assert await value(server, "SELECT 1") == 1
    server.stop()
    assert not second.is_running()


def test_a_killed_user_does_not_keep_the_server(server: EmbeddedPostgres) -> None:
    code = (
        "import sys, pathlib, time; from quire_shared.database.embedded import EmbeddedPostgres as E;"
        "e = E(pathlib.Path(sys.argv[1]), fsync=False); e.start(); print('up', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(server.data_dir)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "up\n"
    server.stop()
    assert server.is_running()
    other.kill()
    other.wait()
    other.stdout.close()
    server.start()
    server.stop()
    assert not server.is_running()


async def test_recovers_from_a_killed_postmaster(server: EmbeddedPostgres) -> None:
    server.create_database("orders")
    connection = await asyncpg.connect(server.dsn("orders"))
    await connection.execute("CREATE TABLE kept (n int)")
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert (Path(server._started().cluster) / "postmaster.pid").exists()
    server.start()
    assert server.pid not in (None, killed)
    assert await value(server, "SELECT count(*) FROM kept", "orders") == 0
    await connection.close()


def test_a_stale_pid_of_another_program_is_not_believed(server: EmbeddedPostgres) -> None:
    server.stop()
    pid_file = Path(server._started().cluster) / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text(f"{stranger.pid}\n{server._started().cluster}\n0\n1\n\n127.0.0.1\n0\nready\n")
        assert not server.is_running()
        server.stop()
        assert stranger.poll() is None
        server.start()
        assert server.is_running()
        stranger.kill()


async def test_another_port_when_a_stranger_took_ours(server: EmbeddedPostgres) -> None:
    server.stop()
    port = server._started().port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        server.start()
        assert server._started().port != port
        assert await value(server, "SELECT 1") == 1


async def test_blank_and_long_path(folder: Path) -> None:
    long = folder / "a library's data" / ("l" * 120) / "ünïcode"
    long.mkdir(parents=True)
    server = EmbeddedPostgres(long, fsync=False)
    server.start()
    try:
        assert await value(server, "SELECT 1") == 1
        assert Path(server._started().cluster).is_relative_to(long)
    finally:
        server.destroy()
    assert not (long / "cluster").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that PostgreSQL's user can't enter")
async def test_root_with_a_closed_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder / "open"
    monkeypatch.setattr(embedded, "ROOT_HOME", home)
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed, fsync=False)
    server.start()
    try:
        assert await value(server, "SELECT 1") == 1
        assert closed.stat().st_uid == 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert Path(server._started().cluster).parent == home
    finally:
        server.destroy()
    assert list(home.iterdir()) == []


async def test_an_interrupted_first_start_is_made_again(folder: Path) -> None:
    (folder / "cluster.new").mkdir()
    (folder / "cluster.new" / "half").write_text("made")
    server = EmbeddedPostgres(folder, fsync=False)
    server.start()
    try:
        assert await value(server, "SELECT 1") == 1
    finally:
        server.destroy()


def test_says_what_is_wrong(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.stop()
    assert not server.is_running()
    with pytest.raises(PostgresUnavailable, match="start it first"):
        server.dsn()
    (folder / "postgres.json").write_text("{")
    with pytest.raises(PostgresUnavailable, match="damaged"):
        server.start()
    (folder / "postgres.json").unlink()
    (folder / "cluster").mkdir()
    with pytest.raises(PostgresUnavailable, match="restore that file"):
        server.start()


@pytest.mark.parametrize("name", ["Orders", 'a"b', "", "1a", "a" * 64])
def test_names_of_databases_are_checked(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="database name"):
        EmbeddedPostgres(folder).drop_database(name)

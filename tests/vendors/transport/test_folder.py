"""The watched folder: only complete files, bytes kept before the rename, one worker at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.database.work import Work
from quire_shared.values import clock
from quire_vendors.exchange import commands, store_out
from quire_vendors.settings import EdiSettings
from quire_vendors.transport.delivery import NotDelivered, put
from quire_vendors.transport.folder import Watcher, is_temporary
from tests.support.service import ServiceUnderTest
from tests.vendors.exchange.conftest import BRODART, corpus, events, make_vendor, run_jobs
from tests.vendors.exchange.test_orders_out import order

FOLDER = "brodart/in"


@pytest.fixture
async def vendor(vendors: ServiceUnderTest) -> dict[str, Any]:
    return await make_vendor(vendors.client(), "BROD", folder_in=FOLDER)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "edi" / FOLDER
    folder.mkdir(parents=True)
    return folder


def watcher(service: ServiceUnderTest) -> Watcher:
    return Watcher(service.runtime, EdiSettings(stable_seconds=0))


async def test_a_complete_file_is_taken_and_moved_to_done(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path
) -> None:
    data = corpus(BRODART)
    (inbox / "1130B766274.inv").write_bytes(data)
    watch = watcher(vendors)
    assert await watch.look() == 0
    assert (inbox / "1130B766274.inv").exists()
    assert await watch.look() == 1
    assert not (inbox / "1130B766274.inv").exists()
    assert (inbox / "done" / "1130B766274.inv").read_bytes() == data
    await run_jobs(vendors)
    assert len(await events(vendors, "vendors.invoice.received")) == 6
    messages = (await vendors.client().get("/messages")).json()["items"]
    assert {m["recognized_by"] for m in messages} == {"folder"}
    assert {m["vendor_id"] for m in messages} == {vendor["id"]}


async def test_a_file_that_grows_waits(vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path) -> None:
    path = inbox / "slow.inv"
    watch = watcher(vendors)
    data = corpus(BRODART)
    for end in (100, 2000, len(data)):
        path.write_bytes(data[:end])
        assert await watch.look() == 0
    assert await watch.look() == 1


async def test_names_under_which_files_are_written_are_left_alone(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path
) -> None:
    for name in (".hidden.inv", "x.inv.part", "x.TMP", "x.filepart", "x~"):
        assert is_temporary(name)
        (inbox / name).write_bytes(b"half")
    (inbox / "link.inv").symlink_to("/etc/hostname")
    assert not is_temporary("x.inv")
    watch = watcher(vendors)
    for _ in range(3):
        assert await watch.look() == 0
    assert (await vendors.client().get("/files")).json()["total"] == 0


async def test_a_crash_between_commit_and_rename_books_nothing_twice(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.inv").write_bytes(corpus(BRODART))

    def crash(path: Path, digest: str) -> None:
        raise asyncio.CancelledError

    watch = watcher(vendors)
    await watch.look()
    with monkeypatch.context() as patched:
        patched.setattr("quire_vendors.transport.folder._move", crash)
        with pytest.raises(asyncio.CancelledError):
            await watch.look()
    assert (inbox / "a.inv").exists()
    await run_jobs(vendors)
    restarted = watcher(vendors)
    restarted._holder = watch._holder
    await restarted.look()
    assert await restarted.look() == 1
    await run_jobs(vendors)
    assert (inbox / "done" / "a.inv").exists()
    assert len(await events(vendors, "vendors.invoice.received")) == 6
    [file] = (await vendors.client().get("/files")).json()["items"]
    assert file["deliveries"] == 2


async def test_nothing_is_moved_when_the_bytes_could_not_be_kept(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.inv").write_bytes(b"UNB+")

    async def fail(*_: object) -> None:
        raise OSError("no space left on device")

    watch = watcher(vendors)
    await watch.look()
    monkeypatch.setattr(commands, "store_file", fail)
    assert await watch.look() == 0
    assert (inbox / "a.inv").exists()
    [endpoint] = (await vendors.client().get("/endpoints")).json()["items"]
    assert "a.inv" in endpoint["trouble"]
    assert "no space left" in endpoint["trouble"]


async def test_only_one_worker_looks_into_a_folder(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path
) -> None:
    first, second = watcher(vendors), watcher(vendors)
    await first.look()
    await second.look()
    (inbox / "a.inv").write_bytes(corpus(BRODART))
    for _ in range(3):
        assert await second.look() == 0
    await first.look()
    assert await first.look() == 1


async def test_a_lease_that_ran_out_goes_to_another_worker(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path
) -> None:
    account = vendor["accounts"][0]["id"]
    now = clock.now()
    async with vendors.database.engine.begin() as connection:
        assert await store_out.take_lease(connection, account, "dead worker", now - timedelta(seconds=1), now)
    (inbox / "a.inv").write_bytes(corpus(BRODART))
    watch = watcher(vendors)
    await watch.look()
    assert await watch.look() == 1


async def test_two_files_of_one_name_are_both_kept_in_done(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path
) -> None:
    watch = watcher(vendors)
    for data in (b"one", b"two"):
        (inbox / "invoice.edi").write_bytes(data)
        await watch.look()
        await watch.look()
    kept = sorted(p.read_bytes() for p in (inbox / "done").iterdir())
    assert kept == [b"one", b"two"]


def test_a_delivery_never_shows_half_a_file_and_is_the_same_when_repeated(tmp_path: Path) -> None:
    put(tmp_path, "out", "ORDERS1.CEP", b"UNB")
    put(tmp_path, "out", "ORDERS1.CEP", b"UNB")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["ORDERS1.CEP"]
    with pytest.raises(NotDelivered, match="another file"):
        put(tmp_path, "out", "ORDERS1.CEP", b"other")


def test_a_link_out_of_the_exchange_folder_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "edi"
    root.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "out").symlink_to(outside)
    with pytest.raises(NotDelivered, match="not inside"):
        put(root, "out", "x.edi", b"x")
    assert list(outside.iterdir()) == []


async def test_a_running_service_takes_and_reads_files_by_itself(
    vendors: ServiceUnderTest, vendor: dict[str, Any], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_EDI_POLL_SECONDS", "0.1")
    monkeypatch.setenv("QUIRE_EDI_STABLE_SECONDS", "0.1")
    (inbox / "a.inv").write_bytes(corpus(BRODART))
    vendors.runtime.start(("relay", "consume", "work"))
    async with asyncio.timeout(30):
        while len(await events(vendors, "vendors.invoice.received")) < 6:
            await asyncio.sleep(0.1)
        while not (inbox / "done" / "a.inv").exists():
            await asyncio.sleep(0.1)
    health = await vendors.runtime.health()
    assert health["ready"], health


async def test_an_order_on_the_bus_ends_in_the_vendors_folder(vendors: ServiceUnderTest, tmp_path: Path) -> None:
    made = await make_vendor(vendors.client(), "BROD", receives_edi=True, folder_out="brodart/out")
    asked = OrderSendRequested.model_validate(order(made["id"]))

    async def say(work: Work) -> None:
        work.hold(asked.order_id)
        work.emit(asked, asked.order_id)

    await vendors.database.run(say)
    vendors.runtime.start(("relay", "consume", "work"))
    out = tmp_path / "edi" / "brodart" / "out"
    async with asyncio.timeout(30):
        while not await events(vendors, "vendors.order.sent"):
            await asyncio.sleep(0.1)
    assert len(list(out.iterdir())) == 1

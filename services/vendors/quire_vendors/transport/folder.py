"""Watches the folders of accounts: takes files that are complete, keeps their bytes, and only then moves them to done/.

A file counts as complete when its size and time have not changed between two looks, the later at least
``QUIRE_EDI_STABLE_SECONDS`` after the first. A lease in the database lets one worker at a time look into a folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from quire_shared.values import clock
from quire_vendors.edi.profiles import loader
from quire_vendors.exchange import commands, store, store_out
from quire_vendors.exchange.rules import FileSource
from quire_vendors.settings import EdiSettings
from quire_vendors.transport.delivery import NotDelivered, inside

if TYPE_CHECKING:
    from quire_shared.service.runtime import Runtime
    from quire_vendors.directory.tables import VendorAccount

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
DONE = "done"
EMPTY_WAITS = 60.0
TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".writing", ".swp", "~")


def is_temporary(name: str) -> bool:
    """Whether a name is one under which files are still being written."""
    return name.startswith((".", "~")) or name.casefold().endswith(TEMPORARY)


class Watcher:
    """One worker's view of the folders: what it saw the last time."""

    def __init__(self, runtime: Runtime, settings: EdiSettings) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._settings = settings
        self._root = settings.root(runtime.settings)
        self._holder = str(uuid.uuid4())
        self._seen: dict[Path, tuple[int, int, float]] = {}
        #: Files that were tried and could not be taken or moved; tried again when they change.
        self._stuck: dict[Path, tuple[int, int]] = {}

    async def look(self) -> int:
        """Look into every folder once; answers how many files were taken."""
        async with self._database.read() as session:
            accounts = await store.folders(session)
            session.expunge_all()
        taken = 0
        for account in accounts:
            if await self._lease(account):
                taken += await self._folder(account)
        return taken

    async def _lease(self, account: VendorAccount) -> bool:
        now = clock.now()
        async with self._database.engine.begin() as connection:
            return await store_out.take_lease(connection, account.id, self._holder, now + LEASE, now)

    async def _folder(self, account: VendorAccount) -> int:
        taken = 0
        troubles: list[str] = []
        folder = self._root
        try:
            folder = inside(self._root, account.folder_in or "")
            files = await asyncio.to_thread(self._complete, folder, account.profile)
        except (NotDelivered, OSError) as error:
            files = []
            troubles.append(f"The folder “{account.folder_in}” can't be read: {_words(error)}.")
        for path in files:
            if not await self._lease(account):
                break
            try:
                await self._take(path, account)
                taken += 1
            except (NotDelivered, OSError) as error:
                self._stuck[path] = self._seen[path][:2]
                troubles.append(f"“{path.name}”: {_words(error)}.")
        troubles += [
            f"“{p.name}” could not be taken or moved and still lies there." for p in self._stuck if p.parent == folder
        ]
        trouble = " ".join(dict.fromkeys(troubles))[:2000]
        if troubles:
            log.warning("folder_trouble", account=str(account.id), trouble=trouble)
        async with self._database.engine.begin() as connection:
            await store_out.polled(connection, account.id, self._holder, clock.now(), trouble)
        return taken

    def _complete(self, folder: Path, profile: str | None) -> list[Path]:
        """The files of a folder that are complete, by name; makes the folder when it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        ignored = loader.shipped(profile).files.ignore if profile else []
        found: list[Path] = []
        present: set[Path] = set()
        now = clock.now().timestamp()
        for path in sorted(folder.iterdir()):
            if is_temporary(path.name) or path.is_symlink() or not path.is_file():
                continue
            if any(fnmatchcase(path.name, pattern) for pattern in ignored):
                continue
            state = path.stat()
            present.add(path)
            if self._stuck.get(path) == (state.st_size, state.st_mtime_ns):
                continue
            before = self._seen.get(path)
            if before is None or before[:2] != (state.st_size, state.st_mtime_ns):
                self._seen[path] = (state.st_size, state.st_mtime_ns, now)
                continue
            wait = self._settings.stable_seconds if state.st_size else max(self._settings.stable_seconds, EMPTY_WAITS)
            if now - before[2] >= wait:
                found.append(path)
        for path in [p for p in self._seen if p.parent == folder and p not in present]:
            del self._seen[path]
            self._stuck.pop(path, None)
        return found

    async def _take(self, path: Path, account: VendorAccount) -> None:
        data = await asyncio.to_thread(_read, path)
        await self._database.run(commands.store_file, data, path.name, FileSource.FOLDER, account.id)
        # Only now, after the commit. A crash before this line means: the same bytes are seen again and nothing is done.
        await asyncio.to_thread(_move, path, hashlib.sha256(data).hexdigest())
        self._seen.pop(path, None)
        self._stuck.pop(path, None)


def _read(path: Path) -> bytes:
    if path.stat().st_size > commands.LARGEST_FILE:
        raise NotDelivered("is larger than 50 MB and stays where it is; ask the vendor to split it")
    return path.read_bytes()


def _words(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error).rstrip(".")


def _move(path: Path, digest: str) -> None:
    done = path.parent / DONE
    done.mkdir(exist_ok=True)
    target = done / path.name
    number = 0
    while target.exists():
        number += 1
        target = done / f"{path.name}.{digest[:8]}-{number}"
    path.rename(target)


async def watch(runtime: Runtime) -> None:
    """Look into the folders again and again until the service stops."""
    settings = EdiSettings()
    watcher = Watcher(runtime, settings)
    while not runtime.stopping.is_set():
        try:
            await watcher.look()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("folders_wait", error=repr(error))
        await asyncio.sleep(settings.poll_seconds)

"""A progress bar on standard error for long files; nothing when standard error is no terminal."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

_LEAST = 1024 * 1024
"""Bytes below which a file is read faster than a bar is drawn."""


class _Watched(io.RawIOBase):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._tell = tell
        self.name = path.name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._file.readinto(buffer)
        self._tell(self._file.tell())
        return size or 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def opened(name: str) -> Iterator[Path | BinaryIO]:
    """A file by name (`-` is standard input), with a bar while it is read if someone can see it."""
    if name == "-":
        yield sys.stdin.buffer
        return
    path = Path(name)
    if not sys.stderr.isatty() or path.stat().st_size < _LEAST:
        yield path
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        with _Watched(path, lambda position: progress.update(task, completed=position)) as raw:
            yield io.BufferedReader(raw, 256 * 1024)

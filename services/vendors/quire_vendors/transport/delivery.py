"""Puts a file into a vendor's folder: under a temporary name, then renamed, so that nobody reads half of it."""

from __future__ import annotations

import os
from pathlib import Path


class NotDelivered(Exception):
    """Why a file is not in its folder, in words; trying again later may help."""


def inside(root: Path, folder: str) -> Path:
    """The folder below the exchange root. Raises `NotDelivered` when a link leads out of it."""
    base = root.resolve()
    target = (base / folder).resolve()
    if not target.is_relative_to(base) or target == base:
        raise NotDelivered(f"The folder “{folder}” is not inside of the exchange folder.")
    return target


def put(root: Path, folder: str, name: str, data: bytes) -> Path:
    """Write ``data`` as ``name`` into the folder. A file with the same name and bytes is the same delivery.

    Raises `NotDelivered` when another file has the name, or the folder can't be written.
    """
    try:
        target = inside(root, folder)
        target.mkdir(parents=True, exist_ok=True)
        final = target / name
        if final.exists():
            if final.read_bytes() == data:
                return final
            raise NotDelivered(f"There is another file “{name}” in “{folder}”. Take it away, then send again.")
        temporary = target / f".{name}.part"
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(final)
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise NotDelivered(f"The folder “{folder}” can't be written: {error.strerror or error}.") from error
    return final

"""The bus: what relay and consumer need of it, and no more. Both implementations pass ``tests/contracts/test_bus.py``."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quire_shared.contracts.base import PARTITIONS


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be sent."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the bus keeps it: dense, ordered offsets within its partition."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]


def partition_of(key: str) -> int:
    """The partition of a key, the same on both buses."""
    return zlib.crc32(key.encode()) % PARTITIONS


class SinkBroken(Exception):
    """The batch was not acknowledged as a whole; the sink must be made anew before the next try."""


class ClusterChanged(Exception):
    """The stored offsets belong to another log: going on would skip or repeat what is in this one."""


class EndBehind(ClusterChanged):
    """The log ends before a stored offset. Right after a broker's restart this passes; otherwise events were lost."""


Assigned = Callable[[Sequence[Partition]], Awaitable[Mapping[Partition, int]]]


class Sink(Protocol):
    async def start(self) -> None: ...

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Send in order; returns when all are durable. Raises :class:`SinkBroken` otherwise."""

    async def close(self) -> None: ...


class Source(Protocol):
    #: True where the bus itself gives each partition to one worker; else the offset row decides.
    gives_out_partitions: bool

    async def start(self, topics: Sequence[str], group: str, slot: int, assigned: Assigned) -> None:
        """Begin reading; ``assigned`` tells the offset from which each partition is read."""

    async def fetch(self, limit: int, wait: float) -> list[list[Record]]:
        """Up to ``limit`` records, one list per partition; empty after ``wait`` seconds without any."""

    async def seek(self, partition: Partition, offset: int) -> None: ...

    async def committed(self, positions: Mapping[Partition, int]) -> None:
        """Tell the bus how far we are, for ordinary lag tools; the truth is in the database."""

    async def cluster(self) -> str:
        """The identity of the log."""

    async def ends(self, topics: Sequence[str]) -> Mapping[Partition, int]:
        """The offset that the next record of each partition will get."""

    async def close(self) -> None: ...


class Bus(Protocol):
    def sink(self) -> Sink: ...

    def source(self) -> Source: ...

    async def prepare(self) -> None:
        """Create what is missing: topics, tables."""

    async def close(self) -> None: ...

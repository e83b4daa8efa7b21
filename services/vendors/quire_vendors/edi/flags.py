"""Flags: everything odd about a file, each with a code, a place, a plain sentence and what to do.

A flag never stops anything by itself. `error` means that the message must not be applied without a person,
`warning` that a person should know, `info` that the file was read as meant although it breaks the standard.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands.

    `message` is the number of the message in the file, from 1; `segment` its index in the message (UNH is 0).
    `element` and `component` count from 0 after the segment's tag. `start` and `end` are the byte range in the file.
    """

    message: int | None = None
    segment: int | None = None
    tag: str = ""
    element: int | None = None
    component: int | None = None
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        parts = [] if self.message is None else [f"message {self.message}"]
        if self.segment is not None:
            parts.append(f"segment {self.segment + 1}")
        if self.tag:
            parts.append(self.tag)
        if self.element is not None:
            parts.append(f"element {self.element + 1}")
        if self.component is not None:
            parts.append(f"component {self.component + 1}")
        parts.append(f"bytes {self.start}-{self.end}")
        return ", ".join(parts)


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a flag's code means. `text` is a template that the flag's values fill."""

    severity: Severity
    text: str
    advice: str


CATALOGUE: dict[str, Entry] = {}
"""Every code of the engine. Each part registers its own codes when it is imported."""


def register(entries: Mapping[str, Entry]) -> None:
    """Add codes to the catalogue. Raises `ValueError` when a code is already there or is not UPPER_SNAKE."""
    for code, entry in entries.items():
        if code in CATALOGUE:
            raise ValueError(f"Flag code {code} is registered twice.")
        if not code.replace("_", "").isalnum() or code != code.upper():
            raise ValueError(f"Flag code {code} is not written in UPPER_SNAKE.")
        CATALOGUE[code] = entry


@dataclass(frozen=True, slots=True)
class Flag:
    code: str
    place: Place = NOWHERE
    values: dict[str, object] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CATALOGUE[self.code].severity

    @property
    def text(self) -> str:
        return CATALOGUE[self.code].text.format_map(self.values)

    @property
    def advice(self) -> str:
        return CATALOGUE[self.code].advice.format_map(self.values)

    def __str__(self) -> str:
        return f"{self.code} ({self.place}): {self.text} {self.advice}"


class Flags:
    """Flags collected for one message, interchange or file; at most `most` per code, the rest is counted.

    A file of a million faults must not fill the memory, and nobody reads the millionth.
    """

    __slots__ = ("_counts", "_kept", "_most")

    def __init__(self, most: int = 50) -> None:
        self._most = most
        self._kept: list[Flag] = []
        self._counts: dict[str, int] = {}

    def add(self, code: str, place: Place = NOWHERE, **values: object) -> None:
        count = self._counts.get(code, 0) + 1
        self._counts[code] = count
        if count <= self._most:
            self._kept.append(Flag(code, place, values))

    def count(self, code: str) -> int:
        return self._counts.get(code, 0)

    def __iter__(self) -> Iterator[Flag]:
        yield from self._kept
        for code, count in self._counts.items():
            if count > self._most:
                yield Flag("MORE_OF_THE_SAME", NOWHERE, {"code": code, "more": count - self._most, "count": count})

    def __len__(self) -> int:
        return sum(1 for _ in self)


register(
    {
        "MORE_OF_THE_SAME": Entry(
            "info",
            "{code} stands {count} times; {more} of them are not listed.",
            "Correct the first ones; the others usually have the same cause.",
        )
    }
)

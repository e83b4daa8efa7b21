"""What every published event is: a pydantic model in the past tense, owned by its producer.

A module of :mod:`quire_shared.contracts` holds the events of one producer. Within a version only optional fields are
added; a new version is a new class with ``version = 2`` and an ``upcast`` from the payload of the version before.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

EVENTS: dict[tuple[str, int], type[Event]] = {}


class Event(BaseModel):
    """Base of all events. ``type`` is ``<producer>.<what>.<happened>``; the topic follows from the producer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.type:
            return
        known = EVENTS.get((cls.type, cls.version))
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.type} v{cls.version} is declared twice: {known.__qualname__}, {cls.__qualname__}")
        EVENTS[cls.type, cls.version] = cls

    @classmethod
    def topic(cls) -> str:
        return "quire." + cls.type.split(".", 1)[0]

    @classmethod
    def upcast(cls, payload: dict[str, Any]) -> dict[str, Any]:
        """Turn the payload of the version before into this version's."""
        raise NotImplementedError(f"{cls.type} v{cls.version} has no upcast from v{cls.version - 1}")


class UnknownEvent(Exception):
    """An event type or version that this installation does not know."""


def read_event(event_type: str, version: int, payload: dict[str, Any]) -> Event:
    """The event as its newest known version. Raises :class:`UnknownEvent` or pydantic's ``ValidationError``."""
    newest = max((v for t, v in EVENTS if t == event_type), default=None)
    if newest is None or version > newest:
        raise UnknownEvent(f"{event_type} v{version} is not known here (newest known: {newest}); update this service")
    while version < newest:
        version += 1
        payload = EVENTS[event_type, version].upcast(payload)
    return EVENTS[event_type, newest].model_validate(payload)


TOPICS = ("quire.orders", "quire.vendors", "quire.licenses", "quire.usage", "quire.desk")
PARTITIONS = 6

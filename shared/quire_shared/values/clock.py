"""The one clock. Instants are UTC; a day is asked for in a time zone. Tests set it; nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("fixed_time", default=None)


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _fixed.get() or datetime.now(UTC)


def today(zone: ZoneInfo | str) -> date:
    """The calendar day in a time zone."""
    return now().astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone).date()


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Let the clock stand still at an instant, for this context (task) only."""
    if at.tzinfo is None:
        raise ValueError("the clock takes an aware instant")
    token = _fixed.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)

"""What the administrator sees of the services."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class ServiceState(BaseModel):
    """One service: whether it answers and is ready, and what is wrong, in words."""

    service: str
    reached: bool
    ready: bool
    troubles: list[str]
    events_waiting: int | None = None
    events_parked: int | None = None
    lag: int | None = None
    consumers: dict[str, Any] = {}


class ServicesOut(BaseModel):
    ready: bool
    items: list[ServiceState]

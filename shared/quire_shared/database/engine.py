"""Engines with bounded waits: a frozen process must not hold a lock that others need (DESIGN §3, Connections)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@dataclass(frozen=True)
class Waits:
    """Longest waits of a connection, in milliseconds."""

    lock: int = 8_000
    statement: int = 60_000
    idle_in_transaction: int = 15_000

    def server_settings(self, application_name: str) -> dict[str, str]:
        return {
            "application_name": application_name,
            "lock_timeout": str(self.lock),
            "statement_timeout": str(self.statement),
            "idle_in_transaction_session_timeout": str(self.idle_in_transaction),
            "timezone": "UTC",
            "jit": "off",
        }


def make_engine(dsn: str, application_name: str, *, pool_size: int = 10, waits: Waits | None = None) -> AsyncEngine:
    """An engine on asyncpg; ``dsn`` may be ``postgresql://…`` or ``postgresql+asyncpg://…``."""
    return create_async_engine(
        make_url(dsn).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_recycle=1_800,
        connect_args={
            "server_settings": (waits or Waits()).server_settings(application_name),
            "timeout": 10,
            "command_timeout": 90,
        },
    )


def plain_dsn(dsn: str) -> str:
    """The same address for asyncpg itself."""
    return make_url(dsn).set(drivername="postgresql").render_as_string(hide_password=False)

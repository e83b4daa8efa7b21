"""Which failures pass by themselves: counted and retried, never parked or shown as a mistake of Quire."""

from __future__ import annotations

import asyncio

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

#: SQLSTATE classes and codes that a repetition can cure (PostgreSQL, Appendix A).
SERIALIZATION = {"40001", "40P01"}
TEMPORARY = SERIALIZATION | {"55P03", "57014", "57P01", "57P02", "57P03", "53300", "53400", "25P03", "25P04", "58000"}


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, however it is wrapped."""
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlstate", None)
        if isinstance(code, str):
            return code
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def is_serialization(error: BaseException) -> bool:
    return sqlstate(error) in SERIALIZATION


def is_temporary(error: BaseException) -> bool:
    """True for lost connections, time-outs, deadlocks and a server that starts or stops."""
    code = sqlstate(error)
    if code is not None and (code in TEMPORARY or code.startswith("08")):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, InterfaceError | OperationalError):
        return "connection" in str(error).lower() or "closed" in str(error).lower()
    return isinstance(
        error,
        ConnectionError
        | TimeoutError
        | asyncio.TimeoutError
        | PoolTimeout
        | asyncpg.exceptions.ConnectionDoesNotExistError
        | asyncpg.InterfaceError,
    )

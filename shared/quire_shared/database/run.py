"""``run(command)``: one command is one function is one transaction (DESIGN §3, Commands)."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import SYSTEM, Principal
from quire_shared.api.etag import etag
from quire_shared.api.problems import Conflict, KeyReused
from quire_shared.database import audit
from quire_shared.database.work import Work
from quire_shared.events.envelope import Cause
from quire_shared.observe import metrics
from quire_shared.observe.faults import is_serialization

P = ParamSpec("P")
T = TypeVar("T")
Command = Callable[Concatenate[Work, P], Awaitable[T]]

ATTEMPTS = 4

_CLAIM = text(
    """
    INSERT INTO idempotency (principal, method, path, key, body_hash, created_at)
    VALUES (:principal, :method, :path, :key, :body_hash, :now)
    ON CONFLICT DO NOTHING RETURNING 1
    """
)
_FIRST = text(
    "SELECT body_hash, status, body, headers, one_time FROM idempotency"
    " WHERE principal = :principal AND method = :method AND path = :path AND key = :key"
)
_STORE = text(
    "UPDATE idempotency SET status = :status, body = :body, headers = CAST(:headers AS json), one_time = :one_time"
    " WHERE principal = :principal AND method = :method AND path = :path AND key = :key"
)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What makes two requests the same one: principal, method, path, key and the hash of the body."""

    principal: str
    method: str
    path: str
    key: str
    body_hash: bytes

    @classmethod
    def of(cls, principal: str, method: str, path: str, key: str, body: bytes) -> Repeatable:
        return cls(principal, method, path, key, hashlib.sha256(body).digest())

    def where(self) -> dict[str, Any]:
        return {"principal": self.principal, "method": self.method, "path": self.path, "key": self.key}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent after the commit, and again for every repetition."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Database:
    """One service's database: sessions for reading, ``run`` for changing."""

    def __init__(self, engine: AsyncEngine, service: str) -> None:
        self.engine = engine
        self.service = service

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session whose transaction is rolled back at the end: for reading only."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            await session.connection()
            yield session
            await session.rollback()

    async def run(self, command: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a command as the system: for jobs and the command line."""
        return await self.run_as(SYSTEM, Cause(), command, *args, **kwargs)

    async def run_as(
        self, actor: Principal, cause: Cause, command: Command[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a command for an actor; answers its result after the commit."""

        async def once() -> T:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                work = Work(session, self.service, actor, cause)
                result = await command(work, *args, **kwargs)
                await work.finish([] if work._audit else [_entry(command, None)])
                return result

        return await _again(once)

    async def answer(
        self,
        actor: Principal,
        cause: Cause,
        repeatable: Repeatable | None,
        if_match: str | None,
        status: int,
        command: Command[P, Any],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer:
        """Run a command for a request and keep its answer for repetitions.

        Raises the command's own problem (nothing is stored then), ``KeyReused`` for the same key with another body and
        ``Conflict`` for the repetition of a command whose answer held a one-time secret.
        """

        async def once() -> Answer:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                work = Work(session, self.service, actor, cause, if_match=if_match)
                if repeatable is not None:
                    first = await _claim(session, repeatable, work)
                    if first is not None:
                        return first
                result = await command(work, *args, **kwargs)
                await session.flush()
                answer = _answer(status, result, work)
                if repeatable is not None:
                    await session.execute(
                        _STORE,
                        {
                            **repeatable.where(),
                            "status": answer.status,
                            "body": b"" if work.one_time else answer.body,
                            "headers": orjson.dumps(answer.headers).decode(),
                            "one_time": int(work.one_time),
                        },
                    )
                await work.finish([] if work._audit else [_entry(command, repeatable)])
                return answer

        return await _again(once)

    async def preview(self, actor: Principal, command: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The effect of a command without it: the same code, rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            work = Work(session, self.service, actor, Cause(), if_match="*")
            result = await command(work, *args, **kwargs)
            await session.flush()
            await session.rollback()
            return result


async def _claim(session: AsyncSession, repeatable: Repeatable, work: Work) -> Answer | None:
    """Take the key, waiting for a concurrent twin; answers the first answer when there is one."""
    claimed = await session.execute(_CLAIM, {**repeatable.where(), "body_hash": repeatable.body_hash, "now": work.now})
    if claimed.scalar() is not None:
        return None
    first = (await session.execute(_FIRST, repeatable.where())).one()
    if first.body_hash != repeatable.body_hash:
        raise KeyReused("The same Idempotency-Key came with another body before. Use a new key for a new request.")
    if first.one_time:
        raise Conflict("This was done before. Its answer held a secret that is shown only once.")
    return Answer(first.status, first.body, {**first.headers, "Idempotency-Replayed": "true"})


def _answer(status: int, result: Any, work: Work) -> Answer:
    headers: dict[str, str] = {}
    if work.event_ids:
        headers["Quire-Events"] = ",".join(str(e) for e in work.event_ids[-20:])
    version = getattr(result, "version", None)
    if isinstance(version, int):
        headers["ETag"] = etag(version)
    if result is None:
        return Answer(204, b"", headers)
    body = result.model_dump_json().encode() if isinstance(result, BaseModel) else orjson.dumps(result, default=str)
    return Answer(status, body, headers)


def _entry(command: Callable[..., Any], repeatable: Repeatable | None) -> audit.Entry:
    name = f"{command.__module__.rpartition('.')[0].rpartition('.')[2]}.{getattr(command, '__name__', 'command')}"
    return audit.Entry(name, repeatable.path if repeatable else None)


async def _again(once: Callable[[], Awaitable[T]]) -> T:
    """Repeat after a serialisation failure or a deadlock, three times at most, with a growing random pause."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await once()
        except DBAPIError as error:
            if attempt == ATTEMPTS or not is_serialization(error):
                raise
            metrics.COMMAND_RETRIES.inc()
            await asyncio.sleep(random.uniform(0.005, 0.03) * 2**attempt)
    raise AssertionError("unreachable")

"""What a route asks for: who acts, a session for reading, a runner for commands.

@router.post("/funds", status_code=201, response_model=FundOut, dependencies=[scope("funds:write")])
async def create_fund(body: FundIn, run: Run) -> Response:
    return await run(commands.create_fund, body)
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, ParamSpec

from fastapi import Depends, Header, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.api.problems import Forbidden, Unauthenticated
from quire_shared.database.run import Answer, Command, Database, Repeatable
from quire_shared.events.envelope import Cause

P = ParamSpec("P")

_bearer = HTTPBearer(
    auto_error=False, description="A short-lived access token of desk, or an API key through the gateway"
)


async def principal(
    request: Request,
    needed: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The one who acts, checked offline against desk's public keys."""
    if credentials is None:
        raise Unauthenticated("This needs a signed-in person or an API key.", headers={"WWW-Authenticate": "Bearer"})
    who: Principal = request.app.state.verify(credentials.credentials)
    for wanted in needed.scopes:
        if not who.may(wanted):
            raise Forbidden(
                f"This needs the right “{wanted}”, which your role does not have. An administrator can give it to you."
            )
    request.state.principal = who
    return who


def scope(name: str) -> Any:
    """The right that a route needs, ``resource:action``; declared in the service's ``scopes``."""
    return Security(principal, scopes=[name])


Who = Annotated[Principal, Security(principal)]


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


#: FastAPI's default would end the session after the answer; ``function`` ends it before.
Read = Annotated[AsyncSession, Depends(_session, scope="function")]


class Runner:
    """Runs a command for this request and answers after the commit."""

    def __init__(self, request: Request, who: Principal, key: str | None, if_match: str | None) -> None:
        self.request = request
        self.who = who
        self.key = key
        self.if_match = if_match

    @property
    def database(self) -> Database:
        database: Database = self.request.app.state.database
        return database

    async def __call__(
        self,
        command: Command[P, Any],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        return to_response(await self.answer(command, None, *args, **kwargs))

    async def file(self, fingerprint: bytes, command: Command[P, Any], *args: P.args, **kwargs: P.kwargs) -> Response:
        """Like calling, for an upload: ``fingerprint`` (its hash) stands for the body."""
        return to_response(await self.answer(command, fingerprint, *args, **kwargs))

    async def answer(
        self, command: Command[P, Any], fingerprint: bytes | None, *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        repeatable = None
        if self.key:
            body = fingerprint if fingerprint is not None else await self.request.body()
            repeatable = Repeatable.of(self.who.id, self.request.method, str(self.request.url.path), self.key, body)
        route = self.request.scope.get("route")
        status = getattr(route, "status_code", None) or 200
        return await self.database.answer(
            self.who, cause_of(self.request, self.who), repeatable, self.if_match, status, command, *args, **kwargs
        )

    async def preview(self, command: Command[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """The effect of the command without it (same code, rolled back)."""
        return await self.database.preview(self.who, command, *args, **kwargs)


def cause_of(request: Request, who: Principal) -> Cause:
    correlation = request.headers.get("X-Correlation-Id") or getattr(request.state, "request_id", None)
    return Cause(who.id, correlation or str(uuid.uuid4()), None, request.headers.get("traceparent"))


def to_response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers, media_type="application/json" if answer.body else None)


async def _runner(
    request: Request,
    who: Who,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, description="Repeat a request with the same key to get its first answer again"),
    ] = None,
    if_match: Annotated[str | None, Header(max_length=200, description="The ETag of the version you have read")] = None,
) -> Runner:
    return Runner(request, who, idempotency_key, if_match)


Run = Annotated[Runner, Depends(_runner)]

__all__ = ["Read", "Run", "Runner", "Who", "cause_of", "principal", "scope", "to_response"]

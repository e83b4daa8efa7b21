"""Who a request to the gateway comes from: the browser's session or a program's API key, exchanged for a short token."""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from quire_desk.identity import rules, store_sessions
from quire_desk.identity.api_sessions import COOKIE
from quire_desk.identity.commands_keys import KEY_MARK
from quire_shared.access.principal import Principal
from quire_shared.api.problems import Forbidden, Unauthenticated
from quire_shared.database.run import Database
from quire_shared.values import clock

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_OVER = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


async def recognise(database: Database, method: str, headers: Headers) -> Principal | None:
    """The principal of an API key or of a session; None when the request brings neither.

    Raises ``Unauthenticated`` for an unknown, expired or revoked one, ``Forbidden`` for a change by session without the
    matching ``X-CSRF-Token``. Any other bearer token is left to the service, which checks it itself.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if bearer:
        if scheme.lower() == "bearer" and bearer.startswith(KEY_MARK):
            return await _by_key(database, bearer)
        return None
    token = session_token(headers)
    if token is None:
        return None
    now = clock.now()
    async with database.read() as session:
        known = await store_sessions.by_session(session, token, now)
    if known is None:
        raise Unauthenticated(
            "Your session is over or was ended. Sign in again; what you have not saved yet is still on your screen.",
            headers={"Set-Cookie": _OVER},
        )
    if method not in SAFE_METHODS and not hmac.compare_digest(
        headers.get("x-csrf-token", "").encode(), rules.csrf_token(token).encode()
    ):
        raise Forbidden(
            "This change did not come from a page of Quire: the header X-CSRF-Token is missing or belongs to another"
            " session. Load the page again."
        )
    if known.stale:
        await _touch(database, "session", known)
    return known.principal


def session_token(headers: Headers) -> str | None:
    """The session's token in the cookies, if there is one."""
    cookies: SimpleCookie = SimpleCookie()
    for line in headers.getlist("cookie"):
        try:
            cookies.load(line)
        except CookieError:
            continue
    found = cookies.get(COOKIE)
    return found.value if found is not None and found.value else None


async def _by_key(database: Database, secret: str) -> Principal:
    async with database.read() as session:
        known = await store_sessions.by_key(session, secret, clock.now())
    if known is None:
        raise Unauthenticated(
            "This API key is unknown, revoked or expired, or its owner is not active any more. Make a new one.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if known.stale:
        await _touch(database, "api_key", known)
    return known.principal


async def _touch(database: Database, table: str, known: store_sessions.Known) -> None:
    async with database.read() as session:
        await store_sessions.touch(session, table, known.credential_id, clock.now())
        await session.commit()

"""Routes for signing in and out, one's own password and one's own API keys."""

from __future__ import annotations

import math
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from quire_desk.identity import commands_keys, commands_sessions, passwords, rules, store, store_sessions
from quire_desk.identity.commands_sessions import NewSession
from quire_desk.identity.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    ApiKeysOut,
    FirstSignInIn,
    LinkSignInIn,
    NewApiKeyOut,
    PasswordIn,
    SessionOut,
    SignInIn,
)
from quire_desk.identity.tables import ApiKey, Person
from quire_shared.access.principal import Principal
from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound, Problem, Unauthenticated
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.database.run import Database
from quire_shared.events.envelope import Cause
from quire_shared.values import clock

COOKIE = "quire_session"

router = APIRouter()
_PUBLIC = {"x-public": True}


class TooManyAttempts(Problem):
    status, slug, title = 429, "too-many-attempts", "Too many attempts to sign in"


_STRANGER = Principal("anonymous", frozenset(), frozenset(), "anonymous")
_CAUSE = Cause("anonymous")


@router.post("/sign-in/first", tags=["sign-in"], status_code=201, response_model=SessionOut, openapi_extra=_PUBLIC)
async def first_sign_in(body: FirstSignInIn, request: Request, response: Response) -> SessionOut:
    """Make the administrator with the link that the first start prints, and sign in."""
    await _slow_down(request, None)
    hashed = await passwords.make_hash(body.password.get_secret_value())
    new = await _database(request).run_as(_STRANGER, _CAUSE, commands_sessions.first_sign_in, body, hashed)
    return _signed_in(request, response, new)


@router.post("/sign-in/link", tags=["sign-in"], status_code=201, response_model=SessionOut, openapi_extra=_PUBLIC)
async def link_sign_in(body: LinkSignInIn, request: Request, response: Response) -> SessionOut:
    """Set a password with a one-time link, and sign in."""
    await _slow_down(request, None)
    password = body.password.get_secret_value()
    hashed = await passwords.make_hash(password)
    new = await _database(request).run_as(
        _STRANGER, _CAUSE, commands_sessions.link_sign_in, body.token.get_secret_value(), password, hashed
    )
    return _signed_in(request, response, new)


@router.post("/sign-in", tags=["sign-in"], status_code=201, response_model=SessionOut, openapi_extra=_PUBLIC)
async def sign_in(body: SignInIn, request: Request, response: Response) -> SessionOut:
    """Sign in with user name and password. Too many attempts are slowed down (429 with ``Retry-After``)."""
    user_name = rules.normal_user_name(body.user_name)
    await _slow_down(request, user_name)
    password = body.password.get_secret_value()
    async with _database(request).read() as session:
        found = await store_sessions.credentials(session, user_name)
    person_id, stored = found or (None, None)
    if not await passwords.fits(stored, password) or person_id is None or stored is None:
        raise Unauthenticated("User name or password is wrong.")
    better = await passwords.make_hash(password) if passwords.outdated(stored) else None
    new = await _database(request).run_as(
        _STRANGER, _CAUSE, commands_sessions.sign_in, person_id, user_name, _address(request), better
    )
    return _signed_in(request, response, new)


@router.get("/session", tags=["sign-in"], response_model=SessionOut)
async def who_am_i(request: Request, read: Read, who: Who) -> SessionOut:
    """Who is signed in with this cookie, with what rights, until when."""
    token = request.cookies.get(COOKIE)
    known = await store_sessions.by_session(read, token, clock.now()) if token else None
    if token is None or known is None or known.principal.id != who.id:
        raise Unauthenticated("There is no session here; this request came with a token or an API key.")
    person = await store.person(read, UUID(who.id))
    if person is None or person.user_name is None or person.name is None:
        raise Unauthenticated("This person cannot sign in any more.")
    return SessionOut(
        person_id=person.id,
        user_name=person.user_name,
        name=person.name,
        roles=person.roles,
        scopes=sorted(who.scopes),
        unit_ids=person.unit_ids,
        expires_at=known.ends,
        csrf_token=rules.csrf_token(token),
    )


@router.delete("/session", tags=["sign-in"], status_code=204)
async def sign_out(request: Request, run: Run) -> Response:
    """End this session."""
    token = request.cookies.get(COOKIE, "")
    response = await run(commands_sessions.sign_out, token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request))
    return response


@router.put("/session/password", tags=["sign-in"], status_code=204)
async def change_password(body: PasswordIn, request: Request, read: Read, run: Run) -> Response:
    """Change one's own password; one's other sessions end."""
    await _slow_down(request, run.who.id)
    person = await read.get(Person, UUID(run.who.id)) if run.who.kind == "person" else None
    fits = await passwords.fits(person.password_hash if person else None, body.old_password.get_secret_value())
    new = body.new_password.get_secret_value()
    hashed = await passwords.make_hash(new)
    # The stored hash of the request must be no shortcut to the password, so it is the hash of nothing.
    return await run.file(b"", commands_sessions.change_password, fits, new, hashed, request.cookies.get(COOKIE))


@router.get("/api-keys", tags=["keys"], response_model=ApiKeysOut, dependencies=[scope("keys:write")])
async def list_keys(
    read: Read,
    who: Who,
    everybody: bool = False,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ApiKeysOut:
    """One's own keys; everybody's with ``identity:read`` for the whole house."""
    if who.kind != "person":
        return ApiKeysOut(items=[], total=0)
    everything = everybody and who.units is None and who.may("identity:read")
    items, total = await store.keys(read, None if everything else UUID(who.id), offset=offset, limit=limit)
    return ApiKeysOut(items=[commands_keys.key_out(k) for k in items], total=total)


@router.post(
    "/api-keys", tags=["keys"], status_code=201, response_model=NewApiKeyOut, dependencies=[scope("keys:write")]
)
async def create_key(body: ApiKeyIn, run: Run) -> Response:
    """Make a key. Its secret is shown only in this answer."""
    return await run(commands_keys.create_key, body)


@router.get("/api-keys/{key_id}", tags=["keys"], response_model=ApiKeyOut, dependencies=[scope("keys:write")])
async def get_key(key_id: UUID, read: Read, who: Who, response: Response) -> ApiKeyOut:
    key = await read.get(ApiKey, key_id)
    others = who.units is None and who.may("identity:read")
    if key is None or (str(key.owner_id) != who.id and not others):
        raise NotFound(f"There is no API key with the id {key_id}.")
    response.headers["ETag"] = etag(key.version)
    return commands_keys.key_out(key)


@router.delete("/api-keys/{key_id}", tags=["keys"], response_model=ApiKeyOut, dependencies=[scope("keys:write")])
async def revoke_key(key_id: UUID, run: Run) -> Response:
    """Make a key useless from now on; it stays in the list."""
    return await run(commands_keys.revoke_key, key_id)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def _slow_down(request: Request, subject: str | None) -> None:
    wait = await _database(request).run_as(
        _STRANGER, _CAUSE, commands_sessions.count_attempt, subject, _address(request)
    )
    if wait is not None:
        seconds = math.ceil(wait.total_seconds())
        raise TooManyAttempts(
            f"There were too many attempts. Try again in {math.ceil(seconds / 60)} minutes.",
            headers={"Retry-After": str(seconds)},
        )


def _secure(request: Request) -> bool:
    public: str | None = request.app.state.settings.public_url
    return (public or str(request.url)).startswith("https:")


def _signed_in(request: Request, response: Response, new: NewSession) -> SessionOut:
    response.set_cookie(
        COOKIE,
        new.token,
        max_age=int(rules.SESSION_LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(request),
    )
    return new.session

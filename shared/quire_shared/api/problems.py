"""One tree of refusals, answered as ``application/problem+json`` (RFC 9457).

A :class:`Problem` is raised by rules, commands and routes. ``errors`` holds *all* faults of a document at once, each with
a JSON pointer (RFC 6901), a stable code, a sentence and, where there is one, the fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from quire_shared.observe.faults import is_temporary, sqlstate

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
BASE = "urn:quire:problem:"
#: PostgreSQL's answers to a NUL in text or JSON (Appendix A, class 22).
_NUL = ("22021", "22P05")


class Fault(BaseModel):
    """One thing that is wrong, with its place and its remedy."""

    pointer: str = ""
    code: str
    detail: str
    fix: str | None = None
    value: Any = None


class ProblemBody(BaseModel):
    """What a refusal looks like on the wire (RFC 9457 §3)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[Fault] = []


class Problem(Exception):
    """A refusal in words. Subclasses set ``status``, ``slug`` and ``title``."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str, errors: Sequence[Fault] = (), headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}

    def body(self, instance: str | None = None) -> ProblemBody:
        return ProblemBody(
            type=BASE + self.slug,
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors,
        )


class Unauthenticated(Problem):
    status, slug, title = 401, "sign-in-needed", "Please sign in"


class Forbidden(Problem):
    status, slug, title = 403, "not-allowed", "Your role does not allow this"


class NotFound(Problem):
    status, slug, title = 404, "not-found", "There is no such record"


class Conflict(Problem):
    status, slug, title = 409, "conflict", "This does not fit the present state"


class Stale(Problem):
    status, slug, title = 412, "changed-meanwhile", "Somebody changed this record meanwhile"


class TooLarge(Problem):
    status, slug, title = 413, "too-large", "This is larger than Quire takes"


class UnsupportedFile(Problem):
    status, slug, title = 415, "wrong-kind-of-file", "This is not the kind of file that is expected here"


class Invalid(Problem):
    status, slug, title = 422, "not-valid", "Some of what was given is not valid"


class KeyReused(Problem):
    status, slug, title = 422, "idempotency-key-reused", "This Idempotency-Key was used for another request"


class PreconditionNeeded(Problem):
    status, slug, title = 428, "version-needed", "Say which version you are changing"


class Unavailable(Problem):
    status, slug, title = 503, "try-again", "A part of Quire is not available at the moment"


def answer(problem: Problem, instance: str | None = None) -> JSONResponse:
    return JSONResponse(
        problem.body(instance).model_dump(mode="json", exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901) from a pydantic location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _validation(exc: RequestValidationError) -> Invalid:
    faults = [
        Fault(pointer=pointer(e["loc"]), code=e["type"], detail=e["msg"], value=_shown(e["loc"], e.get("input")))
        for e in exc.errors()
    ]
    n = len(faults)
    return Invalid(f"{n} {'field is' if n == 1 else 'fields are'} not as expected; each is named below.", faults)


_SECRET = re.compile(r"password|token|secret|key", re.IGNORECASE)


def _shown(location: Sequence[str | int], value: Any) -> Any:
    """The faulty value as far as it may be shown again: no secret, and no whole object, which may hold one."""
    if value is None or isinstance(value, Mapping | list | bytes) or any(_SECRET.search(str(p)) for p in location):
        return None
    if isinstance(value, bool | int):
        return value
    return str(value)[:100]


_TITLES: dict[int, type[Problem]] = {
    c.status: c for c in (Unauthenticated, Forbidden, NotFound, Conflict, TooLarge, UnsupportedFile, Invalid)
}


def install(app: FastAPI) -> None:
    """Answer every refusal and every fault of this application as a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, exc: Problem) -> JSONResponse:
        return answer(exc, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        return answer(_validation(exc), request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, exc: HTTPException) -> JSONResponse:
        body = ProblemBody(
            type=BASE + (_TITLES[exc.status_code].slug if exc.status_code in _TITLES else "http"),
            title=_TITLES[exc.status_code].title if exc.status_code in _TITLES else str(exc.detail),
            status=exc.status_code,
            detail=str(exc.detail),
            instance=request.url.path,
        )
        return JSONResponse(
            body.model_dump(mode="json", exclude_none=True),
            status_code=exc.status_code,
            media_type=MEDIA_TYPE,
            headers=dict(exc.headers or {}),
        )

    @app.exception_handler(DBAPIError)
    async def _database(request: Request, exc: DBAPIError) -> JSONResponse:
        if is_temporary(exc):
            log.warning("database_unavailable", path=request.url.path, error=str(exc.orig)[:200])
            return answer(
                Unavailable(
                    "The database did not answer in time. Nothing is half done: repeat with the same Idempotency-Key.",
                    headers={"Retry-After": "2"},
                ),
                request.url.path,
            )
        if sqlstate(exc) in _NUL:
            refusal = Invalid(
                "A text holds the character NUL (U+0000), which no catalog uses. Remove it and send again."
            )
            return answer(refusal, request.url.path)
        log.error("database_fault", path=request.url.path, exc_info=exc)
        return _fault(request)

    @app.exception_handler(Exception)
    async def _any(request: Request, exc: Exception) -> JSONResponse:
        if is_temporary(exc):
            return answer(
                Unavailable("A connection broke. Repeat with the same Idempotency-Key.", headers={"Retry-After": "2"}),
                request.url.path,
            )
        log.error("unexpected_fault", path=request.url.path, exc_info=exc)
        return _fault(request)


def _fault(request: Request) -> JSONResponse:
    body = ProblemBody(
        type=BASE + "fault",
        title="Quire made a mistake",
        status=500,
        detail="The request was not carried out. The log of the service has the details under this request's id.",
        instance=request.url.path,
    )
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), status_code=500, media_type=MEDIA_TYPE)

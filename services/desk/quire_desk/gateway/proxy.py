"""The gateway: one origin for the browser. ``/api/<service>/…`` goes to that service with a fresh token; pure ASGI.

Requests and answers are streamed in both directions, in the process and over HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quire_desk.gateway import pages
from quire_desk.gateway.credentials import recognise
from quire_desk.gateway.neighbours import SERVICES, Neighbours, not_set, unreachable
from quire_shared.api import problems
from quire_shared.api.problems import NotFound, Problem
from quire_shared.database.run import Database

log = structlog.get_logger()

#: No cookie or session is looked at here: a browser with an old cookie must be able to sign in.
SIGN_IN = "/api/desk/sign-in"
#: A calendar program can't sign in; the unguessable token in the address is its right.
CALENDAR = "/api/licenses/calendar/"

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"proxy-connection",
    }
)  # fmt: skip
_NOT_FORWARDED = frozenset({b"cookie", b"authorization", b"x-csrf-token", b"host"})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


class Gateway:
    """Stands in front of desk's own application."""

    def __init__(self, app: ASGIApp, neighbours: Neighbours, database: Database) -> None:
        self.app = app
        self.neighbours = neighbours
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                out = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    out[name] = value
                if scope["scheme"] == "https":
                    out["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        try:
            await self._answer(scope, receive, guarded)
        except Problem as problem:
            if started:
                raise
            await problems.answer(problem, scope["path"])(scope, receive, guarded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            await self._api(scope, receive, send)
        elif (page := pages.find(scope["method"], path)) is not None:
            await page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, _, rest = scope["path"].partition("/api/")
        service, _, inner = rest.partition("/")
        if service not in SERVICES:
            raise NotFound(f"There is no service “{service}”; there are {', '.join(SERVICES)}.")
        headers = Headers(scope=scope)
        path = scope["path"]
        public = path == SIGN_IN or path.startswith((SIGN_IN + "/", CALENDAR))
        who = None if public else await recognise(self.database, scope["method"], headers)
        raw = [(k, v) for k, v in scope["headers"] if k not in _HOP_BY_HOP]
        if service != "desk":
            raw = [(k, v) for k, v in raw if k not in _NOT_FORWARDED or (k == b"authorization" and who is None)]
        if who is not None:
            raw = [(k, v) for k, v in raw if k != b"authorization"]
            raw.append((b"authorization", b"Bearer " + self.neighbours.token(who).encode()))
        request_id = scope.get("state", {}).get("request_id")
        if request_id:
            raw = [(k, v) for k, v in raw if k != b"x-request-id"] + [(b"x-request-id", request_id.encode("latin-1"))]

        peer = self.app if service == "desk" else self.neighbours.in_process(service)
        if peer is not None:
            await self._in_process(peer, service, raw, scope, receive, send)
            return
        address = self.neighbours.address(service)
        if address is None:
            raise not_set(service)
        await self._over_http(address, service, inner, raw, scope, receive, send)

    async def _in_process(
        self,
        app: ASGIApp,
        service: str,
        headers: list[tuple[bytes, bytes]],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Call the service's application with its own scope; its path begins after ``root_path`` (ASGI HTTP §2)."""
        kept = ("type", "asgi", "http_version", "method", "scheme", "query_string", "client", "server", "extensions")
        inner: Scope = {name: scope[name] for name in kept if name in scope}
        inner.update(
            {
                "path": scope["path"],
                "raw_path": scope.get("raw_path"),
                "root_path": scope.get("root_path", "") + f"/api/{service}",
                "headers": headers,
                "state": {"request_id": scope.get("state", {}).get("request_id")},
            }
        )
        if service == "desk":
            inner["app"] = scope.get("app")
        try:
            await app(inner, receive, send)
        finally:
            scope["route"] = inner.get("route")

    async def _over_http(
        self,
        address: str,
        service: str,
        path: str,
        headers: list[tuple[bytes, bytes]],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        url = httpx.URL(f"{address}/{path}", query=scope["query_string"])
        headers = [(k, v) for k, v in headers if k != b"host"]
        has_body = any(k in (b"content-length",) for k, _ in headers) or any(
            k == b"transfer-encoding" for k, _ in scope["headers"]
        )
        request = self.neighbours.http.build_request(
            scope["method"], url, headers=headers, content=_body(receive) if has_body else None
        )
        try:
            answer = await self.neighbours.http.send(request, stream=True)
        except httpx.HTTPError as error:
            log.warning("service_not_reached", service=service, error=repr(error))
            raise unreachable(service, error) from None
        begun = False
        try:
            raw = [(k.lower(), v) for k, v in answer.headers.raw if k.lower() not in _HOP_BY_HOP]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": raw})
            begun = True
            async for part in answer.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except httpx.HTTPError as error:
            log.warning("answer_broke_off", service=service, error=repr(error), begun=begun)
            raise  # the connection is closed without its end, so that the reader sees that it is not whole
        finally:
            with suppress(httpx.HTTPError):
                await answer.aclose()


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return

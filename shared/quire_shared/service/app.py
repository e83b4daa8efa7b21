"""The application factory: the same middleware, problems, health and metrics for every service."""

from __future__ import annotations

import time
import uuid

import structlog
from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quire_shared.api import operations, problems
from quire_shared.observe import metrics
from quire_shared.service.runtime import Runtime


def create_app(runtime: Runtime) -> FastAPI:
    """The web application of one service."""
    service = runtime.service
    app = FastAPI(
        title=f"Quire {service.title}",
        version="0.1.0",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        separate_input_output_schemas=False,
    )
    app.state.runtime = runtime
    app.state.database = runtime.database
    app.state.settings = runtime.settings
    app.state.verify = runtime.verify
    problems.install(app)

    @app.get("/health/live", tags=["health"], openapi_extra={"x-public": True})
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @app.get("/health/ready", tags=["health"], openapi_extra={"x-public": True})
    async def ready(response: Response) -> dict[str, object]:
        """Whether requests should come here, and what is wrong, in words."""
        health = await runtime.health()
        response.status_code = 200 if health["ready"] else 503
        return health

    @app.get("/metrics", tags=["health"], include_in_schema=False, openapi_extra={"x-public": True})
    async def prometheus() -> Response:
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    for router in (*service.routers, operations.router):
        app.include_router(router)
    if service.dress is not None:
        service.dress(app, runtime)
    app.add_middleware(Observed, service=service.name, limit=runtime.settings.max_body_mb * 1024 * 1024)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


class Observed:
    """Gives each request an id, bounds its body, logs and counts it. Plain ASGI, so that streams stay streams."""

    def __init__(self, app: ASGIApp, service: str, limit: int) -> None:
        self.app = app
        self.service = service
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = headers.get(b"x-request-id", b"").decode("latin-1")[:64] or str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.limit:
            await self._refuse(scope, receive, send)
            return
        received = 0
        over = False

        async def bounded() -> Message:
            nonlocal received, over
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self.limit:
                    over = True
                    raise problems.TooLarge(f"The request is larger than {self.limit // 1024 // 1024} MB.")
            return message

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = request_id
                out["X-Content-Type-Options"] = "nosniff"
                out.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id, service=self.service):
            try:
                await self.app(scope, bounded, counted)
            finally:
                route = scope.get("route")
                path = getattr(route, "path", "unknown")
                metrics.HTTP_REQUESTS.labels(self.service, scope["method"], path, str(status)).observe(
                    time.perf_counter() - started
                )

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = problems.TooLarge(
            f"The request is larger than {self.limit // 1024 // 1024} MB. Split the file, or ask for a higher"
            " QUIRE_MAX_BODY_MB."
        )
        await problems.answer(refusal, scope["path"])(scope, receive, send)

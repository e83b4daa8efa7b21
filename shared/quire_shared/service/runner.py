"""Serving: everything in one process, or one service with some of its roles. SIGTERM and Ctrl+C end cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from quire_shared.access.tokens import verifier
from quire_shared.observe.logs import configure
from quire_shared.service.app import create_app
from quire_shared.service.definition import Service
from quire_shared.service.installation import Installation
from quire_shared.service.runtime import Runtime, make_bus
from quire_shared.service.settings import Settings

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """A server whose signals are ours: first not ready, then the work under way, then the sockets."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp, settings: Settings) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
            server_header=False,
        )
    )


async def _until_signal(
    server: _Server, started: Callable[[int], Awaitable[None]], before_end: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if serving.done():
        await serving
        raise SystemExit(1)
    await started(server.servers[0].sockets[0].getsockname()[1])
    asking = asyncio.create_task(asked.wait())
    await asyncio.wait({asking, serving}, return_when=asyncio.FIRST_COMPLETED)
    before_end()
    server.should_exit = True
    await serving
    asking.cancel()


async def serve_all(settings: Settings, started: Callable[[Installation, int], Awaitable[None]]) -> None:
    """Everything in one process until a signal comes."""
    configure(settings.log_level)
    async with Installation(settings) as quire:
        server = _server(quire.apps["desk"], settings)

        def before_end() -> None:
            for runtime in quire.runtimes.values():
                runtime.stopping.set()

        await _until_signal(server, lambda port: started(quire, port), before_end)


async def serve_one(
    service: Service, settings: Settings, roles: tuple[str, ...], started: Callable[[FastAPI, int], Awaitable[None]]
) -> None:
    """One service with some of its roles until a signal comes. Health answers in every role."""
    configure(settings.log_level)
    bus = make_bus(settings)
    runtime = Runtime(service, settings, bus, verifier(settings.jwks_path))
    try:
        runtime.start(roles)
        app = create_app(runtime)
        await _until_signal(_server(app, settings), lambda port: started(app, port), runtime.stopping.set)
    finally:
        await runtime.stop()
        await bus.close()

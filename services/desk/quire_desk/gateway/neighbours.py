"""The other services as the desk reaches them: called in this process where they are, else by HTTP."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
from starlette.types import ASGIApp

from quire_shared.access.principal import Principal
from quire_shared.access.tokens import Signer
from quire_shared.api.problems import Unavailable
from quire_shared.service.runtime import Runtime
from quire_shared.service.settings import SERVICES

# Every forwarded request is logged once already, with its id.
logging.getLogger("httpx").setLevel(logging.WARNING)

#: Waiting for a connection is short, for an answer long enough for a big upload.
TIMEOUT = httpx.Timeout(connect=3, read=120, write=120, pool=5)
#: Token life for one forwarded request, in seconds; long enough for clocks that differ a little.
TOKEN_LIFETIME = 60


class Neighbours:
    """Where services are and how to ask them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._signer: Signer | None = None
        self._http: httpx.AsyncClient | None = None

    def token(self, who: Principal) -> str:
        """A fresh short-lived access token of this principal."""
        if self._signer is None:
            self._signer = Signer(self.runtime.settings.data_dir / "keys")
        return self._signer.sign(who, TOKEN_LIFETIME)

    def jwks(self) -> dict[str, Any]:
        if self._signer is None:
            self._signer = Signer(self.runtime.settings.data_dir / "keys")
        return self._signer.jwks()

    def in_process(self, service: str) -> ASGIApp | None:
        """The application of a service that runs in this process."""
        return self.runtime.peers.get(service)

    def address(self, service: str) -> str | None:
        """The address of a service that runs elsewhere."""
        found: str | None = getattr(self.runtime.settings, f"{service}_url", None)
        return found.rstrip("/") if found else None

    @property
    def http(self) -> httpx.AsyncClient:
        """One pool of connections for all forwarded requests."""
        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=TIMEOUT,
                limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
                follow_redirects=False,
                trust_env=False,
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def get(
        self, service: str, path: str, who: Principal | None, *, wait: float = 10.0, **query: Any
    ) -> httpx.Response:
        """Ask a service something as ``who``. Raises ``Unavailable`` in words when it does not answer."""
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who is not None else {}
        params = {k: v for k, v in query.items() if v is not None}
        app = self.in_process(service)
        address = self.address(service)
        try:
            async with asyncio.timeout(wait):
                if app is not None:
                    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
                    async with httpx.AsyncClient(transport=transport, base_url="http://quire") as client:
                        return await client.get(path, params=params, headers=headers)
                if address is None:
                    raise not_set(service)
                return await self.http.get(address + path, params=params, headers=headers)
        except (httpx.HTTPError, TimeoutError) as error:
            raise unreachable(service, error) from None


def not_set(service: str) -> Unavailable:
    return Unavailable(
        f"The service {service} does not run in this process and QUIRE_{service.upper()}_URL does not say where it is."
    )


def unreachable(service: str, error: Exception) -> Unavailable:
    slow = isinstance(error, httpx.TimeoutException | TimeoutError) and not isinstance(error, httpx.ConnectTimeout)
    words = (
        f"The service {service} did not answer in time; whether it has carried the request out is not known. Repeat it"
        " with the same Idempotency-Key."
        if slow
        else f"The service {service} cannot be reached at the moment. The other parts of Quire go on; try again in a minute."
    )
    return Unavailable(words, headers={"Retry-After": "5"})


__all__ = ["SERVICES", "Neighbours", "not_set", "unreachable"]

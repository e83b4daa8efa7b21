"""A desk with a browser in front: cookies, CSRF token, the gateway."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from quire_shared.access.tokens import verifier
from quire_shared.service.definition import installed
from quire_shared.service.installation import Installation
from quire_shared.service.settings import Settings
from tests.support.service import ServiceUnderTest

PASSWORD = "three old brown shelves"


class Browser:
    """Somebody in front of the desk; keeps cookies and sends the CSRF token like the page does."""

    def __init__(self, app: Any, base_url: str = "http://desk.test", address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40_000))
        self.http = httpx.AsyncClient(transport=transport, base_url=base_url)
        self.csrf = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {"X-CSRF-Token": self.csrf, **headers} if method != "GET" else headers
        return await self.http.request(method, path, json=body, headers=given)

    async def first(self, link: str, user_name: str = "ada", name: str = "Ada") -> httpx.Response:
        token = link.partition("#first=")[2]
        body = {"token": token, "user_name": user_name, "name": name, "password": PASSWORD}
        return self.keep(await self.ask("POST", "/api/desk/sign-in/first", body))

    async def sign_in(self, user_name: str, password: str = PASSWORD) -> httpx.Response:
        return self.keep(await self.ask("POST", "/api/desk/sign-in", {"user_name": user_name, "password": password}))

    def keep(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code == 201:
            self.csrf = answer.json()["csrf_token"]
        return answer


class Desk:
    """The desk under test with its real token check."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self.app = service.app
        self.database = service.database
        self.runtime = service.runtime
        service.runtime.verify = service.app.state.verify = verifier(service.runtime.settings.jwks_path)

    def browser(self, **given: Any) -> Browser:
        return Browser(self.app, **given)

    async def link(self) -> str:
        link: str = await self.app.state.sign_in_link("http://desk.test")
        return link

    async def administrator(self) -> Browser:
        browser = self.browser()
        answer = await browser.first(await self.link())
        assert answer.status_code == 201, answer.text
        return browser

    async def person(self, by: Browser, user_name: str, *roles: str, **more: Any) -> Browser:
        """A new person with these roles, signed in."""
        body = {"user_name": user_name, "name": user_name.title(), "roles": roles, "password": PASSWORD, **more}
        made = await by.ask("POST", "/api/desk/people", body)
        assert made.status_code == 201, made.text
        browser = self.browser()
        answer = await browser.sign_in(user_name)
        assert answer.status_code == 201, answer.text
        return browser


@pytest.fixture
def house(desk: ServiceUnderTest) -> Desk:
    return Desk(desk)


@pytest.fixture
async def quire(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Orders and desk in one process, with everything running."""
    settings = Settings(
        data_dir=tmp_path, database_url=SecretStr(postgres_dsn), database_prefix=f"t_{uuid.uuid4().hex[:10]}_"
    )
    services = {name: service for name, service in installed().items() if name in ("orders", "desk")}
    async with Installation(settings, services) as running:
        yield running


@pytest.fixture
async def front(quire: Installation) -> Browser:
    """The administrator in front of the running house."""
    browser = Browser(quire.apps["desk"])
    answer = await browser.first(await quire.apps["desk"].state.sign_in_link("http://desk.test"))
    assert answer.status_code == 201, answer.text
    return browser

"""The gateway: one origin, tokens exchanged, streams kept, unreachable services told in words."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from quire_desk.gateway import neighbours
from quire_shared.service.installation import Installation
from tests.desk.conftest import Browser, Desk


class Echo:
    """A service that tells what it was asked, streams on demand and can stop in the middle."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.seen = {"path": scope["path"], "query": scope["query_string"], "headers": headers, "body": body}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1"), (b"etag", b'"7"')]})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        if scope["path"].endswith("/stream"):
            await self.go_on.wait()
        if scope["path"].endswith("/break"):
            raise RuntimeError("broke off in the middle")
        await send({"type": "http.response.body", "body": b"last"})


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The application behind a real port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def claims(headers: dict[str, str]) -> dict[str, Any]:
    return jwt.decode(headers["authorization"].removeprefix("Bearer "), options={"verify_signature": False})


async def test_in_process_the_service_gets_a_fresh_token_and_no_cookie(house: Desk) -> None:
    ada = await house.administrator()
    echo = Echo()
    house.runtime.peers = {"orders": echo}
    answer = await ada.ask("POST", "/api/orders/things?x=1", {"a": 1})
    assert (answer.status_code, answer.text, answer.headers["etag"]) == (200, "firstlast", '"7"')
    assert (echo.seen["path"], echo.seen["query"], echo.seen["body"]) == ("/api/orders/things", b"x=1", b'{"a":1}')
    told = claims(echo.seen["headers"])
    assert (told["scope"], told["units"], told["exp"] - told["iat"]) == ("*:*", None, 60)
    assert not {"cookie", "x-csrf-token"} & echo.seen["headers"].keys()


async def test_over_http_it_is_the_same_and_the_stream_is_not_held_back(house: Desk) -> None:
    ada = await house.administrator()
    echo = Echo()
    async with served(echo) as address, served(house.app) as front:
        house.runtime.settings = house.runtime.settings.model_copy(update={"orders_url": address})
        cookie = {"Cookie": f"quire_session={ada.http.cookies['quire_session']}", "X-CSRF-Token": ada.csrf}
        async with httpx.AsyncClient(base_url=front, headers=cookie) as client:
            answer = await client.post("/api/orders/things", content=b"x" * 300_000)
            assert (answer.text, answer.headers["x-own"]) == ("firstlast", "1")
            assert len(echo.seen["body"]) == 300_000
            assert echo.seen["path"] == "/things"
            assert claims(echo.seen["headers"])["scope"] == "*:*"
            assert "cookie" not in echo.seen["headers"]
            async with client.stream("GET", "/api/orders/stream") as stream:
                parts = stream.aiter_raw()
                assert await asyncio.wait_for(anext(parts), 5) == b"first"
                echo.go_on.set()
                assert await asyncio.wait_for(anext(parts), 5) == b"last"
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/api/orders/break")
        await house.app.state.neighbours.close()


async def test_a_service_that_is_not_there_is_told_in_words(house: Desk) -> None:
    ada = await house.administrator()
    unset = await ada.ask("GET", "/api/usage/platforms")
    assert (unset.status_code, unset.headers["content-type"]) == (503, "application/problem+json")
    assert "QUIRE_USAGE_URL" in unset.json()["detail"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        house.runtime.settings = house.runtime.settings.model_copy(update={"usage_url": url})
        gone = await ada.ask("GET", "/api/usage/platforms")
    assert gone.status_code == 503
    assert "cannot be reached" in gone.json()["detail"]
    assert gone.headers["retry-after"] == "5"
    unknown = await ada.ask("GET", "/api/elsewhere/x")
    assert unknown.status_code == 404
    assert "orders, vendors, licenses, usage, desk" in unknown.json()["detail"]


async def test_a_service_that_is_too_slow_leaves_the_outcome_open(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "TIMEOUT", httpx.Timeout(0.3))
    ada = await house.administrator()

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(2)

    async with served(never) as address:
        house.runtime.settings = house.runtime.settings.model_copy(update={"orders_url": address})
        slow = await ada.ask("POST", "/api/orders/orders", {"a": 1})
        await house.app.state.neighbours.close()
    assert slow.status_code == 503
    assert "Idempotency-Key" in slow.json()["detail"]


async def test_a_foreign_bearer_token_is_left_to_the_service(house: Desk) -> None:
    echo = Echo()
    house.runtime.peers = {"orders": echo}
    await house.browser().ask("GET", "/api/orders/x", authorization="Bearer some.other.token")
    assert echo.seen["headers"]["authorization"] == "Bearer some.other.token"


async def test_real_orders_refuses_a_role_in_words_and_knows_the_administrator(
    quire: Installation, front: Browser
) -> None:
    assert (await front.ask("GET", "/api/orders/funds")).status_code == 200
    nobody = await Browser(quire.apps["desk"]).ask("GET", "/api/orders/funds")
    assert nobody.status_code == 401
    states = (await front.ask("GET", "/api/desk/services")).json()
    by_name = {s["service"]: s for s in states["items"]}
    assert (by_name["orders"]["ready"], by_name["desk"]["ready"], by_name["usage"]["reached"]) == (True, True, False)
    assert by_name["desk"]["lag"] == 0
    assert "desk.budgets" in by_name["desk"]["consumers"]


async def test_every_answer_has_a_strict_policy(house: Desk) -> None:
    for path in ("/", "/docs", "/static/desk.js", "/api/desk/session", "/api/nothing/x", "/health/live"):
        answer = await house.browser().ask("GET", path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"


async def test_the_page_is_whole_and_from_this_origin_only(house: Desk) -> None:
    page = await house.browser().ask("GET", "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    docs = (await house.browser().ask("GET", "/docs")).text
    for text in (page.text, docs):
        assert "http://" not in text
        assert "https://" not in text
        assert " style=" not in text
        assert "<script>" not in text
    for file in ("desk.css", "desk.js", "docs.js"):
        answer = await house.browser().ask("GET", f"/static/{file}")
        assert answer.status_code == 200
        assert "http" not in answer.text.replace("http-equiv", "")
    assert (await house.browser().ask("GET", "/static/../app.py")).status_code == 404
    assert (await house.browser().ask("POST", "/")).status_code in (404, 405)


async def test_public_keys_are_there_for_other_services(house: Desk) -> None:
    keys = (await house.browser().ask("GET", "/api/desk/jwks.json")).json()["keys"]
    assert [(k["kty"], k["crv"], k["alg"]) for k in keys] == [("OKP", "Ed25519", "EdDSA")]
    assert all("d" not in k for k in keys)


async def test_a_change_over_the_size_limit_is_refused(house: Desk) -> None:
    ada = await house.administrator()
    big = await ada.http.post("/api/desk/units", content=b"x" * (51 * 1024 * 1024), headers={"X-CSRF-Token": ada.csrf})
    assert big.status_code == 413

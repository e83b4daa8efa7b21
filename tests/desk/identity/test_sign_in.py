"""First start, sessions, roles: what the journey's first step needs, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from quire_shared.values import clock
from tests.desk.conftest import PASSWORD, Desk


async def test_first_link_makes_the_administrator_once(house: Desk) -> None:
    link = await house.link()
    browser = house.browser()
    answer = await browser.first(link)
    assert answer.status_code == 201
    session = answer.json()
    assert (session["user_name"], session["roles"], session["scopes"]) == ("ada", ["administrator"], ["*:*"])
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await browser.ask("GET", "/api/desk/session")).json()["csrf_token"] == session["csrf_token"]
    again = await house.browser().first(link)
    assert again.status_code == 409
    assert await house.app.state.sign_in_link("http://desk.test") is None


async def test_a_later_start_replaces_the_unused_link(house: Desk) -> None:
    old, new = await house.link(), await house.link()
    assert (await house.browser().first(old)).status_code == 401
    assert (await house.browser().first(new)).status_code == 201


async def test_a_role_allows_and_refuses_in_words(house: Desk) -> None:
    ada = await house.administrator()
    cleo = await house.person(ada, "cleo", "acquisitions_librarian")
    assert (await cleo.ask("GET", "/api/desk/session")).json()["roles"] == ["acquisitions_librarian"]
    refused = await cleo.ask("GET", "/api/desk/people")
    assert refused.status_code == 403
    assert "identity:read" in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_change_by_session_needs_the_csrf_token(house: Desk) -> None:
    ada = await house.administrator()
    good, ada.csrf = ada.csrf, "0" * 64
    body = {"code": "law", "name": "Law library"}
    refused = await ada.ask("POST", "/api/desk/units", body)
    assert refused.status_code == 403
    assert "X-CSRF-Token" in refused.json()["detail"]
    ada.csrf = good
    assert (await ada.ask("POST", "/api/desk/units", body)).status_code == 201


async def test_nobody_an_unknown_and_an_expired_session_get_401_in_words(house: Desk) -> None:
    nobody = await house.browser().ask("GET", "/api/desk/session")
    assert (nobody.status_code, nobody.json()["title"]) == (401, "Please sign in")
    forged = await house.browser().ask("GET", "/api/desk/session", cookie="quire_session=forged")
    assert forged.status_code == 401
    assert "Sign in again" in forged.json()["detail"]
    assert "Max-Age=0" in forged.headers["set-cookie"]

    ada = await house.administrator()
    now = clock.now()
    with clock.fixed(now + timedelta(minutes=119)):
        assert (await ada.ask("GET", "/api/desk/session")).status_code == 200
    with clock.fixed(now + timedelta(minutes=119 + 121)):
        assert (await ada.ask("GET", "/api/desk/session")).status_code == 401
    async with house.database.engine.begin() as connection:
        await connection.execute(text("UPDATE session SET last_used_at = :t"), {"t": now + timedelta(hours=11.9)})
    with clock.fixed(now + timedelta(hours=12, minutes=1)):
        assert (await ada.ask("GET", "/api/desk/session")).status_code == 401
    old_cookie = await ada.sign_in("ada")
    assert old_cookie.status_code == 201, "an old cookie must not stand in the way of signing in"


async def test_sign_out_ends_the_session_on_the_server(house: Desk) -> None:
    ada = await house.administrator()
    cookie = f"quire_session={ada.http.cookies['quire_session']}"
    assert (await ada.ask("DELETE", "/api/desk/session")).status_code == 204
    assert (await house.browser().ask("GET", "/api/desk/session", cookie=cookie)).status_code == 401


async def test_attempts_are_slowed_down_also_when_the_password_is_right_at_last(house: Desk) -> None:
    await house.administrator()
    mallory = house.browser(address="198.51.100.7")
    answers = [(await mallory.sign_in("ada", f"wrong password {n}")).status_code for n in range(6)]
    assert answers == [401, 401, 401, 401, 401, 429]
    slowed = await mallory.sign_in("ada")
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 300
    assert (await house.browser(address="203.0.113.9").sign_in("ada")).status_code == 201
    with clock.fixed(clock.now() + timedelta(minutes=6)):
        assert (await mallory.sign_in("ada")).status_code == 201


async def test_wrong_user_and_wrong_password_look_alike(house: Desk) -> None:
    await house.administrator()
    bodies = [
        (await house.browser().sign_in("ada", "not this one at all")).json(),
        (await house.browser().sign_in("nobody", PASSWORD)).json(),
    ]
    assert bodies[0] == bodies[1]


async def test_one_address_cannot_lock_somebody_out_everywhere(house: Desk) -> None:
    await house.administrator()
    mallory = house.browser(address="198.51.100.7")
    answers = {(await mallory.sign_in("ada", "wrong password")).status_code for _ in range(120)}
    assert answers == {401, 429}
    assert (await house.browser(address="203.0.113.9").sign_in("ada")).status_code == 201


async def test_many_guesses_at_once_are_not_all_looked_at(house: Desk) -> None:
    await house.administrator()
    answers = await asyncio.gather(
        *(house.browser(address="198.51.100.7").sign_in("ada", f"wrong password {n}") for n in range(20))
    )
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 15


async def test_two_first_sign_ins_at_once_make_one_administrator(house: Desk) -> None:
    link = await house.link()
    answers = await asyncio.gather(*(house.browser().first(link, f"ada{n}") for n in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]

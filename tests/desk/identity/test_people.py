"""People, roles, units and keys: nobody gives more than they have, somebody stays administrator, erasure is whole."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text

from quire_shared.database import audit
from quire_shared.values import clock
from tests.desk.conftest import PASSWORD, Browser, Desk


async def rows(house: Desk, sql: str, **values: Any) -> list[Any]:
    async with house.database.engine.connect() as connection:
        return list((await connection.execute(text(sql), values)).mappings())


async def make(browser: Browser, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await browser.ask("POST", path, body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def role(house: Desk, by: Browser, code: str, *scopes: str) -> None:
    await make(by, "/api/desk/roles", {"code": code, "name": code, "scopes": list(scopes)})


async def test_all_faults_of_a_new_person_come_at_once(house: Desk) -> None:
    ada = await house.administrator()
    body = {
        "user_name": "no blanks",
        "name": "X",
        "password": "short",
        "roles": ["administrator", "wizard"],
        "unit_ids": ["0190a000-0000-7000-8000-0000000000aa"],
    }
    problem = await make(ada, "/api/desk/people", body, 422)
    assert [e["pointer"] for e in problem["errors"]] == ["/user_name", "/password", "/roles/1", "/unit_ids/0"]
    assert "short" not in str(problem)


async def test_a_user_name_is_taken_whatever_its_case(house: Desk) -> None:
    ada = await house.administrator()
    await make(ada, "/api/desk/people", {"user_name": "cleo", "name": "Cleo"})
    problem = await make(ada, "/api/desk/people", {"user_name": " CLEO ", "name": "Other"}, 409)
    assert "taken" in problem["detail"]


async def test_a_repeated_post_makes_one_person(house: Desk) -> None:
    ada = await house.administrator()
    body = {"user_name": "cleo", "name": "Cleo"}
    answers = [await ada.ask("POST", "/api/desk/people", body, **{"Idempotency-Key": "k1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_two_people_saving_the_second_is_shown_the_difference(house: Desk) -> None:
    ada = await house.administrator()
    cleo = await make(ada, "/api/desk/people", {"user_name": "cleo", "name": "Cleo"})
    path = f"/api/desk/people/{cleo['id']}"
    missing = await ada.ask("PATCH", path, {"name": "C."})
    assert missing.status_code == 428
    first = await ada.ask("PATCH", path, {"name": "Cleo B."}, **{"If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = await ada.ask("PATCH", path, {"name": "Cleo C."}, **{"If-Match": '"1"'})
    assert second.status_code == 412
    assert second.json()["errors"][0]["detail"] == "yours: Cleo C.; now: Cleo B."


async def test_nobody_gives_rights_that_they_do_not_have(house: Desk) -> None:
    ada = await house.administrator()
    await role(house, ada, "people_only", "identity:read", "identity:write", "keys:write")
    pat = await house.person(ada, "pat", "people_only")
    for body in (
        {"user_name": "eve", "name": "Eve", "roles": ["administrator"]},
        {"user_name": "eve", "name": "Eve", "roles": ["acquisitions_librarian"]},
    ):
        assert "do not have themselves" in (await make(pat, "/api/desk/people", body, 403))["detail"]
    await make(pat, "/api/desk/people", {"user_name": "eve", "name": "Eve", "roles": ["people_only"]})
    await make(pat, "/api/desk/roles", {"code": "more", "name": "More", "scopes": ["*:*"]}, 403)

    me = (await ada.ask("GET", "/api/desk/session")).json()["person_id"]
    taken = await pat.ask("PATCH", f"/api/desk/people/{me}", {"roles": []}, **{"If-Match": '"1"'})
    assert taken.status_code == 403, "taking an administrator's rights needs an administrator's rights"
    assert (await pat.ask("POST", f"/api/desk/people/{me}/sign-in-link")).status_code == 403


async def test_somebody_of_a_unit_sees_and_makes_only_people_of_it(house: Desk) -> None:
    ada = await house.administrator()
    law = await make(ada, "/api/desk/units", {"code": "law", "name": "Law"})
    art = await make(ada, "/api/desk/units", {"code": "art", "name": "Art"})
    await role(house, ada, "people_only", "identity:read", "identity:write")
    pat = await house.person(ada, "pat", "people_only", unit_ids=[law["id"]])
    other = await make(ada, "/api/desk/people", {"user_name": "otto", "name": "Otto", "unit_ids": [art["id"]]})
    listed = (await pat.ask("GET", "/api/desk/people")).json()
    assert ([p["user_name"] for p in listed["items"]], listed["total"]) == (["pat"], 1)
    assert (await pat.ask("GET", f"/api/desk/people/{other['id']}")).status_code == 404
    hidden = await pat.ask("PATCH", f"/api/desk/people/{other['id']}", {"name": "X"}, **{"If-Match": '"1"'})
    assert hidden.status_code == 404
    for units in (None, [art["id"]]):
        body = {"user_name": "eve", "name": "Eve", "roles": [], "unit_ids": units}
        await make(pat, "/api/desk/people", body, 403)
    await make(pat, "/api/desk/people", {"user_name": "eve", "name": "Eve", "unit_ids": [law["id"]]})
    await make(pat, "/api/desk/units", {"code": "new", "name": "New"}, 403)


async def test_the_last_administrator_cannot_resign(house: Desk) -> None:
    ada = await house.administrator()
    me = (await ada.ask("GET", "/api/desk/session")).json()["person_id"]
    path = f"/api/desk/people/{me}"
    law = await make(ada, "/api/desk/units", {"code": "law", "name": "Law"})
    changes: list[dict[str, Any]] = [{"roles": []}, {"active": False}, {"unit_ids": [law["id"]]}]
    for change in changes:
        refused = await ada.ask("PATCH", path, change, **{"If-Match": '"1"'})
        assert (refused.status_code, "last administrator" in refused.json()["detail"]) == (409, True), change
    assert (await ada.ask("POST", f"{path}/erase", **{"If-Match": '"1"'})).status_code == 409
    await house.person(ada, "bea", "administrator")
    assert (await ada.ask("PATCH", path, {"roles": []}, **{"If-Match": '"1"'})).status_code == 200


async def test_an_inactive_person_is_out_at_once(house: Desk) -> None:
    ada = await house.administrator()
    cleo = await house.person(ada, "cleo", "selector")
    me = (await cleo.ask("GET", "/api/desk/session")).json()["person_id"]
    off = await ada.ask("PATCH", f"/api/desk/people/{me}", {"active": False}, **{"If-Match": '"1"'})
    assert off.status_code == 200
    assert (await cleo.ask("GET", "/api/desk/session")).status_code == 401
    assert (await house.browser(address="192.0.2.9").sign_in("cleo")).status_code == 401


async def test_erasure_leaves_the_history_whole_and_no_name_anywhere(house: Desk) -> None:
    ada = await house.administrator()
    body = {"user_name": "zenobia", "name": "Zenobia Q.", "email": "zenobia@example.org", "password": PASSWORD}
    made = await ada.ask("POST", "/api/desk/people", body, **{"Idempotency-Key": "k1"})
    person = made.json()["id"]
    zenobia = house.browser()
    await zenobia.sign_in("zenobia")
    erased = await ada.ask("POST", f"/api/desk/people/{person}/erase", **{"If-Match": '"1"'})
    assert erased.status_code == 200
    assert (erased.json()["erased"], erased.json()["name"], erased.json()["active"]) == (True, None, False)
    assert (await zenobia.ask("GET", "/api/desk/session")).status_code == 401
    assert (await house.browser(address="192.0.2.9").sign_in("zenobia")).status_code == 401

    tables = await rows(
        house,
        "SELECT table_name AS t FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    for table in tables:
        whole = await rows(house, f'SELECT x::text AS x FROM "{table["t"]}" x')
        for row in whole:
            assert "zenobia" not in row["x"].lower(), table["t"]
            assert b"zenobia".hex() not in row["x"].lower(), table["t"]
    async with house.database.read() as session:
        assert await audit.first_broken(session) is None
    entries = (await ada.ask("GET", f"/api/desk/operations/audit?subject={person}")).json()
    assert entries["items"][0]["action"] == "identity.person_erased"
    again = await ada.ask("POST", "/api/desk/people", body, **{"Idempotency-Key": "k1"})
    assert again.status_code == 409, "the stored answer is gone, so it is not shown again"


async def test_no_event_and_no_audit_entry_carries_a_name(house: Desk) -> None:
    ada = await house.administrator()
    await house.person(ada, "zenobia", "selector", email="zenobia@example.org")
    said = await rows(house, "SELECT type, payload::text || headers::text AS x FROM outbox ORDER BY id")
    assert [r["type"] for r in said] == ["desk.person.changed", "desk.person.changed"]
    seen = said + await rows(house, "SELECT to_jsonb(a)::text AS x FROM audit a")
    assert not [r["x"] for r in seen if "zenobia" in r["x"].lower() or "ada" in r["x"].lower().split('"')]


async def test_a_link_sets_a_password_once_and_ends_other_sessions(house: Desk) -> None:
    ada = await house.administrator()
    cleo = await house.person(ada, "cleo", "selector")
    me = (await cleo.ask("GET", "/api/desk/session")).json()["person_id"]
    link = (await make(ada, f"/api/desk/people/{me}/sign-in-link", {}))["link"]
    assert link.startswith("http://desk.test/#password=")
    token = link.partition("=")[2]
    fresh = house.browser()
    weak = await fresh.ask("POST", "/api/desk/sign-in/link", {"token": token, "password": "cleo cleo cleo"})
    assert weak.status_code == 422
    body = {"token": token, "password": "seven new green lamps"}
    assert fresh.keep(await fresh.ask("POST", "/api/desk/sign-in/link", body)).status_code == 201
    assert (await fresh.ask("GET", "/api/desk/session")).status_code == 200
    assert (await cleo.ask("GET", "/api/desk/session")).status_code == 401
    assert (await house.browser().ask("POST", "/api/desk/sign-in/link", body)).status_code == 401


async def test_ones_own_password_needs_the_old_one(house: Desk) -> None:
    ada = await house.administrator()
    elsewhere = house.browser()
    await elsewhere.sign_in("ada")
    new = "seven new green lamps"
    wrong = await ada.ask("PUT", "/api/desk/session/password", {"old_password": "not it", "new_password": new})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/old_password")
    right = await ada.ask("PUT", "/api/desk/session/password", {"old_password": PASSWORD, "new_password": new})
    assert right.status_code == 204
    assert (await ada.ask("GET", "/api/desk/session")).status_code == 200
    assert (await elsewhere.ask("GET", "/api/desk/session")).status_code == 401
    assert (await house.browser().sign_in("ada", new)).status_code == 201


async def test_a_key_does_what_it_may_until_it_is_revoked_or_over(house: Desk) -> None:
    ada = await house.administrator()
    soon = (clock.now() + timedelta(days=30)).isoformat()
    made = await ada.ask(
        "POST",
        "/api/desk/api-keys",
        {"label": "export", "scopes": ["identity:read"], "expires_at": soon},
        **{"Idempotency-Key": "k1"},
    )
    assert made.status_code == 201
    secret, key_id = made.json()["secret"], made.json()["id"]
    program = house.browser()
    bearer = {"authorization": f"Bearer {secret}"}
    assert (await program.ask("GET", "/api/desk/people", **bearer)).status_code == 200
    assert (await program.ask("GET", "/api/desk/services", **bearer)).status_code == 403
    again = await ada.ask(
        "POST",
        "/api/desk/api-keys",
        {"label": "export", "scopes": ["identity:read"], "expires_at": soon},
        **{"Idempotency-Key": "k1"},
    )
    assert (again.status_code, secret in again.text) == (409, False)
    assert secret not in (await ada.ask("GET", "/api/desk/api-keys")).text
    everything = [r["x"] for r in await rows(house, "SELECT to_jsonb(k)::text AS x FROM api_key k")]
    assert not [x for x in everything if secret in x]
    with clock.fixed(clock.now() + timedelta(days=31)):
        assert (await program.ask("GET", "/api/desk/people", **bearer)).status_code == 401
    assert (await ada.ask("DELETE", f"/api/desk/api-keys/{key_id}")).status_code == 200
    refused = await program.ask("GET", "/api/desk/people", **bearer)
    assert (refused.status_code, "revoked" in refused.json()["detail"]) == (401, True)


async def test_a_key_never_does_more_than_its_owner_may_now(house: Desk) -> None:
    ada = await house.administrator()
    await role(house, ada, "reader", "identity:read", "keys:write")
    pat = await house.person(ada, "pat", "reader")
    soon = (clock.now() + timedelta(days=30)).isoformat()
    too_much = await pat.ask("POST", "/api/desk/api-keys", {"label": "x", "scopes": ["*:*"], "expires_at": soon})
    assert too_much.status_code == 403
    made = await make(pat, "/api/desk/api-keys", {"label": "x", "scopes": ["identity:read"], "expires_at": soon})
    bearer = {"authorization": f"Bearer {made['secret']}"}
    assert (await house.browser().ask("GET", "/api/desk/people", **bearer)).status_code == 200
    me = (await pat.ask("GET", "/api/desk/session")).json()["person_id"]
    await ada.ask("PATCH", f"/api/desk/people/{me}", {"roles": ["selector"]}, **{"If-Match": '"1"'})
    assert (await house.browser().ask("GET", "/api/desk/people", **bearer)).status_code == 403


async def test_a_key_without_zone_past_or_endless_is_refused_with_all_faults(house: Desk) -> None:
    ada = await house.administrator()
    for when in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2026-12-31T00:00:00"):
        body = {"label": "x", "scopes": ["nothing:read"], "expires_at": when}
        problem = await make(ada, "/api/desk/api-keys", body, 422)
        assert [e["pointer"] for e in problem["errors"]] == ["/scopes", "/expires_at"]


async def test_a_built_in_role_cannot_be_changed_and_an_own_one_can(house: Desk) -> None:
    ada = await house.administrator()
    built_in = next(r for r in (await ada.ask("GET", "/api/desk/roles")).json()["items"] if r["code"] == "selector")
    refused = await ada.ask("PATCH", f"/api/desk/roles/{built_in['id']}", {"name": "X"}, **{"If-Match": '"1"'})
    assert refused.status_code == 409
    await role(house, ada, "reader", "units:read")
    pat = await house.person(ada, "pat", "reader")
    assert (await pat.ask("GET", "/api/desk/people")).status_code == 403
    own = next(r for r in (await ada.ask("GET", "/api/desk/roles")).json()["items"] if r["code"] == "reader")
    wider = {"scopes": ["units:read", "identity:read"]}
    answer = await ada.ask("PATCH", f"/api/desk/roles/{own['id']}", wider, **{"If-Match": '"1"'})
    assert answer.status_code == 200
    assert (await pat.ask("GET", "/api/desk/people")).status_code == 200, "the next request has the new scopes"
    unknown = await make(ada, "/api/desk/roles", {"code": "y", "name": "Y", "scopes": ["nothing:read"]}, 422)
    assert unknown["errors"][0]["value"] == "nothing:read"


async def test_no_fast_hash_of_a_password_is_kept_and_no_refusal_shows_one(house: Desk) -> None:
    ada = await house.administrator()
    secret = "canary under the old stairs"
    raw = orjson.dumps({"user_name": "cleo", "name": "Cleo", "password": secret})
    headers = {"X-CSRF-Token": ada.csrf, "Idempotency-Key": "k1", "Content-Type": "application/json"}
    assert (await ada.http.post("/api/desk/people", content=raw, headers=headers)).status_code == 201
    kept = await rows(house, "SELECT body_hash FROM idempotency")
    assert kept
    assert hashlib.sha256(raw).digest() not in [r["body_hash"] for r in kept]

    for path, body in (
        ("/api/desk/sign-in", {"password": secret}),
        ("/api/desk/sign-in", {"user_name": "cleo", "password": [secret]}),
        ("/api/desk/sign-in", {"user_name": "cleo", "password": secret * 10}),
        ("/api/desk/sign-in/link", {"token": secret * 10, "password": secret}),
        ("/api/desk/people", {"password": secret}),
    ):
        refused = await ada.ask("POST", path, body)
        assert refused.status_code == 422
        assert "canary" not in refused.text, path

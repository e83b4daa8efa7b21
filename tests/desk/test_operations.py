"""The operations of every service: parked events, the audit chain, jobs, and their scopes."""

from __future__ import annotations

from sqlalchemy import text

from quire_desk.readmodels import projections
from quire_shared.contracts.usage import CostPerUseChanged
from quire_shared.database.work import Work
from quire_shared.events import parked
from quire_shared.events.bus.base import Record
from quire_shared.events.envelope import Cause, headers_for
from quire_shared.service.definition import installed
from quire_shared.values import clock
from quire_shared.values.ids import uuid7
from tests.desk.conftest import Desk
from tests.support.service import ServiceUnderTest


async def park(desk: ServiceUnderTest, *, currency: str = "EUR", key: str = "k", offset: int = 0) -> int:
    """A parked event of cost per use; with the currency XYZ it cannot be applied."""
    payload = {
        "platform_id": str(uuid7()),
        "platform": "P",
        "period_from": "2025-01",
        "period_to": "2025-12",
        "months_covered": 12,
        "months_asked": 12,
        "metric": "Unique_Item_Requests",
        "uses": 4,
        "cost": "10.00",
        "currency": currency,
        "cost_per_use": "2.50",
        "method": "by line",
    }
    event = CostPerUseChanged.model_validate(payload)
    headers = headers_for(event, uuid7(), "usage", clock.now(), Cause("p"), None, None)
    record = Record("quire.usage", 0, offset, key, event.model_dump_json().encode(), headers)

    async def command(work: Work) -> int:
        await work.session.execute(
            text(
                "INSERT INTO consumer_offset (consumer, topic, partition, next_offset, updated_at)"
                " VALUES ('desk.cost_per_use.g1', 'quire.usage', 0, 9, now()) ON CONFLICT DO NOTHING"
            )
        )
        await parked.put_record(work.session, "desk.cost_per_use.g1", record, "ValueError: it was bad")
        return int((await work.session.execute(text("SELECT max(id) FROM parked"))).scalar_one())

    return await desk.database.run(command)


async def test_a_parked_event_is_listed_retried_and_applied_once(desk: ServiceUnderTest) -> None:
    number = await park(desk)
    boss = desk.client(["operations:read", "operations:write", "readmodels:read"])
    listed = (await boss.get("/operations/parked")).json()
    assert (listed["total"], listed["items"][0]["error"]) == (1, "ValueError: it was bad")
    assert (await boss.post(f"/operations/parked/{number}/retry")).json() == {"events": 1}
    assert (await boss.get("/readmodels/cost-per-use")).json()["total"] == 1
    gone = await boss.post(f"/operations/parked/{number}/retry")
    assert (gone.status_code, "resolved meanwhile" in gone.json()["detail"]) == (404, True)


async def test_what_still_fails_stays_and_a_skip_needs_a_reason_and_lets_the_others_go(desk: ServiceUnderTest) -> None:
    bad = await park(desk, currency="XYZ")
    await park(desk, offset=1)
    boss = desk.client(["operations:read", "operations:write", "readmodels:read"])
    still = await boss.post(f"/operations/parked/{bad}/retry")
    assert still.status_code == 409
    assert "XYZ" in still.json()["detail"]
    assert (await boss.get("/operations/parked")).json()["total"] == 2
    assert (await boss.post(f"/operations/parked/{bad}/skip", json={"reason": ""})).status_code == 422
    skipped = await boss.post(f"/operations/parked/{bad}/skip", json={"reason": "test data of the vendor"})
    assert skipped.json() == {"events": 2}
    assert (await boss.get("/operations/parked")).json()["total"] == 0
    assert (await boss.get("/readmodels/cost-per-use")).json()["total"] == 1
    (entry,) = (await boss.get("/operations/audit?action=events.skip")).json()["items"]
    assert entry["detail"]["reason"] == "test data of the vendor"


async def test_the_chain_proof_names_a_changed_entry(desk: ServiceUnderTest) -> None:
    async def note(work: Work) -> None:
        work.audit("test.note", "s")

    for _ in range(3):
        await desk.database.run(note)
    boss = desk.client(["operations:read"])
    assert (await boss.get("/operations/audit/proof")).json()["whole"] is True
    async with desk.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        await connection.execute(text("UPDATE audit SET subject = 'other' WHERE seq = 2"))
    proof = (await boss.get("/operations/audit/proof")).json()
    assert (proof["whole"], proof["first_broken"]) == (False, 2)


async def test_a_waiting_job_is_canceled_and_a_finished_one_is_not(desk: ServiceUnderTest) -> None:
    async def enqueue(work: Work) -> str:
        return str(await work.enqueue("nothing.takes_this", {}))

    job = await desk.database.run(enqueue)
    boss = desk.client(["operations:read", "operations:write"])
    assert (await boss.post(f"/operations/jobs/{job}/cancel")).json()["state"] == "canceled"
    assert (await boss.post(f"/operations/jobs/{job}/cancel")).status_code == 409
    assert (await boss.get("/operations/jobs?state=canceled")).json()["total"] == 1
    assert (await boss.get(f"/operations/jobs/{uuid7()}")).status_code == 404


async def test_somebody_of_a_unit_sees_their_jobs_but_no_events_and_no_audit(desk: ServiceUnderTest) -> None:
    mine, other = uuid7(), uuid7()

    async def enqueue(work: Work) -> None:
        await work.enqueue("a", {}, unit_id=mine)
        await work.enqueue("b", {}, unit_id=other)

    await desk.database.run(enqueue)
    lea = desk.client(["operations:read", "operations:write"], [mine])
    assert [j["kind"] for j in (await lea.get("/operations/jobs")).json()["items"]] == ["a"]
    for path in ("/operations/parked", "/operations/audit", "/operations/audit/proof"):
        assert (await lea.get(path)).status_code == 403, path


async def test_reading_is_not_enough_to_change(desk: ServiceUnderTest) -> None:
    reader = desk.client(["operations:read"])
    for path in ("/operations/parked/1/retry", "/operations/parked/1/skip", f"/operations/jobs/{uuid7()}/cancel"):
        assert (await reader.post(path, json={"reason": "because"})).status_code == 403, path


def test_every_service_offers_the_operations_scopes() -> None:
    for service in installed().values():
        assert {"operations:read", "operations:write"} <= service.scopes.keys()


async def test_every_route_of_desk_names_its_right_or_says_that_it_is_public(house: Desk) -> None:
    own_session = {"/session", "/session/password"}
    known = set(installed()["desk"].scopes)
    description = house.app.openapi()
    for path, verbs in description["paths"].items():
        for verb, operation in verbs.items():
            if operation.get("x-public") or path in own_session:
                continue
            scopes = {s for one in operation.get("security", []) for found in one.values() for s in found}
            assert scopes, f"{verb} {path}"
            assert scopes <= known, f"{verb} {path}: {scopes - known}"
    assert projections.ALL.keys() == {"desk.budgets", "desk.today", "desk.cost_per_use"}

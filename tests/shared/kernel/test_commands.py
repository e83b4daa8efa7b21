"""Commands: one transaction, an answer only after the commit, repetitions get the first answer."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import ClassVar

import httpx
import pytest
from sqlalchemy import text

from quire_shared.access.principal import Principal
from quire_shared.api.problems import Conflict, KeyReused, NotFound
from quire_shared.contracts.base import Event
from quire_shared.database import audit
from quire_shared.database.run import Repeatable
from quire_shared.database.work import EventTooLarge, Work
from quire_shared.events.envelope import Cause

from . import probe
from .conftest import Probe

WHO = Principal("p1", frozenset({"*:*"}))


async def test_a_command_leaves_rows_event_and_audit_together(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")
    await kernel.database.run(probe.take, account.id, 5)
    assert await kernel.scalar("SELECT total FROM account") == 5
    assert await kernel.scalar("SELECT count(*) FROM outbox") == 1
    assert await kernel.scalar("SELECT count(*) FROM audit") == 2


async def test_a_refused_command_leaves_nothing(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")

    async def refuse(work: Work) -> None:
        await probe.take(work, account.id, 5)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await kernel.database.run(refuse)
    assert await kernel.scalar("SELECT total FROM account") == 0
    assert await kernel.scalar("SELECT count(*) FROM outbox") == 0


async def test_twins_with_one_key_do_it_once_and_get_one_answer(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")
    same = Repeatable.of("p1", "POST", "/x", "key-1", b"body")
    answers = await asyncio.gather(
        *(kernel.database.answer(WHO, Cause("p1"), same, None, 200, probe.take, account.id, 7) for _ in range(8))
    )
    assert len({a.body for a in answers}) == 1
    assert Counter("Idempotency-Replayed" in a.headers for a in answers) == {True: 7, False: 1}
    assert await kernel.scalar("SELECT total FROM account") == 7


async def test_one_key_with_another_body_is_refused(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")
    for body, raises in ((b"1", None), (b"2", KeyReused)):
        call = kernel.database.answer(
            WHO, Cause("p1"), Repeatable.of("p1", "POST", "/x", "k", body), None, 200, probe.take, account.id, 1
        )
        if raises:
            with pytest.raises(raises):
                await call
        else:
            await call


async def test_a_refusal_is_not_stored_so_the_same_key_may_succeed_later(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")
    ready = False

    async def sometimes(work: Work) -> object:
        if not ready:
            raise Conflict("not yet")
        return await probe.take(work, account.id, 3)

    same = Repeatable.of("p1", "POST", "/x", "k", b"")
    with pytest.raises(Conflict):
        await kernel.database.answer(WHO, Cause("p1"), same, None, 200, sometimes)
    ready = True
    assert (await kernel.database.answer(WHO, Cause("p1"), same, None, 200, sometimes)).status == 200


async def test_a_one_time_secret_is_never_replayed(kernel: Probe) -> None:
    async def secret(work: Work) -> dict[str, str]:
        work.one_time = True
        return {"secret": "only-once"}

    same = Repeatable.of("p1", "POST", "/keys", "k", b"")
    assert b"only-once" in (await kernel.database.answer(WHO, Cause("p1"), same, None, 201, secret)).body
    with pytest.raises(Conflict):
        await kernel.database.answer(WHO, Cause("p1"), same, None, 201, secret)
    assert await kernel.scalar("SELECT body FROM idempotency") == b""


async def test_deadlocks_are_run_again(kernel: Probe) -> None:
    a = await kernel.database.run(probe.open_account, "a")
    b = await kernel.database.run(probe.open_account, "b")

    async def both(work: Work, first: probe.Account, second: probe.Account) -> None:
        await probe.take(work, first.id, 1)
        await asyncio.sleep(0.05)
        await probe.take(work, second.id, 1)

    await asyncio.gather(*(kernel.database.run(both, *pair) for pair in ((a, b), (b, a))))
    assert await kernel.scalar("SELECT sum(total) FROM account") == 4


async def test_an_event_without_the_lock_of_its_key_is_refused(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")

    async def careless(work: Work) -> None:
        work.emit(probe.AmountTaken(account_id=account.id, amount=1, number=1), account.id)

    with pytest.raises(RuntimeError, match="not locked"):
        await kernel.database.run(careless)


async def test_an_event_over_512_kb_is_refused(kernel: Probe) -> None:
    class Long(Event):
        type: ClassVar[str] = "orders.probe.long"
        words: str

    async def long(work: Work) -> None:
        work.hold("k")
        work.emit(Long(words="x" * (512 * 1024)), "k")

    with pytest.raises(EventTooLarge):
        await kernel.database.run(long)


async def test_no_success_is_answered_when_the_commit_fails(kernel: Probe) -> None:
    """A deferred constraint fails at COMMIT: the client must not see a 2xx."""
    from fastapi import FastAPI

    from quire_shared.api import problems

    async with kernel.database.engine.begin() as connection:
        await connection.execute(
            text("ALTER TABLE account ADD CONSTRAINT late UNIQUE (total) DEFERRABLE INITIALLY DEFERRED")
        )
    app = FastAPI()
    problems.install(app)
    app.include_router(probe.router)
    app.state.database = kernel.database
    app.state.verify = lambda token: WHO
    a = await kernel.database.run(_funded, "a", 1)
    b = await kernel.database.run(_funded, "b", 2)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers={"Authorization": "Bearer t"}) as c:
        assert (await c.post(f"/accounts/{a.id}/take?amount=5")).status_code == 200
        failed = await c.post(f"/accounts/{b.id}/take?amount=4")
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert await kernel.scalar("SELECT total FROM account WHERE name = 'b'") == 2


async def _funded(work: Work, name: str, total: int) -> probe.Account:
    return work.add(probe.Account(name=name, total=total))


async def test_a_missing_row_is_not_found(kernel: Probe) -> None:
    with pytest.raises(NotFound, match="There is no account"):
        await kernel.database.run(probe.take, uuid.uuid4(), 1)


async def test_the_audit_chain_names_the_entry_that_was_changed(kernel: Probe) -> None:
    account = await kernel.database.run(probe.open_account, "a")
    for n in range(5):
        await kernel.database.run(probe.take, account.id, n)
    async with kernel.database.read() as session:
        assert await audit.first_broken(session) is None
    with pytest.raises(Exception, match="append-only"):
        async with kernel.database.engine.begin() as connection:
            await connection.execute(text("UPDATE audit SET actor = 'x' WHERE seq = 3"))
    async with kernel.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        await connection.execute(text("UPDATE audit SET actor = 'x' WHERE seq = 3"))
    async with kernel.database.read() as session:
        assert await audit.first_broken(session) == 3

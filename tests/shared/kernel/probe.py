"""A tiny service that exists only here: accounts that take amounts, and a projection and a reaction of its events."""

from __future__ import annotations

import uuid
from typing import ClassVar

from fastapi import APIRouter, Response
from sqlalchemy import BigInteger, Column, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from quire_shared.api.requests import Run, scope
from quire_shared.contracts.base import Event
from quire_shared.database.tables import Identified, Versioned, new_metadata
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Projection, Reaction
from quire_shared.service.definition import Service


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    pass


class Account(Identified, Versioned, Base, table=True):
    __tablename__ = "account"
    name: str = Field(unique=True)
    total: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


class Seen(Base, table=True):
    __tablename__ = "seen"
    generation: int = Field(primary_key=True)
    account_id: uuid.UUID = Field(primary_key=True)
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    last: int = Field(sa_column=Column(BigInteger, nullable=False))


class Letter(Base, table=True):
    __tablename__ = "letter"
    id: int | None = Field(default=None, primary_key=True)
    account_id: uuid.UUID
    amount: int


class AmountTaken(Event):
    type: ClassVar[str] = "orders.probe.amount_taken"
    account_id: uuid.UUID
    amount: int
    number: int
    poison: bool = False


projection = Projection("probe.totals")
reaction = Reaction("probe.letters")
OUT_OF_ORDER: list[uuid.UUID] = []
BROKEN_DEPLOY = {"on": False, "poison": True}


@projection.on(AmountTaken)
async def add_up(work: Work, event: AmountTaken, envelope: Envelope) -> None:
    if BROKEN_DEPLOY["on"]:
        raise ValueError("this version cannot read any event")
    if event.poison and BROKEN_DEPLOY["poison"]:
        raise ValueError("poison")
    row = await work.session.execute(
        text(
            "INSERT INTO seen (generation, account_id, total, last) VALUES (:g, :a, :n, :i)"
            " ON CONFLICT (generation, account_id) DO UPDATE SET total = seen.total + :n, last = :i"
            " RETURNING total, (SELECT last FROM seen s WHERE s.generation = :g AND s.account_id = :a) AS before"
        ),
        {"g": work.generation, "a": event.account_id, "n": event.amount, "i": event.number},
    )
    before = row.one().before
    if before is not None and before >= event.number:
        OUT_OF_ORDER.append(event.account_id)


@reaction.on(AmountTaken)
async def write_letter(work: Work, event: AmountTaken, envelope: Envelope) -> None:
    work.session.add(Letter(account_id=event.account_id, amount=event.amount))


async def forget(work: Work, generation: int) -> None:
    await work.session.execute(text("DELETE FROM seen WHERE generation = :g"), {"g": generation})


projection.forget = forget


async def open_account(work: Work, name: str) -> Account:
    row = work.add(Account(name=name))
    await work.session.flush()
    return row


async def take(work: Work, account_id: uuid.UUID, amount: int, poison: bool = False) -> Account:
    account = await work.lock(Account, account_id, "account")
    account.total += amount
    await work.session.flush()
    work.emit(
        AmountTaken(account_id=account.id, amount=amount, number=account.version, poison=poison),
        account.id,
        aggregate_version=account.version,
    )
    return account


router = APIRouter(tags=["probe"])


@router.post("/accounts/{account_id}/take", response_model=Account, dependencies=[scope("probe:write")])
async def take_route(account_id: uuid.UUID, amount: int, run: Run) -> Response:
    return await run(take, account_id, amount)


service = Service(
    name="orders",
    package="probe",
    title="probe",
    metadata=Base.metadata,
    scopes={"probe:write": "take amounts"},
    routers=[router],
    reactions=[reaction],
    projections=[projection],
)

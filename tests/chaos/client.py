"""A library that keeps its own books of what it told Quire, and repeats what was cut with the same key."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from tests.chaos.stage import Broken

WORKERS = 6
FUNDS_EACH = 2
CURRENCY = "EUR"
#: More than all budgets together will ever hold, so that the refusal is certain whatever the others do.
FAR_TOO_MUCH = Decimal("900000000000.00")
GIVE_UP = 240.0


@dataclass
class Account:
    """A budget as the client expects it: only what was answered counts."""

    allocated: Decimal = Decimal(0)
    net_transfers: Decimal = Decimal(0)

    @property
    def available(self) -> Decimal:
        return self.allocated + self.net_transfers


class Client:
    """Workers of one library. A worker takes money only from its own budgets and gives to all, so that the answer to each
    command is certain although all of them move money of the same budgets at once."""

    def __init__(self, base_url: str, token: str, rng: random.Random) -> None:
        self.http = httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {token}"})
        self.rng = rng
        self.books: dict[str, Account] = {}
        self.budgets: list[str] = []
        self.transactions: Counter[str] = Counter()
        self.commands = self.repeats = self.refused = self.replayed = 0

    async def post(self, path: str, body: dict[str, Any], expected: int = 201) -> dict[str, Any]:
        """One command, repeated with its key until it is answered. Raises `Broken` for an answer that is not expected."""
        key = uuid.uuid4().hex
        answer = await self._answer(path, body, key, impatient=self.rng.random() < 0.03)
        if answer.status_code != expected:
            raise Broken(f"{path} {body}: {answer.status_code} instead of {expected}: {answer.text[:600]}")
        self.commands += 1
        if expected < 300 and self.rng.random() < 0.02:
            again = await self._answer(path, body, key, impatient=False)
            if (again.status_code, again.content) != (answer.status_code, answer.content):
                raise Broken(f"{path} {key}: another answer for the same key: {answer.text[:300]} {again.text[:300]}")
            self.replayed += 1
        told: dict[str, Any] = answer.json()
        return told

    async def _answer(self, path: str, body: dict[str, Any], key: str, *, impatient: bool) -> httpx.Response:
        end = time.monotonic() + GIVE_UP
        said = ""
        while time.monotonic() < end:
            wait = self.rng.uniform(0.002, 0.04) if impatient else 30.0
            impatient = False
            try:
                answer = await self.http.post(path, json=body, headers={"Idempotency-Key": key}, timeout=wait)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code < 500:
                    return answer
                said = answer.text[:600]
            self.repeats += 1
            await asyncio.sleep(self.rng.uniform(0.1, 0.6))
        raise Broken(f"{path} {key} was not answered for {GIVE_UP:.0f} seconds: {said}")

    async def set_up(self) -> None:
        """A calendar, a year, a ledger, and for every worker its funds with budgets."""
        calendar = await self.post("/fiscal-calendars", {"code": "CHAOS", "name": "Chaos"})
        year = await self.post(
            "/fiscal-years",
            {
                "calendar_id": calendar["id"],
                "code": "FY",
                "name": "The year",
                "starts_on": "2020-01-01",
                "ends_on": "2099-12-31",
            },
        )
        ledger = await self.post(
            "/ledgers", {"code": "L", "name": "Library", "calendar_id": calendar["id"], "currency": CURRENCY}
        )
        for number in range(WORKERS * FUNDS_EACH):
            fund = await self.post(
                "/funds", {"code": f"F{number:02}", "name": f"Fund {number}", "ledger_id": ledger["id"]}
            )
            budget = await self.post("/budgets", {"fund_id": fund["id"], "fiscal_year_id": year["id"]})
            self.budgets.append(budget["id"])
            self.books[budget["id"]] = Account()

    async def work(self, number: int, pace: float, enough: asyncio.Event) -> None:
        """Give commands, ``pace`` seconds each, until there are enough."""
        own = self.budgets[number * FUNDS_EACH : (number + 1) * FUNDS_EACH]
        while not enough.is_set():
            started = time.monotonic()
            await self._one(own)
            await asyncio.sleep(max(0.0, pace - (time.monotonic() - started)))

    async def _one(self, own: list[str]) -> None:
        giver = self.rng.choice(own)
        taker = self.rng.choice([b for b in self.budgets if b != giver])
        most = self.books[giver].available
        amount = Decimal(self.rng.randint(1, 50_000)) / 100
        what = self.rng.choices(("increase", "decrease", "transfer", "move", "refused"), (45, 12, 20, 15, 8))[0]
        if what == "refused":
            amount, expected = FAR_TOO_MUCH, 422
            path = self.rng.choice(("/transfers", "/allocation-moves"))
            said = await self.post(path, self._movement(giver, taker, amount), expected)
            codes = [fault["code"] for fault in said["errors"]]
            if codes != ["not_enough_available"]:
                raise Broken(f"refused for another reason: {said}")
            self.refused += 1
        elif what == "increase" or amount > most:
            said = await self.post("/allocations", self._allocation(taker, amount))
            self._booked(said, 1)
            self.books[taker].allocated += amount
        elif what == "decrease":
            said = await self.post("/allocations", self._allocation(giver, -amount))
            self._booked(said, 1)
            self.books[giver].allocated -= amount
        elif what == "transfer":
            said = await self.post("/transfers", self._movement(giver, taker, amount))
            self._booked(said, 1)
            self.books[giver].net_transfers -= amount
            self.books[taker].net_transfers += amount
        else:
            said = await self.post("/allocation-moves", self._movement(giver, taker, amount))
            self._booked(said, 1)
            self.books[giver].allocated -= amount
            self.books[taker].allocated += amount

    def _booked(self, said: dict[str, Any], at_least: int) -> None:
        ids = said["transaction_ids"]
        if len(ids) < at_least:
            raise Broken(f"nothing was booked: {said}")
        self.transactions.update(ids)

    @staticmethod
    def _allocation(budget: str, amount: Decimal) -> dict[str, Any]:
        return {"budget_id": budget, "change": {"amount": f"{amount:.2f}", "currency": CURRENCY}}

    @staticmethod
    def _movement(giver: str, taker: str, amount: Decimal) -> dict[str, Any]:
        money = {"amount": f"{amount:.2f}", "currency": CURRENCY}
        return {"from_budget_id": giver, "to_budget_id": taker, "amount": money}

    async def get(self, path: str) -> Any:
        answer = await self.http.get(path, timeout=30)
        answer.raise_for_status()
        return answer.json()

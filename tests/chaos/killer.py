"""Kills and freezes under load."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress

from tests.chaos.client import Client
from tests.chaos.stage import Broken, Stage, Victim

#: How often each role is killed, in proportion; each has its share before any has more.
ROLES = ("relay", "consumer", "service", "broker", "postgres")
LONG_FREEZE = 22.0
FREEZABLE = ("relay", "consumer", "service", "broker")


def plan(kills: int, rng: random.Random) -> list[str]:
    """Which role dies when: every role equally often (a remainder goes to the first roles), in random order."""
    order = [ROLES[n % len(ROLES)] for n in range(kills)]
    rng.shuffle(order)
    return order


class Killer:
    """Kills one victim after the other, each only after new commands have been answered since the kill before."""

    def __init__(self, stage: Stage, client: Client, rng: random.Random) -> None:
        self.stage, self.client, self.rng = stage, client, rng
        self.per_role: Counter[str] = Counter()
        self.freezes: list[float] = []

    def _choose(self, role: str) -> Victim | None:
        there = [v for v in self.stage.victims if v.role == role and not v.lock.locked()]
        return self.rng.choice(there) if there else None

    async def kill(self, kills: int) -> None:
        """Kill so often; every victim is started again after a moment."""
        for role in plan(kills, self.rng):
            await self._under_load()
            while (victim := self._choose(role)) is None:
                await asyncio.sleep(0.1)
            async with victim.lock:
                begin = time.monotonic()
                await victim.kill()
                self.per_role[role] += 1
                await asyncio.sleep(self.rng.uniform(0.1, 1.5))
                await victim.start()
                print(
                    f"killed {victim.name} after {self.client.commands} commands,"
                    f" started again after {time.monotonic() - begin:.1f} s",
                    flush=True,
                )
            await asyncio.sleep(self.rng.uniform(0.5, 2.5))

    async def _under_load(self) -> None:
        """Wait until commands are flowing again, so that a kill meets work under way."""
        goal, end = self.client.commands + 6, time.monotonic() + 120
        while self.client.commands < goal:
            if time.monotonic() > end:
                raise Broken("no command was answered for two minutes")
            await asyncio.sleep(0.02)

    async def freeze(self, count: int, *, long: bool) -> None:
        """Freeze processes for 3 to 8 seconds, and one relay or consumer so long that others take over."""
        if long:
            await self._freeze(self.rng.choice(("relay", "consumer")), LONG_FREEZE)
        for _ in range(count):
            await asyncio.sleep(self.rng.uniform(1, 4))
            await self._freeze(self.rng.choice(FREEZABLE), self.rng.uniform(3, 8))

    async def _freeze(self, role: str, seconds: float) -> None:
        await self._under_load()
        while (victim := self._choose(role)) is None:
            await asyncio.sleep(0.1)
        async with victim.lock:
            pid = victim.pid
            if pid is None:
                raise Broken(f"{victim.name} had ended by itself")
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            self.freezes.append(seconds)
            print(f"froze {victim.name} for {seconds:.1f} s", flush=True)

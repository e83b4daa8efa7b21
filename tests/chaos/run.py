"""``make chaos KILLS=30``: thousands of commands while everything is killed and frozen, then the sums are compared.

    python tests/chaos/run.py KILLS [--commands 3000] [--seed N]

The last line is JSON; the exit code is 0 only when nothing was lost, doubled, off or out of order, and every role was
killed at least three times. What kills can't explain (an unexpected answer, a process that ends by itself, events that
do not settle) is told in words and ends with 1 as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.chaos.client import WORKERS, Client
from tests.chaos.killer import ROLES, Killer
from tests.chaos.stage import Broken, Stage
from tests.chaos.verdict import Verdict, judge, settled

COMMANDS_A_SECOND = 30
SETTLE = 180.0


@dataclass
class Outcome:
    """What a run did and what was found."""

    kills: int
    per_role: dict[str, int]
    freezes: list[float]
    commands: int
    verdict: Verdict

    def line(self) -> str:
        v = self.verdict
        return json.dumps(
            {
                "kills": self.kills,
                "per_role": self.per_role,
                "commands": self.commands,
                "lost": v.lost,
                "doubled": v.doubled,
                "off": f"{v.off:.2f}",
                "out_of_order": v.out_of_order,
            }
        )


async def chaos(kills: int, commands: int, seed: int, *, freezes: int, long_freeze: bool) -> Outcome:
    """One run on a stage of its own. Raises `Broken` for what no kill explains; the logs are kept then."""
    rng = random.Random(seed)
    stage = Stage()
    started = time.monotonic()
    async with stage:
        client = Client(stage.services[0].url, stage.token(), rng)
        killer = Killer(stage, client, rng)
        await client.set_up()
        print(f"ready after {time.monotonic() - started:.0f} s; seed {seed}", flush=True)
        enough = asyncio.Event()

        async def harm() -> None:
            await _all(killer.kill(kills), killer.freeze(freezes, long=long_freeze))
            while client.commands < commands:
                await asyncio.sleep(0.05)
            enough.set()

        pace = WORKERS / COMMANDS_A_SECOND
        await _all(harm(), *(client.work(n, pace, enough) for n in range(WORKERS)))
        loaded = time.monotonic()
        await stage.ready(60)
        await settled(stage, SETTLE)
        print(
            f"{client.commands} commands ({client.refused} refused, {client.repeats} cut answers repeated,"
            f" {client.replayed} answered ones repeated), frozen {len(killer.freezes)} times"
            f" (longest {max(killer.freezes, default=0):.0f} s), settled after {time.monotonic() - loaded:.1f} s",
            flush=True,
        )
        verdict = await judge(stage, client)
        await client.http.aclose()
        stage.keep = not verdict.clean
        per_role = {role: killer.per_role[role] for role in ROLES}
        return Outcome(sum(per_role.values()), per_role, killer.freezes, client.commands, verdict)


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """Run together; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.create_task(w) for w in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("kills", type=int)
    arguments.add_argument("--commands", type=int, default=3_000)
    arguments.add_argument("--seed", type=int, default=None, help="to choose the same victims again")
    options = arguments.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    try:
        outcome = asyncio.run(
            chaos(options.kills, options.commands, seed, freezes=max(1, options.kills // 5), long_freeze=True)
        )
    except Broken as broken:
        print(f"Chaos ended early: {broken}", file=sys.stderr)
        sys.exit(1)
    for sentence in outcome.verdict.found:
        print(sentence)
    too_few = [role for role, count in outcome.per_role.items() if count < 3]
    if too_few:
        print(f"Killed fewer than three times: {', '.join(too_few)}; give KILLS={3 * len(ROLES)} or more.")
    print(outcome.line())
    sys.exit(0 if outcome.verdict.clean and not too_few else 1)


if __name__ == "__main__":
    main()

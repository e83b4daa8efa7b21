"""The check table: every finding's code, level, official wording and our advice."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from quire_usage.counter.model import Level


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table. `official`, `message` and `advice` are templates over an issue's words."""

    code: str
    level: Level
    official: str
    message: str
    advice: str
    ours: bool


@cache
def checks() -> dict[str, Check]:
    """Code → check, in the table's order."""
    rows = json.loads(resources.files(__package__).joinpath("checks.json").read_text("utf-8"))
    return {
        row["code"]: Check(
            row["code"],
            Level[row["level"].upper()],
            row["official"],
            row.get("message", row["official"]),
            row["advice"],
            row.get("ours", False),
        )
        for row in rows
    }

"""Rebuild of a projection: a new generation is filled from the first event on, then readers and writers switch at once."""

from __future__ import annotations

from sqlalchemy import text

from quire_shared.api.problems import Conflict
from quire_shared.database.run import Database
from quire_shared.database.work import Work
from quire_shared.events import offsets
from quire_shared.events.bus.base import Bus
from quire_shared.events.consumer import Consumer
from quire_shared.events.handlers import Projection


async def rebuild(database: Database, dsn: str, bus: Bus, projection: Projection) -> int:
    """Fill the next generation, switch to it, forget the old one; answers the new generation.

    Events go on flowing meanwhile. After a crash the next call goes on where this one stopped.
    """
    await offsets.active_generation(database, projection.name)
    async with database.engine.begin() as connection:
        row = (
            await connection.execute(
                text(
                    "UPDATE projection SET building = COALESCE(building, active + 1) WHERE name = :n"
                    " RETURNING active, building"
                ),
                {"n": projection.name},
            )
        ).one()
    old, new = int(row.active), int(row.building)
    await Consumer(database, dsn, bus, projection, generation=new).catch_up()
    async with database.engine.begin() as connection:
        switched = await connection.execute(
            text("UPDATE projection SET active = :new, building = NULL WHERE name = :n AND building = :new"),
            {"new": new, "n": projection.name},
        )
        if switched.rowcount != 1:
            raise Conflict(f"Another rebuild of {projection.name} has finished meanwhile.")
        for table in ("consumer_offset", "inbox", "parked"):
            await connection.execute(
                text(f"DELETE FROM {table} WHERE consumer = :c"),
                {"c": offsets.consumer_name(projection.name, old)},
            )
    if projection.forget is not None:
        await database.run(_forget, projection, old)
    return new


async def _forget(work: Work, projection: Projection, generation: int) -> None:
    if projection.forget is not None:
        await projection.forget(work, generation)
    work.audit("events.rebuild", projection.name, forgotten=generation)

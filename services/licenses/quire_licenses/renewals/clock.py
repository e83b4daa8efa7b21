"""The clock: looks at every license whose next day has come, and catches up whatever was missed while nothing ran."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date

import structlog

from quire_licenses.renewals import commands, schemas, store
from quire_shared.access.principal import SYSTEM, Principal
from quire_shared.database.run import Database
from quire_shared.events.envelope import Cause
from quire_shared.service.runtime import Runtime
from quire_shared.values import clock

log = structlog.get_logger()

SECONDS = 60


async def run_clock(
    database: Database, as_of: date, actor: Principal = SYSTEM, cause: Cause | None = None
) -> schemas.ClockOut:
    """Bring each license that is due up to ``as_of``, in a transaction of its own.

    A license that cannot be computed is named and does not stop the others.
    """
    async with database.read() as session:
        due = await store.due_licenses(session, as_of, actor)
    done, troubles = 0, []
    for license_id in due:
        try:
            done += await database.run_as(actor, cause or Cause(), commands.bring_up_to_date, license_id, as_of)
        except Exception as error:
            log.error("renewal_clock_failed", license_id=str(license_id), exc_info=error)
            troubles.append(f"License {license_id}: {type(error).__name__}")
    return schemas.ClockOut(as_of=as_of, licenses=done, troubles=troubles)


async def keep_time(runtime: Runtime) -> None:
    """The background task: runs the clock every minute, from the start on."""
    while not runtime.stopping.is_set():
        try:
            await run_clock(runtime.database, clock.today(runtime.settings.zone))
        except Exception as error:
            log.error("renewal_clock_failed", exc_info=error)
        with suppress(TimeoutError):
            await asyncio.wait_for(runtime.stopping.wait(), SECONDS)

"""Jobs: anything longer than a second. Enqueued in the command's transaction (``work.enqueue``), run under a lease.

A worker takes the next due job, renews its lease while it runs, and stores progress, result or error. When a worker dies
its lease runs out and another goes on from the job's checkpoint. Why not a ready-made queue: ``docs/decisions``.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from sqlalchemy import text

from quire_shared.database.run import Database
from quire_shared.observe.faults import is_temporary
from quire_shared.values import clock

if TYPE_CHECKING:
    from quire_shared.service.runtime import Runtime

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
ATTEMPTS = 5

JobHandler = Callable[["Job"], Awaitable[Mapping[str, Any] | None]]

_NEXT = text(
    """
    UPDATE job SET state = 'running', lease = :lease, lease_until = :until, attempts = attempts + 1
    WHERE id = (SELECT id FROM job WHERE run_after <= :now AND kind = ANY(CAST(:kinds AS text[]))
                AND (state = 'waiting' OR (state = 'running' AND lease_until < :now))
                ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, arguments, checkpoint, attempts, requested_by, unit_id
    """
)


class JobCanceled(Exception):
    """Somebody asked for the end of this job."""


class LeaseLost(Exception):
    """Another worker has taken this job over."""


class Job:
    """A running job, as its handler sees it."""

    def __init__(self, worker: Worker, row: Any, lease: str) -> None:
        self.id: uuid.UUID = row.id
        self.kind: str = row.kind
        self.arguments: dict[str, Any] = row.arguments
        self.checkpoint: dict[str, Any] | None = row.checkpoint
        self.attempts: int = row.attempts
        self.requested_by: str = row.requested_by
        self.unit_id: uuid.UUID | None = row.unit_id
        self.lease = lease
        self.database = worker.database
        self.runtime = worker.runtime

    async def progress(
        self, done: int, total: int | None = None, words: str | None = None, checkpoint: Mapping[str, Any] | None = None
    ) -> None:
        """Store progress and renew the lease. Raises :class:`JobCanceled` or :class:`LeaseLost`."""
        async with self.database.engine.begin() as connection:
            row = (
                await connection.execute(
                    text(
                        "UPDATE job SET done = :done, total = COALESCE(:total, total), words = COALESCE(:words, words),"
                        " checkpoint = COALESCE(CAST(:checkpoint AS jsonb), checkpoint), lease_until = :until"
                        " WHERE id = :id AND lease = :lease AND state = 'running' RETURNING cancel"
                    ),
                    {
                        "done": done,
                        "total": total,
                        "words": words,
                        "checkpoint": orjson.dumps(dict(checkpoint), default=str).decode() if checkpoint else None,
                        "until": clock.now() + LEASE,
                        "id": self.id,
                        "lease": self.lease,
                    },
                )
            ).one_or_none()
        if row is None:
            raise LeaseLost(f"job {self.id} is run by another worker")
        if row.cancel:
            raise JobCanceled(f"job {self.id} was canceled")


class Worker:
    """Runs the jobs of one service, ``parallel`` at a time."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, JobHandler],
        runtime: Runtime | None,
        *,
        parallel: int = 2,
        poll: float = 0.3,
    ) -> None:
        self.database = database
        self.handlers = handlers
        self.runtime = runtime
        self.parallel = parallel
        self.poll = poll
        self.trouble: str | None = None
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        if self.handlers:
            self._tasks = [
                asyncio.create_task(self._work(), name=f"worker {self.database.service} {n}")
                for n in range(self.parallel)
            ]

    async def stop(self) -> None:
        """Jobs under way are let go; their lease runs out and the next start goes on from their checkpoint."""
        self._stopping.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=5)
            for task in pending:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                found = await self.once()
                self.trouble = None
            except Exception as error:  # noqa: BLE001 - named in readiness, and tried again for ever
                found = False
                self.trouble = f"jobs of {self.database.service} do not run: {error}"
                log.warning("worker_waits", service=self.database.service, error=repr(error))
            if not found:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self.poll)

    async def once(self) -> bool:
        """Take and run one due job; false when there is none."""
        lease = str(uuid.uuid4())
        now = clock.now()
        async with self.database.engine.begin() as connection:
            row = (
                await connection.execute(
                    _NEXT, {"lease": lease, "until": now + LEASE, "now": now, "kinds": list(self.handlers)}
                )
            ).one_or_none()
        if row is None:
            return False
        job = Job(self, row, lease)
        beat = asyncio.create_task(self._beat(job))
        try:
            result = await self.handlers[job.kind](job)
            await self._end(job, "done", result=dict(result) if result else None)
        except JobCanceled:
            await self._end(job, "canceled")
        except LeaseLost:
            log.warning("job_taken_over", job=str(job.id))
        except asyncio.CancelledError:
            await self._release(job)
            raise
        except Exception as error:
            if is_temporary(error) and job.attempts < ATTEMPTS:
                await self._again(job, error)
            else:
                log.error("job_failed", job=str(job.id), kind=job.kind, exc_info=error)
                await self._end(job, "failed", error=str(error) or type(error).__name__)
        finally:
            beat.cancel()
        return True

    async def _beat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with suppress(Exception):
                async with self.database.engine.begin() as connection:
                    await connection.execute(
                        text(
                            "UPDATE job SET lease_until = :until WHERE id = :id AND lease = :lease AND state = 'running'"
                        ),
                        {"until": clock.now() + LEASE, "id": job.id, "lease": job.lease},
                    )

    async def _end(
        self, job: Job, state: str, *, result: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        async with self.database.engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE job SET state = :state, result = CAST(:result AS jsonb), error = :error, finished_at = :now,"
                    " lease = NULL, lease_until = NULL WHERE id = :id AND lease = :lease"
                ),
                {
                    "state": state,
                    "result": orjson.dumps(result, default=str).decode() if result is not None else None,
                    "error": error[:4000] if error else None,
                    "now": clock.now(),
                    "id": job.id,
                    "lease": job.lease,
                },
            )

    async def _again(self, job: Job, error: Exception) -> None:
        await self._wait(job, timedelta(seconds=2**job.attempts), f"tried again soon: {error}")

    async def _release(self, job: Job) -> None:
        with suppress(Exception):
            await self._wait(job, timedelta(0), "interrupted; goes on at the next start")

    async def _wait(self, job: Job, pause: timedelta, words: str) -> None:
        async with self.database.engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE job SET state = 'waiting', lease = NULL, lease_until = NULL, run_after = :after, words = :words"
                    " WHERE id = :id AND lease = :lease"
                ),
                {"after": clock.now() + pause, "words": words, "id": job.id, "lease": job.lease},
            )

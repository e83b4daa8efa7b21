"""A command's transaction: what it may lock, change, say and leave behind."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.api.etag import check_version
from quire_shared.api.problems import NotFound
from quire_shared.contracts.base import Event
from quire_shared.database.audit import Entry
from quire_shared.database.audit import append as append_audit
from quire_shared.events.envelope import Cause, headers_for
from quire_shared.values import clock
from quire_shared.values.ids import uuid7

Row = TypeVar("Row", bound=SQLModel)

LARGEST_EVENT = 512 * 1024

_OUTBOX = text(
    """
    INSERT INTO outbox (event_id, topic, key, type, version, payload, headers, created_at)
    SELECT event_id, topic, key, type, version, CAST(payload AS json), CAST(headers AS json), CAST(:now AS timestamptz)
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:topic AS text[]), CAST(:key AS text[]), CAST(:type AS text[]),
                CAST(:version AS int[]), CAST(:payload AS text[]), CAST(:headers AS text[]))
         WITH ORDINALITY AS e(event_id, topic, key, type, version, payload, headers, n)
    ORDER BY n
    """
)

_JOB = text(
    """
    INSERT INTO job (id, kind, arguments, state, requested_by, unit_id, run_after, created_at)
    VALUES (:id, :kind, CAST(:arguments AS jsonb), 'waiting', :by, :unit, :after, :now)
    """
)


class EventTooLarge(Exception):
    """An event over 512 kB: send a header and chunks of lines under one key instead."""


class Work:
    """One transaction of one actor. Made by ``run`` and by consumers, never by a feature."""

    def __init__(
        self,
        session: AsyncSession,
        service: str,
        actor: Principal,
        cause: Cause,
        *,
        if_match: str | None = None,
        generation: int | None = None,
    ) -> None:
        self.session = session
        self.service = service
        self.actor = actor
        self.cause = cause
        self.if_match = if_match
        self.generation = generation
        self.now: datetime = clock.now()
        self.one_time = False
        self.event_ids: list[uuid.UUID] = []
        self._held: set[str] = set()
        self._events: list[dict[str, Any]] = []
        self._audit: list[Entry] = []

    # Rows

    def add(self, row: Row, *more: SQLModel) -> Row:
        """Insert rows; their ids count as held, nobody else can have seen them."""
        rows: list[SQLModel] = [row, *more]
        for r in rows:
            self.session.add(r)
            self._hold(r)
        return row

    async def lock(self, model: type[Row], row_id: uuid.UUID, what: str = "record") -> Row:
        """Load a row ``FOR UPDATE`` as it is now. Raises ``NotFound``, also for rows of a unit that the actor does not see."""
        key: Any = model.id  # type: ignore[attr-defined]
        # Not session.get(): with an older version of the row in the session it raises StaleDataError.
        query = select(model).where(key == row_id).with_for_update().execution_options(populate_existing=True)
        row = (await self.session.exec(query)).one_or_none()
        if row is None or not self.actor.sees(getattr(row, "unit_id", None)):
            raise NotFound(f"There is no {what} with the id {row_id}.")
        self._hold(row)
        return row

    async def lock_all(self, model: type[Row], ids: Iterable[uuid.UUID], what: str = "record") -> dict[uuid.UUID, Row]:
        """Load rows ``FOR UPDATE`` in the order of their ids, in one statement. Raises ``NotFound`` for the first missing one."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        key: Any = model.id  # type: ignore[attr-defined]
        found = await self.session.exec(
            select(model)
            .where(key.in_(wanted))
            .order_by(key)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        rows = {row.id: row for row in found}  # type: ignore[attr-defined]
        for row_id in wanted:
            if row_id not in rows or not self.actor.sees(getattr(rows[row_id], "unit_id", None)):
                raise NotFound(f"There is no {what} with the id {row_id}.")
            self._hold(rows[row_id])
        return rows

    def match(self, row: SQLModel, current: BaseModel, yours: BaseModel | None = None) -> None:
        """Check ``If-Match`` against a locked row with a version (428 and 412, see :mod:`quire_shared.api.etag`)."""
        check_version(
            self.if_match,
            row.version,  # type: ignore[attr-defined]
            current.model_dump(mode="json"),
            yours.model_dump(mode="json", exclude_unset=True) if yours is not None else None,
        )

    def hold(self, key: object) -> None:
        """Say that the row of this key is locked by a statement of one's own (for instance in ``store``)."""
        self._held.add(str(key))

    def _hold(self, row: SQLModel) -> None:
        row_id = getattr(row, "id", None)
        if row_id is not None:
            self._held.add(str(row_id))

    # What it says

    def emit(
        self,
        event: Event,
        key: object,
        *,
        unit_id: uuid.UUID | None = None,
        aggregate_version: int | None = None,
    ) -> None:
        """Put an event into the outbox of this transaction.

        The row of ``key`` must be locked, else two commands could publish in another order than they committed.
        Raises ``RuntimeError`` when it is not, :class:`EventTooLarge` above 512 kB.
        """
        if str(key) not in self._held:
            raise RuntimeError(f"{event.type}: the row of {key} is not locked in this transaction")
        payload = event.model_dump_json()
        if len(payload) > LARGEST_EVENT:
            raise EventTooLarge(f"{event.type} for {key} has {len(payload)} bytes; at most {LARGEST_EVENT} are sent")
        event_id = uuid7()
        headers = headers_for(event, event_id, self.service, self.now, self.cause, unit_id, aggregate_version)
        self._events.append(
            {
                "event_id": event_id,
                "topic": event.topic(),
                "key": str(key),
                "type": event.type,
                "version": event.version,
                "payload": payload,
                "headers": orjson.dumps(headers).decode(),
            }
        )
        self.event_ids.append(event_id)

    def audit(self, action: str, subject: object = None, **detail: Any) -> None:
        """Leave an entry in the audit chain: what was done to what. No names, no secrets."""
        self._audit.append(Entry(action, None if subject is None else str(subject), detail))

    async def enqueue(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *,
        after: datetime | None = None,
        unit_id: uuid.UUID | None = None,
    ) -> uuid.UUID:
        """Enqueue a job in this transaction; answers its id."""
        job_id = uuid7()
        await self.session.execute(
            _JOB,
            {
                "id": job_id,
                "kind": kind,
                "arguments": orjson.dumps(dict(arguments), default=str).decode(),
                "by": self.actor.id,
                "unit": unit_id,
                "after": after or self.now,
                "now": self.now,
            },
        )
        return job_id

    # The end, called by run and by consumers

    async def finish(self, entries: Sequence[Entry] = ()) -> None:
        """Flush rows, then the outbox, then the audit chain as the last statements before the commit."""
        await self.session.flush()
        if self._events:
            names = ("event_id", "topic", "key", "type", "version", "payload", "headers")
            await self.session.execute(_OUTBOX, {"now": self.now, **{n: [e[n] for e in self._events] for n in names}})
            self._events.clear()
        written = [*self._audit, *entries]
        if written:
            await append_audit(self.session, self.now, self.actor.id, written, self.cause.correlation_id)
            self._audit.clear()

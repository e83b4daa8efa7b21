"""The audit chain: append-only entries, each sealed with the hash of the one before.

The head row is locked by the very last statements of a command (measured: 1,083 commands/s against 139 when it is first).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_HEAD = text("SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE")
_SEAL = text(
    """
    WITH entry AS (
      INSERT INTO audit (seq, at, actor, action, subject, detail, correlation_id, previous_hash, hash)
      SELECT seq, CAST(:at AS timestamptz), :actor, action, subject, CAST(detail AS jsonb), :correlation, previous, hash
      FROM unnest(CAST(:seq AS bigint[]), CAST(:action AS text[]), CAST(:subject AS text[]), CAST(:detail AS text[]),
                  CAST(:previous AS bytea[]), CAST(:hash AS bytea[])) AS e(seq, action, subject, detail, previous, hash))
    UPDATE audit_head SET seq = :last, hash = :head WHERE id = 1
    """
)


@dataclass(frozen=True, slots=True)
class Entry:
    action: str
    subject: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def seal(previous: bytes, seq: int, at: datetime, actor: str, entry: Entry, correlation_id: str | None) -> bytes:
    """SHA-256 over the previous hash and the canonical form of the entry."""
    body = orjson.dumps(
        [
            seq,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            actor,
            entry.action,
            entry.subject,
            entry.detail,
            correlation_id,
        ],
        option=orjson.OPT_SORT_KEYS,
        default=str,
    )
    return hashlib.sha256(previous + body).digest()


async def append(
    session: AsyncSession, at: datetime, actor: str, entries: Sequence[Entry], correlation_id: str | None
) -> None:
    """Append to the chain. Call it last: it holds the head until the commit."""
    plain = [Entry(e.action, e.subject, orjson.loads(orjson.dumps(e.detail, default=str))) for e in entries]
    seq, head = (await session.execute(_HEAD)).one()
    rows: list[tuple[int, Entry, bytes, bytes]] = []
    for entry in plain:
        seq += 1
        sealed = seal(head, seq, at, actor, entry, correlation_id)
        rows.append((seq, entry, head, sealed))
        head = sealed
    await session.execute(
        _SEAL,
        {
            "at": at,
            "actor": actor,
            "correlation": correlation_id,
            "seq": [r[0] for r in rows],
            "action": [r[1].action for r in rows],
            "subject": [r[1].subject for r in rows],
            "detail": [orjson.dumps(r[1].detail).decode() for r in rows],
            "previous": [r[2] for r in rows],
            "hash": [r[3] for r in rows],
            "last": seq,
            "head": head,
        },
    )


async def first_broken(session: AsyncSession) -> int | None:
    """The number of the first entry that does not fit the chain, or None when it is whole."""
    previous, expected = b"\x00", 1
    rows = await session.stream(
        text(
            "SELECT seq, at, actor, action, subject, detail, correlation_id, previous_hash, hash FROM audit ORDER BY seq"
        )
    )
    async for r in rows:
        entry = Entry(r.action, r.subject, r.detail)
        if (
            r.seq != expected
            or r.previous_hash != previous
            or seal(previous, r.seq, r.at, r.actor, entry, r.correlation_id) != r.hash
        ):
            return int(r.seq)
        previous, expected = r.hash, expected + 1
    head = (await session.execute(text("SELECT seq, hash FROM audit_head"))).one()
    return None if (head.seq, head.hash) == (expected - 1, previous) else expected

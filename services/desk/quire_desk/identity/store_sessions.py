"""All SQL of sessions, API keys as credentials, one-time links and the count of attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_desk.identity import rules, store
from quire_desk.identity.tables import SignInLink
from quire_shared.access.principal import Principal

#: A session's last use is written at most this often.
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose session or key was recognised."""

    principal: Principal
    credential_id: UUID
    ends: datetime
    stale: bool


_SESSION = text(
    f"""
    WITH who AS ({store._PRINCIPAL})
    SELECT w.*, s.id AS session_id, s.created_at, s.last_used_at FROM session s JOIN who w ON w.id = s.person_id
     WHERE s.token_hash = :hash AND w.active
    """
)


async def by_session(session: AsyncSession, token: str, now: datetime) -> Known | None:
    """The person of a session token, None when it is unknown or at its end."""
    row = (await session.execute(_SESSION, {"hash": rules.hashed(token)})).one_or_none()
    if row is None:
        return None
    ends = rules.session_ends(row.created_at, row.last_used_at)
    if ends <= now:
        return None
    return Known(store.principal_of(row), row.session_id, ends, now - row.last_used_at >= TOUCH_EVERY)


_KEY = text(
    f"""
    WITH who AS ({store._PRINCIPAL})
    SELECT w.*, k.id AS key_id, k.scopes AS key_scopes, k.whole_house AS key_whole_house, k.unit_ids AS key_units,
           k.expires_at, k.last_used_at FROM api_key k JOIN who w ON w.id = k.owner_id
     WHERE k.secret_hash = :hash AND k.revoked_at IS NULL AND k.expires_at > :now AND w.active
    """
)


async def by_key(session: AsyncSession, secret: str, now: datetime) -> Known | None:
    """The principal of an API key: the key's scopes and units as far as its owner still has them."""
    row = (await session.execute(_KEY, {"hash": rules.hashed(secret), "now": now})).one_or_none()
    if row is None:
        return None
    owner = store.principal_of(row)
    who = Principal(
        str(row.key_id),
        rules.key_scopes(owner, row.key_scopes),
        rules.key_units(owner.units, row.key_whole_house, row.key_units),
        "api_key",
    )
    return Known(who, row.key_id, row.expires_at, row.last_used_at is None or now - row.last_used_at >= TOUCH_EVERY)


async def touch(session: AsyncSession, table: str, credential_id: UUID, now: datetime) -> None:
    """Write when a session or key was last used."""
    statements = {
        "session": "UPDATE session SET last_used_at = :now WHERE id = :id",
        "api_key": "UPDATE api_key SET last_used_at = :now WHERE id = :id",
    }
    await session.execute(text(statements[table]), {"now": now, "id": credential_id})


async def end(session: AsyncSession, token: str) -> UUID | None:
    """End a session; answers whose it was."""
    row = await session.execute(
        text("DELETE FROM session WHERE token_hash = :hash RETURNING person_id"), {"hash": rules.hashed(token)}
    )
    found: UUID | None = row.scalar()
    return found


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Forget sessions, counts and links that are over."""
    await session.execute(
        text("DELETE FROM session WHERE created_at < :longest OR last_used_at < :idle"),
        {"longest": now - rules.SESSION_LONGEST, "idle": now - rules.SESSION_IDLE},
    )
    longest = max(t.window for t in rules.THROTTLES.values())
    await session.execute(text("DELETE FROM sign_in_attempt WHERE window_start < :t"), {"t": now - longest})
    await session.execute(text("DELETE FROM sign_in_link WHERE expires_at < :t"), {"t": now - rules.LINK_LIFETIME})


async def credentials(session: AsyncSession, user_name: str) -> tuple[UUID, str | None] | None:
    """Id and password hash of an active person by user name."""
    row = (
        await session.execute(
            text(
                "SELECT p.id, p.password_hash FROM person_detail d JOIN person p ON p.id = d.person_id"
                " WHERE d.user_name = :n AND p.active"
            ),
            {"n": user_name},
        )
    ).one_or_none()
    return None if row is None else (row.id, row.password_hash)


async def count_attempt(
    session: AsyncSession, kind: str, subject: str, window: timedelta, now: datetime
) -> tuple[int, datetime]:
    """Count one more attempt of the subject; answers the count within its window and the window's start."""
    row = (
        await session.execute(
            text(
                """
                INSERT INTO sign_in_attempt AS a (kind, subject, window_start, count) VALUES (:kind, :subject, :now, 1)
                ON CONFLICT (kind, subject) DO UPDATE SET
                  count = CASE WHEN a.window_start <= :over THEN 1 ELSE a.count + 1 END,
                  window_start = CASE WHEN a.window_start <= :over THEN :now ELSE a.window_start END
                RETURNING count AS attempts, window_start
                """
            ),
            {"kind": kind, "subject": rules.hashed(subject), "now": now, "over": now - window},
        )
    ).one()
    return row.attempts, row.window_start


async def forget_attempts(session: AsyncSession, kind: str, subject: str) -> None:
    await session.execute(
        text("DELETE FROM sign_in_attempt WHERE kind = :kind AND subject = :subject"),
        {"kind": kind, "subject": rules.hashed(subject)},
    )


async def lock_first_start(session: AsyncSession) -> None:
    """One first sign-in at a time."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('quire first sign-in'))"))


async def use_up_links(session: AsyncSession, person_id: UUID | None, now: datetime) -> None:
    """Make all unused links of this person (or for the first sign-in) useless."""
    await session.execute(
        text("UPDATE sign_in_link SET used_at = :now WHERE used_at IS NULL AND person_id IS NOT DISTINCT FROM :p"),
        {"now": now, "p": person_id},
    )


async def lock_link(session: AsyncSession, token: str) -> SignInLink | None:
    found = await session.exec(
        select(SignInLink).where(col(SignInLink.token_hash) == rules.hashed(token)).with_for_update()
    )
    return found.first()

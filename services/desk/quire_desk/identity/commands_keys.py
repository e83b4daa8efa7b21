"""API keys: made, shown once, revoked."""

from __future__ import annotations

import secrets
from uuid import UUID

from quire_desk.identity import rules, store
from quire_desk.identity.schemas import ApiKeyIn, ApiKeyOut, NewApiKeyOut
from quire_desk.identity.tables import ApiKey
from quire_shared.api.problems import Fault, Forbidden, Invalid, NotFound
from quire_shared.database.work import Work

#: What every key begins with, so that a leaked one is recognised by scanners of secrets.
KEY_MARK = "quire_key_"


async def create_key(work: Work, body: ApiKeyIn) -> NewApiKeyOut:
    """Make a key for oneself. Raises ``Invalid`` (expiry, unknown scopes), ``Forbidden`` for more than one's own rights."""
    if work.actor.kind != "person":
        raise Forbidden("API keys are made by people, not by other keys.")
    faults = [
        Fault(pointer="/scopes", code="unknown_scope", detail=f"No service offers the scope “{s}”.", value=s)
        for s in store.offered_or_unknown(body.scopes, store.offered_scopes())
    ]
    if body.expires_at.tzinfo is None:
        faults.append(
            Fault(
                pointer="/expires_at",
                code="no_time_zone",
                detail="Say the time zone, for instance with a Z at the end.",
            )
        )
    elif not work.now < body.expires_at <= work.now + rules.KEY_LONGEST:
        faults.append(
            Fault(
                pointer="/expires_at",
                code="expiry",
                detail="A key ends in the future and after 366 days at the latest.",
            )
        )
    known = await store.known_units(work.session, body.unit_ids or [])
    faults += [
        Fault(pointer="/unit_ids", code="unknown_unit", detail=f"There is no unit with the id {unit}.")
        for unit in body.unit_ids or []
        if unit not in known
    ]
    if faults:
        raise Invalid("The key was not made; each fault is named below.", faults)
    if missing := rules.beyond(work.actor, body.scopes):
        raise Forbidden("A key cannot do more than you: " + ", ".join(missing) + ".")
    if rules.units_beyond(work.actor, body.unit_ids is None, body.unit_ids or []):
        raise Forbidden("A key cannot see more units than you do.")
    secret = KEY_MARK + secrets.token_urlsafe(32)
    key = work.add(
        ApiKey(
            secret_hash=rules.hashed(secret),
            label=body.label,
            owner_id=UUID(work.actor.id),
            scopes=sorted(set(body.scopes)),
            whole_house=body.unit_ids is None,
            unit_ids=sorted(set(body.unit_ids or [])),
            expires_at=body.expires_at,
        )
    )
    await work.session.flush()
    work.one_time = True
    work.audit("identity.key_made", key.id, scopes=key.scopes, expires_at=key.expires_at)
    return NewApiKeyOut(secret=secret, **key_out(key).model_dump())


async def revoke_key(work: Work, key_id: UUID) -> ApiKeyOut:
    """Make a key useless from now on. One's own, or anybody's with ``identity:write``."""
    key = await work.lock(ApiKey, key_id, "API key")
    if str(key.owner_id) != work.actor.id and not (work.actor.may("identity:write") and work.actor.units is None):
        raise NotFound(f"There is no API key with the id {key_id}.")
    if key.revoked_at is None:
        key.revoked_at = work.now
        await work.session.flush()
    work.audit("identity.key_revoked", key.id)
    return key_out(key)


def key_out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        id=key.id,
        version=key.version,
        label=key.label,
        owner_id=key.owner_id,
        scopes=key.scopes,
        unit_ids=None if key.whole_house else key.unit_ids,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )

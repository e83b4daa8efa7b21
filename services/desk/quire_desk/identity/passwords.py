"""Password hashing: argon2id with the parameters of OWASP's password storage cheat sheet (19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Compared with when there is no such user, so that the answer takes as long.
_NOBODY = _hasher.hash(secrets.token_urlsafe(32))


async def make_hash(password: str) -> str:
    """Hash in a thread: it takes tens of milliseconds on purpose."""
    return await asyncio.to_thread(_hasher.hash, password)


async def fits(password_hash: str | None, password: str) -> bool:
    """True when the password fits. Without a hash it is False, after the same time."""
    return await asyncio.to_thread(_fits, password_hash, password)


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    """True when a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)

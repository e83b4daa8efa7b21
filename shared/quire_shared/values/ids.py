"""Identifiers made in Python, so that the same code runs on every PostgreSQL."""

from __future__ import annotations

import uuid

import uuid_utils


def uuid7() -> uuid.UUID:
    """A time-ordered id (RFC 9562 §5.7)."""
    return uuid.UUID(int=uuid_utils.uuid7().int)

"""Versions on the wire: ``ETag`` out, ``If-Match`` in (RFC 9110 §8.8.3, §13.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quire_shared.api.problems import Fault, PreconditionNeeded, Stale


def etag(version: int) -> str:
    return f'"{version}"'


def check_version(
    if_match: str | None, version: int, current: Mapping[str, Any], yours: Mapping[str, Any] | None
) -> None:
    """Refuse a change of a record that the sender has not seen as it is.

    Missing ``If-Match``: 428. Another version: 412 with the fields in which ``yours`` differs from ``current``.
    """
    if if_match is None:
        raise PreconditionNeeded("Send the ETag of the version that you have read as If-Match.")
    if if_match.strip() == "*" or etag(version) in {part.strip().removeprefix("W/") for part in if_match.split(",")}:
        return
    errors = [
        Fault(
            pointer=f"/{name}",
            code="changed_meanwhile",
            detail=f"yours: {_words(wanted)}; now: {_words(current.get(name))}",
            value=current.get(name),
        )
        for name, wanted in (yours or {}).items()
        if name in current and current.get(name) != wanted
    ]
    raise Stale(
        f"You have version {if_match}; the record is at version {version} now. Compare, then save again.",
        errors,
        headers={"ETag": etag(version)},
    )


def _words(value: Any) -> str:
    return "empty" if value in (None, "", [], {}) else str(value)[:200]

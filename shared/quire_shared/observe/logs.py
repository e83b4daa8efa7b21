"""Logs: one JSON object a line, with request, actor and event ids, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus

import structlog

HIDDEN = "[hidden]"
_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|api_?key|authorization|cookie|requestor_id|customer_id|credential", re.I
)
_IN_TEXT = (
    re.compile(r"(?<=://)([^/\s:@]+):([^@\s/]+)(?=@)"),  # user:password in an address
    re.compile(r"(?i)((?:api_key|requestor_id|customer_id|password|token|secret)=)[^&\s\"']+"),
    re.compile(r"(?i)((?:bearer|basic)\s+)[a-z0-9._~+/-]{6,}=*"),
)
_registered: set[str] = set()


def register_secret(value: str) -> None:
    """From now on this value is hidden wherever it would be logged (credentials read from the database)."""
    if len(value) >= 6:
        _registered.update({value, quote(value, safe=""), quote_plus(value)})


def redact(value: Any) -> Any:
    """The value without secrets: by key, by registered value, by shape."""
    if isinstance(value, MutableMapping | dict):
        return {redact(str(k)): HIDDEN if _SECRET_KEY.search(str(k)) else redact(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(v) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    # Anything else would be rendered as text later on, past this point: an exception can quote what it choked on.
    text = value if isinstance(value, str) else repr(value) if isinstance(value, BaseException) else str(value)
    for secret in sorted(_registered, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _IN_TEXT[0].sub(HIDDEN, text)
    text = _IN_TEXT[1].sub(r"\1" + HIDDEN, text)
    return _IN_TEXT[2].sub(r"\1" + HIDDEN, text)


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # Keys with an underscore are structlog's own and never rendered.
    return {
        k: v if k.startswith("_") else HIDDEN if k != "event" and _SECRET_KEY.search(k) else redact(v)
        for k, v in event.items()
    }


def configure(level: str = "INFO") -> None:
    """Send everything, also what libraries log, through the same processors to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "uvicorn.error", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.getLevelName(level), logging.WARNING))

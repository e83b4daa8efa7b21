"""Logs: one JSON object a line, with request, actor and event ids, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|api_?key|authorization|cookie|requestor_id|customer_id|credential", re.I
)
_IN_TEXT = (
    re.compile(r"(?<=://)([^/\s:@]+):([^@\s/]+)(?=@)"),  # user:password in an address
    re.compile(r"(?i)((?:api_key|requestor_id|customer_id|password|token|secret)=)[^&\s\"']+"),
    re.compile(r"(?i)(bearer\s+)[a-z0-9._~+/-]+=*"),
)
_registered: set[str] = set()


def register_secret(value: str) -> None:
    """From now on this value is hidden wherever it would be logged (credentials read from the database)."""
    if len(value) >= 6:
        _registered.add(value)


def redact(value: Any) -> Any:
    """The value without secrets: by key, by registered value, by shape."""
    if isinstance(value, MutableMapping | dict):
        return {k: HIDDEN if _SECRET_KEY.search(str(k)) else redact(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(v) for v in value]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        for secret in _registered:
            value = value.replace(secret, HIDDEN)
        value = _IN_TEXT[0].sub(HIDDEN, value)
        value = _IN_TEXT[1].sub(r"\1" + HIDDEN, value)
        return _IN_TEXT[2].sub(r"\1" + HIDDEN, value)
    return value


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {k: HIDDEN if k != "event" and _SECRET_KEY.search(k) else redact(v) for k, v in event.items()}


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

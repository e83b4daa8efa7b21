"""Judging COUNTER reports: the official validator's checks and levels, with place and advice."""

from importlib import import_module
from typing import TYPE_CHECKING

# reader and judges need each other; the reader always comes first, whichever is imported
import quire_usage.counter.reading  # noqa: F401

if TYPE_CHECKING:
    from quire_usage.counter.validation.verdict import Verdict, validate, verdict_of

__all__ = ["Verdict", "validate", "verdict_of"]


def __getattr__(name: str) -> object:
    # the reader runs the checks and so imports this package: the verdict on a reading is imported when asked for
    if name in __all__:
        return getattr(import_module("quire_usage.counter.validation.verdict"), name)
    raise AttributeError(name)

"""Judging COUNTER reports: the official validator's checks and levels, with place and advice."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quire_usage.counter.validation.verdict import Verdict, validate, verdict

__all__ = ["Verdict", "validate", "verdict"]


def __getattr__(name: str) -> object:
    # the checks are run by the reader, which imports this package: the verdict on a reading is imported when asked for
    if name in __all__:
        from quire_usage.counter.validation import verdict as module

        return getattr(module, name)
    raise AttributeError(name)

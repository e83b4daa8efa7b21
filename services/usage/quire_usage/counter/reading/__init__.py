"""Reading COUNTER reports of any format and release as a stream of records."""

from quire_usage.counter.reading.limits import Limits, NotReadable
from quire_usage.counter.reading.report import Reading, open_report

__all__ = ["Limits", "NotReadable", "Reading", "open_report"]

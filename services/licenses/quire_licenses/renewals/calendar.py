"""Renewal dates as an iCalendar feed (RFC 5545): all-day events with stable UIDs, cancelled on decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event


class EntryKind(StrEnum):
    """Which date of a renewal an entry shows."""

    NOTICE_DEADLINE = "notice-deadline"
    ACT_BY = "act-by"
    REVIEW_OPENS = "review-opens"
    QUOTE_DUE = "quote-due"


_TITLES = {
    EntryKind.NOTICE_DEADLINE: "Notice deadline",
    EntryKind.ACT_BY: "Act by",
    EntryKind.REVIEW_OPENS: "Renewal review opens",
    EntryKind.QUOTE_DUE: "Ask for a quote by",
}


@dataclass(frozen=True)
class Entry:
    """One date of one renewal.

    `renewal_id` names the renewal of one term, so the entry keeps its UID when its date is computed anew. `version`
    grows with every change of the renewal (SEQUENCE); `changed_at` is an aware time. `decided` cancels the entry.
    """

    renewal_id: str
    kind: EntryKind
    day: date
    license_name: str
    what_if: str
    version: int
    changed_at: datetime
    decided: bool
    url: str | None = None


def uid(renewal_id: str, kind: EntryKind) -> str:
    """The UID of an entry: the same for ever, whatever its date becomes."""
    return f"{renewal_id}.{kind.value}@quire"


def render(entries: Iterable[Entry], name: str, library_zone: str) -> bytes:
    """The feed as UTF-8 bytes, ordered by day and UID so that equal entries give equal bytes.

    Raises ValueError for a time without a zone.
    """
    feed = Calendar()
    feed.add("prodid", "-//Quire//Renewals//EN")
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("x-wr-calname", name)
    feed.add("x-wr-timezone", library_zone)
    for entry in sorted(entries, key=lambda entry: (entry.day, uid(entry.renewal_id, entry.kind))):
        feed.add_component(_event(entry))
    return bytes(feed.to_ical())


def _event(entry: Entry) -> Event:
    if entry.changed_at.tzinfo is None:
        raise ValueError(f"the time of change of {entry.renewal_id} has no time zone")
    event = Event()
    event.add("uid", uid(entry.renewal_id, entry.kind))
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.version)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))  # exclusive, RFC 5545 section 3.6.1
    event.add("summary", f"{_TITLES[entry.kind]}: {entry.license_name}")
    event.add("description", entry.what_if)
    event.add("status", "CANCELLED" if entry.decided else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if entry.url:
        event.add("url", entry.url)
    return event

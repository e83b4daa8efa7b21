"""Renewals as the API and the calendar give them."""

from __future__ import annotations

from collections.abc import Sequence

from quire_licenses.agreements.outputs import money
from quire_licenses.agreements.tables import License
from quire_licenses.renewals import schemas
from quire_licenses.renewals.calendar import Entry, EntryKind
from quire_licenses.renewals.cases import RUNNING, CaseState
from quire_licenses.renewals.tables import CalendarFeed, Reminder, RenewalCase

_ROW = tuple(name for name in schemas.CaseRow.model_fields if name != "license_name")


def row_out(case: RenewalCase, license_: License) -> schemas.CaseRow:
    return schemas.CaseRow.model_validate(
        {**{name: getattr(case, name) for name in _ROW}, "license_name": license_.name}
    )


def case_out(case: RenewalCase, license_: License, reminders: Sequence[Reminder]) -> schemas.CaseOut:
    return schemas.CaseOut(
        **row_out(case, license_).model_dump(),
        decision_note=case.decision_note,
        price=money(case.price_amount, case.price_currency),
        facts=case.facts,
        reminders=[schemas.ReminderOut.model_validate(r, from_attributes=True) for r in reminders],
    )


def feed_out(feed: CalendarFeed) -> schemas.FeedOut:
    return schemas.FeedOut(id=feed.id, kind=feed.kind, name=feed.name, created_at=feed.created_at)


def entries(case: RenewalCase, license_: License, base_url: str | None) -> list[Entry]:
    """The dates of a case as entries of a calendar; those of a case that is no longer open are canceled."""
    days = {
        EntryKind.REVIEW_OPENS: case.review_opens,
        EntryKind.QUOTE_DUE: case.quote_due,
        EntryKind.ACT_BY: case.act_by,
        EntryKind.NOTICE_DEADLINE: case.notice_deadline,
    }
    return [
        Entry(
            renewal_id=str(case.id),
            kind=kind,
            day=day,
            license_name=license_.name,
            what_if=case.if_nothing_is_done,
            version=case.version,
            changed_at=case.updated_at,
            decided=case.state not in (*RUNNING, CaseState.MISSED),
            url=f"{base_url.rstrip('/')}/api/licenses/renewals/{case.id}" if base_url else None,
        )
        for kind, day in days.items()
        if day is not None
    ]

"""What the routes of renewals take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from quire_licenses.renewals.cases import CaseState, Decision, FeedKind
from quire_licenses.renewals.reminders import Role
from quire_licenses.renewals.spans import ContractDate
from quire_shared.values.money import Money

Note = Annotated[str, Field(max_length=20_000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class StateIn(_In):
    """The next state of a case by hand: gathering, review, executing, done."""

    state: CaseState


class DecisionIn(_In):
    """The decision, with the price offered and the price before, so that the rise is held against the cap."""

    decision: Decision
    note: Note = ""
    price: Money | None = None
    previous_price: Money | None = None


class DeferIn(_In):
    """Put the decision off until a day that is not after the act-by date."""

    until: ContractDate
    note: Note = ""


class ReminderOut(BaseModel):
    days: int
    role: Role
    act_by: date
    due_on: date
    superseded: bool
    recorded_at: datetime


class CaseRow(BaseModel):
    """A renewal in a list."""

    id: UUID
    version: int
    license_id: UUID
    license_name: str
    unit_id: UUID | None
    state: CaseState
    term_number: int
    stretch_first: date
    stretch_last: date
    notice_deadline: date | None
    decide_by: date
    act_by: date
    review_opens: date
    quote_due: date
    if_nothing_is_done: str
    deferred_until: date | None
    missed_on: date | None
    decision: Decision | None
    decided_on: date | None
    decided_by: str | None


class CaseOut(CaseRow):
    """A renewal with the reminders that were given and the facts frozen at its decision."""

    decision_note: str
    price: Money | None
    facts: dict[str, Any] | None
    reminders: list[ReminderOut]


class CasePage(BaseModel):
    items: list[CaseRow]
    total: int


class ClockIn(_In):
    """Run the clock as of a day; left out = the library's today."""

    as_of: ContractDate | None = None


class ClockOut(BaseModel):
    """What the clock did: licenses looked at, and those that could not be computed, with the reason."""

    as_of: date
    licenses: int
    troubles: list[str]


class FeedIn(_In):
    """A new calendar feed."""

    kind: FeedKind
    name: Annotated[str, Field(min_length=1, max_length=200)] = "Renewals"


class FeedOut(BaseModel):
    id: UUID
    kind: FeedKind
    name: str
    created_at: datetime


class NewFeedOut(FeedOut):
    """The address is shown this once: its token is not kept."""

    token: str
    path: str


class FeedPage(BaseModel):
    items: list[FeedOut]
    total: int

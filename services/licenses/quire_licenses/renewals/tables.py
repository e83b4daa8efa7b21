"""Renewal cases, the reminders that were settled, and calendar feeds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from quire_licenses.base import Base
from quire_licenses.renewals.cases import CaseState, Decision, FeedKind
from quire_licenses.renewals.reminders import Role
from quire_shared.database.tables import Identified, Owned, Stamped, Versioned, one_of, text_enum
from quire_shared.values.columns import CurrencyColumn, MoneyAmount, minor_unit_check

_RUNNING = text("state IN ('scheduled', 'gathering', 'review')")


class RenewalCase(Identified, Versioned, Stamped, Owned, Base, table=True):
    """What has to be decided about one stretch (a term, or a contract year with an opt-out) of a license."""

    __tablename__ = "renewal_case"
    __table_args__ = (
        one_of("state", CaseState),
        one_of("decision", Decision),
        CheckConstraint("stretch_first <= stretch_last", name="stretch_in_order"),
        CheckConstraint("(decision IS NULL) = (decided_on IS NULL)", name="decision_whole"),
        minor_unit_check("price_amount", "price_currency", "price_minor_unit"),
        Index("uq_renewal_case_running", "license_id", unique=True, postgresql_where=_RUNNING),
    )

    license_id: UUID = Field(foreign_key="license.id", index=True)
    state: CaseState = Field(default=CaseState.SCHEDULED, sa_type=text_enum(CaseState))
    term_number: int
    ends_term: bool
    stretch_first: date
    stretch_last: date
    notice_deadline: date | None = Field(default=None)
    #: The notice deadline, or the last day of the stretch while no deadline is known.
    decide_by: date
    act_by: date = Field(index=True)
    review_opens: date
    quote_due: date
    if_nothing_is_done: str = Field(default="", sa_type=Text)
    deferred_until: date | None = Field(default=None)
    missed_on: date | None = Field(default=None)
    decision: Decision | None = Field(default=None, sa_type=text_enum(Decision))
    decided_on: date | None = Field(default=None)
    decided_by: str | None = Field(default=None, max_length=100)
    decision_note: str = Field(default="", sa_type=Text)
    price_amount: Decimal | None = Field(default=None, sa_type=MoneyAmount)
    price_currency: str | None = Field(default=None, sa_type=CurrencyColumn)
    facts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class Reminder(Identified, Base, table=True):
    """A step of the ladder that was reached: told once for an act-by date, never again."""

    __tablename__ = "renewal_reminder"
    __table_args__ = (
        one_of("role", Role),
        UniqueConstraint("case_id", "act_by", "days", "role"),
    )

    case_id: UUID = Field(foreign_key="renewal_case.id", index=True)
    act_by: date
    days: int
    role: Role = Field(sa_type=text_enum(Role))
    due_on: date
    #: A later step of the same role was reached in the same run: no mail of its own.
    superseded: bool = Field(default=False)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class CalendarFeed(Identified, Base, table=True):
    """An address under which a calendar program reads renewal dates; only the hash of its token is kept."""

    __tablename__ = "calendar_feed"
    __table_args__ = (one_of("kind", FeedKind),)

    kind: FeedKind = Field(sa_type=text_enum(FeedKind))
    name: str = Field(max_length=200)
    person_id: str = Field(max_length=100, index=True)
    unit_ids: list[str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    token_hash: bytes = Field(unique=True)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

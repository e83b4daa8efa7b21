"""The life of a renewal case: what is decided next, and the days on which something happens (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quire_licenses.renewals.outlook import Outlook, TermDates, outlook
from quire_licenses.renewals.reminders import Role, Rung, Step, due, ladder
from quire_licenses.renewals.rules import ContractRule, RenewalType, days_before
from quire_licenses.renewals.spans import LATEST, WorkCalendar
from quire_licenses.renewals.terms import ONE_DAY


class CaseState(StrEnum):
    """Where a renewal stands. A missed one can still be decided and stays on the list until it is."""

    SCHEDULED = "scheduled"
    GATHERING = "gathering"
    REVIEW = "review"
    DECIDED = "decided"
    EXECUTING = "executing"
    DONE = "done"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


RUNNING = (CaseState.SCHEDULED, CaseState.GATHERING, CaseState.REVIEW)
#: What a person may set; a decision, a missed deadline and a withdrawal come about otherwise.
BY_HAND: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.SCHEDULED: frozenset({CaseState.GATHERING, CaseState.REVIEW}),
    CaseState.GATHERING: frozenset({CaseState.SCHEDULED, CaseState.REVIEW}),
    CaseState.REVIEW: frozenset({CaseState.GATHERING}),
    CaseState.DECIDED: frozenset({CaseState.EXECUTING, CaseState.DONE}),
    CaseState.EXECUTING: frozenset({CaseState.DONE}),
    CaseState.DONE: frozenset(),
    CaseState.MISSED: frozenset(),
    CaseState.WITHDRAWN: frozenset(),
}


class Decision(StrEnum):
    """What the library decided. Putting a decision off is none: the case stays open."""

    RENEW = "renew"
    RENEW_WITH_CHANGES = "renew_with_changes"
    CANCEL = "cancel"
    LET_LAPSE = "let_lapse"
    REPLACED = "replaced"

    @property
    def goes_on(self) -> bool:
        return self in (Decision.RENEW, Decision.RENEW_WITH_CHANGES)


class FeedKind(StrEnum):
    """Whose renewals a calendar shows."""

    PERSON = "person"
    LIBRARY = "library"


#: Used where a license brings no ladder of its own: calendar days before the act-by date.
DEFAULT_LADDER = (
    *(Step(days=days) for days in (90, 60, 30, 14, 7, 1, 0)),
    *(Step(days=days, role=Role.SECOND) for days in (14, 3, 0)),
)


@dataclass(frozen=True)
class Target:
    """The next stretch about which somebody has to decide.

    `decide_by` is the notice deadline; while none is known (no notice period recorded, invoice not come, explicit
    renewal without a period) it is the last day of the stretch, so that it is not forgotten.
    """

    term_number: int
    ends_term: bool
    first: date
    last: date
    notice_deadline: date | None
    decide_by: date
    act_by: date
    review_opens: date
    quote_due: date


def next_target(
    rule: ContractRule,
    as_of: date,
    calendar: WorkCalendar,
    *,
    settled_through: date | None = None,
    renewals_agreed: int = 0,
    invoices: Mapping[date, date] | None = None,
) -> Target | None:
    """The first stretch that is open on `as_of` or later and ends after what is settled already; None when none is."""
    day = as_of
    while day <= LATEST:
        view = outlook(rule, day, calendar, upcoming=1, renewals_agreed=renewals_agreed, invoices_received=invoices)
        stretch = view.decisive
        if stretch is None or not stretch.commitment.open:
            return None
        if settled_through is None or stretch.last > settled_through:
            return _target(rule, stretch, calendar)
        passed = stretch.notice_deadline if stretch.notice_deadline and stretch.notice_deadline >= day else stretch.last
        day = max(day, passed) + ONE_DAY
    return None


def _target(rule: ContractRule, stretch: TermDates, calendar: WorkCalendar) -> Target:
    decide_by = stretch.notice_deadline or stretch.last
    act_by = stretch.act_by or calendar.roll_back(stretch.last)
    return Target(
        stretch.commitment.term.number,
        stretch.last == stretch.commitment.term.last,
        stretch.first,
        stretch.last,
        stretch.notice_deadline,
        decide_by,
        act_by,
        stretch.review_opens or days_before(act_by, rule.decision_lead_days, calendar),
        stretch.quote_due or days_before(act_by, rule.quote_lead_days, calendar),
    )


@dataclass(frozen=True)
class Fired:
    """A step that was reached; `superseded` when a later one of its role was reached too (no mail of its own)."""

    rung: Rung
    superseded: bool
    silent: bool


def reached(
    steps: Sequence[Step], act_by: date, decide_by: date, sent: Collection[Step], today: date, calendar: WorkCalendar
) -> tuple[Fired, ...]:
    """Every step reached by `today` that was not told yet, oldest first.

    Of each role only the latest is a reminder of its own (research on licenses, section 8, rule 9); one that is older
    than a step told before, because the ladder was changed, is only remembered (`silent`).
    """
    rungs = ladder(act_by, steps, calendar)
    found = due(rungs, today=today, sent=sent, decided=False, act_by=act_by, deadline=decide_by)
    told = {rung.step.role for rung in found.send}
    fired = [Fired(rung, False, False) for rung in found.send]
    fired += [Fired(rung, True, rung.step.role not in told) for rung in found.suppressed]
    return tuple(sorted(fired, key=lambda f: (f.rung.day, -f.rung.step.days, f.rung.step.role is Role.SECOND)))


def step_in_words(step: Step) -> str:
    """The step as people name it: "30 days before the act-by date"."""
    days = "on the act-by date" if step.days == 0 else f"{step.days} day{'s'[: step.days > 1]} before the act-by date"
    return days if step.role is Role.RESPONSIBLE else f"{days}, to the second person"


def next_day(
    rule: ContractRule,
    view: Outlook,
    target: Target | None,
    steps: Sequence[Step],
    calendar: WorkCalendar,
    today: date,
    deferred_until: date | None = None,
    ends_on: date | None = None,
) -> date | None:
    """The next day after `today` on which the clock has something to do; None when nothing lies ahead."""
    days: list[date] = []
    if view.current is not None:
        days.append(view.current.commitment.term.last + ONE_DAY)
        days.append(view.current.last + ONE_DAY)
        if today < rule.plan.start:
            days.append(rule.plan.start)
    if ends_on is not None:
        days.append(ends_on + ONE_DAY)
    if target is not None:
        days += [target.review_opens, target.act_by + ONE_DAY, target.decide_by + ONE_DAY]
        days += [rung.day for rung in ladder(target.act_by, steps, calendar)]
        if deferred_until is not None:
            days.append(deferred_until)
    return min((day for day in days if day > today), default=None)


def may_agree(rule: ContractRule, renewals_agreed: int) -> bool:
    """Whether the contract allows one more explicit renewal."""
    limit = rule.plan.renewal_limit
    return rule.renewal is RenewalType.EXPLICIT and (limit is None or renewals_agreed < limit)

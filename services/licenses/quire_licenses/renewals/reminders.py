"""The reminder ladder: which reminders are due today, given what has been sent.

A missed day loses nothing and a late start sends no storm of mail (research on licenses, section 8, rule 9).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from quire_licenses.renewals.rules import days_before
from quire_licenses.renewals.spans import WorkCalendar


class Role(StrEnum):
    """Who is reminded: the person in charge, or the second person of an escalation."""

    RESPONSIBLE = "responsible"
    SECOND = "second"


class Step(BaseModel):
    """One rung: so many calendar days before the act-by date, to one role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, Field(ge=0, le=1000)]
    role: Role = Role.RESPONSIBLE


@dataclass(frozen=True)
class Rung:
    """A step with its day, rolled back to a working day."""

    step: Step
    day: date


class Escalation(StrEnum):
    """Why a renewal stands on the missed list; it stays there every day until somebody decides."""

    ACT_BY_PASSED = "act_by_passed"
    DEADLINE_MISSED = "deadline_missed"


@dataclass(frozen=True)
class Reminders:
    """What to do today: `send` now (at most one per role), `suppressed` for good, `pending` for later days."""

    send: tuple[Rung, ...]
    suppressed: tuple[Rung, ...]
    pending: tuple[Rung, ...]
    escalation: Escalation | None


def ladder(act_by: date, steps: Sequence[Step], calendar: WorkCalendar) -> tuple[Rung, ...]:
    """The rungs of a ladder in order of their days; the same step twice counts once."""
    rungs = [Rung(step, days_before(act_by, step.days, calendar)) for step in set(steps)]
    return tuple(sorted(rungs, key=lambda rung: (-rung.step.days, rung.step.role.value)))


def due(
    rungs: Sequence[Rung],
    *,
    today: date,
    sent: Collection[Step],
    decided: bool,
    act_by: date,
    deadline: date,
) -> Reminders:
    """Every rung whose day has come and that was not sent is due; per role only the latest of them is sent.

    `sent` holds the steps already sent for this act-by date. A rung older than one already sent is suppressed. A
    decision stops everything. Asking again on the same day with what was sent gives nothing new.
    """
    if decided:
        return Reminders((), (), (), None)
    send: list[Rung] = []
    suppressed: list[Rung] = []
    for role in Role:
        reached = [rung for rung in rungs if rung.step.role is role and rung.day <= today]
        if not reached:
            continue
        latest = min(reached, key=lambda rung: rung.step.days)
        if latest.step not in sent:
            send.append(latest)
        suppressed += [rung for rung in reached if rung is not latest and rung.step not in sent]
    pending = tuple(rung for rung in rungs if rung.day > today and rung.step not in sent)
    return Reminders(tuple(send), tuple(suppressed), pending, _escalation(today, act_by, deadline))


def _escalation(today: date, act_by: date, deadline: date) -> Escalation | None:
    if today > deadline:
        return Escalation.DEADLINE_MISSED
    return Escalation.ACT_BY_PASSED if today > act_by else None

"""Computes a locked license anew: its dates, its running case, the steps that were reached, what is said about it.

Everything that changes a license and everything the clock does ends here, so there is one way in which dates come about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_licenses.agreements import store as agreements
from quire_licenses.agreements.rules import Status
from quire_licenses.agreements.tables import License, StatusChange
from quire_licenses.renewals import cases, store
from quire_licenses.renewals.cases import CaseState, Target
from quire_licenses.renewals.outlook import Outlook, if_nobody_acts, outlook
from quire_licenses.renewals.reminders import Step
from quire_licenses.renewals.rules import ContractRule
from quire_licenses.renewals.spans import WorkCalendar
from quire_licenses.renewals.tables import Reminder, RenewalCase
from quire_licenses.renewals.terms import ONE_DAY
from quire_shared.contracts.licenses import (
    ContractFactsChanged,
    LicenseChanged,
    NoticeDue,
    RenewalDecided,
    RenewalMissed,
)
from quire_shared.database.work import Work
from quire_shared.values.money import Money

NO_RULE = "No renewal rule is recorded, so no deadline is known: record the term and what the license says on renewal."


@dataclass(frozen=True)
class Terms:
    """What a license's dates are computed from."""

    rule: ContractRule
    calendar: WorkCalendar
    steps: tuple[Step, ...]
    invoices: dict[date, date]


async def terms_of(session: AsyncSession, license_: License) -> Terms | None:
    """The rule of a license with its calendar, ladder and invoices; None without a rule."""
    if license_.rule is None:
        return None
    steps = cases.DEFAULT_LADDER
    if license_.steps is not None:
        steps = tuple(Step.model_validate(step) for step in license_.steps)
    return Terms(
        ContractRule.model_validate(license_.rule),
        await agreements.work_calendar(session, license_.calendar_id),
        steps,
        await agreements.invoices_received(session, license_.id),
    )


def view_on(license_: License, terms: Terms, day: date, upcoming: int = 1) -> Outlook:
    """Where the contract stands on a day."""
    return outlook(
        terms.rule,
        day,
        terms.calendar,
        upcoming=upcoming,
        renewals_agreed=license_.renewals_agreed,
        invoices_received=terms.invoices,
    )


def target_on(license_: License, terms: Terms, day: date) -> Target | None:
    """What has to be decided next; nothing once the end is fixed or while the license is not active."""
    if license_.status is not Status.ACTIVE or license_.ends_on is not None:
        return None
    return cases.next_target(
        terms.rule,
        day,
        terms.calendar,
        settled_through=license_.settled_through,
        renewals_agreed=license_.renewals_agreed,
        invoices=terms.invoices,
    )


def sentence(license_: License, terms: Terms, day: date) -> str:
    """What happens if nobody acts, seen on `day`, after what was decided."""
    if license_.ends_on is not None:
        return f"It was decided that the license ends on {license_.ends_on.isoformat()}; nothing renews."
    view = view_on(license_, terms, day)
    if view.decisive is not None and license_.settled_through is not None:
        settled = license_.settled_through
        if view.decisive.last <= settled and view.decisive.commitment.continues and day <= settled:
            after = if_nobody_acts(terms.rule, view_on(license_, terms, settled + ONE_DAY))
            return f"The renewal on {(settled + ONE_DAY).isoformat()} is settled. {after}"
    return if_nobody_acts(terms.rule, view)


async def refresh(work: Work, license_: License, today: date) -> None:
    """Bring a locked license up to `today` and say what has changed.

    In this order: deadlines that passed undecided (each after the steps that lead to it), the next case, its steps, the
    end of the license, the dates. Run twice for the same day it says nothing the second time.
    """
    terms = await terms_of(work.session, license_)
    running = await store.running_case(work.session, license_.id)
    target = None
    if terms is not None:
        running = await _settle_passed(work, license_, terms, running, today)
        target = target_on(license_, terms, today)
    running = await _carry(work, license_, running, target, today)
    if terms is not None and running is not None:
        await _tell(work, license_, terms, running, today)
    _end(work, license_, terms, today)
    _date(license_, terms, target, running, today)
    await _say(work, license_)


async def _settle_passed(
    work: Work, license_: License, terms: Terms, running: RenewalCase | None, today: date
) -> RenewalCase | None:
    """Miss the running case and those after it whose deadline passed while nobody decided."""
    while running is not None and running.decide_by < today:
        target = target_on(license_, terms, min(today, running.decide_by))
        if target is None or target.last != running.stretch_last:
            return running  # the rule was changed: the case is re-dated or withdrawn, not missed
        _redate(running, target)
        if running.decide_by >= today:
            return running
        await _tell(work, license_, terms, running, running.decide_by)
        running.state = CaseState.MISSED
        running.missed_on = running.decide_by + ONE_DAY
        running.if_nothing_is_done = sentence(license_, terms, running.missed_on)
        running.deferred_until = None
        license_.settled_through = running.stretch_last
        await work.session.flush()
        work.emit(
            RenewalMissed(
                license_id=license_.id,
                renewal_id=running.id,
                name=license_.name,
                notice_deadline=running.decide_by,
                if_nothing_is_done=running.if_nothing_is_done,
                unit_id=license_.unit_id,
            ),
            license_.id,
            unit_id=license_.unit_id,
        )
        following = target_on(license_, terms, running.missed_on)
        running = None if following is None else _open(work, license_, following)
        await work.session.flush()
    return running


async def _carry(
    work: Work, license_: License, running: RenewalCase | None, target: Target | None, today: date
) -> RenewalCase | None:
    """Give the license the case of its target: the running one re-dated, a new one, or none."""
    if target is None:
        if running is not None:
            await withdraw(work, license_, running, today)
        return None
    if running is None:
        running = _open(work, license_, target)
        await work.session.flush()
    else:
        _redate(running, target)
    return running


def _open(work: Work, license_: License, target: Target) -> RenewalCase:
    case = RenewalCase(
        license_id=license_.id,
        unit_id=license_.unit_id,
        term_number=target.term_number,
        ends_term=target.ends_term,
        stretch_first=target.first,
        stretch_last=target.last,
        notice_deadline=target.notice_deadline,
        decide_by=target.decide_by,
        act_by=target.act_by,
        review_opens=target.review_opens,
        quote_due=target.quote_due,
    )
    return work.add(case)


def _redate(case: RenewalCase, target: Target) -> None:
    fresh = {
        "term_number": target.term_number,
        "ends_term": target.ends_term,
        "stretch_first": target.first,
        "stretch_last": target.last,
        "notice_deadline": target.notice_deadline,
        "decide_by": target.decide_by,
        "act_by": target.act_by,
        "review_opens": target.review_opens,
        "quote_due": target.quote_due,
    }
    for name, value in fresh.items():
        if getattr(case, name) != value:
            setattr(case, name, value)


async def withdraw(work: Work, license_: License, case: RenewalCase, today: date) -> None:
    """Nothing is left to decide here; whoever was reminded is told so."""
    case.state = CaseState.WITHDRAWN
    case.deferred_until = None
    await work.session.flush()
    if await store.reminded(work.session, case.id):
        work.emit(
            RenewalDecided(
                license_id=license_.id,
                renewal_id=case.id,
                decision=CaseState.WITHDRAWN.value,
                decided_on=today,
                order_line_ids=await agreements.line_ids(work.session, license_.id),
                unit_id=license_.unit_id,
            ),
            license_.id,
            unit_id=license_.unit_id,
        )


async def _tell(work: Work, license_: License, terms: Terms, case: RenewalCase, today: date) -> None:
    """Say each step that was reached and not said for this act-by date; wait while the decision is put off."""
    words = sentence(license_, terms, min(today, case.decide_by))
    if case.if_nothing_is_done != words:
        case.if_nothing_is_done = words
    if case.state is CaseState.SCHEDULED and today >= case.review_opens:
        case.state = CaseState.GATHERING
    if case.deferred_until is not None and today < case.deferred_until:
        return
    await work.session.flush()
    sent = await store.told(work.session, case.id, case.act_by)
    fired = cases.reached(terms.steps, case.act_by, case.decide_by, sent, today, terms.calendar)
    due = NoticeDue(
        license_id=license_.id,
        renewal_id=case.id,
        name=license_.name,
        step="",
        due_on=today,
        notice_deadline=case.decide_by,
        act_by=case.act_by,
        if_nothing_is_done=words,
        unit_id=license_.unit_id,
    )
    if case.deferred_until is not None:
        until = case.deferred_until
        put_off = due.model_copy(update={"step": f"put off until {until.isoformat()}", "due_on": until})
        work.emit(put_off, license_.id, unit_id=license_.unit_id)
        case.deferred_until = None
    for one in fired:
        work.add(
            Reminder(
                case_id=case.id,
                act_by=case.act_by,
                days=one.rung.step.days,
                role=one.rung.step.role,
                due_on=one.rung.day,
                superseded=one.superseded,
                recorded_at=work.now,
            )
        )
        if one.silent:
            continue
        person = license_.responsible_id if one.rung.step.role.value == "responsible" else license_.second_id
        event = due.model_copy(
            update={
                "step": cases.step_in_words(one.rung.step),
                "due_on": one.rung.day,
                "role": one.rung.step.role.value,
                "person_id": person,
                "superseded": one.superseded,
            }
        )
        work.emit(event, license_.id, unit_id=license_.unit_id)
    await work.session.flush()


def _end(work: Work, license_: License, terms: Terms | None, today: date) -> None:
    if license_.status is not Status.ACTIVE:
        return
    last = license_.ends_on
    if last is None and terms is not None:
        last = view_on(license_, terms, today).ended_on
    if last is not None and last < today:
        set_status(work, license_, Status.EXPIRED, last + ONE_DAY, "The last term is over.")


def set_status(work: Work, license_: License, status: Status, on: date, note: str) -> None:
    license_.status = status
    work.session.add(
        StatusChange(
            license_id=license_.id,
            status=status,
            effective_on=on,
            note=note,
            changed_by=work.actor.id,
            recorded_at=work.now,
        )
    )


def _date(
    license_: License, terms: Terms | None, target: Target | None, running: RenewalCase | None, today: date
) -> None:
    values: dict[str, object] = dict.fromkeys(
        ("term_number", "term_start", "term_end", "notice_deadline", "act_by", "review_opens", "committed_until")
    )
    next_check: date | None = None
    words = NO_RULE
    if terms is not None:
        view = view_on(license_, terms, today)
        words = sentence(license_, terms, today)
        if view.current is not None:
            term = view.current.commitment.term
            values.update(term_number=term.number, term_start=term.first, term_end=term.last)
        values["committed_until"] = license_.ends_on or (target.last if target else view.committed_until)
        if target is not None:
            values.update(
                notice_deadline=target.notice_deadline, act_by=target.act_by, review_opens=target.review_opens
            )
        if license_.status is Status.ACTIVE:
            deferred = running.deferred_until if running else None
            next_check = cases.next_day(
                terms.rule, view, target, terms.steps, terms.calendar, today, deferred, license_.ends_on
            )
    values.update(if_nothing_is_done=words, next_check=next_check)
    for name, value in values.items():
        if getattr(license_, name) != value:
            setattr(license_, name, value)


async def _say(work: Work, license_: License) -> None:
    """Emit the license and its contract facts when they differ from what was said last."""
    lines = await agreements.line_ids(work.session, license_.id)
    changed = LicenseChanged(
        license_id=license_.id,
        name=license_.name,
        status=license_.status.value,
        vendor_id=license_.vendor_id,
        term_start=license_.term_start,
        term_end=license_.term_end,
        notice_deadline=license_.notice_deadline,
        act_by=license_.act_by,
        if_nothing_is_done=license_.if_nothing_is_done,
        unit_id=license_.unit_id,
    )
    cap = license_.rule.get("price_cap") if license_.rule else None
    fee = None
    if license_.fee_amount is not None and license_.fee_currency is not None:
        fee = Money(license_.fee_amount, license_.fee_currency)
    facts = ContractFactsChanged(
        license_id=license_.id,
        order_line_ids=lines,
        term_start=license_.term_start,
        term_end=license_.term_end,
        price_cap_percent=cap,
        agreed_fee=fee,
    )
    said = license_.said or {}
    now = {"license": changed.model_dump(mode="json"), "facts": facts.model_dump(mode="json")}
    if now == said:
        return
    license_.said = now
    await work.session.flush()
    for name, event in (("license", changed), ("facts", facts)):
        if now[name] != said.get(name):
            work.emit(event, license_.id, unit_id=license_.unit_id, aggregate_version=license_.version)

"""Commands on renewals: one function, one transaction."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import Any
from uuid import UUID

from quire_licenses.agreements import store as agreements
from quire_licenses.agreements.outputs import money
from quire_licenses.agreements.rules import Status
from quire_licenses.agreements.tables import License
from quire_licenses.renewals import schemas, store
from quire_licenses.renewals.cases import BY_HAND, RUNNING, CaseState, may_agree
from quire_licenses.renewals.outputs import case_out, feed_out
from quire_licenses.renewals.refresh import refresh, set_status, withdraw
from quire_licenses.renewals.rules import ContractRule, RenewalType, price_rise
from quire_licenses.renewals.tables import CalendarFeed, RenewalCase
from quire_shared.api.problems import Conflict, Fault, Invalid, NotFound
from quire_shared.contracts.licenses import RenewalDecided
from quire_shared.database.work import Work
from quire_shared.values.money import CurrencyMismatch


async def _locked(work: Work, case_id: UUID) -> tuple[License, RenewalCase]:
    """License, then case, locked; the license first, as the clock does."""
    found = await store.get_case(work.session, case_id, work.actor)
    if found is None:
        raise NotFound(f"There is no renewal with the id {case_id}.")
    license_ = await work.lock(License, found[1].id, "license")
    case = await work.lock(RenewalCase, case_id, "renewal")
    work.match(case, await _answer(work, license_, case))
    return license_, case


async def _answer(work: Work, license_: License, case: RenewalCase) -> schemas.CaseOut:
    await work.session.flush()
    return case_out(case, license_, await store.reminders_of(work.session, case.id))


async def move_case(work: Work, case_id: UUID, body: schemas.StateIn) -> schemas.CaseOut:
    """Move a renewal on by hand. Needs If-Match."""
    license_, case = await _locked(work, case_id)
    allowed = BY_HAND[case.state]
    if body.state not in allowed:
        onward = ", ".join(sorted(state.value for state in allowed)) or "nothing by hand"
        raise Conflict(f"This renewal is {case.state.value}; it can become {onward}. Use a decision to decide it.")
    case.state = body.state
    work.audit("renewals.move_case", case_id, state=body.state.value)
    return await _answer(work, license_, case)


async def defer_case(work: Work, case_id: UUID, body: schemas.DeferIn, today: date) -> schemas.CaseOut:
    """Put a decision off: no reminder until that day, then again. Needs If-Match."""
    license_, case = await _locked(work, case_id)
    if case.state not in RUNNING:
        raise Conflict(f"This renewal is {case.state.value}; there is nothing to put off.")
    if not today < body.until <= case.act_by:
        raise Invalid(
            "The decision was not put off.",
            [
                Fault(
                    pointer="/until",
                    code="not_in_time",
                    detail=f"The decision can be put off to a day after today and not after {case.act_by.isoformat()},"
                    " the last day to act.",
                    fix="Choose a day between these, or decide now.",
                )
            ],
        )
    case.deferred_until = body.until
    case.decision_note = body.note
    await work.session.flush()
    _decided(work, license_, case, "deferred", today, await agreements.line_ids(work.session, license_.id))
    await refresh(work, license_, today)
    work.audit("renewals.defer_case", case_id, until=body.until.isoformat())
    return await _answer(work, license_, case)


async def decide_case(work: Work, case_id: UUID, body: schemas.DecisionIn, today: date) -> schemas.CaseOut:
    """Decide a renewal: reminders stop, the next term or the end follows. A missed one can still be decided.

    Needs If-Match.
    """
    license_, case = await _locked(work, case_id)
    if case.state not in (*RUNNING, CaseState.MISSED):
        raise Conflict(f"This renewal is {case.state.value} already.")
    if license_.rule is None:
        raise Conflict("The license has no renewal rule any more. Record it first.")
    rule = ContractRule.model_validate(license_.rule)
    lines = await agreements.line_ids(work.session, license_.id)
    case.facts = await _facts(work, license_, case, rule, body, lines)
    case.decision, case.decided_on, case.decided_by = body.decision, today, work.actor.id
    case.decision_note = body.note
    case.price_amount = body.price.amount if body.price else None
    case.price_currency = body.price.currency if body.price else None
    case.deferred_until = None
    late = case.state is CaseState.MISSED
    case.state = CaseState.DECIDED
    await work.session.flush()
    if body.decision.goes_on:
        await _go_on(license_, case, rule)
    else:
        await _leave(work, license_, case, today)
    license_.settled_through = max(filter(None, (license_.settled_through, case.stretch_last)))
    if body.decision.goes_on and license_.status is Status.EXPIRED:
        set_status(work, license_, Status.ACTIVE, today, "Renewed after the term was over.")
    await work.session.flush()
    _decided(work, license_, case, body.decision.value, today, lines)
    await refresh(work, license_, today)
    work.audit("renewals.decide_case", case_id, decision=body.decision.value, late=late)
    return await _answer(work, license_, case)


async def _go_on(license_: License, case: RenewalCase, rule: ContractRule) -> None:
    if rule.renewal is RenewalType.EXPLICIT and case.ends_term and case.term_number >= license_.renewals_agreed:
        if not may_agree(rule, license_.renewals_agreed):
            raise Conflict(
                f"The contract allows {rule.plan.renewal_limit} renewals, and so many have been agreed."
                " Record the new agreement as a license of its own."
            )
        license_.renewals_agreed += 1


async def _leave(work: Work, license_: License, case: RenewalCase, today: date) -> None:
    license_.ends_on = case.stretch_last
    following = await store.running_case(work.session, license_.id)
    if following is not None and following.id != case.id:
        await withdraw(work, license_, following, today)


def _decided(work: Work, license_: License, case: RenewalCase, decision: str, on: date, lines: list[UUID]) -> None:
    work.emit(
        RenewalDecided(
            license_id=license_.id,
            renewal_id=case.id,
            decision=decision,
            decided_on=on,
            order_line_ids=lines,
            unit_id=license_.unit_id,
            ends_on=license_.ends_on,
            price=money(case.price_amount, case.price_currency),
        ),
        license_.id,
        unit_id=license_.unit_id,
        aggregate_version=license_.version,
    )


async def _facts(
    work: Work,
    license_: License,
    case: RenewalCase,
    rule: ContractRule,
    body: schemas.DecisionIn,
    lines: list[UUID],
) -> dict[str, Any]:
    """What was known at the decision; never changed afterwards."""
    parts = await agreements.parts(work.session, license_.id, work.actor)
    facts: dict[str, Any] = {
        "notice_deadline": case.notice_deadline.isoformat() if case.notice_deadline else None,
        "act_by": case.act_by.isoformat(),
        "if_nothing_is_done": case.if_nothing_is_done,
        "rule": license_.rule,
        "order_lines": [
            {
                "line_id": str(line.line_id),
                "number": line.number,
                "price": None if line.price is None else str(line.price),
                "currency": line.currency,
            }
            for line in parts.lines
            if work.actor.sees(line.unit_id)
        ],
    }
    if body.price is not None and body.previous_price is not None:
        try:
            rise = price_rise(body.previous_price, body.price, rule.price_cap)
        except CurrencyMismatch as mismatch:
            fault = Fault(
                pointer="/previous_price",
                code="two_currencies",
                detail=str(mismatch),
                fix="Give both prices in one currency, or leave the earlier one out.",
            )
            raise Invalid("The decision was not recorded.", [fault]) from mismatch
        facts["price_rise"] = {
            "previous": body.previous_price.amount.to_eng_string(),
            "offered": body.price.amount.to_eng_string(),
            "currency": body.price.currency,
            "percent": None if rise.percent is None else str(rise.percent),
            "cap_percent": None if rule.price_cap is None else str(rule.price_cap),
            "over_cap": None if rise.over_cap is None else str(rise.over_cap.amount),
        }
    return facts


async def bring_up_to_date(work: Work, license_id: UUID, today: date) -> bool:
    """The clock's part for one license. Asks again under the lock, so that two clocks do it once."""
    license_ = await work.lock(License, license_id, "license")
    if license_.next_check is None or license_.next_check > today:
        return False
    await refresh(work, license_, today)
    return True


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def create_feed(work: Work, body: schemas.FeedIn) -> schemas.NewFeedOut:
    """Make a calendar feed; its token (256 bits) is in this answer only."""
    token = secrets.token_urlsafe(32)
    units = None if work.actor.units is None else sorted(str(unit) for unit in work.actor.units)
    feed = CalendarFeed(
        kind=body.kind,
        name=body.name,
        person_id=work.actor.id,
        unit_ids=units,
        token_hash=token_hash(token),
        created_at=work.now,
    )
    work.add(feed)
    work.one_time = True
    work.audit("renewals.create_feed", feed.id, kind=body.kind.value)
    return schemas.NewFeedOut(**feed_out(feed).model_dump(), token=token, path=f"/calendar/{token}.ics")


async def revoke_feed(work: Work, feed_id: UUID) -> None:
    """Make a feed's address invalid for good."""
    feed = await work.lock(CalendarFeed, feed_id, "calendar feed")
    if feed.person_id != work.actor.id or feed.revoked_at is not None:
        raise NotFound(f"There is no calendar feed of yours with the id {feed_id}.")
    feed.revoked_at = work.now
    work.audit("renewals.revoke_feed", feed_id)

"""All SQL of renewals."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_licenses.agreements.tables import License, PersonCopy
from quire_licenses.renewals.cases import RUNNING, CaseState, FeedKind
from quire_licenses.renewals.reminders import Step
from quire_licenses.renewals.tables import CalendarFeed, Reminder, RenewalCase
from quire_shared.access.principal import Principal

FEED_ENTRIES = 2000


async def running_case(session: AsyncSession, license_id: UUID) -> RenewalCase | None:
    """The case that is still to be decided in time; its license is locked, so it is too."""
    rows = await session.exec(
        select(RenewalCase)
        .where(RenewalCase.license_id == license_id, col(RenewalCase.state).in_(RUNNING))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.one_or_none()


async def told(session: AsyncSession, case_id: UUID, act_by: date) -> set[Step]:
    """The steps that were settled for this act-by date."""
    rows = await session.exec(
        select(Reminder.days, Reminder.role).where(Reminder.case_id == case_id, Reminder.act_by == act_by)
    )
    return {Step(days=days, role=role) for days, role in rows}


async def reminded(session: AsyncSession, case_id: UUID) -> bool:
    found = await session.exec(select(Reminder.id).where(Reminder.case_id == case_id).limit(1))
    return found.first() is not None


async def reminders_of(session: AsyncSession, case_id: UUID) -> list[Reminder]:
    rows = await session.exec(
        select(Reminder).where(Reminder.case_id == case_id).order_by(col(Reminder.due_on), col(Reminder.id))
    )
    return list(rows)


async def due_licenses(session: AsyncSession, as_of: date, who: Principal) -> list[UUID]:
    """Licenses for which the clock has something to do on or before ``as_of``."""
    where: list[ColumnElement[bool]] = [col(License.next_check) <= as_of]
    if who.units is not None:
        where.append(or_(col(License.unit_id).is_(None), col(License.unit_id).in_(sorted(who.units))))
    rows = await session.exec(select(License.id).where(*where).order_by(col(License.next_check), col(License.id)))
    return list(rows)


def _seen(who: Principal) -> list[ColumnElement[bool]]:
    if who.units is None:
        return []
    return [or_(col(License.unit_id).is_(None), col(License.unit_id).in_(sorted(who.units)))]


async def get_case(session: AsyncSession, case_id: UUID, who: Principal) -> tuple[RenewalCase, License] | None:
    rows = await session.exec(
        select(RenewalCase, License)
        .join(License, col(License.id) == col(RenewalCase.license_id))
        .where(RenewalCase.id == case_id, *_seen(who))
    )
    return rows.one_or_none()


async def cases_page(
    session: AsyncSession,
    who: Principal,
    *,
    state: CaseState | None,
    license_id: UUID | None,
    person_id: str | None,
    act_by_from: date | None,
    act_by_until: date | None,
    offset: int,
    limit: int,
) -> tuple[list[tuple[RenewalCase, License]], int]:
    where = _seen(who)
    if state:
        where.append(col(RenewalCase.state) == state)
    if license_id:
        where.append(col(RenewalCase.license_id) == license_id)
    if person_id:
        where.append(or_(col(License.responsible_id) == person_id, col(License.second_id) == person_id))
    if act_by_from:
        where.append(col(RenewalCase.act_by) >= act_by_from)
    if act_by_until:
        where.append(col(RenewalCase.act_by) <= act_by_until)
    base = select(RenewalCase, License).join(License, col(License.id) == col(RenewalCase.license_id)).where(*where)
    total = (await session.exec(select(func.count()).select_from(base.subquery()))).one()
    rows = await session.exec(base.order_by(col(RenewalCase.act_by), col(RenewalCase.id)).offset(offset).limit(limit))
    return list(rows), total


async def feed_of_token(session: AsyncSession, token_hash: bytes) -> CalendarFeed | None:
    rows = await session.exec(
        select(CalendarFeed).where(CalendarFeed.token_hash == token_hash, col(CalendarFeed.revoked_at).is_(None))
    )
    return rows.one_or_none()


async def feeds_of(session: AsyncSession, person_id: str) -> list[CalendarFeed]:
    rows = await session.exec(
        select(CalendarFeed)
        .where(CalendarFeed.person_id == person_id, col(CalendarFeed.revoked_at).is_(None))
        .order_by(col(CalendarFeed.created_at), col(CalendarFeed.id))
    )
    return list(rows)


async def person(session: AsyncSession, person_id: str) -> PersonCopy | None:
    return await session.get(PersonCopy, person_id)


async def feed_cases(
    session: AsyncSession, feed: CalendarFeed, units: frozenset[UUID] | None, since: date
) -> list[tuple[RenewalCase, License]]:
    """What a feed shows: every case whose deadline is not older than ``since``, decided ones too (as canceled)."""
    where = _seen(Principal(feed.person_id, frozenset(), units))
    if feed.kind is FeedKind.PERSON:
        where.append(or_(col(License.responsible_id) == feed.person_id, col(License.second_id) == feed.person_id))
    rows = await session.exec(
        select(RenewalCase, License)
        .join(License, col(License.id) == col(RenewalCase.license_id))
        .where(*where, col(RenewalCase.decide_by) >= since)
        .order_by(col(RenewalCase.decide_by), col(RenewalCase.id))
        .limit(FEED_ENTRIES)
    )
    return list(rows)

"""Licenses as the API gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_licenses.agreements import schemas, store
from quire_licenses.agreements.tables import HolidayCalendar, License, LineCopy
from quire_licenses.renewals import refresh
from quire_licenses.renewals.outlook import Outlook, TermDates
from quire_licenses.renewals.reminders import Step
from quire_licenses.renewals.rules import ContractRule
from quire_shared.access.principal import Principal
from quire_shared.values.money import Money

_ROW = tuple(schemas.LicenseRow.model_fields)


def row_out(license_: License) -> schemas.LicenseRow:
    return schemas.LicenseRow.model_validate({name: getattr(license_, name) for name in _ROW})


def term_out(term: TermDates) -> schemas.TermOut:
    return schemas.TermOut(
        first=term.first,
        last=term.last,
        notice_deadline=term.notice_deadline,
        act_by=term.act_by,
        review_opens=term.review_opens,
        quote_due=term.quote_due,
        committed_if_silent=term.committed_if_silent,
    )


def flags(view: Outlook) -> list[str]:
    return sorted(flag.value for flag in view.flags)


async def license_out(
    session: AsyncSession, license_: License, today: date, who: Principal, upcoming: int = 5
) -> schemas.LicenseOut:
    """The license with its dates as of ``today``, computed now."""
    parts = await store.parts(session, license_.id, who)
    seen_lines = [line for line in parts.lines if who.sees(line.unit_id)]
    return schemas.LicenseOut(
        id=license_.id,
        version=license_.version,
        name=license_.name,
        alternate_names=license_.alternate_names,
        kind=license_.kind,
        status=license_.status,
        unit_id=license_.unit_id,
        vendor_id=license_.vendor_id,
        responsible_id=license_.responsible_id,
        second_id=license_.second_id,
        rule=ContractRule.model_validate(license_.rule) if license_.rule else None,
        steps=None if license_.steps is None else [Step.model_validate(step) for step in license_.steps],
        calendar_id=license_.calendar_id,
        agreed_fee=money(license_.fee_amount, license_.fee_currency),
        note=license_.note,
        parties=[
            schemas.PartyOut(
                role=party.role,
                vendor_id=party.vendor_id,
                name=party.name or (parts.vendors[party.vendor_id].name if party.vendor_id in parts.vendors else ""),
                primary=party.is_primary,
            )
            for party in parts.parties
        ],
        order_line_ids=[line.line_id for line in seen_lines],
        order_lines=[line_out(line) for line in seen_lines],
        documents=[
            schemas.DocumentOut(title=d.title, url=d.url, note=d.note, confidentiality=d.confidentiality)
            for d in parts.documents
        ],
        relations=[schemas.RelationOut(license_id=r.other_id, kind=r.kind, name=name) for r, name in parts.relations],
        status_history=[
            schemas.StatusChangeOut.model_validate(change, from_attributes=True) for change in parts.history
        ],
        renewals_agreed=license_.renewals_agreed,
        invoices_received=parts.invoices,
        dates=await dates_out(session, license_, parts.invoices, today, upcoming),
        created_at=license_.created_at,
        updated_at=license_.updated_at,
    )


async def dates_out(
    session: AsyncSession, license_: License, invoices: Mapping[date, date], today: date, upcoming: int
) -> schemas.Dates:
    if license_.rule is None:
        return schemas.Dates(
            as_of=today,
            term_number=None,
            term_start=None,
            term_end=None,
            notice_deadline=None,
            act_by=None,
            review_opens=None,
            committed_until=None,
            ends_on=license_.ends_on,
            if_nothing_is_done=refresh.NO_RULE,
            flags=[],
            upcoming=[],
        )
    terms = await refresh.terms_of(session, license_)
    assert terms is not None
    view = refresh.view_on(license_, terms, today, upcoming)
    target = refresh.target_on(license_, terms, today)
    term = view.current.commitment.term if view.current else None
    return schemas.Dates(
        as_of=today,
        term_number=term.number if term else None,
        term_start=term.first if term else None,
        term_end=term.last if term else None,
        notice_deadline=target.notice_deadline if target else None,
        act_by=target.act_by if target else None,
        review_opens=target.review_opens if target else None,
        committed_until=license_.ends_on or (target.last if target else view.committed_until),
        ends_on=license_.ends_on,
        if_nothing_is_done=refresh.sentence(license_, terms, today),
        flags=flags(view),
        upcoming=[term_out(one) for one in view.upcoming if license_.ends_on is None or one.first <= license_.ends_on],
    )


def line_out(line: LineCopy) -> schemas.LineOut:
    return schemas.LineOut(
        line_id=line.line_id,
        order_id=line.order_id,
        number=line.number,
        title=line.title,
        state=line.state,
        price=money(line.price, line.currency),
    )


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money.of(amount, currency)


def calendar_out(row: HolidayCalendar) -> schemas.HolidayCalendarOut:
    return schemas.HolidayCalendarOut(
        id=row.id,
        version=row.version,
        name=row.name,
        weekend=row.weekend,
        holidays=[date.fromisoformat(day) for day in row.holidays],
    )

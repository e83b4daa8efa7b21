"""Commands on licenses: one function, one transaction."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from quire_licenses.agreements import schemas, store
from quire_licenses.agreements.outputs import calendar_out, license_out
from quire_licenses.agreements.rules import PartyRole, Status, may_become, onward
from quire_licenses.agreements.tables import (
    HolidayCalendar,
    InvoiceReceipt,
    License,
    LicenseDocument,
    LicenseLine,
    LicenseParty,
    LicenseRelation,
)
from quire_licenses.renewals.refresh import refresh, set_status
from quire_shared.api.problems import Conflict, Fault, Forbidden, Invalid
from quire_shared.database.work import Work
from quire_shared.values.text import sort_key


async def create_license(work: Work, body: schemas.NewLicense, today: date) -> schemas.LicenseOut:
    """Make a license; an active one is watched from the same moment."""
    await _check(work, body, None)
    license_ = License(
        name=body.name, sort_name=sort_key(body.name), status=body.status, unit_id=_unit(work, body.unit_id)
    )
    _fill(license_, body)
    work.add(license_)
    await work.session.flush()
    set_status(work, license_, body.status, today, "")
    await _write_parts(work, license_.id, body)
    await refresh(work, license_, today)
    work.audit("agreements.create_license", license_.id)
    return await _answer(work, license_, today)


async def replace_license(work: Work, license_id: UUID, body: schemas.LicenseIn, today: date) -> schemas.LicenseOut:
    """Replace what a license says; its dates follow at once. Needs If-Match."""
    license_ = await work.lock(License, license_id, "license")
    work.match(license_, await license_out(work.session, license_, today, work.actor), body)
    await _check(work, body, license_)
    hidden = await store.foreign_lines(work.session, await store.line_ids(work.session, license_id), work.actor)
    license_.name, license_.sort_name = body.name, sort_key(body.name)
    license_.unit_id = _unit(work, body.unit_id)
    license_.updated_at = work.now
    _fill(license_, body)
    await store.delete_parts(work.session, license_id)
    await _write_parts(work, license_id, body, keep_lines=hidden)
    await refresh(work, license_, today)
    work.audit("agreements.replace_license", license_id)
    return await _answer(work, license_, today)


async def change_status(work: Work, license_id: UUID, body: schemas.StatusIn, today: date) -> schemas.LicenseOut:
    """Move a license to another status. Needs If-Match."""
    license_ = await work.lock(License, license_id, "license")
    work.match(license_, await license_out(work.session, license_, today, work.actor))
    if not may_become(license_.status, body.status):
        raise Conflict(
            f"A license that is {_words(license_.status)} cannot become {_words(body.status)};"
            f" it can become {onward(license_.status)}."
        )
    set_status(work, license_, body.status, body.effective_on or today, body.note)
    if body.status is Status.ACTIVE:
        license_.ends_on = None
    await refresh(work, license_, today)
    work.audit("agreements.change_status", license_id, status=body.status.value)
    return await _answer(work, license_, today)


async def record_invoice(work: Work, license_id: UUID, body: schemas.InvoiceIn, today: date) -> schemas.LicenseOut:
    """Record when a renewal invoice came; the notice deadline follows from it. Needs If-Match."""
    license_ = await work.lock(License, license_id, "license")
    work.match(license_, await license_out(work.session, license_, today, work.actor))
    if license_.rule is None or (license_.rule.get("notice") or {}).get("kind") != "after_invoice":
        raise Conflict("The notice of this license does not count from an invoice, so nothing would follow from it.")
    row = await work.session.get(InvoiceReceipt, (license_id, body.renewal_date))
    if row is None:
        work.session.add(InvoiceReceipt(license_id=license_id, **body.model_dump()))
    else:
        row.received_on = body.received_on
    license_.updated_at = work.now
    await work.session.flush()
    await refresh(work, license_, today)
    work.audit("agreements.record_invoice", license_id, renewal_date=body.renewal_date.isoformat())
    return await _answer(work, license_, today)


async def create_calendar(work: Work, body: schemas.HolidayCalendarIn) -> schemas.HolidayCalendarOut:
    """Make a holiday calendar."""
    await _name_is_free(work, body.name, None)
    row = HolidayCalendar.model_validate(_calendar(body))
    work.add(row)
    await work.session.flush()
    work.audit("agreements.create_calendar", row.id)
    return calendar_out(row)


async def replace_calendar(
    work: Work, calendar_id: UUID, body: schemas.HolidayCalendarIn, today: date
) -> schemas.HolidayCalendarOut:
    """Replace a holiday calendar; the clock computes its licenses anew. Needs If-Match."""
    row = await work.lock(HolidayCalendar, calendar_id, "holiday calendar")
    work.match(row, calendar_out(row), body)
    await _name_is_free(work, body.name, calendar_id)
    for name, value in _calendar(body).items():
        setattr(row, name, value)
    await work.session.flush()
    await store.check_again(work.session, calendar_id, today)
    work.audit("agreements.replace_calendar", calendar_id)
    return calendar_out(row)


def _calendar(body: schemas.HolidayCalendarIn) -> dict[str, object]:
    return {
        "name": body.name,
        "weekend": sorted(set(body.weekend)),
        "holidays": sorted({day.isoformat() for day in body.holidays}),
    }


async def _name_is_free(work: Work, name: str, own: UUID | None) -> None:
    other = await store.calendar_named(work.session, name)
    if other is not None and other.id != own:
        raise Conflict(f"There is a holiday calendar “{name}” already. Change that one, or give another name.")


def _unit(work: Work, unit_id: UUID | None) -> UUID | None:
    if work.actor.units is not None and (unit_id is None or not work.actor.sees(unit_id)):
        raise Forbidden("Your role is limited to units: give one of yours as unit_id.")
    return unit_id


def _fill(license_: License, body: schemas.LicenseIn) -> None:
    license_.alternate_names = body.alternate_names
    license_.kind = body.kind
    license_.responsible_id, license_.second_id = body.responsible_id, body.second_id
    license_.rule = body.rule.model_dump(mode="json") if body.rule else None
    license_.steps = None if body.steps is None else [step.model_dump(mode="json") for step in body.steps]
    license_.calendar_id = body.calendar_id
    license_.fee_amount = body.agreed_fee.amount if body.agreed_fee else None
    license_.fee_currency = body.agreed_fee.currency if body.agreed_fee else None
    license_.note = body.note
    license_.vendor_id = next((p.vendor_id for p in body.parties if p.primary), None)


async def _check(work: Work, body: schemas.LicenseIn, license_: License | None) -> None:
    """Every fault of a license at once."""
    faults: list[Fault] = []
    primary = [n for n, party in enumerate(body.parties) if party.primary]
    for n in primary[1:]:
        faults.append(
            _fault(
                f"/parties/{n}/primary", "second_primary", "Only one licensor can be the primary one.", "Untick one."
            )
        )
    for n, party in enumerate(body.parties):
        if party.vendor_id is None and not party.name:
            faults.append(
                _fault(f"/parties/{n}", "nobody", "This party has neither a vendor nor a name.", "Choose a vendor.")
            )
        if party.primary and party.role is not PartyRole.LICENSOR:
            faults.append(
                _fault(
                    f"/parties/{n}/role", "not_licensor", "The primary party is a licensor.", "Set the role licensor."
                )
            )
    others = [relation.license_id for relation in body.relations]
    visible = await store.visible_licenses(work.session, others, work.actor)
    for n, other in enumerate(others):
        if other not in visible:
            faults.append(
                _fault(
                    f"/relations/{n}/license_id",
                    "unknown_license",
                    f"There is no license {other}.",
                    "Choose one again.",
                )
            )
        elif license_ is not None and other == license_.id:
            faults.append(
                _fault(f"/relations/{n}/license_id", "itself", "A license cannot relate to itself.", "Remove it.")
            )
        elif other in others[:n]:
            faults.append(_fault(f"/relations/{n}/license_id", "twice", "This license is named twice.", "Remove one."))
    foreign = await store.foreign_lines(work.session, body.order_line_ids, work.actor)
    for n, line in enumerate(body.order_line_ids):
        if line in foreign:
            faults.append(
                _fault(f"/order_line_ids/{n}", "unknown_line", f"There is no order line {line}.", "Remove it.")
            )
    if body.calendar_id is not None and await work.session.get(HolidayCalendar, body.calendar_id) is None:
        faults.append(
            _fault(
                "/calendar_id", "unknown_calendar", f"There is no holiday calendar {body.calendar_id}.", "Choose one."
            )
        )
    limit = body.rule.plan.renewal_limit if body.rule else None
    if license_ and limit is not None and license_.renewals_agreed > limit:
        faults.append(
            _fault(
                "/rule/plan/renewal_limit",
                "fewer_than_agreed",
                f"{license_.renewals_agreed} renewals have been agreed already.",
                f"Enter at least {license_.renewals_agreed}.",
            )
        )
    if faults:
        raise Invalid("The license was not saved; what has to be mended is listed.", faults)


def _fault(pointer: str, code: str, detail: str, fix: str) -> Fault:
    return Fault(pointer=pointer, code=code, detail=detail, fix=fix)


async def _write_parts(
    work: Work, license_id: UUID, body: schemas.LicenseIn, keep_lines: set[UUID] | None = None
) -> None:
    lines = sorted(set(body.order_line_ids) | (keep_lines or set()))
    await store.stub_lines(work.session, lines)
    await store.stub_vendors(work.session, sorted({p.vendor_id for p in body.parties if p.vendor_id}))
    work.session.add_all(
        [
            *(
                LicenseParty(
                    license_id=license_id,
                    position=n,
                    role=party.role,
                    vendor_id=party.vendor_id,
                    name=party.name,
                    is_primary=party.primary,
                )
                for n, party in enumerate(body.parties)
            ),
            *(LicenseLine(license_id=license_id, line_id=line) for line in lines),
            *(
                LicenseDocument(
                    license_id=license_id,
                    position=n,
                    title=document.title,
                    url=str(document.url),
                    note=document.note,
                    confidentiality=document.confidentiality,
                )
                for n, document in enumerate(body.documents)
            ),
            *(
                LicenseRelation(license_id=license_id, other_id=relation.license_id, kind=relation.kind)
                for relation in body.relations
            ),
        ]
    )
    await work.session.flush()


async def _answer(work: Work, license_: License, today: date) -> schemas.LicenseOut:
    await work.session.flush()
    return await license_out(work.session, license_, today, work.actor)


def _words(status: Status) -> str:
    return status.value.replace("_", " ")

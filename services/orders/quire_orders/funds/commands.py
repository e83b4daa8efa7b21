"""Changes of the structure: each function is one transaction. Nothing is deleted; records become inactive."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from quire_orders.funds import schemas, store
from quire_orders.funds.rules import YearState
from quire_orders.funds.tables import (
    ExpenseClass,
    FiscalCalendar,
    FiscalYear,
    Fund,
    FundGroup,
    FundGroupMember,
    FundingCredit,
    FundingSource,
    FundType,
    Ledger,
    TransferPartner,
)
from quire_shared.api.problems import Fault, Forbidden, Invalid
from quire_shared.contracts.orders import FundChanged
from quire_shared.database.work import Work
from quire_shared.observe.faults import sqlstate
from quire_shared.values.ids import uuid7

Row = TypeVar("Row", bound=SQLModel)
Answer = TypeVar("Answer", bound=BaseModel)

_UNIQUE_VIOLATION = "23505"


async def save(work: Work, pointer: str, code: str) -> None:
    """Writes what was changed; a code that is taken is answered in words."""
    try:
        await work.session.flush()
    except IntegrityError as error:
        if sqlstate(error) != _UNIQUE_VIOLATION:
            raise
        fault = Fault(
            pointer=pointer,
            code="taken",
            detail=f"“{code}” is there already.",
            fix="Choose another code, or use that record.",
        )
        raise Invalid("Another record has this code.", [fault]) from None


async def _create(work: Work, row: Row, out: type[Answer]) -> Answer:
    work.add(row)
    await save(work, "/code", getattr(row, "code", ""))
    work.audit(f"funds.{row.__tablename__}_created", getattr(row, "id", None))
    return out.model_validate(row)


async def _change(
    work: Work, model: type[Row], row_id: UUID, body: BaseModel, out: type[Answer], what: str
) -> tuple[Row, dict[str, Any]]:
    """Locks a record, checks If-Match and sets the fields that were given; answers the row and what it was before."""
    row = await work.lock(model, row_id, what)
    work.match(row, out.model_validate(row), body)
    given = body.model_dump(exclude_unset=True)
    before = {name: getattr(row, name) for name in given if hasattr(row, name)}
    for name, value in given.items():
        if value is None and not _may_be_empty(model, name):
            fault = Fault(
                pointer=f"/{name}", code="missing", detail="This can't be empty.", fix="Leave it out to keep it."
            )
            raise Invalid("A field can't be emptied.", [fault])
        if name in before:
            setattr(row, name, value)
    return row, before


def _may_be_empty(model: type[SQLModel], name: str) -> bool:
    column = model.__table__.columns.get(name)  # type: ignore[attr-defined]
    return column is not None and bool(column.nullable)


async def _finish_change(work: Work, row: Any, before: dict[str, Any], out: type[Answer]) -> Answer:
    await save(work, "/code", getattr(row, "code", ""))
    after = {name: getattr(row, name) for name in before}
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    work.audit(f"funds.{row.__tablename__}_changed", row.id, **changed)
    return out.model_validate(row)


async def create_calendar(work: Work, body: schemas.CalendarIn) -> schemas.CalendarOut:
    return await _create(work, FiscalCalendar.model_validate(body.model_dump()), schemas.CalendarOut)


async def change_calendar(work: Work, row_id: UUID, body: schemas.CalendarChange) -> schemas.CalendarOut:
    row, before = await _change(work, FiscalCalendar, row_id, body, schemas.CalendarOut, "fiscal calendar")
    return await _finish_change(work, row, before, schemas.CalendarOut)


async def create_year(work: Work, body: schemas.YearIn) -> schemas.YearOut:
    """Makes a fiscal year. Raises Invalid when it shares a day with another year of its calendar."""
    await work.lock(FiscalCalendar, body.calendar_id, "fiscal calendar")
    other = await store.overlapping_year(work.session, body.calendar_id, body.starts_on, body.ends_on)
    if other is not None:
        fault = Fault(
            pointer="/starts_on",
            code="overlap",
            detail=f"The fiscal year {other} of this calendar has days in common.",
            fix="Change the days, or use another calendar.",
        )
        raise Invalid("Two fiscal years of a calendar can't share a day.", [fault])
    return await _create(work, FiscalYear.model_validate(body.model_dump()), schemas.YearOut)


async def change_year(work: Work, row_id: UUID, body: schemas.YearChange) -> schemas.YearOut:
    """Changes a year; its state needs the scope for closing. Waits until nobody posts in the year any more."""
    if body.state is not None and not work.actor.may("fiscal_years:close"):
        raise Forbidden("Opening and closing a fiscal year needs the right “fiscal_years:close”.")
    row, before = await _change(work, FiscalYear, row_id, body, schemas.YearOut, "fiscal year")
    if before.get("state") is YearState.CLOSED and row.state is YearState.OPEN:
        fault = Fault(
            pointer="/state",
            code="closed_year",
            detail="A closed year is reopened for corrections only.",
            fix="Set it to closing.",
        )
        raise Invalid("A closed year can't simply be open again.", [fault])
    return await _finish_change(work, row, before, schemas.YearOut)


async def create_ledger(work: Work, body: schemas.LedgerIn) -> schemas.LedgerOut:
    await store.get(work.session, FiscalCalendar, body.calendar_id, work.actor, "fiscal calendar")
    return await _create(work, Ledger.model_validate(body.model_dump()), schemas.LedgerOut)


async def change_ledger(work: Work, row_id: UUID, body: schemas.LedgerChange) -> schemas.LedgerOut:
    row, before = await _change(work, Ledger, row_id, body, schemas.LedgerOut, "ledger")
    return await _finish_change(work, row, before, schemas.LedgerOut)


async def create_fund_type(work: Work, body: schemas.FundTypeIn) -> schemas.FundTypeOut:
    return await _create(work, FundType.model_validate(body.model_dump()), schemas.FundTypeOut)


async def change_fund_type(work: Work, row_id: UUID, body: schemas.FundTypeChange) -> schemas.FundTypeOut:
    row, before = await _change(work, FundType, row_id, body, schemas.FundTypeOut, "fund type")
    return await _finish_change(work, row, before, schemas.FundTypeOut)


async def create_expense_class(work: Work, body: schemas.ExpenseClassIn) -> schemas.ExpenseClassOut:
    return await _create(work, ExpenseClass.model_validate(body.model_dump()), schemas.ExpenseClassOut)


async def change_expense_class(work: Work, row_id: UUID, body: schemas.ExpenseClassChange) -> schemas.ExpenseClassOut:
    row, before = await _change(work, ExpenseClass, row_id, body, schemas.ExpenseClassOut, "expense class")
    return await _finish_change(work, row, before, schemas.ExpenseClassOut)


async def create_fund(work: Work, body: schemas.FundIn) -> schemas.FundOut:
    """Makes a fund below its parent, in the parent's ledger. Its unit is that of the parent unless one is given."""
    ledger = await store.get(work.session, Ledger, body.ledger_id, work.actor, "ledger")
    values = body.model_dump()
    values["id"] = uuid7()
    values["path"] = [values["id"]]
    if body.parent_id is not None:
        await store.lock_tree(work.session)
        parent = await store.get(work.session, Fund, body.parent_id, work.actor, "fund")
        _same_ledger(parent, body.ledger_id)
        values["path"] = [*parent.path, values["id"]]
        values["unit_id"] = body.unit_id or parent.unit_id
    if body.fund_type_id is not None:
        await store.get(work.session, FundType, body.fund_type_id, work.actor, "fund type")
    fund = Fund.model_validate(values)
    answer = await _create(work, fund, schemas.FundOut)
    tell_fund(work, fund, ledger.currency)
    return answer


async def change_fund(work: Work, row_id: UUID, body: schemas.FundChange) -> schemas.FundOut:
    """Changes a fund; a new parent moves it with all below it. Postings stay where they are."""
    moves = "parent_id" in body.model_fields_set
    if moves:
        await store.lock_tree(work.session)
    row, before = await _change(work, Fund, row_id, body, schemas.FundOut, "fund")
    if moves and before["parent_id"] != body.parent_id:
        path = [row.id]
        if body.parent_id is not None:
            parent = await store.get(work.session, Fund, body.parent_id, work.actor, "fund")
            _same_ledger(parent, row.ledger_id)
            if row.id in parent.path:
                fault = Fault(
                    pointer="/parent_id",
                    code="circle",
                    detail=f"Fund {parent.code} lies below {row.code}.",
                    fix="Choose a fund that is not below this one.",
                )
                raise Invalid("A fund can't lie below itself.", [fault])
            path = [*parent.path, row.id]
        depth = len(row.path)
        row.path = path
        await work.session.flush()
        await store.move_subtree(work.session, row.id, depth, path)
    answer = await _finish_change(work, row, before, schemas.FundOut)
    ledger = await store.get(work.session, Ledger, row.ledger_id, work.actor, "ledger")
    tell_fund(work, row, ledger.currency)
    return answer


def _same_ledger(parent: Fund, ledger_id: UUID) -> None:
    if parent.ledger_id != ledger_id:
        fault = Fault(
            pointer="/parent_id",
            code="other_ledger",
            detail=f"Fund {parent.code} belongs to another ledger.",
            fix="Choose a parent of the same ledger.",
        )
        raise Invalid("A fund and its parent belong to one ledger.", [fault])


def tell_fund(work: Work, fund: Fund, currency: str) -> None:
    """Says what a locked fund is now."""
    work.emit(
        FundChanged(
            fund_id=fund.id,
            ledger_id=fund.ledger_id,
            parent_id=fund.parent_id,
            code=fund.code,
            name=fund.name,
            status=fund.status.value,
            currency=currency,
            unit_id=fund.unit_id,
        ),
        fund.id,
        unit_id=fund.unit_id,
        aggregate_version=fund.version,
    )


async def set_partners(work: Work, fund_id: UUID, body: schemas.PartnersIn) -> schemas.PartnersOut:
    """Replaces the allowed transfer partners of a fund."""
    await work.lock(Fund, fund_id, "fund")
    await _known_funds(work, {partner.partner_id for partner in body.partners}, "/partners")
    for old in await store.partners(work.session, [fund_id]):
        await work.session.delete(old)
    await work.session.flush()
    wanted = {(partner.direction, partner.partner_id) for partner in body.partners}
    for direction, partner_id in sorted(wanted, key=str):
        work.session.add(TransferPartner(fund_id=fund_id, direction=direction, partner_id=partner_id))
    await work.session.flush()
    work.audit("funds.partners_set", fund_id, partners=len(wanted))
    rows = await store.partners(work.session, [fund_id])
    return schemas.PartnersOut(
        fund_id=fund_id,
        partners=[schemas.PartnerIn(direction=row.direction, partner_id=row.partner_id) for row in rows],
    )


async def _known_funds(work: Work, fund_ids: Collection[UUID], pointer: str) -> None:
    known = await store.visible_funds(work.session, fund_ids, work.actor)
    unknown = sorted(set(fund_ids) - known)
    if unknown:
        faults = [
            Fault(pointer=pointer, code="unknown_fund", detail=f"There is no fund with the id {fund_id}.")
            for fund_id in unknown
        ]
        raise Invalid("Some funds are not there.", faults)


async def create_group(work: Work, body: schemas.GroupIn) -> schemas.GroupOut:
    await _known_funds(work, body.fund_ids, "/fund_ids")
    group = FundGroup.model_validate(body.model_dump(exclude={"fund_ids"}))
    work.add(group)
    await save(work, "/code", group.code)
    await _set_members(work, group.id, body.fund_ids)
    work.audit("funds.fund_group_created", group.id, funds=len(set(body.fund_ids)))
    return await group_out(work, group)


async def change_group(work: Work, row_id: UUID, body: schemas.GroupChange) -> schemas.GroupOut:
    group = await work.lock(FundGroup, row_id, "fund group")
    work.match(group, await group_out(work, group), body)
    for name, value in body.model_dump(exclude_unset=True, exclude={"fund_ids"}, exclude_none=True).items():
        setattr(group, name, value)
    if body.fund_ids is not None:
        await _known_funds(work, body.fund_ids, "/fund_ids")
        await _set_members(work, group.id, body.fund_ids)
        group.updated_at = work.now
    await save(work, "/code", group.code)
    work.audit("funds.fund_group_changed", group.id, fields=sorted(body.model_fields_set))
    return await group_out(work, group)


async def _set_members(work: Work, group_id: UUID, fund_ids: Collection[UUID]) -> None:
    for fund_id in (await store.group_members(work.session, [group_id]))[group_id]:
        member = await work.session.get(FundGroupMember, (group_id, fund_id))
        if member is not None and fund_id not in fund_ids:
            await work.session.delete(member)
    known = set((await store.group_members(work.session, [group_id]))[group_id])
    for fund_id in sorted(set(fund_ids) - known):
        work.session.add(FundGroupMember(group_id=group_id, fund_id=fund_id))
    await work.session.flush()


async def group_out(work: Work, group: FundGroup) -> schemas.GroupOut:
    members = (await store.group_members(work.session, [group.id]))[group.id]
    return schemas.GroupOut(
        id=group.id, version=group.version, code=group.code, name=group.name, unit_id=group.unit_id, fund_ids=members
    )


async def create_source(work: Work, body: schemas.SourceIn) -> schemas.SourceOut:
    return await _create(work, FundingSource.model_validate(body.model_dump()), schemas.SourceOut)


async def change_source(work: Work, row_id: UUID, body: schemas.SourceChange) -> schemas.SourceOut:
    row, before = await _change(work, FundingSource, row_id, body, schemas.SourceOut, "funding source")
    return await _finish_change(work, row, before, schemas.SourceOut)


async def add_credit(work: Work, source_id: UUID, body: schemas.CreditIn) -> schemas.SourceOut:
    """Adds money that a source gave. Raises Invalid in another currency than the source's."""
    source = await work.lock(FundingSource, source_id, "funding source")
    if body.amount.currency != source.currency:
        fault = Fault(
            pointer="/amount/currency",
            code="other_currency",
            detail=f"The source is kept in {source.currency}.",
            fix=f"Give the amount in {source.currency}.",
        )
        raise Invalid("The credit is in another currency than its source.", [fault])
    work.add(
        FundingCredit(
            source_id=source.id,
            amount=body.amount.amount,
            effective_on=body.effective_on,
            expires_on=body.expires_on,
            note=body.note,
        )
    )
    source.updated_at = work.now
    await work.session.flush()
    work.audit("funds.credit_added", source.id, amount=str(body.amount))
    return schemas.SourceOut.model_validate(source)

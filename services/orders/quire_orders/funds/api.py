"""Routes of the structure: calendars, years, ledgers, funds, budgets. Every route names its right."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel
from sqlmodel import SQLModel, col

from quire_orders.funds import commands, commands_budgets, commands_reports, schemas, schemas_ledger, store
from quire_orders.funds.store_reports import Chosen
from quire_orders.funds.tables import (
    ExpenseClass,
    FiscalCalendar,
    FiscalYear,
    Fund,
    FundGroup,
    FundingSource,
    FundType,
    Ledger,
)
from quire_shared.api.etag import etag
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values import clock

SCOPES = {
    "funds:read": "See funds, budgets, their figures and postings",
    "funds:write": "Make and change fiscal years, ledgers, funds and budgets",
    "fiscal_years:close": "Close and reopen fiscal years, and post in a closing one",
    "budgets:allocate": "Allocate, move and transfer money, and undo it",
    "budgets:override": "Pass a limit of a budget, with a reason",
    "exchange_rates:write": "Enter and load exchange rates",
}

router = APIRouter(tags=["funds"])
Item = TypeVar("Item", bound=BaseModel)
may_read = scope("funds:read")
may_write = scope("funds:write")


class Page(BaseModel, Generic[Item]):
    """A page of records by code."""

    items: list[Item]
    total: int


def today(request: Request) -> date:
    """The calendar day of the library."""
    return clock.today(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(today)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Search = Annotated[str, Query(max_length=100, description="Looked for in code and name")]
AsOf = Annotated[
    AwareDatetime | None,
    Query(description="Figures as they stood: what was recorded by this instant (with its offset)"),
]


async def _page(session: Any, model: type[SQLModel], out: type[Item], who: Any, **options: Any) -> Page[Item]:
    rows, total = await store.page(session, model, who, **options)
    return Page[out](items=[out.model_validate(row) for row in rows], total=total)  # type: ignore[valid-type]


async def _one(
    session: Any, model: type[SQLModel], out: type[Item], who: Any, row_id: UUID, response: Response
) -> Item:
    row: Any = await store.get(session, model, row_id, who, str(model.__tablename__).replace("_", " "))
    response.headers["ETag"] = etag(row.version)
    return out.model_validate(row)


# Fiscal calendars and years


@router.get("/fiscal-calendars", dependencies=[may_read])
async def list_calendars(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.CalendarOut]:
    return await _page(session, FiscalCalendar, schemas.CalendarOut, who, search=q, offset=offset, limit=limit)


@router.post("/fiscal-calendars", status_code=201, response_model=schemas.CalendarOut, dependencies=[may_write])
async def create_calendar(body: schemas.CalendarIn, run: Run) -> Response:
    return await run(commands.create_calendar, body)


@router.get("/fiscal-calendars/{calendar_id}", dependencies=[may_read])
async def get_calendar(calendar_id: UUID, session: Read, who: Who, response: Response) -> schemas.CalendarOut:
    return await _one(session, FiscalCalendar, schemas.CalendarOut, who, calendar_id, response)


@router.patch("/fiscal-calendars/{calendar_id}", response_model=schemas.CalendarOut, dependencies=[may_write])
async def change_calendar(calendar_id: UUID, body: schemas.CalendarChange, run: Run) -> Response:
    return await run(commands.change_calendar, calendar_id, body)


@router.get("/fiscal-years", dependencies=[may_read])
async def list_years(
    session: Read,
    who: Who,
    calendar_id: UUID | None = None,
    q: Search = "",
    offset: Offset = 0,
    limit: Limit = 100,
) -> Page[schemas.YearOut]:
    where = [col(FiscalYear.calendar_id) == calendar_id] if calendar_id else []
    return await _page(session, FiscalYear, schemas.YearOut, who, where=where, search=q, offset=offset, limit=limit)


@router.post("/fiscal-years", status_code=201, response_model=schemas.YearOut, dependencies=[may_write])
async def create_year(body: schemas.YearIn, run: Run) -> Response:
    return await run(commands.create_year, body)


@router.get("/fiscal-years/{year_id}", dependencies=[may_read])
async def get_year(year_id: UUID, session: Read, who: Who, response: Response) -> schemas.YearOut:
    return await _one(session, FiscalYear, schemas.YearOut, who, year_id, response)


@router.patch("/fiscal-years/{year_id}", response_model=schemas.YearOut, dependencies=[may_write])
async def change_year(year_id: UUID, body: schemas.YearChange, run: Run) -> Response:
    """Changes a year. Its state needs ``fiscal_years:close`` as well."""
    return await run(commands.change_year, year_id, body)


# Ledgers, fund types, expense classes


@router.get("/ledgers", dependencies=[may_read])
async def list_ledgers(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.LedgerOut]:
    return await _page(session, Ledger, schemas.LedgerOut, who, search=q, offset=offset, limit=limit)


@router.post("/ledgers", status_code=201, response_model=schemas.LedgerOut, dependencies=[may_write])
async def create_ledger(body: schemas.LedgerIn, run: Run) -> Response:
    return await run(commands.create_ledger, body)


@router.get("/ledgers/{ledger_id}", dependencies=[may_read])
async def get_ledger(ledger_id: UUID, session: Read, who: Who, response: Response) -> schemas.LedgerOut:
    return await _one(session, Ledger, schemas.LedgerOut, who, ledger_id, response)


@router.patch("/ledgers/{ledger_id}", response_model=schemas.LedgerOut, dependencies=[may_write])
async def change_ledger(ledger_id: UUID, body: schemas.LedgerChange, run: Run) -> Response:
    return await run(commands.change_ledger, ledger_id, body)


@router.get("/fund-types", dependencies=[may_read])
async def list_fund_types(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.FundTypeOut]:
    return await _page(session, FundType, schemas.FundTypeOut, who, search=q, offset=offset, limit=limit)


@router.post("/fund-types", status_code=201, response_model=schemas.FundTypeOut, dependencies=[may_write])
async def create_fund_type(body: schemas.FundTypeIn, run: Run) -> Response:
    return await run(commands.create_fund_type, body)


@router.patch("/fund-types/{type_id}", response_model=schemas.FundTypeOut, dependencies=[may_write])
async def change_fund_type(type_id: UUID, body: schemas.FundTypeChange, run: Run) -> Response:
    return await run(commands.change_fund_type, type_id, body)


@router.get("/expense-classes", dependencies=[may_read])
async def list_expense_classes(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.ExpenseClassOut]:
    return await _page(session, ExpenseClass, schemas.ExpenseClassOut, who, search=q, offset=offset, limit=limit)


@router.post("/expense-classes", status_code=201, response_model=schemas.ExpenseClassOut, dependencies=[may_write])
async def create_expense_class(body: schemas.ExpenseClassIn, run: Run) -> Response:
    return await run(commands.create_expense_class, body)


@router.patch("/expense-classes/{class_id}", response_model=schemas.ExpenseClassOut, dependencies=[may_write])
async def change_expense_class(class_id: UUID, body: schemas.ExpenseClassChange, run: Run) -> Response:
    return await run(commands.change_expense_class, class_id, body)


# Funds and groups. The consistency proof has its own path before /funds/{id}; see api_ledger.


@router.get("/funds", dependencies=[may_read])
async def list_funds(
    session: Read,
    who: Who,
    ledger_id: UUID | None = None,
    parent_id: UUID | None = None,
    below_id: Annotated[UUID | None, Query(description="This fund and all below it")] = None,
    tag: Annotated[str | None, Query(max_length=255)] = None,
    q: Search = "",
    offset: Offset = 0,
    limit: Limit = 100,
) -> Page[schemas.FundOut]:
    where = []
    if ledger_id:
        where.append(col(Fund.ledger_id) == ledger_id)
    if parent_id:
        where.append(col(Fund.parent_id) == parent_id)
    if below_id:
        where.append(col(Fund.path).contains([below_id]))
    if tag:
        where.append(col(Fund.tags).contains([tag]))
    return await _page(session, Fund, schemas.FundOut, who, where=where, search=q, offset=offset, limit=limit)


@router.post("/funds", status_code=201, response_model=schemas.FundOut, dependencies=[may_write])
async def create_fund(body: schemas.FundIn, run: Run) -> Response:
    return await run(commands.create_fund, body)


@router.get("/funds/{fund_id}", dependencies=[may_read])
async def get_fund(fund_id: UUID, session: Read, who: Who, response: Response) -> schemas.FundOut:
    return await _one(session, Fund, schemas.FundOut, who, fund_id, response)


@router.patch("/funds/{fund_id}", response_model=schemas.FundOut, dependencies=[may_write])
async def change_fund(fund_id: UUID, body: schemas.FundChange, run: Run) -> Response:
    return await run(commands.change_fund, fund_id, body)


@router.get("/funds/{fund_id}/partners", dependencies=[may_read])
async def get_partners(fund_id: UUID, session: Read, who: Who) -> schemas.PartnersOut:
    await store.get(session, Fund, fund_id, who, "fund")
    rows = await store.partners(session, [fund_id])
    partners = [schemas.PartnerIn(direction=row.direction, partner_id=row.partner_id) for row in rows]
    return schemas.PartnersOut(fund_id=fund_id, partners=partners)


@router.put("/funds/{fund_id}/partners", response_model=schemas.PartnersOut, dependencies=[may_write])
async def set_partners(fund_id: UUID, body: schemas.PartnersIn, run: Run) -> Response:
    return await run(commands.set_partners, fund_id, body)


@router.get("/fund-groups", dependencies=[may_read])
async def list_groups(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.GroupOut]:
    rows, total = await store.page(session, FundGroup, who, search=q, offset=offset, limit=limit)
    members = await store.group_members(session, [row.id for row in rows])
    items = [schemas.GroupOut(**row.model_dump(), fund_ids=members[row.id]) for row in rows]
    return Page[schemas.GroupOut](items=items, total=total)


@router.post("/fund-groups", status_code=201, response_model=schemas.GroupOut, dependencies=[may_write])
async def create_group(body: schemas.GroupIn, run: Run) -> Response:
    return await run(commands.create_group, body)


@router.get("/fund-groups/{group_id}", dependencies=[may_read])
async def get_group(group_id: UUID, session: Read, who: Who, response: Response) -> schemas.GroupOut:
    row = await store.get(session, FundGroup, group_id, who, "fund group")
    response.headers["ETag"] = etag(row.version)
    return schemas.GroupOut(**row.model_dump(), fund_ids=(await store.group_members(session, [group_id]))[group_id])


@router.patch("/fund-groups/{group_id}", response_model=schemas.GroupOut, dependencies=[may_write])
async def change_group(group_id: UUID, body: schemas.GroupChange, run: Run) -> Response:
    return await run(commands.change_group, group_id, body)


# Funding sources


@router.get("/funding-sources", dependencies=[may_read])
async def list_sources(
    session: Read, who: Who, q: Search = "", offset: Offset = 0, limit: Limit = 100
) -> Page[schemas.SourceOut]:
    return await _page(session, FundingSource, schemas.SourceOut, who, search=q, offset=offset, limit=limit)


@router.post("/funding-sources", status_code=201, response_model=schemas.SourceOut, dependencies=[may_write])
async def create_source(body: schemas.SourceIn, run: Run) -> Response:
    return await run(commands.create_source, body)


@router.patch("/funding-sources/{source_id}", response_model=schemas.SourceOut, dependencies=[may_write])
async def change_source(source_id: UUID, body: schemas.SourceChange, run: Run) -> Response:
    return await run(commands.change_source, source_id, body)


@router.get("/funding-sources/{source_id}/credits", dependencies=[may_read])
async def get_credits(source_id: UUID, session: Read, who: Who) -> schemas.SourceCredits:
    """The credits of a source and how much of each is allocated, the earliest deadline first."""
    return await commands_reports.source_credits(session, who, source_id)


@router.post(
    "/funding-sources/{source_id}/credits", status_code=201, response_model=schemas.SourceOut, dependencies=[may_write]
)
async def add_credit(source_id: UUID, body: schemas.CreditIn, run: Run) -> Response:
    return await run(commands.add_credit, source_id, body)


# Budgets


@router.get("/budgets", dependencies=[may_read])
async def list_budgets(
    session: Read,
    who: Who,
    fiscal_year_id: UUID | None = None,
    ledger_id: UUID | None = None,
    fund_id: Annotated[UUID | None, Query(description="This fund and all below it")] = None,
    group_id: UUID | None = None,
    as_of: AsOf = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> schemas_ledger.BudgetList:
    """Budgets by fund code with the sums of all that the filter chooses, now or as they stood."""
    chosen = Chosen(year=fiscal_year_id, ledger=ledger_id, fund=fund_id, fund_group=group_id)
    return await commands_reports.budget_list(session, who, chosen, as_of, offset, limit)


@router.post("/budgets", status_code=201, response_model=schemas_ledger.BudgetOut, dependencies=[may_write])
async def create_budget(body: schemas.BudgetIn, run: Run, day: Today) -> Response:
    return await run(commands_budgets.create_budget, body, day)


@router.get("/budgets/{budget_id}", dependencies=[may_read])
async def get_budget(
    budget_id: UUID, session: Read, who: Who, response: Response, as_of: AsOf = None
) -> schemas_ledger.BudgetOut:
    budget = await commands_reports.budget_out(session, who, budget_id, as_of)
    response.headers["ETag"] = etag(budget.version)
    return budget


@router.patch("/budgets/{budget_id}", response_model=schemas_ledger.BudgetOut, dependencies=[may_write])
async def change_budget(budget_id: UUID, body: schemas.BudgetChange, run: Run) -> Response:
    return await run(commands_budgets.change_budget, budget_id, body)

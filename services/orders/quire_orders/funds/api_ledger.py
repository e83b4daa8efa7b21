"""Routes where money moves, and of what proves it."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from quire_orders.funds import commands_money, commands_rates, commands_reports, schemas_ledger, store
from quire_orders.funds.api import AsOf, Limit, Offset, Today, may_read
from quire_orders.funds.rules import Account
from quire_orders.funds.store_reports import Chosen
from quire_shared.api.problems import UnsupportedFile
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.values.currencies import CURRENCY_PATTERN

router = APIRouter(tags=["ledger"])
may_allocate = scope("budgets:allocate")
may_enter_rates = scope("exchange_rates:write")
CurrencyQuery = Annotated[str | None, Query(pattern=CURRENCY_PATTERN)]


@router.get("/funds/consistency", dependencies=[may_read])
async def get_consistency(session: Read) -> schemas_ledger.ConsistencyOut:
    """Proves the ledger: every balance is the fold of its postings; each row that is not, is named."""
    return await commands_reports.consistency(session)


@router.get("/budget-totals", dependencies=[may_read])
async def get_totals(
    session: Read,
    who: Who,
    fiscal_year_id: UUID | None = None,
    ledger_id: UUID | None = None,
    fund_id: Annotated[UUID | None, Query(description="This fund and all below it")] = None,
    group_id: UUID | None = None,
    as_of: AsOf = None,
) -> schemas_ledger.TotalsOut:
    """The sums of a year, a ledger, a group or a fund with all below it, now or as they stood."""
    chosen = Chosen(year=fiscal_year_id, ledger=ledger_id, fund=fund_id, fund_group=group_id)
    return await commands_reports.totals(session, who, chosen, as_of)


@router.get("/fund-tree", dependencies=[may_read])
async def get_tree(
    session: Read, who: Who, fiscal_year_id: UUID, ledger_id: UUID | None = None, as_of: AsOf = None
) -> schemas_ledger.FundTree:
    """The tree of funds with budgets in a year: each fund's own figures and those with its children."""
    return await commands_reports.tree(session, who, Chosen(year=fiscal_year_id, ledger=ledger_id), as_of)


@router.get("/postings", dependencies=[may_read])
async def list_postings(
    session: Read,
    who: Who,
    budget_id: UUID | None = None,
    document_id: UUID | None = None,
    account: Account | None = None,
    as_of: AsOf = None,
    after: UUID | None = None,
    limit: Limit = 100,
) -> schemas_ledger.PostingList:
    """The postings behind a figure, oldest first."""
    return await commands_reports.postings(
        session,
        who,
        budget_id=budget_id,
        document_id=document_id,
        account=account,
        as_of=as_of,
        after=after,
        limit=limit,
    )


@router.post("/allocations", status_code=201, response_model=schemas_ledger.MovementOut, dependencies=[may_allocate])
async def change_allocation(body: schemas_ledger.AllocationIn, run: Run, day: Today) -> Response:
    return await run(commands_money.change_allocation, body, day)


@router.post(
    "/allocation-moves", status_code=201, response_model=schemas_ledger.MovementOut, dependencies=[may_allocate]
)
async def move_allocation(body: schemas_ledger.TransferIn, run: Run, day: Today) -> Response:
    return await run(commands_money.move_allocation, body, day)


@router.post("/transfers", status_code=201, response_model=schemas_ledger.MovementOut, dependencies=[may_allocate])
async def transfer(body: schemas_ledger.TransferIn, run: Run, day: Today) -> Response:
    return await run(commands_money.transfer, body, day)


@router.post(
    "/transactions/{transaction_id}/reversal",
    status_code=201,
    response_model=schemas_ledger.MovementOut,
    dependencies=[may_allocate],
)
async def reverse_transaction(transaction_id: UUID, body: schemas_ledger.ReversalIn, run: Run, day: Today) -> Response:
    """Undoes an allocation, a move or a transfer by the opposite postings."""
    return await run(commands_money.reverse_transaction, transaction_id, body, day)


@router.post(
    "/allocation-batches", status_code=201, response_model=schemas_ledger.BatchOut, dependencies=[may_allocate]
)
async def allocate_batch(
    body: schemas_ledger.BatchIn,
    run: Run,
    day: Today,
    dry_run: Annotated[bool, Query(description="Answer the effect and change nothing")] = False,
) -> Response:
    """Changes many allocations, all or nothing. With ``dry_run`` the same code runs and is rolled back."""
    if not dry_run:
        return await run(commands_money.allocate_batch, body, day)
    effect: schemas_ledger.BatchOut = await run.preview(commands_money.allocate_batch, body, day)
    shown = effect.model_copy(update={"id": None, "preview": True})
    return Response(shown.model_dump_json(), 200, media_type="application/json")


@router.get("/allocation-batches", dependencies=[may_read])
async def list_batches(
    session: Read, who: Who, fiscal_year_id: UUID | None = None, offset: Offset = 0, limit: Limit = 100
) -> list[schemas_ledger.BatchLogOut]:
    """The log of batches, newest first."""
    rows = await store.batches(session, fiscal_year_id, offset, limit)
    return [schemas_ledger.BatchLogOut(**row) for row in rows if who.sees(row["unit_id"])]


@router.post(
    "/allocation-batches/{batch_id}/undo",
    status_code=201,
    response_model=schemas_ledger.BatchOut,
    dependencies=[may_allocate],
)
async def undo_batch(batch_id: UUID, body: schemas_ledger.ReversalIn, run: Run, day: Today) -> Response:
    return await run(commands_money.undo_batch, batch_id, body, day)


@router.get("/exchange-rates", dependencies=[may_read])
async def list_rates(
    session: Read,
    currency: CurrencyQuery = None,
    valid_by: date | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> list[schemas_ledger.RateOut]:
    """Rates as they were quoted, newest first. None is ever changed."""
    rows = await store.rates(session, currency, valid_by, offset, limit)
    return [schemas_ledger.RateOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/exchange-rates", status_code=201, response_model=schemas_ledger.RateOut, dependencies=[may_enter_rates])
async def add_rate(body: schemas_ledger.RateIn, run: Run) -> Response:
    return await run(commands_rates.add_rate, body)


@router.post(
    "/exchange-rates/file", status_code=201, response_model=schemas_ledger.RatesLoaded, dependencies=[may_enter_rates]
)
async def load_rates(
    run: Run,
    file: Annotated[
        UploadFile, File(description="CSV as the European Central Bank publishes, or date,base,quote,value")
    ],
    base: Annotated[str, Form(pattern=CURRENCY_PATTERN)] = "EUR",
    note: Annotated[str, Form(max_length=255, description="Who published the rates")] = "ECB",
) -> Response:
    """Loads published rates; days that are there already stay as they are."""
    content = await file.read()
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnsupportedFile(f"This is no CSV file in UTF-8; byte {error.start + 1} does not fit.") from None
    fingerprint = hashlib.sha256(content + f"|{base}|{note}".encode()).digest()
    return await run.file(fingerprint, commands_rates.load_rates, words, base, note)

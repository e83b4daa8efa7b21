"""Answers composed from what is stored: budgets with their figures, totals, the tree, the proof of consistency."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds import schemas, schemas_ledger, store, store_reports
from quire_orders.funds.rules import Account, Figures, SourceCredit, attribute_spending, sum_totals
from quire_orders.funds.rules_commitments import ChargeState, Commitment, OrderState, Share
from quire_orders.funds.schemas_ledger import FiguresOut
from quire_orders.funds.store_reports import BudgetRow, Chosen, Inconsistency
from quire_orders.funds.tables import Budget, Fund, FundingSource
from quire_shared.access.principal import Principal
from quire_shared.api.problems import NotFound
from quire_shared.values import clock
from quire_shared.values.money import Money


async def budget_out(
    session: AsyncSession, who: Principal, budget_id: UUID, as_of: datetime | None = None
) -> schemas_ledger.BudgetOut:
    """A budget with its figures, limits and expense classes. Raises NotFound, also for one that is not seen."""
    rows, _ = await store_reports.budgets(session, Chosen(ids=[budget_id]), who.units, as_of)
    if not rows:
        raise NotFound(f"There is no budget with the id {budget_id}.")
    row = rows[0]
    budget = await store.get(session, Budget, budget_id, who, "budget")
    limits = {}
    for name in schemas.BudgetLimits.model_fields:
        amount = getattr(budget, f"{name}_amount")
        limits[name] = schemas.LimitValue(
            percent=getattr(budget, f"{name}_percent"),
            amount=None if amount is None else Money(amount, budget.currency),
        )
    return schemas_ledger.BudgetOut(
        id=budget.id,
        version=budget.version,
        fund_id=row.fund_id,
        fund_code=row.fund_code,
        fund_name=row.fund_name,
        ledger_id=row.ledger_id,
        fiscal_year_id=row.fiscal_year_id,
        fiscal_year_code=row.year_code,
        currency=row.currency,
        status=budget.status,
        unit_id=row.unit_id,
        figures=FiguresOut.of(row.figures.totals()),
        limits=schemas.BudgetLimits(**limits),
        expense_classes=[
            schemas.BudgetClass(expense_class_id=c.expense_class_id, status=c.status)
            for c in await store.budget_classes(session, budget_id)
        ],
        as_of=as_of,
    )


async def budget_list(
    session: AsyncSession, who: Principal, chosen: Chosen, as_of: datetime | None, offset: int, limit: int
) -> schemas_ledger.BudgetList:
    """A page of budgets by fund code, with the sums of all that were chosen."""
    rows, hidden = await store_reports.budgets(session, chosen, who.units, as_of)
    return schemas_ledger.BudgetList(
        budgets=len(rows),
        hidden=hidden,
        totals=_sums(row.figures for row in rows),
        as_of=as_of,
        items=[
            schemas_ledger.BudgetFiguresOut(
                id=row.id,
                fund_id=row.fund_id,
                fund_code=row.fund_code,
                fund_name=row.fund_name,
                ledger_id=row.ledger_id,
                ledger_code=row.ledger_code,
                fiscal_year_id=row.fiscal_year_id,
                fiscal_year_code=row.year_code,
                currency=row.currency,
                status=row.status,
                unit_id=row.unit_id,
                figures=FiguresOut.of(row.figures.totals()),
            )
            for row in rows[offset : offset + limit]
        ],
    )


async def totals(
    session: AsyncSession, who: Principal, chosen: Chosen, as_of: datetime | None
) -> schemas_ledger.TotalsOut:
    """The sums of the chosen budgets: of a year, a ledger, a group, or a fund with all below it."""
    rows, hidden = await store_reports.budgets(session, chosen, who.units, as_of)
    return schemas_ledger.TotalsOut(
        budgets=len(rows), hidden=hidden, totals=_sums(row.figures for row in rows), as_of=as_of
    )


async def tree(
    session: AsyncSession, who: Principal, chosen: Chosen, as_of: datetime | None
) -> schemas_ledger.FundTree:
    """The funds of the chosen budgets and their ancestors, each with its own figures and those with its children."""
    rows, hidden = await store_reports.budgets(session, chosen, who.units, as_of)
    own: dict[UUID, list[BudgetRow]] = defaultdict(list)
    below: dict[UUID, list[BudgetRow]] = defaultdict(list)
    for row in rows:
        own[row.fund_id].append(row)
        for ancestor in row.path:
            below[ancestor].append(row)
    names = await store.fund_names(session, below, who)
    items = [
        schemas_ledger.FundFigures(
            fund_id=fund.id,
            code=fund.code,
            name=fund.name,
            depth=len(fund.path) - 1,
            own=_sums(row.figures for row in own[fund.id]),
            with_children=_sums(row.figures for row in below[fund.id]),
        )
        for fund in _in_tree_order(names)
    ]
    return schemas_ledger.FundTree(items=items, hidden=hidden, as_of=as_of)


def _in_tree_order(funds: list[Fund]) -> list[Fund]:
    """Parents before children, siblings by code."""
    codes = {fund.id: fund.code for fund in funds}
    return sorted(funds, key=lambda fund: [codes.get(step, "") for step in fund.path])


def _sums(figures: Any) -> list[FiguresOut]:
    return [FiguresOut.of(total) for _, total in sorted(sum_totals(figures).items())]


async def postings(
    session: AsyncSession,
    who: Principal,
    *,
    budget_id: UUID | None,
    document_id: UUID | None,
    account: Account | None,
    as_of: datetime | None,
    after: UUID | None,
    limit: int,
) -> schemas_ledger.PostingList:
    """The postings behind a figure; those of budgets that are not seen are left out."""
    if budget_id is not None:
        await store.get(session, Budget, budget_id, who, "budget")
    rows = await store_reports.postings(
        session,
        budget=budget_id,
        document=document_id,
        account=account,
        as_of=as_of,
        after=after,
        limit=limit + 1,
        units=who.units,
    )
    items = [
        schemas_ledger.PostingOut(
            **{name: row[name] for name in _POSTING_FIELDS},
            amount=Money(row["amount"], row["currency"]),
            original=None
            if row["original_amount"] is None
            else Money(row["original_amount"], row["original_currency"]),
        )
        for row in rows[:limit]
    ]
    return schemas_ledger.PostingList(items=items, next=items[-1].id if len(rows) > limit else None)


_POSTING_FIELDS = [name for name in schemas_ledger.PostingOut.model_fields if name not in ("amount", "original")]


async def consistency(session: AsyncSession) -> schemas_ledger.ConsistencyOut:
    """Proves that each balance is the fold of its postings, and each encumbrance what the pure function says."""
    found = await store_reports.inconsistencies(session)
    found += await _wrong_encumbrances(session)
    return schemas_ledger.ConsistencyOut(
        consistent=not found,
        checked_at=clock.now(),
        checked=await store_reports.proved_rows(session),
        found=[schemas_ledger.InconsistencyOut(table=f.table, row=f.row, detail=f.detail) for f in found],
    )


async def _wrong_encumbrances(session: AsyncSession) -> list[Inconsistency]:
    rows = [row async for row in store_reports.commitment_facts(session)]
    found: list[Inconsistency] = []
    for _, group in groupby(rows, key=lambda row: row["id"]):
        facts = list(group)
        first = facts[0]
        commitment = Commitment(
            initial=first["initial"],
            order=OrderState(first["order_state"]),
            released_by_hand=first["released_by_hand"],
            unreleased_step=first["unreleased_step"],
            shares=tuple(
                Share(ChargeState(f["state"]), f["amount"], f["releases"], f["step"])
                for f in facts
                if f["state"] is not None
            ),
        )
        if commitment.encumbrance != first["encumbered"]:
            detail = (
                f"{first['encumbered']} is encumbered; by its order and invoices it should be {commitment.encumbrance}."
            )
            found.append(Inconsistency("commitment", str(first["id"]), detail))
    return found


async def source_credits(session: AsyncSession, who: Principal, source_id: UUID) -> schemas.SourceCredits:
    """The credits of a funding source and how much of each is allocated, the earliest deadline first."""
    source = await store.get(session, FundingSource, source_id, who, "funding source")
    rows = await store.credits(session, source_id)
    allocated = await store.allocated_from(session, source_id)
    used = attribute_spending((SourceCredit(row.id, row.amount, order) for order, row in enumerate(rows)), allocated)
    currency = source.currency
    given = Money.sum((Money(row.amount, currency) for row in rows), currency)
    attributed = Money.sum((Money(amount, currency) for amount in used.values()), currency)
    return schemas.SourceCredits(
        source_id=source_id,
        credits=[
            schemas.CreditOut(
                id=row.id,
                amount=Money(row.amount, currency),
                effective_on=row.effective_on,
                expires_on=row.expires_on,
                note=row.note,
                allocated=Money(used[row.id], currency),
                left=Money(row.amount - used[row.id], currency),
            )
            for row in rows
        ],
        given=given,
        allocated=Money(allocated, currency),
        unattributed=Money(allocated, currency) - attributed,
    )


def figures_out(figures: Figures) -> FiguresOut:
    return FiguresOut.of(figures.totals())

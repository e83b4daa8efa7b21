"""Allocations, transfers, moves of allocation, batches and reversals: each function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from quire_orders.funds import rules, rules_movements, store, store_commitments, store_ledger
from quire_orders.funds.commands import tell_fund
from quire_orders.funds.commands_booking import Booking, Document, as_problems
from quire_orders.funds.rules import Account, BudgetStatus, Fault, Purpose, YearState
from quire_orders.funds.schemas_ledger import (
    AllocationIn,
    BatchIn,
    BatchOut,
    BatchRowOut,
    BudgetMoved,
    FiguresOut,
    MovementOut,
    ReversalIn,
    TransferIn,
)
from quire_orders.funds.store_ledger import LockedBudget
from quire_orders.funds.tables import Budget, FiscalYear, Fund, FundingSource, Ledger, PartnerDirection, RecordStatus
from quire_orders.funds.tables_ledger import AllocationBatch, DocumentType
from quire_shared.api.problems import Conflict, Invalid, NotFound
from quire_shared.database.work import Work
from quire_shared.values import clock
from quire_shared.values.money import Money

# What is undone here; invoices and orders are corrected through their own documents.
_REVERSIBLE = {Purpose.ALLOCATION, Purpose.ALLOCATION_MOVE, Purpose.TRANSFER}


async def change_allocation(work: Work, body: AllocationIn, today: date) -> MovementOut:
    """Increases or decreases the allocation of a budget. Raises Invalid with all faults."""
    booking = Booking(work, body.effective_on or today, body.reason)
    await booking.lock([body.budget_id])
    budget = booking.budgets[body.budget_id]
    _check_currency(booking, body.change, budget, "/change/currency")
    if body.funding_source_id is not None:
        source = await store.get(work.session, FundingSource, body.funding_source_id, work.actor, "funding source")
        if source.currency != budget.currency:
            booking.faults.append(
                Fault(
                    pointer="/funding_source_id",
                    code="other_currency",
                    detail=f"The source {source.code} gives {source.currency}, the budget is kept in {budget.currency}.",
                    fix="Choose a source of the budget's currency.",
                )
            )
    booking.refuse_faults("The allocation can't be changed")
    if body.change.amount < 0:
        _check_enough(booking, budget, -body.change, "/change/amount")
    booking.add(
        Purpose.ALLOCATION,
        Document(DocumentType.BUDGET, budget.id),
        rules.post_allocation(budget.id, body.change),
        place="/budget_id",
    )
    return await _finish(booking, "The allocation can't be changed", funding_source_id=body.funding_source_id)


async def move_allocation(work: Work, body: TransferIn, today: date) -> MovementOut:
    """Moves allocation from one budget to another: both allocations change."""
    return await _between(work, body, today, Purpose.ALLOCATION_MOVE)


async def transfer(work: Work, body: TransferIn, today: date) -> MovementOut:
    """Transfers money between budgets: the allocations stay, the net transfers change."""
    return await _between(work, body, today, Purpose.TRANSFER)


async def _between(work: Work, body: TransferIn, today: date, purpose: Purpose) -> MovementOut:
    booking = Booking(work, body.effective_on or today, body.reason)
    await booking.lock([body.from_budget_id, body.to_budget_id])
    giver, taker = booking.budgets[body.from_budget_id], booking.budgets[body.to_budget_id]
    _check_currency(booking, body.amount, giver, "/amount/currency")
    if (giver.fiscal_year_id, giver.currency) != (taker.fiscal_year_id, taker.currency):
        booking.faults.append(
            Fault(
                pointer="/to_budget_id",
                code="other_year_or_currency",
                detail=f"Budget {giver.name} ({giver.currency}) and budget {taker.name} ({taker.currency}) differ in "
                "fiscal year or currency.",
                fix="Choose two budgets of one fiscal year and currency.",
            )
        )
    await _check_partners(work, booking, giver, taker)
    booking.refuse_faults("The money can't be moved")
    _check_enough(booking, giver, body.amount, "/amount/amount")
    post = rules.post_transfer if purpose is Purpose.TRANSFER else rules.post_allocation_move
    postings = post(giver.id, taker.id, body.amount)
    document = Document(DocumentType.BUDGET, giver.id)
    for posting in postings:
        place = "/from_budget_id" if posting.budget_id == giver.id else "/to_budget_id"
        booking.add(purpose, document, [posting], place=place)
    return await _finish(booking, "The money can't be moved")


async def _check_partners(work: Work, booking: Booking, giver: LockedBudget, taker: LockedBudget) -> None:
    partners = await store_ledger.partner_codes(work.session, {giver.fund_id, taker.fund_id})
    nobody: frozenset[str] = frozenset()
    fault = rules_movements.check_partners(
        "/to_budget_id",
        giver.fund_code,
        taker.fund_code,
        partners.get((giver.fund_id, PartnerDirection.GIVES_TO), nobody),
        partners.get((taker.fund_id, PartnerDirection.TAKES_FROM), nobody),
    )
    if fault is not None and giver.fund_id != taker.fund_id:
        booking.faults.append(fault)


def _check_currency(booking: Booking, money: Money, budget: LockedBudget, place: str) -> None:
    if money.currency != budget.currency:
        booking.faults.append(
            Fault(
                pointer=place,
                code="other_currency",
                detail=f"Budget {budget.name} is kept in {budget.currency}.",
                fix=f"Give the amount in {budget.currency}.",
            )
        )


def _check_enough(booking: Booking, budget: LockedBudget, amount: Money, place: str) -> None:
    """A ledger that restricts does not let a budget give away more than is available."""
    if not (budget.limits.restrict_encumbrance or budget.limits.restrict_expenditure):
        return
    available = budget.figures.totals().available
    if amount.amount > available:
        booking.faults.append(
            Fault(
                pointer=place,
                code="not_enough_available",
                detail=f"Budget {budget.name} has {available:f} {budget.currency} available, not {amount.amount:f}.",
                fix="Give less, or release commitments of the budget first.",
            )
        )


async def _finish(booking: Booking, what: str, funding_source_id: UUID | None = None) -> MovementOut:
    after = booking.figures_after()
    ids = await booking.write(what, funding_source_id=funding_source_id)
    booking.work.audit("funds.money_moved", ids[0] if ids else None, transactions=[str(i) for i in ids])
    return MovementOut(
        transaction_ids=ids,
        budgets=[
            BudgetMoved(
                budget_id=budget.id,
                fund_code=budget.fund_code,
                fiscal_year_code=budget.year_code,
                figures=FiguresOut.of(after[budget.id].totals()),
            )
            for budget in booking.budgets.values()
        ],
        warnings=[fault.detail for fault in booking.warnings],
    )


async def reverse_transaction(work: Work, transaction_id: UUID, body: ReversalIn, today: date) -> MovementOut:
    """Undoes an allocation, move or transfer by the opposite postings.

    Raises NotFound, Conflict when it is undone already or belongs to an order or invoice.
    """
    booking, sources = await _reverse(work, [transaction_id], body.reason, today)
    return await _finish(booking, "The transaction can't be undone", funding_source_id=sources.pop())


async def _reverse(
    work: Work, transaction_ids: Iterable[UUID], reason: str, today: date
) -> tuple[Booking, set[UUID | None]]:
    """The opposite of all postings of transactions, and the funding sources that they took money from."""
    wanted = set(transaction_ids)
    rows = await store_ledger.entries_of(work.session, wanted)
    booking = Booking(work, today, reason)
    if {row["id"] for row in rows} != wanted:
        raise NotFound("There is no such transaction.")
    await booking.lock({row["budget_id"] for row in rows})
    # Asked again under the locks: a twin may have undone it meanwhile.
    rows = await store_ledger.entries_of(work.session, wanted)
    for row in reversed(rows):
        purpose = Purpose(row["purpose"])
        if purpose not in _REVERSIBLE:
            raise Conflict(
                "Only allocations, moves and transfers are undone here; correct the order or invoice instead."
            )
        if row["is_reversed"]:
            raise Conflict("This is undone already.")
        posting = rules.Posting(
            row["budget_id"], Account(row["debit"]), Account(row["credit"]), Money(row["amount"], row["currency"])
        )
        booking.add(
            Purpose.REVERSAL,
            Document(DocumentType(row["document_type"]), row["document_id"]),
            [posting.reversed()],
            expense_class_id=row["expense_class_id"],
            reverses_id=row["id"],
        )
    return booking, {row["funding_source_id"] for row in rows}


async def allocate_batch(work: Work, body: BatchIn, today: date) -> BatchOut:
    """Changes many allocations at once, all or nothing; the same code rolled back is the preview.

    A fund without a budget in the year gets one: active when the year has begun, else planned; an inactive fund becomes
    active for it. Raises Invalid with the faults of all rows.
    """
    faults = _check_rows(body)
    await store.require_funds(work.session, {row.fund_id for row in body.rows}, work.actor)
    year = await store.get(work.session, FiscalYear, body.rows[0].fiscal_year_id, work.actor, "fiscal year")
    if faults:
        raise Invalid("The batch can't be booked.", as_problems(faults))
    wanted = {(row.fund_id, year.id) for row in body.rows}
    known = await store_commitments.budget_ids(work.session, wanted)
    without = await work.lock_all(Fund, {fund_id for fund_id, _ in wanted - known.keys()}, "fund")
    # Asked again under the locks: a twin may have made a budget meanwhile.
    known = await store_commitments.budget_ids(work.session, wanted)
    created = await _create_budgets(work, [f for f in without.values() if (f.id, year.id) not in known], year, today)
    budget_of = {fund_id: budget_id for (fund_id, _), budget_id in known.items()} | created
    batch = AllocationBatch(
        fiscal_year_id=year.id,
        recorded_at=clock.now(),
        actor=work.actor.id,
        reason=body.reason,
        rows=len(body.rows),
    )
    work.add(batch)
    booking = Booking(work, body.effective_on or today, body.reason)
    await booking.lock(budget_of.values())
    document = Document(DocumentType.BATCH, batch.id)
    for number, row in enumerate(body.rows):
        budget = booking.budgets[budget_of[row.fund_id]]
        place = f"/rows/{number}"
        if row.change.currency != budget.currency:
            _check_currency(booking, row.change, budget, f"{place}/change/currency")
            continue
        if row.change.amount < 0:
            _check_enough(booking, budget, -row.change, f"{place}/change/amount")
        first = row.fund_id in created and row.change.amount > 0
        post = rules.post_initial if first else rules.post_allocation
        booking.add(Purpose.ALLOCATION, document, post(budget.id, row.change), place=place)
    before = {budget_id: budget.figures.totals() for budget_id, budget in booking.budgets.items()}
    after = {budget_id: figures.totals() for budget_id, figures in booking.figures_after().items()}
    await booking.write("The batch can't be booked", batch_id=batch.id)
    work.audit("funds.batch_allocated", batch.id, rows=len(body.rows), reason=body.reason)
    rows = []
    for row in body.rows:
        budget = booking.budgets[budget_of[row.fund_id]]
        rows.append(
            BatchRowOut(
                budget_id=budget.id,
                fund_code=budget.fund_code,
                created=row.fund_id in created,
                status=budget.status,
                allocated_before=Money(before[budget.id].allocated, budget.currency),
                allocated_after=Money(after[budget.id].allocated, budget.currency),
                available_after=Money(after[budget.id].available, budget.currency),
            )
        )
    return BatchOut(id=batch.id, preview=False, rows=rows)


def _check_rows(body: BatchIn) -> list[Fault]:
    faults: list[Fault] = []
    year_id = body.rows[0].fiscal_year_id
    seen: dict[UUID, int] = {}
    for number, row in enumerate(body.rows):
        if row.fiscal_year_id != year_id:
            faults.append(
                Fault(
                    pointer=f"/rows/{number}/fiscal_year_id",
                    code="several_fiscal_years",
                    detail="The rows belong to different fiscal years.",
                    fix="Book one batch for each fiscal year.",
                )
            )
        if row.fund_id in seen:
            faults.append(
                Fault(
                    pointer=f"/rows/{number}/fund_id",
                    code="fund_twice",
                    detail=f"This fund stands in row {seen[row.fund_id] + 1} already.",
                    fix="Put both changes into one row.",
                )
            )
        seen.setdefault(row.fund_id, number)
    return faults


async def _create_budgets(work: Work, funds: list[Fund], year: FiscalYear, today: date) -> dict[UUID, UUID]:
    if not funds:
        return {}
    if year.state is not YearState.OPEN:
        raise Conflict(f"The fiscal year {year.code} is {year.state.value}; it takes no new budgets.")
    budgets: dict[UUID, UUID] = {}
    for fund in funds:
        ledger = await store.get(work.session, Ledger, fund.ledger_id, work.actor, "ledger")
        if ledger.calendar_id != year.calendar_id:
            raise Conflict(f"Fund {fund.code} follows another fiscal calendar than {year.code}.")
        begun = year.starts_on <= today
        budget = Budget(
            fund_id=fund.id,
            fiscal_year_id=year.id,
            currency=ledger.currency,
            status=BudgetStatus.ACTIVE if begun else BudgetStatus.PLANNED,
            unit_id=fund.unit_id,
        )
        work.add(budget)
        budgets[fund.id] = budget.id
        if fund.status is RecordStatus.INACTIVE:
            fund.status = RecordStatus.ACTIVE
            await work.session.flush()
            tell_fund(work, fund, ledger.currency)
    await work.session.flush()
    await store_ledger.create_accounts(work.session, list(budgets.values()))
    return budgets


async def undo_batch(work: Work, batch_id: UUID, body: ReversalIn, today: date) -> BatchOut:
    """Undoes a batch by the opposite postings. Raises NotFound, Conflict when it is undone already."""
    batch = await work.lock(AllocationBatch, batch_id, "batch")
    if batch.undoes_id is not None or await store.undone_by(work.session, batch_id) is not None:
        raise Conflict("This batch is undone already.")
    booking, _ = await _reverse(
        work, await store_ledger.transactions_of_batch(work.session, batch_id), body.reason, today
    )
    undoing = AllocationBatch(
        fiscal_year_id=batch.fiscal_year_id,
        recorded_at=clock.now(),
        actor=work.actor.id,
        reason=body.reason,
        rows=batch.rows,
        undoes_id=batch.id,
    )
    work.add(undoing)
    before = {budget_id: budget.figures.totals() for budget_id, budget in booking.budgets.items()}
    after = {budget_id: figures.totals() for budget_id, figures in booking.figures_after().items()}
    await booking.write("The batch can't be undone", batch_id=undoing.id)
    work.audit("funds.batch_undone", batch.id, reason=body.reason)
    return BatchOut(
        id=undoing.id,
        preview=False,
        rows=[
            BatchRowOut(
                budget_id=budget.id,
                fund_code=budget.fund_code,
                created=False,
                status=budget.status,
                allocated_before=Money(before[budget.id].allocated, budget.currency),
                allocated_after=Money(after[budget.id].allocated, budget.currency),
                available_after=Money(after[budget.id].available, budget.currency),
            )
            for budget in booking.budgets.values()
        ],
    )

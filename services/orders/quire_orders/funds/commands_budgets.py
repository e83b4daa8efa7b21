"""Budgets: one fund in one fiscal year, its first allocation, its limits and expense classes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from quire_orders.funds import rules, schemas, store, store_ledger
from quire_orders.funds.commands import save
from quire_orders.funds.commands_booking import Booking, Document, tell_budget
from quire_orders.funds.commands_reports import budget_out
from quire_orders.funds.rules import Purpose, YearState
from quire_orders.funds.schemas_ledger import BudgetOut
from quire_orders.funds.tables import Budget, BudgetExpenseClass, ExpenseClass, FiscalYear, Fund, Ledger
from quire_orders.funds.tables_ledger import DocumentType
from quire_shared.api.problems import Fault, Invalid, NotFound
from quire_shared.database.work import Work


async def create_budget(work: Work, body: schemas.BudgetIn, today: date) -> BudgetOut:
    """Makes the budget of a fund in a year, with its first allocation.

    Raises Invalid when there is one, when the year belongs to another calendar or is closed, or in a wrong currency.
    """
    fund = await work.lock(Fund, body.fund_id, "fund")
    ledger = await store.get(work.session, Ledger, fund.ledger_id, work.actor, "ledger")
    year = await store.get(work.session, FiscalYear, body.fiscal_year_id, work.actor, "fiscal year")
    faults = _currency_faults(body, ledger.currency)
    if year.calendar_id != ledger.calendar_id:
        faults.append(
            Fault(
                pointer="/fiscal_year_id",
                code="other_calendar",
                detail=f"The ledger {ledger.code} follows another fiscal calendar than {year.code}.",
                fix="Choose a fiscal year of the ledger's calendar.",
            )
        )
    if year.state is not YearState.OPEN:
        faults.append(
            Fault(
                pointer="/fiscal_year_id",
                code="fiscal_year_not_open",
                detail=f"The fiscal year {year.code} is {year.state.value}.",
                fix="Choose an open fiscal year.",
            )
        )
    if faults:
        raise Invalid("The budget can't be made.", faults)
    budget = Budget.model_validate(
        {
            "fund_id": fund.id,
            "fiscal_year_id": year.id,
            "currency": ledger.currency,
            "status": body.status,
            "unit_id": body.unit_id or fund.unit_id,
            **_limit_columns(body.limits),
        }
    )
    work.add(budget)
    await save(work, "/fund_id", f"{fund.code}/{year.code}")
    await _set_classes(work, budget.id, body.expense_classes)
    await store_ledger.create_accounts(work.session, [budget.id])
    work.audit("funds.budget_created", budget.id, fund=fund.code, year=year.code)
    booking = Booking(work, body.effective_on or today, "first allocation")
    await booking.lock([budget.id])
    if body.initial is not None and body.initial:
        document = Document(DocumentType.BUDGET, budget.id)
        booking.add(Purpose.ALLOCATION, document, rules.post_initial(budget.id, body.initial), place="/initial")
        await booking.write("The budget can't be made")
    else:
        tell_budget(work, booking.budgets[budget.id], booking.budgets[budget.id].figures)
    return await budget_out(work.session, work.actor, budget.id)


async def change_budget(work: Work, row_id: UUID, body: schemas.BudgetChange) -> BudgetOut:
    """Changes status, limits and expense classes of a budget."""
    budget = await work.lock(Budget, row_id, "budget")
    work.match(budget, await budget_out(work.session, work.actor, row_id), body)
    if body.limits is not None:
        faults = _limit_faults(body.limits, budget.currency)
        if faults:
            raise Invalid("The limits are in another currency than the budget.", faults)
        for name, value in _limit_columns(body.limits).items():
            setattr(budget, name, value)
    if body.status is not None:
        budget.status = body.status
    if body.expense_classes is not None:
        await _set_classes(work, budget.id, body.expense_classes)
    budget.updated_at = work.now
    await work.session.flush()
    work.audit("funds.budget_changed", budget.id, **body.model_dump(mode="json", exclude_unset=True))
    booking = Booking(work, work.now.date())
    await booking.lock([budget.id])
    tell_budget(work, booking.budgets[budget.id], booking.budgets[budget.id].figures)
    return await budget_out(work.session, work.actor, budget.id)


def _currency_faults(body: schemas.BudgetIn, currency: str) -> list[Fault]:
    faults = _limit_faults(body.limits, currency)
    if body.initial is not None and body.initial.currency != currency:
        faults.append(_other_currency("/initial/currency", currency))
    if body.initial is not None and body.initial.amount < 0:
        faults.append(
            Fault(
                pointer="/initial/amount",
                code="below_zero",
                detail="A budget can't start below zero.",
                fix="Give zero or more.",
            )
        )
    return faults


def _limit_faults(limits: schemas.BudgetLimits, currency: str) -> list[Fault]:
    return [
        _other_currency(f"/limits/{name}/amount/currency", currency)
        for name in schemas.BudgetLimits.model_fields
        if (amount := getattr(limits, name).amount) is not None and amount.currency != currency
    ]


def _other_currency(pointer: str, currency: str) -> Fault:
    return Fault(
        pointer=pointer,
        code="other_currency",
        detail=f"The budget is kept in {currency}.",
        fix=f"Give the amount in {currency}.",
    )


def _limit_columns(limits: schemas.BudgetLimits) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in schemas.BudgetLimits.model_fields:
        value: schemas.LimitValue = getattr(limits, name)
        columns[f"{name}_percent"] = value.percent
        columns[f"{name}_amount"] = None if value.amount is None else value.amount.amount
    return columns


async def _set_classes(work: Work, budget_id: UUID, classes: Collection[schemas.BudgetClass]) -> None:
    wanted = {c.expense_class_id: c.status for c in classes}
    for row in await store.budget_classes(work.session, budget_id):
        if row.expense_class_id in wanted:
            row.status = wanted.pop(row.expense_class_id)
        else:
            await work.session.delete(row)
    for class_id, status in sorted(wanted.items()):
        if await work.session.get(ExpenseClass, class_id) is None:
            raise NotFound(f"There is no expense class with the id {class_id}.")
        work.session.add(BudgetExpenseClass(budget_id=budget_id, expense_class_id=class_id, status=status))
    await work.session.flush()

"""What the read models learn from events. Rebuildable: nothing here does anything but fill rows of its generation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col

from quire_desk.readmodels.rules import FIGURES
from quire_desk.readmodels.tables import BudgetView, CostPerUseView, DecisionView, FundView
from quire_shared.contracts.licenses import NoticeDue, RenewalDecided, RenewalMissed
from quire_shared.contracts.orders import BudgetChanged, FundChanged, InvoiceChanged
from quire_shared.contracts.usage import CostPerUseChanged, ReportLoaded
from quire_shared.contracts.vendors import MessageChanged
from quire_shared.database.work import Work
from quire_shared.events.envelope import Envelope
from quire_shared.events.handlers import Projection
from quire_shared.values.money import Money

budgets = Projection("desk.budgets")
today = Projection("desk.today")
cost_per_use = Projection("desk.cost_per_use")
ALL = {p.name: p for p in (budgets, today, cost_per_use)}


async def _put(work: Work, model: type[SQLModel], values: dict[str, Any], *, only_if: Any = None) -> None:
    """Insert a row of this generation or replace what it says."""
    table: Any = model.__table__  # type: ignore[attr-defined]
    values = {"generation": work.generation, **values}
    keys = {c.name for c in table.primary_key}
    statement = insert(table).values(**values)
    await work.session.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: statement.excluded[name] for name in values if name not in keys},
            where=only_if,
        )
    )


# Budgets


@budgets.on(FundChanged)
async def fund_changed(work: Work, event: FundChanged, envelope: Envelope) -> None:
    await _put(work, FundView, {**event.model_dump(), "known": True})


@budgets.on(BudgetChanged)
async def budget_changed(work: Work, event: BudgetChanged, envelope: Envelope) -> None:
    for name in FIGURES:
        Money(getattr(event, name), event.currency)  # what is no money parks here instead of breaking the page
    # Order holds within a key only: the fund's own event may come later, so a stub stands in for it.
    await _put(
        work,
        FundView,
        {
            "fund_id": event.fund_id,
            "ledger_id": event.ledger_id,
            "parent_id": event.parent_fund_id,
            "code": event.fund_code,
            "name": event.fund_name,
            "status": "active",
            "currency": event.currency,
            "unit_id": event.unit_id,
            "known": False,
        },
        only_if=~col(FundView.known),
    )
    named = ("budget_id", "fund_id", "fund_code", "fund_name", "ledger_id", "fiscal_year_id", "fiscal_year_code")
    await _put(
        work,
        BudgetView,
        {
            **{name: getattr(event, name) for name in (*named, "currency", "unit_id", *FIGURES)},
            "event_id": envelope.event_id,
            "changed_at": envelope.time,
        },
    )


async def _forget_budgets(work: Work, generation: int) -> None:
    for model in (BudgetView, FundView):
        await work.session.execute(delete(model).where(col(model.generation) == generation))


# Today

#: The higher, the more urgent; Today lists by day, then by urgency.
ROUTINE, SOON, URGENT = 1, 2, 3

#: States of an invoice in which a person has to decide.
_INVOICE_WAITS = {
    "open": "is to be checked line by line",
    "reviewed": "is to be approved",
}
_MESSAGE_WAITS = {"quarantined": "A message waits in quarantine", "by_hand": "A message is to be sent by hand"}
_REPORT_TROUBLE = {"warning", "error", "critical", "critical error", "fatal", "fatal error"}


@today.on(NoticeDue)
async def notice_due(work: Work, event: NoticeDue, envelope: Envelope) -> None:
    await _open(
        work,
        envelope,
        kind="renewal",
        subject_id=event.renewal_id,
        service="licenses",
        title=f"Decide the renewal of {event.name}",
        detail=f"Step “{event.step}”; notice until {event.notice_deadline.isoformat()}. {event.if_nothing_is_done}",
        urgency=SOON,
        due_on=event.act_by,
        link=f"/api/licenses/licenses/{event.license_id}",
        unit_id=event.unit_id,
    )


@today.on(RenewalMissed)
async def renewal_missed(work: Work, event: RenewalMissed, envelope: Envelope) -> None:
    await _open(
        work,
        envelope,
        kind="renewal",
        subject_id=event.renewal_id,
        service="licenses",
        title=f"Notice deadline passed: {event.name}",
        detail=f"The last day for notice was {event.notice_deadline.isoformat()}. {event.if_nothing_is_done}",
        urgency=URGENT,
        due_on=event.notice_deadline,
        link=f"/api/licenses/licenses/{event.license_id}",
        unit_id=event.unit_id,
    )


@today.on(RenewalDecided)
async def renewal_decided(work: Work, event: RenewalDecided, envelope: Envelope) -> None:
    await _close(work, envelope, "renewal", event.renewal_id, event.decision)


@today.on(InvoiceChanged)
async def invoice_changed(work: Work, event: InvoiceChanged, envelope: Envelope) -> None:
    waits = _INVOICE_WAITS.get(event.state)
    if waits is None:
        await _close(work, envelope, "invoice", event.invoice_id, event.state)
        return
    await _open(
        work,
        envelope,
        kind="invoice",
        subject_id=event.invoice_id,
        service="orders",
        title=f"Invoice {event.number} {waits}",
        detail=f"{event.total.amount} {event.total.currency} of {event.invoice_date.isoformat()}.",
        urgency=SOON,
        due_on=None,
        link=f"/api/orders/invoices/{event.invoice_id}",
        unit_id=event.unit_id,
    )


@today.on(MessageChanged)
async def message_changed(work: Work, event: MessageChanged, envelope: Envelope) -> None:
    waits = _MESSAGE_WAITS.get(event.state)
    if waits is None:
        await _close(work, envelope, "message", event.message_id, event.state)
        return
    what = f"{event.kind} {event.document_number}" if event.document_number else event.kind
    await _open(
        work,
        envelope,
        kind="message",
        subject_id=event.message_id,
        service="vendors",
        title=f"{waits}: {what}",
        detail=event.reason or "No reason was given.",
        urgency=URGENT,
        due_on=None,
        link=f"/api/vendors/messages/{event.message_id}",
        unit_id=envelope.unit_id,
    )


@today.on(ReportLoaded)
async def report_loaded(work: Work, event: ReportLoaded, envelope: Envelope) -> None:
    if event.level.lower() not in _REPORT_TROUBLE:
        await _close(work, envelope, "usage_report", event.platform_id, "loaded without findings")
        return
    months = f"{event.months[0]} to {event.months[-1]}" if event.months else "no month"
    await _open(
        work,
        envelope,
        kind="usage_report",
        subject_id=event.platform_id,
        service="usage",
        title=f"Usage of {event.platform} was loaded with findings",
        detail=f"{event.report_id} (release {event.release}), {months}: {event.level}.",
        urgency=ROUTINE,
        due_on=None,
        link=f"/api/usage/platforms/{event.platform_id}",
        unit_id=event.unit_id,
    )


async def _open(work: Work, envelope: Envelope, **values: Any) -> None:
    table: Any = DecisionView.__table__  # type: ignore[attr-defined]
    values |= {
        "generation": work.generation,
        "opened_at": envelope.time,
        "changed_at": envelope.time,
        "closed_at": None,
        "outcome": None,
    }
    statement = insert(table).values(**values)
    kept = {"generation", "kind", "subject_id", "opened_at"}
    await work.session.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: statement.excluded[name] for name in values if name not in kept},
        )
    )


async def _close(work: Work, envelope: Envelope, kind: str, subject_id: Any, outcome: str) -> None:
    table: Any = DecisionView.__table__  # type: ignore[attr-defined]
    await work.session.execute(
        table.update()
        .where(
            table.c.generation == work.generation,
            table.c.kind == kind,
            table.c.subject_id == subject_id,
            table.c.closed_at.is_(None),
        )
        .values(closed_at=envelope.time, changed_at=envelope.time, outcome=outcome)
    )


async def _forget_today(work: Work, generation: int) -> None:
    await work.session.execute(delete(DecisionView).where(col(DecisionView.generation) == generation))


# Cost per use


@cost_per_use.on(CostPerUseChanged)
async def cost_changed(work: Work, event: CostPerUseChanged, envelope: Envelope) -> None:
    Money(event.cost, event.currency)
    await _put(work, CostPerUseView, {**event.model_dump(), "changed_at": envelope.time})


async def _forget_costs(work: Work, generation: int) -> None:
    await work.session.execute(delete(CostPerUseView).where(col(CostPerUseView.generation) == generation))


budgets.forget = _forget_budgets
today.forget = _forget_today
cost_per_use.forget = _forget_costs

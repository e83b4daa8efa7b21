"""How every command moves money: budgets locked in order, all faults at once, postings and balances in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from quire_orders.funds import rules, rules_movements, store_ledger
from quire_orders.funds.rules import ZERO, Account, Fault, Figures, Purpose
from quire_orders.funds.rules_limits import Check, Demand, LimitFinding, check_limits
from quire_orders.funds.store_ledger import Draft, Entry, LockedBudget
from quire_orders.funds.tables import RecordStatus
from quire_orders.funds.tables_ledger import ChargeShare, DocumentType
from quire_shared.api import problems
from quire_shared.api.problems import Forbidden, Invalid, NotFound
from quire_shared.contracts.orders import BudgetChanged
from quire_shared.database.work import Work
from quire_shared.values import clock
from quire_shared.values.ids import uuid7

CLOSE_SCOPE = "fiscal_years:close"
OVERRIDE_SCOPE = "budgets:override"


@dataclass(frozen=True, slots=True)
class Document:
    """What money moves for."""

    type: DocumentType
    id: UUID


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody answers for passing a limit. Needs the scope ``budgets:override``."""

    reason: str


class Booking:
    """The money of one command. Lock first, add postings, then write once; nothing is written before all checks."""

    def __init__(self, work: Work, on: date, reason: str = "") -> None:
        self.work = work
        self.on = on
        self.reason = reason
        self.budgets: dict[UUID, LockedBudget] = {}
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.shares: list[ChargeShare] = []  # new ones; they are kept after the charges and commitments they join
        self._entries: dict[tuple[UUID, str, Purpose, Document, UUID | None], list[Entry]] = {}
        self._places: dict[tuple[UUID, Purpose], str] = {}

    async def lock(self, budget_ids: Iterable[UUID]) -> None:
        """Locks all budgets of the command at once. Raises NotFound for one that is not there or not seen."""
        wanted = set(budget_ids)
        self.budgets = await store_ledger.lock_budgets(self.work.session, wanted)
        for budget_id in sorted(wanted):
            if budget_id not in self.budgets or not self.work.actor.sees(self.budgets[budget_id].unit_id):
                raise NotFound(f"There is no budget with the id {budget_id}.")
            self.work.hold(budget_id)

    def add(
        self,
        purpose: Purpose,
        document: Document,
        postings: Sequence[rules.Posting],
        *,
        place: str = "",
        commitment_id: UUID | None = None,
        charge_id: UUID | None = None,
        expense_class_id: UUID | None = None,
        reverses_id: UUID | None = None,
    ) -> None:
        """Adds postings. ``place`` is the JSON pointer that a refusal of their budgets names."""
        for posting in postings:
            budget = self.budgets[posting.budget_id]
            key = (budget.fiscal_year_id, budget.currency, purpose, document, reverses_id)
            self._places.setdefault((budget.id, purpose), place)
            self._entries.setdefault(key, []).append(Entry(posting, commitment_id, charge_id, expense_class_id))

    def _with_account(self, entry: Entry, extensions: dict[UUID, str]) -> Entry:
        budget = self.budgets[entry.posting.budget_id]
        extension = extensions[entry.expense_class_id] if entry.expense_class_id else ""
        return replace(entry, gl_account=rules.general_ledger_account(budget.external_account, extension))

    def changes(self) -> dict[tuple[UUID, Account], Decimal]:
        return rules.changes(entry.posting for entries in self._entries.values() for entry in entries)

    def figures_after(self) -> dict[UUID, Figures]:
        """The figures of the locked budgets as they will stand."""
        moved = self.changes()
        after: dict[UUID, Figures] = {}
        for budget in self.budgets.values():
            change = Figures.from_balances(
                budget.currency, {kind: amount for (owner, kind), amount in moved.items() if owner == budget.id}
            )
            after[budget.id] = budget.figures.plus(change)
        return after

    def check_limits(
        self, check: Check, claims: Sequence[tuple[UUID, Decimal, str]], override: Override | None
    ) -> None:
        """Compares the budgets as they will stand with their limits.

        ``claims`` lists (budget, what the document newly claims there, place). What the document gives back at the
        same time, such as its own open encumbrance, is not counted against it. A stop becomes a warning when it is
        overridden with a reason by somebody who may (else Forbidden).
        """
        after = self.figures_after()
        claimed: dict[UUID, Decimal] = {}
        for budget_id, amount, _ in claims:
            claimed[budget_id] = claimed.get(budget_id, ZERO) + amount
        demands: list[Demand] = []
        given_back: set[UUID] = set()
        for budget_id, amount, place in claims:
            budget = self.budgets[budget_id]
            own = ZERO
            if budget_id not in given_back:
                given_back.add(budget_id)
                own = claimed[budget_id] - (after[budget_id].totals().used - budget.figures.totals().used)
            demands.append(Demand(budget_id, budget.name, place, budget.figures, budget.limits, amount, own))
        findings = check_limits(check, demands)
        self._apply(findings, override)

    def _apply(self, findings: Sequence[LimitFinding], override: Override | None) -> None:
        stops = [finding for finding in findings if finding.stops]
        self.warnings += [finding.fault for finding in findings if not finding.stops]
        if stops and override is not None:
            if not self.work.actor.may(OVERRIDE_SCOPE):
                raise Forbidden(
                    f"Passing a limit needs the right “{OVERRIDE_SCOPE}”.", as_problems([f.fault for f in stops])
                )
            for finding in stops:
                self.work.audit(
                    "funds.limit_overridden", finding.budget_id, short=str(finding.short), reason=override.reason
                )
            self.warnings += [finding.fault for finding in stops]
            return
        self.faults += [finding.fault for finding in stops]

    def check_movements(self) -> None:
        """Notes a fault for every budget on which money may not move now."""
        may_close = self.work.actor.may(CLOSE_SCOPE)
        seen: set[tuple[UUID, Purpose]] = set()
        for (_, _, purpose, _, _), entries in self._entries.items():
            for entry in entries:
                key = (entry.posting.budget_id, purpose)
                if key in seen:
                    continue
                seen.add(key)
                budget = self.budgets[entry.posting.budget_id]
                place = self._places[key]
                fault = rules_movements.check_movement(
                    purpose, budget.year_state, budget.status, place, budget.name, may_close
                )
                if fault is None and budget.fund_status is not RecordStatus.ACTIVE:
                    fault = Fault(
                        pointer=place,
                        code="fund_not_active",
                        detail=f"Fund {budget.fund_code} is {budget.fund_status.value}.",
                        fix="Set the fund to active, or use another fund.",
                    )
                if fault is not None:
                    self.faults.append(fault)

    def refuse_faults(self, what: str) -> None:
        """Raises Invalid with all faults found so far."""
        if self.faults:
            count = len(self.faults)
            raise Invalid(
                f"{what}: {'one thing is' if count == 1 else f'{count} things are'} wrong.", as_problems(self.faults)
            )

    async def write(
        self, what: str, *, batch_id: UUID | None = None, funding_source_id: UUID | None = None
    ) -> list[UUID]:
        """Checks movements, refuses all faults together, writes, and tells the new figures. Answers transaction ids."""
        self.check_movements()
        self.refuse_faults(what)
        extensions = await store_ledger.account_extensions(
            self.work.session,
            {e.expense_class_id for entries in self._entries.values() for e in entries if e.expense_class_id},
        )
        drafts = [
            Draft(
                id=uuid7(),
                fiscal_year_id=year,
                currency=currency,
                purpose=purpose,
                document_type=document.type,
                document_id=document.id,
                effective_on=self.budgets[entries[0].posting.budget_id].day(self.on),
                entries=[self._with_account(entry, extensions) for entry in entries],
                reason=self.reason,
                reverses_id=reverses_id,
                batch_id=batch_id,
                funding_source_id=funding_source_id,
            )
            for (year, currency, purpose, document, reverses_id), entries in self._entries.items()
        ]
        # Commitments and charges must be there before shares and postings refer to them.
        await self.work.session.flush()
        self.work.session.add_all(self.shares)
        await self.work.session.flush()
        if not drafts:
            return []
        await store_ledger.write(self.work.session, drafts, self.work.actor.id, clock.now())
        after = self.figures_after()
        for budget_id in sorted({entry.posting.budget_id for draft in drafts for entry in draft.entries}):
            tell_budget(self.work, self.budgets[budget_id], after[budget_id])
        self._entries.clear()
        return [draft.id for draft in drafts]


def tell_budget(work: Work, budget: LockedBudget, figures: Figures) -> None:
    """Says the figures of a locked budget."""
    totals = figures.totals()
    work.emit(
        BudgetChanged(
            budget_id=budget.id,
            fund_id=budget.fund_id,
            fund_code=budget.fund_code,
            fund_name=budget.fund_name,
            parent_fund_id=budget.parent_fund_id,
            ledger_id=budget.ledger_id,
            fiscal_year_id=budget.fiscal_year_id,
            fiscal_year_code=budget.year_code,
            currency=budget.currency,
            allocated=totals.allocated,
            net_transfers=totals.net_transfers,
            encumbered=totals.encumbered,
            awaiting_payment=totals.awaiting,
            expended=totals.expended,
            credited=totals.credited,
            available=totals.available,
            cash_balance=totals.cash_balance,
            total_funding=totals.total_funding,
            unit_id=budget.unit_id,
        ),
        budget.id,
        unit_id=budget.unit_id,
    )


def as_problems(faults: Iterable[Fault]) -> list[problems.Fault]:
    """The faults of the rules, as they are answered."""
    return [problems.Fault(pointer=f.pointer, code=f.code, detail=f.detail, fix=f.fix) for f in faults]

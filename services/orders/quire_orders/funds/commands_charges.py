"""What invoicing calls inside its own transaction: approve, pay and cancel the charges of an invoice.

The caller holds its invoice. Charges are locked next, then their order lines in the ledger, then the budgets.
Limits are checked at approval, never at payment; cancelling posts the opposite and lets commitments stand again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from quire_orders.funds import rules, store_commitments
from quire_orders.funds.commands_booking import Booking, Document, Override, as_problems
from quire_orders.funds.commands_commitments import Standing, check_expense_classes, settle, shares_of, standing
from quire_orders.funds.commands_rates import Conversions
from quire_orders.funds.rules import Fault, Purpose
from quire_orders.funds.rules_commitments import ChargeState
from quire_orders.funds.rules_limits import Check
from quire_orders.funds.store_commitments import Held
from quire_orders.funds.tables_ledger import Charge, ChargeShare, DocumentType
from quire_shared.api.problems import Conflict, Invalid
from quire_shared.database.work import Work
from quire_shared.values.money import Money


@dataclass(frozen=True, slots=True)
class ChargePart:
    """What one invoice line takes from one fund, in the invoice's currency; below zero for a credit.

    With ``line_id`` it uses up the commitments of that order line in ``commitment_year_id`` (default: the year that
    pays). ``releases``: no more invoices are expected for the line; that also holds for its commitments of
    ``also_release_year_ids`` (a past year is paid and this year's commitment given back).
    """

    invoice_line_id: UUID
    fund_id: UUID
    fiscal_year_id: UUID
    amount: Money
    expense_class_id: UUID | None = None
    line_id: UUID | None = None
    releases: bool = False
    rate_id: UUID | None = None
    commitment_year_id: UUID | None = None
    also_release_year_ids: frozenset[UUID] = frozenset()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Charged:
    """One charge after a command."""

    charge_id: UUID
    invoice_line_id: UUID
    budget_id: UUID
    amount: Money
    state: ChargeState


@dataclass(frozen=True, slots=True)
class ChargeOutcome:
    charges: tuple[Charged, ...]
    commitments: tuple[Standing, ...]
    warnings: tuple[Fault, ...] = ()


async def approve_charges(
    work: Work,
    invoice_id: UUID,
    parts: Sequence[ChargePart],
    *,
    on: date,
    override: Override | None = None,
    reason: str = "",
) -> ChargeOutcome:
    """Approves the charges of an invoice, all its funds in one answer.

    Called again before payment (another exchange rate, another fund) it replaces what was approved. Raises Invalid with
    all faults (no budget, limits, closed year, no exchange rate), Conflict when the invoice is paid.
    """
    old = await store_commitments.lock_charges(work.session, invoice_id)
    if any(charge.state is ChargeState.PAID for charge in old):
        raise Conflict("This invoice is paid. Cancel it to change its charges.")
    line_ids = {p.line_id for p in parts if p.line_id} | {c.line_id for c in old if c.line_id}
    held = await store_commitments.lock_lines(work.session, line_ids)
    wanted = await store_commitments.budget_ids(work.session, {(p.fund_id, p.fiscal_year_id) for p in parts})
    await _refuse_missing(work, parts, wanted)
    booking = Booking(work, on, reason)
    await booking.lock(
        set(wanted.values()) | {h.row.budget_id for h in held.values()} | {charge.budget_id for charge in old}
    )
    budget_of = [wanted[p.fund_id, p.fiscal_year_id] for p in parts]
    await check_expense_classes(
        work,
        booking,
        [(b, p.expense_class_id, p.place) for b, p in zip(budget_of, parts, strict=True) if p.expense_class_id],
    )
    pairs = {(p.amount.currency, booking.budgets[b].currency) for b, p in zip(budget_of, parts, strict=True)}
    conversions = await Conversions.load(work.session, pairs, on, {p.rate_id for p in parts if p.rate_id})
    document = Document(DocumentType.INVOICE, invoice_id)
    for charge in old:
        _void(booking, document, charge)
    # The live charges are unique: the replaced ones must be gone before their successors come.
    await work.session.flush()
    steps = _next_steps(held.values())
    charges: list[Charge] = []
    claims = []
    for part, budget_id in zip(parts, budget_of, strict=True):
        budget = booking.budgets[budget_id]
        converted = conversions.convert(part.amount, budget.currency, part.rate_id, part.place)
        if isinstance(converted, Fault):
            booking.faults.append(converted)
            continue
        amount, rate_id = converted
        charge = Charge(
            invoice_id=invoice_id,
            invoice_line_id=part.invoice_line_id,
            line_id=part.line_id,
            fund_id=part.fund_id,
            budget_id=budget_id,
            fiscal_year_id=part.fiscal_year_id,
            expense_class_id=part.expense_class_id,
            currency=budget.currency,
            amount=amount.amount,
            original_amount=part.amount.amount,
            original_currency=part.amount.currency,
            rate_id=rate_id,
            releases=part.releases,
        )
        charges.append(charge)
        original = part.amount if rate_id else None
        booking.add(
            Purpose.APPROVAL,
            document,
            rules.post_approval(budget_id, amount, original, rate_id),
            place=part.place,
            charge_id=charge.id,
            expense_class_id=part.expense_class_id,
        )
        claims.append((budget_id, amount.amount, part.place))
        booking.shares += _use_up(charge, part, held.values(), steps)
    booking.refuse_faults("The invoice can't be approved")
    work.session.add_all(charges)
    settle(booking, [(h, "") for h in held.values()])
    booking.check_limits(Check.EXPENDITURE, claims, override)
    await booking.write("The invoice can't be approved")
    return _outcome(booking, charges, held.values())


async def _refuse_missing(work: Work, parts: Sequence[ChargePart], wanted: dict[tuple[UUID, UUID], UUID]) -> None:
    missing = [p for p in parts if (p.fund_id, p.fiscal_year_id) not in wanted]
    if not missing:
        return
    names = await store_commitments.codes(work.session, {i for p in missing for i in (p.fund_id, p.fiscal_year_id)})
    faults = [
        Fault(
            pointer=part.place,
            code="no_budget",
            detail=f"Fund {names.get(part.fund_id, part.fund_id)} has no budget in the fiscal year "
            f"{names.get(part.fiscal_year_id, part.fiscal_year_id)}.",
            fix="Make a budget for it, or choose another fund.",
        )
        for part in missing
    ]
    raise Invalid("The invoice can't be approved: a fund has no budget.", as_problems(faults))


def _next_steps(held: Iterable[Held]) -> dict[UUID, int]:
    """Moves every line on by one step; answers the step of each."""
    steps: dict[UUID, int] = defaultdict(int)
    rows = [h.row for h in held]
    for row in rows:
        steps[row.line_id] = max(steps[row.line_id], row.step + 1)
    for row in rows:
        row.step = steps[row.line_id]
    return steps


def _use_up(charge: Charge, part: ChargePart, held: Iterable[Held], steps: dict[UUID, int]) -> list[ChargeShare]:
    """The new shares of a charge in the commitments of its order line."""
    if part.line_id is None:
        return []
    active = [h for h in held if h.row.line_id == part.line_id and h.row.active]
    year_id = part.commitment_year_id or part.fiscal_year_id
    added: list[ChargeShare] = []
    for commitment, amount in shares_of(charge, year_id, active, part.also_release_year_ids):
        share = ChargeShare(
            charge_id=charge.id, commitment_id=commitment.row.id, amount=amount, step=steps[part.line_id]
        )
        added.append(share)
        commitment.shares.append((share, charge))
    return added


async def pay_charges(
    work: Work, invoice_id: UUID, *, on: date, bank_rate_id: UUID | None = None, reason: str = ""
) -> ChargeOutcome:
    """Pays the approved charges of an invoice; with the bank's exchange rate the difference is posted.

    Limits are not asked again. Paying a paid invoice again changes nothing. Raises Conflict when nothing is approved.
    """
    charges = await store_commitments.lock_charges(work.session, invoice_id)
    if not charges:
        raise Conflict("This invoice has no approved charges to pay.")
    approved = [charge for charge in charges if charge.state is ChargeState.APPROVED]
    held = await store_commitments.lock_lines(work.session, {c.line_id for c in charges if c.line_id})
    booking = Booking(work, on, reason)
    await booking.lock({c.budget_id for c in charges} | {h.row.budget_id for h in held.values()})
    conversions = await Conversions.load(work.session, set(), on, {bank_rate_id} if bank_rate_id else set())
    document = Document(DocumentType.INVOICE, invoice_id)
    for charge in approved:
        agreed = Money(charge.amount, charge.currency)
        original = Money(charge.original_amount, charge.original_currency)
        paid, rate_id = agreed, charge.rate_id
        if bank_rate_id is not None and charge.original_currency != charge.currency:
            converted = conversions.convert(original, charge.currency, bank_rate_id, "/bank_rate_id")
            if isinstance(converted, Fault):
                booking.faults.append(converted)
                continue
            paid, rate_id = converted
        booking.add(
            Purpose.PAYMENT,
            document,
            rules.post_payment(charge.budget_id, agreed, paid, original if rate_id else None, rate_id),
            charge_id=charge.id,
            expense_class_id=charge.expense_class_id,
        )
        charge.state = ChargeState.PAID
        charge.paid = paid.amount
        if paid != agreed:
            _scale_shares(charge, paid, held.values())
    settle(booking, [(h, "") for h in held.values()])
    await booking.write("The invoice can't be paid")
    return _outcome(booking, charges, held.values())


def _scale_shares(charge: Charge, paid: Money, held: Iterable[Held]) -> None:
    """Spreads what was really paid over the shares, in proportion to what was approved."""
    shares = [
        share for h in held for share, known in h.shares if known.id == charge.id and h.row.currency == charge.currency
    ]
    weights = [abs(share.amount) for share in shares]
    if not any(weights):
        return
    for share, part in zip(shares, paid.allocate(weights), strict=True):
        share.amount = part.amount


async def cancel_charges(work: Work, invoice_id: UUID, *, on: date, reason: str) -> ChargeOutcome:
    """Cancels an approved or paid invoice by the opposite postings; its commitments stand again, in the same step.

    Raises Conflict when the invoice has no live charge, Invalid when a year is closed or a budget is not active.
    """
    charges = await store_commitments.lock_charges(work.session, invoice_id)
    if not charges:
        raise Conflict("This invoice has no charges that could be cancelled.")
    held = await store_commitments.lock_lines(work.session, {c.line_id for c in charges if c.line_id})
    booking = Booking(work, on, reason)
    await booking.lock({c.budget_id for c in charges} | {h.row.budget_id for h in held.values()})
    document = Document(DocumentType.INVOICE, invoice_id)
    for charge in charges:
        _void(booking, document, charge)
    settle(booking, [(h, "") for h in held.values()])
    await booking.write("The invoice can't be cancelled")
    return _outcome(booking, charges, held.values())


def _void(booking: Booking, document: Document, charge: Charge) -> None:
    """Posts the opposite of all that a charge posted, and cancels it."""
    agreed = Money(charge.amount, charge.currency)
    original = Money(charge.original_amount, charge.original_currency) if charge.rate_id else None
    posted = rules.post_approval(charge.budget_id, agreed, original, charge.rate_id)
    if charge.state is ChargeState.PAID:
        paid = agreed if charge.paid is None else Money(charge.paid, charge.currency)
        posted += rules.post_payment(charge.budget_id, agreed, paid, original, charge.rate_id)
    booking.add(
        Purpose.CANCELLATION,
        document,
        rules.reverse(posted),
        charge_id=charge.id,
        expense_class_id=charge.expense_class_id,
    )
    charge.state = ChargeState.CANCELLED


def _outcome(booking: Booking, charges: Iterable[Charge], held: Iterable[Held]) -> ChargeOutcome:
    return ChargeOutcome(
        tuple(Charged(c.id, c.invoice_line_id, c.budget_id, Money(c.amount, c.currency), c.state) for c in charges),
        tuple(standing(h) for h in held),
        tuple(booking.warnings),
    )

"""What purchasing calls inside its own transaction: encumber, adjust, unopen, close, reopen, release, un-release.

The caller holds its order and lines; their rows in the ledger are locked next, then budgets. Each function derives the encumbrance
afresh by the pure function and posts only the difference from what stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from quire_orders.funds import rules, rules_movements, store_commitments
from quire_orders.funds.commands_booking import Booking, Document, Override, as_problems
from quire_orders.funds.commands_rates import Conversions
from quire_orders.funds.rules import ZERO, Fault, Purpose
from quire_orders.funds.rules_commitments import OrderState, hand_over, has_approved_charge, share_charge
from quire_orders.funds.rules_limits import Check
from quire_orders.funds.store_commitments import Held
from quire_orders.funds.tables_ledger import Charge, ChargeShare, Commitment, DocumentType
from quire_shared.api.problems import Conflict
from quire_shared.database.work import Work
from quire_shared.values.money import Money


@dataclass(frozen=True, slots=True)
class CommitmentPart:
    """What an order line is to hold on one fund in one fiscal year, in the line's currency (zero or more).

    ``locations`` are those of the copies that this part pays; ``rate_id`` fixes an exchange rate (a contract's or one
    set by hand) instead of the newest published one; ``place`` is a JSON pointer for refusals.
    """

    fund_id: UUID
    fiscal_year_id: UUID
    amount: Money
    expense_class_id: UUID | None = None
    locations: frozenset[str] = frozenset()
    rate_id: UUID | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class LineParts:
    """All that a line is to hold, in all fiscal years. Funds that are not named any more are given up."""

    line_id: UUID
    parts: Sequence[CommitmentPart]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a line on one fund after a command."""

    commitment_id: UUID
    line_id: UUID
    fund_id: UUID
    fiscal_year_id: UUID
    initial: Money
    encumbered: Money
    status: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The commitments that the command touched, and the warnings that it gave."""

    commitments: tuple[Standing, ...]
    warnings: tuple[Fault, ...] = ()


async def commit_lines(
    work: Work,
    order_id: UUID,
    state: OrderState,
    lines: Sequence[LineParts],
    *,
    on: date,
    override: Override | None = None,
    reason: str = "",
) -> Outcome:
    """Brings the commitments of lines to what they are to be: opens, reprices, changes funds, revalues.

    Raises Invalid with all faults of all lines: no budget, wrong location, expense class not usable, no exchange rate,
    limits, closed years. Raises Conflict when the fund of a line is changed while an approved invoice waits for payment
    there. A constant number of statements, however many lines.
    """
    held = await store_commitments.lock_lines(work.session, {line.line_id for line in lines}, order_id)
    unshared: dict[UUID, list[Charge]] = defaultdict(list)
    for charge in await store_commitments.unshared_charges(work.session, {line.line_id for line in lines}):
        if charge.line_id is not None:
            unshared[charge.line_id].append(charge)
    parts = [part for line in lines for part in line.parts]
    wanted = await store_commitments.budget_ids(work.session, {(p.fund_id, p.fiscal_year_id) for p in parts})
    booking = Booking(work, on, reason)
    await booking.lock(set(wanted.values()) | {h.row.budget_id for h in held.values()})
    await _check_parts(work, booking, parts, wanted)
    booking.refuse_faults("The funds can't be charged")
    conversions = await Conversions.load(
        work.session,
        {(p.amount.currency, booking.budgets[wanted[p.fund_id, p.fiscal_year_id]].currency) for p in parts},
        on,
        {p.rate_id for p in parts if p.rate_id},
    )
    touched: list[tuple[Held, str]] = []
    by_line: dict[UUID, list[Held]] = defaultdict(list)
    for commitment in held.values():
        by_line[commitment.row.line_id].append(commitment)
    for line in lines:
        changed = await _change_line(booking, conversions, order_id, state, line, by_line[line.line_id], wanted)
        _adopt(booking, [h for h, _ in changed if h.row.active], unshared[line.line_id])
        touched += changed
    booking.refuse_faults("The funds can't be charged")
    work.session.add_all(commitment.row for commitment, _ in touched)
    return await _settle(booking, touched, override, limits=state is OrderState.OPEN)


async def _check_parts(
    work: Work, booking: Booking, parts: Sequence[CommitmentPart], wanted: dict[tuple[UUID, UUID], UUID]
) -> None:
    missing = [p for p in parts if (p.fund_id, p.fiscal_year_id) not in wanted]
    if missing:
        names = await store_commitments.codes(work.session, {i for p in missing for i in (p.fund_id, p.fiscal_year_id)})
        for part in missing:
            fund = names.get(part.fund_id, str(part.fund_id))
            year = names.get(part.fiscal_year_id, str(part.fiscal_year_id))
            booking.faults.append(
                Fault(
                    pointer=part.place,
                    code="no_budget",
                    detail=f"Fund {fund} has no budget in the fiscal year {year}.",
                    fix="Make a budget for it, or choose another fund.",
                )
            )
    known = [p for p in parts if (p.fund_id, p.fiscal_year_id) in wanted]
    for part in known:
        budget = booking.budgets[wanted[part.fund_id, part.fiscal_year_id]]
        fault = rules_movements.check_locations(part.place, budget.fund_code, budget.locations, part.locations)
        if fault is not None:
            booking.faults.append(fault)
    await check_expense_classes(
        work,
        booking,
        [
            (wanted[p.fund_id, p.fiscal_year_id], p.expense_class_id, p.place)
            for p in known
            if p.expense_class_id is not None
        ],
    )


async def check_expense_classes(work: Work, booking: Booking, uses: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Notes a fault for each expense class that its budget does not take."""
    if not uses:
        return
    classes = await store_commitments.expense_classes(work.session, {use[1] for use in uses})
    allowed = await store_commitments.budget_classes(work.session, {use[0] for use in uses})
    for budget_id, class_id, place in uses:
        found = classes.get(class_id)
        usable = found is not None and found.status == "active"
        if usable and (budget_id not in allowed or class_id in allowed[budget_id]):
            continue
        booking.faults.append(
            Fault(
                pointer=place,
                code="expense_class_not_usable",
                detail=f"Budget {booking.budgets[budget_id].name} does not take the expense class "
                f"{found.code if found else class_id}.",
                fix="Choose another expense class, or add this one to the budget.",
            )
        )


async def _change_line(
    booking: Booking,
    conversions: Conversions,
    order_id: UUID,
    state: OrderState,
    line: LineParts,
    standing: list[Held],
    wanted: dict[tuple[UUID, UUID], UUID],
) -> list[tuple[Held, str]]:
    """Changes the rows of one line; answers all its commitments with their places."""
    step = max((h.row.step for h in standing), default=0) + 1
    old = {(h.row.fund_id, h.row.fiscal_year_id, h.row.expense_class_id): h for h in standing}
    active = [h for h in standing if h.row.active]
    carried = bool(active) and all(h.row.released_by_hand for h in active)
    unreleased = max((h.row.unreleased_step for h in active), default=0)
    places: dict[UUID, str] = {}
    added: list[Held] = []
    kept: list[Held] = []
    amounts: dict[tuple[UUID, UUID, UUID | None], list[CommitmentPart]] = defaultdict(list)
    for part in line.parts:
        amounts[part.fund_id, part.fiscal_year_id, part.expense_class_id].append(part)
    for key, parts in amounts.items():
        fund_id, year_id, class_id = key
        first = parts[0]
        budget = booking.budgets[wanted[fund_id, year_id]]
        original = Money.sum((part.amount for part in parts), first.amount.currency)
        converted = conversions.convert(original, budget.currency, first.rate_id, first.place)
        if isinstance(converted, Fault):
            booking.faults.append(converted)
            continue
        initial, rate_id = converted
        found = old.get(key)
        if found is None:
            found = Held(
                Commitment(
                    order_id=order_id,
                    line_id=line.line_id,
                    fund_id=fund_id,
                    budget_id=budget.id,
                    fiscal_year_id=year_id,
                    expense_class_id=class_id,
                    currency=budget.currency,
                    initial=ZERO,
                    original_amount=ZERO,
                    original_currency=original.currency,
                    order_state=state,
                )
            )
        if found.row.active and found in active:
            kept.append(found)
        else:
            found.row.released_by_hand = carried
            found.row.unreleased_step = unreleased
            added.append(found)
        found.row.active = True
        found.row.initial = initial.amount
        found.row.original_amount = original.amount
        found.row.original_currency = original.currency
        found.row.rate_id = rate_id
        places[found.row.id] = first.place or line.place
    present = kept + added
    gone = [h for h in active if h not in kept]
    for commitment in gone:
        _refuse_while_approved(commitment, line.place)
        commitment.row.active = False
        commitment.row.initial = ZERO
        commitment.row.original_amount = ZERO
    for commitment in standing:
        if not commitment.row.active:
            await _give_up(commitment, added or kept, booking)
    everything = present + gone
    for commitment in everything:
        commitment.row.order_state = state
        commitment.row.step = step
    return [(commitment, places.get(commitment.row.id, line.place)) for commitment in everything]


def _refuse_while_approved(commitment: Held, place: str) -> None:
    if not has_approved_charge(commitment.facts().shares):
        return
    fault = Fault(
        pointer=place,
        code="line_has_approved_invoice",
        detail="An approved invoice points at this line.",
        fix="Pay or cancel the invoice first.",
    )
    raise Conflict(
        "The fund of this line can't be changed now: an approved invoice waits for payment there.", as_problems([fault])
    )


async def _give_up(gone: Held, heirs: list[Held], booking: Booking) -> None:
    """Takes a fund off a line: what was paid stays on the old fund, what it uses up goes over to the new ones."""
    heirs = [h for h in heirs if h.row.currency == gone.row.currency]
    if not heirs:
        return
    for share, charge in gone.shares:
        parts = hand_over(Money(share.amount, gone.row.currency), [(h.row.id, h.row.initial) for h in heirs])
        for heir in heirs:
            _add_share(heir, charge, parts[heir.row.id].amount, share.step, booking)
        await booking.work.session.delete(share)
    gone.shares = []


def _adopt(booking: Booking, active: list[Held], charges: Sequence[Charge]) -> None:
    """Lets invoices that were approved before the line held anything use up what it holds now."""
    for charge in charges:
        for commitment, amount in shares_of(charge, charge.fiscal_year_id, active, set()):
            _add_share(commitment, charge, amount, commitment.row.step, booking)


def shares_of(
    charge: Charge, year_id: UUID, active: Sequence[Held], also_release: AbstractSet[UUID]
) -> list[tuple[Held, Decimal]]:
    """What a charge uses up of each commitment of its line in a fiscal year.

    A releasing charge gets a share of zero in the others of that year and of the years ``also_release``. A commitment
    in another currency can be released, but not used up: there is no rate between the two amounts.
    """
    users = [h for h in active if h.row.fiscal_year_id == year_id and h.row.currency == charge.currency]
    amount = Money(charge.amount if charge.paid is None else charge.paid, charge.currency)
    shares = share_charge(amount, charge.fund_id, [(h.row.id, h.row.fund_id, h.row.initial) for h in users])
    released = {year_id, *also_release} if charge.releases else set()
    return [
        (h, shares[h.row.id].amount if h.row.id in shares else ZERO)
        for h in active
        if h.row.id in shares or h.row.fiscal_year_id in released
    ]


def _add_share(held: Held, charge: Charge, amount: Decimal, step: int, booking: Booking) -> None:
    for share, known in held.shares:
        if known.id == charge.id:
            share.amount += amount
            return
    share = ChargeShare(charge_id=charge.id, commitment_id=held.row.id, amount=amount, step=step)
    booking.shares.append(share)
    held.shares.append((share, charge))


async def set_order_state(
    work: Work, order_id: UUID, state: OrderState, *, on: date, override: Override | None = None, reason: str = ""
) -> Outcome:
    """Opens, unopens (pending), closes or reopens all commitments of an order. Raises Invalid like ``commit_lines``."""
    held = await store_commitments.lock_order(work.session, order_id)
    booking = Booking(work, on, reason)
    await booking.lock({h.row.budget_id for h in held.values()})
    for commitment in held.values():
        commitment.row.order_state = state
        commitment.row.step += 1
    return await _settle(booking, [(h, "") for h in held.values()], override, limits=state is OrderState.OPEN)


async def release_lines(work: Work, line_ids: Iterable[UUID], *, on: date, reason: str = "") -> Outcome:
    """Gives back by hand what is still encumbered for the lines."""
    return await _mark_released(work, set(line_ids), True, on, None, reason)


async def unrelease_lines(
    work: Work, line_ids: Iterable[UUID], *, on: date, override: Override | None = None, reason: str = ""
) -> Outcome:
    """Takes back a release, by hand or by an invoice, so that what is not invoiced stands again."""
    return await _mark_released(work, set(line_ids), False, on, override, reason)


async def _mark_released(
    work: Work, line_ids: set[UUID], released: bool, on: date, override: Override | None, reason: str
) -> Outcome:
    held = await store_commitments.lock_lines(work.session, line_ids)
    booking = Booking(work, on, reason)
    await booking.lock({h.row.budget_id for h in held.values()})
    steps: dict[UUID, int] = defaultdict(int)
    for commitment in held.values():
        steps[commitment.row.line_id] = max(steps[commitment.row.line_id], commitment.row.step + 1)
    for commitment in held.values():
        commitment.row.step = steps[commitment.row.line_id]
        commitment.row.released_by_hand = released
        if not released:
            commitment.row.unreleased_step = commitment.row.step
    return await _settle(booking, [(h, "") for h in held.values()], override, limits=not released)


def settle(booking: Booking, touched: Sequence[tuple[Held, str]]) -> list[tuple[UUID, Decimal, str]]:
    """Adds the postings that bring each commitment to what the pure function says; answers what it newly claims."""
    claims: list[tuple[UUID, Decimal, str]] = []
    for commitment, place in touched:
        row = commitment.row
        stands, target = row.encumbered, commitment.facts().encumbrance
        if stands == target:
            continue
        change = Money(target - stands, row.currency)
        original = (
            Money(row.original_amount, row.original_currency)
            if row.rate_id and not stands and target == row.initial
            else None
        )
        booking.add(
            Purpose.ENCUMBRANCE,
            Document(DocumentType.ORDER, row.order_id),
            rules.post_encumbrance(row.budget_id, change, original, row.rate_id),
            place=place,
            commitment_id=row.id,
            expense_class_id=row.expense_class_id,
        )
        row.encumbered = target
        claims.append((row.budget_id, max(ZERO, target - stands), place))
    return claims


async def _settle(
    booking: Booking, touched: Sequence[tuple[Held, str]], override: Override | None, *, limits: bool
) -> Outcome:
    claims = settle(booking, touched)
    if limits:
        booking.check_limits(Check.ENCUMBRANCE, claims, override)
    await booking.write("The funds can't be charged")
    await booking.work.session.flush()
    return Outcome(tuple(standing(h) for h, _ in touched), tuple(booking.warnings))


def standing(held: Held) -> Standing:
    row = held.row
    return Standing(
        commitment_id=row.id,
        line_id=row.line_id,
        fund_id=row.fund_id,
        fiscal_year_id=row.fiscal_year_id,
        initial=Money(row.initial, row.currency),
        encumbered=Money(row.encumbered, row.currency),
        status=held.facts().status.value,
    )

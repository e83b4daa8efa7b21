"""Approving, paying and canceling an invoice: its money moves in the same transaction, through the ledger's commands.

Locks: orders and order lines first, then the invoice, then its charges, commitments and budgets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from quire_orders.funds import commands_charges
from quire_orders.funds.commands_booking import Override
from quire_orders.funds.commands_charges import ChargePart
from quire_orders.invoicing import rules, schemas, store
from quire_orders.invoicing.commands import create, lock_invoice
from quire_orders.invoicing.drafts import Draft, DraftCharge, DraftFund, DraftLine
from quire_orders.invoicing.outputs import invoice_out, line_payable, line_total, tell_invoice, to_pay, unprorated
from quire_orders.invoicing.rules import EDITABLE, PAYING, WAITING, Decision, InvoiceState, PaidLine, Source
from quire_orders.invoicing.tables import Invoice, InvoiceCharge, InvoiceLine
from quire_orders.purchasing import store as purchasing
from quire_orders.purchasing.outputs import tell_line
from quire_orders.purchasing.rules import LineStatus, PaymentStatus
from quire_orders.purchasing.tables import Order, OrderLine
from quire_shared.api.problems import Conflict, Fault, Invalid
from quire_shared.contracts.orders import InvoiceLineState, InvoicePaid, InvoicePaymentReversed
from quire_shared.database.work import Work
from quire_shared.values.money import Money

LINES_PER_EVENT = 300


async def approve(work: Work, invoice_id: UUID, body: schemas.ApproveIn, today: date) -> schemas.InvoiceOut:
    """Approves an invoice with its payable amount: encumbered becomes awaiting payment in all its funds.

    Raises Invalid with all that stands in the way at once: the total that its parts don't make, lines not decided or
    without funds, a likely duplicate, no payment expected, limits of all funds, closed years, missing rates.
    """
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state not in EDITABLE:
        raise Conflict(f"Invoice {invoice.number} is {invoice.state.value}; it can't be approved again.")
    await store.hold_number(work.session, invoice.vendor_id, invoice.number_key)
    lines = await store.lines_of(work.session, invoice_id)
    charges = await store.charges_of(work.session, invoice_id)
    on = body.on or today
    faults = await _obstacles(work, invoice, lines, charges, body)
    parts, unfunded = await _parts(work, invoice, lines, charges, body, on)
    faults += unfunded
    outcome = None
    try:
        override = Override(body.override_reason) if body.override_reason else None
        outcome = await commands_charges.approve_charges(
            work, invoice.id, parts, on=on, override=override, reason=f"Invoice {invoice.number}"
        )
    except Invalid as problem:
        faults += problem.errors
    if faults or outcome is None:
        count = len(faults)
        raise Invalid(
            f"Invoice {invoice.number} can't be approved: {count} {'thing is' if count == 1 else 'things are'} wrong.",
            faults,
        )
    invoice.state = InvoiceState.APPROVED
    invoice.payable = to_pay(invoice, lines, charges).amount
    invoice.approved_on = on
    invoice.approved_by = work.actor.id
    invoice.fiscal_year_id = body.fiscal_year_id
    invoice.rate_id = body.rate_id
    work.audit("invoicing.approved", invoice.id, number=invoice.number, payable=str(invoice.payable))
    return await _told(work, invoice, lines, charges, outcome)


async def _obstacles(
    work: Work,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    charges: Sequence[InvoiceCharge],
    body: schemas.ApproveIn,
) -> list[Fault]:
    """What of the invoice itself stands in the way of its approval."""
    faults: list[Fault] = []
    if not invoice.payment_expected:
        note = f" ({invoice.payment_note})" if invoice.payment_note else ""
        faults.append(
            Fault(
                pointer="/payment_expected",
                code="no_payment_expected",
                detail=f"The vendor's document says that no payment is expected{note}.",
                fix="Keep it as information. If it is to be paid after all, the vendor's profile must say so.",
            )
        )
    twin = await store.same_number(work.session, invoice)
    if twin is not None and (invoice.duplicate_of is not None or not invoice.duplicate_note):
        faults.append(
            Fault(
                pointer="/duplicate_of",
                code="likely_duplicate",
                detail=f"Invoice {twin.number} of the same vendor is there already ({twin.state.value}).",
                fix="Cancel one of the two, or say why this is not the same invoice.",
                value=str(twin.id),
            )
        )
    if invoice.stated_total is None:
        faults.append(
            Fault(
                pointer="/stated_total",
                code="no_stated_total",
                detail="The invoice has no stated total to hold its parts against.",
                fix="Enter the total from the document.",
            )
        )
    elif invoice.difference:
        counted = invoice.stated_total - invoice.difference
        faults.append(
            Fault(
                pointer="/stated_total",
                code="lock_total_mismatch",
                detail=f"The document states {invoice.stated_total:f} {invoice.currency}, lines, tax and charges make "
                f"{counted:f}: {invoice.difference:f} differ.",
                fix="Correct the lines or the charges, or the stated total.",
            )
        )
    for n, line in enumerate(lines):
        if line.decision is Decision.UNDECIDED:
            faults.append(
                Fault(
                    pointer=f"/lines/{n}/decision",
                    code="undecided",
                    detail=f"Line {line.number} is not decided.",
                    fix="Accept, hold, pay less, refuse it, or ask receiving.",
                )
            )
    payable = to_pay(invoice, lines, charges)
    if body.payable != payable:
        faults.append(
            Fault(
                pointer="/payable",
                code="payable_changed",
                detail=f"{body.payable} was to be approved, but the decisions pay {payable}.",
                fix="Read the invoice again and approve the amount that it shows.",
                value=str(payable.amount),
            )
        )
    if not any(line.decision in PAYING for line in lines) and not unprorated(charges):
        faults.append(
            Fault(
                pointer="/lines",
                code="nothing_to_pay",
                detail="No line is accepted or paid in part, so there is nothing to approve.",
                fix="Accept a line, or cancel the invoice.",
            )
        )
    return faults


async def _parts(
    work: Work,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    charges: Sequence[InvoiceCharge],
    body: schemas.ApproveIn,
    on: date,
) -> tuple[list[ChargePart], list[Fault]]:
    """What each fund pays of each line; the parts of a line make exactly what is paid for it."""
    paying = [(n, line) for n, line in enumerate(lines) if line.decision in PAYING]
    own = await store.own_funds(work.session, [line.id for _, line in paying])
    line_ids = {line.order_line_id for _, line in paying if line.order_line_id}
    facts = await store.order_facts(work.session, line_ids)
    ordered = await store.order_funds(work.session, line_ids)
    funds = {f.fund_id for shares in own.values() for f in shares}
    funds |= {f.fund_id for shares in ordered.values() for f in shares}
    funds |= {charge.fund_id for charge in unprorated(charges) if charge.fund_id}
    years = await purchasing.years_of_funds(work.session, funds, on)
    faults: list[Fault] = []
    parts: list[ChargePart] = []

    def year_of(fund_id: UUID, place: str) -> UUID | None:
        year = body.fiscal_year_id or years.get(fund_id)
        if year is None:
            faults.append(
                Fault(
                    pointer=place,
                    code="no_fiscal_year",
                    detail=f"No fiscal year of the fund's calendar holds {on.isoformat()}.",
                    fix="Make the fiscal year, or name the one that pays.",
                )
            )
        return year

    for n, line in paying:
        place = f"/lines/{n}"
        paid = line_payable(line, invoice.currency)
        weights: dict[tuple[UUID, UUID | None, UUID | None], Decimal] = defaultdict(Decimal)
        if own[line.id]:
            for share in own[line.id]:
                weights[share.fund_id, share.expense_class_id, None] += share.percent
        elif line.order_line_id:
            order_year = facts.orders[line.order_line_id].fiscal_year_id
            for fund in ordered[line.order_line_id]:
                weights[fund.fund_id, fund.expense_class_id, fund.fiscal_year_id or order_year] += fund.value
        if not weights:
            faults.append(
                Fault(
                    pointer=f"{place}/funds",
                    code="no_fund",
                    detail=f"No fund pays for line {line.number}.",
                    fix="Choose its order line, or give it funds.",
                )
            )
            continue
        for (fund_id, class_id, commitment_year), amount in zip(
            weights, rules.spread(paid, list(weights.values())), strict=True
        ):
            year = year_of(fund_id, f"{place}/funds")
            if year is None:
                continue
            parts.append(
                ChargePart(
                    invoice_line_id=line.id,
                    fund_id=fund_id,
                    fiscal_year_id=year,
                    amount=amount,
                    expense_class_id=class_id,
                    line_id=line.order_line_id,
                    releases=not line.more_expected,
                    rate_id=body.rate_id,
                    commitment_year_id=commitment_year,
                    place=place,
                )
            )
    for n, charge in enumerate(charges):
        if charge not in unprorated(charges) or charge.fund_id is None:
            continue
        year = year_of(charge.fund_id, f"/charges/{n}/fund_id")
        if year is not None:
            parts.append(
                ChargePart(
                    invoice_line_id=charge.id,
                    fund_id=charge.fund_id,
                    fiscal_year_id=year,
                    amount=Money(charge.amount, invoice.currency),
                    expense_class_id=charge.expense_class_id,
                    rate_id=body.rate_id,
                    place=f"/charges/{n}",
                )
            )
    return parts, faults


async def pay(work: Work, invoice_id: UUID, body: schemas.PayIn, today: date) -> schemas.InvoiceOut:
    """Notes a payment made outside: awaiting becomes expended. Limits are not asked again.

    Raises Conflict unless the invoice is approved.
    """
    orders, order_lines = await _lock_orders(work, invoice_id)
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state is not InvoiceState.APPROVED:
        raise Conflict(f"Invoice {invoice.number} is {invoice.state.value}; only an approved invoice is paid.")
    on = body.on or today
    lines = await store.lines_of(work.session, invoice_id)
    charges = await store.charges_of(work.session, invoice_id)
    outcome = await commands_charges.pay_charges(
        work,
        invoice.id,
        on=on,
        bank_rate_id=body.bank_rate_id,
        reason=f"Invoice {invoice.number}, payment {body.reference}",
    )
    invoice.state = InvoiceState.PAID
    invoice.paid_on = on
    invoice.payment_reference = body.reference
    await work.session.flush()
    await _settle_order_lines(work, orders, order_lines)
    work.audit("invoicing.paid", invoice.id, number=invoice.number, reference=body.reference)
    answer = await _told(work, invoice, lines, charges, outcome)
    _tell_paid(work, invoice, lines, charges)
    return answer


async def cancel(work: Work, invoice_id: UUID, body: schemas.CancelIn, today: date) -> schemas.InvoiceOut:
    """Cancels an invoice with a reason. What was approved or paid is posted back, its commitments stand again."""
    orders, order_lines = await _lock_orders(work, invoice_id)
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state is InvoiceState.CANCELED:
        raise Conflict(f"Invoice {invoice.number} is canceled already.")
    on = body.on or today
    lines = await store.lines_of(work.session, invoice_id)
    if any(line.carried_to is not None for line in lines):
        raise Conflict("Lines of this invoice were carried into a remainder. Cancel that one first.")
    before = invoice.state
    outcome = None
    if before in rules.LIVE:
        outcome = await commands_charges.cancel_charges(work, invoice.id, on=on, reason=body.reason)
    invoice.state = InvoiceState.CANCELED
    invoice.canceled_on = on
    invoice.cancel_reason = body.reason
    if invoice.remainder_of is not None:
        await store.take_back(work.session, invoice.id)
    await work.session.flush()
    if before is InvoiceState.PAID:
        await _settle_order_lines(work, orders, order_lines)
    work.audit("invoicing.canceled", invoice.id, number=invoice.number, before=before.value, reason=body.reason)
    charges = await store.charges_of(work.session, invoice_id)
    answer = await _told(work, invoice, lines, charges, outcome)
    if before is InvoiceState.PAID:
        work.emit(
            InvoicePaymentReversed(invoice_id=invoice.id, reversed_on=on, unit_id=invoice.unit_id),
            invoice.id,
            unit_id=invoice.unit_id,
            aggregate_version=invoice.version,
        )
    return answer


async def reopen(work: Work, invoice_id: UUID, body: schemas.ReasonIn) -> schemas.InvoiceOut:
    """Opens a canceled invoice again; its lines keep their decisions. The duplicate guard looks again."""
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state is not InvoiceState.CANCELED:
        raise Conflict(f"Invoice {invoice.number} is {invoice.state.value}; only a canceled one is opened again.")
    if invoice.source is Source.REMAINDER:
        raise Conflict("A canceled remainder is not opened again. Make a new one from its invoice.")
    await store.hold_number(work.session, invoice.vendor_id, invoice.number_key)
    invoice.state = InvoiceState.OPEN
    invoice.payable = invoice.approved_on = invoice.approved_by = None
    invoice.paid_on = invoice.canceled_on = None
    invoice.payment_reference = invoice.cancel_reason = ""
    twin = await store.same_number(work.session, invoice)
    invoice.duplicate_of = twin.id if twin and not invoice.duplicate_note else None
    work.audit("invoicing.reopened", invoice.id, number=invoice.number, reason=body.reason)
    lines = await store.lines_of(work.session, invoice_id)
    return await _told(work, invoice, lines, await store.charges_of(work.session, invoice_id), None)


async def make_remainder(work: Work, invoice_id: UUID) -> schemas.InvoiceOut:
    """Carries the held lines of an approved or paid invoice into an invoice of their own, to be paid later.

    It has the same number and says whose remainder it is; its stated total is exactly what was held back.
    """
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state not in rules.LIVE:
        raise Conflict(
            f"Invoice {invoice.number} is {invoice.state.value}; held lines stay in it until it is approved."
        )
    lines = await store.lines_of(work.session, invoice_id)
    held = [line for line in lines if line.decision in WAITING and line.carried_to is None]
    if not held:
        raise Conflict("No line of this invoice is held.")
    funds = await store.own_funds(work.session, [line.id for line in held])
    currency = invoice.currency
    draft = Draft(
        vendor_id=invoice.vendor_id,
        number=invoice.number,
        kind=invoice.kind,
        source=Source.REMAINDER,
        invoice_date=invoice.invoice_date,
        currency=currency,
        stated_total=Money.sum((line_total(line, currency) for line in held), currency),
        lines=[
            DraftLine(
                title=line.title,
                quantity=line.quantity,
                amount=Money(line.amount, currency),
                number=line.number,
                unit_price=line.unit_price,
                own_tax=Money(line.tax, currency),
                own_charges=Money(line.charges, currency),
                service_from=line.service_from,
                service_to=line.service_to,
                identifiers=[(kind, value) for kind, value in line.identifiers],
                references=[(kind, value) for kind, value in line.references],
                order_line_id=line.order_line_id,
                funds=[DraftFund(f.fund_id, f.percent, f.expense_class_id) for f in funds[line.id]],
            )
            for line in held
        ],
        charges=list[DraftCharge](),
        file_id=invoice.file_id,
        function=invoice.function,
        explanation=f"Held lines of invoice {invoice.number}.",
        unit_id=invoice.unit_id,
        remainder_of=invoice.remainder_of or invoice.id,
    )
    remainder = await create(work, draft)
    for line in held:
        line.carried_to = remainder.id
    invoice.updated_at = work.now
    await work.session.flush()
    work.audit("invoicing.remainder_made", invoice.id, remainder=str(remainder.id), lines=len(held))
    return await invoice_out(work.session, remainder)


# Order lines


async def _lock_orders(work: Work, invoice_id: UUID) -> tuple[dict[UUID, Order], dict[UUID, OrderLine]]:
    """Locks the orders and order lines of an invoice that the actor sees, before the invoice itself."""
    await store.get(work.session, invoice_id, work.actor)
    ids = {line.order_line_id for line in await store.lines_of(work.session, invoice_id) if line.order_line_id}
    facts = await store.order_facts(work.session, ids)
    orders = await work.lock_all(Order, {order.id for order in facts.orders.values()}, "order")
    return orders, await work.lock_all(OrderLine, ids, "order line")


async def _settle_order_lines(work: Work, orders: dict[UUID, Order], order_lines: dict[UUID, OrderLine]) -> None:
    """Derives the payment status of order lines from their paid invoice lines and says what changed."""
    paid = await store.paid_lines(work.session, order_lines.keys())
    changed: dict[PaymentStatus, list[UUID]] = defaultdict(list)
    for line in order_lines.values():
        status = rules.payment_status(
            line.payment_status,
            [PaidLine(row.amount, not row.more_expected) for row in paid[line.id]],
            is_canceled=line.status is LineStatus.CANCELED,
        )
        if status is not line.payment_status:
            changed[status].append(line.id)
    for status, ids in changed.items():
        await store.set_payment_status(work.session, ids, status, work.now)
    parts = await purchasing.parts(work.session, [line_id for ids in changed.values() for line_id in ids])
    for line in await store.reload_order_lines(work.session, [i for ids in changed.values() for i in ids]):
        tell_line(work, orders[line.order_id], line, parts)


# Saying


async def _told(
    work: Work,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    charges: Iterable[InvoiceCharge],
    outcome: commands_charges.ChargeOutcome | None,
) -> schemas.InvoiceOut:
    invoice.updated_at = work.now
    await work.session.flush()
    tell_invoice(work, invoice, lines, charges)
    return await invoice_out(work.session, invoice, lines, outcome.warnings if outcome else ())


def _tell_paid(work: Work, invoice: Invoice, lines: Sequence[InvoiceLine], charges: Sequence[InvoiceCharge]) -> None:
    """Says what each line cost in the end; a charge with a fund of its own is told as a line."""
    currency = invoice.currency
    states = [
        InvoiceLineState(
            line_id=line.id,
            number=line.number,
            order_line_id=line.order_line_id,
            description=line.title,
            quantity=int(line.quantity.to_integral_value()),
            total=line_payable(line, currency),
            decision=line.decision.value,
            service_from=line.service_from,
            service_to=line.service_to,
        )
        for line in lines
        if line.decision in PAYING
    ]
    states += [
        InvoiceLineState(
            line_id=charge.id,
            number="",
            description=charge.description,
            quantity=1,
            total=Money(charge.amount, currency),
            decision=Decision.ACCEPT.value,
        )
        for charge in unprorated(charges)
    ]
    chunks = [states[n : n + LINES_PER_EVENT] for n in range(0, len(states), LINES_PER_EVENT)]
    for part, chunk in enumerate(chunks, 1):
        work.emit(
            InvoicePaid(
                invoice_id=invoice.id,
                vendor_id=invoice.vendor_id,
                number=invoice.number,
                paid_on=invoice.paid_on,
                reference=invoice.payment_reference,
                currency=currency,
                part=part,
                parts=len(chunks),
                lines=chunk,
                unit_id=invoice.unit_id,
            ),
            invoice.id,
            unit_id=invoice.unit_id,
            aggregate_version=invoice.version,
        )

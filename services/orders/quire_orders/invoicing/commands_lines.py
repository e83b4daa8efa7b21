"""The lines of an invoice: their order lines, their funds, and what is decided about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from quire_orders.invoicing import rules, rules_differences, rules_matching, schemas, store
from quire_orders.invoicing.commands import add_funds, changed, editable, match_lines, undecide
from quire_orders.invoicing.drafts import DraftFund
from quire_orders.invoicing.outputs import differences_of, line_total
from quire_orders.invoicing.rules import ZERO, Decision
from quire_orders.invoicing.rules_matching import MatchState, Rule
from quire_orders.invoicing.tables import InvoiceLine
from quire_orders.purchasing.rules import OrderType
from quire_shared.api.problems import Fault, Invalid, NotFound
from quire_shared.database.work import Work
from quire_shared.values.money import Money


def _one(lines: Sequence[InvoiceLine], line_id: UUID) -> InvoiceLine:
    line = next((line for line in lines if line.id == line_id), None)
    if line is None:
        raise NotFound(f"This invoice has no line with the id {line_id}.")
    return line


async def match_again(work: Work, invoice_id: UUID) -> schemas.InvoiceOut:
    """Looks again for the order lines of all lines that no person has confirmed or decided."""
    invoice, lines = await editable(work, invoice_id)
    waiting = [
        line for line in lines if line.match_state is not MatchState.CONFIRMED and line.decision is Decision.UNDECIDED
    ]
    await match_lines(work, invoice, waiting)
    work.audit("invoicing.matched_again", invoice.id, lines=len(waiting))
    return await changed(work, invoice, lines)


async def confirm_match(work: Work, invoice_id: UUID, line_id: UUID, body: schemas.MatchIn) -> schemas.InvoiceOut:
    """A person says which order line it is, or that there is none. The decision starts afresh."""
    invoice, lines = await editable(work, invoice_id)
    line = _one(lines, line_id)
    if body.order_line_id is not None:
        facts = await store.order_facts(work.session, [body.order_line_id])
        order = facts.orders.get(body.order_line_id)
        if order is None or not work.actor.sees(order.unit_id):
            fault = Fault(
                pointer="/order_line_id",
                code="unknown_order_line",
                detail=f"There is no order line with the id {body.order_line_id}.",
                fix="Choose one of the candidates, or search the order lines.",
            )
            raise Invalid("The order line is not known.", [fault])
    line.order_line_id = body.order_line_id
    line.match_state = MatchState.NONE if body.order_line_id is None else MatchState.CONFIRMED
    line.match_rule = "" if body.order_line_id is None else Rule.CONFIRMED.value
    line.match_score = 0 if body.order_line_id is None else rules_matching.SCORES[Rule.CONFIRMED]
    line.match_reason = body.reason
    chosen = next((c for c in line.candidates if c["line_id"] == str(body.order_line_id)), None)
    line.evidence = list(chosen["evidence"]) if chosen else []
    undecide(line)
    work.audit("invoicing.match_confirmed", invoice.id, line=str(line.id), order_line=str(body.order_line_id))
    return await changed(work, invoice, lines)


async def set_funds(work: Work, invoice_id: UUID, line_id: UUID, body: schemas.FundsIn) -> schemas.InvoiceOut:
    """Gives a line funds of its own; none: those of its order line again."""
    invoice, lines = await editable(work, invoice_id)
    line = _one(lines, line_id)
    await store.forget_funds(work.session, line.id)
    add_funds(work, line, [DraftFund(f.fund_id, f.percent, f.expense_class_id) for f in body.funds])
    work.audit("invoicing.funds_set", invoice.id, line=str(line.id), funds=len(body.funds))
    return await changed(work, invoice, lines)


# Decisions


async def _facts(work: Work, lines: Sequence[InvoiceLine]) -> store.OrderFacts:
    return await store.order_facts(work.session, (line.order_line_id for line in lines if line.order_line_id))


def _more_expected(line: InvoiceLine, facts: store.OrderFacts, invoice_id: UUID) -> bool:
    """More invoices will come while fewer pieces are invoiced than were ordered once."""
    if line.order_line_id not in facts.lines or facts.orders[line.order_line_id].order_type is not OrderType.ONE_TIME:
        return False
    before = sum((b.quantity for b in facts.bills[line.order_line_id] if b.invoice_id != invoice_id), ZERO)
    return before + line.quantity < facts.lines[line.order_line_id].quantity


async def accept_clean(work: Work, invoice_id: UUID, body: schemas.LinesIn) -> schemas.InvoiceOut:
    """Accepts together all undecided lines (or those named) that are matched and differ in nothing that matters.

    What is not clean stays undecided; the answer shows each line with what keeps it back.
    """
    invoice, lines = await editable(work, invoice_id)
    wanted = None if body.line_ids is None else {_one(lines, line_id).id for line_id in body.line_ids}
    facts = await _facts(work, lines)
    found = differences_of(invoice, lines, facts, await store.vendor(work.session, invoice.vendor_id))
    accepted = 0
    for line in lines:
        if line.decision is not Decision.UNDECIDED or (wanted is not None and line.id not in wanted):
            continue
        if line.order_line_id is None or not rules_differences.is_clean(found[line.id]):
            continue
        line.decision = Decision.ACCEPT
        line.decided_by = work.actor.id
        line.more_expected = _more_expected(line, facts, invoice.id)
        line.differences = [asdict(d) for d in found[line.id]]
        accepted += 1
    work.audit("invoicing.clean_accepted", invoice.id, lines=accepted)
    return await changed(work, invoice, lines)


async def decide(work: Work, invoice_id: UUID, line_id: UUID, body: schemas.DecisionIn) -> schemas.InvoiceOut:
    """Decides one line. All but accepting a clean line needs a reason; what differed is kept with the decision."""
    invoice, lines = await editable(work, invoice_id)
    line = _one(lines, line_id)
    facts = await _facts(work, lines)
    found = differences_of(invoice, lines, facts, await store.vendor(work.session, invoice.vendor_id))[line.id]
    _check_decision(line, line_total(line, invoice.currency), body, rules_differences.is_clean(found))
    if body.decision is Decision.UNDECIDED:
        undecide(line)
    else:
        line.decision = body.decision
        line.decision_reason = body.reason
        line.decided_by = work.actor.id
        line.pay_amount = body.pay_amount.amount if body.pay_amount is not None else None
        expected = body.more_expected
        line.more_expected = _more_expected(line, facts, invoice.id) if expected is None else expected
        line.differences = [asdict(d) for d in found]
    work.audit("invoicing.decided", invoice.id, line=str(line.id), decision=body.decision.value)
    return await changed(work, invoice, lines)


def _check_decision(line: InvoiceLine, total: Money, body: schemas.DecisionIn, clean: bool) -> None:
    faults = []
    needs_reason = body.decision not in {Decision.ACCEPT, Decision.UNDECIDED} or (
        body.decision is Decision.ACCEPT and not clean
    )
    if needs_reason and not body.reason:
        detail = "This line differs from what was ordered." if clean is False else "This decision needs a reason."
        faults.append(Fault(pointer="/reason", code="reason_missing", detail=detail, fix="Say why in a few words."))
    if body.decision is Decision.SHORT_PAY:
        if body.pay_amount is None or body.pay_amount.currency != total.currency:
            faults.append(
                Fault(
                    pointer="/pay_amount",
                    code="amount_missing",
                    detail="A short payment says how much is paid.",
                    fix=f"Give the amount in {total.currency}, taxes and charges included.",
                )
            )
        elif not rules.is_short_pay(total, body.pay_amount):
            faults.append(
                Fault(
                    pointer="/pay_amount",
                    code="not_short",
                    detail=f"{body.pay_amount} is no part of {total}.",
                    fix="Pay less than the total; to pay all accept the line, to pay nothing refuse it.",
                )
            )
    elif body.pay_amount is not None:
        faults.append(
            Fault(
                pointer="/pay_amount",
                code="amount_not_used",
                detail="Only a short payment has an amount of its own.",
                fix="Leave the amount out, or decide for a short payment.",
            )
        )
    if faults:
        raise Invalid(f"Line {line.number} can't be decided like this.", faults)

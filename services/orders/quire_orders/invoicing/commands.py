"""Making and changing invoices: from a vendor's message exactly once, or typed; totals, duplicates, matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from quire_orders.invoicing import rules, rules_matching, schemas, store
from quire_orders.invoicing.drafts import Draft, DraftCharge, DraftFund, DraftLine, from_message, typed_identifiers
from quire_orders.invoicing.outputs import compared, head_out, invoice_out, line_total, tell_invoice
from quire_orders.invoicing.rules import EDITABLE, ZERO, Decision, InvoiceState, Source
from quire_orders.invoicing.rules_adjustments import Basis, Relation, Weighed, adjustment_amount, prorate
from quire_orders.invoicing.rules_matching import Invoiced, Match, MatchState, Reference, Rule, match
from quire_orders.invoicing.tables import Invoice, InvoiceCharge, InvoiceLine, InvoiceLineFund, InvoicePart
from quire_shared.api.problems import Conflict, Fault, Invalid
from quire_shared.contracts.vendors import InvoiceReceived
from quire_shared.database.work import Work
from quire_shared.values.money import Money, MoneyError

# Making


async def receive(work: Work, event: InvoiceReceived, today: date) -> UUID | None:
    """Keeps a part of a vendor's message; with the last part the invoice is made, once per message.

    Answers the invoice's id when this part completed it.
    """
    part = InvoicePart(
        message_id=event.message_id, part=event.part, parts=event.parts, payload={}, received_at=work.now
    )
    await store.keep_part(work.session, part, event.model_dump_json())
    kept = await store.parts_of(work.session, event.message_id)
    if len(kept) < kept[0].parts or await store.of_message(work.session, event.message_id) is not None:
        return None
    draft = from_message([InvoiceReceived.model_validate(row.payload) for row in kept], today)
    invoice = await create(work, draft)
    return invoice.id


async def create_typed(work: Work, body: schemas.InvoiceIn) -> schemas.InvoiceOut:
    """Makes an invoice that somebody typed. The same vendor and number is kept as a likely duplicate."""
    subtotals = Money.sum((line.amount for line in body.lines), body.currency)
    draft = Draft(
        vendor_id=body.vendor_id,
        number=body.number,
        kind=body.kind,
        source=Source.TYPED,
        invoice_date=body.invoice_date,
        currency=body.currency,
        stated_total=body.stated_total,
        lines=[
            DraftLine(
                title=line.title,
                number=line.number,
                quantity=line.quantity,
                amount=line.amount,
                own_tax=line.tax,
                service_from=line.service_from,
                service_to=line.service_to,
                identifiers=typed_identifiers(line.identifiers),
                references=[
                    (kind, value)
                    for kind, value in (("own_line", line.own_reference), ("supplier_line", line.vendor_reference))
                    if value
                ],
                order_line_id=line.order_line_id,
                funds=[DraftFund(f.fund_id, f.percent, f.expense_class_id) for f in line.funds],
            )
            for line in body.lines
        ],
        charges=typed_charges(body.charges, subtotals),
        payment_expected=body.payment_expected,
        explanation="Typed.",
        note=body.note,
        unit_id=body.unit_id,
    )
    await _check_order_lines(work, [(n, line.order_line_id) for n, line in enumerate(body.lines) if line.order_line_id])
    invoice = await create(work, draft)
    return await invoice_out(work.session, invoice)


def typed_charges(charges: Sequence[schemas.ChargeIn], subtotals: Money) -> list[DraftCharge]:
    """Charges as amounts. Raises Invalid naming those that are no amount of the currency."""
    drafts: list[DraftCharge] = []
    faults = []
    for position, charge in enumerate(charges):
        try:
            amount = adjustment_amount(charge.kind, charge.value, charge.relation, subtotals)
        except MoneyError as error:
            faults.append(Fault(pointer=f"/charges/{position}/value", code="not_money", detail=str(error)))
            continue
        drafts.append(
            DraftCharge(
                charge.description,
                amount,
                charge.code,
                charge.is_tax,
                charge.basis,
                charge.relation,
                charge.fund_id,
                charge.expense_class_id,
            )
        )
    if faults:
        raise Invalid("A charge is no amount of the invoice's currency.", faults)
    return drafts


async def _check_order_lines(work: Work, wanted: Sequence[tuple[int, UUID]]) -> None:
    """Refuses order lines that are not there or belong to a unit that the actor does not see."""
    facts = await store.order_facts(work.session, (line_id for _, line_id in wanted))
    faults = [
        Fault(
            pointer=f"/lines/{position}/order_line_id",
            code="unknown_order_line",
            detail=f"There is no order line with the id {line_id}.",
            fix="Choose another order line.",
        )
        for position, line_id in wanted
        if line_id not in facts.orders or not work.actor.sees(facts.orders[line_id].unit_id)
    ]
    if faults:
        raise Invalid("An order line is not known.", faults)


async def create(work: Work, draft: Draft) -> Invoice:
    """Keeps a draft as an open invoice: totals, likely duplicate, matches. Never books anything."""
    number_key = rules.normalize_number(draft.number)
    await store.hold_number(work.session, draft.vendor_id, number_key)
    invoice = Invoice(
        vendor_id=draft.vendor_id,
        number=draft.number,
        number_key=number_key,
        kind=draft.kind,
        source=draft.source,
        invoice_date=draft.invoice_date,
        currency=draft.currency,
        message_id=draft.message_id,
        file_id=draft.file_id,
        function=draft.function,
        payment_expected=draft.payment_expected,
        payment_note=draft.payment_note,
        stated_total=None if draft.stated_total is None else draft.stated_total.amount,
        explanation=draft.explanation,
        note=draft.note,
        unit_id=draft.unit_id,
        remainder_of=draft.remainder_of,
    )
    work.add(invoice)
    await work.session.flush()
    twin = await store.same_number(work.session, invoice)
    invoice.duplicate_of = twin.id if twin else None
    lines = [_line(invoice, position, line) for position, line in enumerate(draft.lines, 1)]
    work.session.add_all(lines)
    charges = add_charges(work, invoice, draft.charges)
    settle_totals(invoice, lines, charges)
    await work.session.flush()
    for line, row in zip(draft.lines, lines, strict=True):
        add_funds(work, row, line.funds)
    await match_lines(work, invoice, [line for line in lines if line.order_line_id is None])
    if draft.unit_id is None and draft.source is Source.EDI:
        invoice.unit_id = await _unit(work, lines)
    await work.session.flush()
    work.audit("invoicing.created", invoice.id, number=invoice.number, source=invoice.source.value, lines=len(lines))
    tell_invoice(work, invoice, lines, charges)
    return invoice


async def _unit(work: Work, lines: Sequence[InvoiceLine]) -> UUID | None:
    """The unit of all orders on an invoice, if it is one and the same."""
    facts = await store.order_facts(work.session, (line.order_line_id for line in lines if line.order_line_id))
    units = {order.unit_id for order in facts.orders.values()}
    matched_all = all(line.order_line_id in facts.orders for line in lines)
    return next(iter(units)) if matched_all and len(units) == 1 else None


def _line(invoice: Invoice, position: int, draft: DraftLine) -> InvoiceLine:
    typed = draft.order_line_id is not None
    return InvoiceLine(
        invoice_id=invoice.id,
        position=position,
        number=draft.number or str(position),
        title=draft.title,
        quantity=draft.quantity,
        unit_price=draft.unit_price,
        amount=draft.amount.amount,
        own_tax=draft.own_tax.amount if draft.own_tax else ZERO,
        own_charges=draft.own_charges.amount if draft.own_charges else ZERO,
        service_from=draft.service_from,
        service_to=draft.service_to,
        identifiers=[list(pair) for pair in draft.identifiers],
        references=[list(pair) for pair in draft.references],
        order_line_id=draft.order_line_id,
        match_state=MatchState.CONFIRMED if typed else MatchState.NONE,
        match_rule=Rule.CONFIRMED.value if typed else "",
        match_score=rules_matching.SCORES[Rule.CONFIRMED] if typed else 0,
    )


def add_charges(work: Work, invoice: Invoice, drafts: Sequence[DraftCharge]) -> list[InvoiceCharge]:
    rows = [
        InvoiceCharge(
            invoice_id=invoice.id,
            position=position,
            code=draft.code,
            description=draft.description,
            is_tax=draft.is_tax,
            amount=draft.amount.amount,
            basis=draft.basis,
            relation=draft.relation,
            fund_id=draft.fund_id,
            expense_class_id=draft.expense_class_id,
        )
        for position, draft in enumerate(drafts, 1)
    ]
    work.session.add_all(rows)
    return rows


def settle_totals(invoice: Invoice, lines: Sequence[InvoiceLine], charges: Sequence[InvoiceCharge]) -> None:
    """Gives each line its part of the taxes and charges, and the invoice its sums and what is left of its total."""
    currency = invoice.currency
    weighed = [Weighed(Money(line.amount, currency), line.quantity) for line in lines]
    taxes = [line.own_tax for line in lines]
    others = [line.own_charges for line in lines]
    apart = {True: ZERO, False: ZERO}
    for charge in charges:
        if charge.relation is not Relation.IN_ADDITION:
            continue
        if charge.basis is Basis.NOT_PRORATED:
            apart[charge.is_tax] += charge.amount
            continue
        column = taxes if charge.is_tax else others
        for n, part in enumerate(prorate(Money(charge.amount, currency), charge.basis, weighed)):
            column[n] += part.amount
    for line, tax, other in zip(lines, taxes, others, strict=True):
        line.tax, line.charges = tax, other
    invoice.lines_total = sum((line.amount for line in lines), ZERO)
    invoice.tax_total = sum(taxes, apart[True])
    invoice.charges_total = sum(others, apart[False])
    counted = invoice.lines_total + invoice.tax_total + invoice.charges_total
    invoice.difference = ZERO if invoice.stated_total is None else invoice.stated_total - counted


def add_funds(work: Work, line: InvoiceLine, funds: Sequence[DraftFund]) -> None:
    work.session.add_all(
        InvoiceLineFund(
            invoice_line_id=line.id,
            position=position,
            fund_id=fund.fund_id,
            expense_class_id=fund.expense_class_id,
            percent=fund.percent,
        )
        for position, fund in enumerate(funds, 1)
    )


# Matching


def _invoiced(line: InvoiceLine) -> Invoiced:
    return Invoiced([Reference(kind, value) for kind, value in line.references], compared(line.identifiers), line.title)


def _wanted(invoice: Invoice, lines: Sequence[InvoiceLine]) -> store.Wanted:
    keys: set[str] = set()
    orders: set[str] = set()
    identifiers: set[tuple[str, str]] = set()
    titles: set[str] = set()
    for line in lines:
        for kind, value in line.references:
            keys |= rules_matching.reference_keys(value)
            keys.add(value.strip().casefold())
            order = rules_matching.order_of(value)
            orders |= {order} if order else set()
            if kind in {"order", "own_order"}:
                orders |= {rules_matching.fold(value), value.strip().casefold()}
        identifiers |= compared(line.identifiers)
        if len(line.title) >= store.TITLE_START:
            titles.add(line.title.lower()[: store.TITLE_START])
    return store.Wanted(
        invoice.vendor_id, frozenset(keys), frozenset(orders), frozenset(identifiers), frozenset(titles)
    )


async def match_lines(work: Work, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Looks for the order lines of invoice lines, all at once in one statement."""
    if not lines:
        return
    found = await store.candidates(work.session, _wanted(invoice, lines))
    index = rules_matching.Index(found)
    for line in lines:
        invoiced = _invoiced(line)
        _note_match(line, match(invoiced, index.near(invoiced)))


def _note_match(line: InvoiceLine, found: Match) -> None:
    best = found.best
    line.match_state = found.state
    line.order_line_id = best.line_id if best else None
    line.match_rule = best.rule.value if best else ""
    line.match_score = best.score if best else 0
    line.match_reason = found.reason[:500]
    line.evidence = [asdict(e) for e in best.evidence] if best else []
    line.candidates = [
        {
            "line_id": str(c.line_id),
            "score": c.score,
            "rule": c.rule.value,
            "evidence": [asdict(e) for e in c.evidence],
        }
        for c in found.candidates
    ]


async def lock_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """Locks an invoice and checks If-Match against the version that was read."""
    invoice = (await work.lock_all(Invoice, [invoice_id], "invoice"))[invoice_id]
    work.match(invoice, head_out(invoice, await store.vendor(work.session, invoice.vendor_id)))
    return invoice


async def editable(work: Work, invoice_id: UUID) -> tuple[Invoice, list[InvoiceLine]]:
    """Locks an invoice that is not approved; answers it with its lines. Raises Conflict for any other."""
    invoice = await lock_invoice(work, invoice_id)
    if invoice.state not in EDITABLE:
        raise Conflict(f"Invoice {invoice.number} is {invoice.state.value}; its lines can't be changed any more.")
    return invoice, await store.lines_of(work.session, invoice_id)


async def changed(work: Work, invoice: Invoice, lines: Sequence[InvoiceLine]) -> schemas.InvoiceOut:
    """Lines are part of the invoice: its version moves with them. An edited invoice must be reviewed again."""
    invoice.updated_at = work.now
    if invoice.state is InvoiceState.REVIEWED and any(line.decision is Decision.UNDECIDED for line in lines):
        invoice.state = InvoiceState.OPEN
    await work.session.flush()
    tell_invoice(work, invoice, lines, await store.charges_of(work.session, invoice.id))
    return await invoice_out(work.session, invoice, lines)


def undecide(line: InvoiceLine) -> None:
    """Takes the decision about a line back."""
    line.decision = Decision.UNDECIDED
    line.decision_reason = ""
    line.decided_by = None
    line.pay_amount = None
    line.differences = []


async def change_head(work: Work, invoice_id: UUID, body: schemas.InvoicePatch) -> schemas.InvoiceOut:
    """Corrects the date, the stated total, the charges or the note of an invoice that is not approved."""
    invoice, lines = await editable(work, invoice_id)
    if body.stated_total is not None:
        if body.stated_total.currency != invoice.currency:
            fault = Fault(
                pointer="/stated_total",
                code="currency",
                detail=f"The invoice is in {invoice.currency}.",
                fix=f"Give the total in {invoice.currency}.",
            )
            raise Invalid("The stated total is in another currency.", [fault])
        invoice.stated_total = body.stated_total.amount
    if body.invoice_date is not None:
        invoice.invoice_date = body.invoice_date
    if body.note is not None:
        invoice.note = body.note
    charges = await store.charges_of(work.session, invoice_id)
    if body.charges is not None:
        for charge in charges:
            await work.session.delete(charge)
        await work.session.flush()
        subtotals = Money.sum((Money(line.amount, invoice.currency) for line in lines), invoice.currency)
        charges = add_charges(work, invoice, typed_charges(body.charges, subtotals))
    before = {line.id: line_total(line, invoice.currency) for line in lines}
    settle_totals(invoice, lines, charges)
    for line in lines:
        # A short payment was decided against another total.
        if line.decision is Decision.SHORT_PAY and line_total(line, invoice.currency) != before[line.id]:
            undecide(line)
    work.audit("invoicing.head_changed", invoice.id, fields=sorted(body.model_fields_set))
    return await changed(work, invoice, lines)


async def not_duplicate(work: Work, invoice_id: UUID, body: schemas.NotDuplicateIn) -> schemas.InvoiceOut:
    """A person says that this invoice only looks like another one."""
    invoice, lines = await editable(work, invoice_id)
    if invoice.duplicate_of is None:
        raise Conflict("This invoice is not held as a duplicate.")
    work.audit("invoicing.not_duplicate", invoice.id, other=str(invoice.duplicate_of), reason=body.reason)
    invoice.duplicate_note = body.reason
    invoice.duplicate_of = None
    return await changed(work, invoice, lines)


async def review(work: Work, invoice_id: UUID) -> schemas.InvoiceOut:
    """Marks an invoice as looked at: every line is decided."""
    invoice, lines = await editable(work, invoice_id)
    left = [line for line in lines if line.decision is Decision.UNDECIDED]
    if left:
        faults = [
            Fault(
                pointer=f"/lines/{lines.index(line)}/decision",
                code="undecided",
                detail=f"Line {line.number} is not decided.",
                fix="Accept, hold, pay less, refuse it, or ask receiving.",
            )
            for line in left
        ]
        raise Invalid("Some lines are not decided.", faults)
    invoice.state = InvoiceState.REVIEWED
    work.audit("invoicing.reviewed", invoice.id)
    return await changed(work, invoice, lines)

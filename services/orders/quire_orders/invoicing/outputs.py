"""From rows to answers and events of invoicing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.rules import Fault
from quire_orders.invoicing import rules, rules_differences, schemas, store
from quire_orders.invoicing.rules import ZERO, Decision
from quire_orders.invoicing.rules_differences import Difference, InvoicedLine, OrderedLine, Period, Tolerance
from quire_orders.invoicing.tables import Invoice, InvoiceCharge, InvoiceLine, InvoiceLineFund
from quire_orders.purchasing.rules import Material, OrderType, estimated_price
from quire_orders.purchasing.tables import Order, OrderLine, VendorCopy
from quire_shared.contracts.orders import InvoiceChanged
from quire_shared.database.work import Work
from quire_shared.values.money import Money

#: Kinds of standard numbers that matching compares.
COMPARED = frozenset({"isbn", "issn", "ismn", "ean"})


def line_total(line: InvoiceLine, currency: str) -> Money:
    return Money(line.amount + line.tax + line.charges, currency)


def line_payable(line: InvoiceLine, currency: str) -> Money:
    pay = None if line.pay_amount is None else Money(line.pay_amount, currency)
    return rules.payable(line.decision, line_total(line, currency), pay)


def unprorated(charges: Iterable[InvoiceCharge]) -> list[InvoiceCharge]:
    """The charges that are added and have a fund of their own."""
    return [c for c in charges if c.basis.value == "not_prorated" and c.relation.value == "in_addition"]


def to_pay(invoice: Invoice, lines: Iterable[InvoiceLine], charges: Iterable[InvoiceCharge]) -> Money:
    """What the decisions pay so far; charges with a fund of their own are paid with the invoice."""
    parts = [line_payable(line, invoice.currency) for line in lines]
    parts += [Money(charge.amount, invoice.currency) for charge in unprorated(charges)]
    return Money.sum(parts, invoice.currency)


def compared(identifiers: Iterable[Sequence[str]]) -> frozenset[tuple[str, str]]:
    """The normalized numbers of an invoice line that can be compared with an order line's."""
    return frozenset((kind, number) for kind, number in identifiers if kind in COMPARED)


def ordered_line(order: Order, line: OrderLine, facts: store.OrderFacts, invoice_id: UUID) -> OrderedLine:
    """An order line as the differences need it: with what other invoices than this have billed."""
    currency = line.currency
    goods = estimated_price(
        Money(line.unit_price, currency),
        line.quantity,
        line.discount_kind,
        line.discount,
        Money.zero(currency),
        ZERO,
        tax_included=True,
    )
    recurring = order.order_type in {OrderType.ONGOING, OrderType.SUBSCRIPTION}
    return OrderedLine(
        title=line.title,
        identifiers=frozenset(n for n in facts.identifiers[line.id] if n[0] in COMPARED),
        status=line.status,
        payment_status=line.payment_status,
        quantity=line.quantity,
        received=line.received,
        goods=goods,
        delivered=line.receipt_required and line.material is Material.PHYSICAL and not recurring,
        recurring=recurring,
        uncertain_price=line.uncertain_price,
        bills=[bill for bill in facts.bills[line.id] if bill.invoice_id != invoice_id],
        cancel_reason=line.cancel_reason,
    )


def differences_of(
    invoice: Invoice, lines: Sequence[InvoiceLine], facts: store.OrderFacts, vendor: VendorCopy | None
) -> dict[UUID, tuple[Difference, ...]]:
    """What differs now, by invoice line: receipts and other invoices may have come meanwhile."""
    twins = Counter(line.order_line_id for line in lines if line.order_line_id and line.decision is not Decision.REFUSE)
    tolerance = Tolerance(vendor.tolerance_amount, vendor.tolerance_percent) if vendor else Tolerance()
    found = {}
    for line in lines:
        ordered, is_twin = None, False
        if line.order_line_id in facts.lines:
            order = facts.orders[line.order_line_id]
            ordered = ordered_line(order, facts.lines[line.order_line_id], facts, invoice.id)
            is_twin = line.decision is not Decision.REFUSE and twins[line.order_line_id] > 1
        period = Period(line.service_from, line.service_to) if line.service_from and line.service_to else None
        found[line.id] = rules_differences.differences(
            ordered,
            InvoicedLine(
                title=line.title,
                identifiers=compared(line.identifiers),
                quantity=line.quantity,
                amount=Money(line.amount, invoice.currency),
                period=period,
                twin=is_twin,
            ),
            tolerance,
        )
    return found


def _line_fields(
    invoice: Invoice,
    line: InvoiceLine,
    facts: store.OrderFacts,
    found: Sequence[Difference],
    funds: Sequence[InvoiceLineFund],
) -> dict[str, object]:
    currency = invoice.currency
    order_line = facts.lines.get(line.order_line_id) if line.order_line_id else None
    order = facts.orders.get(line.order_line_id) if line.order_line_id else None
    return {
        **line.model_dump(exclude={"differences", "amount", "tax", "charges", "pay_amount"}),
        "amount": Money(line.amount, currency),
        "tax": Money(line.tax, currency),
        "charges": Money(line.charges, currency),
        "total": line_total(line, currency),
        "payable": line_payable(line, currency),
        "pay_amount": None if line.pay_amount is None else Money(line.pay_amount, currency),
        "order_line_number": order_line.number if order_line else None,
        "order_number": order.number if order else None,
        "differences": [asdict(difference) for difference in found],
        "clean": rules_differences.is_clean(found),
        "funds": [schemas.FundShareOut.model_validate(fund) for fund in funds],
    }


def _head_fields(invoice: Invoice, vendor: VendorCopy | None) -> dict[str, object]:
    money = {"stated_total", "lines_total", "tax_total", "charges_total", "difference", "payable"}
    fields = invoice.model_dump()
    for name in money:
        amount = getattr(invoice, name)
        fields[name] = None if amount is None else Money(amount, invoice.currency)
    return {
        **fields,
        "vendor_code": vendor.code if vendor else None,
        "vendor_name": vendor.name if vendor else "",
    }


def head_out(invoice: Invoice, vendor: VendorCopy | None) -> schemas.InvoiceHeadOut:
    return schemas.InvoiceHeadOut.model_validate(_head_fields(invoice, vendor))


async def invoice_out(
    session: AsyncSession,
    invoice: Invoice,
    lines: Sequence[InvoiceLine] | None = None,
    warnings: Iterable[Fault] = (),
) -> schemas.InvoiceOut:
    """An invoice with its lines, their evidence and what differs now: a constant number of statements."""
    if lines is None:
        lines = await store.lines_of(session, invoice.id)
    charges = await store.charges_of(session, invoice.id)
    vendor = await store.vendor(session, invoice.vendor_id)
    facts = await store.order_facts(session, (line.order_line_id for line in lines if line.order_line_id))
    found = differences_of(invoice, lines, facts, vendor)
    funds = await store.own_funds(session, [line.id for line in lines])
    return schemas.InvoiceOut.model_validate(
        {
            **_head_fields(invoice, vendor),
            "to_pay": to_pay(invoice, lines, charges),
            "undecided": sum(line.decision is Decision.UNDECIDED for line in lines),
            "charges": [
                {**charge.model_dump(exclude={"amount"}), "amount": Money(charge.amount, invoice.currency)}
                for charge in charges
            ],
            "lines": [_line_fields(invoice, line, facts, found[line.id], funds[line.id]) for line in lines],
            "warnings": [schemas.WarningOut.model_validate(warning) for warning in warnings],
        }
    )


async def queue_out(session: AsyncSession, rows: Sequence[tuple[InvoiceLine, Invoice]]) -> list[schemas.QueuedLineOut]:
    """Lines of several invoices with what differs now."""
    facts = await store.order_facts(session, (line.order_line_id for line, _ in rows if line.order_line_id))
    funds = await store.own_funds(session, [line.id for line, _ in rows])
    vendors = await store.vendors(session, {invoice.vendor_id for _, invoice in rows})
    out = []
    for line, invoice in rows:
        found = differences_of(invoice, [line], facts, vendors.get(invoice.vendor_id))[line.id]
        fields = _line_fields(invoice, line, facts, found, funds[line.id])
        fields |= {
            "invoice_number": invoice.number,
            "invoice_state": invoice.state,
            "vendor_id": invoice.vendor_id,
        }
        out.append(schemas.QueuedLineOut.model_validate(fields))
    return out


def tell_invoice(work: Work, invoice: Invoice, lines: Iterable[InvoiceLine], charges: Iterable[InvoiceCharge]) -> None:
    """Says how an invoice stands; its row must be locked."""
    total = invoice.lines_total + invoice.tax_total + invoice.charges_total
    payable = to_pay(invoice, lines, charges) if invoice.payable is None else Money(invoice.payable, invoice.currency)
    work.emit(
        InvoiceChanged(
            invoice_id=invoice.id,
            vendor_id=invoice.vendor_id,
            number=invoice.number,
            invoice_date=invoice.invoice_date,
            state=invoice.state.value,
            currency=invoice.currency,
            total=Money(total if invoice.stated_total is None else invoice.stated_total, invoice.currency),
            payable=payable,
            message_id=invoice.message_id,
            unit_id=invoice.unit_id,
        ),
        invoice.id,
        unit_id=invoice.unit_id,
        aggregate_version=invoice.version,
    )

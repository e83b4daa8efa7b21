"""INVOIC → Invoice (EDItEUR L.8 library invoice and S.6 serials invoice)."""

from decimal import Decimal

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.reconcile import foreign_amount, line_amount, reconcile
from quire_vendors.edi.syntax.model import Message

from .body import Body
from .common import count_quantities, finish, head, plain, resolve_prices, resolve_quantity
from .model import Invoice
from .parts import Line

CREDIT = frozenset({"credit_note"})


def read_invoice(message: Message, profile: Profile) -> Invoice:
    """The invoice of an INVOIC message, reconciled with its stated total. Never raises for what the message holds."""
    body = Body(message, profile)
    resolve_prices(body)
    resolve_quantity(body, "invoiced", "returned", "despatched", "ordered", "discrete")
    fields = head(body)
    resolve_amounts(body.lines, profile, fields["currency"])
    meaning = profile.meanings.documents.get(body.code, "")
    invoice = Invoice.model_construct(
        **fields,
        kind="invoice",
        credit_note=meaning in CREDIT,
        serials=body.name == "JINV"
        or any(entry.kind.startswith("period") for line in body.lines for entry in line.dates),
        payment_expected=fields["function"] != "no_payment_expected",
        terms=body.terms,
        reconciliation=None,
        booking=profile.booking,
    )
    invoice._message = message
    if not invoice.currency:
        body.flags.add("CURRENCY_MISSING", message.segments[0].place(message.index))
    count_quantities(invoice, body)
    if profile.invoice.price_check:
        _check_prices(invoice, body)
    invoice.reconciliation = reconcile(invoice, profile, body.flags)
    return finish(invoice, body)


def resolve_amounts(lines: list[Line], profile: Profile, currency: str) -> None:
    """Each line's amount in the document's currency, from where the profile says that it stands."""
    for line in lines:
        line.amount, line.amount_from = line_amount(line, profile, currency, currency)


def _check_prices(invoice: Invoice, body: Body) -> None:
    """Quantity × price against the line's amount: fits with the net price, or the gross price less allowances."""
    cent = Decimal("0.01")
    most = 8  # a real line has a handful; a hostile one must not cost the square of its size
    for line in invoice.lines:
        amount, quantity = line.amount, line.quantity
        if amount is None:
            elsewhere = foreign_amount(line, body.profile.invoice, invoice.currency, invoice.currency)
            if line.quantities and elsewhere is None:
                body.flags.add("LINE_AMOUNT_MISSING", invoice.place(line), line=line.number)
            continue
        if quantity is None or line.amount_from == "price" or not line.prices:
            continue
        prices = [price.amount / price.basis if price.basis else price.amount for price in line.prices[:most]]
        slack = cent * max(abs(quantity), Decimal(1))
        if any(abs(quantity * price - amount) <= slack for price in prices):
            continue
        extra = sum((charge.amount for charge in line.charges if charge.amount is not None), Decimal(0))
        discounts = [amt.value for amt in line.amounts if amt.kind == "discount"][:most]
        percentages = [
            charge.percentage for charge in line.charges if charge.allowance and charge.percentage is not None
        ][:most]
        fits = False
        for price in prices:
            gross = quantity * price
            options = [gross + extra]
            options += [gross - discount for discount in discounts]
            options += [gross - discount * quantity for discount in discounts]
            options += [gross * (100 - percentage) / 100 for percentage in percentages]
            options += [gross - discount + extra for discount in discounts]
            options += [gross + tax.amount for tax in line.taxes[:most] if tax.amount is not None]
            if any(abs(option - amount) <= slack for option in options):
                fits = True
                break
        if not fits:
            price = prices[0]
            body.flags.add(
                "LINE_PRICE",
                invoice.place(line),
                line=line.number,
                quantity=plain(quantity),
                price=plain(price),
                computed=plain(quantity * price),
                amount=plain(amount),
            )

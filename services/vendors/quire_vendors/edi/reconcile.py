"""Explains the stated total of an invoice by sums of its parts; never guesses.

There is no single formula for the total of a library invoice: charges are added in the header, added in the summary,
or already inside of the lines, depending on the supplier. So a small set of candidates is computed and compared with
the total that the invoice *states*. The profile names the candidates that its partner uses, the usual one first.
None fits: the invoice needs review, with the reason; it is never booked silently.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from .flags import Flags, Place
from .profiles.model import InvoiceRules, Profile

if TYPE_CHECKING:
    from .documents.model import Invoice
    from .documents.parts import Amount, Charge, Line

ZERO = Decimal(0)
PRICED = ("price", "price_less_allowances")
TOO_LARGE = Decimal(10) ** 18
"""Amounts have at most 18 digits (D.96A, 5004). Below it, sums of any message are exact to far less than a cent."""
HALF_CENT = Decimal("0.005")
"""Amounts may carry more decimals than their currency; sums that differ by less than half a cent are equal."""


class Reconciliation(BaseModel):
    """How the stated total of an invoice is explained (`edi.reconcile`).

    `status`: explained, review. `candidate` is the sum that fits (for example `lines+header_charges`), `stated` the
    payable total under `qualifier` in `currency`, `difference` stated minus the candidate that comes nearest.
    """

    status: Literal["explained", "review"]
    reason: str = ""
    currency: str = ""
    qualifier: str = ""
    stated: Decimal | None = None
    candidate: str = ""
    difference: Decimal | None = None
    usual: bool = True
    lines: Decimal = Decimal(0)
    charges: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    alternatives: list[str] = Field(default_factory=list)
    candidates: dict[str, Decimal] = Field(default_factory=dict)
    at: int = -1


def line_amount(line: "Line", profile: Profile, currency: str, default: str) -> tuple[Decimal | None, str]:
    """The line's amount in `currency` and where it stood. An amount without a currency is in `default`."""
    rules = profile.invoice
    for where in rules.line_amount:
        if where in PRICED:
            # An amount in another currency is an amount: the price must not stand for it as if it were in this one.
            own = currency == default and (not line.amounts or foreign_amount(line, rules, currency, default) is None)
            found = _priced(line, rules.price) if own else None
            if found is not None and where == "price_less_allowances":
                for charge in line.charges:
                    if charge.allowance and charge.percentage is not None:
                        found *= (100 - charge.percentage) / 100
        else:
            found = None
            for amount in line.amounts:
                if amount.qualifier == where and (amount.currency or default) == currency:
                    found = amount.value
                    break
        if found is not None:
            if where in rules.per_unit:
                found *= line.quantity if line.quantity is not None else 1
            return found, where
    return None, ""


def foreign_amount(line: "Line", rules: InvoiceRules, currency: str, default: str) -> "Amount | None":
    """The line's amount where the profile looks for it, if it is stated in other currencies than `currency` only."""
    found = [amount for amount in line.amounts if amount.qualifier in rules.line_amount]
    if not found or any((amount.currency or default) == currency for amount in found):
        return None
    return found[0]


def _priced(line: "Line", meanings: Sequence[str]) -> Decimal | None:
    for meaning in meanings:
        for price in line.prices:
            if price.meaning == meaning:
                return price.amount / price.basis if price.basis else price.amount
    return None


class Parts:
    """The sums of an invoice in one currency."""

    __slots__ = ("header", "line_charges", "lines", "missing", "summary", "tax")

    def __init__(self, invoice: "Invoice", rules: InvoiceRules, profile: Profile, currency: str) -> None:
        default = invoice.currency
        self.lines = ZERO
        self.missing: list[str] = []
        for line in invoice.lines:
            amount = line.amount if currency == default else line_amount(line, profile, currency, default)[0]
            if amount is not None:
                self.lines += amount
            elif line.quantity:
                self.missing.append(line.number)
        silent = rules.informational_charges
        self.header = _charges(invoice.charges, "header", currency, default, silent)
        self.summary = _charges(invoice.charges, "summary", currency, default, silent)
        for amount_ in invoice.amounts:
            if amount_.qualifier in rules.loose_charges and (amount_.currency or default) == currency:
                self.header += amount_.value
        self.line_charges = sum(
            (
                charge.amount
                for line in invoice.lines
                for charge in line.charges
                if charge.amount is not None and charge.code not in silent and (charge.currency or default) == currency
            ),
            ZERO,
        )
        self.tax = tax_total(invoice, rules, currency)

    def value(self, candidate: str) -> Decimal | None:
        """The candidate's sum, or `None` when one of its parts is not there (then it is the same as a shorter one)."""
        total = self.lines
        for name in candidate.split("+")[1:]:
            part: Decimal = getattr(self, _SLOT[name])
            if not part:
                return None
            total += part
        return total


_SLOT = {"header_charges": "header", "summary_charges": "summary", "line_charges": "line_charges", "tax": "tax"}


def _charges(charges: Iterable["Charge"], level: str, currency: str, default: str, silent: list[str]) -> Decimal:
    return sum(
        (
            charge.amount
            for charge in charges
            if charge.level == level
            and charge.amount is not None
            and charge.code not in silent
            and (charge.currency or default) == currency
        ),
        ZERO,
    )


def tax_total(invoice: "Invoice", rules: InvoiceRules, currency: str) -> Decimal:
    """The whole tax: as stated, else the sum of the tax amounts of the summary, else of the lines."""
    default = invoice.currency
    for qualifier in rules.tax_totals:
        stated = _stated(invoice.amounts, qualifier, currency, default)
        if stated is not None:
            return stated.value
        grouped = [
            amount.value
            for tax in invoice.taxes
            for amount in tax.amounts
            if amount.qualifier == qualifier and (amount.currency or default) == currency
        ]
        if grouped:
            return sum(grouped, ZERO)
    return sum(
        (
            amount.value
            for line in invoice.lines
            for tax in line.taxes
            for amount in [entry for entry in tax.amounts if entry.kind == "tax"][:1]
            if (amount.currency or default) == currency
        ),
        ZERO,
    )


def _stated(amounts: Iterable["Amount"], qualifier: str, currency: str, default: str) -> "Amount | None":
    return next(
        (amount for amount in amounts if amount.qualifier == qualifier and (amount.currency or default) == currency),
        None,
    )


def payable(invoice: "Invoice", rules: InvoiceRules) -> "Amount | None":
    """The total that is to be paid: the first qualifier of `invoice.totals` that the invoice states."""
    for qualifier in rules.totals:
        stated = _stated(invoice.amounts, qualifier, invoice.currency, invoice.currency)
        if stated is not None:
            return stated
    for qualifier in rules.totals:
        for amount in invoice.amounts:
            if amount.qualifier == qualifier:
                return amount
    return None


def reconcile(invoice: "Invoice", profile: Profile, flags: Flags) -> Reconciliation:
    """Compares the stated total with the candidates of the profile and flags what a person must see."""
    rules = profile.invoice
    stated = payable(invoice, rules)
    currency = (stated.currency if stated is not None else "") or invoice.currency
    parts = Parts(invoice, rules, profile, currency)
    charges = parts.header + parts.summary
    result = Reconciliation.model_construct(
        status="review", reason="", currency=currency, qualifier="", stated=None, candidate="", difference=None,
        usual=True, lines=parts.lines, charges=charges, tax=parts.tax, alternatives=[], candidates={}, at=-1,
    )  # fmt: skip
    where = invoice.place(stated) if stated is not None else invoice.place(0)
    if stated is None:
        return _review(result, "The invoice states no total.", flags, where)
    result.qualifier, result.stated, result.at = stated.qualifier, stated.value, stated.at
    totals = {
        amount.value
        for amount in invoice.amounts
        if amount.qualifier == stated.qualifier and (amount.currency or invoice.currency) == currency
    }
    if len(totals) > 1:
        told = " and ".join(_money(value, currency) for value in sorted(totals))
        return _review(result, f"The invoice states several totals under {stated.qualifier}: {told}.", flags, where)
    for name in rules.candidates:
        value = parts.value(name)
        if value is not None:
            result.candidates[name] = value
    if not invoice.lines:
        result.difference = stated.value
        return _review(
            result,
            f"The invoice states {_money(stated.value, currency)}, but has no lines to explain it.",
            flags,
            where,
        )
    slack = max(HALF_CENT, Decimal(rules.tolerance_per_line) * len(invoice.lines))
    doubt = _too_large(invoice, stated.value) or _doubtful_lines(invoice, rules, currency, flags)
    doubt = doubt or _nothing_to_pay(invoice, parts, stated.value)
    doubt = doubt or _other_totals(invoice, rules, result, stated, slack, flags)
    if doubt:
        return _review(result, doubt, flags, where)
    fitting = [name for name, value in result.candidates.items() if abs(value - stated.value) <= slack]
    if not fitting:
        return _unexplained(result, parts, stated.value, currency, flags, where)
    expected = [name for name in fitting if name in rules.expected]
    result.candidate = (expected or fitting)[0]
    result.status = "explained"
    result.difference = stated.value - result.candidates[result.candidate]
    result.alternatives = [name for name in fitting if name != result.candidate]
    result.usual = bool(expected)
    if not expected:
        flags.add("TOTAL_UNUSUAL", where, candidate=result.candidate, profile=profile.profile)
    elif result.alternatives:
        flags.add("TOTAL_AMBIGUOUS", where, candidate=result.candidate, others=", ".join(result.alternatives))
    lines_total = _stated(invoice.amounts, "79", currency, invoice.currency)
    if lines_total is not None and min(abs(lines_total.value - sum_) for sum_ in (parts.lines, stated.value)) > slack:
        flags.add("LINES_TOTAL", invoice.place(lines_total), stated=str(lines_total.value), found=str(parts.lines))
    return result


def _too_large(invoice: "Invoice", stated: Decimal) -> str:
    """The reason for review when an amount is so large that sums would be rounded, or empty."""
    charges = [*invoice.charges, *(charge for line in invoice.lines for charge in line.charges)]
    taxes = [*invoice.taxes, *(tax for line in invoice.lines for tax in line.taxes)]
    values = [stated, *(line.amount for line in invoice.lines), *(charge.amount for charge in charges)]
    values += [amount.value for amount in invoice.amounts]
    values += [amount.value for tax in taxes for amount in tax.amounts]
    largest = max((abs(value) for value in values if value is not None), default=ZERO)
    return f"The amount {largest:f} is too large to be calculated with exactly." if largest >= TOO_LARGE else ""


def _doubtful_lines(invoice: "Invoice", rules: InvoiceRules, currency: str, flags: Flags) -> str:
    """Flags the lines whose amount would have to be guessed; the reason for review, or empty."""
    default = invoice.currency
    doubtful: list[str] = []
    for line in invoice.lines:
        foreign = foreign_amount(line, rules, currency, default)
        if foreign is not None:
            told = _money(foreign.value, foreign.currency)
            flags.add("LINE_CURRENCY", invoice.place(foreign), line=line.number, amount=told, currency=currency)
            doubtful.append(f"line {line.number} is in another currency ({told})")
            continue
        values = _stated_for(line, rules, currency, default)
        if len(values) > 1:
            told = " and ".join(_money(value, currency) for value in sorted(values))
            flags.add("LINE_AMOUNTS_DIFFER", invoice.place(line), line=line.number, amounts=told)
            doubtful.append(f"line {line.number} states several amounts ({told})")
    if not doubtful:
        return ""
    more = f"; {len(doubtful) - 5} more lines" if len(doubtful) > 5 else ""
    return f"The lines cannot be summed up without a guess: {'; '.join(doubtful[:5])}{more}."


def _stated_for(line: "Line", rules: InvoiceRules, currency: str, default: str) -> set[Decimal]:
    """The different values under the source that the line's amount is taken from."""
    for where in rules.line_amount:
        if where not in PRICED:
            values = {
                amount.value
                for amount in line.amounts
                if amount.qualifier == where and (amount.currency or default) == currency
            }
            if values:
                return values
        elif currency == default:
            for meaning in rules.price:
                values = {
                    price.amount / price.basis if price.basis else price.amount
                    for price in line.prices
                    if price.meaning == meaning
                }
                if values:
                    return values
    return set()


def _nothing_to_pay(invoice: "Invoice", parts: Parts, stated: Decimal) -> str:
    """Copies without amount and price on an invoice of 0: free, or the prices were forgotten? Nobody can tell."""
    if stated or not parts.missing or invoice.credit_note or not invoice.payment_expected:
        return ""
    shown = ", ".join(parts.missing[:5]) + (" …" if len(parts.missing) > 5 else "")
    return (
        f"The invoice states a total of 0, and {len(parts.missing)} lines state no amount and no price (lines {shown})."
    )


def _other_totals(
    invoice: "Invoice", rules: InvoiceRules, result: Reconciliation, stated: "Amount", slack: Decimal, flags: Flags
) -> str:
    """Totals under other qualifiers that differ: right if a usual sum gives them, or what was paid before is taken off."""
    usual = [value for name, value in result.candidates.items() if name in rules.expected]
    own = [amount for amount in invoice.amounts if (amount.currency or invoice.currency) == result.currency]
    prepaid = sum((amount.value for amount in own if amount.kind == "prepaid"), ZERO)
    strange = ""
    for amount in own:
        if amount.qualifier not in rules.totals or abs(amount.value - stated.value) <= slack:
            continue
        if prepaid and abs(abs(amount.value - stated.value) - abs(prepaid)) <= slack:
            continue
        told = (
            f"{_money(stated.value, result.currency)} under {stated.qualifier} "
            f"and {_money(amount.value, result.currency)} under {amount.qualifier}"
        )
        flags.add("TOTALS_DIFFER", invoice.place(amount), told=told)
        if not any(abs(value - amount.value) <= slack for value in usual):
            strange = (
                strange or f"The invoice states different totals: {told}; the sums of its parts do not explain both."
            )
    return strange


def _unexplained(
    result: Reconciliation, parts: Parts, stated: Decimal, currency: str, flags: Flags, where: Place
) -> Reconciliation:
    if not result.candidates:
        result.difference = stated
        return _review(result, "The profile allows no candidate for the total.", flags, where)
    nearest = min(result.candidates, key=lambda name: abs(result.candidates[name] - stated))
    result.difference = stated - result.candidates[nearest]
    computed = ", ".join(f"{name} {value}" for name, value in result.candidates.items())
    reason = (
        f"The stated total {_money(stated, currency)} is none of the computed sums ({computed}); "
        f"the nearest, {nearest}, differs by {result.difference}."
    )
    if parts.missing:
        shown = ", ".join(parts.missing[:5]) + (" …" if len(parts.missing) > 5 else "")
        reason += f" {len(parts.missing)} lines state no amount (lines {shown})."
    return _review(result, reason, flags, where)


def _review(result: Reconciliation, reason: str, flags: Flags, where: Place) -> Reconciliation:
    result.reason = reason
    flags.add("TOTAL_UNEXPLAINED", where, reason=reason)
    return result


def _money(value: Decimal, currency: str) -> str:
    return f"{value} {currency}".strip()

"""The arithmetic of a budget and the double-entry postings behind each command. Pure: no input, no output, no clock.

A *budget* is one fund in one fiscal year, in one currency. Its money lies in accounts. A posting moves a positive
amount from the credited to the debited account **of the same budget**; what passes between two budgets is two
postings, one on each side. An account's balance is its debits less its credits, so the balances of one budget
always sum to zero, and ``available`` (a posted account) proves every figure derived from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from quire_shared.values.money import Money

ZERO = Decimal(0)


class Account(StrEnum):
    """The accounts of one budget. The first four say where its money came from, the others where it is now."""

    INITIAL = "initial"  # first allocation of the year
    ALLOCATED_IN = "allocated_in"  # later increases, and allocation moved here from another budget
    ALLOCATED_OUT = "allocated_out"  # later decreases, and allocation moved away
    TRANSFERRED = "transferred"  # net transfers with other budgets (signed)
    AVAILABLE = "available"
    ENCUMBERED = "encumbered"
    AWAITING = "awaiting"  # approved, not yet paid; negative for approved credit notes
    EXPENDED = "expended"
    CREDITED = "credited"


class YearState(StrEnum):
    """A closing year takes only what its close needs (late invoices, accruals); only a closed one refuses all."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class BudgetStatus(StrEnum):
    """Money moves on planned and active budgets only."""

    PLANNED = "planned"
    ACTIVE = "active"
    FROZEN = "frozen"
    INACTIVE = "inactive"
    CLOSED = "closed"


class Purpose(StrEnum):
    """Why money moves: the kind of a ledger transaction."""

    ALLOCATION = "allocation"
    ALLOCATION_MOVE = "allocation_move"
    TRANSFER = "transfer"
    ENCUMBRANCE = "encumbrance"
    APPROVAL = "approval"
    PAYMENT = "payment"
    RATE_DIFFERENCE = "rate_difference"
    CANCELLATION = "cancellation"
    ROLLOVER = "rollover"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason for a refusal, in words for a librarian: what is wrong, where (a JSON pointer), what to do."""

    pointer: str
    code: str
    detail: str
    fix: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The posted figures of one budget (or a sum of budgets) in major units of ``currency``."""

    currency: str
    initial: Decimal = ZERO
    allocated_in: Decimal = ZERO
    allocated_out: Decimal = ZERO
    net_transfers: Decimal = ZERO
    encumbered: Decimal = ZERO
    awaiting: Decimal = ZERO
    expended: Decimal = ZERO
    credited: Decimal = ZERO

    @classmethod
    def from_balances(cls, currency: str, balances: Mapping[Account, Decimal]) -> Figures:
        """Reads the figures from account balances (debits less credits)."""
        return cls(
            currency=currency,
            initial=-balances.get(Account.INITIAL, ZERO),
            allocated_in=-balances.get(Account.ALLOCATED_IN, ZERO),
            allocated_out=balances.get(Account.ALLOCATED_OUT, ZERO),
            net_transfers=-balances.get(Account.TRANSFERRED, ZERO),
            encumbered=balances.get(Account.ENCUMBERED, ZERO),
            awaiting=balances.get(Account.AWAITING, ZERO),
            expended=balances.get(Account.EXPENDED, ZERO),
            credited=-balances.get(Account.CREDITED, ZERO),
        )

    def plus(self, change: Figures) -> Figures:
        """These figures after a change of the same currency."""
        if self.currency != change.currency:
            raise ValueError(f"Figures in {self.currency} and {change.currency} can't be added.")
        amounts = {
            f.name: getattr(self, f.name) + getattr(change, f.name) for f in fields(self) if f.name != "currency"
        }
        return Figures(currency=self.currency, **amounts)

    def totals(self) -> Totals:
        """All figures of the budget, derived as in the specification of orders, section 1.

        ``over_expended`` and ``over_encumbered`` count against what was funded, never against a negative funding.
        """
        allocated = self.initial + self.allocated_in - self.allocated_out
        total_funding = allocated + self.net_transfers
        used = self.encumbered + self.awaiting + self.expended - self.credited
        unavailable = max(ZERO, used)
        funded = max(ZERO, total_funding)
        over_expended = max(ZERO, self.expended - self.credited + self.awaiting - funded)
        return Totals(
            currency=self.currency,
            initial=self.initial,
            allocated_in=self.allocated_in,
            allocated_out=self.allocated_out,
            allocated=allocated,
            net_transfers=self.net_transfers,
            total_funding=total_funding,
            encumbered=self.encumbered,
            awaiting=self.awaiting,
            expended=self.expended,
            credited=self.credited,
            used=used,
            unavailable=unavailable,
            available=total_funding - used,
            cash_balance=total_funding - self.expended + self.credited,
            over_expended=over_expended,
            over_encumbered=max(ZERO, unavailable - funded) - over_expended,
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Every figure of a budget, or the sum of the figures of several budgets, in major units of ``currency``.

    Totals of a fund with its children, a ledger, a group or a year are sums of per-budget figures: an overdrawn
    budget is not netted against another one's rest. Net transfers need no special care, because a transfer inside
    the set cancels out and only what crosses its border stays.
    """

    currency: str
    initial: Decimal = ZERO
    allocated_in: Decimal = ZERO
    allocated_out: Decimal = ZERO
    allocated: Decimal = ZERO
    net_transfers: Decimal = ZERO
    total_funding: Decimal = ZERO
    encumbered: Decimal = ZERO
    awaiting: Decimal = ZERO
    expended: Decimal = ZERO
    credited: Decimal = ZERO
    used: Decimal = ZERO
    unavailable: Decimal = ZERO
    available: Decimal = ZERO
    cash_balance: Decimal = ZERO
    over_expended: Decimal = ZERO
    over_encumbered: Decimal = ZERO

    def __add__(self, other: Totals) -> Totals:
        if self.currency != other.currency:
            raise ValueError(f"Totals in {self.currency} and {other.currency} can't be added.")
        amounts = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name != "currency"}
        return Totals(currency=self.currency, **amounts)


def sum_totals(budgets: Iterable[Figures]) -> dict[str, Totals]:
    """Sums per-budget figures, one total per currency."""
    sums: dict[str, Totals] = {}
    for figures in budgets:
        known = sums.get(figures.currency, Totals(currency=figures.currency))
        sums[figures.currency] = known + figures.totals()
    return sums


@dataclass(frozen=True, slots=True)
class Posting:
    """One double entry within one budget: ``amount`` (> 0) leaves ``credit`` and arrives at ``debit``.

    ``original`` and ``rate_id`` say what was meant in foreign money and at which exchange rate it was converted.
    """

    budget_id: UUID
    debit: Account
    credit: Account
    amount: Money
    original: Money | None = field(default=None)
    rate_id: UUID | None = field(default=None)

    def __post_init__(self) -> None:
        if self.amount.amount <= 0:
            raise ValueError("The amount of a posting must be above zero; swap its accounts to go the other way.")
        if self.debit == self.credit:
            raise ValueError(f"A posting needs two accounts, not {self.debit} twice.")

    def reversed(self) -> Posting:
        """The posting that undoes this one."""
        original = None if self.original is None else -self.original
        return Posting(self.budget_id, self.credit, self.debit, self.amount, original, self.rate_id)


def entry(
    budget_id: UUID,
    debit: Account,
    credit: Account,
    amount: Money,
    original: Money | None = None,
    rate_id: UUID | None = None,
) -> tuple[Posting, ...]:
    """One posting for a signed amount: a negative one goes the other way, zero needs none."""
    if amount.amount == 0:
        return ()
    if amount.amount < 0:
        turned = None if original is None else -original
        return (Posting(budget_id, credit, debit, -amount, turned, rate_id),)
    return (Posting(budget_id, debit, credit, amount, original, rate_id),)


def post_initial(budget_id: UUID, amount: Money) -> tuple[Posting, ...]:
    """First allocation of a budget."""
    return entry(budget_id, Account.AVAILABLE, Account.INITIAL, amount)


def post_allocation(budget_id: UUID, change: Money) -> tuple[Posting, ...]:
    """Later change of an allocation: an increase counts as allocated in, a decrease as allocated out."""
    if change.amount < 0:
        return entry(budget_id, Account.ALLOCATED_OUT, Account.AVAILABLE, -change)
    return entry(budget_id, Account.AVAILABLE, Account.ALLOCATED_IN, change)


def post_allocation_move(from_budget: UUID, to_budget: UUID, amount: Money) -> tuple[Posting, ...]:
    """Moves allocation: allocated out of one budget, allocated in to the other."""
    return post_allocation(from_budget, -amount) + post_allocation(to_budget, amount)


def post_transfer(from_budget: UUID, to_budget: UUID, amount: Money) -> tuple[Posting, ...]:
    """Transfers money: the allocations stay, the net transfers of both budgets move."""
    return entry(from_budget, Account.TRANSFERRED, Account.AVAILABLE, amount) + entry(
        to_budget, Account.AVAILABLE, Account.TRANSFERRED, amount
    )


def post_encumbrance(
    budget_id: UUID, change: Money, original: Money | None = None, rate_id: UUID | None = None
) -> tuple[Posting, ...]:
    """Posts the difference between the encumbrance that should stand and the one that stands."""
    return entry(budget_id, Account.ENCUMBERED, Account.AVAILABLE, change, original, rate_id)


def post_approval(
    budget_id: UUID, amount: Money, original: Money | None = None, rate_id: UUID | None = None
) -> tuple[Posting, ...]:
    """Approves a charge (or, below zero, a credit): the amount awaits payment."""
    return entry(budget_id, Account.AWAITING, Account.AVAILABLE, amount, original, rate_id)


def post_payment(
    budget_id: UUID,
    approved: Money,
    paid: Money,
    original: Money | None = None,
    rate_id: UUID | None = None,
) -> tuple[Posting, ...]:
    """Pays what was approved: awaiting becomes expended, or credited for a credit note.

    ``paid`` differs from ``approved`` where the bank's exchange rate did; the difference goes to or comes from what
    is available. A charge can't be paid as a credit or the reverse (ValueError).
    """
    if approved.amount * paid.amount < 0:
        raise ValueError("A charge can't be paid as a credit, nor a credit as a charge.")
    if approved.amount < 0 or paid.amount < 0:
        settled = entry(budget_id, Account.CREDITED, Account.AWAITING, approved, original, rate_id)
        return settled + entry(budget_id, Account.CREDITED, Account.AVAILABLE, paid - approved)
    settled = entry(budget_id, Account.EXPENDED, Account.AWAITING, approved, original, rate_id)
    return settled + entry(budget_id, Account.EXPENDED, Account.AVAILABLE, paid - approved)


def reverse(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """The postings that undo the given ones, last first."""
    return tuple(posting.reversed() for posting in reversed(list(postings)))


def changes(postings: Iterable[Posting]) -> dict[tuple[UUID, Account], Decimal]:
    """The change of each account's balance; accounts whose changes cancel out are left out."""
    sums: dict[tuple[UUID, Account], Decimal] = {}
    for posting in postings:
        for account, amount in ((posting.debit, posting.amount.amount), (posting.credit, -posting.amount.amount)):
            key = (posting.budget_id, account)
            sums[key] = sums.get(key, ZERO) + amount
    return {key: amount for key, amount in sums.items() if amount != 0}


def general_ledger_account(fund_account: str, class_extension: str) -> str:
    """The account string of the finance system: the fund's number, then the extension of the expense class."""
    return "-".join(part for part in (fund_account, class_extension) if part)


@dataclass(frozen=True, slots=True)
class SourceCredit:
    """Money that a funding source gave, to be spent in the order of its deadline (none: last)."""

    id: UUID
    amount: Decimal
    order: int


def attribute_spending(credits: Iterable[SourceCredit], spent: Decimal) -> dict[UUID, Decimal]:
    """How much of each credit is used up when ``spent`` was spent: the earliest deadline is spent first.

    What exceeds all credits is attributed to none of them.
    """
    rest = spent
    used: dict[UUID, Decimal] = {}
    for credit in sorted(credits, key=lambda c: (c.order, str(c.id))):
        used[credit.id] = max(ZERO, min(credit.amount, rest))
        rest -= used[credit.id]
    return used

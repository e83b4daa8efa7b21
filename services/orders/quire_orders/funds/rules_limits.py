"""Limits of a budget: when a new encumbrance or a new approval is warned about or stopped. Pure.

Limits are checked at encumbering and at approval, never at payment. A document's own open encumbrance is not
counted against it. All budgets of a document are answered together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from quire_orders.funds.rules import ZERO, Fault, Figures

HUNDRED = Decimal(100)


class Check(StrEnum):
    """What is to be checked."""

    ENCUMBRANCE = "encumbrance"
    EXPENDITURE = "expenditure"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a budget may be used: ``percent`` of its total funding, or a fixed ``amount``; not both."""

    percent: Decimal | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if self.percent is not None and self.amount is not None:
            raise ValueError("A limit is a percentage or an amount, not both.")
        for value in (self.percent, self.amount):
            if value is not None and value < 0:
                raise ValueError("A limit can't be below zero.")

    @property
    def is_set(self) -> bool:
        return self.percent is not None or self.amount is not None

    def ceiling(self, total_funding: Decimal) -> Decimal | None:
        """The most that may be used, unrounded; None where no limit is set."""
        if self.amount is not None:
            return self.amount
        if self.percent is not None:
            return total_funding * self.percent / HUNDRED
        return None


NO_LIMIT = Limit()
FULL_FUNDING = Limit(percent=HUNDRED)


@dataclass(frozen=True, slots=True)
class Limits:
    """The four limits of a budget, and whether its ledger restricts at all.

    Where the ledger restricts and the budget sets no stop, the stop is 100 % of the total funding. Where it does
    not restrict, nothing stops; warnings are still given.
    """

    encumbrance_warn: Limit = NO_LIMIT
    encumbrance_stop: Limit = NO_LIMIT
    expenditure_warn: Limit = NO_LIMIT
    expenditure_stop: Limit = NO_LIMIT
    restrict_encumbrance: bool = True
    restrict_expenditure: bool = True

    def warn(self, check: Check) -> Limit:
        return self.encumbrance_warn if check is Check.ENCUMBRANCE else self.expenditure_warn

    def stop(self, check: Check) -> Limit:
        """The limit that stops; NO_LIMIT where the ledger does not restrict."""
        if check is Check.ENCUMBRANCE:
            restricts, limit = self.restrict_encumbrance, self.encumbrance_stop
        else:
            restricts, limit = self.restrict_expenditure, self.expenditure_stop
        if not restricts:
            return NO_LIMIT
        return limit if limit.is_set else FULL_FUNDING


@dataclass(frozen=True, slots=True)
class Demand:
    """What a document asks of one budget.

    ``new`` is the document's whole claim on the budget, ``own`` its open encumbrance there, which is not counted.
    A claim that does not rise above what the document held already is not checked for encumbrances; a claim of
    zero or below (a credit) is never checked.
    """

    budget_id: UUID
    name: str
    where: str
    figures: Figures
    limits: Limits
    new: Decimal
    own: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LimitFinding:
    """A limit that is passed. ``short`` is by how much, in major units of the budget's currency."""

    budget_id: UUID
    stops: bool
    short: Decimal
    fault: Fault


def check_limits(check: Check, demands: Iterable[Demand]) -> tuple[LimitFinding, ...]:
    """Compares all demands of one document with the limits; the demands on the same budget count together."""
    by_budget: dict[UUID, list[Demand]] = {}
    for demand in demands:
        by_budget.setdefault(demand.budget_id, []).append(demand)
    findings: list[LimitFinding] = []
    for group in by_budget.values():
        finding = _check_budget(check, group)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _check_budget(check: Check, group: list[Demand]) -> LimitFinding | None:
    first = group[0]
    new = sum((demand.new for demand in group), ZERO)
    own = sum((demand.own for demand in group), ZERO)
    if new <= 0 or (check is Check.ENCUMBRANCE and new <= own):
        return None
    totals = first.figures.totals()
    used = totals.used - own + new
    where = ", ".join(dict.fromkeys(demand.where for demand in group))
    for stops, limit in ((True, first.limits.stop(check)), (False, first.limits.warn(check))):
        ceiling = limit.ceiling(totals.total_funding)
        if ceiling is not None and used > ceiling:
            return LimitFinding(
                first.budget_id, stops, used - ceiling, _fault(check, stops, first, where, used, ceiling)
            )
    return None


def _fault(check: Check, stops: bool, demand: Demand, where: str, used: Decimal, ceiling: Decimal) -> Fault:
    currency = demand.figures.currency
    kind = "limit" if stops else "warning level"
    code = f"{check.value}_{'limit' if stops else 'warning'}"
    detail = (
        f"Budget {demand.name}: {used:f} {currency} would be used, {used - ceiling:f} more than its "
        f"{check.value} {kind} of {ceiling:f}."
    )
    fix = "Lower the amount, choose another fund, add money to the budget, or override the limit with a reason."
    return Fault(
        code=code,
        pointer=where,
        detail=detail,
        fix=fix if stops else "Nothing needs to be done; the budget is nearly used up.",
    )

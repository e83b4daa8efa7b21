"""Whether money may move: by the state of the year and the budget, between these funds, for these locations. Pure."""

from __future__ import annotations

from quire_orders.funds.rules import BudgetStatus, Fault, Purpose, YearState

# What the close of a year still needs: late invoices and their corrections, releases, and the rollover itself.
_CLOSING_PURPOSES = frozenset(
    {
        Purpose.ENCUMBRANCE,
        Purpose.APPROVAL,
        Purpose.PAYMENT,
        Purpose.RATE_DIFFERENCE,
        Purpose.CANCELLATION,
        Purpose.ROLLOVER,
        Purpose.REVERSAL,
    }
)


def check_movement(
    purpose: Purpose,
    year: YearState,
    budget: BudgetStatus,
    where: str,
    name: str,
    may_post_in_closing_year: bool = False,
) -> Fault | None:
    """Whether money may move on a budget, by the state of its fiscal year and its own status.

    ``may_post_in_closing_year`` says that the actor holds the scope for the close of a year.
    """
    if year is YearState.CLOSED:
        return Fault(
            code="fiscal_year_closed",
            pointer=where,
            detail=f"The fiscal year of budget {name} is closed.",
            fix="Use a budget of an open fiscal year, or have the year reopened.",
        )
    if year is YearState.CLOSING and (purpose not in _CLOSING_PURPOSES or not may_post_in_closing_year):
        return Fault(
            code="fiscal_year_closing",
            pointer=where,
            detail=f"The fiscal year of budget {name} is being closed: it takes only late invoices and their corrections, "
            "by people who may post in a closing year.",
            fix="Use a budget of an open fiscal year, or ask somebody who closes the year.",
        )
    if budget not in (BudgetStatus.ACTIVE, BudgetStatus.PLANNED):
        return Fault(
            code="budget_not_active",
            pointer=where,
            detail=f"Budget {name} is {budget.value}.",
            fix="Set the budget to active, or use another fund.",
        )
    return None


def check_partners(
    where: str,
    from_code: str,
    to_code: str,
    from_allows: frozenset[str],
    to_allows: frozenset[str],
) -> Fault | None:
    """Whether money may pass between two funds: each fund lists its allowed partners; an empty list allows all."""
    if from_allows and to_code not in from_allows:
        return Fault(
            code="transfer_partner_not_allowed",
            pointer=where,
            detail=f"Fund {from_code} may give money only to: {', '.join(sorted(from_allows))}; not to {to_code}.",
            fix=f"Choose one of these funds, or add {to_code} to the allowed partners of {from_code}.",
        )
    if to_allows and from_code not in to_allows:
        return Fault(
            code="transfer_partner_not_allowed",
            pointer=where,
            detail=f"Fund {to_code} may take money only from: {', '.join(sorted(to_allows))}; not from {from_code}.",
            fix=f"Choose one of these funds, or add {from_code} to the allowed partners of {to_code}.",
        )
    return None


def check_locations(where: str, fund_code: str, allowed: frozenset[str], wanted: frozenset[str]) -> Fault | None:
    """Whether a fund that is restricted to locations (``allowed`` not empty) may pay for these locations."""
    outside = wanted - allowed
    if not allowed or not outside:
        return None
    return Fault(
        code="fund_location_restriction",
        pointer=where,
        detail=f"Fund {fund_code} pays only for {', '.join(sorted(allowed))}, not for {', '.join(sorted(outside))}.",
        fix="Choose another fund for these copies, or add the location to the fund.",
    )

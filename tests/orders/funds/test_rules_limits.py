"""Limits in percent and in amounts, for encumbrances and for approvals."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.funds.rules import Figures
from quire_orders.funds.rules_limits import Check, Demand, Limit, Limits, check_limits

A, B = UUID(int=1), UUID(int=2)


def percent(value: str) -> Limit:
    return Limit(percent=Decimal(value))


def amount(value: str) -> Limit:
    return Limit(amount=Decimal(value))


def demand(
    new: str, limits: Limits, own: str = "0", encumbered: str = "0", budget: UUID = A, where: str = "l1"
) -> Demand:
    figures = Figures("USD", initial=Decimal(100), encumbered=Decimal(encumbered))
    return Demand(budget, "HIST/2026", where, figures, limits, Decimal(new), Decimal(own))


@pytest.mark.parametrize(
    ("limits", "new", "outcome"),
    [
        (Limits(), "100", None),
        (Limits(), "100.01", True),
        (Limits(encumbrance_stop=percent("110")), "110", None),
        (Limits(encumbrance_stop=percent("110")), "110.01", True),
        (Limits(encumbrance_stop=amount("50")), "50", None),
        (Limits(encumbrance_stop=amount("50")), "50.01", True),
        (Limits(encumbrance_warn=percent("80")), "80.01", False),
        (Limits(encumbrance_warn=amount("20")), "20.01", False),
        (Limits(encumbrance_warn=percent("80")), "100.01", True),
        (Limits(restrict_encumbrance=False), "1000", None),
        (Limits(restrict_encumbrance=False, encumbrance_warn=percent("80")), "1000", False),
        (Limits(restrict_encumbrance=False, encumbrance_stop=percent("80")), "1000", None),
        (Limits(expenditure_stop=percent("10")), "100", None),
    ],
)
def test_encumbrance_limits(limits: Limits, new: str, outcome: bool | None) -> None:
    findings = check_limits(Check.ENCUMBRANCE, [demand(new, limits)])
    assert [f.stops for f in findings] == ([] if outcome is None else [outcome])


def test_a_documents_own_encumbrance_is_not_counted_against_it() -> None:
    # 95 encumbered, 90 of them by this line: 5 used by others, so 95 may be approved and 95.01 may not.
    limits = Limits()
    assert not check_limits(Check.EXPENDITURE, [demand("95", limits, own="90", encumbered="95")])
    (finding,) = check_limits(Check.EXPENDITURE, [demand("95.01", limits, own="90", encumbered="95")])
    assert finding.short == Decimal("0.01")


def test_all_budgets_are_answered_together_and_parts_on_one_budget_count_together() -> None:
    findings = check_limits(
        Check.EXPENDITURE,
        [
            demand("60", Limits(), where="lines/0"),
            demand("41", Limits(), where="lines/1"),
            demand("101", Limits(), budget=B, where="lines/2"),
        ],
    )
    assert [(f.budget_id, f.short, f.fault.pointer) for f in findings] == [
        (A, Decimal(1), "lines/0, lines/1"),
        (B, Decimal(1), "lines/2"),
    ]


def test_a_credit_and_a_lower_price_are_never_stopped() -> None:
    tight = Limits(encumbrance_stop=amount("0"), expenditure_stop=amount("0"))
    assert not check_limits(Check.EXPENDITURE, [demand("-5", tight, encumbered="200")])
    assert not check_limits(Check.ENCUMBRANCE, [demand("90", tight, own="100", encumbered="200")])


def test_limit_is_a_percentage_or_an_amount() -> None:
    with pytest.raises(ValueError, match="not both"):
        Limit(percent=Decimal(1), amount=Decimal(1))
    with pytest.raises(ValueError, match="below zero"):
        Limit(percent=Decimal(-1))


whole = st.integers(0, 1000).map(Decimal)


@given(whole, whole, st.integers(0, 200).map(Decimal), st.integers(1, 1000).map(Decimal))
def test_accepted_exactly_when_the_use_stays_within_the_percentage(
    funded: Decimal, used: Decimal, allowed: Decimal, new: Decimal
) -> None:
    figures = Figures("USD", initial=funded, expended=used)
    findings = check_limits(
        Check.EXPENDITURE, [Demand(A, "X", "x", figures, Limits(expenditure_stop=Limit(percent=allowed)), new)]
    )
    assert bool(findings) == (100 * (used + new) > funded * allowed)

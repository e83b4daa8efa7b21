"""Costs by month. Expected cents counted by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_shared.values.money import Money
from quire_usage.costs.months import ShareBasis, fiscal_year, monthly_shares, same_months_of_year


def euro(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_twelve_months_add_up_and_the_last_ones_take_the_rest() -> None:
    shares = monthly_shares(euro("220.00"), date(2026, 1, 1), date(2026, 12, 31), ShareBasis.MONTHS)
    # 22000 cents / 12 = 1833 and 4 left over; equal remainders go to the last months
    assert [share.minor_units for share in shares.values()] == [1833] * 8 + [1834] * 4
    assert list(shares)[:2] == ["2026-01", "2026-02"]


def test_by_days_february_is_cheaper() -> None:
    shares = monthly_shares(euro("59.00"), date(2026, 1, 1), date(2026, 2, 28), ShareBasis.DAYS)
    assert [str(share.amount) for share in shares.values()] == ["31.00", "28.00"]


def test_a_month_that_is_partly_covered_counts_for_its_part() -> None:
    # 16 to 30 June is half a month, July a whole one
    shares = monthly_shares(euro("30.00"), date(2026, 6, 16), date(2026, 7, 31), ShareBasis.MONTHS)
    assert {month: str(share.amount) for month, share in shares.items()} == {"2026-06": "10.00", "2026-07": "20.00"}


def test_a_credit_note_is_spread_like_what_it_corrects() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    paid = monthly_shares(euro("100.00"), first, last, ShareBasis.MONTHS)
    credit = monthly_shares(euro("-100.00"), first, last, ShareBasis.MONTHS)
    assert all(not (paid[month] + credit[month]) for month in paid)


@pytest.mark.parametrize(
    ("day", "start", "expected"),
    [
        (date(2026, 6, 30), 7, (date(2025, 7, 1), date(2026, 6, 30))),
        (date(2026, 7, 1), 7, (date(2026, 7, 1), date(2027, 6, 30))),
        (date(2026, 2, 3), 1, (date(2026, 1, 1), date(2026, 12, 31))),
        (date(2024, 2, 29), 3, (date(2023, 3, 1), date(2024, 2, 29))),
    ],
)
def test_fiscal_years_begin_in_any_month(day: date, start: int, expected: tuple[date, date]) -> None:
    assert fiscal_year(day, start) == expected


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 2, 1), date(2026, 1, 1)), (date(1900, 1, 1), date(2026, 1, 1))]
)
def test_a_period_without_sense_is_refused(first: date, last: date) -> None:
    with pytest.raises(ValueError, match="service period"):
        monthly_shares(euro("1.00"), first, last, ShareBasis.MONTHS)


def test_two_years_are_compared_over_the_months_that_both_have() -> None:
    one, other = same_months_of_year(["2025-01", "2025-02", "2025-03"], ["2026-02", "2026-03", "2026-04"])
    assert (one, other) == (["2025-02", "2025-03"], ["2026-02", "2026-03"])
    with pytest.raises(ValueError, match="twelve months"):
        same_months_of_year(["2025-01", "2026-01"], ["2027-01"])


days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from(["EUR", "JPY", "JOD"]),
    st.tuples(days, days).map(sorted),
    st.sampled_from(ShareBasis),
)
def test_the_shares_are_the_amount(units: int, currency: str, period: list[date], basis: ShareBasis) -> None:
    amount = Money.from_minor_units(units, currency)
    shares = monthly_shares(amount, period[0], period[1], basis)
    assert Money.sum(shares.values(), currency) == amount
    assert list(shares) == sorted(shares)

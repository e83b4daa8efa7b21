"""Spreading a price over funds, and foreign money."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.funds.rules_currencies import ExchangeRate, RateSource, choose_rate, convert
from quire_orders.funds.rules_distribution import DistributionKind, Part, check_distribution, split
from quire_shared.values.money import Money


def parts(*values: str) -> list[Part]:
    return [Part(f"funds/{i}", Decimal(value)) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("kind", "total", "currency", "values", "shares"),
    [
        # 7/3 of a yen: one to the largest remainder; all equal, so the last.
        (DistributionKind.COPIES, "7", "JPY", ("1", "1", "1"), ["2", "2", "3"]),
        (DistributionKind.COPIES, "100.00", "USD", ("3", "1"), ["75.00", "25.00"]),
        (DistributionKind.AMOUNT, "10.00", "USD", ("4.00", "6.00"), ["4.00", "6.00"]),
        (DistributionKind.AMOUNT, "0", "USD", ("0", "0"), ["0", "0"]),
        (DistributionKind.PERCENT, "0", "USD", ("50", "50"), ["0", "0"]),
        # 5.001 dinars over 25/25/50: 1.25025, 1.25025, 2.5005 -> the largest remainder is the last one's.
        (DistributionKind.PERCENT, "5.001", "JOD", ("25", "25", "50"), ["1.250", "1.250", "2.501"]),
        # A share of nothing gets nothing, also of the rest.
        (DistributionKind.PERCENT, "0.01", "USD", ("50", "50", "0"), ["0", "0.01", "0"]),
        (DistributionKind.PERCENT, "-100.03", "USD", ("50", "50"), ["-50.01", "-50.02"]),
    ],
)
def test_split(kind: DistributionKind, total: str, currency: str, values: tuple[str, ...], shares: list[str]) -> None:
    assert split(kind, Money.of(total, currency), parts(*values)) == [Money.of(s, currency) for s in shares]


def test_peer_rounding_keeps_migrated_figures() -> None:
    # 0.05 over 50/50: FOLIO rounds 0.025 half even to 0.02 twice, the cent goes to the last; ours the same.
    # 0.15 over 10/90: 0.015 -> 0.02 and 0.135 -> 0.14 make 0.16, one too many comes off the first.
    fifteen = Money.of("0.15", "USD")
    assert split(DistributionKind.PERCENT, fifteen, parts("10", "90"), peer_rounding=True) == [
        Money.of("0.01", "USD"),
        Money.of("0.14", "USD"),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "codes"),
    [
        (DistributionKind.PERCENT, (), ["distribution_empty"]),
        (DistributionKind.PERCENT, ("50", "49.99"), ["distribution_percent"]),
        (DistributionKind.PERCENT, ("150", "-50"), ["distribution_negative"]),
        (DistributionKind.AMOUNT, ("5", "4.99"), ["distribution_amount"]),
        (DistributionKind.COPIES, ("1.5", "1"), ["distribution_copies"]),
        (DistributionKind.COPIES, ("0", "0"), ["distribution_copies"]),
        (DistributionKind.PERCENT, ("-1", "50"), ["distribution_negative", "distribution_percent"]),
    ],
)
def test_all_faults_of_a_distribution(kind: DistributionKind, values: tuple[str, ...], codes: list[str]) -> None:
    ten = Money.of("10", "USD")
    assert [f.code for f in check_distribution(kind, ten, parts(*values), "funds")] == codes
    with pytest.raises(ValueError, match=r"\."):
        split(kind, ten, parts(*values))


@given(
    st.integers(-10_000_000, 10_000_000),
    st.sampled_from(["USD", "JPY", "JOD"]),
    st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any),
    st.booleans(),
)
def test_shares_always_add_up(units: int, currency: str, copies: list[int], peer: bool) -> None:
    total = Money.from_minor_units(units, currency)
    shares = split(DistributionKind.COPIES, total, parts(*map(str, copies)), peer_rounding=peer)
    assert Money.sum(shares, currency) == total
    if not peer:
        assert all(not share for share, weight in zip(shares, copies, strict=True) if weight == 0)


def rate(value: str, on: str = "2026-01-02", source: RateSource = RateSource.PUBLISHED, n: int = 1) -> ExchangeRate:
    return ExchangeRate(UUID(int=n), "EUR", "USD", Decimal(value), date.fromisoformat(on), source)


def test_convert_in_both_directions_of_one_quotation() -> None:
    assert convert(Money.of("100", "EUR"), rate("1.0843"), "USD") == Money.of("108.43", "USD")
    # 108.43 / 1.0843 = 100 exactly; 1 / 1.0843 = 0.92225... rounds to 0.92.
    assert convert(Money.of("108.43", "USD"), rate("1.0843"), "EUR") == Money.of("100", "EUR")
    assert convert(Money.of("1", "USD"), rate("1.0843"), "EUR") == Money.of("0.92", "EUR")


def test_convert_rounds_half_even_to_the_target_currency() -> None:
    yen = ExchangeRate(UUID(int=1), "EUR", "JPY", Decimal("162.5"), date(2026, 1, 2))
    assert convert(Money.of("1", "EUR"), yen, "JPY") == Money.of("162", "JPY")
    assert convert(Money.of("3", "EUR"), yen, "JPY") == Money.of("488", "JPY")  # 487.5


def test_convert_same_currency_needs_no_rate_and_a_foreign_rate_is_refused() -> None:
    assert convert(Money.of("5", "EUR"), rate("1.1"), "EUR") == Money.of("5", "EUR")
    with pytest.raises(ValueError, match="can't convert GBP"):
        convert(Money.of("5", "GBP"), rate("1.1"), "EUR")


def test_rate_must_be_above_zero_and_join_two_currencies() -> None:
    with pytest.raises(ValueError, match="above zero"):
        rate("0")
    with pytest.raises(ValueError, match="two currencies"):
        ExchangeRate(UUID(int=1), "EUR", "EUR", Decimal(1), date(2026, 1, 2))


def test_newest_rate_of_the_day_and_a_contract_rate_before_a_published_one() -> None:
    old, new = rate("1.1", "2026-01-02", n=1), rate("1.2", "2026-01-05", n=2)
    contract = rate("1.3", "2026-01-05", RateSource.CONTRACT, n=3)
    bank = rate("1.4", "2026-01-05", RateSource.BANK, n=4)
    assert choose_rate([old, new], "USD", "EUR", date(2026, 1, 4)) == old
    assert choose_rate([old, new], "EUR", "USD", date(2026, 1, 5)) == new
    assert choose_rate([old, new, contract, bank], "USD", "EUR", date(2026, 1, 9)) == contract
    assert choose_rate([new], "USD", "EUR", date(2026, 1, 4)) is None
    assert choose_rate([bank], "USD", "EUR", date(2026, 1, 9)) is None
    assert choose_rate([new], "GBP", "EUR", date(2026, 1, 9)) is None

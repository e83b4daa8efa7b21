"""Totals, proration and payment status by hand; properties by hypothesis."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.invoicing.rules import (
    Decision,
    PaidLine,
    TotalPart,
    is_short_pay,
    normalize_number,
    payable,
    payment_status,
    read_total,
    spread,
)
from quire_orders.invoicing.rules_adjustments import (
    Basis,
    Relation,
    ValueKind,
    Weighed,
    adjustment_amount,
    prorate,
)
from quire_orders.purchasing.rules import PaymentStatus
from quire_shared.values.money import Money


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def dec(*amounts: str) -> list[Decimal]:
    return [Decimal(a) for a in amounts]


ZERO = Decimal(0)


def test_the_total_of_574076_is_its_lines_its_tax_and_its_delivery() -> None:
    # Six lines that make 167.85; tax 15.32 and delivery 3.00 both stand among the charges.
    lines = dec("28.35", "13.77", "72.90", "20.25", "16.20", "16.38")
    assert sum(lines) == Decimal("167.85")
    reading = read_total(usd("186.17"), lines, ZERO, Decimal("18.32"), ZERO)
    assert (reading.parts, reading.difference) == (
        (TotalPart.LINES, TotalPart.LINE_CHARGES, TotalPart.CHARGES, TotalPart.TAX),
        usd("0"),
    )
    # the same tax told again as the sum of taxes is not added twice
    again = read_total(usd("186.17"), lines, ZERO, Decimal("18.32"), Decimal("15.32"))
    assert again.parts == (TotalPart.LINES, TotalPart.LINE_CHARGES, TotalPart.CHARGES)
    assert not again.difference


def test_a_total_that_nothing_makes_says_what_is_left_over() -> None:
    reading = read_total(usd("100.00"), dec("60.00", "30.00"), ZERO, Decimal("9.00"), ZERO)
    assert reading.difference == usd("1.00")


def test_lines_with_more_decimals_than_the_currency_make_their_total_with_a_named_rounding() -> None:
    # 3 × 0.335 = 1.005, stated as 1.01; half to even each line is kept as 0.34 and makes 1.02
    reading = read_total(usd("1.01"), dec("0.335", "0.335", "0.335"), ZERO, ZERO, ZERO)
    assert (reading.rounding, reading.difference) == (usd("0"), usd("-0.01"))
    # 0.333 × 3 = 0.999 rounds to 1.00; kept lines make 0.99
    reading = read_total(usd("1.00"), dec("0.333", "0.333", "0.333"), ZERO, ZERO, ZERO)
    assert (reading.rounding, reading.difference) == (usd("0.01"), usd("0"))


@given(
    lines=st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=20),
    charges=st.integers(-500, 500),
    tax=st.integers(0, 500),
    stated=st.integers(-20_000, 20_000),
)
def test_what_is_read_and_what_is_left_over_always_make_the_stated_total(
    lines: list[int], charges: int, tax: int, stated: int
) -> None:
    amounts = [Decimal(line) / 100 for line in lines]
    parts = {
        TotalPart.LINES: sum(amounts, ZERO),
        TotalPart.LINE_CHARGES: ZERO,
        TotalPart.CHARGES: Decimal(charges) / 100,
        TotalPart.TAX: Decimal(tax) / 100,
    }
    reading = read_total(
        Money(Decimal(stated) / 100, "USD"), amounts, ZERO, parts[TotalPart.CHARGES], parts[TotalPart.TAX]
    )
    made = sum((parts[part] for part in reading.parts), ZERO)
    assert made + reading.rounding.amount + reading.difference.amount == Decimal(stated) / 100


def weighed(currency: str, *pairs: tuple[str, str]) -> list[Weighed]:
    return [Weighed(Money.of(subtotal, currency), Decimal(quantity)) for subtotal, quantity in pairs]


@pytest.mark.parametrize(
    ("amount", "currency", "basis", "lines", "shares"),
    [
        # 1.86 by line
        ("1.86", "USD", Basis.LINE, [("5", "1"), ("15", "1")], ["0.93", "0.93"]),
        # 5 over 5, 20, −25 by the sizes of the amounts
        ("5", "USD", Basis.AMOUNT, [("5", "1"), ("20", "1"), ("-25", "1")], ["0.50", "2.00", "2.50"]),
        # 5 over 50, 15, −5: 3.571…, 1.071…, 0.357…: the cent left over goes to the last, which lost most
        ("5", "USD", Basis.AMOUNT, [("50", "1"), ("15", "1"), ("-5", "1")], ["3.57", "1.07", "0.36"]),
        # a tie goes to the last lines
        ("-0.02", "USD", Basis.LINE, [("25", "1"), ("25", "1"), ("25", "1")], ["0.00", "-0.01", "-0.01"]),
        # a line worth nothing gets nothing: 5.001 in fils is odd, the tie between the two goes to the second
        ("5.001", "JOD", Basis.AMOUNT, [("25", "1"), ("25", "1"), ("0", "1")], ["2.500", "2.501", "0.000"]),
        ("5", "JPY", Basis.QUANTITY, [("10", "4"), ("10", "6"), ("10", "1")], ["2", "3", "0"]),
        ("10", "USD", Basis.QUANTITY, [("1", "275"), ("1", "725")], ["2.75", "7.25"]),
        # all amounts zero: by line
        ("3.00", "USD", Basis.AMOUNT, [("0", "1"), ("0", "1")], ["1.50", "1.50"]),
    ],
)
def test_charges_are_prorated(
    amount: str, currency: str, basis: Basis, lines: list[tuple[str, str]], shares: list[str]
) -> None:
    parts = prorate(Money.of(amount, currency), basis, weighed(currency, *lines))
    assert [part.amount for part in parts] == dec(*shares)


def test_peer_rounding_gives_the_odd_fils_to_the_last_line_even_when_it_is_worth_nothing() -> None:
    lines = weighed("JOD", ("25", "1"), ("25", "1"), ("0", "1"))
    parts = prorate(Money.of("5.001", "JOD"), Basis.AMOUNT, lines, peer_rounding=True)
    assert [part.amount for part in parts] == dec("2.500", "2.500", "0.001")


@pytest.mark.parametrize(
    ("value", "relation", "subtotals", "amount"),
    [
        ("9.3", Relation.IN_ADDITION, "20.00", "1.86"),
        ("7", Relation.INCLUDED, "90.00", "5.89"),  # 90 × 7 / 107 = 5.887…
        ("7", Relation.INCLUDED, "60.00", "3.93"),  # 60 × 7 / 107 = 3.925…
        ("-10", Relation.IN_ADDITION, "45.55", "-4.56"),  # −4.555: half to even
    ],
)
def test_percentages_become_amounts(value: str, relation: Relation, subtotals: str, amount: str) -> None:
    assert adjustment_amount(ValueKind.PERCENT, Decimal(value), relation, usd(subtotals)) == usd(amount)


@given(
    cents=st.integers(-100_000, 100_000),
    lines=st.lists(st.tuples(st.integers(-5_000, 5_000), st.integers(0, 20)), min_size=1, max_size=30),
    basis=st.sampled_from([Basis.LINE, Basis.AMOUNT, Basis.QUANTITY]),
)
def test_prorated_parts_make_the_amount_and_lines_without_weight_get_nothing(
    cents: int, lines: list[tuple[int, int]], basis: Basis
) -> None:
    weights = [Weighed(Money.from_minor_units(subtotal, "USD"), Decimal(quantity)) for subtotal, quantity in lines]
    amount = Money.from_minor_units(cents, "USD")
    parts = prorate(amount, basis, weights)
    assert Money.sum(parts, "USD") == amount
    weightless = {
        Basis.LINE: [False] * len(lines),
        Basis.AMOUNT: [not s for s, _ in lines],
        Basis.QUANTITY: [not q for _, q in lines],
    }
    if not all(weightless[basis]):
        assert all(not part for part, without in zip(parts, weightless[basis], strict=True) if without)


@given(
    cents=st.integers(-100_000, 100_000),
    percents=st.lists(st.integers(1, 10_000), min_size=1, max_size=12),
)
def test_funds_pay_exactly_what_a_line_pays(cents: int, percents: list[int]) -> None:
    paid = Money.from_minor_units(cents, "USD")
    assert Money.sum(spread(paid, [Decimal(p) / 100 for p in percents]), "USD") == paid


@pytest.mark.parametrize(
    ("one", "other"), [("INV-00123", "inv 00123"), ("00042", "42"), ("2013/07", "201307"), ("000", "000")]
)
def test_numbers_that_people_write_differently_are_the_same(one: str, other: str) -> None:
    assert normalize_number(one) == normalize_number(other)


def test_different_numbers_stay_different() -> None:
    assert normalize_number("INV-100") != normalize_number("INV-1000")


def test_what_a_decision_pays() -> None:
    total = usd("25.00")
    assert payable(Decision.ACCEPT, total, None) == total
    assert payable(Decision.SHORT_PAY, total, usd("20.00")) == usd("20.00")
    for decision in (Decision.UNDECIDED, Decision.HOLD, Decision.ASK_RECEIVING, Decision.REFUSE):
        assert payable(decision, total, None) == usd("0")


@pytest.mark.parametrize(
    ("total", "paid", "short"),
    [
        ("25.00", "20.00", True), ("25.00", "25.00", False), ("25.00", "0.00", False), ("25.00", "-1.00", False),
        ("-25.00", "-20.00", True), ("-25.00", "-30.00", False), ("-25.00", "1.00", False),
    ],
)  # fmt: skip
def test_a_short_payment_is_a_part_of_the_total(total: str, paid: str, short: bool) -> None:
    assert is_short_pay(usd(total), usd(paid)) is short


@pytest.mark.parametrize(
    ("current", "paid", "canceled", "after"),
    [
        (PaymentStatus.AWAITING, [], False, PaymentStatus.AWAITING),
        (PaymentStatus.AWAITING, [("10", True)], False, PaymentStatus.PAID),
        (PaymentStatus.AWAITING, [("10", False)], False, PaymentStatus.PARTLY),
        (PaymentStatus.PARTLY, [("10", False), ("5", True)], False, PaymentStatus.PAID),
        (PaymentStatus.PAID, [], False, PaymentStatus.AWAITING),
        (PaymentStatus.PAID, [], True, PaymentStatus.CANCELED),
        (PaymentStatus.AWAITING, [("-3", True)], False, PaymentStatus.AWAITING),
        (PaymentStatus.NOT_REQUIRED, [], False, PaymentStatus.NOT_REQUIRED),
    ],
)
def test_the_payment_status_of_an_order_line(
    current: PaymentStatus, paid: list[tuple[str, bool]], canceled: bool, after: PaymentStatus
) -> None:
    lines = [PaidLine(Decimal(amount), releases) for amount, releases in paid]
    assert payment_status(current, lines, is_canceled=canceled) is after

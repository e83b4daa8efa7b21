"""Sharing a cost among titles, platforms and the two sides of a deal."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_shared.values.money import Money
from quire_usage.costs.allocation import AllocationMethod, Part, allocate, split_by_charges, split_by_contract
from quire_usage.costs.lines import PaidLine, split_line


def euro(amount: str) -> Money:
    return Money.of(amount, "EUR")


PARTS = [
    Part("a", "Alpha", list_price=euro("300"), historic_spend=euro("50"), uses=7),
    Part("b", "Beta", list_price=euro("100"), historic_spend=euro("0"), uses=3),
    Part("c", "Gamma", list_price=euro("100"), historic_spend=euro("150"), uses=0),
]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (AllocationMethod.EQUAL, ["33.33", "33.33", "33.34"]),
        (AllocationMethod.LIST_PRICE, ["60.00", "20.00", "20.00"]),
        (AllocationMethod.HISTORY, ["25.00", "0.00", "75.00"]),
        (AllocationMethod.USAGE, ["70.00", "30.00", "0.00"]),
    ],
)
def test_each_method_shares_the_whole_cost(method: AllocationMethod, expected: list[str]) -> None:
    found = allocate(euro("100.00"), PARTS, method)
    assert found.method is method
    assert [str(found.shares[part.id].amount) for part in PARTS] == expected
    assert not found.unallocated


def test_by_default_a_package_stays_whole() -> None:
    found = allocate(euro("100.00"), PARTS, AllocationMethod.NONE)
    assert (found.shares, found.unallocated) == ({}, euro("100.00"))


def test_without_a_title_list_it_says_so() -> None:
    found = allocate(euro("100.00"), [], AllocationMethod.EQUAL)
    assert found.unallocated == euro("100.00")
    assert found.note == "Without a title list the cost stays at the level of the package or platform."


@pytest.mark.parametrize(
    ("parts", "method", "note"),
    [
        ([*PARTS, Part("d", "Delta")], AllocationMethod.LIST_PRICE, "No list price is known for Delta"),
        ([Part("d", "Delta", uses=0)], AllocationMethod.USAGE, "Every count of uses is zero"),
        ([Part("d", "D", historic_spend=euro("-1"))], AllocationMethod.HISTORY, "A historic spend is negative"),
        (
            [*PARTS, Part("d", "D", list_price=Money.of("1", "USD"))],
            AllocationMethod.LIST_PRICE,
            "different currencies",
        ),
    ],
)
def test_a_missing_figure_is_said_and_nothing_is_shared(parts: list[Part], method: AllocationMethod, note: str) -> None:
    found = allocate(euro("100.00"), parts, method)
    assert (found.shares, found.unallocated) == ({}, euro("100.00"))
    assert note in (found.note or "")


def test_a_line_that_pays_two_platforms_is_split_net_and_tax() -> None:
    line = PaidLine("l1", "INV 7", euro("100.01"), euro("7.01"), date(2026, 1, 5))
    found = split_line(line, PARTS[:2], AllocationMethod.EQUAL)
    assert [str(part.net.amount) for part in found.by_part.values()] == ["50.00", "50.01"]
    assert [str(part.tax.amount) for part in found.by_part.values()] == ["3.50", "3.51"]
    assert {part.part_of for part in found.by_part.values()} == {"equal"}


def test_a_line_without_tax_is_split_too() -> None:
    line = PaidLine("l1", "INV 7", euro("10.00"), euro("0"), date(2026, 1, 5))
    found = split_line(line, PARTS[:2], AllocationMethod.USAGE)
    assert {part: str(share.net.amount) for part, share in found.by_part.items()} == {"a": "7.00", "b": "3.00"}


def test_read_and_publish_by_contract_and_by_charges() -> None:
    by_contract = split_by_contract(euro("1000.00"), Decimal("33.3"))
    assert (by_contract.read, by_contract.publish) == (euro("333.00"), euro("667.00"))
    by_charges = split_by_charges(euro("100000.00"), euro("2500.00"), 30)
    assert (by_charges.read, by_charges.publish) == (euro("25000.00"), euro("75000.00"))
    assert by_charges.per_article(30) == Decimal("2500.0000")
    assert by_contract.per_article(0) is None


def test_charges_above_the_cost_leave_nothing_for_reading_and_say_so() -> None:
    found = split_by_charges(euro("1000.00"), euro("2500.00"), 3)
    assert (found.read, found.publish) == (euro("0"), euro("1000.00"))
    assert found.note is not None
    assert "7500.00 EUR" in found.note


def test_one_part_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        allocate(euro("1"), [PARTS[0], PARTS[0]], AllocationMethod.EQUAL)


@given(
    st.integers(-(10**8), 10**8),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 1000)), max_size=12),
    st.sampled_from(AllocationMethod),
)
def test_nothing_is_lost_or_made(cents: int, figures: list[tuple[int, int]], method: AllocationMethod) -> None:
    parts = [
        Part(str(n), f"T{n}", Money.from_minor_units(price, "EUR"), Money.from_minor_units(price, "EUR"), uses)
        for n, (price, uses) in enumerate(figures)
    ]
    cost = Money.from_minor_units(cents, "EUR")
    found = allocate(cost, parts, method)
    assert Money.sum(found.shares.values(), "EUR") + found.unallocated == cost
    assert bool(found.shares) or found.note

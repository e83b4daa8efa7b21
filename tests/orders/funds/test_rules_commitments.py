"""What stands encumbered: the pure function, release and un-release, shares of charges."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.funds.rules_commitments import (
    ChargeState,
    Commitment,
    EncumbranceStatus,
    OrderState,
    Share,
    encumbrance,
    hand_over,
    has_approved_charge,
    share_charge,
)
from quire_shared.values.money import Money


def decimals(*values: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


def share(amount: str, state: ChargeState = ChargeState.APPROVED, releases: bool = False, step: int = 1) -> Share:
    return Share(state, Decimal(amount), releases, step)


def open_line(*shares: Share, initial: str = "100", by_hand: bool = False, unreleased: int = 0) -> Commitment:
    return Commitment(Decimal(initial), OrderState.OPEN, by_hand, unreleased, tuple(shares))


@pytest.mark.parametrize(
    ("commitment", "stands", "status"),
    [
        (open_line(), "100", EncumbranceStatus.UNRELEASED),
        (open_line(share("30")), "70", EncumbranceStatus.UNRELEASED),
        (open_line(share("30", ChargeState.PAID)), "70", EncumbranceStatus.UNRELEASED),
        (open_line(share("30", ChargeState.CANCELLED)), "100", EncumbranceStatus.UNRELEASED),
        (open_line(share("130")), "0", EncumbranceStatus.UNRELEASED),
        (open_line(share("-20")), "100", EncumbranceStatus.UNRELEASED),
        (open_line(share("110"), share("-20", ChargeState.PAID)), "10", EncumbranceStatus.UNRELEASED),
        (open_line(share("30", releases=True)), "0", EncumbranceStatus.RELEASED),
        (open_line(share("30", ChargeState.CANCELLED, releases=True)), "100", EncumbranceStatus.UNRELEASED),
        (open_line(share("30", releases=True, step=3), unreleased=4), "70", EncumbranceStatus.UNRELEASED),
        (open_line(share("30", releases=True, step=5), unreleased=4), "0", EncumbranceStatus.RELEASED),
        (open_line(by_hand=True), "0", EncumbranceStatus.RELEASED),
        (Commitment(Decimal(100), OrderState.CLOSED), "0", EncumbranceStatus.RELEASED),
        (Commitment(Decimal(100), OrderState.PENDING), "0", EncumbranceStatus.PENDING),
    ],
)
def test_what_stands(commitment: Commitment, stands: str, status: EncumbranceStatus) -> None:
    assert commitment.encumbrance == Decimal(stands)
    assert commitment.status is status


def test_paid_charges_and_credits_are_counted_apart() -> None:
    line = open_line(share("30", ChargeState.PAID), share("-10", ChargeState.PAID), share("-5"))
    assert (line.expended, line.credited, line.awaiting) == decimals(30, 10, -5)
    assert line.encumbrance == 85  # 100 - 30 - (-5) + 10


amounts = st.integers(-100_000, 100_000).map(lambda n: Decimal(n).scaleb(-2))
shares = st.builds(Share, st.sampled_from(ChargeState), amounts, st.booleans(), st.integers(1, 9))
lines = st.builds(
    Commitment,
    st.integers(0, 100_000).map(lambda n: Decimal(n).scaleb(-2)),
    st.sampled_from(OrderState),
    st.booleans(),
    st.integers(0, 9),
    st.lists(shares, max_size=6).map(tuple),
)


@given(lines)
def test_never_below_zero_nor_above_the_initial_amount(line: Commitment) -> None:
    assert 0 <= line.encumbrance <= line.initial


@given(lines)
def test_order_of_invoices_does_not_matter(line: Commitment) -> None:
    turned = Commitment(line.initial, line.order, line.released_by_hand, line.unreleased_step, line.shares[::-1])
    assert (turned.encumbrance, turned.status) == (line.encumbrance, line.status)


@given(lines, shares)
def test_cancelling_a_charge_restores_what_stood_before(line: Commitment, new: Share) -> None:
    cancelled = Share(ChargeState.CANCELLED, new.amount, new.releases, new.step)
    after = Commitment(line.initial, line.order, line.released_by_hand, line.unreleased_step, (*line.shares, cancelled))
    assert after.encumbrance == line.encumbrance


@given(amounts.map(abs), amounts, amounts, amounts)
def test_function_equals_its_definition(
    initial: Decimal, expended: Decimal, awaiting: Decimal, credited: Decimal
) -> None:
    stands = encumbrance(
        initial=initial, expended=expended, awaiting=awaiting, credited=credited, is_open=True, is_released=False
    )
    rest = initial - expended - awaiting + credited
    assert stands == (0 if rest < 0 else initial if rest > initial else rest)


F1, F2, C1, C2 = (UUID(int=n) for n in range(1, 5))


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_charge_uses_the_commitment_of_its_own_fund() -> None:
    held = [(C1, F1, Decimal(60)), (C2, F2, Decimal(40))]
    assert share_charge(usd("10"), F2, held) == {C2: usd("10")}


def test_charge_to_another_fund_uses_all_commitments_by_their_amounts() -> None:
    held = [(C1, F1, Decimal(60)), (C2, F1, Decimal(40))]
    assert share_charge(usd("10"), F2, held) == {C1: usd("6"), C2: usd("4")}


def test_charge_on_a_line_of_price_zero_is_shared_equally() -> None:
    held = [(C1, F1, Decimal(0)), (C2, F1, Decimal(0))]
    assert share_charge(usd("-5.01"), F2, held) == {C1: usd("-2.50"), C2: usd("-2.51")}


def test_charge_without_an_order_line_uses_nothing() -> None:
    assert share_charge(usd("10"), F1, []) == {}


def test_paid_share_follows_the_line_to_its_new_funds() -> None:
    assert hand_over(usd("9"), [(C1, Decimal(10)), (C2, Decimal(20))]) == {C1: usd("3"), C2: usd("6")}
    assert hand_over(usd("9"), [(C1, Decimal(0))]) == {C1: usd("9")}


def test_only_an_unpaid_approved_charge_holds_the_fund() -> None:
    assert has_approved_charge([share("1")])
    assert not has_approved_charge([share("1", ChargeState.PAID), share("1", ChargeState.CANCELLED)])

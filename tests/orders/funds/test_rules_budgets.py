"""The arithmetic of a budget and the postings behind each command."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.funds import rules, rules_movements
from quire_orders.funds.rules import Account, BudgetStatus, Figures, Purpose, YearState
from quire_shared.values.money import Money

A = UUID(int=1)
B = UUID(int=2)


def decimals(*values: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def balances(postings: tuple[rules.Posting, ...], budget: UUID) -> dict[Account, Decimal]:
    return {account: amount for (owner, account), amount in rules.changes(postings).items() if owner == budget}


def figures(postings: tuple[rules.Posting, ...], budget: UUID) -> Figures:
    return Figures.from_balances("USD", balances(postings, budget))


def test_figures_of_a_budget_with_everything_in_it() -> None:
    # 1000 + 200 - 50 = 1150 allocated; + 30 = 1180 funded; 100 + 60 + 400 - 20 = 540 used.
    totals = Figures(
        "USD",
        initial=Decimal(1000),
        allocated_in=Decimal(200),
        allocated_out=Decimal(50),
        net_transfers=Decimal(30),
        encumbered=Decimal(100),
        awaiting=Decimal(60),
        expended=Decimal(400),
        credited=Decimal(20),
    ).totals()
    assert totals.allocated == 1150
    assert totals.total_funding == 1180
    assert totals.used == 540
    assert totals.available == 640
    assert totals.cash_balance == 800
    assert (totals.over_expended, totals.over_encumbered) == decimals(0, 0)


def test_credits_alone_make_more_available_than_was_funded_but_nothing_negative_unavailable() -> None:
    totals = Figures("USD", initial=Decimal(100), credited=Decimal(5)).totals()
    assert totals.used == -5
    assert totals.unavailable == 0
    assert totals.available == 105


def test_totals_of_two_currencies_stay_apart() -> None:
    sums = rules.sum_totals([Figures("USD", initial=Decimal(1)), Figures("EUR", initial=Decimal(2))])
    assert sums["USD"].allocated == 1
    assert sums["EUR"].allocated == 2
    with pytest.raises(ValueError, match="can't be added"):
        sums["USD"] + sums["EUR"]


def test_over_spending_of_one_budget_is_not_netted_against_the_rest_of_another() -> None:
    sums = rules.sum_totals(
        [
            Figures("USD", initial=Decimal(100), expended=Decimal(130)),
            Figures("USD", initial=Decimal(100)),
        ]
    )
    assert sums["USD"].over_expended == 30
    assert sums["USD"].available == 70


def test_transfer_moves_net_transfers_and_leaves_allocations() -> None:
    postings = (
        rules.post_initial(A, usd("1000")) + rules.post_initial(B, usd("500")) + rules.post_transfer(A, B, usd("1001"))
    )
    a, b = figures(postings, A).totals(), figures(postings, B).totals()
    assert (a.allocated, a.net_transfers, a.available) == decimals(1000, -1001, -1)
    assert (b.allocated, b.net_transfers, b.available) == decimals(500, 1001, 1501)


def test_move_of_allocation_changes_both_allocations() -> None:
    postings = (
        rules.post_initial(A, usd("100"))
        + rules.post_initial(B, usd("10"))
        + rules.post_allocation_move(A, B, usd("30"))
    )
    a, b = figures(postings, A), figures(postings, B)
    assert (a.initial, a.allocated_out, a.totals().allocated) == decimals(100, 30, 70)
    assert (b.initial, b.allocated_in, b.totals().allocated) == decimals(10, 30, 40)
    assert a.net_transfers == b.net_transfers == 0


def test_decrease_of_an_allocation_counts_as_allocated_out() -> None:
    postings = rules.post_initial(A, usd("100")) + rules.post_allocation(A, usd("-40"))
    assert figures(postings, A).allocated_out == 40
    assert figures(postings, A).totals().available == 60


def test_invoice_from_approval_to_payment() -> None:
    approved = rules.post_approval(A, usd("50"))
    assert figures(approved, A).awaiting == 50
    paid = approved + rules.post_payment(A, usd("50"), usd("50"))
    assert (figures(paid, A).awaiting, figures(paid, A).expended) == decimals(0, 50)


def test_credit_note_awaits_below_zero_and_is_then_credited() -> None:
    approved = rules.post_approval(A, usd("-5"))
    assert figures(approved, A).awaiting == -5
    paid = approved + rules.post_payment(A, usd("-5"), usd("-5"))
    assert (figures(paid, A).awaiting, figures(paid, A).credited, figures(paid, A).expended) == decimals(0, 5, 0)


@pytest.mark.parametrize(("approved", "paid", "available"), [("260", "240", -240), ("250", "270", -270)])
def test_bank_rate_difference_goes_to_what_is_available(approved: str, paid: str, available: int) -> None:
    postings = rules.post_approval(A, usd(approved)) + rules.post_payment(A, usd(approved), usd(paid))
    assert figures(postings, A).expended == Decimal(paid)
    assert balances(postings, A)[Account.AVAILABLE] == available
    assert figures(postings, A).awaiting == 0


def test_credit_paid_at_another_bank_rate() -> None:
    postings = rules.post_approval(A, usd("-10")) + rules.post_payment(A, usd("-10"), usd("-9"))
    assert figures(postings, A).credited == 9
    assert balances(postings, A)[Account.AVAILABLE] == 9


def test_charge_is_not_paid_as_a_credit() -> None:
    with pytest.raises(ValueError, match="can't be paid as a credit"):
        rules.post_payment(A, usd("10"), usd("-10"))


def test_posting_refuses_zero_negative_and_one_account_twice() -> None:
    with pytest.raises(ValueError, match="above zero"):
        rules.Posting(A, Account.AVAILABLE, Account.INITIAL, usd("0"))
    with pytest.raises(ValueError, match="above zero"):
        rules.Posting(A, Account.AVAILABLE, Account.INITIAL, usd("-1"))
    with pytest.raises(ValueError, match="two accounts"):
        rules.Posting(A, Account.AVAILABLE, Account.AVAILABLE, usd("1"))


cents = st.integers(-10_000_000, 10_000_000).map(lambda n: Money.from_minor_units(n, "USD"))
positive_cents = st.integers(1, 10_000_000).map(lambda n: Money.from_minor_units(n, "USD"))
commands = st.one_of(
    cents.map(lambda m: rules.post_initial(A, m)),
    cents.map(lambda m: rules.post_allocation(A, m)),
    positive_cents.map(lambda m: rules.post_allocation_move(A, B, m)),
    positive_cents.map(lambda m: rules.post_transfer(B, A, m)),
    cents.map(lambda m: rules.post_encumbrance(A, m)),
    cents.map(lambda m: rules.post_approval(B, m)),
    st.tuples(positive_cents, positive_cents).map(lambda p: rules.post_payment(B, *p)),
    st.tuples(positive_cents, positive_cents).map(lambda p: rules.post_payment(A, -p[0], -p[1])),
)


@given(st.lists(commands, max_size=12))
def test_any_postings_leave_each_budget_balanced_and_prove_what_is_available(
    booked: list[tuple[rules.Posting, ...]],
) -> None:
    postings = tuple(posting for command in booked for posting in command)
    for budget in (A, B):
        held = balances(postings, budget)
        assert sum(held.values()) == 0
        assert held.get(Account.AVAILABLE, Decimal(0)) == Figures.from_balances("USD", held).totals().available


@given(st.lists(commands, max_size=6))
def test_reversal_undoes_exactly(booked: list[tuple[rules.Posting, ...]]) -> None:
    postings = tuple(posting for command in booked for posting in command)
    assert rules.changes(postings + rules.reverse(postings)) == {}


@pytest.mark.parametrize(
    ("purpose", "year", "budget", "closer", "code"),
    [
        (Purpose.ALLOCATION, YearState.OPEN, BudgetStatus.ACTIVE, False, None),
        (Purpose.ALLOCATION, YearState.OPEN, BudgetStatus.PLANNED, False, None),
        (Purpose.TRANSFER, YearState.OPEN, BudgetStatus.FROZEN, False, "budget_not_active"),
        (Purpose.ENCUMBRANCE, YearState.OPEN, BudgetStatus.INACTIVE, False, "budget_not_active"),
        (Purpose.PAYMENT, YearState.OPEN, BudgetStatus.CLOSED, False, "budget_not_active"),
        (Purpose.APPROVAL, YearState.CLOSING, BudgetStatus.ACTIVE, True, None),
        (Purpose.APPROVAL, YearState.CLOSING, BudgetStatus.ACTIVE, False, "fiscal_year_closing"),
        (Purpose.TRANSFER, YearState.CLOSING, BudgetStatus.ACTIVE, True, "fiscal_year_closing"),
        (Purpose.REVERSAL, YearState.CLOSED, BudgetStatus.ACTIVE, True, "fiscal_year_closed"),
    ],
)
def test_where_money_may_move(
    purpose: Purpose, year: YearState, budget: BudgetStatus, closer: bool, code: str | None
) -> None:
    fault = rules_movements.check_movement(purpose, year, budget, "fund", "HIST/2026", closer)
    assert (fault.code if fault else None) == code


def test_transfer_partners_both_sides_must_allow() -> None:
    def code(gives: set[str], takes: set[str]) -> str | None:
        fault = rules_movements.check_partners("from", "HIST", "ART", frozenset(gives), frozenset(takes))
        return fault.code if fault else None

    assert code(set(), set()) is None
    assert code({"ART"}, {"HIST"}) is None
    assert code({"LAW"}, set()) == "transfer_partner_not_allowed"
    assert code(set(), {"LAW"}) == "transfer_partner_not_allowed"


def test_location_restriction_names_what_is_outside() -> None:
    assert rules_movements.check_locations("fund", "HIST", frozenset(), frozenset({"Main"})) is None
    assert rules_movements.check_locations("fund", "HIST", frozenset({"Main"}), frozenset({"Main"})) is None
    fault = rules_movements.check_locations("fund", "HIST", frozenset({"Main"}), frozenset({"Main", "Law"}))
    assert fault is not None
    assert fault.code == "fund_location_restriction"
    assert "Law" in fault.detail


def test_general_ledger_account_string() -> None:
    assert rules.general_ledger_account("4711-200", "55") == "4711-200-55"
    assert rules.general_ledger_account("4711-200", "") == "4711-200"


def test_earliest_deadline_is_spent_first() -> None:
    late, early, never = uuid4(), uuid4(), uuid4()
    credits = [
        rules.SourceCredit(late, Decimal(100), order=20),
        rules.SourceCredit(early, Decimal(30), order=10),
        rules.SourceCredit(never, Decimal(50), order=99),
    ]
    assert rules.attribute_spending(credits, Decimal(45)) == {early: 30, late: 15, never: 0}
    assert rules.attribute_spending(credits, Decimal(500)) == {early: 30, late: 100, never: 50}

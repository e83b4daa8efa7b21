"""The tree of funds: sums, the worst child on its parents, what is hidden. Expected values by hand."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_desk.readmodels.rules import BudgetRow, Figures, FundRow, Node, State, differences, state_of, tree


def uid(n: int) -> UUID:
    return UUID(int=n)


def budget(fund: int, funding: str, available: str, currency: str = "EUR") -> BudgetRow:
    figures = Figures(total_funding=Decimal(funding), available=Decimal(available))
    return BudgetRow(uid(fund + 1000), uid(fund), currency, figures)


def fund(n: int, parent: int | None = None, *, visible: bool = True) -> FundRow:
    return FundRow(uid(n), None if parent is None else uid(parent), f"F{n}", visible)


@pytest.mark.parametrize(
    ("funding", "available", "state"),
    [
        ("100", "10", State.CALM),
        ("100", "9.99", State.TIGHT),
        ("100", "0", State.SPENT),
        ("100", "-0.01", State.OVERSPENT),
        ("0", "0", State.CALM),
        ("0", "-1", State.OVERSPENT),
    ],
)
def test_states_at_their_borders(funding: str, available: str, state: State) -> None:
    assert state_of(Figures(total_funding=Decimal(funding), available=Decimal(available))) is state


def test_a_parent_never_looks_better_than_its_worst_child() -> None:
    (root,) = tree(
        [fund(1), fund(2, 1), fund(3, 2), fund(4, 2)],
        [budget(1, "1000", "900"), budget(3, "100", "-5"), budget(4, "100", "5")],
    )
    assert (root.state, root.worst and root.worst.fund.code) == (State.OVERSPENT, "F3")
    assert root.totals["EUR"].available == Decimal(900)
    assert (root.children[0].state, root.children[0].own) == (State.OVERSPENT, None)


def test_among_equal_states_the_smaller_part_is_worse() -> None:
    (root,) = tree([fund(1), fund(2, 1), fund(3, 1)], [budget(2, "1000", "50"), budget(3, "100", "4")])
    assert root.worst is not None
    assert root.worst.fund.code == "F3"  # 4 % is less than 5 %


def test_calm_children_are_no_worst_child() -> None:
    (root,) = tree([fund(1), fund(2, 1)], [budget(2, "100", "50")])
    assert (root.state, root.worst) == (State.CALM, None)


def test_currencies_are_summed_apart() -> None:
    (root,) = tree([fund(1), fund(2, 1)], [budget(1, "10", "10"), budget(2, "7", "7", "JPY")])
    assert {c: f.available for c, f in root.totals.items()} == {"EUR": Decimal(10), "JPY": Decimal(7)}


def test_hidden_funds_are_counted_and_their_visible_children_move_up() -> None:
    (root,) = tree([fund(1), fund(2, 1, visible=False), fund(3, 2)], [budget(3, "5", "5")])
    assert (root.hidden, [c.fund.code for c in root.children]) == (1, ["F3"])
    assert root.totals["EUR"].available == Decimal(5)


def test_an_unknown_parent_makes_a_root() -> None:
    assert [n.fund.code for n in tree([fund(2, 1)], [])] == ["F2"]


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=10, max_size=10), st.sets(st.integers(0, 9)))
def test_every_visible_fund_is_in_the_tree_once_whatever_the_parents(
    parents: list[int | None], hidden: set[int]
) -> None:
    funds = [fund(n, parent, visible=n not in hidden) for n, parent in enumerate(parents)]
    budgets = [budget(n, "1", "1") for n in range(10) if n not in hidden]
    roots = tree(funds, budgets)
    found: list[str] = []

    def walk(node: Node) -> None:
        found.append(node.fund.code)
        for child in node.children:
            walk(child)

    for root in roots:
        walk(root)
    assert sorted(found) == sorted(f.code for f in funds if f.visible)
    assert sum(r.totals["EUR"].available for r in roots) == len(budgets)


def test_differences_name_row_and_field() -> None:
    left = {uid(1): {"fund_code": "A", "x": Decimal("1.00")}, uid(2): {"fund_code": "B", "x": Decimal(1)}}
    right = {uid(1): {"fund_code": "A", "x": Decimal("1.0000")}, uid(3): {"fund_code": "C", "x": Decimal(1)}}
    found = differences(left, right, ("fund_code", "x"))
    assert [(d.fund_code, d.field, d.read_model, d.source) for d in found] == [
        ("B", "row", "present", None),
        ("C", "row", None, "present"),
    ]

"""Pure decisions of the read models: the tree of funds with its sums and its worst child, and the comparison with the source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import IntEnum
from uuid import UUID

ZERO = Decimal(0)

#: Below this part of the total funding what is available counts as tight.
TIGHT = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a budget, or of a sum of budgets, in one currency (specification of orders, section 1)."""

    allocated: Decimal = ZERO
    net_transfers: Decimal = ZERO
    total_funding: Decimal = ZERO
    encumbered: Decimal = ZERO
    awaiting_payment: Decimal = ZERO
    expended: Decimal = ZERO
    credited: Decimal = ZERO
    available: Decimal = ZERO
    cash_balance: Decimal = ZERO

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})


FIGURES: tuple[str, ...] = tuple(f.name for f in fields(Figures))


class State(IntEnum):
    """How a budget stands; the higher, the worse."""

    CALM = 0
    TIGHT = 1
    SPENT = 2
    OVERSPENT = 3

    @property
    def word(self) -> str:
        return self.name.lower()


def state_of(figures: Figures) -> State:
    """Overspent below zero, spent at zero (with any funding), tight below a tenth of the funding."""
    if figures.available < 0:
        return State.OVERSPENT
    if figures.total_funding <= 0:
        return State.CALM
    if figures.available == 0:
        return State.SPENT
    return State.TIGHT if figures.available < figures.total_funding * TIGHT else State.CALM


@dataclass(frozen=True, slots=True)
class FundRow:
    """A fund as the read model knows it, whether or not the reader sees it."""

    fund_id: UUID
    parent_id: UUID | None
    code: str
    visible: bool = True


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """The budget of a fund in the fiscal year asked for."""

    budget_id: UUID
    fund_id: UUID
    currency: str
    figures: Figures


@dataclass(slots=True)
class Node:
    """A visible fund with its own figures and those with all visible funds below it, by currency."""

    fund: FundRow
    own: BudgetRow | None = None
    children: list[Node] = field(default_factory=list)
    totals: dict[str, Figures] = field(default_factory=dict)
    state: State = State.CALM
    worst: Node | None = None
    hidden: int = 0


def _worse(left: Node, right: Node) -> bool:
    """True when ``left`` stands worse by its own figures: by state, then by the part that is still available."""
    return (-_own_state(left), _part(left), left.fund.code) < (-_own_state(right), _part(right), right.fund.code)


def _own_state(node: Node) -> State:
    return State.CALM if node.own is None else state_of(node.own.figures)


def _part(node: Node) -> Decimal:
    if node.own is None:
        return Decimal("Infinity")
    figures = node.own.figures
    if figures.total_funding <= 0:
        return figures.available if figures.available < 0 else Decimal("Infinity")
    return figures.available / figures.total_funding


def tree(funds: Iterable[FundRow], budgets: Iterable[BudgetRow]) -> list[Node]:
    """The roots of the visible funds.

    A hidden fund is left out with its figures and counted in the visible fund above it; visible funds below a hidden one
    hang on the next visible fund above, else they are roots. A fund whose parent is not known yet is a root. ``state`` is
    the worst of the node itself and of all below it, so that no parent looks better than its worst child; ``worst`` is
    the descendant that stands worst, None when none is worse than calm.
    """
    known: Mapping[UUID, FundRow] = {f.fund_id: f for f in funds}
    own = {b.fund_id: b for b in budgets}
    nodes = {f.fund_id: Node(f, own.get(f.fund_id)) for f in known.values() if f.visible}
    roots: list[Node] = []
    for fund in sorted(known.values(), key=lambda f: f.code):
        above = _visible_above(fund, known)
        if fund.visible:
            (nodes[above].children if above else roots).append(nodes[fund.fund_id])
        elif above:
            nodes[above].hidden += 1
    for root in roots:
        _sum_up(root)
    return roots


def _visible_above(fund: FundRow, known: Mapping[UUID, FundRow]) -> UUID | None:
    """The nearest visible ancestor; a loop in the parents (events half seen) ends the search."""
    seen = {fund.fund_id}
    parent = fund.parent_id
    while parent is not None and parent in known and parent not in seen:
        if known[parent].visible:
            return parent if not _loops(parent, fund.fund_id, known) else None
        seen.add(parent)
        parent = known[parent].parent_id
    return None


def _loops(start: UUID, target: UUID, known: Mapping[UUID, FundRow]) -> bool:
    seen: set[UUID] = set()
    at: UUID | None = start
    while at is not None and at in known and at not in seen:
        if at == target:
            return True
        seen.add(at)
        at = known[at].parent_id
    return False


def _sum_up(root: Node) -> None:
    order: list[Node] = []
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        order.append(node)
        open_nodes.extend(node.children)
    for node in reversed(order):
        totals: dict[str, Figures] = defaultdict(Figures)
        if node.own is not None:
            totals[node.own.currency] += node.own.figures
        node.state = _own_state(node)
        for child in node.children:
            node.hidden += child.hidden
            for currency, figures in child.totals.items():
                totals[currency] += figures
            for candidate in (child, child.worst):
                if candidate is None or _own_state(candidate) == State.CALM:
                    continue
                if node.worst is None or _worse(candidate, node.worst):
                    node.worst = candidate
            node.state = max(node.state, child.state)
        node.totals = dict(totals)
        node.state = max([node.state, *(state_of(f) for f in totals.values())])


@dataclass(frozen=True, slots=True)
class Difference:
    """A row in which the read model and its source disagree; None where a side does not have the row."""

    budget_id: UUID
    fund_code: str
    field: str
    read_model: str | None
    source: str | None


def differences(
    model: Mapping[UUID, Mapping[str, object]], source: Mapping[UUID, Mapping[str, object]], names: Sequence[str]
) -> list[Difference]:
    """Every field of every row that differs, by fund code; whole rows that one side lacks are one difference ``row``."""
    found: list[Difference] = []
    for budget_id in model.keys() | source.keys():
        left, right = model.get(budget_id), source.get(budget_id)
        present = left if left is not None else right
        code = str(present["fund_code"]) if present is not None else ""
        if left is None or right is None:
            found.append(
                Difference(
                    budget_id, code, "row", None if left is None else "present", None if right is None else "present"
                )
            )
            continue
        found += [
            Difference(budget_id, code, name, _plain(left[name]), _plain(right[name]))
            for name in names
            if left[name] != right[name]
        ]
    return sorted(found, key=lambda d: (d.fund_code, str(d.budget_id), d.field))


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)

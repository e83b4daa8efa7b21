"""What stands encumbered for an order line: one pure function, and how invoices use a commitment up.

A *commitment* is what one order line holds on one fund in one fiscal year. A *charge* is what one invoice line takes
from one budget; its *shares* say which commitments it uses up. Nothing here is counted up or down over time: each
command derives the encumbrance afresh and posts the difference from what stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from quire_orders.funds.rules import ZERO
from quire_shared.values.money import Money


class OrderState(StrEnum):
    """What the ledger needs to know of an order: only an open one encumbers."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class ChargeState(StrEnum):
    """Approved and paid charges are live; cancelled ones count no more."""

    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


class EncumbranceStatus(StrEnum):
    """How the encumbrance of a commitment is shown."""

    PENDING = "pending"
    UNRELEASED = "unreleased"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Share:
    """What one charge uses up of one commitment, in the commitment's currency; below zero for a credit.

    ``releases``: no more invoices are expected, so the rest is given back. ``step`` counts the changes of the order
    line; it says whether an un-release by hand came after the approval and so outweighs it.
    """

    state: ChargeState
    amount: Decimal
    releases: bool
    step: int

    @property
    def is_live(self) -> bool:
        return self.state is not ChargeState.CANCELLED


@dataclass(frozen=True, slots=True)
class Commitment:
    """All facts that decide what stands encumbered. Amounts in major units of the budget's currency.

    ``unreleased_step`` is the step of the last un-release by hand; 0 if there was none.
    """

    initial: Decimal
    order: OrderState
    released_by_hand: bool = False
    unreleased_step: int = 0
    shares: tuple[Share, ...] = ()

    @property
    def awaiting(self) -> Decimal:
        return sum((s.amount for s in self.shares if s.state is ChargeState.APPROVED), ZERO)

    @property
    def expended(self) -> Decimal:
        return sum((s.amount for s in self.shares if s.state is ChargeState.PAID and s.amount > 0), ZERO)

    @property
    def credited(self) -> Decimal:
        return -sum((s.amount for s in self.shares if s.state is ChargeState.PAID and s.amount < 0), ZERO)

    @property
    def is_released(self) -> bool:
        """The order is closed, it was released by hand, or a live charge releases it that no un-release followed."""
        if self.order is OrderState.CLOSED or self.released_by_hand:
            return True
        return any(s.is_live and s.releases and s.step > self.unreleased_step for s in self.shares)

    @property
    def status(self) -> EncumbranceStatus:
        if self.order is OrderState.PENDING:
            return EncumbranceStatus.PENDING
        return EncumbranceStatus.RELEASED if self.is_released else EncumbranceStatus.UNRELEASED

    @property
    def encumbrance(self) -> Decimal:
        """What should stand encumbered: never below zero, and no credit lifts it above the initial amount."""
        return encumbrance(
            initial=self.initial,
            expended=self.expended,
            awaiting=self.awaiting,
            credited=self.credited,
            is_open=self.order is OrderState.OPEN,
            is_released=self.is_released,
        )


def encumbrance(
    *,
    initial: Decimal,
    expended: Decimal,
    awaiting: Decimal,
    credited: Decimal,
    is_open: bool,
    is_released: bool,
) -> Decimal:
    """0 if the order is not open or the encumbrance is released, else what is not yet invoiced of ``initial``.

    That is ``clamp(initial - expended - awaiting + credited, 0, initial)`` (specification of orders, section 1).
    """
    if not is_open or is_released:
        return ZERO
    return max(ZERO, min(initial, initial - expended - awaiting + credited))


def share_charge(
    amount: Money,
    fund_id: UUID,
    commitments: Sequence[tuple[UUID, UUID, Decimal]],
) -> dict[UUID, Money]:
    """Which commitments a charge to ``fund_id`` uses up, from ``(commitment id, fund id, initial)``.

    A charge uses the commitments of its own fund. Where the line holds none there, it uses all of the line's
    commitments by their initial amounts (a fund was changed, or the invoice is paid from another fund); with nothing
    but zero amounts they share equally.
    """
    users = [c for c in commitments if c[1] == fund_id] or list(commitments)
    if not users:
        return {}
    weights = [initial for _, _, initial in users]
    if not any(weights):
        weights = [Decimal(1)] * len(users)
    parts = amount.allocate(weights)
    return {commitment_id: part for (commitment_id, _, _), part in zip(users, parts, strict=True)}


def has_approved_charge(shares: Iterable[Share]) -> bool:
    """Whether an approved but unpaid charge points at a commitment, so that its fund may not be changed."""
    return any(share.state is ChargeState.APPROVED for share in shares)


def hand_over(share: Money, heirs: Sequence[tuple[UUID, Decimal]]) -> dict[UUID, Money]:
    """What a share of a commitment whose fund was taken off the line becomes, for ``heirs`` as ``(id, initial)``.

    Payments stay on the fund that paid; only what they use up moves with the line, by the initial amounts.
    """
    weights = [initial for _, initial in heirs]
    if not any(weights):
        weights = [Decimal(1)] * len(heirs)
    return {heir: part for (heir, _), part in zip(heirs, share.allocate(weights), strict=True)}

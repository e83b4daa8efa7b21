"""What happens with a piece that arrives: its condition, its place and its next step. Pure.

A piece counts as received only when it is as ordered. Lines are never split; what is short, damaged, twice or
unordered is noted with what is to be done about it (orders spec §3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from quire_orders.purchasing.rules import LineStatus


class Condition(StrEnum):
    """``short``: listed in the shipment but not in the box; ``unordered``: nobody ordered it from this vendor."""

    OK = "ok"
    SHORT = "short"
    DAMAGED = "damaged"
    WRONG = "wrong"
    DUPLICATE = "duplicate"
    UNORDERED = "unordered"


class Place(StrEnum):
    """Where the piece goes. ``nowhere``: there is no piece."""

    PROCESSING = "processing"
    RETURNS = "returns"
    DECISIONS = "decisions"
    NOWHERE = "nowhere"


class NextStep(StrEnum):
    CATALOG = "catalog"
    CLAIM = "claim"
    RETURN_FOR_REPLACEMENT = "return_for_replacement"
    RETURN_FOR_CREDIT = "return_for_credit"
    KEEP_OR_RETURN = "keep_or_return"


class StepState(StrEnum):
    """What became of the next step; ``none``: nothing was to be done beyond processing."""

    NONE = "none"
    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Handling:
    """``counts``: the piece is received."""

    counts: bool
    place: Place
    next_step: NextStep
    words: str


HANDLING: dict[Condition, Handling] = {
    Condition.OK: Handling(True, Place.PROCESSING, NextStep.CATALOG, "Goes to processing."),
    Condition.SHORT: Handling(False, Place.NOWHERE, NextStep.CLAIM, "Claim the missing piece from the vendor."),
    Condition.DAMAGED: Handling(
        False,
        Place.RETURNS,
        NextStep.RETURN_FOR_REPLACEMENT,
        "Goes to the returns shelf: send it back and ask for another copy.",
    ),
    Condition.WRONG: Handling(
        False,
        Place.RETURNS,
        NextStep.RETURN_FOR_REPLACEMENT,
        "Goes to the returns shelf: send it back and ask for what was ordered.",
    ),
    Condition.DUPLICATE: Handling(
        False,
        Place.RETURNS,
        NextStep.RETURN_FOR_CREDIT,
        "Goes to the returns shelf: send it back, and expect a credit note if it is invoiced.",
    ),
    Condition.UNORDERED: Handling(
        False,
        Place.DECISIONS,
        NextStep.KEEP_OR_RETURN,
        "Goes to the shelf for decisions: keep it with an order, or send it back.",
    ),
}


class FoundBy(StrEnum):
    """What the scanned code was, strongest first."""

    LINE = "line"
    BARCODE = "barcode"
    LINE_NUMBER = "line_number"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Scanned:
    """An order line that the code may mean."""

    line_id: UUID
    number: str
    title: str
    status: LineStatus
    quantity: int
    received: int
    found_by: FoundBy

    @property
    def outstanding(self) -> int:
        return max(0, self.quantity - self.received) if self.status is LineStatus.OPEN else 0


class Refusal(StrEnum):
    AMBIGUOUS = "ambiguous"
    NOT_OPEN = "not_open"
    CANCELED = "canceled"
    OVER_RECEIPT = "over_receipt"
    NOT_SHORT = "not_short"
    NEEDS_LINE = "needs_line"
    NEEDS_REASON = "needs_reason"


def choose(candidates: Sequence[Scanned]) -> Scanned | Refusal | None:
    """The line that a code means: the only one, or the only one that still waits for pieces.

    None when there is none; ``AMBIGUOUS`` when several wait, so that a person chooses.
    """
    if not candidates:
        return None
    best = [c for c in candidates if c.found_by is min((c.found_by for c in candidates), key=list(FoundBy).index)]
    if len(best) == 1:
        return best[0]
    waiting = [c for c in best if c.outstanding]
    if len(waiting) == 1:
        return waiting[0]
    return Refusal.AMBIGUOUS if waiting else best[0]


def refuse(line: Scanned | None, condition: Condition, quantity: int, reason: str) -> Refusal | None:
    """Why pieces can't be noted like this; None when they can.

    More than ordered is refused unless a reason is given; a second copy that goes back is a duplicate instead. Pieces
    that do not count (damaged, wrong, duplicate, unordered) may be any number.
    """
    if line is None:
        return None if condition is Condition.UNORDERED else Refusal.NEEDS_LINE
    if line.status is LineStatus.PENDING:
        return Refusal.NOT_OPEN
    if condition in {Condition.UNORDERED, Condition.DUPLICATE}:
        return None
    if line.status is LineStatus.CANCELED:
        return Refusal.CANCELED
    if condition is Condition.SHORT:
        return None if quantity <= line.quantity - line.received else Refusal.NOT_SHORT
    if condition is Condition.DAMAGED or condition is Condition.WRONG:
        return None if reason else Refusal.NEEDS_REASON
    if line.received + quantity > line.quantity and not reason:
        return Refusal.OVER_RECEIPT
    return None

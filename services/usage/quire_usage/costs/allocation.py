"""Sharing the cost of a package or platform among its parts, by a method that the report names.

Research on COUNTER, section 4.3, point 3. The shares add up to the cost exactly (largest remainder).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quire_shared.values.money import Money


class AllocationMethod(StrEnum):
    """How a cost is shared. `none` keeps it at the level of the package and is the default for big deals."""

    NONE = "none"
    EQUAL = "equal"
    LIST_PRICE = "list_price"
    HISTORY = "history"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Part:
    """A title of a package, or one of the platforms or lines that a payment is for."""

    id: str
    name: str
    list_price: Money | None = None
    historic_spend: Money | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """The method asked for, the share of each part by its id, and what could not be shared with the reason.

    By usage every part has the same cost per use: good for summing up, worthless for comparing the parts.
    """

    method: AllocationMethod
    shares: dict[str, Money]
    unallocated: Money
    note: str | None


def allocate(cost: Money, parts: Sequence[Part], method: AllocationMethod) -> Allocation:
    """Shares a cost among the parts.

    When the method lacks a figure for any part, or there are no parts, nothing is shared and the note says why: a
    missing list price must not silently become zero. Raises ValueError for two parts with one id.
    """
    if len({part.id for part in parts}) != len(parts):
        raise ValueError("the same part stands twice among those that share a cost")
    if method is AllocationMethod.NONE:
        return Allocation(method, {}, cost, "The cost stays at the level of the package.")
    if not parts:
        return Allocation(
            method, {}, cost, "Without a title list the cost stays at the level of the package or platform."
        )
    weights, note = _weights(parts, method)
    if weights is None:
        return Allocation(method, {}, cost, note)
    shares = cost.allocate(weights)
    ids = [part.id for part in parts]
    return Allocation(method, dict(zip(ids, shares, strict=True)), Money.zero(cost.currency), note)


def _weights(parts: Sequence[Part], method: AllocationMethod) -> tuple[list[Decimal | int] | None, str | None]:
    if method is AllocationMethod.EQUAL:
        return [1] * len(parts), None
    if method is AllocationMethod.USAGE:
        missing = [part.name for part in parts if part.uses is None]
        uses: list[Decimal | int] = [part.uses for part in parts if part.uses is not None]
        note = "Shared by use: every part has the same cost per use."
        return _checked(uses, missing, "count of uses", note)
    price: Callable[[Part], Money | None]
    if method is AllocationMethod.LIST_PRICE:
        price, what = (lambda part: part.list_price), "list price"
    else:
        price, what = (lambda part: part.historic_spend), "historic spend"
    prices = [(part.name, price(part)) for part in parts]
    missing = [name for name, money in prices if money is None]
    known = [money for _, money in prices if money is not None]
    if len({money.currency for money in known}) > 1:
        return None, f"The parts have their {what} in different currencies, so the cost is not shared."
    return _checked([money.amount for money in known], missing, what, None)


def _checked(
    weights: list[Decimal | int], missing: Sequence[str], what: str, note: str | None
) -> tuple[list[Decimal | int] | None, str | None]:
    if missing:
        names = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        return None, f"No {what} is known for {names}, so the cost is not shared."
    if any(weight < 0 for weight in weights):
        return None, f"A {what} is negative, so the cost is not shared."
    if not any(weights):
        return None, f"Every {what} is zero, so the cost is not shared."
    return weights, note


@dataclass(frozen=True, slots=True)
class ReadAndPublish:
    """The two sides of a read-and-publish deal. `note` is set where the publishing side alone eats up the cost."""

    read: Money
    publish: Money
    method: str
    note: str | None = None

    def per_article(self, articles: int) -> Decimal | None:
        """Cost of one article published, in major units rounded to four decimals; None without articles."""
        return None if articles < 1 else (self.publish.amount / articles).quantize(Decimal("0.0001"))


def split_by_contract(cost: Money, read_percent: Decimal) -> ReadAndPublish:
    """Read and publish as the contract divides them. Raises ValueError for a percentage outside 0 to 100."""
    if not 0 <= read_percent <= 100:
        raise ValueError(f"{read_percent} % is no share of a contract")
    read, publish = cost.allocate([read_percent, 100 - read_percent])
    return ReadAndPublish(read, publish, f"contract: {read_percent:f} % for reading")


def split_by_charges(cost: Money, list_charge: Money, articles: int) -> ReadAndPublish:
    """The publishing side at the list price of the article charges it replaces; the rest is for reading.

    Raises ValueError for a negative number of articles, CurrencyMismatch for a charge in another currency.
    """
    if articles < 0:
        raise ValueError("a number of articles is not negative")
    replaced = list_charge.times(articles)
    method = f"list price of {articles} article charges"
    if replaced > cost:
        note = f"The charges replaced ({replaced}) exceed the cost ({cost}): nothing is left for reading."
        return ReadAndPublish(Money.zero(cost.currency), cost, method, note)
    return ReadAndPublish(cost - replaced, replaced, method)

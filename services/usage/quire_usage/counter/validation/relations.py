"""Relations between metrics of one item (Code of Practice, section 3.3.4): requests are investigations, too,
unique counts cannot exceed totals, and a title that was used was used once."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import lt

from quire_usage.counter.validation.plan import Plan

Series = dict[str, list[int]]
"""Metric → counts, one per month of the plan."""


@dataclass(frozen=True, slots=True)
class Relation:
    """`first` must not be less than `second`, and where one is the other must be."""

    first: str
    second: str
    both: bool
    """True: without `second`, `first` is incomplete."""
    both_for_titles: bool
    """True: the same, but only for books and other title-like items."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One month in which a relation does not hold."""

    code: str
    first: str
    second: str
    month: int
    value: str = ""


def relations_of(plan: Plan, pairs: tuple[tuple[str, str], ...]) -> list[Relation]:
    """The relations among metrics that the report may have."""
    found = []
    for first, second in pairs:
        if first in plan.metrics and second in plan.metrics:
            across = first.endswith("_Investigations") and second.endswith("_Requests")
            titles = "_Item_" in first and "_Title_" in second
            found.append(Relation(first, second, both=not across and not titles, both_for_titles=not across and titles))
    return found


def hold(series: Series, relations: list[Relation], *, title_like: bool) -> bool:
    """True when no month violates a relation."""
    for relation in relations:
        second = series.get(relation.second)
        first = series.get(relation.first)
        if first is None:
            if second is not None and any(second):
                return False
            continue
        needed = relation.both or (relation.both_for_titles and title_like)
        if second is None:
            if needed and any(first):
                return False
            continue
        if any(map(lt, first, second)):
            return False
        if needed and not all(second) and any(a and not b for a, b in zip(first, second, strict=True)):
            return False
    return True


def violations(series: Series, relations: list[Relation], months: int, *, title_like: bool) -> Iterator[Violation]:
    """Every month that violates a relation."""
    nothing = [0] * months
    for relation in relations:
        first = series.get(relation.first, nothing)
        second = series.get(relation.second, nothing)
        needed = relation.both or (relation.both_for_titles and title_like)
        for month, (a, b) in enumerate(zip(first, second, strict=True)):
            if not a and b:
                yield Violation("partner-missing", relation.first, relation.second, month)
            elif a and not b:
                if needed:
                    yield Violation("partner-missing", relation.second, relation.first, month)
            elif a < b:
                yield Violation("less", relation.first, relation.second, month, f"{a} < {b}")


def add(into: Series, more: Series) -> None:
    """Adds counts month by month."""
    for metric, counts in more.items():
        known = into.get(metric)
        into[metric] = list(counts) if known is None else [a + b for a, b in zip(known, counts, strict=True)]

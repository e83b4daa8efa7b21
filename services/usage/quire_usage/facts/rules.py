"""Pure rules of usage facts: records of a report become rows by month; what is known of each month; what changed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quire_usage.counter.definitions import release
from quire_usage.counter.model import TOTALS, Header, Level, Record
from quire_usage.counter.months import months_between

METRICS = (
    "Total_Item_Investigations",
    "Unique_Item_Investigations",
    "Unique_Title_Investigations",
    "Total_Item_Requests",
    "Unique_Item_Requests",
    "Unique_Title_Requests",
    "Searches_Automated",
    "Searches_Federated",
    "Searches_Platform",
    "Searches_Regular",
    "Limit_Exceeded",
    "No_License",
)
"""The metrics of releases 5 and 5.1 (Code of Practice, section 3.3.5), each a column; others are kept by name beside."""

COLUMNS = tuple(metric.lower() for metric in METRICS)

#: Identifiers that tell an item for sure within one platform, the surest first; a URI is no such thing.
IDENTIFYING = ("Proprietary", "DOI", "ISBN", "Online_ISSN", "Print_ISSN")

#: Identifiers that an item has only one of.
SINGLE = ("Proprietary", "DOI")

Identifier = tuple[str, str]
"""Type and value, folded."""

NO_USAGE, NOT_READY, NO_LONGER, PARTIAL_DATA = 3030, 3031, 3032, 3040
"""Exceptions of the Code of Practice, appendix D, that say what a month without figures means."""

Attributes = tuple[str, str, str, str, str, str]
"""Data type, section type, year of publication, access type, access method, parent (name of the item's parent)."""

Totals = dict[str, dict[str, int]]
"""Month → metric → sum."""


@dataclass(frozen=True, slots=True)
class ItemKey:
    """An item as a report names it; equal keys are one item without any doubt. ``shown`` is its name and publisher."""

    name: str
    publisher: str
    parent: str
    identifiers: tuple[tuple[str, str], ...]
    shown: tuple[str, str] = field(compare=False)


@dataclass(slots=True)
class Facts:
    """What a report says: metric sums by item, attributes and month, and what is known of each month."""

    rows: dict[tuple[ItemKey, Attributes, str], Counter[str]] = field(default_factory=dict)
    months: dict[str, str] = field(default_factory=dict)
    platforms: Counter[str] = field(default_factory=Counter)
    records: int = 0
    without_months: bool = False
    outside: list[str] = field(default_factory=list)

    def totals(self) -> Totals:
        """Sum of every metric by month."""
        sums: dict[str, Counter[str]] = {month: Counter() for month in self.months}
        for (_, _, month), counts in self.rows.items():
            sums[month].update(counts)
        return {month: dict(sorted(metrics.items())) for month, metrics in sorted(sums.items())}


def fixed_attributes(header: Header) -> dict[str, str]:
    """Attributes that the header or the definition of a standard view fixes to one value, though no column shows them.

    Source: Code of Practice 5 and 5.1, sections 4.1.2 to 4.4.2 (filters of the standard views).
    """
    fixed: dict[str, str] = {}
    try:
        filters: Mapping[str, tuple[str, ...] | None] = release(header.release).reports[header.report_id].filters
    except KeyError:
        filters = {}
    for source in (filters, header.report_filters):
        for name, values in source.items():
            if values is not None and len(values) == 1 and "|" not in values[0]:
                fixed[name] = values[0]
    return fixed


class Gathering:
    """Takes the records of a report one by one and adds up what belongs to one item, attributes and month."""

    def __init__(self, header: Header) -> None:
        self.facts = Facts()
        self._fixed = fixed_attributes(header)
        self._known: dict[ItemKey, ItemKey] = {}
        begin, end = header.period or (None, None)
        self._asked = set(months_between(begin, end)) if begin and end and begin <= end else set()

    def take(self, record: Record) -> None:
        """Add one record."""
        facts = self.facts
        facts.records += 1
        facts.platforms[record.platform] += 1
        if not record.counts:
            return
        key = item_key(record)
        key = self._known.setdefault(key, key)
        fixed = self._fixed
        attributes: Attributes = (
            record.data_type or fixed.get("Data_Type", ""),
            record.section_type or fixed.get("Section_Type", ""),
            record.yop or fixed.get("YOP", ""),
            record.access_type or fixed.get("Access_Type", ""),
            record.access_method or fixed.get("Access_Method", ""),
            storable(record.parent.name) if record.parent is not None else "",
        )
        for metric, months in record.counts.items():
            for month, count in months.items():
                if month == TOTALS:
                    facts.without_months = True
                elif self._asked and month not in self._asked:
                    if month not in facts.outside:
                        facts.outside.append(month)
                elif count:
                    facts.rows.setdefault((key, attributes, month), Counter())[metric] += count

    def finish(self, header: Header) -> Facts:
        """The facts, with what is known of each month of the reporting period."""
        facts = self.facts
        found = {month for _, _, month in facts.rows}
        facts.months = month_states(self._asked | found, found, {e.code for e in header.exceptions})
        return facts


def month_states(asked: Iterable[str], found: set[str], exceptions: set[int | None]) -> dict[str, str]:
    """Each month as ``stored``, ``empty`` (confirmed: the period covers it), ``partial``, ``pending`` or ``lost``.

    COUNTER leaves out what was not used, so a month of the period without figures is empty unless an exception says
    that the month is not ready (3031), no longer there (3032) or the data are partial (3040).
    """
    states = {}
    for month in sorted(asked):
        if month in found:
            states[month] = "partial" if PARTIAL_DATA in exceptions else "stored"
        elif NOT_READY in exceptions:
            states[month] = "pending"
        elif NO_LONGER in exceptions:
            states[month] = "lost"
        else:
            states[month] = "partial" if PARTIAL_DATA in exceptions else "empty"
    return states


def item_key(record: Record) -> ItemKey:
    """How a report names an item: by exact identifiers in a fixed order; the name counts only where there are none."""
    identifiers = tuple(
        (kind, _bounded(storable(" ".join(value.split()).casefold())))
        for kind in IDENTIFYING
        for value in record.identifiers.get(kind, ())
        if value.strip()
    )
    parent = record.parent.name if record.parent is not None and not identifiers else ""
    name, publisher = storable(record.name.strip()), storable(record.publisher.strip())
    if identifiers:
        return ItemKey("", "", "", identifiers, (name, publisher))
    return ItemKey(name, publisher, storable(parent), (), (name, publisher))


def why_not_stored(level: Level, facts: Facts) -> str | None:
    """Why nothing of a report is stored, in words; None when it may be stored."""
    if level >= Level.CRITICAL:
        return (
            f"The official checks call this report “{level.official}”, so nothing of it is stored. "
            "Send the findings to the vendor and ask for a correct report."
        )
    if facts.without_months:
        return "The report gives only totals of the whole period. Fetch it again with monthly details."
    if not facts.months:
        return "The report names no reporting period and holds no month, so there is nothing to store."
    return None


def difference(old: Totals, new: Totals) -> list[dict[str, object]]:
    """What a new version changed: month, metric, figure before and after; nothing where both agree."""
    changes: list[dict[str, object]] = []
    for month in sorted(set(old) & set(new)):
        for metric in sorted(set(old[month]) | set(new[month])):
            before, after = old[month].get(metric, 0), new[month].get(metric, 0)
            if before != after:
                changes.append({"month": month, "metric": metric, "before": before, "after": after})
    return changes


@dataclass(frozen=True, slots=True)
class Match:
    """Which known item a key stands for; ``rivals`` are other items that share an identifier with it."""

    item: str | None
    rivals: tuple[str, ...]


class KnownItems:
    """The items of a platform by their exact identifiers; each identifier belongs to one item."""

    def __init__(self, owners: Mapping[Identifier, str]) -> None:
        self._owners = dict(owners)
        self._single: dict[tuple[str, str], str] = {}
        for (kind, value), item in owners.items():
            if kind in SINGLE:
                self._single[item, kind] = value

    def match(self, key: ItemKey) -> Match:
        """Find an item by exact identifiers; nothing is merged silently.

        Where identifiers point to several items the surest one decides and the others are rivals, for a person to look
        at. An item that has another DOI or proprietary identifier than the report says is a rival, not the same.
        """
        found = list(dict.fromkeys(self._owners[i] for i in identifiers_of(key) if i in self._owners))
        if not found:
            return Match(None, ())
        first = found[0]
        mine: dict[str, set[str]] = {}
        for kind, value in key.identifiers:
            mine.setdefault(kind, set()).add(value)
        for kind in SINGLE:
            other = self._single.get((first, kind))
            if kind in mine and other is not None and not any((kind, v) in self._owners for v in mine[kind]):
                return Match(None, tuple(found))
        return Match(first, tuple(found[1:]))

    def claim(self, key: ItemKey, item: str) -> list[Identifier]:
        """Give an item those identifiers of a key that no item has yet; answers them."""
        new = [i for i in dict.fromkeys(identifiers_of(key)) if i not in self._owners]
        for kind, value in new:
            self._owners[kind, value] = item
            if kind in SINGLE:
                self._single.setdefault((item, kind), value)
        return new


def identifiers_of(key: ItemKey) -> tuple[Identifier, ...]:
    """The identifiers of a key; name, publisher and parent, exactly, stand in where a report gives none."""
    if key.identifiers:
        return key.identifiers
    return (("Name", _bounded("\u001f".join((key.name, key.publisher, key.parent)).casefold())),)


def _bounded(value: str) -> str:
    # an index entry of PostgreSQL holds at most some 2,700 bytes
    return value if len(value) <= 500 else "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def storable(text: str) -> str:
    """A text that PostgreSQL takes: NUL, which it refuses, becomes the replacement character."""
    return text.replace("\x00", "\ufffd")

"""What a restated report changed: the same report fetched twice, compared count by count.

Vendors correct figures within three months of finding an error (Code of Practice, section 7.11); nothing in a COUNTER
file says that it is a correction, so only the comparison shows it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from quire_usage.counter.model import Counts, Header, Identifiers, Month, Record, merge_counts
from quire_usage.counter.months import months_between


class NotComparable(ValueError):
    """The two files are not two versions of one report; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One count that differs. `old` or `new` is 0 where the report has none: COUNTER leaves out zeros."""

    name: str
    identifiers: Identifiers
    platform: str
    attributes: dict[str, str]
    metric: str
    month: Month
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of one metric in one month over all items of both versions."""

    metric: str
    month: Month
    old: int
    new: int


@dataclass(slots=True)
class Difference:
    """The result of a comparison."""

    old: Header
    new: Header
    changes: list[Change] = field(default_factory=list)
    """In the order of the new report, then what only the old one has."""
    totals: list[Total] = field(default_factory=list)
    """Every metric and month of the common period, sorted; also those that are equal."""
    months_added: list[Month] = field(default_factory=list)
    """Months that only the new report covers; they are news, not corrections."""
    months_removed: list[Month] = field(default_factory=list)
    """Months that only the old report covers."""
    items_added: int = 0
    """Items (with one set of attributes) that have usage in the common months only in the new report."""
    items_removed: int = 0
    remarks: list[str] = field(default_factory=list)
    """What a reader must know, in words: another institution, an older file given as the new one."""

    @property
    def restated(self) -> bool:
        """True when any count of a common month differs."""
        return bool(self.changes)


_Key = tuple[object, ...]


@dataclass(slots=True)
class _Item:
    record: Record
    counts: Counts = field(default_factory=dict)


def compare(old_header: Header, old: Iterable[Record], new_header: Header, new: Iterable[Record]) -> Difference:
    """Compares two versions of one report, month by month, within the months that both cover.

    Items are the same when identifiers, platform and attributes agree, whatever the spelling of the title; without
    identifiers the title decides. Needs memory for both reports. Raises NotComparable for different reports or releases.
    """
    if (old_header.report_id, old_header.release) != (new_header.report_id, new_header.release):
        raise NotComparable(
            f"The files are different reports: {_named(old_header)} and {_named(new_header)}. "
            "A restatement is the same report in the same release."
        )
    before, after = _collected(old), _collected(new)
    old_months, new_months = _months(old_header, before), _months(new_header, after)
    common = old_months & new_months
    result = Difference(
        old_header,
        new_header,
        months_added=sorted(new_months - old_months),
        months_removed=sorted(old_months - new_months),
        remarks=_remarks(old_header, new_header, common),
    )
    totals: dict[tuple[str, Month], list[int]] = {}
    keys = dict.fromkeys([*after, *before])
    for key in keys:
        was, now = before.get(key), after.get(key)
        used_before, used_now = (_add(totals, item, common, side) for side, item in ((0, was), (1, now)))
        result.items_added += used_now and not used_before
        result.items_removed += used_before and not used_now
        result.changes.extend(_changes(was, now, common))
    result.totals = [Total(metric, month, *totals[metric, month]) for metric, month in sorted(totals)]
    return result


def _named(header: Header) -> str:
    return f"{header.report_id or 'an unnamed report'} (release {header.release or '?'})"


def _remarks(old: Header, new: Header, common: set[Month]) -> list[str]:
    remarks = []
    if old.institution_name != new.institution_name:
        remarks.append(f"The institutions differ: “{old.institution_name}” and “{new.institution_name}”.")
    if old.created and new.created and new.created < old.created:
        remarks.append(f"The new file was created before the old one ({new.created}, {old.created}).")
    for name in ("report_filters", "report_attributes", "metric_types"):
        if getattr(old, name) != getattr(new, name):
            remarks.append(f"{name.title()} differ, so that the figures may differ without a restatement.")
    if not common:
        remarks.append("The two reports have no month in common.")
    return remarks


def _collected(records: Iterable[Record]) -> dict[_Key, _Item]:
    found: dict[_Key, _Item] = {}
    for record in records:
        item = found.setdefault(_key(record), _Item(record))
        for counts in (record.counts, *(component.counts for component in record.components)):
            merge_counts(item.counts, counts)
    return found


def _key(record: Record) -> _Key:
    identifiers = tuple(sorted(record.identifiers.items()))
    parent = record.parent
    return (
        identifiers or record.name,
        record.platform,
        (tuple(sorted(parent.identifiers.items())) or parent.name) if parent is not None else None,
        tuple(_attributes(record).items()),
    )


def _attributes(record: Record) -> dict[str, str]:
    named = {
        "Data_Type": record.data_type,
        "Section_Type": record.section_type,
        "YOP": record.yop,
        "Access_Type": record.access_type,
        "Access_Method": record.access_method,
        "Format": record.format,
        **dict(sorted(record.extensions.items())),
    }
    return {name: value for name, value in named.items() if value}


def _months(header: Header, items: dict[_Key, _Item]) -> set[Month]:
    """Months that the report covers: those of its header, else those with counts."""
    seen = {month for item in items.values() for months in item.counts.values() for month in months}
    if header.begin is None or header.end is None or any(len(month) != 7 for month in seen):
        return seen
    return seen | set(months_between(header.begin, header.end))


def _add(totals: dict[tuple[str, Month], list[int]], item: _Item | None, common: set[Month], side: int) -> bool:
    """Adds an item to the totals of one side; True when it has usage in the common months."""
    used = False
    if item is not None:
        for metric, months in item.counts.items():
            for month, count in months.items():
                if month in common:
                    totals.setdefault((metric, month), [0, 0])[side] += count
                    used = used or count != 0
    return used


def _changes(was: _Item | None, now: _Item | None, common: set[Month]) -> Iterator[Change]:
    old: Counts = was.counts if was is not None else {}
    new: Counts = now.counts if now is not None else {}
    shown = now or was
    if shown is None:
        return
    record = shown.record
    for metric in sorted(old.keys() | new.keys()):
        before, after = old.get(metric, {}), new.get(metric, {})
        for month in sorted((before.keys() | after.keys()) & common):
            if before.get(month, 0) != after.get(month, 0):
                yield Change(
                    name=record.name,
                    identifiers=record.identifiers,
                    platform=record.platform,
                    attributes=_attributes(record),
                    metric=metric,
                    month=month,
                    old=before.get(month, 0),
                    new=after.get(month, 0),
                )

"""Checks of the rows of a table, one by one; rows of one item and attribute set become one group."""

from dataclasses import dataclass, field
from operator import itemgetter

from quire_usage.counter.definitions import Element
from quire_usage.counter.reading.sink import Issue
from quire_usage.counter.validation.columns import Columns, heading_of
from quire_usage.counter.validation.header import as_number, column_name
from quire_usage.counter.validation.identifier_lists import IdentifierLists
from quire_usage.counter.validation.items import ItemRules
from quire_usage.counter.validation.merging import Group, Key
from quire_usage.counter.validation.metric_rules import MetricRules
from quire_usage.counter.validation.numbers import whole_number
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.quick import TESTS
from quire_usage.counter.validation.shapes import Reporter, Shapes
from quire_usage.counter.validation.values import Issues
from quire_usage.counter.words import BLANKS

_REMEMBERED = 2_000
"""Values remembered per column: what repeats is among them, what does not need not be kept."""
_NUMERIC = frozenset("+-.0123456789")


class _Counts(dict[str, int]):
    """Text of a plain count → number; refuses everything else with KeyError."""

    def __missing__(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise KeyError(text)
        if len(self) > _REMEMBERED:
            self.clear()
        number = self[text] = int(text)
        return number


@dataclass(slots=True)
class _Open:
    """The group that rows are being added to."""

    cells: tuple[str, ...]
    usable: bool
    group: Group
    component: Key
    issues: list[tuple[Issue, int]] = field(default_factory=list)
    """What is wrong with the cells that its rows share, and in which column (-1: the row)."""
    sections_valid: bool = True


class _Collector:
    """Keeps the issues of list-like cells."""

    def __init__(self) -> None:
        self.issues: Issues = []

    def issue(self, issue: Issue, place: str) -> None:
        """Takes an issue; its place is added later."""
        self.issues.append(issue)


class RowJudge:
    """Judges rows and yields a group whenever one is complete."""

    def __init__(self, plan: Plan, reporter: Reporter, columns: Columns) -> None:
        self.plan = plan
        self.reporter = reporter
        self.columns = columns
        self.rows = 0
        self.unusable = 0
        self.counts: list[int] | None = None
        """The counts of the last row in the order of the plan's months; None when they were not all plain."""
        self.metrics_present: set[str] = set()
        self._rules = MetricRules(plan)
        self._items = ItemRules(plan)
        self._collector = _Collector()
        self._lists = IdentifierLists(Shapes(self._collector, "tabular"), plan.values)
        key_at = list(columns.elements)
        self._key = itemgetter(*key_at) if len(key_at) > 1 else _one(key_at[0])
        self._right: dict[int, set[str]] = {number: set() for number in columns.elements}
        """Texts of a column that are right as they stand, for columns whose texts repeat."""
        self._elements = [
            (
                number,
                element,
                element.name,
                element.required,
                TESTS.get(element.check, self._right[number].__contains__),
            )
            for number, element in columns.elements.items()
        ]
        self._months = list(columns.months.values())
        counted = [*([columns.total] if columns.total >= 0 else []), *columns.months]
        self._width = max([*key_at, columns.metric, *counted]) + 1
        self._slice = (
            slice(counted[0], counted[-1] + 1) if counted == list(range(counted[0], counted[-1] + 1)) else None
        )
        self._counted = counted
        self._counts = _Counts()
        self._memory: dict[int, dict[str, tuple[object, Issues]]] = {number: {} for number in columns.elements}
        self._blank = tuple(number for number in range(self._width) if number not in columns.known)
        self._metric_memory: dict[str, tuple[str | None, Issues]] = {}
        self._open: _Open | None = None
        order = {month: number for number, month in enumerate(plan.months)}
        self._in_order = [order[month] for month in self._months] == list(range(len(self._months)))
        self._order = [order[month] for month in self._months]

    def see(self, number: int, cells: list[str]) -> Group | None:
        """Judges row `number` (from 1); gives the group that it completes, if any."""
        self.rows += 1
        done: Group | None = None
        width = self._width
        if len(cells) != width:
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            else:
                self._beyond(number, cells)
        if self._blank:
            self._unnamed(number, cells)
        key = self._key(cells)
        current = self._open
        if current is None or key != current.cells:
            if current is not None and (current.group.series or current.group.components):
                done = current.group
            current = self._open = self._start(number, key)
        if current.issues:
            for issue, column in current.issues:
                self._say(issue, number, column)
        self._row(number, cells, current)
        return done

    def _unnamed(self, number: int, cells: list[str]) -> None:
        """Cells under a blank heading must be blank."""
        for column in self._blank:
            if cells[column].strip(BLANKS):
                self._say(Issue("cell-not-empty", cells[column]), number, column)

    def last(self) -> Group | None:
        """The group that is still open at the end, if it has counts."""
        current, self._open = self._open, None
        if current is not None and (current.group.series or current.group.components):
            return current.group
        return None

    def _row(self, number: int, cells: list[str], current: _Open) -> None:
        text = cells[self.columns.metric]
        known = self._metric_memory.get(text)
        if known is None:
            issues: Issues = []
            metric = self.plan.values.enumerated("Metric_Type", text, issues)
            known = (metric, issues)
            if len(self._metric_memory) < _REMEMBERED:
                self._metric_memory[text] = known
        metric, issues = known
        for issue in issues:
            self._say(issue, number, self.columns.metric)
        usable = current.usable
        if metric is None:
            usable = False
        else:
            self.metrics_present.add(metric)
        counts = self.counts = self._numbers(number, cells)
        if metric is not None:
            fits, issues = self._rules.judge(
                current.group.attributes,
                (metric,),
                component=current.component is not None,
                sections_valid=current.sections_valid,
            )
            for issue in issues:
                self._say(issue, number, -1)
            usable = usable and fits
        if counts is None or not usable or metric is None:
            self.unusable += 1
            return
        group = current.group
        series = group.series if current.component is None else group.components.setdefault(current.component, {})
        if metric in series:
            group.again.append((current.component, metric, counts, f"row {number}"))
        else:
            series[metric] = counts

    def _numbers(self, number: int, cells: list[str]) -> list[int] | None:
        """The counts of a row, in the order of the plan's months; None when the row cannot be used."""
        try:
            if self._slice is not None:
                found = list(map(self._counts.__getitem__, cells[self._slice]))
            else:
                found = [self._counts[cells[column]] for column in self._counted]
        except KeyError:
            return self._odd_numbers(number, cells)
        if self.plan.totals:
            if found[0] == 0:
                self._say(Issue("total-zero", "0", {"property": "Reporting_Period_Total"}), number, self.columns.total)
            return found[:1]
        total = found[0]
        del found[0]
        if total == 0 or total != sum(found):
            return self._odd_numbers(number, cells)
        if not self._in_order:
            return self._placed(found)
        return found

    def _placed(self, found: list[int]) -> list[int]:
        placed = [0] * len(self.plan.months)
        for place, count in zip(self._order, found, strict=True):
            placed[place] = count
        return placed

    def _odd_numbers(self, number: int, cells: list[str]) -> list[int] | None:
        total, usable = self._total(number, cells[self.columns.total])
        found: list[int] = []
        complete = True
        for column, month in self.columns.months.items():
            count = self._count(number, column, heading_of(month), cells[column])
            if count is None:
                usable = complete = False
                count = 0
            found.append(count)
        if self.plan.totals:
            return [total or 0] if usable else None
        if total is not None and total != sum(found):
            self._say(
                Issue("total-differs", f"{total} vs. {sum(found)}", {"property": "Reporting_Period_Total"}),
                number,
                self.columns.total,
            )
            usable = False
        return self._placed(found) if usable and complete else None

    def _total(self, number: int, text: str) -> tuple[int | None, bool]:
        """(total or None when it says nothing, whether the row can be used)."""
        name = "Reporting_Period_Total"
        words = {"property": name}
        column = self.columns.total
        if text.strip(BLANKS) != text:
            self._say(Issue("blank-around-error", text, words), number, column)
            text = text.strip(BLANKS)
        if text == "":
            self._say(Issue("value-empty-critical", text, words), number, column)
            return None, True
        count = whole_number(text)
        if count is None:
            expected = {"property": name, "expected": "A whole number is needed."}
            self._say(Issue("value-invalid-critical", text, expected), number, column)
            return None, False
        if count < 0:
            self._say(Issue("month-negative", text, words), number, column)
            return None, False
        if count == 0:
            self._say(Issue("total-zero", text, words), number, column)
        return count, True

    def _count(self, number: int, column: int, heading: str, text: str) -> int | None:
        words = {"property": heading}
        if text.strip(BLANKS) != text:
            self._say(Issue("blank-around-error", text, words), number, column)
            text = text.strip(BLANKS)
        if text == "":
            self._say(Issue("value-empty", text, words), number, column)
            return 0
        count = whole_number(text)
        if count is None:
            expected = {"property": heading, "expected": "A whole number is needed."}
            self._say(Issue("value-invalid-critical", text, expected), number, column)
        elif count < 0:
            self._say(Issue("month-negative", text, words), number, column)
            return None
        return count

    def _start(self, number: int, key: tuple[str, ...]) -> _Open:
        """Judges the cells that say which item and which attributes."""
        checked: dict[str, object] = {}
        issues: list[tuple[Issue, int]] = []
        sections_valid = True
        for (column, element, name, required, surely), text in zip(self._elements, key, strict=True):
            if text == "" and not required:
                continue
            if surely(text):
                checked[name] = text
                continue
            value, found = self._cell(column, element, text)
            for issue in found:
                issues.append((issue, column))
            if value is not None:
                checked[name] = value
            elif text and name in ("Section_Type", "Format"):
                sections_valid = False
        verdict = self._items.row(checked)
        issues.extend((issue, self._column_of(name)) for issue, name in verdict.issues)
        group = Group(verdict.item, verdict.attributes, f"row {number}", parent=verdict.parent)
        return _Open(key, verdict.usable, group, verdict.component, issues, sections_valid)

    def _cell(self, column: int, element: Element, text: str) -> tuple[object, Issues]:
        memory = self._memory[column]
        known = memory.get(text)
        if known is None:
            given = text
            if text[:1] in _NUMERIC:
                text = as_number(text)
            if self.plan.values.knows(element.check):
                issues: Issues = []
                known = (self.plan.values.check(element.check, element.name, text, issues), issues)
            else:
                self._collector.issues = issues = []
                known = (self._list(element, text), issues)
            if len(memory) >= _REMEMBERED:
                memory.clear()
                self._right[column].clear()
            memory[given] = known
            if known[0] == given and not known[1]:
                self._right[column].add(given)
        return known

    def _list(self, element: Element, text: str) -> object:
        if element.check == "authors":
            return self._lists.authors("", "Item_Contributors" if not self.plan.release.nested else element.name, text)
        found = self._lists.of("Publisher", "", element.name, text)
        return None if found is None else tuple((kind, tuple(values)) for kind, values in sorted(found.items()))

    def _column_of(self, name: str) -> int:
        return next((number for number, element, *_ in self._elements if element.name == name), -1)

    def _beyond(self, number: int, cells: list[str]) -> None:
        for column in range(self._width, len(cells)):
            if column not in self.columns.known and cells[column].strip(BLANKS):
                self._say(Issue("cell-not-empty", cells[column]), number, column)

    def _say(self, issue: Issue, number: int, column: int) -> None:
        place = f"row {number}" if column < 0 else f"row {number}, column {column_name(column)}"
        self.reporter.issue(issue, place)


def _one(column: int) -> "itemgetter[tuple[str, ...]]":
    return itemgetter(slice(column, column + 1))  # type: ignore[arg-type]

"""Checks of the column headings of a table (Code of Practice, section 3.2.1)."""

import re
from dataclasses import dataclass, field

from quire_usage.counter.definitions import Element
from quire_usage.counter.months import lenient_month
from quire_usage.counter.validation.header import column_name
from quire_usage.counter.validation.plan import Plan
from quire_usage.counter.validation.shapes import Reporter, Shapes
from quire_usage.counter.words import BLANKS, closest

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OTHER_MONTH = re.compile(r"[a-zA-Z]{3}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}")
_DATE_CELL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:]+)?")


def heading_of(month: str) -> str:
    """`Mmm-yyyy` of a month `yyyy-mm`."""
    return f"{_NAMES[int(month[5:]) - 1]}-{month[:4]}"


@dataclass(slots=True)
class Columns:
    """Where the columns of a table are."""

    elements: dict[int, Element] = field(default_factory=dict)
    """Column number → element; Metric_Type and Reporting_Period_Total apart."""
    metric: int = -1
    total: int = -1
    months: dict[int, str] = field(default_factory=dict)
    """Column number → `yyyy-mm`, in the order of the columns."""
    known: frozenset[int] = frozenset()
    """All columns that are used or were said to be invalid."""


def judge_columns(
    plan: Plan, reporter: Reporter, headings: list[str], row: int, *, dates_are_cells: bool
) -> Columns | None:
    """Where the report's columns are; None when the body cannot be judged.

    `dates_are_cells`: an ISO date stands for a real date cell of a spreadsheet.
    """
    shapes = Shapes(reporter, "tabular")
    elements = plan.elements()
    months = {} if plan.totals else {heading_of(month): month for month in plan.months}
    expected = [*elements, *months]
    found: dict[str, int] = {}
    invalid: set[int] = set()
    last = max((number for number, text in enumerate(headings) if text.strip(BLANKS)), default=-1)
    for number, text in enumerate(headings[: last + 1]):
        place = f"row {row}, column {column_name(number)}"
        name = _named(plan, shapes, place, text, expected, months, dates_are_cells=dates_are_cells)
        if name is None:
            invalid.add(number)
        elif name in found:
            shapes.say("column-repeated", place, name)
            invalid.add(number)
        else:
            found[name] = number
    missing = [name for name in expected if name not in found]
    if missing:
        shapes.say("columns-missing", f"row {row}", ", ".join(missing))
    in_order = [name for name in expected if name in found]
    if in_order != list(found):
        wrong = [name for name, right in zip(found, in_order, strict=True) if name != right]
        shapes.say("columns-order", f"row {row}", ", ".join(wrong))
    if missing:
        return None
    columns = Columns(known=frozenset((*found.values(), *invalid)))
    for name, number in found.items():
        if name in months:
            columns.months[number] = months[name]
        elif elements[name].check == "total":
            columns.total = number
        elif name == "Metric_Type":
            columns.metric = number
        else:
            columns.elements[number] = elements[name]
    return columns


def _named(
    plan: Plan,
    shapes: Shapes,
    place: str,
    text: str,
    expected: list[str],
    months: dict[str, str],
    *,
    dates_are_cells: bool,
) -> str | None:
    if text in expected:
        return text
    right = closest(text, expected)
    if right is not None:
        shapes.say("column-spelling", place, text, expected=right)
        return right
    bare = text.strip(BLANKS)
    is_date = dates_are_cells and _DATE_CELL.fullmatch(bare) is not None
    if is_date or _OTHER_MONTH.fullmatch(bare):
        month = lenient_month(bare)
        if month is not None and heading_of(month) in months:
            shapes.say("column-date-cell" if is_date else "column-format", place, text, expected=heading_of(month))
            return heading_of(month)
    shown = text in plan.report.attributes_to_show
    shapes.say("column-not-shown" if shown else "column-invalid", place, text)
    return None

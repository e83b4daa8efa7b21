"""Fiscal year, ledger, tree of funds and budgets from a finance office's own export.

Finance systems know accounts, not funds: "1000-LIB-6310-HIST" in hundreds of rows, with subtotals in between. A stored
mapping says which segments (or columns) make the levels of the fund tree. Nothing is dropped silently: every row that
makes no budget is listed with its reason, and every subtotal is checked against the rows above it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quire_orders.imports.amounts import read_money, read_percent
from quire_orders.imports.faults import CellFault, ImportFault, Severity
from quire_orders.imports.fund_mapping import MAX_CODE, MAX_NAME, FundStructureMapping
from quire_orders.imports.tables_in import Header, Table, data_rows, find_header, find_table
from quire_shared.values.money import Money


@dataclass(frozen=True, slots=True)
class FundRow:
    """A fund of the tree. `code` is unique in the file; `place` is where it was seen first."""

    code: str
    name: str
    parent_code: str | None
    level: int
    place: str


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """Limits of a budget in percent of its funding; None means the ledger's own rule."""

    encumbrance_warn_percent: Decimal | None = None
    encumbrance_stop_percent: Decimal | None = None
    expenditure_warn_percent: Decimal | None = None
    expenditure_stop_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """The budget of one fund: the sum of its rows, each with its place and account string."""

    fund_code: str
    amount: Money
    limits: BudgetLimits
    sources: tuple[tuple[str, str, Money], ...]


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that makes no budget, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class FundStructure:
    """What a file would create. It may be accepted when `faults` holds no error."""

    fiscal_year_code: str
    fiscal_year_start: date
    fiscal_year_end: date
    ledger_code: str
    ledger_name: str
    currency: str
    funds: tuple[FundRow, ...]
    budgets: tuple[BudgetRow, ...]
    skipped: tuple[SkippedRow, ...]
    faults: tuple[ImportFault, ...]

    @property
    def total(self) -> Money:
        return Money.sum((budget.amount for budget in self.budgets), self.currency)

    @property
    def acceptable(self) -> bool:
        return bool(self.budgets) and all(fault.severity is not Severity.ERROR for fault in self.faults)


def read_fund_structure(tables: Sequence[Table], mapping: FundStructureMapping) -> FundStructure:
    """Reads an export by its mapping, all faults at once, each with its cell.

    Raises UnreadableFile when the mapping's sheet is not there.
    """
    table = find_table(tables, mapping.sheet)
    header, faults = find_header(table, mapping.headings(), mapping.header_row)
    reader = _Reader(table, mapping, faults)
    if header is not None:
        reader.read(header)
    return reader.result()


class _Reader:
    def __init__(self, table: Table, mapping: FundStructureMapping, faults: list[ImportFault]) -> None:
        self._table, self._mapping, self._faults = table, mapping, faults
        self._funds: dict[str, FundRow] = {}
        self._sources: dict[str, list[tuple[str, str, Money]]] = {}
        self._limits: dict[str, BudgetLimits] = {}
        self._accounts: dict[str, str] = {}
        self._skipped: list[SkippedRow] = []
        self._control = _ControlTotals(mapping.currency)
        marks = "|".join(re.escape(mark) for mark in mapping.subtotal_marks)
        self._subtotal = re.compile(rf"\W*(?:{marks})\b", re.IGNORECASE) if marks else None

    def read(self, header: Header) -> None:
        for row in data_rows(self._table, header):
            try:
                self._read_row(row, header)
            except _RowFault as fault:
                self._faults.append(fault.fault)
                self._control.spoil()
        if not self._sources and not self._faults:
            self._fault(self._table.row_place(header.row), "no_budget", "No row makes a budget.", "Check the mapping.")

    def _read_row(self, row: int, header: Header) -> None:
        mapping = self._mapping
        account = self._text(row, header, mapping.account_column)
        if mark := self._subtotal_in(row, account):
            self._check_subtotal(row, header, mark)
            return
        if reason := self._not_ours(account):
            # A subtotal counts these rows too.
            self._control.add(row, self._amount(row, header))
            self._skipped.append(SkippedRow(self._table.row_place(row), reason))
            return
        amount = self._amount(row, header)
        path = list(self._path(row, header, account))
        if not path:
            if amount is None:
                self._skipped.append(
                    SkippedRow(self._table.row_place(row), "no account and no amount: a heading or a note")
                )
                return
            raise _RowFault(
                self._place(row, header, mapping.account_column or mapping.levels[0].column or mapping.amount_column),
                "account_missing",
                f"There is an amount ({amount}) but no account.",
                "Add the account, or mark the row as a subtotal in the mapping.",
            )
        if amount is None:
            self._skipped.append(SkippedRow(self._table.row_place(row), f"{path[-1][0]} has no amount"))
            return
        self._control.add(row, amount)
        self._keep(row, header, account, path, amount)

    def _keep(self, row: int, header: Header, account: str, path: list[tuple[str, str]], amount: Money) -> None:
        place = self._place(row, header, self._mapping.amount_column)
        if account:
            at = self._place(row, header, self._mapping.account_column or "")
            if account in self._accounts:
                self._fault(
                    at,
                    "account_twice",
                    f"The account {account} stands already in {self._accounts[account]}.",
                    "Delete one of the two rows, or correct its account.",
                )
                return
            self._accounts[account] = at
        parent: str | None = None
        for level, (code, name) in enumerate(path, 1):
            self._add_fund(FundRow(code, name or code, parent, level, self._table.row_place(row)))
            parent = code
        leaf = path[-1][0]
        limits = self._read_limits(row, header)
        known = self._limits.setdefault(leaf, limits)
        if known != limits:
            self._fault(place, "limits_differ", f"{leaf} has other limits here than above.", "Give it the same limits.")
        self._sources.setdefault(leaf, []).append((place, account, amount))

    def _add_fund(self, fund: FundRow) -> None:
        known = self._funds.setdefault(fund.code, fund)
        if known.parent_code != fund.parent_code:
            self._fault(
                fund.place,
                "fund_moved",
                f"The fund {fund.code} stands under {fund.parent_code or 'no fund'} here, but under "
                f"{known.parent_code or 'no fund'} in {known.place}.",
                "A fund has one parent: correct one of the rows.",
            )
        elif known.name != fund.name and fund.name != fund.code:
            if known.name == known.code:
                self._funds[fund.code] = FundRow(known.code, fund.name, known.parent_code, known.level, known.place)
            else:
                self._fault(
                    fund.place,
                    "name_differs",
                    f"The fund {fund.code} is called “{fund.name}” here and “{known.name}” in {known.place}.",
                    "The first name is kept; correct it if it is wrong.",
                    Severity.WARNING,
                )

    def _path(self, row: int, header: Header, account: str) -> Iterator[tuple[str, str]]:
        """Code and name of each level of the row; a level without a code ends the path."""
        segments = [part.strip() for part in account.split(self._mapping.account_separator)] if account else []
        prefix = ""
        ended: int | None = None
        for number, level in enumerate(self._mapping.levels, 1):
            if level.segments:
                parts = [segments[n - 1] if n <= len(segments) else "" for n in level.segments]
                own = self._mapping.account_separator.join(parts) if all(parts) else ""
                code = f"{prefix}{self._mapping.account_separator}{own}" if prefix and own else own
            else:
                own = code = self._text(row, header, level.column)
            if not code:
                ended = ended or number
                continue
            if ended:
                raise _RowFault(
                    self._table.row_place(row),
                    "level_missing",
                    f"Level {number} ({code}) stands without level {ended}.",
                    "Fill in the level above it.",
                )
            name = self._text(row, header, level.name_column) or level.names.get(own, "")
            if len(code) > MAX_CODE or len(name) > MAX_NAME:
                raise _RowFault(
                    self._table.row_place(row),
                    "too_long",
                    f"The code or name of level {number} is longer than {MAX_CODE} and {MAX_NAME} characters.",
                    "Shorten it.",
                )
            prefix = code
            yield code, name

    def _subtotal_in(self, row: int, account: str) -> str | None:
        if self._subtotal is None:
            return None
        columns = range(1, len(self._table.rows[row - 1]) + 1)
        first = next((text for column in columns if (text := self._safe_text(row, column))), "")
        return next((text for text in (account, first) if text and self._subtotal.match(text)), None)

    def _safe_text(self, row: int, column: int) -> str:
        return "" if (row, column) in self._table.unusable else self._table.text(row, column)

    def _check_subtotal(self, row: int, header: Header, mark: str) -> None:
        stated = self._amount(row, header)
        self._skipped.append(SkippedRow(self._table.row_place(row), f"subtotal “{mark}”"))
        if stated is None:
            return
        difference = self._control.check(stated)
        if difference is not None:
            since, found = difference
            self._fault(
                self._place(row, header, self._mapping.amount_column),
                "subtotal_differs",
                f"“{mark}” states {stated}, but the rows since row {since} add up to {found}.",
                "Look for a missing or doubled row; the subtotal itself is not loaded.",
                Severity.WARNING,
            )

    def _not_ours(self, account: str) -> str | None:
        mapping = self._mapping
        if account and mapping.include and not account.startswith(mapping.include):
            return f"{account} is not among the included accounts"
        if account and mapping.exclude and account.startswith(mapping.exclude):
            return f"{account} is excluded by the mapping"
        return None

    def _amount(self, row: int, header: Header) -> Money | None:
        column = header.columns[self._mapping.amount_column]
        try:
            return read_money(self._table.value(row, column), self._mapping.currency, self._mapping.decimal_mark)
        except CellFault as fault:
            raise _RowFault.of(fault, self._table.place(row, column)) from fault

    def _read_limits(self, row: int, header: Header) -> BudgetLimits:
        found: dict[str, Decimal | None] = {}
        for name, heading in self._mapping.limit_columns().items():
            value: Decimal | None = None
            if heading is not None:
                column = header.columns[heading]
                try:
                    value = read_percent(self._table.value(row, column), self._mapping.decimal_mark, at_most=1000)
                except CellFault as fault:
                    self._faults.append(fault.at(self._table.place(row, column)))
            default: Decimal | None = getattr(self._mapping, name)
            found[name] = value if value is not None else default
        return BudgetLimits(**found)

    def _text(self, row: int, header: Header, heading: str | None) -> str:
        if heading is None:
            return ""
        column = header.columns[heading]
        try:
            return self._table.text(row, column)
        except CellFault as fault:
            raise _RowFault.of(fault, self._table.place(row, column)) from fault

    def _place(self, row: int, header: Header, heading: str) -> str:
        return self._table.place(row, header.columns[heading])

    def _fault(self, place: str, code: str, detail: str, fix: str, severity: Severity = Severity.ERROR) -> None:
        self._faults.append(ImportFault(place, code, detail, fix, severity))

    def result(self) -> FundStructure:
        mapping = self._mapping
        budgets = []
        for code, sources in self._sources.items():
            amount = Money.sum((money for *_, money in sources), mapping.currency)
            if amount.amount < 0:
                places = ", ".join(place for place, *_ in sources)
                self._fault(places, "budget_negative", f"The budget of {code} is {amount}.", "Correct the amounts.")
            budgets.append(BudgetRow(code, amount, self._limits[code], tuple(sources)))
        return FundStructure(
            mapping.fiscal_year_code,
            mapping.fiscal_year_start,
            mapping.fiscal_year_end,
            mapping.ledger_code,
            mapping.ledger_name,
            mapping.currency,
            tuple(self._funds.values()),
            tuple(budgets),
            tuple(self._skipped),
            tuple(self._faults),
        )


class _RowFault(Exception):
    """A fault that keeps the whole row out."""

    def __init__(self, place: str, code: str, detail: str, fix: str) -> None:
        super().__init__(detail)
        self.fault = ImportFault(place, code, detail, fix)

    @classmethod
    def of(cls, fault: CellFault, place: str) -> "_RowFault":
        return cls(place, fault.code, fault.detail, fault.fix)


class _ControlTotals:
    """Running sums, to hold each subtotal against the rows it may cover.

    A subtotal covers the rows since some earlier subtotal, or all of them; the grand total covers all. Where a row in
    between could not be read, nothing can be compared.
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._sum = Decimal(0)
        self._blocks: list[tuple[int, Decimal]] = []  # first row of each block, and the sum before it
        self._block_is_open = False
        self._spoiled = False

    def add(self, row: int, amount: Money | None) -> None:
        if not self._block_is_open:
            self._blocks.append((row, self._sum))
            self._block_is_open = True
        self._sum += amount.amount if amount else Decimal(0)

    def spoil(self) -> None:
        """A row could not be read, so no later subtotal can be compared."""
        self._spoiled = True

    def check(self, stated: Money) -> tuple[int, Money] | None:
        """None when the subtotal agrees; else the first row of the nearest block and what its rows add up to."""
        self._block_is_open = False
        if self._spoiled or not self._blocks or any(self._sum - before == stated.amount for _, before in self._blocks):
            return None
        first, before = self._blocks[-1]
        return first, Money(self._sum - before, self._currency)

"""Order lines from a spreadsheet, by a mapping kept for its source."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from quire_orders.identifiers import Identifier, read_identifier, read_isbn, read_issn
from quire_orders.imports.amounts import (
    DecimalMark,
    Value,
    read_currency,
    read_date,
    read_money,
    read_percent,
    read_quantity,
)
from quire_orders.imports.faults import CellFault, ImportFault
from quire_orders.imports.order_lines import (
    FundShare,
    ImportedLine,
    ImportedOrder,
    Material,
    duplicate_faults,
    identifier_faults,
    price_faults,
    share_faults,
)
from quire_orders.imports.tables_in import Header, Table, data_rows, find_header, find_table
from quire_shared.values.currencies import exponent
from quire_shared.values.money import Money

_Heading = Annotated[str, Field(min_length=1, max_length=200)]
_T = TypeVar("_T")
MAX_TEXT = 2_000


class FundColumns(BaseModel):
    """The columns of one fund of the line; a line may have several such groups."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fund: _Heading
    percent: _Heading | None = None
    amount: _Heading | None = None
    copies: _Heading | None = None
    location: _Heading | None = None


class OrderSheetMapping(BaseModel):
    """Which heading of a source's sheet is which part of the line. Prices are per copy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    encoding: str | None = None
    decimal_mark: DecimalMark = "."
    default_currency: str
    title: _Heading
    key: _Heading | None = Field(default=None, description="Line number; else vendor reference, else row number")
    isbn: _Heading | None = None
    issn: _Heading | None = None
    identifier: _Heading | None = Field(default=None, description="Any standard number")
    contributor: _Heading | None = None
    edition: _Heading | None = None
    publisher: _Heading | None = None
    published: _Heading | None = None
    url: _Heading | None = None
    material: _Heading | None = None
    materials: dict[str, Material] = Field(default={}, description="What the file's words for the material mean")
    quantity: _Heading | None = None
    unit_price: _Heading | None = None
    currency: _Heading | None = None
    vendor_code: _Heading | None = None
    vendor_reference: _Heading | None = None
    note: _Heading | None = None
    subscription_from: _Heading | None = None
    subscription_to: _Heading | None = None
    funds: Annotated[tuple[FundColumns, ...], Field(min_length=1, max_length=20)]

    @field_validator("default_currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        exponent(code)
        return code

    def headings(self) -> list[str]:
        """Every heading that the file must have."""
        of_line = [
            self.title,
            self.key,
            self.isbn,
            self.issn,
            self.identifier,
            self.contributor,
            self.edition,
            self.publisher,
            self.published,
            self.url,
            self.material,
            self.quantity,
            self.unit_price,
            self.currency,
            self.vendor_code,
            self.vendor_reference,
            self.note,
            self.subscription_from,
            self.subscription_to,
        ]
        of_funds = [part for f in self.funds for part in (f.fund, f.percent, f.amount, f.copies, f.location)]
        return list(dict.fromkeys(heading for heading in (*of_line, *of_funds) if heading))


def read_order_sheet(tables: Sequence[Table], mapping: OrderSheetMapping) -> ImportedOrder:
    """Reads every row as an order line, all faults at once, each with its cell.

    Raises UnreadableFile when the mapping's sheet is not there.
    """
    table = find_table(tables, mapping.sheet)
    header, faults = find_header(table, mapping.headings(), mapping.header_row)
    if header is None:
        return ImportedOrder((), tuple(faults))
    lines = [_Row(table, header, mapping, row).line() for row in data_rows(table, header)]
    if not lines:
        place = table.row_place(header.row)
        faults.append(ImportFault(place, "no_line", "There is no row below the headings.", "Check the file."))
    doubled = duplicate_faults(lines)
    lines = [replace(line, faults=(*line.faults, *doubled.get(line.place, ()))) for line in lines]
    return ImportedOrder(tuple(lines), tuple(faults))


class _Row:
    """One row of the sheet; faults gather while its cells are read."""

    def __init__(self, table: Table, header: Header, mapping: OrderSheetMapping, row: int) -> None:
        self._table, self._header, self._mapping, self._row = table, header, mapping, row
        self._faults: list[ImportFault] = []

    def line(self) -> ImportedLine:
        mapping = self._mapping
        title = self._text(mapping.title)
        if not title:
            self._fault(mapping.title, "title_missing", "The line has no title.", "Add the title.")
        quantity = self._read(mapping.quantity, lambda value: read_quantity(value, mapping.decimal_mark)) or 1
        currency = self._read(mapping.currency, read_currency) or mapping.default_currency
        price = self._money(mapping.unit_price, currency)
        if mapping.unit_price and not any(fault.place == self._place(mapping.unit_price) for fault in self._faults):
            self._faults += price_faults(price, self._place(mapping.unit_price))
        identifiers = self._identifiers()
        self._faults += identifier_faults(identifiers)
        before = len(self._faults)
        shares = self._shares(currency)
        row_place = self._table.row_place(self._row)
        if len(self._faults) == before:  # a share that cannot be read would only repeat itself as a wrong sum
            self._faults += share_faults(shares, quantity, price, self._fund_place())
        first, last = self._read(mapping.subscription_from, read_date), self._read(mapping.subscription_to, read_date)
        if first and last and last < first:
            self._fault(
                mapping.subscription_to, "period_inverted", f"The period ends on {last}, before {first}.", "Correct it."
            )
        vendor_reference = self._text(mapping.vendor_reference)
        contributor = self._text(mapping.contributor)
        return ImportedLine(
            place=row_place,
            key=self._text(mapping.key) or vendor_reference or f"row {self._row}",
            title=title,
            identifiers=tuple(identifier for _, identifier in identifiers),
            quantity=quantity,
            unit_price=price,
            shares=tuple(shares),
            contributors=(contributor,) if contributor else (),
            edition=self._text(mapping.edition) or None,
            publisher=self._text(mapping.publisher) or None,
            published=self._text(mapping.published) or None,
            url=self._text(mapping.url) or None,
            material=self._material(),
            vendor_code=self._text(mapping.vendor_code) or None,
            vendor_reference=vendor_reference or None,
            note=self._text(mapping.note) or None,
            subscription_from=first,
            subscription_to=last,
            faults=tuple(self._faults),
        )

    def _identifiers(self) -> list[tuple[str, Identifier]]:
        found = []
        mapping = self._mapping
        for heading, reader in (
            (mapping.isbn, read_isbn),
            (mapping.issn, read_issn),
            (mapping.identifier, read_identifier),
        ):
            text = self._text(heading)
            for part in text.replace(";", "|").split("|") if heading and text else ():
                if part.strip() and (identifier := reader(part)):
                    found.append((self._place(heading or ""), identifier))
        return found

    def _shares(self, currency: str) -> list[FundShare]:
        shares = []
        mark = self._mapping.decimal_mark
        for columns in self._mapping.funds:
            code = self._text(columns.fund)
            percent: Decimal | None = self._read(columns.percent, lambda value: read_percent(value, mark))
            amount = self._money(columns.amount, currency)
            copies: int | None = self._read(columns.copies, lambda value: read_quantity(value, mark))
            if code:
                location = self._text(columns.location) or None
                shares.append(FundShare(self._place(columns.fund), code, copies, percent, amount, location))
            elif any(share is not None for share in (percent, amount, copies)):
                self._fault(columns.fund, "fund_missing", "There is a share but no fund.", "Add the fund code.")
        return shares

    def _fund_place(self) -> str:
        return self._place(self._mapping.funds[0].fund)

    def _material(self) -> Material:
        text = self._text(self._mapping.material)
        known = {word.casefold(): material for word, material in self._mapping.materials.items()}
        known |= {material.value: material for material in Material}
        if text and text.casefold() not in known:
            self._fault(
                self._mapping.material,
                "material_unknown",
                f"“{text}” is no known material.",
                f"Use one of {', '.join(sorted(known))}, or add the word to the mapping.",
            )
        return known.get(text.casefold(), Material.PHYSICAL)

    def _money(self, heading: str | None, currency: str) -> Money | None:
        return self._read(heading, lambda value: read_money(value, currency, self._mapping.decimal_mark))

    def _text(self, heading: str | None) -> str:
        if heading is None:
            return ""
        column = self._header.columns[heading]
        try:
            text = self._table.text(self._row, column)
        except CellFault as fault:
            self._note(fault.at(self._table.place(self._row, column)))
            return ""
        if len(text) > MAX_TEXT:
            self._fault(
                heading, "too_long", f"The text has {len(text):,} characters.", f"At most {MAX_TEXT:,} are read."
            )
        return text

    def _read(self, heading: str | None, reader: Callable[[Value], _T | None]) -> _T | None:
        if heading is None:
            return None
        column = self._header.columns[heading]
        try:
            return reader(self._table.value(self._row, column))
        except CellFault as fault:
            self._note(fault.at(self._table.place(self._row, column)))
            return None

    def _place(self, heading: str) -> str:
        return self._table.place(self._row, self._header.columns[heading])

    def _fault(self, heading: str | None, code: str, detail: str, fix: str) -> None:
        place = self._place(heading) if heading else self._table.row_place(self._row)
        self._note(ImportFault(place, code, detail, fix))

    def _note(self, fault: ImportFault) -> None:
        if fault not in self._faults:
            self._faults.append(fault)

"""The stored mapping of a finance office's export, and that of Quire's own template."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quire_orders.imports.amounts import DecimalMark
from quire_shared.values.currencies import exponent

MAX_CODE, MAX_NAME = 100, 255
_Heading = Annotated[str, Field(min_length=1, max_length=200)]


class _Mapping(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Mapping):
    """One level of the fund tree: its code from segments of the account string (1 = the first) or from a column.

    `names` translates codes into names where the file has none.
    """

    segments: tuple[Annotated[int, Field(ge=1, le=50)], ...] = ()
    column: _Heading | None = None
    name_column: _Heading | None = None
    names: dict[str, str] = {}

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.segments) == (self.column is not None):
            raise ValueError("a level is taken either from segments of the account string or from a column")
        return self


class FundStructureMapping(_Mapping):
    """How one source's export becomes funds and budgets. Headings are named as in the file.

    A row whose account, or first text, begins with one of `subtotal_marks` is a subtotal. `include` and `exclude` are
    beginnings of account strings: what is not included, or is excluded, belongs to other departments.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    encoding: str | None = None
    decimal_mark: DecimalMark = "."

    fiscal_year_code: Annotated[str, Field(min_length=1, max_length=MAX_CODE)]
    fiscal_year_start: date
    fiscal_year_end: date
    ledger_code: Annotated[str, Field(min_length=1, max_length=MAX_CODE)]
    ledger_name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    currency: str

    account_column: _Heading | None = None
    account_separator: Annotated[str, Field(min_length=1, max_length=5)] = "-"
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=3)]
    amount_column: _Heading
    subtotal_marks: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ("total", "subtotal", "sub-total")
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    encumbrance_warn_column: _Heading | None = None
    encumbrance_stop_column: _Heading | None = None
    expenditure_warn_column: _Heading | None = None
    expenditure_stop_column: _Heading | None = None
    encumbrance_warn_percent: Annotated[Decimal, Field(gt=0, le=1000)] | None = None
    encumbrance_stop_percent: Annotated[Decimal, Field(gt=0, le=1000)] | None = None
    expenditure_warn_percent: Annotated[Decimal, Field(gt=0, le=1000)] | None = None
    expenditure_stop_percent: Annotated[Decimal, Field(gt=0, le=1000)] | None = None

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        exponent(code)
        return code

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.fiscal_year_end <= self.fiscal_year_start:
            raise ValueError("the fiscal year ends before it starts")
        if any(level.segments for level in self.levels) and self.account_column is None:
            raise ValueError("levels made of segments need the column of the account string")
        return self

    def limit_columns(self) -> dict[str, str | None]:
        return {
            "encumbrance_warn_percent": self.encumbrance_warn_column,
            "encumbrance_stop_percent": self.encumbrance_stop_column,
            "expenditure_warn_percent": self.expenditure_warn_column,
            "expenditure_stop_percent": self.expenditure_stop_column,
        }

    def headings(self) -> list[str]:
        """Every heading that the file must have."""
        named = [self.account_column, self.amount_column, *self.limit_columns().values()]
        named += [heading for level in self.levels for heading in (level.column, level.name_column)]
        return list(dict.fromkeys(heading for heading in named if heading))


def template_mapping(
    fiscal_year_code: str, start: date, end: date, ledger_code: str, ledger_name: str, currency: str
) -> FundStructureMapping:
    """The mapping of Quire's own template: three pairs of code and name, the amount and two limits."""
    levels = tuple(Level(column=f"Level {n} code", name_column=f"Level {n} name") for n in (1, 2, 3))
    return FundStructureMapping(
        name="Quire template",
        fiscal_year_code=fiscal_year_code,
        fiscal_year_start=start,
        fiscal_year_end=end,
        ledger_code=ledger_code,
        ledger_name=ledger_name,
        currency=currency,
        levels=levels,
        amount_column="Budget",
        encumbrance_stop_column="Encumbrance limit %",
        expenditure_stop_column="Expenditure limit %",
    )

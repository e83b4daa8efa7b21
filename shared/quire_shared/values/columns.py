"""Column types for money: amounts, rates and currency codes. Values that would be rounded are refused, never rounded."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CHAR, CheckConstraint, Dialect, Numeric
from sqlalchemy.types import TypeDecorator

from quire_shared.values.currencies import EXPONENTS


class _Exact(TypeDecorator[Decimal]):
    """A NUMERIC column that refuses floats and whatever it could not hold exactly."""

    impl = Numeric
    cache_ok = True
    precision: int
    scale: int

    def __init__(self) -> None:
        super().__init__(precision=self.precision, scale=self.scale, asdecimal=True)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"{type(self).__name__} takes a Decimal, not {type(value).__name__}.")
        if not value.is_finite():
            raise ValueError(f"{type(self).__name__} takes a finite number, not {value}.")
        if abs(value) >= Decimal(10) ** (self.precision - self.scale) or value != round(value, self.scale):
            raise ValueError(f"{value} does not fit NUMERIC({self.precision},{self.scale}) exactly.")
        return value


class MoneyAmount(_Exact):
    """``NUMERIC(19,4)``: the amount of a `Money`; its currency stands in a `CurrencyColumn` beside it."""

    cache_ok = True
    precision = 19
    scale = 4


class Rate(_Exact):
    """``NUMERIC(28,12)``: an exchange rate in the direction quoted."""

    cache_ok = True
    precision = 28
    scale = 12


class CurrencyColumn(TypeDecorator[str]):
    """``CHAR(3)``: an ISO 4217 code; anything else is refused before it is sent."""

    impl = CHAR(3)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is not None and value not in EXPONENTS:
            raise ValueError(f"“{value}” is not an ISO 4217 currency code.")
        return value  # type: ignore[no-any-return]


def minor_unit_check(amount: str, currency: str, name: str) -> CheckConstraint:
    """Constrain column ``amount`` to multiples of the minor unit of column ``currency`` (ISO 4217).

    The codes' exponents are written into the constraint, so that the database needs no table of currencies.
    """
    by_exponent: dict[int, list[str]] = {}
    for code, decimals in sorted(EXPONENTS.items()):
        if decimals != 2:
            by_exponent.setdefault(decimals, []).append(code)
    cases = " ".join(
        f"WHEN {currency} IN ({', '.join(repr(code) for code in codes)}) THEN {decimals}"
        for decimals, codes in sorted(by_exponent.items())
    )
    return CheckConstraint(f"{amount} = round({amount}, CASE {cases} ELSE 2 END)", name=name)

"""Currencies and the number of decimals of their minor units.

Source: ISO 4217 list one (through the ``iso4217`` package). Codes without a minor unit (precious metals, bond market
units, testing codes) are no money a library can spend and are refused.
"""

from decimal import Decimal
from functools import cache
from typing import Annotated, Final

import iso4217
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

CURRENCY_PATTERN: Final = "^[A-Z]{3}$"

EXPONENTS: Final[dict[str, int]] = {
    entry.code: entry.exponent for entry in iso4217.Currency if entry.exponent is not None
}
"""Decimals of the minor unit by code: EUR 2, JPY 0, JOD 3, CLF 4."""


class UnknownCurrency(ValueError):
    """The code is not an ISO 4217 currency with a minor unit."""

    def __init__(self, code: object) -> None:
        super().__init__(f"“{code}” is not an ISO 4217 currency code; use three capital letters such as EUR or USD.")


def exponent(code: str) -> int:
    """Return the number of decimals of a currency (ISO 4217 "minor unit").

    Raises `UnknownCurrency` for anything that is not a current ISO 4217 currency code in capital letters.
    """
    try:
        return EXPONENTS[code]
    except (KeyError, TypeError):
        raise UnknownCurrency(code) from None


@cache
def minor_unit(code: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 for EUR, 1 for JPY. Raises `UnknownCurrency`."""
    return Decimal(1).scaleb(-exponent(code))


def _known(code: str) -> str:
    try:
        exponent(code)
    except UnknownCurrency as error:
        raise PydanticCustomError("currency", "{reason}", {"reason": str(error)}) from None
    return code


CurrencyCode = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN), AfterValidator(_known)]
"""Pydantic type of a currency code on its own (on the wire a string of three capital letters)."""

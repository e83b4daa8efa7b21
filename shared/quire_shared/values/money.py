"""Money: an exact amount in one currency.

Amounts are multiples of the currency's minor unit and less than 10^15 in size, which is what ``NUMERIC(19,4)`` holds.
There is no way from a float to money, and no operation mixes two currencies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from typing import Any, Final, Literal, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from quire_shared.values.currencies import CURRENCY_PATTERN, UnknownCurrency, exponent, minor_unit

AMOUNT_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"
"""Pattern of an amount on the wire: a decimal string, at most 15 digits before and 4 after the point."""

LIMIT: Final = Decimal(10) ** 15
"""Amounts are smaller than this in size (``NUMERIC(19,4)``)."""

# Wide enough for any product of an amount (19 digits) and a rate (28 digits), whatever the caller's own context says.
_EXACT: Final = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

AllocationMode = Literal["largest_remainder", "peer"]


class MoneyError(ValueError):
    """An amount that is no money, or an operation that has no exact meaning."""


class CurrencyMismatch(MoneyError):
    """Two currencies met in one operation."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be combined; convert one of them at a stated rate first.")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency, for instance ``Money(Decimal("12.50"), "EUR")``.

    The amount is kept with exactly the decimals of the currency (ISO 4217). Raises `TypeError` unless the amount is a
    `Decimal`, `UnknownCurrency` for a code that is no currency, `MoneyError` when the amount is not finite, too large
    or not a multiple of the minor unit (use `Money.rounded` for computed values).
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"Money takes a Decimal amount, not {type(self.amount).__name__}.")
        unit = minor_unit(self.currency)
        if not self.amount.is_finite():
            raise MoneyError(f"“{self.amount}” is not an amount of money.")
        if self.amount.copy_abs() >= LIMIT:
            raise MoneyError(f"{self.amount} {self.currency} is too large; amounts have at most 15 digits.")
        kept = self.amount.quantize(unit, context=_EXACT)
        if kept != self.amount:
            raise MoneyError(
                f"{self.amount} {self.currency} has more decimals than the {exponent(self.currency)} of {self.currency}."
            )
        # A negative zero would make equal amounts print differently.
        object.__setattr__(self, "amount", kept if kept else kept.copy_abs())

    # Construction

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Self:
        """Make money from a decimal string, an int of whole units or a Decimal. Raises like the constructor."""
        if isinstance(amount, bool) or not isinstance(amount, Decimal | str | int):
            raise TypeError(f"Money takes a Decimal, str or int, not {type(amount).__name__}.")
        try:
            value = Decimal(amount)
        except InvalidOperation:
            raise MoneyError(f"“{amount}” is not an amount of money.") from None
        return cls(value, currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in a currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor_units(cls, units: int, currency: str) -> Self:
        """Make money from a whole number of minor units (cents)."""
        return cls(Decimal(units).scaleb(-exponent(currency), context=_EXACT), currency)

    @classmethod
    def rounded(cls, value: Decimal, currency: str, rounding: str = ROUND_HALF_EVEN) -> Self:
        """Round a computed value to the minor unit; ``rounding`` is a constant of `decimal`, half to even by default."""
        if not isinstance(value, Decimal):
            raise TypeError(f"Money takes a Decimal amount, not {type(value).__name__}.")
        if not value.is_finite() or value.copy_abs() >= LIMIT:
            return cls(value, currency)  # refused there, in words
        return cls(value.quantize(minor_unit(currency), rounding=rounding, context=_EXACT), currency)

    @classmethod
    def sum(cls, amounts: Iterable["Money"], currency: str) -> Self:
        """Add amounts of one currency; nothing to add gives zero. Raises `CurrencyMismatch`."""
        total = Decimal(0)
        for money in amounts:
            if money.currency != currency:
                raise CurrencyMismatch(currency, money.currency)
            total = _EXACT.add(total, money.amount)
        return cls(total, currency)

    # Properties

    @property
    def minor_units(self) -> int:
        """The amount as a whole number of minor units (cents)."""
        return int(self.amount.scaleb(exponent(self.currency), context=_EXACT))

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    # Arithmetic

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount

    def __add__(self, other: object) -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: object) -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> "Money":
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> "Money":
        return Money(self.amount.copy_abs(), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def times(self, factor: Decimal | int, rounding: str = ROUND_HALF_EVEN) -> "Money":
        """Multiply by a quantity or fraction and round to the minor unit. Raises `TypeError` for a float."""
        return Money.rounded(_EXACT.multiply(self.amount, _factor(factor)), self.currency, rounding)

    def convert(self, rate: Decimal, currency: str, rounding: str = ROUND_HALF_EVEN) -> "Money":
        """Convert at a rate quoted as units of ``currency`` for one unit of this currency, rounded to its minor unit.

        The rate is used in the direction quoted and never inverted. Raises `MoneyError` unless it is positive.
        """
        if not isinstance(rate, Decimal) or not rate.is_finite() or rate <= 0:
            raise MoneyError(f"“{rate}” is not an exchange rate; a rate is a decimal greater than zero.")
        return Money.rounded(_EXACT.multiply(self.amount, rate), currency, rounding)

    def allocate(
        self, weights: Sequence[Decimal | int], mode: AllocationMode = "largest_remainder"
    ) -> "tuple[Money, ...]":
        """Split into shares in proportion to the weights; the shares always add up to the amount.

        ``largest_remainder`` rounds every share towards zero and gives the units left over to the largest remainders,
        on a tie to the last of them; a share of weight zero is zero. ``peer`` is the rule of FOLIO, for migrated data:
        every share is rounded half to even, a shortage goes unit by unit to the shares from the last backwards, an
        excess is taken from the shares from the first on; there even a share of weight zero can be corrected.

        Raises `MoneyError` when there are no weights, one is negative, or all are zero and there is something to split;
        `TypeError` for a float.
        """
        parts = [Fraction(_factor(weight)) for weight in weights]
        if not parts:
            raise MoneyError(f"{self} cannot be split over no shares.")
        if any(part < 0 for part in parts):
            raise MoneyError(f"{self} cannot be split by a negative weight.")
        whole = sum(parts)
        total = abs(self.minor_units)
        if whole == 0:
            if total:
                raise MoneyError(f"{self} cannot be split when all weights are zero.")
            return tuple(self for _ in parts)
        exact = [total * part / whole for part in parts]
        units = _largest_remainder(exact, total) if mode == "largest_remainder" else _peer(exact, total)
        sign = -1 if self.amount < 0 else 1
        return tuple(Money.from_minor_units(sign * share, self.currency) for share in units)

    # The wire

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Wire form ``{"amount": "1234.56", "currency": "EUR"}``; a JSON number is refused.

        ``model_dump()`` gives that form in every mode; validation takes it and `Money` itself.
        """
        return core_schema.no_info_wrap_validator_function(
            _from_wire,
            _WIRE,
            serialization=core_schema.plain_serializer_function_ser_schema(_to_wire, return_schema=_WIRE),
        )


_WIRE: Final = core_schema.typed_dict_schema(
    {
        "amount": core_schema.typed_dict_field(core_schema.str_schema(pattern=AMOUNT_PATTERN, strict=True)),
        "currency": core_schema.typed_dict_field(core_schema.str_schema(pattern=CURRENCY_PATTERN, strict=True)),
    },
    extra_behavior="forbid",
    total=True,
)


def _factor(value: Decimal | int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"Money is multiplied and split by Decimal or int, not {type(value).__name__}.")
    factor = Decimal(value)
    if not factor.is_finite():
        raise MoneyError(f"“{value}” is not a number money can be multiplied or split by.")
    return factor


def _largest_remainder(exact: list[Fraction], total: int) -> list[int]:
    units = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (exact[i] - units[i], i), reverse=True)
    for i in order[: total - sum(units)]:
        units[i] += 1
    return units


def _peer(exact: list[Fraction], total: int) -> list[int]:
    units = [round(share) for share in exact]  # a Fraction rounds half to even
    missing = total - sum(units)
    order = range(len(units) - 1, -1, -1) if missing > 0 else range(len(units))
    for i in list(order)[: abs(missing)]:
        units[i] += 1 if missing > 0 else -1
    return units


def _from_wire(value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Money:
    if isinstance(value, Money):
        return value
    wire = handler(value)
    try:
        return Money.of(wire["amount"], wire["currency"])
    except (MoneyError, UnknownCurrency) as error:
        raise PydanticCustomError("money", "{reason}", {"reason": str(error)}) from None


def _to_wire(value: Money) -> dict[str, str]:
    return {"amount": f"{value.amount:f}", "currency": value.currency}

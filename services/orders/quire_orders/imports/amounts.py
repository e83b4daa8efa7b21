"""Amounts, percentages and dates as people and finance systems write them."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from quire_orders.imports.faults import CellFault
from quire_shared.values.currencies import UnknownCurrency, exponent
from quire_shared.values.money import Money, MoneyError

DecimalMark = Literal[",", "."]
Value = str | Decimal | date | datetime | bool | None

_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_SIGN = re.compile(r"[€$£¥]")
_SIGN_MEANS = {
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "GIP", "FKP", "SHP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "BRL", "CLP", "COP", "ARS"}),
}
_SPACES = re.compile(r"[\s   ’']")
_GROUPED = {
    ",": re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?|,[0-9]+"),
    ".": re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"),
}


def read_number(value: Value, decimal_mark: DecimalMark) -> Decimal | None:
    """A number; None for an empty cell or a lone dash.

    Negative are "-5", "5-", "(5)"; spaces and apostrophes group thousands, and so does the mark that is not the decimal
    one, but only in groups of three. A currency sign or code is passed over. Raises CellFault.
    """
    if isinstance(value, Decimal):
        return value
    if value is None or (isinstance(value, str) and value.strip() in {"", "-", "–", "—"}):
        return None
    if not isinstance(value, str):
        raise CellFault(
            "no_number", f"“{value}” is no number.", "Enter a number, or set the format of the cell to number."
        )
    text = _SPACES.sub("", _SIGN.sub("", _CODE.sub("", value.strip().rstrip("%")))).replace("−", "-").replace("–", "-")
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1]
    elif text.startswith("-"):
        negative, text = True, text[1:]
    elif text.endswith("-"):
        negative, text = True, text[:-1]
    elif text.startswith("+"):
        text = text[1:]
    if len(text) > 40 or not _GROUPED[decimal_mark].fullmatch(text):
        other = "," if decimal_mark == "." else "."
        hint = f" This file's mapping reads “{decimal_mark}” as the decimal mark and “{other}” as thousands."
        raise CellFault(
            "no_number", f"“{value}” is no number.{hint}", "Correct the cell, or the decimal mark of the mapping."
        )
    plain = text.replace("." if decimal_mark == "," else ",", "").replace(",", ".")
    number = Decimal(plain)
    return -number if negative and number else number


def read_money(value: Value, currency: str, decimal_mark: DecimalMark) -> Money | None:
    """An amount of money in `currency`; None for an empty cell. Raises CellFault."""
    number = read_number(value, decimal_mark)
    if number is None:
        return None
    if isinstance(value, str):
        _check_currency(value, currency)
    try:
        return Money(number, currency)
    except UnknownCurrency:
        raise CellFault(
            "unknown_currency", f"“{currency}” is no currency.", "Use an ISO 4217 code such as EUR."
        ) from None
    except MoneyError:
        raise CellFault(
            "no_amount",
            f"“{value}” has more decimals than the {exponent(currency)} of {currency}, or too many digits.",
            "Correct the amount.",
        ) from None


def _check_currency(text: str, currency: str) -> None:
    """An amount that names another currency must not be taken for one in this."""
    other = next((code for code in _CODE.findall(text) if code != currency), None)
    other = other or next((sign for sign in _SIGN.findall(text) if currency not in _SIGN_MEANS[sign]), None)
    if other:
        raise CellFault(
            "currency_differs",
            f"“{text}” says {other}, but {currency} is expected here.",
            "Correct the amount, or the currency of the line or the mapping.",
        )


def read_currency(value: Value) -> str | None:
    """A currency code of ISO 4217; None for an empty cell. Raises CellFault."""
    if value is None or not str(value).strip():
        return None
    code = str(value).strip().upper()
    try:
        exponent(code)
    except UnknownCurrency:
        raise CellFault("unknown_currency", f"“{value}” is no currency.", "Use an ISO 4217 code such as EUR.") from None
    return code


def read_quantity(value: Value, decimal_mark: DecimalMark) -> int | None:
    """A whole number of copies from 1 to 99,999; None for an empty cell. Raises CellFault."""
    number = read_number(value, decimal_mark)
    if number is None:
        return None
    if number != number.to_integral_value() or not 1 <= number <= 99_999:
        raise CellFault("no_quantity", f"“{value}” is no number of copies.", "Enter a whole number from 1 to 99,999.")
    return int(number)


def read_percent(value: Value, decimal_mark: DecimalMark, at_most: int = 100) -> Decimal | None:
    """A percentage, above 0 and at most `at_most`; None for an empty cell.

    A workbook keeps a cell formatted as 50 % as the number 0.5, which could as well be half a percent: a number cell of
    1 or less is therefore refused. Raises CellFault.
    """
    number = read_number(value, decimal_mark)
    if number is None:
        return None
    if isinstance(value, Decimal) and 0 < value <= 1:
        raise CellFault(
            "percentage_unclear",
            f"{value} may mean {value:f} % or {100 * value:f} %.",
            "Enter the percentage as a plain number or as text, such as 50 or 0.5 %.",
        )
    if not 0 < number <= at_most:
        raise CellFault(
            "no_percentage", f"“{value}” is no percentage here.", f"Enter a percentage above 0 and at most {at_most}."
        )
    return number


def read_date(value: Value) -> date | None:
    """A date of a date cell or written YYYY-MM-DD; None for an empty cell. Raises CellFault."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CellFault(
            "no_date", f"“{text}” is no date.", "Write it as YYYY-MM-DD, or format the cell as a date."
        ) from None

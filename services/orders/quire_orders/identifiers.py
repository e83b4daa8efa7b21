"""Standard numbers of publications: ISBN, ISSN, ISMN and EAN, checked and normalized.

Check digits are computed by python-stdnum (ISO 2108, ISO 3297, ISO 10957, GS1). A number that is wrong is kept as it was
given and flagged, never corrected in silence: vendors print wrong numbers on real books.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from stdnum import ean, isbn, ismn, issn
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

MAX_LENGTH = 100

# What follows the number in MARC 020 or a spreadsheet: "0131103628 (pbk.) : $45.00"
_NUMBER = re.compile(
    r"\s*(?:(?:ISBN|ISSN|ISMN|EAN)(?:-1[03])?\s*:?\s*)?([0-9M][0-9Xx \-‐‑–]*)(.*)", re.IGNORECASE | re.DOTALL
)
_QUALIFIER = re.compile(r"\(([^)]*)\)")
_HYPHENS = re.compile(r"[\s\-‐‑–]")


class IdentifierKind(StrEnum):
    """The kind of a standard number."""

    ISBN = "isbn"
    ISSN = "issn"
    ISMN = "ismn"
    EAN = "ean"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A standard number.

    `given` is the number as it came, without qualifier and price. `normalized` is what is compared and stored: ISBN and
    ISMN as 13 digits, ISSN as "1234-5678", EAN as its digits; None when the number is wrong. `problem` then says in words
    why, and `suggestion` holds a number that was probably meant.
    """

    kind: IdentifierKind
    given: str
    normalized: str | None
    qualifier: str | None = None
    problem: str | None = None
    suggestion: str | None = None

    @property
    def valid(self) -> bool:
        return self.normalized is not None


def read_isbn(text: str) -> Identifier:
    """An ISBN-10 or ISBN-13; an ISBN-10 is normalized to its ISBN-13."""
    given, number, qualifier = _split(text)
    try:
        if len(number) not in {10, 13}:
            raise InvalidLength  # python-stdnum would take nine digits for an SBN and put a zero in front
        return Identifier(IdentifierKind.ISBN, given, isbn.to_isbn13(isbn.validate(number)), qualifier)
    except ValidationError as error:
        problem = _problem("ISBN", given, error, "10 or 13 digits")
    padded = number.zfill(10)
    # Spreadsheets drop the leading zeros of an ISBN-10 that they take for a number.
    suggestion = isbn.to_isbn13(padded) if 7 <= len(number) < 10 and isbn.is_valid(padded) else None
    return Identifier(IdentifierKind.ISBN, given, None, qualifier, problem, suggestion)


def read_issn(text: str) -> Identifier:
    """An ISSN, also in its EAN form (977…)."""
    given, number, qualifier = _split(text)
    if len(number) == 13 and number.startswith("977") and ean.is_valid(number):
        number = number[3:10] + issn.calc_check_digit(number[3:10])
    try:
        return Identifier(IdentifierKind.ISSN, given, issn.format(issn.validate(number)), qualifier)
    except ValidationError as error:
        problem = _problem("ISSN", given, error, "8 digits")
    padded = number.zfill(8)
    suggestion = issn.format(padded) if 5 <= len(number) < 8 and issn.is_valid(padded) else None
    return Identifier(IdentifierKind.ISSN, given, None, qualifier, problem, suggestion)


def read_ismn(text: str) -> Identifier:
    """An ISMN of 13 digits or in the old form with M; normalized to 13 digits."""
    given, number, qualifier = _split(text)
    try:
        return Identifier(IdentifierKind.ISMN, given, ismn.to_ismn13(ismn.validate(number)), qualifier)
    except ValidationError as error:
        problem = _problem("ISMN", given, error, "13 digits, or M and 9 digits")
    return Identifier(IdentifierKind.ISMN, given, None, qualifier, problem)


def read_ean(text: str) -> Identifier:
    """An EAN or another GTIN of 8, 12, 13 or 14 digits."""
    given, number, qualifier = _split(text)
    try:
        return Identifier(IdentifierKind.EAN, given, ean.validate(number), qualifier)
    except ValidationError as error:
        problem = _problem("EAN", given, error, "8, 12, 13 or 14 digits")
    return Identifier(IdentifierKind.EAN, given, None, qualifier, problem)


def read_identifier(text: str) -> Identifier | None:
    """A standard number of unknown kind, told by its length and prefix; None when there is no number at all."""
    _, number, _ = _split(text)
    if not any(character.isdigit() for character in number):
        return None
    if number.startswith("M") or (number.startswith("9790") and len(number) == 13):
        return read_ismn(text)
    if len(number) == 8:
        looks_like_ean = ean.is_valid(number) and not issn.is_valid(number)
        return read_ean(text) if looks_like_ean else read_issn(text)
    if len(number) == 13 and number.startswith("977"):
        return read_issn(text)
    if len(number) in {12, 14} or (len(number) == 13 and not number.startswith(("978", "979"))):
        return read_ean(text)
    return read_isbn(text)


def _split(text: str) -> tuple[str, str, str | None]:
    """The number as given, its compact form in capitals, and the qualifier in brackets."""
    text = text.strip()[:MAX_LENGTH]
    match = _NUMBER.match(text)
    if match is None:
        return text, _HYPHENS.sub("", text).upper(), None
    given = match.group(1).strip(" -‐‑–")
    qualifier = _QUALIFIER.search(match.group(2))
    return given, _HYPHENS.sub("", given).upper(), qualifier.group(1).strip() if qualifier else None


def _problem(name: str, given: str, error: ValidationError, shape: str) -> str:
    if isinstance(error, InvalidChecksum):
        return f"The check digit of the {name} “{given}” is wrong."
    return f"“{given}” is no {name}; it has {shape}."

"""Order lines as they come from a file, whatever its format, with their shares of funds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from quire_orders.identifiers import Identifier
from quire_orders.imports.faults import ImportFault, Severity
from quire_shared.values.money import Money

HUNDRED = Decimal(100)


class Material(StrEnum):
    """The form ordered."""

    PHYSICAL = "physical"
    ELECTRONIC = "electronic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FundShare:
    """What one fund pays of a line: so many copies, a percentage, or an amount (in the line's currency).

    With none of the three the only fund pays all.
    """

    place: str
    fund_code: str
    copies: int | None = None
    percent: Decimal | None = None
    amount: Money | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """One order line of a file.

    `key` is the natural key within its source, by which the same line is known when the file comes again: the control
    number of the record, the vendor's reference, or the line number of the sheet. `faults` holds everything wrong in it.
    """

    place: str
    key: str
    title: str
    identifiers: tuple[Identifier, ...]
    quantity: int
    unit_price: Money | None
    shares: tuple[FundShare, ...]
    faults: tuple[ImportFault, ...]
    contributors: tuple[str, ...] = ()
    edition: str | None = None
    publisher: str | None = None
    publication_place: str | None = None
    published: str | None = None
    physical: str | None = None
    series: tuple[str, ...] = ()
    url: str | None = None
    material: Material = Material.PHYSICAL
    vendor_code: str | None = None
    vendor_reference: str | None = None
    note: str | None = None
    subscription_from: date | None = None
    subscription_to: date | None = None

    @property
    def acceptable(self) -> bool:
        """Whether the line may be loaded; warnings do not keep it out."""
        return all(fault.severity is not Severity.ERROR for fault in self.faults)


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """The lines of a file, and the faults that belong to no line."""

    lines: tuple[ImportedLine, ...]
    faults: tuple[ImportFault, ...]


def identifier_faults(identifiers: Sequence[tuple[str, Identifier]]) -> list[ImportFault]:
    """A warning for each wrong number: it is kept as given."""
    faults = []
    for place, identifier in identifiers:
        if identifier.problem is None:
            continue
        meant = f" Probably {identifier.suggestion} is meant." if identifier.suggestion else ""
        faults.append(
            ImportFault(
                place,
                f"{identifier.kind.value}_wrong",
                identifier.problem + meant,
                "It is kept as given; compare it with the book or the vendor's catalog.",
                Severity.WARNING,
            )
        )
    return faults


def price_faults(price: Money | None, place: str) -> list[ImportFault]:
    """A negative price is an error; a missing one a warning, because nothing would be encumbered."""
    if price is None:
        fix = "Add a price, or 0 if it is free, before the order is opened."
        return [ImportFault(place, "price_missing", "The line has no price.", fix, Severity.WARNING)]
    if price.amount < 0:
        return [ImportFault(place, "price_negative", f"The price {price} is negative.", "Correct the price.")]
    return []


def share_faults(shares: Sequence[FundShare], quantity: int, unit_price: Money | None, place: str) -> list[ImportFault]:
    """Whether the shares make up the whole line, in exactly one of the three ways."""
    if not shares:
        return [ImportFault(place, "fund_missing", "The line has no fund.", "Add a fund code.")]
    faults: list[ImportFault] = []
    codes = [share.fund_code for share in shares]
    by_percent = [share.percent for share in shares if share.percent is not None]
    by_amount = [share.amount for share in shares if share.amount is not None]
    by_copies = [share.copies for share in shares if share.copies is not None]
    ways = [kind for kind in (by_percent, by_amount, by_copies) if kind]
    if len(ways) > 1 or (ways and len(ways[0]) != len(shares)):
        faults.append(
            ImportFault(
                shares[0].place,
                "shares_mixed",
                f"The funds {', '.join(codes)} share the line in different ways.",
                "Give every fund a percentage, or every fund an amount, or every fund a number of copies.",
            )
        )
    elif not ways and len(shares) > 1:
        faults.append(
            ImportFault(
                shares[0].place,
                "shares_missing",
                f"It is not said what {', '.join(codes)} pay each.",
                "Add percentages, amounts or copies.",
            )
        )
    elif by_percent and sum(by_percent) != HUNDRED:
        faults.append(_sum_fault(shares, f"{sum(by_percent)} %", "100 %"))
    elif by_copies and sum(by_copies) != quantity:
        faults.append(_sum_fault(shares, f"{sum(by_copies)} copies", f"{quantity} copies"))
    elif by_amount and unit_price is not None:
        whole = unit_price.times(quantity)
        if any(amount.currency != whole.currency for amount in by_amount):
            detail = f"The price is in {whole.currency}, but a fund's amount is not."
            return [ImportFault(shares[0].place, "currency_differs", detail, "Give price and amounts in one currency.")]
        found = Money.sum(by_amount, whole.currency)
        if found != whole:
            faults.append(_sum_fault(shares, str(found), str(whole)))
    return faults


def _sum_fault(shares: Sequence[FundShare], found: str, wanted: str) -> ImportFault:
    return ImportFault(
        ", ".join(dict.fromkeys(share.place for share in shares)),
        "shares_do_not_add_up",
        f"The shares of the funds add up to {found}, not to {wanted}.",
        "Correct the shares.",
    )


def duplicate_faults(lines: Sequence[ImportedLine]) -> dict[str, list[ImportFault]]:
    """By the place of the line: an error for a key that stands twice, a warning for an ISBN that does."""
    keys: dict[str, str] = {}
    numbers: dict[str, str] = {}
    faults: dict[str, list[ImportFault]] = {}
    for line in lines:
        if line.key in keys:
            faults.setdefault(line.place, []).append(
                ImportFault(
                    line.place,
                    "line_twice",
                    f"The line {line.key} stands already at {keys[line.key]}.",
                    "Delete one of them, or give it its own number.",
                )
            )
        keys.setdefault(line.key, line.place)
        for identifier in line.identifiers:
            if identifier.normalized is None:
                continue
            first = numbers.setdefault(f"{identifier.kind} {identifier.normalized}", line.place)
            if first != line.place:
                faults.setdefault(line.place, []).append(
                    ImportFault(
                        line.place,
                        "identifier_twice",
                        f"{identifier.normalized} stands already at {first}.",
                        "Check that it is meant to be ordered twice.",
                        Severity.WARNING,
                    )
                )
    return faults

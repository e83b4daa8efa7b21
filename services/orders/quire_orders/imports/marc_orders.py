"""Order lines from MARC 21 bibliographic records, by a stored profile for the fields of the vendor.

MARC 21 Format for Bibliographic Data: 001, 020, 022, 024, 028, 035, 1xx/7xx, 245, 250, 260/264, 300, 490, 856. What is
ordered (fund, price, copies) stands in a local 9xx field that every vendor lays out differently; a repeated one is one
per copy or one per fund.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from quire_orders.identifiers import Identifier, read_ean, read_isbn, read_ismn, read_issn
from quire_orders.imports.amounts import DecimalMark, Value, read_currency, read_money, read_percent, read_quantity
from quire_orders.imports.faults import CellFault, ImportFault
from quire_orders.imports.marc_records import MarcField, MarcRecord, read_records
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
from quire_shared.values.currencies import exponent
from quire_shared.values.money import Money

_T = TypeVar("_T")
_Tag = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
_Code = Annotated[str, Field(pattern=r"^[0-9a-z]$")]
_ENDING = re.compile(r"\s*[/:;,=]\s*$|(?<=\w{3})\.\s*$")
_FORM_OF_ITEM_AT = {"e": 29, "f": 29, "g": 29, "k": 29, "o": 29, "r": 29}
_ONLINE_FORMS = frozenset("oqs")


class Repeated(StrEnum):
    """What a repeated order field stands for."""

    COPY = "copy"
    FUND = "fund"


class Subfield(BaseModel):
    """A place in a record outside the order field: "035 $a"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: _Tag
    code: _Code = "a"


class MarcOrderProfile(BaseModel):
    """How one vendor fills the order field of its records.

    With `repeated` = copy each field is its `copies` (else one copy) of its fund; with fund, each field is a share of
    the line by percentage or amount, and the copies are those of the first field (else 1). Prices are per copy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    order_field: _Tag
    repeated: Repeated
    fund: _Code
    copies: _Code | None = None
    price: _Code | None = None
    currency: _Code | None = None
    percent: _Code | None = None
    amount: _Code | None = None
    location: _Code | None = None
    note: _Code | None = None
    vendor_reference: Subfield | None = None
    decimal_mark: DecimalMark = "."
    default_currency: str
    vendor_code: str | None = None

    @field_validator("default_currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        exponent(code)
        return code


def read_marc_orders(content: bytes, profile: MarcOrderProfile) -> ImportedOrder:
    """Reads every record as an order line, all faults at once; a damaged record keeps out only itself.

    Raises UnreadableFile when the file is no MARC file, above 50 MB or above 100,000 records.
    """
    lines: list[ImportedLine] = []
    faults: list[ImportFault] = []
    for record in read_records(content):
        if record.fields:
            lines.append(_Reader(record, profile).line())
        else:
            faults += record.faults
    doubled = duplicate_faults(lines)
    lines = [replace(line, faults=(*line.faults, *doubled.get(line.place, ()))) for line in lines]
    return ImportedOrder(tuple(lines), tuple(faults))


class _Reader:
    """One record; faults gather while its fields are read."""

    def __init__(self, record: MarcRecord, profile: MarcOrderProfile) -> None:
        self._record, self._profile = record, profile
        self._faults = list(record.faults)

    def line(self) -> ImportedLine:
        record, profile = self._record, self._profile
        title = self._title()
        identifiers = self._identifiers()
        self._faults += identifier_faults(identifiers)
        orders = record.all(profile.order_field)
        before = len(self._faults)
        prices = self._prices(orders)
        if len(set(prices)) > 1:
            self._fault(
                profile.order_field,
                "prices_differ",
                f"The copies have different prices: {', '.join(dict.fromkeys(map(str, prices)))}.",
                "Order them as separate lines.",
            )
        price = prices[0] if prices else None
        if len(self._faults) == before:
            self._faults += price_faults(price, f"{record.place}, {profile.order_field}")
        before = len(self._faults)
        shares = [share for n, field in enumerate(orders, 1) if (share := self._share(n, field, len(orders)))]
        quantity = self._quantity(orders, shares)
        if len(self._faults) == before:
            self._faults += share_faults(shares, quantity, price, f"{record.place}, {profile.order_field}")
        vendor_reference = self._vendor_reference()
        imprint = self._imprint()
        return ImportedLine(
            place=record.place,
            key=self._key(vendor_reference),
            title=title,
            identifiers=tuple(identifier for _, identifier in identifiers),
            quantity=quantity,
            unit_price=price,
            shares=tuple(shares),
            contributors=self._contributors(),
            edition=self._joined("250", "ab") or None,
            publication_place=_trimmed(imprint.first("a")) or None if imprint else None,
            publisher=_trimmed(imprint.first("b")) or None if imprint else None,
            published=imprint.first("c").strip(" .[]") or None if imprint else None,
            physical=self._joined("300", "abce") or None,
            series=tuple(text for field in record.all("490") if (text := _trimmed(field.first("a")))),
            url=next((url for field in record.all("856") if (url := field.first("u"))), None),
            material=self._material(),
            vendor_code=profile.vendor_code,
            vendor_reference=vendor_reference or None,
            note="; ".join(self._notes(orders)) or None,
            faults=tuple(self._faults),
        )

    def _title(self) -> str:
        title = self._joined("245", "abnp")
        if not title:
            self._fault("245", "title_missing", "The record has no title.", "Ask the vendor for a complete record.")
        return title

    def _joined(self, tag: str, codes: str) -> str:
        field = next(iter(self._record.all(tag)), None)
        if field is None:
            return ""
        return _trimmed(" ".join(value for code, value in field.subfields if code in codes))

    def _contributors(self) -> tuple[str, ...]:
        fields = self._record.all("100", "110", "111", "700", "710", "711")
        names = (_trimmed(" ".join(v for code, v in field.subfields if code in "abcq")) for field in fields)
        return tuple(dict.fromkeys(name for name in names if name))

    def _imprint(self) -> MarcField | None:
        """264 of a publication (second indicator 1) before another 264 before 260."""
        fields = self._record.all("264", "260")
        rank = {"1": 0}
        return min(fields, key=lambda field: (field.tag != "264", rank.get(field.indicators[1:2], 1)), default=None)

    def _identifiers(self) -> list[tuple[str, Identifier]]:
        found: list[tuple[str, Identifier]] = []
        for tag, reader in (("020", read_isbn), ("022", read_issn)):
            for field in self._record.all(tag):
                found += [(f"{self._record.place}, {tag} $a", reader(value)) for value in field.all("a")]
        for field in self._record.all("024"):
            # First indicator: 2 = ISMN, 3 = EAN (MARC 21, field 024)
            other = {"2": read_ismn, "3": read_ean}.get(field.indicators[:1])
            if other is not None:
                found += [(f"{self._record.place}, 024 $a", other(value)) for value in field.all("a")]
        return found

    def _prices(self, orders: list[MarcField]) -> list[Money]:
        profile = self._profile
        prices = []
        for number, field in enumerate(orders, 1):
            currency = self._read(number, field, profile.currency, read_currency) or profile.default_currency
            price = self._money(number, field, profile.price, currency)
            if price is not None:
                prices.append(price)
        return prices

    def _share(self, number: int, field: MarcField, of: int) -> FundShare | None:
        profile = self._profile
        place = f"{self._record.place}, {profile.order_field} ({number})"
        code = field.first(profile.fund)
        if not code:
            self._fault(
                f"{profile.order_field} ({number}) ${profile.fund}",
                "fund_missing",
                "The order field has no fund.",
                "Add the fund code, or correct the profile.",
            )
            return None
        mark = profile.decimal_mark
        copies: int | None = None
        percent: Decimal | None = None
        amount: Money | None = None
        if profile.repeated is Repeated.COPY:
            copies = self._read(number, field, profile.copies, lambda value: read_quantity(value, mark)) or 1
        else:
            percent = self._read(number, field, profile.percent, lambda value: read_percent(value, mark))
            currency = self._read(number, field, profile.currency, read_currency) or profile.default_currency
            amount = self._money(number, field, profile.amount, currency)
        return FundShare(place, code, copies, percent, amount, self._value(field, profile.location) or None)

    def _quantity(self, orders: list[MarcField], shares: list[FundShare]) -> int:
        if self._profile.repeated is Repeated.COPY:
            return sum(share.copies or 0 for share in shares) or 1
        mark = self._profile.decimal_mark
        first = orders[0] if orders else None
        if first is None:
            return 1
        return self._read(1, first, self._profile.copies, lambda value: read_quantity(value, mark)) or 1

    def _vendor_reference(self) -> str:
        where = self._profile.vendor_reference
        if where is None:
            return ""
        field = next(iter(self._record.all(where.tag)), None)
        return "" if field is None else field.data or field.first(where.code)

    def _key(self, vendor_reference: str) -> str:
        """001 with the agency that gave it (003), else the vendor's reference, else 035, else the record's number."""
        if number := self._record.control("001"):
            agency = self._record.control("003")
            return f"({agency}){number}" if agency else number
        system = next((value for field in self._record.all("035") if (value := field.first("a"))), "")
        return vendor_reference or system or self._record.place

    def _material(self) -> Material:
        """Electronic by form of item (008) or carrier (007 "c"); MARC 21, fields 007 and 008."""
        fixed = self._record.control("008")
        at = _FORM_OF_ITEM_AT.get(self._record.leader[6:7], 23)
        online = fixed[at : at + 1] in _ONLINE_FORMS if len(fixed) > at else False
        carrier = any(field.data.startswith("c") for field in self._record.all("007"))
        return Material.ELECTRONIC if online or carrier else Material.PHYSICAL

    def _notes(self, orders: list[MarcField]) -> list[str]:
        code = self._profile.note
        return [note for field in orders for note in field.all(code)] if code else []

    def _value(self, field: MarcField, code: str | None) -> str:
        return field.first(code) if code else ""

    def _money(self, number: int, field: MarcField, code: str | None, currency: str) -> Money | None:
        mark = self._profile.decimal_mark
        return self._read(number, field, code, lambda value: read_money(value, currency, mark))

    def _read(self, number: int, field: MarcField, code: str | None, reader: Callable[[Value], _T | None]) -> _T | None:
        try:
            return reader(self._value(field, code)) if code else None
        except CellFault as fault:
            found = fault.at(f"{self._record.place}, {field.tag} ({number}) ${code}")
            if found not in self._faults:
                self._faults.append(found)
            return None

    def _fault(self, where: str, code: str, detail: str, fix: str) -> None:
        self._faults.append(ImportFault(f"{self._record.place}, {where}", code, detail, fix))


def _trimmed(text: str) -> str:
    """A value without the punctuation that ISBD puts before the next element."""
    return _ENDING.sub("", text.strip()).strip()

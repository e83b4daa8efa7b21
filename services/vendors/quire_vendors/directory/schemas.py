"""What the API of the directory takes and gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from quire_shared.values.currencies import CURRENCY_PATTERN
from quire_shared.values.money import Money
from quire_vendors.directory.rules import IdentifierScheme, VendorStatus

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=35)]
LongText = Annotated[str, StringConstraints(max_length=10_000)]
Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]


def _as_kept(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"))


Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4), AfterValidator(_as_kept)]
Days = Annotated[int, Field(ge=0, le=3650)]
Folder = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Body(BaseModel):
    """What is sent: unknown fields are refused, so that a misspelt one does not vanish."""

    model_config = ConfigDict(extra="forbid")


class IdentifierIn(Body):
    scheme: IdentifierScheme
    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    agency: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10)] = ""
    valid_from: date | None = None
    valid_to: date | None = None


class IdentifierOut(IdentifierIn):
    model_config = ConfigDict(from_attributes=True, extra="ignore")


class AccountIn(Body):
    """An account. Folders are relative to the exchange folder of Quire. ``library_id`` is our own id there (SAN, GLN)."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] = ""
    active: bool = True
    profile: Annotated[str, StringConstraints(max_length=40)] | None = None
    sends_edi: bool = False
    receives_edi: bool = False
    folder_in: Folder | None = None
    folder_out: Folder | None = None
    library_id: Short = ""
    library_qualifier: Annotated[str, StringConstraints(max_length=4)] = ""
    branch_id: Short = ""
    recipient_id: Short = ""
    recipient_qualifier: Annotated[str, StringConstraints(max_length=4)] = ""
    unit_id: UUID | None = None


class AccountPatch(Body):
    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None = None
    active: bool | None = None
    profile: Annotated[str, StringConstraints(max_length=40)] | None = None
    sends_edi: bool | None = None
    receives_edi: bool | None = None
    folder_in: Folder | None = None
    folder_out: Folder | None = None
    library_id: Short | None = None
    library_qualifier: Annotated[str, StringConstraints(max_length=4)] | None = None
    branch_id: Short | None = None
    recipient_id: Short | None = None
    recipient_qualifier: Annotated[str, StringConstraints(max_length=4)] | None = None


class AccountOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    name: str
    active: bool
    profile: str | None
    sends_edi: bool
    receives_edi: bool
    folder_in: str | None
    folder_out: str | None
    library_id: str
    library_qualifier: str
    branch_id: str
    recipient_id: str
    recipient_qualifier: str
    unit_id: UUID | None


class VendorIn(Body):
    code: Code
    name: Name
    aliases: Annotated[list[Name], Field(max_length=100)] = []
    status: VendorStatus = VendorStatus.ACTIVE
    identifiers: Annotated[list[IdentifierIn], Field(max_length=200)] = []
    currency: Currency | None = None
    tolerance_amount: Money | None = None
    tolerance_percent: Percent | None = None
    claim_days: Days | None = None
    days_to_deliver: Days | None = None
    address: LongText = ""
    note: LongText = ""
    accounts: Annotated[list[AccountIn], Field(max_length=100)] = []


class VendorPatch(Body):
    """Only what is sent is changed; ``aliases`` and ``identifiers`` replace the lists that stand."""

    code: Code | None = None
    name: Name | None = None
    aliases: Annotated[list[Name], Field(max_length=100)] | None = None
    status: VendorStatus | None = None
    identifiers: Annotated[list[IdentifierIn], Field(max_length=200)] | None = None
    currency: Currency | None = None
    tolerance_amount: Money | None = None
    tolerance_percent: Percent | None = None
    claim_days: Days | None = None
    days_to_deliver: Days | None = None
    address: LongText | None = None
    note: LongText | None = None


class VendorOut(BaseModel):
    id: UUID
    version: int
    code: str
    name: str
    aliases: list[str]
    status: VendorStatus
    identifiers: list[IdentifierOut]
    currency: str | None
    tolerance_amount: Money | None
    tolerance_percent: Decimal | None
    claim_days: int | None
    days_to_deliver: int | None
    address: str
    note: str
    sends_edi: bool
    receives_edi: bool
    accounts: list[AccountOut]


class VendorRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    code: str
    name: str
    status: VendorStatus
    currency: str | None


class VendorPage(BaseModel):
    items: list[VendorRow]
    total: int


class ContactIn(Body):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    role: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] | None = None
    note: LongText = ""


class ContactOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: str
    email: str | None
    phone: str | None
    note: str


class ContactMade(BaseModel):
    """The id only: answers are kept for repetitions, and a kept name could not be erased."""

    id: UUID


class ContactList(BaseModel):
    items: list[ContactOut]
    total: int


class Erased(BaseModel):
    id: UUID
    erased: bool = True


class ProfileRow(BaseModel):
    name: str
    title: str
    version: int
    status: str


class ProfileList(BaseModel):
    items: list[ProfileRow]
    total: int

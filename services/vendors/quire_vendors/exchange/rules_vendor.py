"""Who sent a message: sender id, numbers of the supplier, its name, or the profile, in this order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KnownNumber:
    scheme: str
    value: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as far as recognition needs it; ``ids`` are the library's own numbers in what arrives."""

    id: UUID
    vendor_id: UUID
    number: str
    profile: str | None
    ids: frozenset[str] = frozenset()
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownVendor:
    id: UUID
    code: str
    name: str
    names: frozenset[str] = frozenset()
    numbers: tuple[KnownNumber, ...] = ()
    accounts: tuple[KnownAccount, ...] = ()
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The active vendors at one moment."""

    vendors: tuple[KnownVendor, ...] = ()

    def get(self, vendor_id: UUID) -> KnownVendor | None:
        return next((v for v in self.vendors if v.id == vendor_id), None)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a message says of its sender. ``names`` are folded like a vendor's ``names``."""

    sender: str = ""
    supplier_ids: tuple[str, ...] = ()
    supplier_names: tuple[str, ...] = ()
    profile: str | None = None
    own_ids: tuple[str, ...] = ()
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recognized:
    """The vendor, its account, how it was told, or what is wrong in words."""

    vendor: KnownVendor | None = None
    account: KnownAccount | None = None
    by: str = ""
    problem: str = ""
    ambiguous: bool = False
    candidates: tuple[UUID, ...] = field(default=())


def plain_number(value: str) -> str:
    """A number for comparison: SANs are written with and without a hyphen."""
    return value.strip().replace("-", "").casefold()


def recognize(hints: Hints, directory: Directory, day: date) -> Recognized:
    """The vendor of a message.

    The folder's account decides when the file came through one. Else the first of these that fits exactly one vendor:
    interchange sender, a number of the supplier, the supplier's name, the EDI profile of an account.
    """
    if hints.account_id is not None:
        for vendor in directory.vendors:
            for account in vendor.accounts:
                if account.id == hints.account_id:
                    return Recognized(vendor, account, "folder")
    doubtful: tuple[str, Sequence[KnownVendor]] | None = None
    for by, found in (
        ("sender", _by_number(directory, (hints.sender,), day)),
        ("supplier_number", _by_number(directory, hints.supplier_ids, day)),
        ("supplier_name", [v for v in directory.vendors if v.names & set(hints.supplier_names)]),
        ("profile", [v for v in directory.vendors if hints.profile in _profiles(v)] if hints.profile else []),
    ):
        if len(found) == 1:
            return Recognized(found[0], account_of(found[0], hints), by)
        if found and doubtful is None:
            doubtful = (by, found)
    if doubtful is not None:
        vendors = sorted(doubtful[1], key=lambda v: v.code)
        names = ", ".join(f"{v.name} ({v.code})" for v in vendors[:5])
        return Recognized(
            problem=f"Several vendors fit this message: {names}. Say which one it is.",
            ambiguous=True,
            candidates=tuple(v.id for v in vendors),
        )
    said = [f"the sender “{hints.sender}”"] if hints.sender else []
    said += [f"the supplier number {i}" for i in hints.supplier_ids[:3]]
    said += [f"the supplier “{n}”" for n in hints.supplier_names[:1]]
    shown = ", ".join(said) or "no sender at all"
    return Recognized(
        problem=f"No vendor of the directory fits this message; it names {shown}. Say which vendor it is, or make the"
        " vendor, and read the message again."
    )


def account_of(vendor: KnownVendor, hints: Hints) -> KnownAccount | None:
    """The account: the only one, else the one with a number of the library that the message names, else none."""
    if len(vendor.accounts) == 1:
        return vendor.accounts[0]
    named = {plain_number(i) for i in hints.own_ids if i}
    fitting = [a for a in vendor.accounts if named & {plain_number(i) for i in (a.number, *a.ids) if i}]
    return fitting[0] if len(fitting) == 1 else None


def profile_of(vendor: KnownVendor, account: KnownAccount | None) -> str | None:
    """The profile under which the vendor's messages are read, when the directory says it without doubt."""
    if account is not None and account.profile:
        return account.profile
    profiles = _profiles(vendor)
    return next(iter(profiles)) if len(profiles) == 1 else None


def _profiles(vendor: KnownVendor) -> set[str]:
    return {a.profile for a in vendor.accounts if a.profile}


def _by_number(directory: Directory, values: Iterable[str], day: date) -> list[KnownVendor]:
    wanted = {plain_number(v) for v in values if v}
    if not wanted:
        return []
    return [v for v in directory.vendors if any(plain_number(n.value) in wanted and n.holds_on(day) for n in v.numbers)]

"""Pure decisions of the directory: vocabulary, numbers with a check digit, folders, and periods of validity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

MOST_FOLDER = 200

_SAN = re.compile(r"[0-9]{3}-?[0-9]{3}[0-9X]")
_GLN = re.compile(r"[0-9]{13}")
_SEGMENT = re.compile(r"[\w .@+-]{1,80}")


class VendorStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class IdentifierScheme(StrEnum):
    """Who gave a number. ``sender``: the vendor's id in the envelope of its interchanges."""

    SAN = "san"
    GLN = "gln"
    SENDER = "sender"
    SUPPLIER = "supplier"
    BUYER = "buyer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number of a vendor and the days for which it holds, both ends included; None is open."""

    vendor_id: UUID
    scheme: str
    value: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault of a vendor as entered: field, code, sentence and remedy."""

    pointer: str
    code: str
    detail: str
    fix: str


def normalize_san(text: str) -> str | None:
    """A Standard Address Number (ANSI/NISO Z39.43) as seven characters, or None when its check digit is wrong.

    Weights 7 to 2 for the first six digits; the sum with the check digit is a multiple of 11, X stands for 10.
    """
    text = text.strip().upper()
    if not _SAN.fullmatch(text):
        return None
    digits = text.replace("-", "")
    total = sum(int(d) * weight for d, weight in zip(digits[:6], range(7, 1, -1), strict=True))
    total += 10 if digits[6] == "X" else int(digits[6])
    return digits if total % 11 == 0 else None


def normalize_gln(text: str) -> str | None:
    """A Global Location Number (GS1, 13 digits) without blanks, or None when its check digit is wrong."""
    digits = "".join(text.split())
    if not digits.isascii() or not _GLN.fullmatch(digits):
        return None
    total = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits[:12]))
    return digits if (total + int(digits[12])) % 10 == 0 else None


def overlap(one: Numbered, other: Numbered) -> bool:
    """Whether two periods have a day in common."""
    starts = [d for d in (one.valid_from, other.valid_from) if d is not None]
    ends = [d for d in (one.valid_to, other.valid_to) if d is not None]
    return not starts or not ends or max(starts) <= min(ends)


def number_faults(given: Sequence[Numbered], taken: Iterable[Numbered]) -> list[Wrong]:
    """What is wrong with the numbers of one vendor, against those that other vendors have.

    Two vendors with the same number on the same day could not be told apart when a file arrives.
    """
    faults = []
    others = list(taken)
    for n, entry in enumerate(given):
        if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
            faults.append(
                Wrong(
                    f"/identifiers/{n}/valid_to",
                    "period_backwards",
                    f"The number {entry.value} ends before it begins.",
                    "Exchange the dates.",
                )
            )
        clash = next(
            (
                o
                for o in others
                if o.scheme == entry.scheme and o.value.casefold() == entry.value.casefold() and overlap(o, entry)
            ),
            None,
        )
        if clash is not None:
            faults.append(
                Wrong(
                    f"/identifiers/{n}/value",
                    "number_taken",
                    f"Another vendor has the {entry.scheme} number {entry.value} in this period.",
                    "Correct the number, or end its validity at the other vendor first.",
                )
            )
    return faults


def folder_fault(folder: str) -> str | None:
    """What is wrong with an exchange folder, in words. Folders are relative to the exchange root and stay below it."""
    if len(folder) > MOST_FOLDER:
        return f"A folder has at most {MOST_FOLDER} characters."
    parts = folder.split("/")
    if folder.startswith("/") or "\\" in folder or any(not p or p in (".", "..") for p in parts):
        return "A folder is given relative to the exchange folder of Quire, like “ybp/in”, without “..”."
    if any(not _SEGMENT.fullmatch(p) or p != p.strip() or p.startswith(".") for p in parts):
        return "Names of folders hold letters, digits, blanks and . @ + - _ only and do not begin with a point."
    if parts[-1].casefold() == "done":
        return "“done” is where Quire puts files that it has taken; choose another name."
    return None


def account_faults(
    *, profile: str | None, profiles: Sequence[str], folder_in: str | None, folder_out: str | None,
    sends_edi: bool, receives_edi: bool,
) -> list[Wrong]:  # fmt: skip
    """All that is wrong with an account's exchange of files."""
    faults = []
    if profile is not None and profile not in profiles:
        faults.append(
            Wrong(
                "/profile",
                "profile_unknown",
                f"There is no EDI profile “{profile}”.",
                f"Choose one of: {', '.join(profiles)}.",
            )
        )
    for name, folder in (("folder_in", folder_in), ("folder_out", folder_out)):
        fault = folder_fault(folder) if folder is not None else None
        if fault is not None:
            faults.append(Wrong(f"/{name}", "folder_not_usable", fault, "Correct the folder."))
    if folder_in is not None and folder_in == folder_out:
        faults.append(
            Wrong(
                "/folder_out",
                "same_folder",
                "Files that go out would be read in again.",
                "Use two folders, like “ybp/in” and “ybp/out”.",
            )
        )
    if receives_edi and (profile is None or folder_out is None):
        faults.append(
            Wrong(
                "/receives_edi",
                "nowhere_to_send",
                "Orders by EDI need a profile and a folder for what goes out.",
                "Give both, or send orders by hand.",
            )
        )
    return faults

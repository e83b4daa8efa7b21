"""Numbers with check digits, folders and periods of validity."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from quire_vendors.directory import rules


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        # 1·7 + 6·6 + 9·5 + 4·4 + 5·3 + 1·2 = 121 = 11 · 11, so the check digit is 0.
        ("169-4510", "1694510"),
        ("1694510", "1694510"),
        ("1694511", None),
        ("169451", None),
        # 1·7 + 0 + 0 + 0 + 0 + 1·2 = 9; 9 + 2 = 11.
        ("100-0012", "1000012"),
        # 1·7 + 0 + 0 + 2·4 + 0 + 4·2 = 23; 23 + 10 = 33: the check digit is X.
        ("100-204x", "100204X"),
    ],
)
def test_a_san_has_a_check_digit(given: str, kept: str | None) -> None:
    assert rules.normalize_san(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        # 4+0·3+1+2·3+3+4·3+5+0·3+0+0·3+0+0·3 = 31, so the check digit is 9.
        ("4012345000009", "4012345000009"),
        ("40 12345 00000 9", "4012345000009"),
        ("4012345000008", None),
        ("401234500000", None),
    ],
)
def test_a_gln_has_a_check_digit(given: str, kept: str | None) -> None:
    assert rules.normalize_gln(given) == kept


@pytest.mark.parametrize("folder", ["ybp/in", "ybp", "Harrassowitz 2026/in_1", "a+b/c@d"])
def test_folders_that_can_be_used(folder: str) -> None:
    assert rules.folder_fault(folder) is None


@pytest.mark.parametrize(
    "folder", ["/etc", "../x", "a/../b", "a//b", "a/.hidden", "a\\b", "a/", ".", "a/done", "x" * 201, "a/b\n"]
)
def test_folders_that_lead_elsewhere_are_refused(folder: str) -> None:
    assert rules.folder_fault(folder) is not None


def number(vendor: uuid.UUID, value: str, start: date | None = None, end: date | None = None) -> rules.Numbered:
    return rules.Numbered(vendor, "sender", value, start, end)


def test_a_number_belongs_to_one_vendor_on_each_day() -> None:
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    old = number(theirs, "ABC", None, date(2025, 12, 31))
    assert rules.number_faults([number(mine, "abc", date(2026, 1, 1))], [old]) == []
    [fault] = rules.number_faults([number(mine, "abc", date(2025, 12, 31))], [old])
    assert fault.code == "number_taken"


def test_a_period_that_runs_backwards_is_named() -> None:
    [fault] = rules.number_faults([number(uuid.uuid4(), "A", date(2026, 2, 1), date(2026, 1, 1))], [])
    assert (fault.code, fault.pointer) == ("period_backwards", "/identifiers/0/valid_to")

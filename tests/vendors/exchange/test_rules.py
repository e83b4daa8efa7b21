"""Pure decisions: who sent a message, which key tells a duplicate, how a file is named."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_vendors.exchange import rules, rules_out, rules_vendor

DAY = date(2026, 3, 2)


def vendor(
    code: str, *numbers: rules_vendor.KnownNumber, accounts: int = 1, **more: object
) -> rules_vendor.KnownVendor:
    vendor_id = uuid.uuid4()
    made = tuple(
        rules_vendor.KnownAccount(uuid.uuid4(), vendor_id, f"{code}-{n}", f"profile-{code.lower()}")
        for n in range(accounts)
    )
    return rules_vendor.KnownVendor(vendor_id, code, code, numbers=numbers, accounts=made, **more)  # type: ignore[arg-type]


def sender(value: str, start: date | None = None, end: date | None = None) -> rules_vendor.KnownNumber:
    return rules_vendor.KnownNumber("sender", value, start, end)


def test_the_sender_comes_before_the_supplier_and_the_profile() -> None:
    one, two = vendor("A", sender("AAA")), vendor("B", sender("BBB"))
    directory = rules_vendor.Directory((one, two))
    hints = rules_vendor.Hints(sender="AAA", supplier_ids=("BBB",), profile="profile-b")
    found = rules_vendor.recognize(hints, directory, DAY)
    assert (found.vendor, found.by) == (one, "sender")
    by_profile = rules_vendor.recognize(rules_vendor.Hints(sender="?", profile="profile-b"), directory, DAY)
    assert (by_profile.vendor, by_profile.by) == (two, "profile")


def test_a_number_counts_only_on_its_days() -> None:
    old, new = vendor("OLD", sender("X", None, date(2025, 12, 31))), vendor("NEW", sender("X", date(2026, 1, 1)))
    directory = rules_vendor.Directory((old, new))
    assert rules_vendor.recognize(rules_vendor.Hints(sender="X"), directory, DAY).vendor is new
    assert rules_vendor.recognize(rules_vendor.Hints(sender="X"), directory, date(2025, 6, 1)).vendor is old


def test_a_san_is_the_same_with_and_without_its_hyphen() -> None:
    found = rules_vendor.recognize(
        rules_vendor.Hints(sender="169-4510"), rules_vendor.Directory((vendor("Y", sender("1694510")),)), DAY
    )
    assert found.vendor is not None


def test_nobody_and_several_are_told_apart() -> None:
    directory = rules_vendor.Directory((vendor("A", sender("X")), vendor("B", sender("X"))))
    several = rules_vendor.recognize(rules_vendor.Hints(sender="X"), directory, DAY)
    assert several.ambiguous
    assert len(several.candidates) == 2
    nobody = rules_vendor.recognize(rules_vendor.Hints(sender="Z"), directory, DAY)
    assert not nobody.ambiguous
    assert "“Z”" in nobody.problem


def test_the_account_is_the_one_whose_number_the_message_names() -> None:
    known = vendor("A", sender("X"), accounts=2)
    named = rules_vendor.account_of(known, rules_vendor.Hints(own_ids=("A-1",)))
    assert named is known.accounts[1]
    assert rules_vendor.account_of(known, rules_vendor.Hints(own_ids=("other",))) is None


@pytest.mark.parametrize(
    ("kind", "function", "number", "key"),
    [
        ("invoice", "original", " A1 ", "invoice:original:a1"),
        ("invoice", "additional", "A1", "invoice:original:a1"),
        ("invoice", "replacement", "A1", "invoice:replacement:a1"),
        ("credit_note", "original", "A1", "credit_note:original:a1"),
        ("invoice", "original", " ", None),
        ("order_response", "original", "A1", None),
    ],
)
def test_the_third_key(kind: str, function: str, number: str, key: str | None) -> None:
    assert rules.document_key(kind, function, number) == key


def test_the_name_of_a_file() -> None:
    values = {"type": "ORDERS", "reference": "17", "suffix": "CEP"}
    assert rules_out.file_name("{type}{reference}.{suffix}", values, 38) == "ORDERS17.CEP"
    assert rules_out.file_name("../{type}/{reference}.{suffix}", values, 38) == "ORDERS-17.CEP"
    assert rules_out.file_name("a-very-long-name-{reference}.{suffix}", values, 12) == "name-17.CEP"


@given(
    st.text(max_size=60),
    st.dictionaries(st.sampled_from(["type", "reference", "suffix"]), st.text(max_size=20)),
    st.integers(8, 255),
)
def test_no_name_leads_out_of_its_folder(template: str, values: dict[str, str], longest: int) -> None:
    name = rules_out.file_name(template, values, longest)
    assert "/" not in name
    assert not name.startswith(".")
    assert 0 < len(name) <= longest


def test_pauses_double_and_end_at_an_hour() -> None:
    found = [rules_out.pause(n) for n in (1, 2, 3, 8, 50)]
    assert found == [timedelta(seconds=s) for s in (30, 60, 120, 3600, 3600)]

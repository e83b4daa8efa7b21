"""Scopes of the seed roles, and the small decisions of identity."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from quire_desk.identity import rules
from quire_shared.access.principal import Principal

OFFERED = {
    "orders": ["funds:read", "funds:write", "orders:read", "receiving:write", "invoices:pay", "operations:read"],
    "vendors": ["vendors:read", "vendors:write", "operations:write"],
    "licenses": ["licenses:read", "licenses:write"],
    "usage": ["usage:read", "usage:write"],
    "desk": ["identity:read", "identity:write", "readmodels:read", "units:read", "keys:write"],
}


@pytest.mark.parametrize(
    ("role", "has", "lacks"),
    [
        ("administrator", {"*:*"}, set()),
        ("acquisitions_librarian", {"funds:write", "vendors:write", "licenses:read", "usage:read"}, {"licenses:write"}),
        ("eresources_librarian", {"licenses:write", "usage:write", "funds:read"}, {"funds:write", "vendors:write"}),
        ("receiving_assistant", {"receiving:write", "orders:read"}, {"funds:read", "readmodels:read"}),
        ("finance_clerk", {"invoices:pay", "funds:read"}, {"funds:write", "receiving:write"}),
        ("selector", {"funds:read", "usage:read"}, {"funds:write", "licenses:read"}),
    ],
)
def test_seed_roles(role: str, has: set[str], lacks: set[str]) -> None:
    scopes = rules.seed_scopes(role, OFFERED)
    assert has <= scopes
    assert not lacks & scopes


def test_only_administrators_reach_people_and_operations() -> None:
    for role in rules.SEED_ROLES.keys() - {rules.ADMINISTRATOR}:
        assert not [s for s in rules.seed_scopes(role, OFFERED) if s.startswith(("identity:", "operations:"))]


def test_a_key_loses_what_its_owner_loses() -> None:
    owner = Principal("p", frozenset({"funds:read"}))
    assert rules.key_scopes(owner, ["funds:read", "funds:write", "*:*", "funds:*"]) == {"funds:read"}
    a, b = uuid.uuid4(), uuid.uuid4()
    assert rules.key_units(None, True, []) is None
    assert rules.key_units(None, False, [a]) == frozenset({a})
    assert rules.key_units(frozenset({b}), True, []) == frozenset({b})
    assert rules.key_units(frozenset({b}), False, [a, b]) == frozenset({b})


def test_a_session_ends_by_idleness_or_by_age() -> None:
    start = datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert rules.session_ends(start, start) == start + timedelta(hours=2)
    assert rules.session_ends(start, start + timedelta(hours=11)) == start + timedelta(hours=12)


def test_user_names_are_compared_in_one_form() -> None:
    assert rules.normal_user_name("  \uff21da ") == "ada"  # a full-width A
    assert rules.user_name_fault("ada") is None
    assert rules.user_name_fault("a") is not None
    assert rules.user_name_fault("ada b") is not None


def test_passwords_are_judged_by_length_and_variety() -> None:
    assert "12" in (rules.password_fault("short", None) or "")
    assert rules.password_fault("aaaaaaaaaaaaaaaa", None) is not None
    assert rules.password_fault("i am ada lovelace", "ada") is not None
    assert rules.password_fault("three old brown shelves", "ada") is None


def test_the_csrf_token_belongs_to_one_session() -> None:
    assert rules.csrf_token("a") != rules.csrf_token("b")
    assert rules.csrf_token("a") == rules.csrf_token("a")

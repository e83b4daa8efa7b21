"""The cascade that finds order lines, and the differences; by hand."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.invoicing.drafts import normalized
from quire_orders.invoicing.rules_differences import (
    Bill,
    InvoicedLine,
    OrderedLine,
    Period,
    Tolerance,
    differences,
    is_clean,
)
from quire_orders.invoicing.rules_matching import (
    Index,
    Invoiced,
    MatchState,
    Ordered,
    Reference,
    Rule,
    match,
    own_keys,
    title_likeness,
)
from quire_orders.purchasing.rules import LineStatus, PaymentStatus
from quire_shared.values.money import Money

ISBN = ("isbn", "9781741047622")
OTHER_ISBN = ("isbn", "9780131103627")


def ordered(**more: Any) -> Ordered:
    fields: dict[str, Any] = {
        "line_id": uuid.uuid4(),
        "order_number": "16600",
        "position": 3,
        "own_keys": own_keys("71178", "16600", 3),
        "quote_reference": None,
        "vendor_reference": None,
        "identifiers": frozenset({ISBN}),
        "title": "Lonely Planet Alaska",
        "lines_of_order": 40,
    }
    return Ordered(**(fields | more))


def invoiced(*references: tuple[str, str], identifiers: Any = (), title: str = "") -> Invoiced:
    return Invoiced([Reference(*r) for r in references], frozenset(identifiers), title)


@pytest.mark.parametrize("value", ["71178", "16600/71178", "16600/3", "16600-3", "0071178", "16600 / 71178"])
def test_our_own_reference_is_known_in_all_its_shapes(value: str) -> None:
    line = ordered()
    found = match(invoiced(("own_line", value)), [line])
    assert found.state is MatchState.MATCHED
    assert found.best is not None
    assert (found.best.line_id, found.best.rule, found.best.score) == (line.line_id, Rule.OWN_LINE, 100)
    assert found.best.evidence[0].invoice_value == value


@pytest.mark.parametrize("value", ["16601/3", "16600/4", "3", "7117", "16600"])
def test_what_only_looks_like_our_reference_is_none(value: str) -> None:
    assert match(invoiced(("own_line", value)), [ordered()]).state is not MatchState.MATCHED


@pytest.mark.parametrize(
    ("reference", "field", "rule"),
    [
        (("quote_line", "Q-77"), "quote_reference", Rule.QUOTE),
        (("supplier_line", "40031547965"), "vendor_reference", Rule.SUPPLIER),
        (("supplier_subscription", "RB475000001453298385"), "vendor_reference", Rule.SUPPLIER),
        (("library_subscription", "201276"), "vendor_reference", Rule.SUPPLIER),
    ],
)
def test_quote_supplier_and_subscription_references_match(reference: tuple[str, str], field: str, rule: Rule) -> None:
    found = match(invoiced(reference), [ordered(**{field: reference[1]}), ordered()])
    assert found.best is not None
    assert found.best.rule is rule


def test_the_order_number_with_the_isbn_matches_and_alone_does_not() -> None:
    line = ordered()
    both = match(invoiced(("order", "16600"), identifiers=[ISBN]), [line])
    assert both.best is not None
    assert (both.best.rule, both.best.score) == (Rule.ORDER_AND_IDENTIFIER, 90)
    number_only = match(invoiced(identifiers=[ISBN]), [line])
    assert number_only.state is MatchState.SUGGESTED
    assert [c.rule for c in number_only.candidates] == [Rule.IDENTIFIER]
    assert match(invoiced(("order", "16600")), [line]).state is MatchState.NONE


def test_an_isbn_10_is_the_same_number_as_its_isbn_13() -> None:
    # ISO 2108: 1741047625 → 978174104762 and check digit 2
    assert normalized("isbn10", "1741047625") == normalized("ean", "9781741047622") == ISBN


def test_placeholders_and_wrong_numbers_are_kept_but_not_compared() -> None:
    assert normalized("issn", "0000-0000") == ("issn?", "0000-0000")
    assert normalized("isbn13", "9781741047621") == ("isbn13?", "9781741047621")


def test_a_title_is_a_suggestion_only() -> None:
    found = match(invoiced(title="LONELY PLANET ALASKA"), [ordered()])
    assert (found.state, found.best) == (MatchState.SUGGESTED, None)
    assert found.candidates[0].rule is Rule.TITLE
    assert "title" in found.reason


def test_another_isbn_contradicts_our_own_reference() -> None:
    found = match(invoiced(("own_line", "71178"), identifiers=[OTHER_ISBN]), [ordered()])
    assert found.state is MatchState.SUGGESTED
    assert found.candidates[0].score == 70
    assert OTHER_ISBN[1] in found.reason


def test_two_lines_that_fit_equally_are_left_to_a_person() -> None:
    found = match(invoiced(("supplier_line", "X1")), [ordered(vendor_reference="X1"), ordered(vendor_reference="x1")])
    assert found.state is MatchState.SUGGESTED
    assert len(found.candidates) == 2


def test_titles_that_were_cut_off_are_alike() -> None:
    assert title_likeness("CONCENTRATE: POEMS.", "Concentrate : poems / Courtney Faye Taylor") == 1.0
    assert title_likeness("Économie", "Biology of fishes") < 0.4


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30, unique=True), st.integers(0, 30))
def test_the_index_loses_no_candidate(numbers: list[int], wanted: int) -> None:
    lines = [
        ordered(own_keys=own_keys(f"L{n}", "A", n), order_number="A", vendor_reference=f"V{n % 5}", position=n)
        for n in numbers
    ]
    line = invoiced(("own_line", f"L{wanted}"), ("supplier_line", f"V{wanted % 7}"), ("order", "A"), identifiers=[ISBN])
    assert match(line, Index(lines).near(line)) == match(line, lines)


# Differences


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def order_line(**more: Any) -> OrderedLine:
    fields: dict[str, Any] = {
        "title": "Lonely Planet Alaska",
        "identifiers": frozenset({ISBN}),
        "status": LineStatus.OPEN,
        "payment_status": PaymentStatus.AWAITING,
        "quantity": 2,
        "received": 2,
        "goods": usd("40.00"),
        "delivered": True,
        "recurring": False,
    }
    return OrderedLine(**(fields | more))


def bill_line(amount: str = "40.00", quantity: str = "2", **more: Any) -> InvoicedLine:
    fields: dict[str, Any] = {
        "title": "LONELY PLANET ALASKA",
        "identifiers": frozenset({ISBN}),
        "quantity": Decimal(quantity),
        "amount": usd(amount),
    }
    return InvoicedLine(**(fields | more))


def codes(ordered_line: OrderedLine | None, line: InvoicedLine, tolerance: Tolerance | None = None) -> list[str]:
    return [d.code for d in differences(ordered_line, line, tolerance or Tolerance())]


def bill(quantity: str = "2", releases: bool = True, period: Period | None = None) -> Bill:
    return Bill(uuid.uuid4(), "R-1", Decimal(quantity), date(2025, 11, 3), releases, period)


def test_a_line_as_ordered_and_received_is_clean() -> None:
    assert codes(order_line(), bill_line()) == []
    assert codes(order_line(), bill_line("20.00", "1")) == []


@pytest.mark.parametrize(
    ("ordered_line", "line", "expected"),
    [
        (None, bill_line(), ["not_ordered"]),
        (order_line(status=LineStatus.CANCELED), bill_line(), ["canceled"]),
        (order_line(status=LineStatus.PENDING), bill_line(), ["not_open"]),
        (order_line(), bill_line("40.01"), ["price"]),
        (order_line(), bill_line("39.00"), ["price"]),
        (order_line(), bill_line("60.00", "3"), ["quantity"]),
        (order_line(), bill_line(amount="40.00", quantity="2", twin=True), ["twice_on_this_invoice"]),
        (order_line(received=0), bill_line(), ["not_received"]),
        (order_line(received=1), bill_line(), ["short_received"]),
        (order_line(received=0, delivered=False), bill_line(), []),
        (order_line(payment_status=PaymentStatus.PAID), bill_line(), ["already_paid"]),
        (order_line(bills=[bill("1", releases=False)]), bill_line("20.00", "1"), []),
        (order_line(bills=[bill()]), bill_line(), ["quantity", "already_paid"]),
        (order_line(), bill_line(identifiers=frozenset({OTHER_ISBN})), ["identifier"]),
        (order_line(goods=Money.of("40.00", "EUR")), bill_line(), ["currency"]),
        (order_line(identifiers=frozenset()), bill_line(title="Biology of fishes"), ["title"]),
    ],
)
def test_each_difference_is_named(ordered_line: OrderedLine | None, line: InvoicedLine, expected: list[str]) -> None:
    found = differences(ordered_line, line, Tolerance())
    assert [d.code for d in found] == expected
    assert is_clean(found) is (expected == [])


def test_a_difference_says_both_values_and_what_to_do() -> None:
    (found,) = differences(order_line(), bill_line("43.00"), Tolerance())
    assert (found.field.value, found.ordered, found.invoiced) == ("price", "40.00", "43.00")
    assert "3.00 more (7.5 %)" in found.detail
    assert found.fix


@pytest.mark.parametrize(
    ("amount", "percent", "invoiced_amount", "allowed"),
    [
        ("3.00", None, "43.00", True),
        ("3.00", None, "43.01", False),
        (None, "5", "42.00", True),
        (None, "5", "42.01", False),
        ("3.00", "5", "42.50", False),  # 5 % of 40.00 are 2.00: both limits must hold
        ("3.00", "10", "43.00", True),
        (None, None, "40.01", False),
    ],
)
def test_the_vendors_tolerance(amount: str | None, percent: str | None, invoiced_amount: str, allowed: bool) -> None:
    tolerance = Tolerance(Decimal(amount) if amount else None, Decimal(percent) if percent else None)
    assert (codes(order_line(), bill_line(invoiced_amount), tolerance) == []) is allowed


def test_a_period_that_was_billed_is_named_and_the_next_one_is_not() -> None:
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    subscription = order_line(
        recurring=True, delivered=False, quantity=1, goods=usd("60.00"), bills=[bill(period=year)]
    )
    again = bill_line("60.00", "1", period=Period(date(2026, 12, 1), date(2027, 11, 30)))
    assert codes(subscription, again) == ["period_billed"]
    assert codes(subscription, bill_line("60.00", "1", period=Period(date(2027, 1, 1), date(2027, 12, 31)))) == []


def test_an_uncertain_price_is_named_but_does_not_keep_the_line_back() -> None:
    found = differences(order_line(uncertain_price=True), bill_line("45.00"), Tolerance())
    assert [d.code for d in found] == ["price"]
    assert is_clean(found)

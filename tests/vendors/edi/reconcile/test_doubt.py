"""Money is never guessed: what contradicts itself goes to a person, with the reason."""

from decimal import Decimal

import pytest

from quire_vendors.edi.documents.model import Invoice
from tests.vendors.edi.messages import INVOICE, line, read


def invoice(lines: list[str], summary: list[str], profile: str = "", head: list[str] = INVOICE) -> Invoice:
    document = read("INVOIC", [*head, *lines, "UNS+S", *summary], profile)
    assert isinstance(document, Invoice)
    assert document.reconciliation is not None
    return document


def codes(document: Invoice) -> set[str]:
    return {flag.code for flag in document.flags}


def in_review(document: Invoice) -> str:
    assert document.reconciliation is not None
    assert document.reconciliation.status == "review"
    assert document.needs_review
    assert not document.bookable
    assert "TOTAL_UNEXPLAINED" in codes(document)
    return document.reconciliation.reason


def explained(document: Invoice) -> str:
    assert document.reconciliation is not None
    assert document.reconciliation.status == "explained"
    return document.reconciliation.candidate


@pytest.mark.parametrize("total", ["10", "12"])
def test_two_amounts_of_one_line_are_not_chosen_from(total: str) -> None:
    document = invoice(line(1, "10", "MOA+203:12"), [f"MOA+86:{total}"])
    assert "line 1 states several amounts (10 EUR and 12 EUR)" in in_review(document)
    assert "LINE_AMOUNTS_DIFFER" in codes(document)


def test_the_same_amount_twice_or_in_another_currency_is_no_contradiction() -> None:
    assert explained(invoice(line(1, "10", "MOA+203:10.00"), ["MOA+86:10"])) == "lines"
    assert explained(invoice(line(1, "10", "MOA+203:12:USD"), ["MOA+86:10"])) == "lines"


def test_two_prices_of_one_kind_are_not_chosen_from_when_the_price_is_the_amount() -> None:
    document = invoice(["LIN+1", "QTY+47:2", "PRI+AAA:10", "PRI+AAA:11"], ["MOA+86:20"])
    assert "LINE_AMOUNTS_DIFFER" in codes(document)
    in_review(document)
    assert explained(invoice(line(1, "10", "PRI+AAA:10", "PRI+AAA:11"), ["MOA+86:10"])) == "lines"


@pytest.mark.parametrize("more", [[], ["PRI+AAA:20"]])
def test_a_line_in_another_currency_is_told_as_such(more: list[str]) -> None:
    document = invoice([*line(1, "10"), "LIN+2", "QTY+47:1", "MOA+203:20:USD", *more], ["MOA+86:10"])
    assert "line 2 is in another currency (20 USD)" in in_review(document)
    assert "LINE_CURRENCY" in codes(document)
    assert "LINE_AMOUNT_MISSING" not in codes(document)
    assert document.lines[1].amount is None


def test_copies_without_price_and_a_total_of_nothing_are_looked_at() -> None:
    lines = ["LIN+1", "QTY+47:3"]
    assert "total of 0" in in_review(invoice(lines, ["MOA+86:0"]))
    assert explained(invoice(line(1, "0", quantity="3"), ["MOA+86:0"])) == "lines"
    for head in (["BGM+380+I1+55", *INVOICE[1:]], ["BGM+381+C1+9", *INVOICE[1:]]):
        assert explained(invoice(lines, ["MOA+86:0"], head=head)) == "lines"


def test_totals_of_two_kinds_that_nothing_explains_are_looked_at() -> None:
    document = invoice(line(1, "10"), ["MOA+86:10", "MOA+9:15"])
    assert "10 EUR under 86 and 15 EUR under 9" in in_review(document)
    assert "TOTALS_DIFFER" in codes(document)


def test_totals_of_two_kinds_that_usual_sums_explain_are_pointed_out() -> None:
    lines = ["ALC+C++++DL", "MOA+8:5", *line(1, "10")]
    document = invoice(lines, ["MOA+86:15", "MOA+9:10"])
    assert explained(document) == "lines+header_charges"
    assert "TOTALS_DIFFER" in codes(document)
    assert document.bookable
    only = "invoice: {expected: [lines+header_charges]}"
    in_review(invoice(lines, ["MOA+86:15", "MOA+9:10"], only))


def test_what_was_paid_before_explains_a_smaller_amount_due() -> None:
    document = invoice(line(1, "10"), ["MOA+86:10", "MOA+113:4", "MOA+9:6"])
    assert explained(document) == "lines"
    assert "TOTALS_DIFFER" not in codes(document)
    assert document.reconciliation is not None
    assert document.reconciliation.stated == Decimal(10)

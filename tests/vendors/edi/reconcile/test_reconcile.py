"""The stated total of an invoice: explained by one of the profile's sums, or in review with the reason."""

from decimal import Decimal

import pytest

from quire_vendors.edi.documents.model import Invoice
from quire_vendors.edi.reconcile import Reconciliation
from tests.vendors.edi.messages import INVOICE, line, read


def invoice(header: list[str], lines: list[str], summary: list[str], profile: str = "") -> Invoice:
    document = read("INVOIC", [*INVOICE, *header, *lines, "UNS+S", *summary], profile)
    assert isinstance(document, Invoice)
    return document


def result(header: list[str], lines: list[str], summary: list[str], profile: str = "") -> Reconciliation:
    found = invoice(header, lines, summary, profile).reconciliation
    assert found is not None
    return found


TWO = [*line(1, "10.00"), *line(2, "20.50")]


@pytest.mark.parametrize(
    ("header", "summary", "candidate"),
    [
        ([], ["MOA+86:30.50"], "lines"),
        (["ALC+C++++DL", "MOA+8:3"], ["MOA+86:33.50"], "lines+header_charges"),
        (["ALC+A++++DI", "MOA+8:3"], ["MOA+86:27.50"], "lines+header_charges"),
        ([], ["MOA+9:34.50", "ALC+C++++PAB", "MOA+8:4"], "lines+summary_charges"),
        ([], ["MOA+77:32.64", "TAX+7+VAT+++:::7+S", "MOA+124:2.14"], "lines+tax"),
        ([], ["MOA+77:32.64", "MOA+176:2.14"], "lines+tax"),
        (["ALC+C++++DL", "MOA+8:3"], ["MOA+39:35.64", "MOA+176:2.14"], "lines+header_charges+tax"),
        (
            ["ALC+C++++DL", "MOA+8:3"],
            ["MOA+86:37.50", "ALC+C++++PAB", "MOA+8:4"],
            "lines+header_charges+summary_charges",
        ),
    ],
)
def test_a_total_is_explained_by_the_sum_that_fits(header: list[str], summary: list[str], candidate: str) -> None:
    found = result(header, TWO, summary)
    assert (found.status, found.candidate, found.difference) == ("explained", candidate, Decimal(0))
    assert found.lines == Decimal("30.50")
    assert found.alternatives == []


def test_nothing_fits_and_the_reason_names_the_sums_and_the_difference() -> None:
    document = invoice(["ALC+C++++DL", "MOA+8:3"], TWO, ["MOA+86:40.00"])
    found = document.reconciliation
    assert found is not None
    assert found.status == "review"
    assert found.difference == Decimal("6.50")
    assert found.candidates == {"lines": Decimal("30.50"), "lines+header_charges": Decimal("33.50")}
    assert "40.00 EUR" in found.reason
    assert "6.50" in found.reason
    assert document.needs_review
    assert not document.bookable


def test_no_total_is_never_taken_from_the_lines() -> None:
    found = result([], TWO, ["CNT+2:2"])
    assert (found.status, found.reason) == ("review", "The invoice states no total.")


def test_two_different_totals_are_never_chosen_from() -> None:
    found = result([], TWO, ["MOA+86:30.50", "MOA+86:33.50"])
    assert found.status == "review"
    assert found.reason == "The invoice states several totals under 86: 30.50 EUR and 33.50 EUR."
    assert result([], TWO, ["MOA+86:30.50", "MOA+86:30.50"]).status == "explained"


def test_a_total_without_lines_is_not_explained() -> None:
    found = result([], [], ["MOA+86:12.00"])
    assert found.status == "review"
    assert "no lines" in found.reason


def test_one_cent_is_a_difference_unless_the_profile_allows_rounding() -> None:
    assert result([], TWO, ["MOA+86:30.51"]).status == "review"
    rounded = result([], TWO, ["MOA+86:30.51"], "invoice: {tolerance_per_line: 0.01}")
    assert (rounded.status, rounded.difference) == ("explained", Decimal("0.01"))
    assert result([], TWO, ["MOA+86:30.53"], "invoice: {tolerance_per_line: 0.01}").status == "review"


def test_amounts_with_more_decimals_than_the_currency_compare_as_numbers() -> None:
    assert result([], line(1, "25.8900"), ["MOA+9:25.890"]).status == "explained"


def test_two_sums_that_fit_are_both_named() -> None:
    document = invoice(["ALC+C++++DL", "MOA+8:3"], TWO, ["MOA+86:33.50", "MOA+176:3"])
    assert document.reconciliation is not None
    assert document.reconciliation.candidate == "lines+header_charges"
    assert document.reconciliation.alternatives == ["lines+tax"]
    assert "TOTAL_AMBIGUOUS" in [flag.code for flag in document.flags]


def test_a_sum_that_is_not_usual_for_the_partner_is_pointed_out() -> None:
    document = invoice(["ALC+C++++DL", "MOA+8:3"], TWO, ["MOA+86:30.50"], "invoice: {expected: [lines+header_charges]}")
    assert document.reconciliation is not None
    assert document.reconciliation.candidate == "lines"
    assert not document.reconciliation.usual
    assert "TOTAL_UNUSUAL" in [flag.code for flag in document.flags]


def test_a_candidate_that_the_profile_does_not_list_does_not_count() -> None:
    assert result(["ALC+C++++DL", "MOA+8:3"], TWO, ["MOA+86:33.50"], "invoice: {candidates: [lines], expected: [lines]}").status == "review"  # fmt: skip


def test_informational_charges_are_not_added() -> None:
    lines = line(1, "10.25", "ALC+C++++BG", "MOA+8:0.25")
    found = result([], lines, ["MOA+86:10.25", "ALC+C++++BG", "MOA+131:0.25"], "invoice: {informational_charges: [BG]}")
    assert (found.candidate, found.alternatives) == ("lines", [])


def test_charges_that_no_alc_introduces_are_added_when_the_profile_says_so() -> None:
    assert result(["MOA+304:2.00"], TWO, ["MOA+86:32.50"]).status == "review"
    found = result(["MOA+304:2.00"], TWO, ["MOA+86:32.50"], 'invoice: {loose_charges: ["304"]}')
    assert found.candidate == "lines+header_charges"


def test_each_currency_is_summed_by_itself() -> None:
    header = ["CUX+2:EUR:4+3:USD:4+1.5"]
    lines = ["LIN+1", "QTY+47:2", "MOA+203:20:EUR", "MOA+203:30:USD"]
    summary = ["MOA+39:24:EUR", "MOA+39:36:USD", "ALC+C++++PAB", "MOA+8:4:EUR", "ALC+C++++PAB", "MOA+8:6:USD"]
    found = read("INVOIC", ["BGM+380+I2+9", *header, *lines, "UNS+S", *summary])
    assert isinstance(found, Invoice)
    assert found.reconciliation is not None
    assert (found.reconciliation.currency, found.reconciliation.candidate) == ("EUR", "lines+summary_charges")
    target = read("INVOIC", ["BGM+380+I2+9", *header, *lines, "UNS+S", *summary], "invoice: {currency: target}")
    assert isinstance(target, Invoice)
    assert target.reconciliation is not None
    assert (target.reconciliation.currency, target.reconciliation.stated) == ("USD", Decimal(36))
    assert target.reconciliation.lines == Decimal(30)


def test_an_amount_per_copy_is_multiplied() -> None:
    lines = line(1, "4.50", quantity="3")
    assert result([], lines, ["MOA+86:13.50"]).status == "review"
    assert result([], lines, ["MOA+86:13.50"], 'invoice: {per_unit: ["203"]}').status == "explained"


def test_a_price_less_its_allowances_stands_for_a_missing_amount() -> None:
    lines = ["LIN+1", "QTY+47:2", "PRI+AAB:50", "ALC+A++++DI", "PCD+3:40"]
    text = "invoice: {line_amount: [price_less_allowances], price: [gross]}"
    assert result([], lines, ["MOA+86:60"], text).lines == Decimal(60)


def test_a_price_for_several_copies_is_divided_by_its_basis() -> None:
    lines = ["LIN+1", "QTY+47:5", "PRI+AAA:20:::10"]
    assert result([], lines, ["MOA+86:10"]).status == "explained"


def test_a_line_without_amount_is_named_when_the_total_does_not_fit() -> None:
    found = result([], [*line(1, "10"), "LIN+2", "QTY+47:1"], ["MOA+86:15"])
    assert "lines 2" in found.reason


def test_negative_amounts_and_credit_notes_sum_up() -> None:
    found = result([], [*line(1, "10.00"), *line(2, "-4.00", quantity="-1")], ["MOA+86:6.00"])
    assert (found.status, found.lines) == ("explained", Decimal("6.00"))
    credit = read("INVOIC", ["BGM+381+C1+9", *INVOICE[1:], *TWO, "UNS+S", "MOA+86:30.50"])
    assert isinstance(credit, Invoice)
    assert (credit.credit_note, credit.sign, credit.bookable) == (True, -1, True)


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        ([*line(1, "1" + "0" * 28), *line(2, "0.01")], "1" + "0" * 28),
        ([*line(1, "1" + "0" * 29), *line(2, "7.00"), *line(3, "-1" + "0" * 29)], "0.00"),
    ],
)
def test_amounts_so_large_that_sums_lose_cents_go_to_a_person(lines: list[str], total: str) -> None:
    document = invoice([], lines, [f"MOA+86:{total}"])
    assert document.reconciliation is not None
    assert document.reconciliation.status == "review"
    assert "too large" in document.reconciliation.reason
    assert not document.bookable


def test_tax_of_a_line_in_another_currency_is_not_added() -> None:
    found = result([], line(1, "5.00", "TAX+7+VAT+++:::20", "MOA+124:1.00:GBP"), ["MOA+86:6.00"])
    assert found.status == "review"
    assert found.tax == 0

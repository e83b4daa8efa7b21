"""Standard numbers. Check digits of the examples were computed by hand or stand in the standards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_orders.identifiers import IdentifierKind, read_ean, read_identifier, read_isbn, read_ismn, read_issn


@pytest.mark.parametrize(
    ("text", "normalized", "qualifier"),
    [
        ("0-306-40615-2", "9780306406157", None),  # the example of ISO 2108
        ("0306406152 (pbk. : alk. paper) : $45.00", "9780306406157", "pbk. : alk. paper"),
        ("ISBN-13: 978-0-306-40615-7", "9780306406157", None),
        ("080442957x", "9780804429573", None),
        (" 978–0–306–40615–7 ", "9780306406157", None),
    ],
)
def test_isbn(text: str, normalized: str, qualifier: str | None) -> None:
    found = read_isbn(text)
    assert (found.normalized, found.qualifier, found.problem) == (normalized, qualifier, None)


def test_a_wrong_check_digit_is_kept_as_given_and_flagged() -> None:
    found = read_isbn("0-306-40615-3 (hbk.)")
    assert (found.given, found.normalized, found.valid) == ("0-306-40615-3", None, False)
    assert found.problem == "The check digit of the ISBN “0-306-40615-3” is wrong."


def test_a_spreadsheet_that_ate_the_leading_zero_is_understood_but_not_corrected() -> None:
    found = read_isbn("306406152")
    assert (found.normalized, found.suggestion) == (None, "9780306406157")


def test_issn_and_its_ean_form() -> None:
    assert read_issn("0317-8471").normalized == "0317-8471"  # the example of ISO 3297
    assert read_issn("03178471").normalized == "0317-8471"
    assert read_issn("9770317847001").normalized == "0317-8471"
    assert read_issn("0317-8472").problem == "The check digit of the ISSN “0317-8472” is wrong."


def test_ismn_in_both_forms_and_ean() -> None:
    assert read_ismn("M-2306-7118-7").normalized == "9790230671187"  # the example of ISO 10957
    assert read_ismn("979-0-2306-7118-7").normalized == "9790230671187"
    assert read_ean("4006381333931").normalized == "4006381333931"
    assert not read_ean("4006381333932").valid


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("9790230671187", IdentifierKind.ISMN),
        ("M-2306-7118-7", IdentifierKind.ISMN),
        ("0317-8471", IdentifierKind.ISSN),
        ("9780306406157", IdentifierKind.ISBN),
        ("0306406153", IdentifierKind.ISBN),
        ("4006381333931", IdentifierKind.EAN),
    ],
)
def test_the_kind_is_told_by_length_and_prefix(text: str, kind: IdentifierKind) -> None:
    found = read_identifier(text)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize("text", ["", "n/a", "unknown", "(pbk.)"])
def test_no_number_is_no_identifier(text: str) -> None:
    assert read_identifier(text) is None


@given(st.integers(0, 999_999_999))
def test_isbn_10_and_13_of_one_book_are_the_same(number: int) -> None:
    """Check digits by the weights of ISO 2108, written out here."""
    digits = f"{number:09}"
    ten = (11 - sum((10 - n) * int(d) for n, d in enumerate(digits)) % 11) % 11
    stem = "978" + digits
    thirteen = (10 - sum((1, 3)[n % 2] * int(d) for n, d in enumerate(stem)) % 10) % 10
    assert read_isbn(digits + "0123456789X"[ten]).normalized == stem + str(thirteen)
    assert read_isbn(stem + str(thirteen)).normalized == stem + str(thirteen)
    assert not read_isbn(stem + str((thirteen + 1) % 10)).valid


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for found in (read_isbn(text), read_issn(text), read_ismn(text), read_ean(text)):
        assert found.valid == (found.problem is None)

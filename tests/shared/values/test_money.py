"""Money is exact, keeps to one currency and splits without losing a unit."""

import json
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from quire_shared.values.currencies import CurrencyCode, UnknownCurrency, exponent, minor_unit
from quire_shared.values.money import CurrencyMismatch, Money, MoneyError


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def texts(shares: tuple[Money, ...]) -> list[str]:
    return [str(share.amount) for share in shares]


class TestCurrencies:
    @pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("JOD", 3), ("CLF", 4)])
    def test_exponents_of_iso_4217(self, code: str, decimals: int) -> None:
        assert exponent(code) == decimals
        assert minor_unit(code) == Decimal(10) ** -decimals

    @pytest.mark.parametrize("code", ["eur", "EURO", "XAU", "XXX", "QQQ", ""])
    def test_other_codes_are_refused(self, code: str) -> None:
        with pytest.raises(UnknownCurrency, match="ISO 4217"):
            exponent(code)

    def test_a_code_alone_on_the_wire(self) -> None:
        adapter: TypeAdapter[str] = TypeAdapter(CurrencyCode)
        assert adapter.validate_json('"JPY"') == "JPY"
        with pytest.raises(ValidationError, match="ISO 4217"):
            adapter.validate_json('"QQQ"')


class TestConstruction:
    @pytest.mark.parametrize("amount", [1.5, 1, "1.50", True, None])
    def test_only_a_decimal(self, amount: object) -> None:
        with pytest.raises(TypeError):
            Money(amount, "EUR")  # type: ignore[arg-type]

    def test_no_float_by_any_door(self) -> None:
        with pytest.raises(TypeError):
            Money.of(0.1, "EUR")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            Money.rounded(0.1, "EUR")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            eur("1").times(0.5)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            eur("1").allocate([0.5, 0.5])  # type: ignore[list-item]
        with pytest.raises(MoneyError):
            eur("1").convert(1.1, "USD")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [("1.005", "EUR"), ("0.5", "JPY"), ("1.0001", "JOD"), ("NaN", "EUR"), ("Infinity", "EUR"), ("1E15", "EUR")],
    )
    def test_amounts_that_are_no_money(self, amount: str, currency: str) -> None:
        with pytest.raises(MoneyError):
            Money(Decimal(amount), currency)

    def test_keeps_the_decimals_of_the_currency(self) -> None:
        assert str(eur("12.5000")) == "12.50 EUR"
        assert str(Money.of("1200.00", "JPY")) == "1200 JPY"
        assert str(Money.of("1E+2", "JOD")) == "100.000 JOD"
        assert str(eur("-0.00")) == "0.00 EUR"
        assert str(eur("999999999999999.99")) == "999999999999999.99 EUR"

    def test_equal_money_is_equal(self) -> None:
        assert eur("1.5") == eur("1.50")
        assert hash(eur("1.5")) == hash(eur("1.50"))
        assert eur("1") != Money.of("1", "USD")

    def test_rounding_is_half_even_unless_told(self) -> None:
        assert Money.rounded(Decimal("1.005"), "EUR") == eur("1.00")
        assert Money.rounded(Decimal("1.015"), "EUR") == eur("1.02")
        assert Money.rounded(Decimal("1.005"), "EUR", ROUND_HALF_UP) == eur("1.01")
        with pytest.raises(MoneyError):
            Money.rounded(Decimal("NaN"), "EUR")


class TestArithmetic:
    def test_sums_differences_signs(self) -> None:
        assert eur("0.10") + eur("0.20") == eur("0.30")
        assert eur("1.00") - eur("2.50") == eur("-1.50")
        assert -eur("1") == eur("-1")
        assert abs(eur("-1")) == eur("1")
        assert not eur("0")
        assert eur("0.01")
        assert Money.sum([eur("1"), eur("2.05")], "EUR") == eur("3.05")
        assert Money.sum([], "JPY") == Money.zero("JPY")

    def test_the_callers_decimal_context_changes_nothing(self) -> None:
        with localcontext() as context:
            context.prec = 4
            assert eur("123456.78") + eur("0.01") == eur("123456.79")
            assert eur("-123456.78").minor_units == -12345678
            assert -eur("123456.78") == eur("-123456.78")
            assert abs(eur("-123456.78")) == eur("123456.78")

    def test_one_currency_per_operation(self) -> None:
        usd = Money.of("1", "USD")
        for operation in (
            lambda: eur("1") + usd,
            lambda: eur("1") - usd,
            lambda: eur("1") < usd,
            lambda: eur("1") <= usd,
            lambda: eur("1") > usd,
            lambda: eur("1") >= usd,
            lambda: Money.sum([usd], "EUR"),
        ):
            with pytest.raises(CurrencyMismatch, match="EUR and USD"):
                operation()
        with pytest.raises(TypeError):
            eur("1") + Decimal(1)

    def test_too_large_a_sum_is_refused(self) -> None:
        with pytest.raises(MoneyError, match="too large"):
            eur("999999999999999.99") + eur("0.01")

    def test_quantity_and_rate(self) -> None:
        assert eur("19.99").times(3) == eur("59.97")
        assert eur("100.05").times(Decimal("0.07")) == eur("7.00")
        # 100.00 USD at 0.8695652174 EUR each is 86.95652174 EUR.
        assert Money.of("100.00", "USD").convert(Decimal("0.8695652174"), "EUR") == eur("86.96")
        assert eur("10.00").convert(Decimal("163.455"), "JPY") == Money.of("1635", "JPY")
        for rate in ("0", "-1", "NaN"):
            with pytest.raises(MoneyError, match="exchange rate"):
                eur("1").convert(Decimal(rate), "USD")


class TestAllocation:
    @pytest.mark.parametrize(
        ("amount", "weights", "shares"),
        [
            ("100.03", [50, 50], ["50.01", "50.02"]),
            ("100.01", [30, 30, 40], ["30.00", "30.00", "40.01"]),
            ("10.01", [50, 50], ["5.00", "5.01"]),
            ("0.05", [1, 1, 1], ["0.01", "0.02", "0.02"]),
            ("10.00", [0, 1, 2], ["0.00", "3.33", "6.67"]),
            ("-100.03", [50, 50], ["-50.01", "-50.02"]),
            # 0.10 by 2:1:0 is 0.0667, 0.0333, 0: the largest remainder is the first one's.
            ("0.10", [2, 1, 0], ["0.07", "0.03", "0.00"]),
        ],
    )
    def test_largest_remainder(self, amount: str, weights: list[int], shares: list[str]) -> None:
        assert texts(eur(amount).allocate(weights)) == shares

    def test_a_share_of_weight_zero_is_never_corrected(self) -> None:
        jod = Money.of("5.001", "JOD")
        # Only the weights count, not that they add up to 50: 2.5005 each.
        assert texts(jod.allocate([25, 25, 0])) == ["2.500", "2.501", "0.000"]

    @pytest.mark.parametrize(
        ("amount", "weights", "shares"),
        [
            # Rounded half to even 50.02 + 50.02: one unit too much, taken from the first.
            ("100.03", [50, 50], ["50.01", "50.02"]),
            ("100.01", [30, 30, 40], ["30.00", "30.00", "40.01"]),
            ("10.01", [50, 50], ["5.00", "5.01"]),
            # 0.1667 each rounds to 0.17, six make 1.02: two units too much, from the first two.
            ("1.00", [1, 1, 1, 1, 1, 1], ["0.16", "0.16", "0.17", "0.17", "0.17", "0.17"]),
            # 0.005 rounds to 0.00 twice; the missing unit goes to the last, whose weight is zero.
            ("0.01", [1, 1, 0], ["0.00", "0.00", "0.01"]),
        ],
    )
    def test_peer_compatible(self, amount: str, weights: list[int], shares: list[str]) -> None:
        assert texts(eur(amount).allocate(weights, "peer")) == shares

    def test_nothing_can_be_split_by_zero_weights_but_something_cannot(self) -> None:
        assert texts(eur("0").allocate([0, 0])) == ["0.00", "0.00"]
        for weights in ([], [0, 0], [1, -1], [Decimal("NaN")]):
            with pytest.raises(MoneyError):
                eur("1").allocate(weights)

    @given(
        units=st.integers(1 - 10**15, 10**15 - 1),
        weights=st.lists(st.decimals(0, 1000, allow_nan=False, places=4), min_size=1, max_size=12).filter(any),
        currency=st.sampled_from(["EUR", "JPY", "JOD"]),
        mode=st.sampled_from(["largest_remainder", "peer"]),
    )
    def test_shares_add_up_and_stay_near_the_exact_share(
        self, units: int, weights: list[Decimal], currency: str, mode: str
    ) -> None:
        money = Money.from_minor_units(units, currency)
        shares = money.allocate(weights, mode)  # type: ignore[arg-type]
        assert Money.sum(shares, currency) == money
        for share, weight in zip(shares, weights, strict=True):
            with localcontext() as context:
                context.prec = 60
                off = abs(Decimal(share.minor_units) - Decimal(units) * weight / sum(weights))
            assert off < (1 if mode == "largest_remainder" else 2)
            if mode == "largest_remainder" and not weight:
                assert not share


class Line(BaseModel):
    price: Money


class TestWire:
    def test_form(self) -> None:
        line = Line.model_validate_json('{"price": {"amount": "1234.56", "currency": "EUR"}}')
        assert line.price == eur("1234.56")
        assert json.loads(line.model_dump_json()) == {"price": {"amount": "1234.56", "currency": "EUR"}}
        assert line.model_dump() == {"price": {"amount": "1234.56", "currency": "EUR"}}
        assert Line.model_validate(line.model_dump()) == line
        assert Line(price=eur("1")).price == eur("1")

    def test_fewer_decimals_are_filled_up(self) -> None:
        line = Line.model_validate({"price": {"amount": "7", "currency": "JOD"}})
        assert json.loads(line.model_dump_json())["price"]["amount"] == "7.000"

    @pytest.mark.parametrize(
        "price",
        [
            {"amount": 12.5, "currency": "EUR"},
            {"amount": 12, "currency": "EUR"},
            {"amount": "1,234.56", "currency": "EUR"},
            {"amount": "1e3", "currency": "EUR"},
            {"amount": " 1.00", "currency": "EUR"},
            {"amount": "1.00\n", "currency": "EUR"},
            {"amount": "1.005", "currency": "EUR"},
            {"amount": "0.5", "currency": "JPY"},
            {"amount": "1234567890123456", "currency": "EUR"},
            {"amount": "1.00", "currency": "eur"},
            {"amount": "1.00", "currency": "QQQ"},
            {"amount": "1.00"},
            {"amount": "1.00", "currency": "EUR", "rate": "2"},
            "1.00 EUR",
            12.5,
            None,
        ],
    )
    def test_anything_else_is_refused(self, price: object) -> None:
        with pytest.raises(ValidationError):
            Line.model_validate({"price": price})
        with pytest.raises(ValidationError):
            Line.model_validate_json(json.dumps({"price": price}))

    def test_the_reason_is_in_words(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Line.model_validate({"price": {"amount": "1.005", "currency": "EUR"}})
        [error] = caught.value.errors()
        assert error["msg"] == "1.005 EUR has more decimals than the 2 of EUR."
        assert error["loc"] == ("price",)

    @pytest.mark.parametrize("mode", ["validation", "serialization"])
    def test_schema_has_the_pattern(self, mode: str) -> None:
        schema = Line.model_json_schema(mode=mode)["properties"]["price"]  # type: ignore[arg-type]
        assert schema["required"] == ["amount", "currency"]
        assert schema["properties"]["amount"]["pattern"] == r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"
        assert schema["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"

    @given(units=st.integers(-(10**16), 10**16), currency=st.sampled_from(["EUR", "JOD"]))
    def test_survives_the_wire(self, units: int, currency: str) -> None:
        money = Money.from_minor_units(units, currency)
        assert Line.model_validate_json(Line(price=money).model_dump_json()).price == money

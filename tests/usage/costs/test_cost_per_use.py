"""Cost per use, computed by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire_shared.values.money import Money
from quire_usage.costs.lines import CostSettings, PaidLine, base_amount
from quire_usage.costs.metrics import Material, Release, default_metric
from quire_usage.costs.rules import (
    MonthState,
    Outcome,
    Question,
    ReportVersion,
    ScopeKind,
    UsageMonth,
    UsageSource,
    compare,
    cost_per_use,
    unused,
)

YEAR = [f"2026-{month:02}" for month in range(1, 13)]
METRIC = default_metric(Material.JOURNALS, Release.R51)
SETTINGS = CostSettings("EUR")
V1 = ReportVersion("r1", 1, "TR", "5.1", "passed")


def euro(amount: str) -> Money:
    return Money.of(amount, "EUR")


def line(net: str = "1200.00", tax: str = "0", **changes: object) -> PaidLine:
    known: dict[str, object] = {
        "id": "l1",
        "document": "INV 1",
        "net": euro(net),
        "tax": euro(tax),
        "paid_on": date(2026, 2, 1),
        "service_first": date(2026, 1, 1),
        "service_last": date(2026, 12, 31),
    }
    return PaidLine(**(known | changes))  # type: ignore[arg-type]


def source(uses: dict[str, int], states: dict[str, MonthState] | None = None, name: str = "p1") -> UsageSource:
    months = {month: UsageMonth(MonthState.STORED, V1, count) for month, count in uses.items()}
    for month, state in (states or {}).items():
        months[month] = UsageMonth(state, V1 if state.counts else None, uses.get(month, 0))
    return UsageSource(name, name.upper(), months)


def question(lines: list[PaidLine], *sources: UsageSource) -> Question:
    return Question(ScopeKind.PLATFORM, "p1", lines, sources, METRIC)


def test_a_full_year() -> None:
    found = cost_per_use(question([line()], source(dict.fromkeys(YEAR, 40))), YEAR, SETTINGS)
    assert (found.outcome, found.coverage, found.uses) == (Outcome.COMPLETE, Decimal(100), 480)
    assert found.per_use == Decimal("2.5000")  # 1200 / 480
    assert found.words() == "2.5000 EUR per use in 2026-01 to 2026-12"
    assert [share.line.document for share in found.lines] == ["INV 1"]
    assert found.reports == (V1,)


def test_a_full_cost_is_never_divided_by_partial_use() -> None:
    """Nine months stored, one confirmed empty, one pending, one missing: the cost of ten months counts."""
    uses = dict.fromkeys(YEAR[:9], 10)
    states = {"2026-10": MonthState.EMPTY, "2026-11": MonthState.PENDING}
    found = cost_per_use(question([line()], source(uses, states)), YEAR, SETTINGS)
    assert (found.outcome, found.coverage) == (Outcome.PARTIAL, Decimal(83))
    assert (found.cost, found.covered_cost, found.uses) == (euro("1200.00"), euro("1000.00"), 90)
    assert found.per_use == Decimal("11.1111")
    assert found.gaps[0].months == (("2026-11", MonthState.PENDING), ("2026-12", MonthState.MISSING))
    assert found.words() == "11.1111 EUR per use in 2026-01 to 2026-10 (10 of 12 months)"


@pytest.mark.parametrize("state", [MonthState.PARTIAL, MonthState.LOST, MonthState.PENDING])
def test_use_of_an_incomplete_month_does_not_count(state: MonthState) -> None:
    found = cost_per_use(question([line()], source({"2026-01": 10, "2026-02": 99}, {"2026-02": state})), YEAR, SETTINGS)
    assert (found.covered, found.uses) == (("2026-01",), 10)


def test_zero_use_is_no_use_and_not_infinite() -> None:
    found = cost_per_use(question([line()], source({}, dict.fromkeys(YEAR, MonthState.EMPTY))), YEAR, SETTINGS)
    assert (found.outcome, found.per_use) == (Outcome.NO_USE, None)
    assert found.words() == "no use in 2026-01 to 2026-12"


def test_without_usage_data_nothing_is_divided() -> None:
    for sources in ((), (source({}),)):
        found = cost_per_use(question([line()], *sources), YEAR, SETTINGS)
        assert (found.outcome, found.per_use, found.covered_cost) == (Outcome.NO_USAGE_DATA, None, euro("0"))


def test_three_lines_and_a_credit_note_of_one_platform() -> None:
    lines = [
        line("600.00", "114.00"),
        line("300.00", "57.00", id="l2"),
        line("200.00", "38.00", id="l3", service_first=date(2026, 1, 1), service_last=date(2026, 6, 30)),
        line("-100.00", "-19.00", id="c1", document="CN 4"),
    ]
    usage = source(dict.fromkeys(YEAR[:6], 100))
    # Half a year with tax: 357.00 + 178.50 + 238.00 - 59.48. The credit of 11900 cents is 991 a month with 8 cents left
    # for the last eight months, so 4 * 991 + 2 * 992 in the first six. Net: 300 + 150 + 200 - 6 * 8.33.
    found = cost_per_use(question(lines, usage), YEAR[:6], SETTINGS)
    assert (found.covered_cost, found.per_use) == (euro("714.02"), Decimal("1.1900"))
    net = cost_per_use(question(lines, usage), YEAR[:6], CostSettings("EUR", with_tax=False))
    assert (net.covered_cost, net.per_use) == (euro("600.02"), Decimal("1.0000"))
    assert sum(share.covered.minor_units for share in found.lines) == 71402


def test_credits_above_the_cost_and_nothing_paid_have_their_own_words() -> None:
    usage = source(dict.fromkeys(YEAR, 1))
    credit = cost_per_use(question([line("-5.00")], usage), YEAR, SETTINGS)
    assert (credit.outcome, credit.per_use) == (Outcome.CREDIT_EXCEEDS_COST, None)
    free = cost_per_use(question([], usage), YEAR, SETTINGS)
    assert (free.outcome, free.per_use, free.months_without_cost) == (Outcome.NO_COST, Decimal(0), tuple(YEAR))


def test_a_foreign_line_is_converted_at_its_booking_rate_only() -> None:
    foreign = PaidLine(
        "l1", "INV 1", Money.of("1000.00", "USD"), Money.of("0", "USD"), date(2026, 2, 1), Decimal("0.9217"),
        date(2026, 1, 1), date(2026, 12, 31),
    )  # fmt: skip
    assert base_amount(foreign, SETTINGS) == euro("921.70")
    without = PaidLine("l1", "INV 1", Money.of("1", "USD"), Money.of("0", "USD"), date(2026, 2, 1))
    with pytest.raises(ValueError, match="no booking rate"):
        base_amount(without, SETTINGS)


def test_without_a_service_period_the_fiscal_year_of_the_payment_counts() -> None:
    bare = line("1200.00", service_first=None, service_last=None, paid_on=date(2026, 8, 15))
    settings = CostSettings("EUR", fiscal_start_month=7)
    found = cost_per_use(question([bare], source(dict.fromkeys(YEAR, 10))), YEAR, settings)
    # July 2026 to June 2027: six of twelve months lie in 2026
    assert found.cost == euro("600.00")
    assert found.lines[0].period_assumed
    assert found.months_without_cost == tuple(YEAR[:6])


def test_every_source_must_have_the_month() -> None:
    one, two = source(dict.fromkeys(YEAR, 5)), source(dict.fromkeys(YEAR[:3], 1), name="p2")
    found = cost_per_use(question([line()], one, two), YEAR, SETTINGS)
    assert (found.covered, found.uses, found.covered_cost) == (tuple(YEAR[:3]), 18, euro("300.00"))
    assert [gap.source.id for gap in found.gaps] == ["p2"]


def test_a_comparison_is_over_the_months_that_all_have() -> None:
    full = question([line()], source(dict.fromkeys(YEAR, 10)))
    late = question([line("120.00", id="l2")], source(dict.fromkeys(YEAR[6:], 2), name="p2"))
    one, two = compare([full, late], YEAR, SETTINGS)
    assert one.covered == two.covered == tuple(YEAR[6:])
    assert (one.per_use, two.per_use) == (Decimal("10.0000"), Decimal("5.0000"))
    never = question([line()], source({}, name="p3"))
    assert [found.outcome for found in compare([full, never], YEAR, SETTINGS)] == [Outcome.NO_USAGE_DATA] * 2


def test_open_access_and_turnaways_stand_apart() -> None:
    month = UsageMonth(MonthState.STORED, V1, uses=10, open_uses=90, turnaways=4)
    found = cost_per_use(question([line()], UsageSource("p", "P", {"2026-01": month})), ["2026-01"], SETTINGS)
    assert (found.per_use, found.open_uses, found.turnaways) == (Decimal("10.0000"), 90, 4)


def test_a_change_of_release_is_marked_and_both_versions_are_named() -> None:
    old = ReportVersion("r0", 3, "TR", "5", "warning")
    months = {m: UsageMonth(MonthState.STORED, old if m < "2026-04" else V1, 1) for m in YEAR}
    months["2026-04"] = UsageMonth(MonthState.EMPTY)
    found = cost_per_use(question([line()], UsageSource("p", "P", months)), YEAR, SETTINGS)
    assert found.release_changes == ("2026-05",)
    assert found.reports == (old, V1)


def test_months_with_gaps_are_said_in_runs() -> None:
    uses = {month: 1 for month in YEAR if month not in {"2026-03", "2026-05"}}
    found = cost_per_use(question([line()], source(uses)), YEAR, SETTINGS)
    assert "in 2026-01 to 2026-02, 2026-04, 2026-06 to 2026-12 (10 of 12 months)" in found.words()


@pytest.mark.parametrize("months", [[], ["2026-01", "2026-01"]])
def test_months_without_sense_are_refused(months: list[str]) -> None:
    with pytest.raises(ValueError, match="each of them once"):
        cost_per_use(question([line()]), months, SETTINGS)


def test_a_line_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        cost_per_use(question([line(), line()]), YEAR, SETTINGS)


def test_titles_without_use_are_those_entitled_and_not_used() -> None:
    assert unused(["b", "a", "c"], {"a": 3, "c": 0, "x": 5}) == ["b", "c"]


@given(
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.lists(st.sampled_from(MonthState), min_size=12, max_size=12),
    st.integers(1, 10**7),
)
def test_cost_and_use_are_always_of_the_same_months(uses: list[int], states: list[MonthState], cents: int) -> None:
    months = {m: UsageMonth(state, V1, n) for m, n, state in zip(YEAR, uses, states, strict=True)}
    paid = line(net=str(Decimal(cents) / 100))
    found = cost_per_use(question([paid], UsageSource("p", "P", months)), YEAR, SETTINGS)
    counted = [m for m, state in zip(YEAR, states, strict=True) if state in {MonthState.STORED, MonthState.EMPTY}]
    assert list(found.covered) == counted
    assert found.uses == sum(months[m].uses for m in counted)
    assert found.covered_cost <= found.cost == paid.net
    assert Money.sum((share.covered for share in found.lines), "EUR") == found.covered_cost
    # each month's share differs from the exact twelfth by less than a cent
    assert abs(found.covered_cost.amount - paid.net.amount * len(counted) / 12) < Decimal("0.12")
    assert (found.per_use is None) == (found.outcome in {Outcome.NO_USE, Outcome.NO_USAGE_DATA})

"""The outlook of a contract and the sentence on silence. Expected days computed by hand."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quire_licenses.renewals.outlook import Flag, if_nobody_acts, outlook
from quire_licenses.renewals.rules import (
    Anchor,
    ContractRule,
    NoticeAfterInvoice,
    NoticeBefore,
    Proximity,
    RenewalType,
)
from quire_licenses.renewals.spans import Span, Unit, WorkCalendar
from quire_licenses.renewals.terms import TermPlan

PLAIN = WorkCalendar()
YEAR = Span(number=12, unit=Unit.MONTH)
SIXTY_DAYS = NoticeBefore(period=Span(number=60, unit=Unit.CALENDAR_DAY))


def yearly(limit: int | None = None, start: date = date(2026, 1, 1), first_end: date | None = None) -> TermPlan:
    return TermPlan(start=start, length=YEAR, first_end=first_end, renewal_limit=limit)


AUTOMATIC = ContractRule(renewal=RenewalType.AUTOMATIC, plan=yearly(), notice=SIXTY_DAYS)


def test_the_license_of_the_journey() -> None:
    """At least 60 calendar days before the end of the term, automatic renewal for 12 months."""
    view = outlook(AUTOMATIC, date(2026, 6, 1), PLAIN, upcoming=2)
    assert view.current is not None
    assert view.next_deadline == date(2026, 11, 1)  # a Sunday
    assert view.next_act_by == date(2026, 10, 30)
    assert view.current.review_opens == date(2026, 8, 31)  # 60 days before the act-by date, a Monday
    assert view.current.quote_due == date(2026, 9, 30)
    assert view.committed_until == date(2026, 12, 31)
    second = view.upcoming[1]
    # 2027 has its own deadline, Monday 1 November
    assert (second.notice_deadline, second.act_by) == (date(2027, 11, 1), date(2027, 11, 1))
    assert if_nobody_acts(AUTOMATIC, view) == (
        "If nobody acts by 30 October 2026 (the notice deadline is 1 November 2026), the license renews automatically on "
        "1 January 2027 for 12 months, and the library is committed until 31 December 2027."
    )


def test_between_the_act_by_date_and_the_deadline_the_sentence_says_what_is_left() -> None:
    view = outlook(AUTOMATIC, date(2026, 10, 31), PLAIN)
    assert view.next_act_by == date(2026, 10, 30)
    assert if_nobody_acts(AUTOMATIC, view).startswith(
        "If nobody acts by 1 November 2026 (the notice deadline; the act-by date 30 October 2026 has passed), "
    )


def test_after_the_deadline_the_sentence_states_the_commitment_and_the_next_chance() -> None:
    rule = AUTOMATIC.model_copy(update={"price_cap": Decimal("3.50")})
    view = outlook(rule, date(2026, 11, 2), PLAIN)
    assert view.deadline_passed
    assert view.committed_until == date(2027, 12, 31)
    assert if_nobody_acts(rule, view) == (
        "The notice deadline of 1 November 2026 has passed and the library is committed until 31 December 2027; if "
        "nobody acts by 1 November 2027 (the notice deadline), the license renews automatically on 1 January 2028 for "
        "12 months at a price at most 3.5 % higher, and the library is committed until 31 December 2028."
    )


def test_a_limit_of_renewals_ends_the_contract() -> None:
    rule = AUTOMATIC.model_copy(update={"plan": yearly(limit=1)})
    view = outlook(rule, date(2027, 3, 1), PLAIN)
    assert (view.next_deadline, view.committed_until) == (None, date(2027, 12, 31))
    assert if_nobody_acts(rule, view) == (
        "If nobody acts, the license ends on 31 December 2027; the contract allows no further renewal."
    )
    assert len(outlook(rule, date(2026, 3, 1), PLAIN).upcoming) == 2
    ended = outlook(rule, date(2028, 1, 1), PLAIN)
    assert (ended.ended_on, ended.current, ended.committed_until) == (date(2027, 12, 31), None, None)
    assert if_nobody_acts(rule, ended) == "This license ended on 31 December 2027."


def test_the_last_day_is_inside_the_term() -> None:
    rule = ContractRule(renewal=RenewalType.NON_RENEWABLE, plan=yearly())
    view = outlook(rule, date(2026, 12, 31), PLAIN)
    assert view.current is not None
    assert if_nobody_acts(rule, view) == "If nobody acts, the license ends on 31 December 2026; it cannot be renewed."
    assert outlook(rule, date(2027, 1, 1), PLAIN).current is None


def test_explicit_renewal_ends_by_silence_and_follows_what_was_signed() -> None:
    rule = ContractRule(renewal=RenewalType.EXPLICIT, plan=yearly(), notice=SIXTY_DAYS)
    view = outlook(rule, date(2026, 5, 1), PLAIN)
    assert (view.next_deadline, view.committed_until) == (date(2026, 11, 1), date(2026, 12, 31))
    assert if_nobody_acts(rule, view) == (
        "If nobody renews it by 30 October 2026 (the notice deadline is 1 November 2026), the license ends on "
        "31 December 2026."
    )
    late = outlook(rule, date(2026, 11, 2), PLAIN)
    assert late.next_deadline is None
    assert "ends on 31 December 2026 unless the licensor still agrees" in if_nobody_acts(rule, late)
    signed = outlook(rule, date(2026, 5, 1), PLAIN, renewals_agreed=2)
    assert (signed.committed_until, signed.next_deadline) == (date(2028, 12, 31), date(2028, 11, 1))
    with pytest.raises(ValueError, match="allows 1 renewals, not 2"):
        outlook(rule.model_copy(update={"plan": yearly(limit=1)}), date(2026, 5, 1), PLAIN, renewals_agreed=2)


def test_a_perpetual_license_has_no_dates() -> None:
    rule = ContractRule(renewal=RenewalType.PERPETUAL, plan=yearly())
    view = outlook(rule, date(2030, 1, 1), PLAIN)
    assert (view.current, view.committed_until, view.upcoming) == (None, None, ())
    assert "perpetual" in if_nobody_acts(rule, view)


def test_automatic_renewal_without_a_notice_period_is_flagged_not_invented() -> None:
    rule = ContractRule(renewal=RenewalType.AUTOMATIC, plan=yearly())
    view = outlook(rule, date(2026, 6, 1), PLAIN)
    assert view.flags == {Flag.NOTICE_PERIOD_MISSING}
    assert view.next_deadline is None
    assert "no notice period is recorded" in if_nobody_acts(rule, view)


def test_opt_outs_at_each_anniversary_of_a_three_year_term() -> None:
    notice = NoticeBefore(period=Span(number=60, unit=Unit.CALENDAR_DAY), anchor=Anchor.ANNIVERSARY)
    plan = TermPlan(start=date(2024, 7, 1), length=Span(number=3, unit=Unit.YEAR), renewal_limit=0)
    rule = ContractRule(renewal=RenewalType.AUTOMATIC, plan=plan, notice=notice)
    view = outlook(rule, date(2024, 8, 1), PLAIN)
    # 1 July 2025 and 1 July 2026 minus 60 days; the third year ends by itself
    assert [term.notice_deadline for term in view.upcoming] == [date(2025, 5, 2), date(2026, 5, 2), None]
    assert view.committed_until == date(2025, 6, 30)
    assert outlook(rule, date(2025, 5, 3), PLAIN).committed_until == date(2026, 6, 30)
    assert "the license goes on into its next contract year on 1 July 2025" in if_nobody_acts(rule, view)


def test_a_notice_longer_than_the_term_binds_for_several_terms() -> None:
    month = Span(number=1, unit=Unit.MONTH)
    notice = NoticeBefore(period=Span(number=3, unit=Unit.MONTH))
    rule = ContractRule(
        renewal=RenewalType.AUTOMATIC, plan=TermPlan(start=date(2026, 1, 1), length=month), notice=notice
    )
    view = outlook(rule, date(2026, 6, 15), PLAIN)
    # the end of September minus three months is 30 June, the first deadline not yet passed
    assert (view.committed_until, view.next_deadline) == (date(2026, 9, 30), date(2026, 6, 30))
    assert view.decisive is not None
    assert view.decisive.committed_if_silent == date(2026, 10, 31)


def test_an_invoice_that_comes_late_keeps_the_old_term_open() -> None:
    notice = NoticeAfterInvoice(period=Span(number=30, unit=Unit.CALENDAR_DAY))
    rule = ContractRule(renewal=RenewalType.AUTOMATIC, plan=yearly(), notice=notice)
    waiting = outlook(rule, date(2026, 12, 1), PLAIN)
    assert waiting.flags == {Flag.WAITING_FOR_INVOICE}
    assert "within 30 calendar days after the renewal invoice is received" in if_nobody_acts(rule, waiting)
    came = {date(2027, 1, 1): date(2026, 12, 20)}
    assert outlook(rule, date(2027, 1, 19), PLAIN, invoices_received=came).next_deadline == date(2027, 1, 19)
    late = outlook(rule, date(2027, 1, 20), PLAIN, invoices_received=came)
    assert (late.next_deadline, late.committed_until) == (None, date(2027, 12, 31))


def test_exact_notice_says_so() -> None:
    exact = NoticeBefore(period=Span(number=60, unit=Unit.CALENDAR_DAY), proximity=Proximity.EXACTLY)
    rule = AUTOMATIC.model_copy(update={"notice": exact})
    sentence = if_nobody_acts(rule, outlook(rule, date(2026, 6, 1), PLAIN))
    assert "notice must be received on exactly 1 November 2026" in sentence


def test_a_long_first_term_is_followed_by_terms_from_its_end() -> None:
    plan = yearly(start=date(2016, 10, 1), first_end=date(2026, 12, 31))
    assert plan.number_on(date(2020, 1, 1)) == 0
    assert plan.number_on(date(2026, 12, 31)) == 0
    assert plan.number_on(date(2028, 6, 1)) == 2
    assert (plan.term(2).first, plan.term(2).last) == (date(2028, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize(
    "plan",
    [
        {"start": "2026-01-01", "length": {"number": 0, "unit": "month"}},
        {"start": "2026-01-01", "length": {"number": 20, "unit": "working_day"}},
        {"start": "2026-01-01", "length": {"number": 1, "unit": "year"}, "first_end": "2025-12-31"},
        {"start": "1026-01-01", "length": {"number": 1, "unit": "year"}},
    ],
)
def test_a_plan_without_sense_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TermPlan.model_validate(plan)


plans = st.builds(
    TermPlan,
    start=st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    length=st.one_of(
        st.builds(Span, number=st.integers(1, 60), unit=st.just(Unit.MONTH)),
        st.builds(Span, number=st.integers(1, 6), unit=st.just(Unit.YEAR)),
        st.builds(Span, number=st.integers(20, 400), unit=st.just(Unit.CALENDAR_DAY)),
    ),
    renewal_limit=st.none() | st.integers(0, 8),
)
before_notices = st.builds(
    NoticeBefore,
    period=st.builds(Span, number=st.integers(0, 200), unit=st.sampled_from([Unit.CALENDAR_DAY, Unit.WORKING_DAY])),
    proximity=st.sampled_from(Proximity),
    anchor=st.sampled_from(Anchor),
)
contracts = st.builds(
    ContractRule,
    renewal=st.sampled_from([RenewalType.AUTOMATIC, RenewalType.EXPLICIT, RenewalType.NON_RENEWABLE]),
    plan=plans,
    notice=st.none() | before_notices,
)


@given(plans, st.integers(0, 8))
def test_terms_tile_without_gap_or_overlap(plan: TermPlan, many: int) -> None:
    limit = many if plan.renewal_limit is None else min(many, plan.renewal_limit)
    terms = [plan.term(number) for number in range(limit + 1)]
    assert terms[0].first == plan.start
    assert all(term.first <= term.last for term in terms)
    assert all(following.first - term.last == timedelta(days=1) for term, following in pairwise(terms))


@given(plans, st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_term_on_a_day_is_the_one_that_holds_it(plan: TermPlan, day: date) -> None:
    number = plan.number_on(day)
    if number is None:
        assert plan.renewal_limit is not None
        assert plan.term(plan.renewal_limit).last < day
    elif number == 0:
        assert day <= plan.term(0).last
    else:
        assert plan.term(number).first <= day <= plan.term(number).last


@given(contracts, st.dates(date(1995, 1, 1), date(2090, 1, 1)))
def test_an_outlook_is_in_order_and_always_has_a_sentence(rule: ContractRule, today: date) -> None:
    view = outlook(rule, today, PLAIN)
    assert if_nobody_acts(rule, view).endswith(".")
    for term in view.upcoming:
        assert term.committed_if_silent >= term.last
        if term.notice_deadline is not None and term.act_by is not None and term.review_opens is not None:
            assert term.review_opens <= term.act_by <= term.notice_deadline <= term.last + timedelta(days=1)
    if view.current is None:
        assert view.ended_on is not None
        assert view.ended_on < today
        return
    assert view.committed_until is not None
    assert view.committed_until >= view.current.last
    if view.next_deadline is not None:
        assert view.next_deadline >= today


@given(contracts, st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(0, 900))
def test_time_alone_never_shortens_a_commitment(rule: ContractRule, today: date, later: int) -> None:
    now, then = outlook(rule, today, PLAIN), outlook(rule, today + timedelta(days=later), PLAIN)
    if now.committed_until and then.committed_until:
        assert then.committed_until >= now.committed_until

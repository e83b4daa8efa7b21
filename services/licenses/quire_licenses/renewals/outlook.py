"""Where a contract stands on a day: current term, deadlines ahead, and what happens if nobody acts.

Conventions: research on licenses, section 8, rules 5 to 8 and 10. Nothing of one term is copied to the next.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from quire_licenses.renewals.rules import (
    Anchor,
    ContractRule,
    NoticeAfterInvoice,
    NoticeBefore,
    Proximity,
    RenewalType,
    days_before,
    notice_deadline,
    send_by,
)
from quire_licenses.renewals.spans import EARLIEST, LATEST, WorkCalendar
from quire_licenses.renewals.terms import ONE_DAY, Term, contract_years


class Flag(StrEnum):
    """What keeps a deadline from being known."""

    NOTICE_PERIOD_MISSING = "notice_period_missing"
    WAITING_FOR_INVOICE = "waiting_for_invoice"


@dataclass(frozen=True)
class Commitment:
    """A stretch that is paid for as a whole: a term, or a contract year with an opt-out at its anniversary.

    `continues`: silence leads into the next one. `open`: a word of the library changes what follows (it can leave, or
    with explicit renewal must say that it stays).
    """

    term: Term
    first: date
    last: date
    continues: bool
    open: bool


@dataclass(frozen=True)
class TermDates:
    """The dates of one commitment; None where no word is needed or the deadline cannot be known yet.

    `committed_if_silent` is the last day the library is bound to if nobody acts.
    """

    commitment: Commitment
    notice_deadline: date | None
    act_by: date | None
    review_opens: date | None
    quote_due: date | None
    committed_if_silent: date

    @property
    def first(self) -> date:
        return self.commitment.first

    @property
    def last(self) -> date:
        return self.commitment.last


@dataclass(frozen=True)
class Outlook:
    """A contract on a day.

    `current` holds the day (the first term when the contract has not begun; None after its end and for a perpetual
    license). `decisive` is the first stretch whose end can still be influenced; it lies beyond `current` once the
    deadline has passed.
    """

    as_of: date
    current: TermDates | None
    decisive: TermDates | None
    upcoming: tuple[TermDates, ...]
    ended_on: date | None
    flags: frozenset[Flag]

    @property
    def deadline_passed(self) -> bool:
        deadline = self.current.notice_deadline if self.current else None
        return deadline is not None and self.as_of > deadline

    @property
    def committed_until(self) -> date | None:
        """The last day the library is already bound to; None for a perpetual license and after the end."""
        return self.decisive.last if self.decisive else None

    @property
    def next_deadline(self) -> date | None:
        """The first notice deadline that can still be met; the deadline day itself is in time."""
        deadline = self.decisive.notice_deadline if self.decisive else None
        return deadline if deadline is not None and deadline >= self.as_of else None

    @property
    def next_act_by(self) -> date | None:
        """The act-by date that belongs to `next_deadline`; it may be past while the deadline is not."""
        return self.decisive.act_by if self.decisive and self.next_deadline else None


def commitments(rule: ContractRule, from_term: int = 0, renewals_agreed: int = 0) -> Iterator[Commitment]:
    """The stretches of the contract in order, endless for automatic renewal without a limit."""
    by_year = isinstance(rule.notice, NoticeBefore) and rule.notice.anchor is Anchor.ANNIVERSARY
    limit = rule.plan.renewal_limit
    for term in rule.plan.terms(from_term):
        may_renew = limit is None or term.number < limit
        agreed = rule.renewal is RenewalType.EXPLICIT and term.number < renewals_agreed
        automatic = rule.renewal is RenewalType.AUTOMATIC and may_renew
        word_renews = rule.renewal is RenewalType.EXPLICIT and may_renew and not agreed
        for first, last in contract_years(term.first, term.last) if by_year else [(term.first, term.last)]:
            inside = last < term.last
            yield Commitment(
                term, first, last, continues=inside or automatic or agreed, open=inside or automatic or word_renews
            )
        if not (automatic or agreed):
            return


class _Dates:
    """Deadlines of the commitments of one contract, worked out as far as they are asked for."""

    def __init__(
        self,
        rule: ContractRule,
        calendar: WorkCalendar,
        invoices: Mapping[date, date],
        from_term: int,
        renewals_agreed: int,
    ) -> None:
        self._rule, self._calendar, self._invoices = rule, calendar, invoices
        self._source = commitments(rule, from_term, renewals_agreed)
        self._known: list[Commitment] = []

    def get(self, index: int) -> Commitment | None:
        while len(self._known) <= index:
            following = next(self._source, None)
            if following is None:
                return None
            self._known.append(following)
        return self._known[index]

    def deadline(self, commitment: Commitment) -> date | None:
        if not commitment.open or self._rule.notice is None:
            return None
        received = self._invoices.get(commitment.last + ONE_DAY)
        return notice_deadline(self._rule.notice, commitment.last, self._calendar, received)

    def bound_to(self, index: int, day: date) -> int:
        """The index of the last commitment that can no longer be avoided on `day`, seen from `index`."""
        while (commitment := self.get(index)) and commitment.continues and self.get(index + 1):
            deadline = self.deadline(commitment)
            if commitment.open and (deadline is None or day <= deadline):
                break
            index += 1
        return index

    def dates(self, index: int) -> TermDates | None:
        commitment = self.get(index)
        if commitment is None:
            return None
        deadline = self.deadline(commitment)
        if deadline is None:
            silent = self.bound_to(index + 1, commitment.last) if commitment.continues else index
            act_by = review = quote = None
        else:
            silent = self.bound_to(index, deadline + ONE_DAY)
            act_by = send_by(deadline, self._rule.deemed_receipt, self._calendar)
            review = days_before(act_by, self._rule.decision_lead_days, self._calendar)
            quote = days_before(act_by, self._rule.quote_lead_days, self._calendar)
        after_silence = self.get(silent) or commitment
        return TermDates(commitment, deadline, act_by, review, quote, after_silence.last)


def outlook(
    rule: ContractRule,
    as_of: date,
    calendar: WorkCalendar,
    *,
    upcoming: int = 5,
    renewals_agreed: int = 0,
    invoices_received: Mapping[date, date] | None = None,
) -> Outlook:
    """The dates of the stretch that holds `as_of` and of those after it, `upcoming` in all.

    `renewals_agreed` counts the explicit renewals that have been signed. `invoices_received` gives the day of receipt
    by the renewal date that the invoice is for. Raises ValueError for a day outside 1900 to 2200 and for more agreed
    renewals than the contract allows.
    """
    if not EARLIEST <= as_of <= LATEST:
        raise ValueError(f"{as_of} lies outside {EARLIEST} to {LATEST}")
    limit = rule.plan.renewal_limit
    if renewals_agreed < 0 or (limit is not None and renewals_agreed > limit):
        raise ValueError(f"the contract allows {limit} renewals, not {renewals_agreed}")
    if rule.renewal is RenewalType.PERPETUAL:
        return Outlook(as_of, None, None, (), None, frozenset())
    on = rule.plan.number_on(as_of)
    start = max(0, (limit or 0) if on is None else on - 1)
    if rule.renewal is not RenewalType.AUTOMATIC:
        start = min(start, renewals_agreed if rule.renewal is RenewalType.EXPLICIT else 0)
    dates = _Dates(rule, calendar, invoices_received or {}, start, renewals_agreed)

    index = 0
    while (commitment := dates.get(index)) and commitment.last < as_of:
        index += 1
    if commitment is None:
        last = dates.get(index - 1)
        return Outlook(as_of, None, None, (), last.last if last else None, frozenset())
    from_index = index
    if index and isinstance(rule.notice, NoticeAfterInvoice):
        # An invoice that came late keeps the end of the previous term open for a while.
        previous = dates.get(index - 1)
        late = dates.deadline(previous) if previous and previous.open else None
        if late is not None and late >= as_of:
            from_index = index - 1
    decisive = dates.dates(dates.bound_to(from_index, as_of))
    following = (dates.dates(number) for number in range(index, index + upcoming))
    return Outlook(
        as_of,
        current=dates.dates(index),
        decisive=decisive,
        upcoming=tuple(term for term in following if term),
        ended_on=None,
        flags=_flags(rule, decisive),
    )


def _flags(rule: ContractRule, decisive: TermDates | None) -> frozenset[Flag]:
    if decisive is None or not decisive.commitment.open or decisive.notice_deadline is not None:
        return frozenset()
    if rule.notice is None:
        return frozenset({Flag.NOTICE_PERIOD_MISSING}) if rule.renewal is RenewalType.AUTOMATIC else frozenset()
    return frozenset({Flag.WAITING_FOR_INVOICE})


def if_nobody_acts(rule: ContractRule, view: Outlook) -> str:
    """One sentence for librarians on what silence leads to."""
    if rule.renewal is RenewalType.PERPETUAL:
        return "This license is perpetual: if nobody acts, nothing ends and nothing renews."
    if view.decisive is None or view.current is None:
        return f"This license ended on {_day(view.ended_on)}." if view.ended_on else "This license has no term."
    stretch = view.decisive
    if not stretch.commitment.continues:
        return _ends(rule, view, stretch)
    going_on = _goes_on(rule, stretch)
    if Flag.NOTICE_PERIOD_MISSING in view.flags:
        return (
            f"If nobody acts, {going_on}, and the library is committed until {_day(stretch.committed_if_silent)}; "
            "no notice period is recorded, so the last day to stop this is unknown: look it up in the license and "
            "record it."
        )
    if isinstance(rule.notice, NoticeAfterInvoice) and Flag.WAITING_FOR_INVOICE in view.flags:
        return (
            f"If nobody acts within {rule.notice.period.words()} after the renewal invoice is received, {going_on}, "
            f"and the library is committed until {_day(stretch.committed_if_silent)}; the invoice has not come yet."
        )
    until = _day(stretch.committed_if_silent)
    passed = view.current.notice_deadline
    if view.deadline_passed and passed is not None and stretch is not view.current and stretch.last > view.current.last:
        return (
            f"The notice deadline of {_day(passed)} has passed and the library is committed until "
            f"{_day(stretch.last)}; if nobody acts by {_by(rule, view, stretch)}, {going_on}, and the library is "
            f"committed until {until}."
        )
    return f"If nobody acts by {_by(rule, view, stretch)}, {going_on}, and the library is committed until {until}."


def _ends(rule: ContractRule, view: Outlook, stretch: TermDates) -> str:
    end = _day(stretch.last)
    if rule.renewal is RenewalType.NON_RENEWABLE:
        return f"If nobody acts, the license ends on {end}; it cannot be renewed."
    if not stretch.commitment.open:
        return f"If nobody acts, the license ends on {end}; the contract allows no further renewal."
    if stretch.notice_deadline is None:
        return f"If nobody renews it, the license ends on {end}."
    if stretch.notice_deadline < view.as_of:
        return (
            f"The last day to renew was {_day(stretch.notice_deadline)}: the license ends on {end} unless the licensor "
            "still agrees to renew it."
        )
    return f"If nobody renews it by {_by(rule, view, stretch)}, the license ends on {end}."


def _goes_on(rule: ContractRule, stretch: TermDates) -> str:
    following = stretch.last + timedelta(days=1)
    if stretch.last < stretch.commitment.term.last:
        return f"the license goes on into its next contract year on {_day(following)}"
    cap = "" if rule.price_cap is None else f" at a price at most {rule.price_cap.normalize():f} % higher"
    return f"the license renews automatically on {_day(following)} for {rule.plan.length.words()}{cap}"


def _by(rule: ContractRule, view: Outlook, stretch: TermDates) -> str:
    deadline, act_by = stretch.notice_deadline, stretch.act_by
    if deadline is None or act_by is None:
        raise ValueError("a stretch that goes on and raises no flag has a deadline")
    exactly = isinstance(rule.notice, NoticeBefore) and rule.notice.proximity is Proximity.EXACTLY
    legal = "notice must be received on exactly this day" if exactly else "the notice deadline"
    if act_by == deadline:
        return f"{_day(deadline)} ({legal})"
    if act_by < view.as_of:
        return f"{_day(deadline)} ({legal}; the act-by date {_day(act_by)} has passed)"
    if exactly:
        return f"{_day(act_by)} (notice must be received on exactly {_day(deadline)})"
    return f"{_day(act_by)} ({legal} is {_day(deadline)})"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

"""The notice rule of a license: by when must be said what, and what follows from silence.

The rule is stored, never the date: deadline, act-by date and review dates are computed here for one term; `outlook`
lays them out over the current and the following terms, anew at each renewal. Parts of the rule follow
ONIX-PL (NoticePeriodForNonRenewal, Proximity, QuantityUnit, DeadlineForNotice, LicenseRenewalType); the conventions are
those of the research on licenses, section 8.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quire_licenses.renewals.spans import Span, Unit, WorkCalendar, after, before
from quire_licenses.renewals.terms import ONE_DAY, TermPlan
from quire_shared.values.money import Money


class RenewalType(StrEnum):
    """What silence does at the end of a term (ONIX-PL LicenseRenewalType)."""

    AUTOMATIC = "automatic"
    EXPLICIT = "explicit"
    NON_RENEWABLE = "non_renewable"
    PERPETUAL = "perpetual"


class Proximity(StrEnum):
    """How the number of a notice period is meant (ONIX-PL Proximity)."""

    NOT_LESS_THAN = "not_less_than"
    MORE_THAN = "more_than"
    EXACTLY = "exactly"


class Anchor(StrEnum):
    """The day a notice period counts back from."""

    TERM_END = "term_end"
    RENEWAL_DATE = "renewal_date"
    ANNIVERSARY = "anniversary"


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoticeBefore(_Rule):
    """Notice so long before an anchor: "at least 60 days before the end of the term".

    The anniversary is the first day of the next contract year; a contract that is silent on the anchor counts from the
    last day, which is earlier and so safe (section 8, rule 2).
    """

    kind: Literal["before"] = "before"
    period: Span
    proximity: Proximity = Proximity.NOT_LESS_THAN
    anchor: Anchor = Anchor.TERM_END
    clear_days: bool = Field(default=False, description="Neither the day of notice nor the last day counts")


class NoticeByDate(_Rule):
    """Notice by a fixed calendar date before the end of the term: "by 1 October"."""

    kind: Literal["by_date"] = "by_date"
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    inclusive: bool = Field(default=True, description="False for 'before 1 October': 30 September is the last day")

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        date(2024, self.month, self.day)  # a leap year; raises ValueError for 31 April
        return self


class NoticeAfterInvoice(_Rule):
    """Notice within so long after the renewal invoice is received; the day of receipt is day zero."""

    kind: Literal["after_invoice"] = "after_invoice"
    period: Span


Notice = Annotated[NoticeBefore | NoticeByDate | NoticeAfterInvoice, Field(discriminator="kind")]


class ContractRule(_Rule):
    """Everything a contract says about its end and renewal.

    `deemed_receipt`: notice must be received by the deadline and counts as received so long after it was sent.
    `price_cap`: highest rise at renewal in percent.
    """

    renewal: RenewalType
    plan: TermPlan
    notice: Notice | None = None
    deemed_receipt: Span | None = None
    price_cap: Annotated[Decimal, Field(ge=0, le=1000)] | None = None
    decision_lead_days: int = Field(default=60, ge=0, le=1000, description="Calendar days a review needs")
    quote_lead_days: int = Field(default=30, ge=0, le=1000, description="Calendar days before acting for a quote")


def notice_deadline(
    notice: Notice, last: date, calendar: WorkCalendar, invoice_received: date | None = None
) -> date | None:
    """The last day on which notice is still in time for a term that ends on `last`.

    None when the rule counts from an invoice that has not come yet.
    """
    match notice:
        case NoticeBefore():
            anchor = last if notice.anchor is Anchor.TERM_END else last + ONE_DAY
            deadline = before(anchor, notice.period, calendar)
            if notice.proximity is Proximity.MORE_THAN:
                deadline = _one_earlier(deadline, notice.period.unit, calendar)
            if notice.clear_days:
                deadline = _one_earlier(deadline, notice.period.unit, calendar)
            return deadline
        case NoticeByDate():
            on = _fixed_date(last.year, notice)
            if on >= last:
                on = _fixed_date(last.year - 1, notice)
            return on if notice.inclusive else on - ONE_DAY
        case NoticeAfterInvoice():
            return None if invoice_received is None else after(invoice_received, notice.period, calendar)


def _one_earlier(day: date, unit: Unit, calendar: WorkCalendar) -> date:
    return calendar.step(day, -1) if unit is Unit.WORKING_DAY else day - ONE_DAY


def _fixed_date(year: int, notice: NoticeByDate) -> date:
    return date(year, notice.month, 1) + relativedelta(day=notice.day)  # clips 29 February


def send_by(deadline: date, deemed_receipt: Span | None, calendar: WorkCalendar) -> date:
    """The last working day on which notice can be sent so that it is (deemed) received by `deadline`.

    Rolls back, never forward. This is the act-by date of staff; the deadline remains the legal date.
    """
    latest = deadline if deemed_receipt is None else before(deadline, deemed_receipt, calendar)
    latest = calendar.roll_back(latest)
    while deemed_receipt is not None and after(latest, deemed_receipt, calendar) > deadline:
        latest = calendar.roll_back(latest - ONE_DAY)  # clipped months: 31 January + 1 month is 28 February
    while deemed_receipt is not None and after(calendar.step(latest, 1), deemed_receipt, calendar) <= deadline:
        latest = calendar.step(
            latest, 1
        )  # and 30 and 31 March + 1 month are both 30 April: the later one is in time too
    return latest


def end_of_day_elsewhere(deadline: date, vendor_zone: ZoneInfo, library_zone: ZoneInfo) -> datetime:
    """The last second of the deadline in the licensor's zone, as the library's clock shows it."""
    return datetime.combine(deadline, time(23, 59, 59), vendor_zone).astimezone(library_zone)


def last_local_day(deadline: date, vendor_zone: ZoneInfo, library_zone: ZoneInfo, office_closes: time) -> date:
    """The last day whose office close lies within a deadline in the licensor's zone; never after the date itself."""
    moment = end_of_day_elsewhere(deadline, vendor_zone, library_zone)
    day = min(deadline, moment.date())
    return day if datetime.combine(day, office_closes, library_zone) <= moment else day - ONE_DAY


def days_before(act_by: date, days: int, calendar: WorkCalendar) -> date:
    """The working day, rolled back, that lies so many calendar days before the act-by date (review, quote)."""
    return calendar.roll_back(act_by - timedelta(days=days))


def cure_until(notice_received: date, cure: Span, calendar: WorkCalendar) -> date:
    """The last day to cure a breach: within `cure` from receipt, the day of receipt being day zero."""
    return after(notice_received, cure, calendar)


@dataclass(frozen=True)
class PriceRise:
    """A price against the one before: `percent` is exact to two decimals, negative for a fall.

    `over_cap` is what exceeds the highest price the contract allows (rounded down to the minor unit), None when the
    price keeps to the cap or there is none. `percent` is None when the price before was zero.
    """

    percent: Decimal | None
    over_cap: Money | None


def price_rise(previous: Money, offered: Money, cap_percent: Decimal | None) -> PriceRise:
    """Holds an offered or invoiced price against the last one and the cap of the contract.

    Raises CurrencyMismatch when the two prices are in different currencies: a rise by exchange rate is none.
    """
    difference = offered - previous
    percent = None
    if previous:
        percent = (100 * difference.amount / previous.amount).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    over_cap = None
    if cap_percent is not None:
        excess = offered - previous.times(1 + cap_percent / 100, ROUND_FLOOR)
        over_cap = excess if excess.amount > 0 else None
    return PriceRise(percent, over_cap)

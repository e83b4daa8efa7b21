"""Events of ``licenses``: licences, contract facts and the deadlines that need a decision."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import ClassVar

from quire_shared.contracts.base import Event
from quire_shared.values.money import Money


class LicenseChanged(Event):
    """A licence as it stands, with its computed dates. Key: license."""

    type: ClassVar[str] = "licenses.license.changed"
    license_id: uuid.UUID
    name: str
    status: str
    vendor_id: uuid.UUID | None = None
    term_start: date | None = None
    term_end: date | None = None
    notice_deadline: date | None = None
    act_by: date | None = None
    if_nothing_is_done: str
    unit_id: uuid.UUID | None = None


class ContractFactsChanged(Event):
    """What invoices are checked against. Key: license."""

    type: ClassVar[str] = "licenses.contract.facts_changed"
    license_id: uuid.UUID
    order_line_ids: list[uuid.UUID]
    term_start: date | None = None
    term_end: date | None = None
    price_cap_percent: Decimal | None = None
    agreed_fee: Money | None = None


class NoticeDue(Event):
    """A step of the reminder ladder was reached: somebody has to decide. Key: license."""

    type: ClassVar[str] = "licenses.notice.due"
    license_id: uuid.UUID
    renewal_id: uuid.UUID
    name: str
    step: str
    due_on: date
    notice_deadline: date
    act_by: date
    if_nothing_is_done: str
    unit_id: uuid.UUID | None = None
    #: Who is meant: ``responsible``, or ``second`` for the escalation; the person by id where one is named.
    role: str = "responsible"
    person_id: str | None = None
    #: A later step of the same role was reached at the same time: it needs no mail of its own.
    superseded: bool = False


class RenewalDecided(Event):
    """The decision of a renewal was taken. Key: license."""

    type: ClassVar[str] = "licenses.renewal.decided"
    license_id: uuid.UUID
    renewal_id: uuid.UUID
    decision: str
    decided_on: date
    order_line_ids: list[uuid.UUID] = []
    unit_id: uuid.UUID | None = None
    #: The last day of the license after a decision to leave.
    ends_on: date | None = None
    price: Money | None = None


class RenewalMissed(Event):
    """A notice deadline passed without a decision. Key: license."""

    type: ClassVar[str] = "licenses.renewal.missed"
    license_id: uuid.UUID
    renewal_id: uuid.UUID
    name: str
    notice_deadline: date
    if_nothing_is_done: str
    unit_id: uuid.UUID | None = None

"""Today and cost per use: what opens a decision, what closes it, who sees it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from quire_desk.readmodels import projections
from quire_shared.contracts.base import Event
from quire_shared.contracts.licenses import NoticeDue, RenewalDecided, RenewalMissed
from quire_shared.contracts.orders import InvoiceChanged
from quire_shared.contracts.usage import CostPerUseChanged, ReportLoaded
from quire_shared.contracts.vendors import MessageChanged
from quire_shared.database.work import Work
from quire_shared.events.bus.base import Record
from quire_shared.events.envelope import Cause, headers_for, open_envelope
from quire_shared.events.handlers import Projection
from quire_shared.values.ids import uuid7
from quire_shared.values.money import Money
from tests.support.service import ServiceUnderTest

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def tell(desk: ServiceUnderTest, projection: Projection, event: Event, unit: uuid.UUID | None = None) -> None:
    """Apply an event as a consumer does."""
    headers = headers_for(event, uuid7(), "test", AT, Cause("p"), unit, None)
    record = Record(event.topic(), 0, 0, "k", event.model_dump_json().encode(), headers)

    async def command(work: Work) -> None:
        work.generation = 1
        envelope = open_envelope(record)
        await projection.handlers[event.type](work, envelope.event(), envelope)

    await desk.database.run(command)


async def page(desk: ServiceUnderTest, path: str, units: list[uuid.UUID] | None = None) -> list[dict[str, Any]]:
    answer = await desk.client(["readmodels:read"], units).get(path)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_renewal_opens_grows_urgent_and_closes(desk: ServiceUnderTest) -> None:
    license_id, renewal_id = uuid7(), uuid7()
    due = NoticeDue(
        license_id=license_id,
        renewal_id=renewal_id,
        name="Journals A",
        step="90 days",
        due_on=date(2026, 8, 1),
        notice_deadline=date(2026, 11, 1),
        act_by=date(2026, 10, 30),
        if_nothing_is_done="It renews for 12 months.",
    )
    await tell(desk, projections.today, due)
    await tell(desk, projections.today, due.model_copy(update={"step": "30 days"}))
    (item,) = await page(desk, "/readmodels/today")
    assert (item["kind"], item["subject_id"], item["due_on"]) == ("renewal", str(renewal_id), "2026-10-30")
    assert "30 days" in item["detail"]
    assert "It renews for 12 months." in item["detail"]

    missed = RenewalMissed(
        license_id=license_id,
        renewal_id=renewal_id,
        name="Journals A",
        notice_deadline=date(2026, 11, 1),
        if_nothing_is_done="It renewed.",
    )
    await tell(desk, projections.today, missed)
    (item,) = await page(desk, "/readmodels/today")
    assert (item["urgency"], item["title"]) == (3, "Notice deadline passed: Journals A")

    decided = RenewalDecided(
        license_id=license_id, renewal_id=renewal_id, decision="cancel", decided_on=date(2026, 11, 2)
    )
    await tell(desk, projections.today, decided)
    assert await page(desk, "/readmodels/today") == []
    (closed,) = await page(desk, "/readmodels/today?state=closed")
    assert closed["outcome"] == "cancel"


async def test_a_decision_that_was_never_open_does_nothing(desk: ServiceUnderTest) -> None:
    decided = RenewalDecided(license_id=uuid7(), renewal_id=uuid7(), decision="renew", decided_on=date(2026, 1, 1))
    await tell(desk, projections.today, decided)
    assert await page(desk, "/readmodels/today?state=all") == []


async def test_invoices_in_review_messages_in_quarantine_and_findings_wait(desk: ServiceUnderTest) -> None:
    invoice = InvoiceChanged(
        invoice_id=uuid7(),
        vendor_id=uuid7(),
        number="574076",
        invoice_date=date(2026, 2, 1),
        state="open",
        currency="USD",
        total=Money.of("186.17", "USD"),
        payable=Money.of("0", "USD"),
    )
    message = MessageChanged(
        message_id=uuid7(), direction="in", kind="INVOIC", state="quarantined", reason="The sender is not known."
    )
    report = ReportLoaded(
        platform_id=uuid7(),
        platform="Platform P",
        report_id="TR",
        release="5.1",
        months=["2026-01", "2026-02"],
        report_version=1,
        level="warning",
        totals={},
    )
    for event in (invoice, message, report):
        await tell(desk, projections.today, event)
    items = await page(desk, "/readmodels/today")
    assert [i["kind"] for i in items] == ["message", "invoice", "usage_report"]
    assert items[0]["detail"] == "The sender is not known."
    assert "186.17 USD" in items[1]["detail"]
    assert "2026-01 to 2026-02" in items[2]["detail"]

    await tell(desk, projections.today, invoice.model_copy(update={"state": "reviewed"}))
    assert (await page(desk, "/readmodels/today?kind=invoice"))[0]["title"] == "Invoice 574076 is to be approved"
    await tell(desk, projections.today, invoice.model_copy(update={"state": "approved"}))
    by_hand = message.model_copy(
        update={"message_id": uuid7(), "direction": "out", "kind": "ORDERS", "state": "by_hand"}
    )
    await tell(desk, projections.today, by_hand)
    titles = [i["title"] for i in await page(desk, "/readmodels/today?kind=message")]
    assert titles == ["A message waits in quarantine: INVOIC", "A message is to be sent by hand: ORDERS"]
    await tell(desk, projections.today, by_hand.model_copy(update={"state": "sent"}))
    await tell(desk, projections.today, message.model_copy(update={"state": "read"}))
    await tell(desk, projections.today, report.model_copy(update={"level": "passed"}))
    assert await page(desk, "/readmodels/today") == []


async def test_decisions_of_another_unit_are_not_seen(desk: ServiceUnderTest) -> None:
    mine, other = uuid7(), uuid7()
    for unit in (mine, other, None):
        await tell(
            desk,
            projections.today,
            NoticeDue(
                license_id=uuid7(),
                renewal_id=uuid7(),
                name=f"L {unit}",
                step="s",
                due_on=date(2026, 1, 1),
                notice_deadline=date(2026, 2, 1),
                act_by=date(2026, 1, 30),
                if_nothing_is_done="x",
                unit_id=unit,
            ),
        )
    assert {i["unit_id"] for i in await page(desk, "/readmodels/today", [mine])} == {str(mine), None}
    assert len(await page(desk, "/readmodels/today")) == 3


async def test_cost_per_use_without_use_says_so_and_comes_first(desk: ServiceUnderTest) -> None:
    def cost(platform: str, uses: int, amount: str, each: str | None) -> CostPerUseChanged:
        return CostPerUseChanged(
            platform_id=uuid7(),
            platform=platform,
            period_from="2025-01",
            period_to="2025-12",
            months_covered=11,
            months_asked=12,
            metric="Unique_Item_Requests",
            uses=uses,
            cost=Decimal(amount),
            currency="EUR",
            cost_per_use=None if each is None else Decimal(each),
            method="by line",
        )

    for event in (
        cost("Cheap", 100, "250.00", "2.50"),
        cost("Dear", 4, "50.00", "12.50"),
        cost("Idle", 0, "9.00", None),
    ):
        await tell(desk, projections.cost_per_use, event)
    items = await page(desk, "/readmodels/cost-per-use")
    assert [(i["platform"], i["cost_per_use"]) for i in items] == [("Idle", None), ("Dear", "12.50"), ("Cheap", "2.50")]
    assert items[0]["words"] == "no use (Unique_Item_Requests) over 11 of 12 months"


async def test_a_page_needs_the_right(desk: ServiceUnderTest) -> None:
    assert (await desk.client(["funds:read"]).get("/readmodels/today")).status_code == 403

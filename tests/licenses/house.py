"""A licenses service with one license of the journey: 60 calendar days before the end, automatic for 12 months.

All days are worked out by hand: the term 2026-01-01 to 2026-12-31 ends 60 days after 2026-11-01, a Sunday, so staff act by
Friday 2026-10-30.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text

from tests.support.service import ServiceUnderTest

RULE: dict[str, Any] = {
    "renewal": "automatic",
    "plan": {"start": "2026-01-01", "length": {"number": 12, "unit": "month"}},
    "notice": {"kind": "before", "period": {"number": 60, "unit": "calendar_day"}},
    "price_cap": "5",
}
STEPS = [{"days": 90}, {"days": 30}, {"days": 7}, {"days": 7, "role": "second"}]
#: 90 days before 30 October is Saturday 1 August: Friday 31 July. 30 days: 30 September. 7 days: 23 October.
FIRST_STEP, SECOND_STEP, LAST_STEPS = date(2026, 7, 31), date(2026, 9, 30), date(2026, 10, 23)
ACT_BY, DEADLINE, TERM_END = date(2026, 10, 30), date(2026, 11, 1), date(2026, 12, 31)


class House:
    """The service, somebody who may do everything, and what it has said."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self.client = service.client(name="0192a000-0000-7000-8000-000000000001")

    async def license(self, **more: Any) -> dict[str, Any]:
        body = {"name": "Journals of Science", "status": "active", "rule": RULE, "steps": STEPS, **more}
        answer = await self.client.post("/licenses", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def clock(self, as_of: date | str) -> dict[str, Any]:
        answer = await self.client.post("/renewals/run-clock", json={"as_of": str(as_of)})
        assert answer.status_code == 200, answer.text
        ran: dict[str, Any] = answer.json()
        assert ran["troubles"] == []
        return ran

    async def said(self, event_type: str) -> list[dict[str, Any]]:
        """Payloads of all events of this type, in the order in which they were said."""
        async with self.service.database.read() as session:
            rows = await session.execute(
                text("SELECT payload FROM outbox WHERE type = :type ORDER BY id"), {"type": event_type}
            )
            return [payload for (payload,) in rows]

    async def steps(self) -> list[str]:
        return [event["step"] for event in await self.said("licenses.notice.due")]

    async def cases(self, **filters: str) -> list[dict[str, Any]]:
        answer = await self.client.get("/renewals", params=filters)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def post(self, path: str, version: int, body: dict[str, Any]) -> Any:
        return await self.client.post(path, json=body, headers={"If-Match": f'"{version}"'})

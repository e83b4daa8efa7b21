"""The budget read model over the running house: it follows orders, sums by hand, and its proof names what was corrupted."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text

from quire_shared.service.installation import Installation
from tests.desk.conftest import PASSWORD, Browser


async def made(browser: Browser, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await browser.ask("POST", path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json() | {"events": answer.headers.get("quire-events", "")}
    return found


class Books:
    """Ledger, fiscal year, and a way to make funds with budgets."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def open(self) -> Books:
        calendar = await made(self.browser, "/api/orders/fiscal-calendars", {"code": "C", "name": "Calendar"})
        self.year = await made(
            self.browser,
            "/api/orders/fiscal-years",
            {
                "calendar_id": calendar["id"],
                "code": "2026",
                "name": "2026",
                "starts_on": "2026-01-01",
                "ends_on": "2026-12-31",
            },
        )
        self.ledger = await made(
            self.browser,
            "/api/orders/ledgers",
            {"code": "L", "name": "Ledger", "calendar_id": calendar["id"], "currency": "EUR"},
        )
        return self

    async def fund(
        self, code: str, parent: str | None = None, unit: str | None = None, amount: str | None = "0.00"
    ) -> dict[str, Any]:
        fund = await made(
            self.browser,
            "/api/orders/funds",
            {
                "code": code,
                "name": f"Fund {code}",
                "ledger_id": self.ledger["id"],
                "parent_id": parent,
                "unit_id": unit,
            },
        )
        if amount is not None:
            body = {"fund_id": fund["id"], "fiscal_year_id": self.year["id"]}
            fund["budget"] = await made(self.browser, "/api/orders/budgets", body)
            if amount != "0.00":
                fund["last"] = await self.allocate(fund, amount)
        return fund

    async def allocate(self, fund: dict[str, Any], amount: str) -> dict[str, Any]:
        body = {"budget_id": fund["budget"]["id"], "change": {"amount": amount, "currency": "EUR"}, "reason": "test"}
        return await made(self.browser, "/api/orders/allocations", body)


async def test_the_tree_moves_with_a_command_and_sums_by_hand(quire: Installation, front: Browser) -> None:
    books = await Books(front).open()
    top = await books.fund("A", amount="100.00")
    middle = await books.fund("A-1", top["id"], amount=None)
    left = await books.fund("A-1-1", middle["id"], amount="20.50")
    last = (await books.fund("A-1-2", middle["id"], amount="30.00"))["last"]
    seen = last["events"]
    assert seen
    page = (await front.ask("GET", f"/api/desk/readmodels/budgets?fiscal_year=2026&seen={seen}")).json()
    assert page["seen"] is True
    assert [t["allocated"] for t in page["totals"]] == [{"amount": "150.50", "currency": "EUR"}]
    (root,) = page["items"]
    assert (root["code"], root["own"]["available"]["amount"]) == ("A", "100.00")
    assert root["totals"][0]["available"]["amount"] == "150.50"
    (second,) = root["children"]
    assert (second["own"], second["totals"][0]["total_funding"]["amount"]) == (None, "50.50")
    assert [c["code"] for c in second["children"]] == ["A-1-1", "A-1-2"]
    postings = await front.ask("GET", second["children"][0]["links"]["postings"])
    assert [p["amount"]["amount"] for p in postings.json()["items"]] == ["20.50"]
    assert second["children"][0]["budget_id"] == left["budget"]["id"]


async def test_the_proof_names_a_corrupted_and_a_missing_row(quire: Installation, front: Browser) -> None:
    books = await Books(front).open()
    one = await books.fund("A", amount="100.00")
    two = await books.fund("B", amount="7.25")
    await quire.settled()
    whole = (await front.ask("GET", "/api/desk/readmodels/budgets/proof")).json()
    assert (whole["equal"], whole["compared"], whole["differences"], whole["lag"]) == (True, 2, [], 0)

    async with quire.runtimes["desk"].database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE view_budget SET available = available - 1 WHERE budget_id = :b"), {"b": one["budget"]["id"]}
        )
        await connection.execute(text("DELETE FROM view_budget WHERE budget_id = :b"), {"b": two["budget"]["id"]})
    broken = (await front.ask("GET", "/api/desk/readmodels/budgets/proof")).json()
    assert broken["equal"] is False
    assert broken["differences"] == [
        {
            "budget_id": one["budget"]["id"],
            "fund_code": "A",
            "field": "available",
            "read_model": "99",
            "source": "100",
        },
        {"budget_id": two["budget"]["id"], "fund_code": "B", "field": "row", "read_model": None, "source": "present"},
    ]


async def test_a_rebuild_puts_a_corrupted_read_model_right(quire: Installation, front: Browser) -> None:
    books = await Books(front).open()
    await books.fund("A", amount="100.00")
    await quire.settled()
    async with quire.runtimes["desk"].database.engine.begin() as connection:
        await connection.execute(text("UPDATE view_budget SET expended = 5"))
    asked = await front.ask("POST", "/api/desk/readmodels/desk.budgets/rebuild")
    assert asked.status_code == 202, asked.text
    job = f"/api/desk/operations/jobs/{asked.json()['job_id']}"
    async with asyncio.timeout(30):
        while (state := (await front.ask("GET", job)).json()["state"]) in ("waiting", "running"):
            await asyncio.sleep(0.1)
    assert state == "done"
    proof = (await front.ask("GET", "/api/desk/readmodels/budgets/proof")).json()
    assert (proof["equal"], proof["generation"]) == (True, 2)
    async with quire.runtimes["desk"].database.engine.connect() as connection:
        kept = (await connection.execute(text("SELECT DISTINCT generation FROM view_budget"))).scalars().all()
    assert kept == [2]


async def test_somebody_of_a_unit_sees_its_budgets_and_that_others_are_hidden(
    quire: Installation, front: Browser
) -> None:
    law = await made(front, "/api/desk/units", {"code": "law", "name": "Law"})
    art = await made(front, "/api/desk/units", {"code": "art", "name": "Art"})
    books = await Books(front).open()
    top = await books.fund("A", amount="100.00")
    await books.fund("A-LAW", top["id"], law["id"], "10.00")
    await books.fund("A-ART", top["id"], art["id"], "5.00")
    await made(
        front,
        "/api/desk/people",
        {
            "user_name": "lea",
            "name": "Lea",
            "roles": ["acquisitions_librarian"],
            "unit_ids": [law["id"]],
            "password": PASSWORD,
        },
    )
    await quire.settled()
    lea = Browser(quire.apps["desk"])
    await lea.sign_in("lea")
    page = (await lea.ask("GET", "/api/desk/readmodels/budgets")).json()
    assert page["hidden"] == 1
    (root,) = page["items"]
    assert (root["hidden"], [c["code"] for c in root["children"]]) == (1, ["A-LAW"])
    assert root["totals"][0]["allocated"]["amount"] == "110.00"
    assert (await lea.ask("GET", "/api/desk/readmodels/budgets/proof")).json()["equal"] is True


async def test_an_unknown_year_and_a_wrong_event_id_are_refused_in_words(front: Browser) -> None:
    unknown = await front.ask("GET", "/api/desk/readmodels/budgets?fiscal_year=1999")
    assert unknown.status_code == 404
    assert "1999" in unknown.json()["detail"]
    assert (await front.ask("GET", "/api/desk/readmodels/budgets?seen=nonsense")).status_code == 422
    never = await front.ask("GET", "/api/desk/readmodels/budgets?seen=0190a000-0000-7000-8000-0000000000ff")
    assert never.json()["seen"] is False

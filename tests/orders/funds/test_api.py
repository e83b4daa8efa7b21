"""The API of funds and ledger: rights, units, versions, repetitions, and bad input told in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from quire_shared.values.ids import uuid7
from tests.orders.funds.book import Book, amounts, get, post


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["code"], error["pointer"]) for error in answer.json()["errors"]]


async def test_every_route_asks_for_a_right(book: Book) -> None:
    nobody = book.service.client(scopes=())
    public = 0
    for path, operations in book.service.app.openapi()["paths"].items():
        for method, operation in operations.items():
            if not {"funds", "ledger"} & set(operation.get("tags", ())):
                public += 1
                continue
            url = path
            for name in ("calendar", "year", "ledger", "type", "class", "fund", "group", "source", "budget", "batch"):
                url = url.replace(f"{{{name}_id}}", str(uuid7()))
            url = url.replace("{transaction_id}", str(uuid7()))
            answer = await nobody.request(method, url)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
    assert public > 0  # health, for instance


@pytest.mark.parametrize(
    ("scopes", "method", "path", "allowed"),
    [
        ({"funds:read"}, "GET", "/funds", True),
        ({"funds:read"}, "POST", "/funds", False),
        ({"funds:write"}, "POST", "/funds", True),
        ({"funds:write"}, "POST", "/transfers", False),
        ({"budgets:allocate"}, "POST", "/transfers", True),
        ({"budgets:allocate"}, "POST", "/budgets", False),
        ({"exchange_rates:write"}, "POST", "/exchange-rates", True),
        ({"funds:read"}, "GET", "/funds/consistency", True),
    ],
)
async def test_rights(book: Book, scopes: set[str], method: str, path: str, allowed: bool) -> None:
    answer = await book.service.client(scopes).request(method, path, json={})
    assert (answer.status_code != 403) is allowed


async def test_closing_a_year_needs_its_own_right(book: Book) -> None:
    writer = book.service.client({"funds:read", "funds:write"})
    answer = await writer.patch(f"/fiscal-years/{book.year_id}", json={"state": "closed"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 403
    assert (await get(book.client, f"/fiscal-years/{book.year_id}"))["state"] == "open"


async def test_a_unit_sees_its_own_budgets_and_those_of_the_house(book: Book) -> None:
    law, arts = uuid7(), uuid7()
    await book.fund("house")
    await book.budget("house", 10)
    for name, unit in (("law", law), ("arts", arts)):
        await book.fund(name, parent="house", unit_id=str(unit))
        await book.budget(name, 100)
    lawyer = book.service.client({"funds:read", "budgets:allocate"}, units=[law])
    year = str(book.year_id)
    listed = await get(lawyer, "/budgets", fiscal_year_id=year)
    assert {item["id"] for item in listed["items"]} == {str(book.budgets["house"]), str(book.budgets["law"])}
    assert (listed["budgets"], listed["hidden"]) == (2, 1)
    assert amounts(listed["totals"][0])["allocated"] == 110
    tree = await get(lawyer, "/fund-tree", fiscal_year_id=year)
    assert [item["name"] for item in tree["items"]] == ["house", "law"]
    assert tree["hidden"] == 1
    assert (await lawyer.get(f"/budgets/{book.budgets['arts']}")).status_code == 404
    assert (await lawyer.get(f"/funds/{book.funds['arts']}")).status_code == 404
    assert (await lawyer.get("/postings", params={"budget_id": str(book.budgets["arts"])})).status_code == 404
    seen = await get(lawyer, "/postings", limit=1000)
    assert str(book.budgets["arts"]) not in {posting["budget_id"] for posting in seen["items"]}
    stolen = {
        "from_budget_id": str(book.budgets["arts"]),
        "to_budget_id": str(book.budgets["law"]),
        "amount": book.wire(1),
    }
    assert (await lawyer.post("/transfers", json=stolen)).status_code == 404
    rows = [{"fund_id": str(book.funds["arts"]), "fiscal_year_id": year, "change": book.wire(1)}]
    assert (await lawyer.post("/allocation-batches", json={"rows": rows, "reason": "x"})).status_code == 404


async def test_versions_guard_against_lost_changes(book: Book) -> None:
    await book.fund("A")
    path = f"/funds/{book.funds['A']}"
    read = await book.client.get(path)
    assert read.headers["ETag"] == '"1"'
    assert (await book.client.patch(path, json={"name": "Art"})).status_code == 428
    changed = await book.client.patch(path, json={"name": "Art"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    stale = await book.client.patch(path, json={"name": "Arts"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert errors(stale) == [("changed_meanwhile", "/name")]
    assert (await get(book.client, path))["name"] == "Art"


async def test_a_repeated_transfer_moves_money_once(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    body = {
        "from_budget_id": str(book.budgets["A"]),
        "to_budget_id": str(book.budgets["B"]),
        "amount": book.wire(30),
    }
    key = {"Idempotency-Key": f"key-{book.prefix}"}
    first = await book.client.post("/transfers", json=body, headers=key)
    again = await book.client.post("/transfers", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (await book.figures("A"))["available"] == 70
    other = await book.client.post("/transfers", json={**body, "amount": book.wire(31)}, headers=key)
    assert other.status_code == 422
    assert (await book.figures("A"))["available"] == 70


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"amount": {"amount": "0", "currency": "USD"}}, 422),
        ({"amount": {"amount": "-5", "currency": "USD"}}, 422),
        ({"amount": {"amount": "1.005", "currency": "USD"}}, 422),
        ({"amount": {"amount": 5, "currency": "USD"}}, 422),
        ({"amount": {"amount": "5", "currency": "EUR"}}, 422),
        ({"amount": {"amount": "5", "currency": "ZZZ"}}, 422),
        ({"amount": {"amount": "100.01", "currency": "USD"}}, 422),
        ({"surprise": 1}, 422),
        ({"to_budget_id": "00000000-0000-0000-0000-000000000009"}, 404),
        ({"to_budget_id": "not an id"}, 422),
    ],
)
async def test_a_wrong_transfer_changes_nothing(book: Book, change: dict[str, Any], expected: int) -> None:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    body = {
        "from_budget_id": str(book.budgets["A"]),
        "to_budget_id": str(book.budgets["B"]),
        "amount": book.wire(5),
        **change,
    }
    answer = await book.client.post("/transfers", json=body)
    assert answer.status_code == expected, answer.text
    assert answer.json()["detail"]
    assert (await book.figures("A"))["available"] == (await book.figures("B"))["available"] == 100


async def test_transfer_partners_are_asked(book: Book) -> None:
    for fund in ("A", "B", "C"):
        await book.fund_with_budget(fund, 100)
    partners = {"partners": [{"direction": "gives_to", "partner_id": str(book.funds["B"])}]}
    answer = await book.client.put(f"/funds/{book.funds['A']}/partners", json=partners)
    assert answer.status_code == 200, answer.text
    await book.transfer("A", "B", 5)
    refused = await book.client.post(
        "/transfers",
        json={
            "from_budget_id": str(book.budgets["A"]),
            "to_budget_id": str(book.budgets["C"]),
            "amount": book.wire(5),
        },
    )
    assert errors(refused) == [("transfer_partner_not_allowed", "/to_budget_id")]


async def test_a_transfer_is_undone_once(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.fund_with_budget("B", 100)
    moved = await book.transfer("A", "B", 30)
    path = f"/transactions/{moved['transaction_ids'][0]}/reversal"
    await post(book.client, path, reason="wrong fund")
    figures = await book.figures("A")
    assert (figures["available"], figures["net_transfers"]) == (Decimal(100), Decimal(0))
    assert (await book.client.post(path, json={"reason": "again"})).status_code == 409
    assert (await book.client.post(f"/transactions/{uuid7()}/reversal", json={"reason": "x"})).status_code == 404


async def test_what_an_invoice_posted_is_not_undone_as_a_transfer(book: Book) -> None:
    await book.fund_with_budget("A", 100)
    await book.approve("I", 10, funds={"A": Decimal(10)})
    (posting,) = (await get(book.client, "/postings", document_id=str(book.invoices["I"])))["items"]
    answer = await book.client.post(f"/transactions/{posting['transaction_id']}/reversal", json={"reason": "x"})
    assert answer.status_code == 409
    assert (await book.figures("A"))["awaiting"] == 10


async def test_a_batch_is_all_or_nothing_and_undone_once(book: Book) -> None:
    for fund in ("A", "B"):
        await book.fund_with_budget(fund, 100)
    year = str(book.year_id)

    def rows(a: int, b: int) -> list[dict[str, Any]]:
        return [
            {"fund_id": str(book.funds[fund]), "fiscal_year_id": year, "change": book.wire(change)}
            for fund, change in (("A", a), ("B", b))
        ]

    refused = await book.client.post("/allocation-batches", json={"rows": rows(50, -101), "reason": "cut"})
    assert errors(refused) == [("not_enough_available", "/rows/1/change/amount")]
    assert (await book.figures("A"))["allocated"] == 100
    done = await post(book.client, "/allocation-batches", rows=rows(50, -20), reason="new split")
    assert [(await book.figures(fund))["allocated"] for fund in ("A", "B")] == [150, 80]
    await post(book.client, f"/allocation-batches/{done['id']}/undo", reason="council said no")
    assert [(await book.figures(fund))["allocated"] for fund in ("A", "B")] == [100, 100]
    again = await book.client.post(f"/allocation-batches/{done['id']}/undo", json={"reason": "again"})
    assert again.status_code == 409
    log = await get(book.client, "/allocation-batches", fiscal_year_id=year)
    assert [(entry["reason"], entry["undone_by_id"] is not None) for entry in log] == [
        ("council said no", False),
        ("new split", True),
    ]
    assert await book.consistency() == []


async def test_a_fund_moves_with_all_below_it_and_never_below_itself(book: Book) -> None:
    await book.fund("root")
    await book.fund("other")
    await book.fund("A", parent="root")
    await book.fund("B", parent="A")
    await book.fund("C", parent="B")
    await book.budget("C", 7)
    circle = await book.client.patch(
        f"/funds/{book.funds['A']}", json={"parent_id": str(book.funds["C"])}, headers={"If-Match": '"1"'}
    )
    assert errors(circle) == [("circle", "/parent_id")]
    moved = await book.client.patch(
        f"/funds/{book.funds['A']}", json={"parent_id": str(book.funds["other"])}, headers={"If-Match": '"1"'}
    )
    assert moved.status_code == 200, moved.text
    paths = {name: (await get(book.client, f"/funds/{book.funds[name]}"))["path"] for name in ("A", "B", "C")}
    chain = [str(book.funds[name]) for name in ("other", "A", "B", "C")]
    assert paths == {"A": chain[:2], "B": chain[:3], "C": chain}
    below = await get(book.client, "/budget-totals", fund_id=str(book.funds["other"]))
    assert amounts(below["totals"][0])["allocated"] == 7
    left = await get(book.client, "/budget-totals", fund_id=str(book.funds["root"]))
    assert left["budgets"] == 0
    root = await book.client.patch(
        f"/funds/{book.funds['A']}", json={"parent_id": None}, headers={"If-Match": moved.headers["ETag"]}
    )
    assert root.json()["path"] == [str(book.funds["A"])]


async def test_codes_are_taken_once(book: Book) -> None:
    await book.fund("A")
    body = {"code": f"{book.prefix}-A", "name": "again", "ledger_id": str(book.ledgers["1"])}
    answer = await book.client.post("/funds", json=body)
    assert (answer.status_code, errors(answer)) == (422, [("taken", "/code")])
    await book.budget("A", 1)
    twice = {"fund_id": str(book.funds["A"]), "fiscal_year_id": str(book.year_id)}
    answer = await book.client.post("/budgets", json=twice)
    assert (answer.status_code, errors(answer)) == (422, [("taken", "/fund_id")])


async def test_fiscal_years_of_a_calendar_share_no_day(book: Book) -> None:
    body = {
        "calendar_id": str(book.calendar_id),
        "code": f"{book.prefix}-x",
        "name": "x",
        "starts_on": "2026-12-31",
        "ends_on": "2027-12-30",
    }
    answer = await book.client.post("/fiscal-years", json=body)
    assert errors(answer) == [("overlap", "/starts_on")]


async def test_a_budget_keeps_to_its_ledgers_currency_and_calendar(book: Book) -> None:
    await book.fund("A")
    other = await Book.open(book.service)
    body = {
        "fund_id": str(book.funds["A"]),
        "fiscal_year_id": str(other.year_id),
        "initial": {"amount": "1", "currency": "EUR"},
        "limits": {"encumbrance_stop": {"amount": {"amount": "1", "currency": "GBP"}}},
    }
    answer = await book.client.post("/budgets", json=body)
    assert errors(answer) == [
        ("other_currency", "/limits/encumbrance_stop/amount/currency"),
        ("other_currency", "/initial/currency"),
        ("other_calendar", "/fiscal_year_id"),
    ]


async def test_published_rates_are_loaded_from_the_banks_file_once(book: Book) -> None:
    note = f"ECB {book.prefix}"
    # The layout of the European Central Bank: a column for each currency, a trailing comma, N/A where none is set.
    content = "Date,USD,JPY,CYP,\n2026-03-02,1.0843,162.5,N/A,\n2026-03-03,1.0850,,0.58,\n"

    async def load(text: str) -> httpx.Response:
        return await book.client.post(
            "/exchange-rates/file", files={"file": ("rates.csv", text.encode())}, data={"note": note}
        )

    assert (await load(content)).json() == {"rows": 3, "added": 3}
    assert (await load(content)).json() == {"rows": 3, "added": 0}
    found = await get(book.client, "/exchange-rates", currency="JPY")
    mine = [rate for rate in found if rate["note"] == note]
    assert [(r["base"], r["quote"], Decimal(r["value"]), r["valid_on"], r["source"]) for r in mine] == [
        ("EUR", "JPY", Decimal("162.5"), "2026-03-02", "published")
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"hello", [("no_rate_file", "/file/1")]),
        (
            b"Date,USD\nyesterday,1.1\n2026-03-02,minus\n2026-03-03,0",
            [("bad_rate", "/file/2/date"), ("bad_rate", "/file/3/USD"), ("bad_rate", "/file/4/USD")],
        ),
        (
            b"date,base,quote,value\n2026-03-02,EUR,EUR,1\n2026-03-02,EUR\n",
            [("bad_rate", "/file/2/EUR"), ("bad_rate", "/file/3/columns")],
        ),
    ],
)
async def test_a_bad_rate_file_is_told_row_by_row(book: Book, content: bytes, expected: list[tuple[str, str]]) -> None:
    answer = await book.client.post("/exchange-rates/file", files={"file": ("rates.csv", content)})
    assert answer.status_code == 422
    assert errors(answer) == expected


async def test_a_rate_file_that_is_no_text_is_refused(book: Book) -> None:
    answer = await book.client.post("/exchange-rates/file", files={"file": ("rates.csv", b"Date,\xff\xfe")})
    assert answer.status_code == 415
    assert "byte 6" in answer.json()["detail"]


async def test_credits_of_a_source_are_used_up_by_deadline(book: Book) -> None:
    source = await post(book.client, "/funding-sources", code=f"{book.prefix}-s", name="Grant", currency="USD")
    path = f"/funding-sources/{source['id']}/credits"
    for amount, expires in ((100, "2026-12-31"), (30, "2026-06-30"), (50, None)):
        await post(book.client, path, amount=book.wire(amount), effective_on="2026-01-01", expires_on=expires)
    await book.fund_with_budget("A", 0)
    await post(
        book.client,
        "/allocations",
        budget_id=str(book.budgets["A"]),
        change=book.wire(45),
        funding_source_id=source["id"],
    )
    answer = await get(book.client, path)
    assert [(c["expires_on"], c["allocated"]["amount"]) for c in answer["credits"]] == [
        ("2026-06-30", "30.00"),
        ("2026-12-31", "15.00"),
        (None, "0.00"),
    ]
    assert Decimal(answer["unattributed"]["amount"]) == 0


async def test_undoing_an_allocation_gives_the_money_back_to_its_source(book: Book) -> None:
    source = await post(book.client, "/funding-sources", code=f"{book.prefix}-s", name="Grant", currency="USD")
    await book.fund_with_budget("A", 0)
    moved = await post(
        book.client,
        "/allocations",
        budget_id=str(book.budgets["A"]),
        change=book.wire(45),
        funding_source_id=source["id"],
    )
    await post(book.client, f"/transactions/{moved['transaction_ids'][0]}/reversal", reason="grant was withdrawn")
    answer = await get(book.client, f"/funding-sources/{source['id']}/credits")
    assert Decimal(answer["allocated"]["amount"]) == 0


async def test_lists_are_searched_and_walked(book: Book) -> None:
    for name in ("History", "Art history", "100% physics"):
        await book.fund(name)
    ledger = str(book.ledgers["1"])
    found = await get(book.client, "/funds", ledger_id=ledger, q="HISTORY")
    assert [item["name"] for item in found["items"]] == ["Art history", "History"]
    assert found["total"] == 2
    page = await get(book.client, "/funds", ledger_id=ledger, offset=1, limit=1)
    assert ([item["name"] for item in page["items"]], page["total"]) == (["Art history"], 3)
    percent = await get(book.client, "/funds", ledger_id=ledger, q="0%")
    assert [item["name"] for item in percent["items"]] == ["100% physics"]


async def test_a_field_that_must_be_there_can_not_be_emptied(book: Book) -> None:
    await book.fund("A", tags=["gift"])
    path = f"/funds/{book.funds['A']}"
    answer = await book.client.patch(path, json={"name": None}, headers={"If-Match": '"1"'})
    assert errors(answer) == [("missing", "/name")]
    kept = await book.client.patch(path, json={"owner_id": None, "tags": []}, headers={"If-Match": '"1"'})
    assert (kept.status_code, kept.json()["tags"]) == (200, [])

"""Orders from pending to closed. Figures by hand from the funds of ``Shop``."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from tests.orders.purchasing.conftest import Shop, StatementCount


async def test_opening_encumbers_each_fund_with_its_share(shop: Shop) -> None:
    half = [
        {"fund_id": str(shop.book.funds["H"]), "value": "50"},
        {"fund_id": str(shop.book.funds["M"]), "value": "50"},
    ]
    order = await shop.order(shop.line("Two copies", "10.05", quantity=2), shop.line("Split", "33.33", funds=half))
    opened = await shop.client.post(f"/orders/{order['id']}/open")
    assert opened.status_code == 200, opened.text
    assert opened.json()["status"] == "open"
    assert {line["status"] for line in opened.json()["lines"]} == {"open"}
    # 20.10 + 16.66 and 16.67: the odd cent goes to the last share
    assert Decimal((await shop.figures("H"))["encumbered"]["amount"]) == Decimal("36.76")
    assert Decimal((await shop.figures("M"))["encumbered"]["amount"]) == Decimal("16.67")


async def test_opening_tells_all_problems_of_all_lines_at_once_and_changes_nothing(shop: Shop) -> None:
    order = await shop.order(
        shop.line("No fund", funds=[]),
        shop.line("Ninety percent", funds=[{"fund_id": str(shop.book.funds["M"]), "value": "90"}]),
        shop.line("Too dear", "201.00", funds=[{"fund_id": str(shop.book.funds["M"]), "value": "100"}]),
    )
    refused = await shop.client.post(f"/orders/{order['id']}/open")
    assert refused.status_code == 422
    problem = refused.json()
    assert {"distribution_empty", "distribution_percent"} <= {e["code"] for e in problem["errors"]}
    assert any("limit" in e["code"] or "available" in e["code"] or "over" in e["code"] for e in problem["errors"]), (
        problem
    )
    assert all(e["fix"] for e in problem["errors"])
    assert Decimal((await shop.figures("M"))["encumbered"]["amount"]) == 0
    assert (await shop.client.get(f"/orders/{order['id']}")).json()["status"] == "pending"


async def test_a_dry_run_answers_the_effect_and_leaves_nothing(shop: Shop) -> None:
    order = await shop.order(shop.line("Dry", "70.00"))
    effect = (await shop.client.post(f"/orders/{order['id']}/open?dry_run=true")).json()
    assert effect["lines"][0]["funds"][0]["encumbered"] == {"amount": "70.00", "currency": "USD"}
    assert Decimal((await shop.figures("H"))["encumbered"]["amount"]) == 0


@pytest.mark.parametrize("lines", [10, 100])
async def test_opening_takes_the_same_number_of_statements_whatever_the_number_of_lines(shop: Shop, lines: int) -> None:
    order = await shop.order(*(shop.line(f"Book {n}", "1.00") for n in range(lines)))
    with StatementCount(shop.service) as count:
        assert (await shop.client.post(f"/orders/{order['id']}/open")).status_code == 200
    assert count.count <= 45, count.count


async def test_unopen_close_and_reopen_move_the_encumbrance(shop: Shop) -> None:
    order = await shop.order(shop.line("Back and forth", "100.00"))
    path = f"/orders/{order['id']}"
    encumbered = []
    for step, body in (
        ("open", None),
        ("unopen", {"reason": "wrong edition"}),
        ("open", None),
        ("close", {"reason": "no longer supplied"}),
        ("reopen", None),
    ):
        answer = await shop.client.post(f"{path}/{step}", json=body)
        assert answer.status_code == 200, answer.text
        encumbered.append(Decimal((await shop.figures("H"))["encumbered"]["amount"]))
    assert encumbered == [100, 0, 100, 0, 100]


async def test_canceling_a_line_gives_back_only_its_money(shop: Shop) -> None:
    order = await shop.order(shop.line("Keep", "60.00"), shop.line("Cancel", "40.00"))
    opened = (await shop.client.post(f"/orders/{order['id']}/open")).json()
    line = opened["lines"][1]
    answer = await shop.client.post(
        f"/order-lines/{line['id']}/cancel",
        json={"reason": "out of print"},
        headers={"If-Match": f'"{line["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "canceled"
    assert Decimal((await shop.figures("H"))["encumbered"]["amount"]) == 60


async def test_changing_an_open_line_moves_its_encumbrance_and_needs_the_version(shop: Shop) -> None:
    order = await shop.order(shop.line("Dearer", "60.00"))
    line = (await shop.client.post(f"/orders/{order['id']}/open")).json()["lines"][0]
    body = shop.line("Dearer", "75.00")
    assert (await shop.client.put(f"/order-lines/{line['id']}", json=body)).status_code == 428
    stale = await shop.client.put(f"/order-lines/{line['id']}", json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert any(e["pointer"] == "/unit_price" for e in stale.json()["errors"])
    changed = await shop.client.put(
        f"/order-lines/{line['id']}", json=body, headers={"If-Match": f'"{line["version"]}"'}
    )
    assert changed.status_code == 200, changed.text
    assert Decimal((await shop.figures("H"))["encumbered"]["amount"]) == 75


async def test_a_vendor_with_edi_is_asked_to_be_sent_the_order_in_parts(shop: Shop) -> None:
    order = await shop.order(*(shop.line(f"B{n}", "0.10") for n in range(250)), edi=True)
    assert (await shop.client.post(f"/orders/{order['id']}/open")).status_code == 200
    asked = [e for e in await shop.events("orders.order.send_requested") if e["order_id"] == order["id"]]
    assert [(e["part"], e["parts"], len(e["lines"])) for e in asked] == [(1, 2, 200), (2, 2, 50)]


async def test_numbers_have_no_gaps_though_many_order_at_once_and_some_fail(shop: Shop) -> None:
    prefix = f"G{shop.vendor.hex[:6].upper()}"

    async def order(n: int) -> str | None:
        lines = (
            [shop.line(f"L{n}")] if n % 3 else [shop.line("bad", funds=[{"fund_id": str(shop.vendor), "value": "1"}])]
        )
        answer = await shop.client.post(
            "/orders", json={"vendor_id": str(shop.vendor), "currency": "USD", "prefix": prefix, "lines": lines}
        )
        return answer.json()["number"] if answer.status_code == 201 else None

    numbers = sorted(n for n in await asyncio.gather(*(order(n) for n in range(12))) if n)
    assert [int(n.rsplit("-", 1)[1]) for n in numbers] == list(range(1, 9))


async def test_the_same_isbn_on_order_already_is_a_warning_with_its_evidence(shop: Shop) -> None:
    first = await shop.order(shop.line("Once", identifiers=["0-306-40615-2"]))
    second = await shop.order(shop.line("Twice", identifiers=["978-0-306-40615-7"]))
    opened = (await shop.client.post(f"/orders/{second['id']}/open")).json()
    assert [w["code"] for w in opened["warnings"]] == ["maybe_duplicate"]
    assert first["lines"][0]["number"] in opened["warnings"][0]["detail"]


async def test_a_wrong_check_digit_is_kept_as_given_and_flagged(shop: Shop) -> None:
    order = await shop.order(shop.line("Typo", identifiers=["978-0-306-40615-8"]))
    (identifier,) = order["lines"][0]["identifiers"]
    assert identifier["value"] == "978-0-306-40615-8"
    assert identifier["problem"]


async def test_without_the_right_to_open_the_order_stays_pending(shop: Shop) -> None:
    order = await shop.order(shop.line())
    reader = shop.service.client(["orders:read", "orders:write"])
    refused = await reader.post(f"/orders/{order['id']}/open")
    assert refused.status_code == 403
    assert "orders:open" in refused.json()["detail"]

"""Invoices through the API: arrival once, differences, decisions, refusals, money. Figures by hand from ``Shop``."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from quire_shared.contracts.vendors import Reference
from tests.orders.invoicing.conftest import Desk, delivery, invoiced
from tests.orders.purchasing.conftest import StatementCount

ISBN_13 = "9780131103627"
ISBN_10 = "0131103628"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def desk(desk_of_invoices: Desk) -> Desk:
    return desk_of_invoices


def codes(line: dict[str, Any]) -> list[str]:
    return [difference["code"] for difference in line["differences"]]


async def electronic(desk: Desk, *prices: str, **more: Any) -> list[dict[str, Any]]:
    """Open lines that need no receipt."""
    lines = [desk.shop.line(f"Title {n}", price, material="electronic", **more) for n, price in enumerate(prices, 1)]
    order = await desk.open_order(*lines)
    found: list[dict[str, Any]] = order["lines"]
    return found


async def accepted(desk: Desk, *prices: str, total: str, **more: Any) -> uuid.UUID:
    """An invoice with these lines, all accepted."""
    lines = await electronic(desk, *prices)
    message = desk.message(
        *(
            invoiced(str(n), price, line["number"])
            for n, (price, line) in enumerate(zip(prices, lines, strict=True), 1)
        ),
        total=total,
        **more,
    )
    (invoice_id,) = await desk.arrive(message)
    answer = await desk.do(invoice_id, "accept", {})
    assert answer["undecided"] == 0, [line["differences"] for line in answer["lines"]]
    return invoice_id


# Arrival


async def test_a_long_message_in_parts_becomes_one_invoice_when_all_parts_are_there(desk: Desk) -> None:
    first = desk.message(invoiced("1", "10.00"), total="30.00", parts=2, part=1)
    second = first.model_copy(update={"part": 2, "lines": [invoiced("2", "20.00")]})
    assert await desk.arrive(second) == []
    made = await desk.arrive(first, second, first)
    assert len(made) == 1
    invoice = await desk.get(made[0])
    assert [line["amount"]["amount"] for line in invoice["lines"]] == ["10.00", "20.00"]
    listed = await desk.shop.client.get("/invoices", params={"message_id": str(first.message_id)})
    assert listed.json()["total"] == 1


async def test_no_payment_expected_is_matched_and_kept_but_never_approved(desk: Desk) -> None:
    (line,) = await electronic(desk, "310.00")
    message = desk.message(
        invoiced("1", "310.00", line["number"]),
        total="310.00",
        function="no_payment_expected",
        payment_expected=False,
        payment_note="BGM function 55",
    )
    (invoice_id,) = await desk.arrive(message)
    answer = await desk.do(invoice_id, "accept", {})
    assert answer["lines"][0]["order_line_id"] == line["id"]
    refused = await desk.do(invoice_id, "approve", {"payable": usd("310.00"), "on": "2026-06-15"}, 422)
    assert [e["code"] for e in refused["errors"]] == ["no_payment_expected"]
    assert "BGM function 55" in refused["errors"][0]["detail"]
    assert (await desk.shop.figures("H"))["awaiting"]["amount"] == "0.00"


async def test_the_same_vendor_and_number_is_held_as_a_likely_duplicate(desk: Desk) -> None:
    one = await accepted(desk, "10.00", total="10.00", number="R-0815")
    two = await accepted(desk, "20.00", total="20.00", number="r 0815", function="additional")
    assert (await desk.get(two))["duplicate_of"] == str(one)
    refused = await desk.do(two, "approve", {"payable": usd("20.00"), "on": "2026-06-15"}, 422)
    assert [e["code"] for e in refused["errors"]] == ["likely_duplicate"]
    await desk.do(two, "not-duplicate", {"reason": "The vendor began its numbers anew."})
    assert (await desk.do(two, "approve", {"payable": usd("20.00"), "on": "2026-06-15"}))["state"] == "approved"


async def test_two_messages_with_one_number_at_the_same_time_are_never_both_free(desk: Desk) -> None:
    number = f"TWIN-{uuid.uuid4().hex[:6]}"
    messages = [desk.message(invoiced("1", "10.00"), total="10.00", number=number) for _ in range(2)]
    made = await asyncio.gather(*(desk.arrive(message) for message in messages))
    held = [(await desk.get(ids[0]))["duplicate_of"] for ids in made]
    assert sorted(h is None for h in held) == [False, True]


async def test_a_credit_note_gives_back(desk: Desk) -> None:
    paid = await accepted(desk, "50.00", total="50.00")
    await desk.do(paid, "approve", {"payable": usd("50.00"), "on": "2026-06-15"})
    await desk.do(paid, "pay", {"reference": "P-1", "on": "2026-06-16"})
    line_number = (await desk.get(paid))["lines"][0]["order_line_number"]
    note = desk.message(invoiced("1", "8.00", line_number), total="8.00", kind="credit_note")
    (credit,) = await desk.arrive(note)
    invoice = await desk.get(credit)
    assert (invoice["kind"], invoice["lines"][0]["total"]["amount"]) == ("credit_note", "-8.00")
    await desk.decide(credit, invoice["lines"][0], decision="accept", reason="Damaged piece sent back.")
    await desk.do(credit, "approve", {"payable": usd("-8.00"), "on": "2026-06-17"})
    await desk.do(credit, "pay", {"reference": "P-2", "on": "2026-06-18"})
    figures = await desk.shop.figures("H")
    assert (figures["expended"]["amount"], figures["credited"]["amount"]) == ("50.00", "8.00")


async def test_a_message_without_lines_has_its_charges_as_lines(desk: Desk) -> None:
    (invoice_id,) = await desk.arrive(desk.message(total="3.00", charges=[delivery("3.00")]))
    invoice = await desk.get(invoice_id)
    assert [(line["title"], line["total"]["amount"]) for line in invoice["lines"]] == [("Delivery", "3.00")]
    assert invoice["difference"]["amount"] == "0.00"


# Matching and differences


async def test_each_line_says_what_differs_and_only_clean_ones_are_accepted_together(desk: Desk) -> None:
    shop = desk.shop
    order = await desk.open_order(
        shop.line("As ordered", "10.00", material="electronic"),
        shop.line("Dearer", "20.00", material="electronic"),
        shop.line("Not here yet", "30.00"),
        shop.line("Canceled", "40.00", material="electronic"),
        shop.line("The C programming language", "25.00", material="electronic", identifiers=[ISBN_13]),
    )
    lines = order["lines"]
    canceled = (await shop.client.get(f"/order-lines/{lines[3]['id']}")).json()
    answer = await shop.client.post(
        f"/order-lines/{canceled['id']}/cancel",
        json={"reason": "Out of print"},
        headers={"If-Match": f'"{canceled["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    message = desk.message(
        invoiced("1", "10.00", lines[0]["number"], title="As ordered"),
        invoiced("2", "21.50", lines[1]["number"], title="Dearer"),
        invoiced("3", "30.00", lines[2]["number"], title="Not here yet"),
        invoiced("4", "40.00", lines[3]["number"], title="Canceled"),
        invoiced(
            "5",
            "25.00",
            title="C PROGRAMMING LANGUAGE",
            identifiers={"isbn10": [ISBN_10]},
            references=[Reference(kind="order", value=order["number"])],
        ),
        invoiced("6", "12.00", title="Nobody knows this"),
        total="138.50",
    )
    (invoice_id,) = await desk.arrive(message)
    invoice = await desk.get(invoice_id)
    assert [codes(line) for line in invoice["lines"]] == [
        [], ["price"], ["not_received"], ["canceled"], [], ["not_ordered"],
    ]  # fmt: skip
    assert [line["match_state"] for line in invoice["lines"]] == ["matched"] * 5 + ["none"]
    assert invoice["lines"][4]["match_rule"] == "order_number_and_identifier"
    after = await desk.do(invoice_id, "accept", {})
    assert [line["decision"] for line in after["lines"]] == [
        "accept", "undecided", "undecided", "undecided", "accept", "undecided",
    ]  # fmt: skip
    assert (after["undecided"], after["to_pay"]["amount"]) == (4, "35.00")


async def test_receiving_makes_a_line_clean_and_the_invoice_never_receives(desk: Desk) -> None:
    order = await desk.open_order(desk.shop.line("A book", "30.00", quantity=1))
    line = order["lines"][0]
    (invoice_id,) = await desk.arrive(
        desk.message(invoiced("1", "30.00", line["number"], title="A book"), total="30.00")
    )
    row = (await desk.get(invoice_id))["lines"][0]
    assert codes(row) == ["not_received"]
    await desk.decide(invoice_id, row, decision="ask_receiving", reason="Has it come?")
    asked = (await desk.shop.client.get("/invoice-lines", params={"decision": "ask_receiving", "limit": 500})).json()
    assert row["id"] in {item["id"] for item in asked["items"]}
    assert (await desk.shop.client.get(f"/order-lines/{line['id']}")).json()["received"] == 0
    client = desk.shop.client
    shipment = await client.post("/shipments", json={"vendor_id": str(desk.shop.vendor), "number": "DN-9"})
    scanned = await client.post(f"/shipments/{shipment.json()['id']}/scan", json={"code": line["number"]})
    assert scanned.status_code == 201, scanned.text
    await desk.decide(invoice_id, row, decision="undecided")
    assert (await desk.do(invoice_id, "accept", {}))["lines"][0]["decision"] == "accept"


async def test_orders_that_are_loaded_after_the_invoice_are_found_again(desk: Desk) -> None:
    reference = f"V{uuid.uuid4().hex[:8]}"
    message = desk.message(
        invoiced("1", "15.00", references=[Reference(kind="supplier_line", value=reference)]), total="15.00"
    )
    (invoice_id,) = await desk.arrive(message)
    assert (await desk.get(invoice_id))["lines"][0]["match_state"] == "none"
    (line,) = await electronic(desk, "15.00", vendor_reference=reference)
    again = await desk.do(invoice_id, "match", None)
    assert (again["lines"][0]["order_line_id"], again["lines"][0]["match_rule"]) == (line["id"], "supplier_reference")


async def test_a_person_confirms_a_suggestion_and_its_evidence_is_kept(desk: Desk) -> None:
    (line,) = await electronic(desk, "15.00", identifiers=[ISBN_13], quantity=1)
    message = desk.message(invoiced("1", "15.00", title="Title 1", identifiers={"isbn13": [ISBN_13]}), total="15.00")
    (invoice_id,) = await desk.arrive(message)
    row = (await desk.get(invoice_id))["lines"][0]
    assert (row["match_state"], row["order_line_id"]) == ("suggested", None)
    assert line["id"] in {candidate["line_id"] for candidate in row["candidates"]}
    done = await desk.do(invoice_id, f"lines/{row['id']}/match", {"order_line_id": line["id"]})
    row = done["lines"][0]
    assert (row["match_state"], row["order_line_number"]) == ("confirmed", line["number"])
    assert {"isbn", "title"} <= {evidence["rule"] for evidence in row["evidence"]}
    missing = await desk.do(invoice_id, f"lines/{row['id']}/match", {"order_line_id": str(uuid.uuid4())}, 422)
    assert missing["errors"][0]["code"] == "unknown_order_line"


# Decisions and money


async def test_a_short_payment_pays_its_amount_and_a_refused_line_nothing(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", "20.00", "30.00", total="60.00")
    _, second, third = (await desk.get(invoice_id))["lines"]
    await desk.decide(invoice_id, second, decision="short_pay", pay_amount=usd("18.50"), reason="Price as agreed.")
    await desk.decide(invoice_id, third, decision="refuse", reason="Never ordered like this.")
    approved = await desk.do(invoice_id, "approve", {"payable": usd("28.50"), "on": "2026-06-15"})
    assert approved["payable"]["amount"] == "28.50"
    figures = await desk.shop.figures("H")
    # 60.00 were encumbered; the refused line keeps its 30.00
    assert (figures["encumbered"]["amount"], figures["awaiting"]["amount"]) == ("30.00", "28.50")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"decision": "hold"}, ["reason_missing"]),
        ({"decision": "short_pay", "reason": "Less"}, ["amount_missing"]),
        ({"decision": "short_pay", "reason": "Less", "pay_amount": usd("10.00")}, ["not_short"]),
        ({"decision": "short_pay", "pay_amount": usd("0.00")}, ["reason_missing", "not_short"]),
        ({"decision": "accept", "pay_amount": usd("5.00")}, ["amount_not_used"]),
    ],
)
async def test_decisions_that_do_not_fit_are_refused(desk: Desk, body: dict[str, Any], expected: list[str]) -> None:
    invoice_id = await accepted(desk, "10.00", total="10.00")
    line = (await desk.get(invoice_id))["lines"][0]
    refused = await desk.do(invoice_id, f"lines/{line['id']}/decision", body, 422)
    assert [e["code"] for e in refused["errors"]] == expected


async def test_held_lines_go_into_a_remainder_that_is_paid_later(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", "20.00", total="33.00", charges=[delivery("3.00")])
    second = (await desk.get(invoice_id))["lines"][1]
    # 3.00 over 10.00 and 20.00: 1.00 and 2.00
    await desk.decide(invoice_id, second, decision="hold", reason="Access does not work yet.")
    await desk.do(invoice_id, "approve", {"payable": usd("11.00"), "on": "2026-06-15"})
    remainder = await desk.do(invoice_id, "remainder", None, 201)
    assert (remainder["stated_total"]["amount"], remainder["difference"]["amount"]) == ("22.00", "0.00")
    assert (remainder["duplicate_of"], remainder["number"]) == (None, (await desk.get(invoice_id))["number"])
    await desk.do(invoice_id, "remainder", None, 409)
    await desk.do(remainder["id"], "accept", {})
    await desk.do(remainder["id"], "approve", {"payable": usd("22.00"), "on": "2026-07-15"})
    assert (await desk.shop.figures("H"))["awaiting"]["amount"] == "33.00"
    await desk.do(invoice_id, "cancel", {"reason": "Wrong vendor.", "on": "2026-07-16"}, 409)
    await desk.do(remainder["id"], "cancel", {"reason": "Withdrawn.", "on": "2026-07-16"})
    await desk.do(invoice_id, "cancel", {"reason": "Wrong vendor.", "on": "2026-07-16"})
    figures = await desk.shop.figures("H")
    assert (figures["awaiting"]["amount"], figures["encumbered"]["amount"]) == ("0.00", "30.00")


async def test_charges_reach_the_funds_so_that_their_postings_make_the_paid_total(desk: Desk) -> None:
    funds = [
        {"fund_id": str(desk.shop.book.funds["H"]), "value": "66.67"},
        {"fund_id": str(desk.shop.book.funds["M"]), "value": "33.33"},
    ]
    lines = await electronic(desk, "10.01", "0.00", "33.33", funds=funds)
    message = desk.message(
        *(
            invoiced(str(n), p, line["number"])
            for n, (p, line) in enumerate(zip(["10.01", "0.00", "33.33"], lines, strict=True), 1)
        ),
        total="50.41",
        charges=[delivery("7.07")],
    )
    (invoice_id,) = await desk.arrive(message)
    # 7.07 over 10.01 and 33.33 (43.34): 1.632… and 5.437…; the odd cent goes to the larger remainder. Nothing on 0.00.
    assert [line["charges"]["amount"] for line in (await desk.get(invoice_id))["lines"]] == ["1.63", "0.00", "5.44"]
    await desk.do(invoice_id, "accept", {})
    await desk.do(invoice_id, "approve", {"payable": usd("50.41"), "on": "2026-06-15"})
    await desk.do(invoice_id, "pay", {"reference": "P-3", "on": "2026-06-16"})
    h, m = await desk.shop.figures("H"), await desk.shop.figures("M")
    # 11.64: 7.760388 and 3.879612 → 7.76, 3.88; 38.77: 25.847959 and 12.922041 → 25.85, 12.92
    assert (h["expended"]["amount"], m["expended"]["amount"]) == ("33.61", "16.80")
    assert (h["encumbered"]["amount"], m["encumbered"]["amount"]) == ("0.00", "0.00")


async def test_fewer_pieces_than_ordered_leave_the_rest_encumbered(desk: Desk) -> None:
    (line,) = await electronic(desk, "20.00", quantity=3)
    (invoice_id,) = await desk.arrive(
        desk.message(invoiced("1", "20.00", line["number"], title="Title 1"), total="20.00")
    )
    accepted_line = (await desk.do(invoice_id, "accept", {}))["lines"][0]
    assert accepted_line["more_expected"] is True
    await desk.do(invoice_id, "approve", {"payable": usd("20.00"), "on": "2026-06-15"})
    assert (await desk.shop.figures("H"))["encumbered"]["amount"] == "40.00"
    await desk.do(invoice_id, "pay", {"reference": "P-4", "on": "2026-06-16"})
    assert (await desk.shop.client.get(f"/order-lines/{line['id']}")).json()["payment_status"] == "partly_paid"


async def test_approval_names_everything_that_is_wrong_at_once(desk: Desk) -> None:
    shop = desk.shop
    small = [{"fund_id": str(shop.book.funds["M"]), "value": "100"}]
    order = await desk.open_order(
        shop.line("On the large fund", "900.00", material="electronic"),
        shop.line("On the small fund", "190.00", material="electronic", funds=small),
    )
    first, second = order["lines"]
    message = desk.message(
        invoiced("1", "1100.00", first["number"], title="On the large fund"),
        invoiced("2", "290.00", second["number"], title="On the small fund"),
        invoiced("3", "5.00", title="Unknown"),
        invoiced("4", "6.00", title="Undecided"),
        total="1402.00",
    )
    (invoice_id,) = await desk.arrive(message)
    lines = (await desk.get(invoice_id))["lines"]
    for line in lines[:3]:
        await desk.decide(invoice_id, line, decision="accept", reason="Agreed.")
    refused = await desk.do(invoice_id, "approve", {"payable": usd("1.00"), "on": "2026-06-15"}, 422)
    found = sorted(e["code"] for e in refused["errors"])
    # 1,390.00 with 1,000.00 and 200.00 in the funds: both stop
    assert found == sorted(
        ["lock_total_mismatch", "undecided", "payable_changed", "no_fund", "expenditure_limit", "expenditure_limit"]
    )
    assert all(e["fix"] for e in refused["errors"])
    assert (await desk.get(invoice_id))["state"] == "open"
    assert (await shop.figures("H"))["awaiting"]["amount"] == "0.00"


async def test_cancelling_a_paid_invoice_posts_everything_back(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", "20.00", total="30.00")
    await desk.do(invoice_id, "approve", {"payable": usd("30.00"), "on": "2026-06-15"})
    await desk.do(invoice_id, "pay", {"reference": "P-5", "on": "2026-06-16"})
    canceled = await desk.do(invoice_id, "cancel", {"reason": "Paid to the wrong vendor.", "on": "2026-06-17"})
    assert canceled["state"] == "canceled"
    figures = await desk.shop.figures("H")
    assert [figures[k]["amount"] for k in ("encumbered", "awaiting", "expended")] == ["30.00", "0.00", "0.00"]
    order_line = canceled["lines"][0]["order_line_id"]
    assert (await desk.shop.client.get(f"/order-lines/{order_line}")).json()["payment_status"] == "awaiting"
    said = [e["invoice_id"] for e in await desk.shop.events("orders.invoice.payment_reversed")]
    assert said.count(str(invoice_id)) == 1
    await desk.do(invoice_id, "cancel", {"reason": "Again."}, 409)
    await desk.do(invoice_id, "reopen", {"reason": "It was right after all."})
    await desk.do(invoice_id, "approve", {"payable": usd("30.00"), "on": "2026-06-18"})
    assert (await desk.shop.figures("H"))["awaiting"]["amount"] == "30.00"
    assert (await desk.shop.client.get("/funds/consistency")).json()["consistent"] is True


async def test_only_an_approved_invoice_is_paid_and_only_once(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", total="10.00")
    await desk.do(invoice_id, "pay", {"reference": "P-6"}, 409)
    await desk.do(invoice_id, "approve", {"payable": usd("10.00"), "on": "2026-06-15"})
    await desk.get(invoice_id)
    headers = {"If-Match": desk.versions[str(invoice_id)]}
    url, body = f"/invoices/{invoice_id}/pay", {"reference": "P-6", "on": "2026-06-16"}
    answers = await asyncio.gather(*(desk.shop.client.post(url, json=body, headers=headers) for _ in range(3)))
    assert sorted(a.status_code for a in answers) == [200, 412, 412]
    assert (await desk.shop.figures("H"))["expended"]["amount"] == "10.00"


async def test_approved_lines_are_changed_no_more(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", total="10.00")
    line = (await desk.get(invoice_id))["lines"][0]
    await desk.do(invoice_id, "approve", {"payable": usd("10.00"), "on": "2026-06-15"})
    await desk.do(invoice_id, f"lines/{line['id']}/decision", {"decision": "hold", "reason": "Late"}, 409)
    await desk.do(invoice_id, "approve", {"payable": usd("10.00")}, 409)


# Typed invoices


def typed(desk: Desk, *lines: dict[str, Any], total: str, **more: Any) -> dict[str, Any]:
    return {
        "vendor_id": str(desk.shop.vendor),
        "number": f"T-{uuid.uuid4().hex[:8]}",
        "invoice_date": "2026-06-01",
        "currency": "USD",
        "stated_total": usd(total),
        "lines": list(lines),
        **more,
    }


async def test_a_typed_invoice_with_its_own_funds_and_a_charge_that_is_not_prorated(desk: Desk) -> None:
    h, m = (str(desk.shop.book.funds[name]) for name in ("H", "M"))
    body = typed(
        desk,
        {"title": "Binding", "amount": usd("100.00"), "funds": [{"fund_id": h, "percent": "100"}]},
        total="114.00",
        charges=[
            {"description": "VAT", "is_tax": True, "kind": "percent", "value": "7"},
            {"description": "Courier", "value": "7.00", "basis": "not_prorated", "fund_id": m},
        ],
    )
    answer = await desk.shop.client.post("/invoices", json=body)
    assert answer.status_code == 201, answer.text
    invoice = answer.json()
    assert (invoice["tax_total"]["amount"], invoice["charges_total"]["amount"]) == ("7.00", "7.00")
    assert codes(invoice["lines"][0]) == ["not_ordered"]
    await desk.decide(invoice["id"], invoice["lines"][0], decision="accept", reason="Contract with the bindery.")
    await desk.do(invoice["id"], "approve", {"payable": usd("114.00"), "on": "2026-06-15"})
    await desk.do(invoice["id"], "pay", {"reference": "P-7", "on": "2026-06-16"})
    figures = [(await desk.shop.figures(name))["expended"]["amount"] for name in ("H", "M")]
    assert figures == ["107.00", "7.00"]


async def test_the_lock_total_holds_an_invoice_back_until_it_is_right(desk: Desk) -> None:
    h = str(desk.shop.book.funds["H"])
    line = {"title": "A book", "amount": usd("10.02"), "funds": [{"fund_id": h, "percent": "100"}]}
    invoice = (await desk.shop.client.post("/invoices", json=typed(desk, line, total="12.34"))).json()
    assert invoice["difference"]["amount"] == "2.32"
    await desk.decide(invoice["id"], invoice["lines"][0], decision="accept", reason="Bought at a fair.")
    approval = {"payable": usd("10.02"), "on": "2026-06-15"}
    refused = await desk.do(invoice["id"], "approve", approval, 422)
    assert [e["code"] for e in refused["errors"]] == ["lock_total_mismatch"]
    await desk.get(invoice["id"])
    fixed = await desk.shop.client.patch(
        f"/invoices/{invoice['id']}",
        json={"stated_total": usd("10.02")},
        headers={"If-Match": desk.versions[invoice["id"]]},
    )
    assert fixed.json()["difference"]["amount"] == "0.00"
    assert (await desk.do(invoice["id"], "approve", approval))["state"] == "approved"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"lines": []}, 422),
        ({"stated_total": {"amount": "1.00", "currency": "EUR"}}, 422),
        ({"stated_total": {"amount": "1.001", "currency": "USD"}}, 422),
        ({"currency": "XXQ"}, 422),
        ({"surprise": 1}, 422),
        ({"lines": [{"title": "x", "amount": usd("1.00"), "order_line_id": str(uuid.UUID(int=1))}]}, 422),
        ({"charges": [{"description": "x", "value": "0.001"}]}, 422),
        ({"charges": [{"description": "x", "value": "1", "basis": "not_prorated"}]}, 422),
    ],
)
async def test_typed_nonsense_is_refused(desk: Desk, change: dict[str, Any], status: int) -> None:
    body = typed(desk, {"title": "A book", "amount": usd("1.00")}, total="1.00") | change
    answer = await desk.shop.client.post("/invoices", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


# Rights, units, versions


async def test_each_step_needs_its_right(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", total="10.00")
    await desk.get(invoice_id)
    headers = {"If-Match": desk.versions[str(invoice_id)]}
    writer = desk.shop.service.client(["invoices:read", "invoices:write"])
    approve = await writer.post(f"/invoices/{invoice_id}/approve", json={"payable": usd("10.00")}, headers=headers)
    pay = await writer.post(f"/invoices/{invoice_id}/pay", json={"reference": "x"}, headers=headers)
    reader = desk.shop.service.client(["invoices:read"])
    accept = await reader.post(f"/invoices/{invoice_id}/accept", json={}, headers=headers)
    nobody = await desk.shop.service.client(["orders:read"]).get(f"/invoices/{invoice_id}")
    assert [a.status_code for a in (approve, pay, accept, nobody)] == [403] * 4


async def test_an_invoice_of_another_unit_is_not_there(desk: Desk) -> None:
    unit = uuid.uuid4()
    line = {"title": "A book", "amount": usd("1.00")}
    invoice = (await desk.shop.client.post("/invoices", json=typed(desk, line, total="1.00", unit_id=str(unit)))).json()
    outsider = desk.shop.service.client(["invoices:*"], [uuid.uuid4()])
    insider = desk.shop.service.client(["invoices:*"], [unit])
    assert (await insider.get(f"/invoices/{invoice['id']}")).status_code == 200
    assert (await outsider.get(f"/invoices/{invoice['id']}")).status_code == 404
    for path in ("approve", "pay", "cancel"):
        body = {"payable": usd("1.00"), "reference": "x", "reason": "x"}
        wanted = {
            k: v for k, v in body.items() if k == {"approve": "payable", "pay": "reference", "cancel": "reason"}[path]
        }
        answer = await outsider.post(f"/invoices/{invoice['id']}/{path}", json=wanted, headers={"If-Match": '"1"'})
        assert answer.status_code == 404
    listed = (await outsider.get("/invoices", params={"q": invoice["number"]})).json()
    assert listed == {"items": [], "total": 0}
    queued = (await outsider.get("/invoice-lines", params={"match_state": "none", "limit": 500})).json()
    assert invoice["id"] not in {item["invoice_id"] for item in queued["items"]}


async def test_two_people_deciding_one_invoice_see_each_other(desk: Desk) -> None:
    invoice_id = await accepted(desk, "10.00", total="10.00")
    line = (await desk.get(invoice_id))["lines"][0]
    url = f"/invoices/{invoice_id}/lines/{line['id']}/decision"
    body = {"decision": "hold", "reason": "Wait"}
    headers = {"If-Match": desk.versions[str(invoice_id)]}
    answers = await asyncio.gather(*(desk.shop.client.post(url, json=body, headers=headers) for _ in range(2)))
    assert sorted(a.status_code for a in answers) == [200, 412]
    assert (await desk.shop.client.post(url, json=body)).status_code == 428


async def test_an_invoice_that_waits_for_a_person_is_in_the_list(desk: Desk) -> None:
    number = f"W-{uuid.uuid4().hex[:8]}"
    await desk.arrive(desk.message(invoiced("1", "10.00"), total="11.00", number=number))
    for needs_review, total in ((True, 1), (False, 0)):
        params: dict[str, str | bool] = {"q": number, "needs_review": needs_review}
        assert (await desk.shop.client.get("/invoices", params=params)).json()["total"] == total


async def test_a_long_invoice_needs_no_more_statements_than_a_short_one(desk: Desk) -> None:
    counts: dict[int, list[int]] = {}
    for size in (10, 100):
        lines = await electronic(desk, *["1.00"] * size)
        message = desk.message(
            *(invoiced(str(n), "1.00", line["number"]) for n, line in enumerate(lines, 1)), total=f"{size}.00"
        )
        with StatementCount(desk.shop.service) as arrival:
            (invoice_id,) = await desk.arrive(message)
        with StatementCount(desk.shop.service) as accepting:
            await desk.do(invoice_id, "accept", {})
        with StatementCount(desk.shop.service) as approving:
            await desk.do(invoice_id, "approve", {"payable": usd(f"{size}.00"), "on": "2026-06-15"})
        with StatementCount(desk.shop.service) as paying:
            await desk.do(invoice_id, "pay", {"reference": "P", "on": "2026-06-16"})
        counts[size] = [step.count for step in (arrival, accepting, approving, paying)]
    assert counts[10] == counts[100]

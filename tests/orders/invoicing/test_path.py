"""From the vendor's message to the payment; all figures by hand."""

from __future__ import annotations

from tests.orders.invoicing.conftest import Desk, delivery, invoiced


async def test_a_message_becomes_an_invoice_that_is_matched_accepted_approved_and_paid(desk_of_invoices: Desk) -> None:
    desk = desk_of_invoices
    order = await desk.open_order(
        desk.shop.line("Blood snow", "28.35", receipt_required=False),
        desk.shop.line("Concentrate", "13.77", receipt_required=False),
    )
    first, second = order["lines"]
    message = desk.message(
        invoiced("1", "28.35", first["number"], title="BLOOD SNOW."),
        invoiced("2", "13.77", second["number"], title="CONCENTRATE: POEMS."),
        total="45.12",
        charges=[delivery("3.00")],
    )
    (invoice_id,) = await desk.arrive(message)
    assert await desk.arrive(message) == []  # the same message again
    invoice = await desk.get(invoice_id)
    assert invoice["difference"]["amount"] == "0.00"
    assert [line["match_state"] for line in invoice["lines"]] == ["matched", "matched"]
    assert [line["order_line_id"] for line in invoice["lines"]] == [first["id"], second["id"]]
    # 3.00 over 28.35 and 13.77 (42.12): 2.019… and 0.980…, so 2.02 and 0.98
    assert [line["charges"]["amount"] for line in invoice["lines"]] == ["2.02", "0.98"]
    assert (await desk.shop.figures("H"))["encumbered"]["amount"] == "42.12"

    accepted = await desk.do(invoice_id, "accept", {})
    assert [line["decision"] for line in accepted["lines"]] == ["accept", "accept"], accepted["lines"]
    approved = await desk.do(
        invoice_id, "approve", {"payable": {"amount": "45.12", "currency": "USD"}, "on": "2026-06-15"}
    )
    assert approved["state"] == "approved"
    figures = await desk.shop.figures("H")
    assert (figures["encumbered"]["amount"], figures["awaiting"]["amount"]) == ("0.00", "45.12")

    paid = await desk.do(invoice_id, "pay", {"reference": "SEPA 4711", "on": "2026-06-20"})
    assert (paid["state"], paid["paid_on"], paid["payment_reference"]) == ("paid", "2026-06-20", "SEPA 4711")
    figures = await desk.shop.figures("H")
    assert (figures["awaiting"]["amount"], figures["expended"]["amount"]) == ("0.00", "45.12")
    lines = (await desk.shop.client.get(f"/orders/{order['id']}")).json()["lines"]
    assert [line["payment_status"] for line in lines] == ["paid", "paid"]
    said = [e for e in await desk.shop.events("orders.invoice.paid") if e["invoice_id"] == str(invoice_id)]
    assert [line["total"]["amount"] for line in said[0]["lines"]] == ["30.37", "14.75"]

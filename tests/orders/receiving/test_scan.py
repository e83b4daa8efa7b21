"""A shipment at the receiving table. ISBNs with check digits by ISO 2108."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.orders.receiving.conftest import Table

ISBN_13 = "9780131103627"  # the same book as ISBN-10 0131103628
ISBN_10 = "0-13-110362-8"
OTHER = "9781741047622"
UNKNOWN = "9781950268641"


async def test_a_shipment_with_a_short_a_damaged_and_an_unordered_piece(table: Table) -> None:
    book, other = await table.open_order(
        table.shop.line("The C programming language", "20.00", identifiers=[ISBN_13], quantity=3),
        table.shop.line("Alaska", "10.00", identifiers=[OTHER]),
    )
    good = await table.scan(ISBN_10, quantity=2)
    assert (good["line_id"], good["condition"], good["place"], good["next_step"]) == (
        book["id"], "ok", "processing", "catalog",
    )  # fmt: skip
    assert (good["line_received"], good["line_ordered"], good["line_receipt_status"]) == (2, 3, "partly_received")

    short = await table.scan(ISBN_13, condition="short")
    assert (short["place"], short["next_step"], short["step_state"], short["counted"]) == (
        "nowhere", "claim", "open", False,
    )  # fmt: skip
    damaged = await table.scan(OTHER, condition="damaged", reason="The spine is broken.")
    assert (damaged["place"], damaged["next_step"]) == ("returns", "return_for_replacement")
    stray = await table.scan(UNKNOWN, title="Blood snow")
    assert (stray["line_id"], stray["condition"], stray["place"], stray["next_step"]) == (
        None, "unordered", "decisions", "keep_or_return",
    )  # fmt: skip

    assert (await table.line(book["id"]))["received"] == 2
    assert (await table.line(other["id"]))["receipt_status"] == "awaiting"
    todo = (await table.shop.client.get("/receipts", params={"step_state": "open"})).json()
    mine = [r for r in todo["items"] if r["shipment_id"] == table.shipment]
    assert {r["next_step"] for r in mine} == {"claim", "return_for_replacement", "keep_or_return"}
    said = [e for e in await table.shop.events("orders.receipt.recorded") if e["line_id"] == book["id"]]
    assert [(e["quantity"], e["condition"]) for e in said] == [(2, "ok"), (1, "short")]


async def test_more_than_ordered_needs_a_reason_or_is_a_duplicate(table: Table) -> None:
    (line,) = await table.open_order(table.shop.line("One copy", identifiers=[ISBN_13]))
    assert (await table.scan(ISBN_13))["line_receipt_status"] == "received"
    refused = await table.scan(ISBN_13, 422)
    assert refused["errors"][0]["code"] == "over_receipt"
    assert (await table.line(line["id"]))["received"] == 1
    twice = await table.scan(ISBN_13, condition="duplicate")
    assert (twice["place"], twice["next_step"], twice["counted"]) == ("returns", "return_for_credit", False)
    kept = await table.scan(ISBN_13, reason="The vendor gave it for free.")
    assert kept["line_received"] == 2


async def test_undoing_takes_the_pieces_back_and_keeps_the_receipt(table: Table) -> None:
    (line,) = await table.open_order(table.shop.line("Two copies", identifiers=[ISBN_13], quantity=2))
    receipt = await table.scan(ISBN_13, quantity=2)
    path = f"/receipts/{receipt['id']}/undo"
    undone = await table.post(path, {"reason": "Wrong pile."}, receipt["version"])
    assert undone["undo_reason"] == "Wrong pile."
    now = await table.line(line["id"])
    assert (now["received"], now["receipt_status"]) == (0, "awaiting")
    await table.post(path, {"reason": "Again."}, undone["version"], 409)
    said = [e["quantity"] for e in await table.shop.events("orders.receipt.recorded") if e["line_id"] == line["id"]]
    assert said == [2, -2]


async def test_undoing_with_an_old_version_or_none_is_refused(table: Table) -> None:
    await table.open_order(table.shop.line("A book", identifiers=[ISBN_13]))
    receipt = await table.scan(ISBN_13)
    path = f"/receipts/{receipt['id']}/undo"
    assert (await table.shop.client.post(path, json={"reason": "x"})).status_code == 428
    await table.post(path, {"reason": "x"}, receipt["version"] + 7, 412)


async def test_a_code_that_several_lines_wait_for_names_them_all(table: Table) -> None:
    first, second = await table.open_order(
        table.shop.line("For the main library", identifiers=[ISBN_13]),
        table.shop.line("For the branch", identifiers=[ISBN_13]),
    )
    refused = await table.scan(ISBN_13, 422)
    assert {e["value"] for e in refused["errors"]} == {first["id"], second["id"]}
    chosen = await table.scan(ISBN_13, line_id=second["id"])
    assert chosen["line_id"] == second["id"]
    # Now only one line still waits, so the code is enough.
    assert (await table.scan(ISBN_13))["line_id"] == first["id"]


async def test_line_numbers_and_barcodes_are_codes_too(table: Table) -> None:
    one, two = await table.open_order(
        table.shop.line("By number"),
        table.shop.line(
            "By barcode", copies=[{"quantity": 1, "barcode": f"31234{table.shipment[-6:]}", "location": "Main"}]
        ),
    )
    assert (await table.scan(one["number"].lower()))["found_by"] == "line_number"
    scanned = await table.scan(f"31234{table.shipment[-6:]}")
    assert (scanned["found_by"], scanned["line_id"], scanned["location"]) == ("barcode", two["id"], "Main")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"condition": "damaged"}, "needs_reason"),
        ({"condition": "short", "quantity": 3}, "not_short"),
    ],
)
async def test_what_is_not_said_well_enough_is_refused(table: Table, body: dict[str, object], code: str) -> None:
    await table.open_order(table.shop.line("Two copies", identifiers=[ISBN_13], quantity=2))
    assert (await table.scan(ISBN_13, 422, **body))["errors"][0]["code"] == code


async def test_pending_and_canceled_lines_are_not_received(table: Table) -> None:
    order = await table.shop.order(table.shop.line("Not open", identifiers=[ISBN_13]))
    assert (await table.scan(ISBN_13, 422))["errors"][0]["code"] == "not_open"
    await table.post(f"/orders/{order['id']}/open", None, order["version"])
    line = await table.line(order["lines"][0]["id"])
    await table.post(f"/order-lines/{line['id']}/cancel", {"reason": "Out of print"}, line["version"])
    assert (await table.scan(ISBN_13, 422))["errors"][0]["code"] == "canceled"
    assert (await table.scan(ISBN_13, condition="unordered"))["line_id"] == line["id"]


async def test_a_closed_shipment_takes_nothing_more(table: Table) -> None:
    await table.open_order(table.shop.line("A book", identifiers=[ISBN_13]))
    await table.post(f"/shipments/{table.shipment}/close", None, 1)
    assert "closed" in (await table.scan(ISBN_13, 409))["detail"]
    await table.post(f"/shipments/{table.shipment}/reopen", None, 2)
    await table.scan(ISBN_13)


async def test_two_people_scanning_the_last_copy_receive_it_once(table: Table) -> None:
    (line,) = await table.open_order(table.shop.line("A book", identifiers=[ISBN_13]))
    url = f"/shipments/{table.shipment}/scan"
    answers = await asyncio.gather(*(table.shop.client.post(url, json={"code": ISBN_13}) for _ in range(2)))
    assert sorted(a.status_code for a in answers) == [201, 422]
    assert (await table.line(line["id"]))["received"] == 1


async def test_lines_of_another_vendor_are_not_received_here(table: Table) -> None:
    (line,) = await table.open_order(table.shop.line("From the EDI vendor", identifiers=[ISBN_13]), edi=True)
    assert (await table.scan(ISBN_13))["condition"] == "unordered"
    assert (await table.scan(line_id=line["id"], status=422))["errors"][0]["code"] == "other_vendor"


async def test_scanning_needs_its_right_and_the_unit_of_the_shipment(table: Table) -> None:
    unit = uuid.uuid4()
    await table.begin("DN-2", unit_id=str(unit))
    url = f"/shipments/{table.shipment}"
    reader = table.shop.service.client(["receiving:read"])
    assert (await reader.post(f"{url}/scan", json={"code": ISBN_13})).status_code == 403
    insider = table.shop.service.client(["receiving:*"], [unit])
    outsider = table.shop.service.client(["receiving:*"], [uuid.uuid4()])
    assert (await insider.get(url)).status_code == 200
    assert (await outsider.get(url)).status_code == 404
    assert (await outsider.post(f"{url}/scan", json={"code": ISBN_13})).status_code == 404
    listed = (await outsider.get("/shipments", params={"q": "DN-2", "limit": 500})).json()["items"]
    assert table.shipment not in {shipment["id"] for shipment in listed}


async def test_the_next_step_is_noted_once(table: Table) -> None:
    stray = await table.scan(UNKNOWN)
    path = f"/receipts/{stray['id']}/done"
    done = await table.post(path, {"note": "Sent back on 12 June."}, stray["version"])
    assert (done["step_state"], done["step_note"]) == ("done", "Sent back on 12 June.")
    await table.post(path, {"note": "Again."}, done["version"], 409)


async def test_a_repeated_scan_with_the_same_key_counts_once(table: Table) -> None:
    (line,) = await table.open_order(table.shop.line("Two copies", identifiers=[ISBN_13], quantity=2))
    url, key = f"/shipments/{table.shipment}/scan", {"Idempotency-Key": f"scan {line['id']}"}
    first = await table.shop.client.post(url, json={"code": ISBN_13}, headers=key)
    again = await table.shop.client.post(url, json={"code": ISBN_13}, headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    assert (await table.line(line["id"]))["received"] == 1

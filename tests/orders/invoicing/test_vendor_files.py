"""The vendors' real files, read by the EDI engine, become exactly one invoice for each message, to the cent.

Files stay where they are (``QUIRE_CORPORA``). Expected figures stand in the files themselves: the stated totals (MOA+86
or MOA+9), BGM functions and line counts, read by eye.
"""

from __future__ import annotations

import os
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quire_shared.contracts.vendors import InvoiceReceived
from quire_vendors.edi import documents
from quire_vendors.edi.documents.model import Invoice
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.syntax import Reading
from quire_vendors.exchange.invoices import facts_of
from tests.orders.invoicing.conftest import Desk

CORPORA = Path(os.environ.get("QUIRE_CORPORA", Path(__file__).parents[3] / ".." / "shared" / "corpora"))


def messages(name: str, vendor_id: uuid.UUID) -> list[list[InvoiceReceived]]:
    """The events of each message of a file, as vendors would say them."""
    found = sorted((CORPORA / "edi").glob(f"*{name}"))
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing in {CORPORA}; CI must have the corpora.")
        pytest.skip(f"{name} is missing in {CORPORA}: set QUIRE_CORPORA")
    events = []
    for message in Reading(found[0]):
        document = documents.read(message, choose(message))
        assert isinstance(document, Invoice)
        facts, missing = facts_of(document, None)
        assert facts is not None, missing
        events.append(facts.events(uuid.uuid4(), uuid.uuid4(), vendor_id))
    return events


async def arrive(desk: Desk, name: str) -> list[dict[str, Any]]:
    invoices = []
    for parts in messages(name, desk.shop.vendor):
        made = await desk.arrive(*parts)
        assert len(made) == 1
        assert await desk.arrive(*parts) == []
        invoices.append(await desk.get(made[0]))
    return invoices


def sums(invoice: dict[str, Any], *names: str) -> list[str]:
    return [invoice[name]["amount"] for name in names]


async def test_ybp_574076(desk_of_invoices: Desk) -> None:
    (invoice,) = await arrive(desk_of_invoices, "inv574076.edi.txt")
    assert (invoice["number"], len(invoice["lines"])) == ("574076", 6)
    assert sums(invoice, "lines_total", "tax_total", "charges_total", "stated_total", "difference") == [
        "167.85", "15.32", "3.00", "186.17", "0.00",
    ]  # fmt: skip
    assert invoice["payment_expected"] is True


async def test_brodart(desk_of_invoices: Desk) -> None:
    invoices = await arrive(desk_of_invoices, "1130B766274.inv")
    assert {invoice["difference"]["amount"] for invoice in invoices} == {"0.00"}
    # B766274: 36.06 and 6.60 for cataloging and processing
    assert sums(invoices[0], "lines_total", "charges_total", "stated_total") == ["36.06", "6.60", "42.66"]
    assert {invoice["payment_expected"] for invoice in invoices} == {True}
    assert ["isbn", "9781741047622"] in invoices[0]["lines"][0]["identifiers"]
    assert ["own_line", "16600/29"] in invoices[0]["lines"][0]["references"]


async def test_harrassowitz_expects_no_payment(desk_of_invoices: Desk) -> None:
    invoices = await arrive(desk_of_invoices, "ediFileForC347615.edi")
    assert len(invoices) == 18
    assert {invoice["payment_expected"] for invoice in invoices} == {False}
    assert {invoice["difference"]["amount"] for invoice in invoices} == {"0.00"}
    assert sums(invoices[0], "stated_total", "charges_total") == ["17111.92", "684.40"]
    assert len(invoices[0]["lines"]) == 100


async def test_ebsco(desk_of_invoices: Desk) -> None:
    invoices = await arrive(desk_of_invoices, "R032713.T102543.INV")
    assert len(invoices) == 15
    assert {invoice["difference"]["amount"] for invoice in invoices} == {"0.00"}
    second = next(invoice for invoice in invoices if invoice["number"] == "7751761")
    assert sums(second, "lines_total", "charges_total", "stated_total") == ["85579.80", "2995.29", "88575.09"]
    # the service charge reaches the lines without losing a cent
    parts = [Decimal(line["charges"]["amount"]) for line in second["lines"]]
    assert (len(parts), sum(parts)) == (47, Decimal("2995.29"))

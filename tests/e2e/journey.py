"""The journey: money followed from the budget to the payment, through the API, told step by step.

``make journey`` runs it on a throw-away instance; ``test_journey.py`` runs the same steps under both buses. Every expected
figure is computed by hand here, from the vendor's file as a person reads it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from quire_shared.service.installation import Installation

DATA = Path(__file__).parents[1] / "data" / "imports"
FUND_MAPPING = {
    "name": "Finance office",
    "decimal_mark": ",",
    "fiscal_year_code": "FY27",
    "fiscal_year_start": "2026-07-01",
    "fiscal_year_end": "2027-06-30",
    "ledger_code": "LIB",
    "ledger_name": "Library",
    "currency": "USD",
    "account_column": "Account",
    "levels": [{"segments": [3]}, {"segments": [4]}, {"segments": [5]}],
    "amount_column": "Approved budget",
    "subtotal_marks": ["Subtotal", "Total", "Grand total"],
    "include": ["1000-LIB-"],
    "encumbrance_stop_percent": "100",
}
ORDER_MAPPING = {
    "name": "Book orders",
    "default_currency": "USD",
    "key": "Line",
    "title": "Title",
    "isbn": "ISBN",
    "quantity": "Copies",
    "unit_price": "Price",
    "vendor_code": "Vendor",
    "vendor_reference": "Vendor no.",
    "funds": [{"fund": "Fund", "percent": "Share"}, {"fund": "Fund 2", "percent": "Share 2"}],
}
PASSWORD = "a long enough password"


@dataclass
class Journey:
    """One library's way through Quire; ``say`` gets each figure as it is reached."""

    quire: Installation
    corpora: Path
    say: Callable[[str], None] = lambda words: None
    people: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.quire.apps["desk"]), base_url="http://localhost", timeout=60
        )

    @property
    def librarian(self) -> httpx.AsyncClient:
        return self.people["acquisitions"]

    async def get(self, path: str, who: str = "acquisitions") -> Any:
        answer = await self.people[who].get(path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def post(self, path: str, body: Any = None, who: str = "acquisitions", status: int = 200, **more: Any) -> Any:
        if body is not None:
            more["json"] = body
        headers = {"Idempotency-Key": str(uuid4()), **more.pop("headers", {})}
        answer = await self.people[who].post(path, headers=headers, **more)
        assert answer.status_code == status, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def on_invoice(self, step: str, body: Any) -> Any:
        """A step on the invoice, in the version that stands."""
        path = f"/api/orders/invoices/{self.ids['invoice']}"
        version = (await self.get(path))["version"]
        return await self.post(f"{path}/{step}", body, headers={"If-Match": f'"{version}"'})

    async def figures(self, fund_code: str) -> dict[str, Decimal]:
        """What the ledger says of a fund's budget."""
        budgets = (await self.get("/api/orders/budgets?limit=1000"))["items"]
        found = next(b for b in budgets if b["fund_code"] == fund_code)
        return {k: Decimal(v["amount"]) for k, v in found["figures"].items() if isinstance(v, dict)}

    # 1. Start

    async def start(self) -> None:
        """The first sign-in makes the administrator; she adds two librarians by role."""
        first = self.client()
        link = await self.quire.apps["desk"].state.sign_in_link("http://localhost")
        token = link.rsplit("first=", 1)[1]
        answer = await first.post(
            "/api/desk/sign-in/first",
            json={"token": token, "user_name": "admin", "name": "Administrator", "password": PASSWORD},
        )
        assert answer.status_code == 201, answer.text
        first.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        self.people["admin"] = first
        again = await self.client().post(
            "/api/desk/sign-in/first",
            json={"token": token, "user_name": "other", "name": "Other", "password": PASSWORD},
        )
        assert again.status_code in (401, 403, 409, 410), again.text  # the link works once
        roles = {r["code"]: r for r in (await self.get("/api/desk/roles", "admin"))["items"]}
        for name, role in (("acquisitions", "acquisitions_librarian"), ("eresources", "eresources_librarian")):
            code = next(c for c in roles if c.replace("-", "_") in (role, role.replace("eresources", "e_resources")))
            await self.post(
                "/api/desk/people",
                {"user_name": name, "name": name.title(), "roles": [code], "password": PASSWORD},
                "admin",
                201,
            )
            person = self.client()
            signed = await person.post("/api/desk/sign-in", json={"user_name": name, "password": PASSWORD})
            assert signed.status_code == 201, signed.text
            person.headers["X-CSRF-Token"] = signed.json()["csrf_token"]
            self.people[name] = person
        refused = await self.people["eresources"].post("/api/orders/ledgers", json={})
        assert refused.status_code == 403, refused.text
        assert "funds:write" in refused.json()["detail"]
        self.say("signed in: an administrator, an acquisitions librarian, an e-resources librarian")

    # 2. Budget

    async def budget(self) -> None:
        """The finance office's export: preview, then accepted as a tree three levels deep."""
        content = (DATA / "finance_export.csv").read_bytes()
        load = await self.post(
            "/api/orders/loads",
            status=201,
            data={"kind": "funds", "mapping": json.dumps(FUND_MAPPING)},
            files={"file": ("budget.csv", content, "text/csv")},
        )
        await self.post(f"/api/orders/loads/{load['id']}/accept", {})
        budgets = (await self.get("/api/orders/budgets?limit=1000"))["items"]
        leaves = sorted(b["fund_code"] for b in budgets)
        self.ids["books"], self.ids["journals"] = leaves[0], leaves[1]
        # accounts 10-01-01 (1,011.25 less a cut of 500.50) and 10-01-02 (1,012.25)
        assert (await self.figures(self.ids["books"]))["allocated"] == Decimal("510.75")
        assert (await self.figures(self.ids["journals"]))["allocated"] == Decimal("1012.25")
        self.say(f"{len(leaves)} budgets; {leaves[0]} has 510.75 USD after its mid-year cut")

    # 3. Orders

    async def orders(self) -> None:
        """An order sheet of the book vendor, with one line split over two funds, opened; encumbrances stand."""
        vendor = await self.post(
            "/api/vendors/vendors",
            {
                "code": "YBP",
                "name": "Book vendor",
                "currency": "USD",
                "accounts": [
                    {
                        "number": "1234",
                        "profile": "gobi",
                        "sends_edi": True,
                        "receives_edi": True,
                        "folder_in": "ybp/in",
                        "folder_out": "ybp/out",
                        "library_id": "STANFDSULVSA1",
                        "recipient_id": "YANKEE",
                    }
                ],
            },
            status=201,
        )
        self.ids["vendor"] = vendor["id"]
        await self.quire.settled()
        fund, other = self.ids["books"], self.ids["journals"]
        # as the library ordered, with the vendor's numbers but for line 5: line 4 cheaper than it will be invoiced, line 5 by its ISBN-10, the sixth title never
        sheet = (
            "Line,Title,ISBN,Copies,Price,Vendor,Fund,Share,Fund 2,Share 2,Vendor no.\n"
            f"1,Blood snow,9781950268641,1,28.35,YBP,{fund},100,,,40031547965\n"
            f"2,Concentrate,9781644452103,1,13.77,YBP,{fund},100,,,40031547955\n"
            f"3,Escape,9781501391118,1,72.90,YBP,{fund},100,,,40031547945\n"
            f"4,Left-handed woman,9780374607166,1,20.00,YBP,{fund},100,,,40031547925\n"
            f"5,Let the heart,1934909726,1,18.00,YBP,{fund},50,{other},50,\n"
            "6,Nobody pays,,1,5.00,YBP,NOFUND,100,,,\n"
        )
        load = await self.post(
            "/api/orders/loads",
            status=201,
            data={"kind": "order_sheet", "mapping": json.dumps(ORDER_MAPPING)},
            files={"file": ("orders.csv", sheet.encode(), "text/csv")},
        )
        assert load["rows"] == {"good": 5, "bad": 1}, load["rows"]
        accepted = await self.post(f"/api/orders/loads/{load['id']}/accept", {})
        (self.ids["order"],) = accepted["made"]["orders"]
        path = f"/api/orders/orders/{self.ids['order']}"
        assert (await self.figures(fund))["encumbered"] == 0
        opened = await self.post(f"{path}/open")
        self.ids["lines"] = {line["title"]: line for line in opened["lines"]}
        # 28.35 + 13.77 + 72.90 + 20.00 + half of 18.00
        assert (await self.figures(fund))["encumbered"] == Decimal("144.02")
        assert (await self.figures(other))["encumbered"] == Decimal("9.00")
        escape = self.ids["lines"]["Escape"]
        await self.post(
            f"/api/orders/order-lines/{escape['id']}/cancel",
            {"reason": "bought by another library"},
            headers={"If-Match": f'"{escape["version"]}"'},
        )
        assert (await self.figures(fund))["encumbered"] == Decimal("71.12")
        self.say("order opened: 144.02 and 9.00 USD encumbered; one line canceled, 72.90 given back")

    # 5. Receive

    async def receive(self) -> None:
        """A shipment is scanned: three pieces well, one damaged, one that nobody ordered; one is missing."""
        shipment = await self.post(
            "/api/orders/shipments", {"vendor_id": self.ids["vendor"], "number": "DN-1"}, status=201
        )
        scan = f"/api/orders/shipments/{shipment['id']}/scan"
        for code in ("9781950268641", "978-0-374-60716-6", "9781934909720"):
            await self.post(scan, {"code": code}, status=201)
        stranger = await self.post(scan, {"code": "9780306406157"}, status=201)
        damaged = await self.post(
            scan, {"code": "9781644452103", "condition": "damaged", "reason": "cover torn"}, status=201
        )
        self.ids["scans"] = (stranger, damaged)
        self.say("received: three pieces, one damaged, one that nobody ordered")

    # 6. Invoice

    def file(self, ending: str) -> bytes:
        (found,) = sorted((self.corpora / "edi").glob(f"*{ending}"))[:1]
        return found.read_bytes()

    async def invoice(self) -> None:
        """The vendor's own INVOIC 574076, uploaded twice: one invoice, explained to the cent, matched line by line."""
        content = self.file("inv574076.edi.txt")
        await self.upload(content, "inv574076.edi.txt")
        await self.quire.settled()
        await self.upload(content, "again.edi")
        await self.quire.settled()
        page = await self.get("/api/orders/invoices")
        assert page["total"] == 1, page
        invoice = await self.get(f"/api/orders/invoices/{page['items'][0]['id']}")
        self.ids["invoice"] = invoice["id"]
        assert invoice["number"] == "574076"
        assert Decimal(invoice["stated_total"]["amount"]) == Decimal("186.17")
        assert Decimal(invoice["lines_total"]["amount"]) == Decimal("167.85")
        assert Decimal(invoice["difference"]["amount"]) == 0
        lines = {line["position"]: line for line in invoice["lines"]}
        # tax 15.32 and delivery 3.00 prorated by amount, largest remainder: 2.59 + .51, 1.26 + .25, 6.65 + 1.30 …
        totals = [Decimal(lines[n]["total"]["amount"]) for n in sorted(lines)]
        assert totals == [Decimal(t) for t in ("31.45", "15.28", "80.85", "28.75", "19.96", "9.88")], totals
        matched = [lines[n]["order_line_number"] is not None for n in sorted(lines)]
        assert matched == [True, True, True, True, False, False], matched
        # line 5 came without a number of ours: the ISBN is only a suggestion, which a person confirms
        (candidate,) = lines[5]["candidates"]
        assert candidate["line_id"] == self.ids["lines"]["Let the heart"]["id"]
        invoice = await self.on_invoice(
            f"lines/{lines[5]['id']}/match",
            {"order_line_id": candidate["line_id"], "reason": "same ISBN and title"},
        )
        lines = {line["position"]: line for line in invoice["lines"]}
        self.ids["invoice_lines"] = [lines[n] for n in sorted(lines)]
        self.say(
            "invoice 574076: 6 titles 167.85 + tax 15.32 + delivery 3.00 = 186.17 USD; four lines matched, one confirmed, one never ordered"
        )

    async def upload(self, content: bytes, name: str) -> Any:
        answer = await self.librarian.post("/api/vendors/files", files={"file": (name, content)})
        assert answer.status_code in (200, 201, 409), answer.text
        return answer.json()

    async def differences(self) -> None:
        """Each line's outcome is named."""
        codes = [sorted({d["code"] for d in line["differences"]}) for line in self.ids["invoice_lines"]]
        self.ids["codes"] = codes
        assert codes[0] == [], codes
        assert codes[1], codes  # damaged, so not usable
        assert codes[2], codes  # canceled
        assert any("price" in code for code in codes[3]), codes
        assert codes[4] == [], codes
        self.say("differences: " + "; ".join(f"line {n} {', '.join(c) or 'clean'}" for n, c in enumerate(codes, 1)))

    # 7. Pay

    async def pay(self) -> None:
        """The clean lines together, the dearer one by decision, the rest held; approved and paid by hand."""
        path = f"/api/orders/invoices/{self.ids['invoice']}"
        await self.on_invoice("accept", {})
        lines = self.ids["invoice_lines"]
        for line, decision in ((lines[3], "accept"), (lines[1], "hold"), (lines[2], "hold"), (lines[5], "hold")):
            await self.on_invoice(
                f"lines/{line['id']}/decision", {"decision": decision, "reason": "looked at with the vendor"}
            )
        fund, other = self.ids["books"], self.ids["journals"]
        standing = await self.get(path)
        # 31.45 + 28.75 + 19.96
        assert Decimal(standing["to_pay"]["amount"]) == Decimal("80.16"), standing["to_pay"]
        await self.on_invoice("approve", {"payable": standing["to_pay"]})
        awaiting = (await self.figures(fund))["awaiting"], (await self.figures(other))["awaiting"]
        # half of 19.96 is paid by the second fund
        assert awaiting == (Decimal("70.18"), Decimal("9.98")), awaiting
        await self.on_invoice("pay", {"reference": "bank 4711"})
        books, journals = await self.figures(fund), await self.figures(other)
        assert (books["awaiting"], books["expended"]) == (Decimal(0), Decimal("70.18")), books
        assert (journals["awaiting"], journals["expended"]) == (Decimal(0), Decimal("9.98")), journals
        assert books["encumbered"] == Decimal("13.77"), books  # only the damaged book's line stands
        self.say("paid 80.16 USD: 70.18 and 9.98 expended; 13.77 still encumbered for the damaged book")

    # 8. License

    async def license(self) -> None:
        """At least 60 calendar days before the end, automatic for 12 months: dates, a decision in Today, a calendar."""
        made = await self.post(
            "/api/licenses/licenses",
            {
                "name": "Journals of Science",
                "status": "active",
                "rule": {
                    "renewal": "automatic",
                    "plan": {"start": "2027-01-01", "length": {"number": 12, "unit": "month"}},
                    "notice": {"kind": "before", "period": {"number": 60, "unit": "calendar_day"}},
                },
                "steps": [{"days": 90}],
            },
            "eresources",
            201,
        )
        shown = json.dumps(made)
        # 60 days before 2027-12-31 is 2027-11-01, a Monday; 90 days before that 2027-08-03, a Tuesday
        assert "2027-11-01" in shown, shown
        feed = await self.post("/api/licenses/calendars", {"kind": "library"}, "eresources", 201)
        await self.post("/api/licenses/renewals/run-clock", {"as_of": "2027-08-02"}, "admin")
        await self.quire.settled()
        assert "Journals of Science" not in json.dumps(await self.get("/api/desk/readmodels/today", "eresources"))
        await self.post("/api/licenses/renewals/run-clock", {"as_of": "2027-08-03"}, "admin")
        await self.quire.settled()
        today = json.dumps(await self.get("/api/desk/readmodels/today", "eresources"))
        assert "Journals of Science" in today, today
        address = feed["address"] if "address" in feed else feed["path"]
        calendar = await self.client().get("/api/licenses" + address[address.index("/calendar/") :])
        assert calendar.status_code == 200, calendar.text
        assert "20271101" in calendar.text
        self.say("license: notice by 2027-11-01; 90 days before, a decision stands in Today and in the calendar")

    # 9. Usage

    async def usage(self) -> None:
        """A COUNTER report of release 5.1, a platform tied to its order line, a paid invoice: cost per use."""
        other = self.ids["journals"]
        fund_id = next(
            b["fund_id"] for b in (await self.get("/api/orders/budgets?limit=1000"))["items"] if b["fund_code"] == other
        )
        price = {"amount": "948.00", "currency": "USD"}
        order = await self.post(
            "/api/orders/orders",
            {
                "vendor_id": self.ids["vendor"],
                "currency": "USD",
                "order_type": "subscription",
                "lines": [
                    {
                        "title": "Journals platform",
                        "material": "electronic",
                        "receipt_required": False,
                        "unit_price": price,
                        "funds": [{"fund_id": fund_id, "value": "100"}],
                    }
                ],
            },
            status=201,
        )
        line_id = order["lines"][0]["id"]
        await self.post(f"/api/orders/orders/{order['id']}/open")
        platform = await self.post(
            "/api/usage/platforms", {"name": "Alpha", "material": "journals", "currency": "USD"}, "eresources", 201
        )
        (report,) = sorted((self.corpora / "counter").rglob("*TR_sample_r51.json"))[:1]
        loaded = await self.post(
            "/api/usage/reports",
            who="eresources",
            status=201,
            data={"platform_id": platform["id"]},
            files={"file": (report.name, report.read_bytes())},
        )
        await self.quire.settled()
        tag = (await self.people["eresources"].get(f"/api/usage/order-lines/{line_id}")).headers["ETag"]
        tied = await self.people["eresources"].put(
            f"/api/usage/order-lines/{line_id}/platforms",
            json={"platforms": [{"platform_id": platform["id"]}]},
            headers={"If-Match": tag},
        )
        assert tied.status_code == 200, tied.text
        invoice = await self.post(
            "/api/orders/invoices",
            {
                "vendor_id": self.ids["vendor"],
                "number": "S-1",
                "invoice_date": "2026-11-02",
                "currency": "USD",
                "stated_total": price,
                "lines": [
                    {
                        "title": "Journals platform",
                        "amount": price,
                        "order_line_id": line_id,
                        "service_from": "2022-01-01",
                        "service_to": "2022-12-31",
                    }
                ],
            },
            status=201,
        )
        self.ids["invoice"] = invoice["id"]
        await self.on_invoice(f"lines/{invoice['lines'][0]['id']}/decision", {"decision": "accept", "reason": "agreed"})
        await self.on_invoice("approve", {"payable": price})
        await self.on_invoice("pay", {"reference": "bank 4712"})
        await self.quire.settled()
        path = f"/api/usage/platforms/{platform['id']}/cost-per-use"
        cost = (await self.people["eresources"].get(path, params={"from": "2022-01", "to": "2022-12"})).json()
        # the sample's Unique_Item_Requests of controlled journals in 2022 are 3,792; 948.00 / 3,792 = 0.25
        assert (cost["uses"], cost["cost"]["amount"], Decimal(cost["cost_per_use"])) == (
            3792,
            "948.00",
            Decimal("0.25"),
        )
        assert [r["id"] for r in cost["reports"]] == [loaded["id"]]
        assert len(cost["lines"]) == 1
        self.say("usage: 948.00 USD for 3,792 requests over 12 equal months = 0.25 each, at platform level")

    # 10. Dashboard and trust

    async def trust(self) -> None:
        """The desk's read model moved with each step, and the proofs hold."""
        await self.quire.settled()
        proof = await self.get("/api/orders/funds/consistency")
        assert proof["consistent"] is True, proof
        model = await self.get("/api/desk/readmodels/budgets/proof", "admin")
        assert not model["differences"], model
        self.say("proofs: balances are the folds of their postings; the desk's figures are the ledger's")

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.start,
            self.budget,
            self.orders,
            self.receive,
            self.invoice,
            self.differences,
            self.pay,
            self.license,
            self.usage,
            self.trust,
        ]

    async def all(self) -> None:
        for step in self.steps():
            await step()

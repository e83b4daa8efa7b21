"""What the simulator writes as a supplier reads back as the same document, in every profile."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quire_vendors.edi import documents
from quire_vendors.edi.documents.contrl import write_contrl
from quire_vendors.edi.documents.library import Account
from quire_vendors.edi.documents.model import (
    Acknowledgement,
    Claim,
    ClaimReport,
    Despatch,
    Document,
    Invoice,
    OrderChange,
    OrderResponse,
    Package,
    Quote,
)
from quire_vendors.edi.documents.parts import Amount, Charge, Copy, CopyField, Identifier, Line, Outcome, Party, Status
from quire_vendors.edi.documents.parts import Reference as Ref
from quire_vendors.edi.documents.sending import interchange
from quire_vendors.edi.profiles.loader import BASE, names, shipped
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Reading

ACCOUNT = Account(ids={"account": "1234567", "vendor": "7654321"})
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ISBN = "9780000000019"


def back(document: Document, profile: Profile) -> Document:
    draft = documents.write(document, profile, ACCOUNT)
    [message] = Reading(interchange([draft], profile, ACCOUNT, "9", NOW).data)
    read = documents.read(message, profile)
    assert read.number == document.number
    return read


def line(number: int, **more: object) -> Line:
    entry = Line(number=str(number), identifiers=[Identifier(ISBN, "isbn13", role="line")], title="A Title")
    entry.references = [Ref("own_line", f"PO1/{number}")]
    for name, value in more.items():
        setattr(entry, name, value)
    return entry


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("credit", [False, True])
def test_an_invoice(name: str, credit: bool) -> None:
    profile = shipped(name)
    rules = profile.invoice
    level = "summary" if "summary" in (rules.expected or rules.candidates)[0] else "header"
    charged = f"lines+{level}_charges" in rules.expected
    lines = [
        line(1, quantity=Decimal(2), amount=Decimal("20.00")),
        line(2, quantity=Decimal(1), amount=Decimal("5.50")),
    ]
    priced = not any(where.isdigit() for where in rules.line_amount[:1])
    if priced:
        meaning = rules.price[0]
        for entry in lines:
            assert entry.amount is not None
            assert entry.quantity is not None
            setattr(entry, "net_price" if meaning.startswith("net") else "gross_price", entry.amount / entry.quantity)
            entry.amount = None
    total = Decimal("28.50") if charged else Decimal("25.50")
    invoice = Invoice(number="I1", credit_note=credit, dated=date(2026, 1, 31), currency="EUR", lines=lines,
                      parties=[Party("supplier", "123", "san", agency="31B")],
                      amounts=[Amount("total", total, rules.totals[0])])  # fmt: skip
    if charged:
        invoice.charges = [Charge(False, "delivery", amount=Decimal(3), level=level)]
    read = back(invoice, profile)
    assert isinstance(read, Invoice)
    assert (read.credit_note, read.dated, read.currency) == (credit, date(2026, 1, 31), "EUR")
    assert [entry.amount for entry in read.lines] == [Decimal("20.00"), Decimal("5.50")]
    assert [entry.title for entry in read.lines] == ["A Title", "A Title"]
    assert read.reconciliation is not None
    assert (read.reconciliation.status, read.reconciliation.stated) == ("explained", total)
    assert read.bookable


@pytest.mark.parametrize("name", names())
def test_a_response(name: str) -> None:
    lines = [
        line(1, quantity=Decimal(5), outcomes=[Outcome("shipped", Decimal(2)), Outcome("backordered", Decimal(2)), Outcome("cancelled", Decimal(1))]),
        line(2, quantity=Decimal(1), outcomes=[Outcome("refused", Decimal(1))]),
        line(3, quantity=Decimal(2), outcomes=[Outcome("held", Decimal(2))]),
        line(4, quantity=Decimal(2), outcomes=[Outcome("backordered", Decimal(2), "NP", "8B")]),
    ]  # fmt: skip
    read = back(OrderResponse(number="R1", function="change", lines=lines), shipped(name))
    assert isinstance(read, OrderResponse)
    got = [[(entry.outcome, entry.quantity) for entry in entry.outcomes] for entry in read.lines]
    assert got == [[(entry.outcome, entry.quantity) for entry in entry.outcomes] for entry in lines]
    assert read.lines[3].outcomes[0].code == "NP"
    assert "RESPONSE_QUANTITIES" not in [flag.code for flag in read.flags]


@pytest.mark.parametrize("name", names())
def test_a_quote(name: str) -> None:
    copies = [Copy("001", [CopyField("branch", "A"), CopyField("branch", "B"), CopyField("fund", "F")])]
    quote = Quote(
        number="Q1", currency="GBP", lines=[line(1, quantity=Decimal(1), list_price=Decimal("9.99"), copies=copies)]
    )
    read = back(quote, shipped(name))
    assert isinstance(read, Quote)
    [entry] = read.lines
    assert (entry.quantity, entry.list_price) == (Decimal(1), Decimal("9.99"))
    assert [(field.kind, field.value) for field in entry.copies[0].fields] == [
        ("branch", "A"),
        ("branch", "B"),
        ("fund", "F"),
    ]
    assert read.selection == "library_selection"


@pytest.mark.parametrize("name", names())
def test_a_despatch(name: str) -> None:
    packages = [Package(number="1", marks=["00012345"], quantity=Decimal(1)), Package(number="2", parent="1")]
    despatch = Despatch(number="D1", packages=packages, lines=[line(1, quantity=Decimal(2), package="1"), line(2, quantity=Decimal(1), package="2")])  # fmt: skip
    read = back(despatch, shipped(name))
    assert isinstance(read, Despatch)
    assert [(package.number, package.parent, package.marks) for package in read.packages] == [("1", "", ["00012345"]), ("2", "1", [])]  # fmt: skip
    assert [(entry.package, entry.quantity) for entry in read.lines] == [("1", Decimal(2)), ("2", Decimal(1))]


@pytest.mark.parametrize("name", names())
def test_a_change_a_claim_and_its_report(name: str) -> None:
    profile = shipped(name)
    change = back(OrderChange(number="PO1", lines=[line(1, action="2", quantity=Decimal(1))]), profile)
    assert (change.kind, change.lines[0].action) == ("order_change", "2")
    claim_line = line(1, quantity=Decimal(1), statuses=[Status("CSD", "UP1", "55")])
    claim_line.references.append(Ref("claim", "C-77"))
    claim = back(Claim(number="C1", lines=[claim_line]), profile)
    assert isinstance(claim, Claim)
    assert claim.lines[0].referred("claim") == ["C-77"]
    assert claim.lines[0].statuses[0].code == "CSD"
    report = back(ClaimReport(number="C1", lines=[line(1, quantity=Decimal(1), outcomes=[Outcome("backordered", Decimal(1))])]), profile)  # fmt: skip
    assert isinstance(report, ClaimReport)
    assert [(entry.outcome, entry.quantity) for entry in report.lines[0].outcomes] == [("backordered", Decimal(1))]


@pytest.mark.parametrize(
    ("taken", "outcome"), [([True, True], "accepted"), ([True, False], "partly"), ([False, False], "rejected")]
)
def test_our_acknowledgement_says_what_was_taken(taken: list[bool], outcome: str) -> None:
    profile = shipped(BASE)
    drafts = [documents.write(Invoice(number=f"I{number}"), profile) for number in (1, 2)]
    reading = Reading(interchange(drafts, profile, ACCOUNT, "4711", NOW).data)
    messages = list(reading)
    draft = write_contrl(reading.interchanges[0], zip(messages, taken, strict=True), profile, "A1")
    [message] = Reading(interchange([draft], profile, ACCOUNT, "12", NOW).data)
    read = documents.read(message, profile)
    assert isinstance(read, Acknowledgement)
    assert (read.outcome, read.acknowledged) == (outcome, "4711")
    assert [entry.outcome == "accepted" for entry in read.messages] == taken


def test_a_document_that_is_only_read_is_not_written() -> None:
    with pytest.raises(TypeError, match="acknowledgement"):
        documents.write(Acknowledgement(), shipped(BASE))


def test_too_many_messages_are_refused_in_words() -> None:
    profile = shipped(BASE)
    drafts = [documents.write(Quote(number="Q"), profile)] * (profile.order.messages_per_interchange + 1)
    with pytest.raises(ValueError, match="at most 500"):
        interchange(drafts, profile, ACCOUNT, "1", NOW)

"""Shipped profiles: each reads its fixture; the schema names line and key of every fault; no vendor in the code."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from quire_vendors.edi import documents
from quire_vendors.edi.documents.model import Document, Invoice
from quire_vendors.edi.profiles import loader
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.profiles.loader import ProfileError, build, names, shipped
from quire_vendors.edi.syntax import Reading

ROOT = Path(__file__).resolve().parents[4]
FIXTURES = ROOT / "tests" / "data" / "edi" / "profiles"
PACKAGE = ROOT / "services" / "vendors" / "quire_vendors"

# Worked out by hand from the fixtures: number, stated total, what explains it, first title.
INVOICES = {
    "gobi": ("600123", "50.50", "lines+header_charges", "RIVERS AND THE SLOW TOWNS: A SURVEYS OF WATER."),
    "ebsco": ("7800001", "103.50", "lines+header_charges", "JOURNAL OF TEST SURVEYS ONLINE"),
    "harrassowitz": ("500001", "82.5", "lines+summary_charges", "Zeitschrift fuer Gedenken"),
    "brodart": ("B800001", "42.66", "lines+summary_charges", "ART + QUILT"),
    "gardners": ("G1001", "24.00", "lines", "A Wholesale Book"),
    "bertrams": ("01700001", "11.11", "lines", "Dark test"),
    "amalivre": ("676001", "52.50", "lines+summary_charges", "L'été à la mer"),
    "hein": ("274999", "107.50", "lines+header_charges", "COLLECTED COURSES OF TEST ACADEMIES OF LAW"),
    "casalini": ("C1", "31.00", "lines", "Un libro di prova"),
    "massmann": ("M1", "21.40", "lines+tax", "Prüfung der Bücher"),
    "dietmar-dreier": ("D1", "12.00", "lines", "Gutschrift"),
    "midwest": ("MW1", "9.99", "lines", "A Middle Book"),
    "erasmus": ("E1", "18.25", "lines", "In Praise of Tests"),
    "coutts": ("CO1", "33.00", "lines", "Priced by the Piece"),
    "springer-kno": ("5099", "60", "lines", "Taschenbuch der Tests"),
}
RESPONSES = {
    "ingram": [[("shipped", 3)], [("shipped", 1), ("backordered", 3)], [("refused", 2)]],
    "baker-taylor": [[("shipped", 10)], [("shipped", 2), ("backordered", 3)]],
    "peters": [[("backordered", 2)]],
}
QUOTES = {
    "askews-holts": ("WO0800199", "A Test of Servicing", [["FAST", "SLOW"], []]),
    "dawson": ("Q700001", "Succeeding as a documentary testmaker", [[]]),
}


def read_fixture(name: str) -> list[Document]:
    read: list[Document] = []
    for message in Reading(FIXTURES / f"{name}.edi"):
        profile = choose(message)
        assert profile.profile == name
        read.append(documents.read(message, profile))
    return read


def test_every_profile_has_a_fixture() -> None:
    assert set(INVOICES) | set(RESPONSES) | set(QUOTES) == set(names()) - {loader.BASE}
    assert len(names()) - 1 >= 15


@pytest.mark.parametrize("name", INVOICES)
def test_an_invoice_in_the_partners_dialect_is_explained(name: str) -> None:
    number, stated, candidate, title = INVOICES[name]
    invoice = read_fixture(name)[0]
    assert isinstance(invoice, Invoice)
    assert invoice.reconciliation is not None
    assert (invoice.number, invoice.lines[0].title) == (number, title)
    assert invoice.reconciliation.status == "explained"
    assert invoice.reconciliation.usual
    assert (invoice.reconciliation.stated, invoice.reconciliation.candidate) == (Decimal(stated), candidate)
    assert not invoice.needs_review


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_in_the_partners_dialect_gives_quantities(name: str) -> None:
    [response] = read_fixture(name)
    got = [[(entry.outcome, int(entry.quantity or 0)) for entry in line.outcomes] for line in response.lines]
    assert got == RESPONSES[name]


@pytest.mark.parametrize("name", QUOTES)
def test_a_quote_in_the_partners_dialect_keeps_its_copies(name: str) -> None:
    number, title, plans = QUOTES[name]
    [quote] = read_fixture(name)
    assert (quote.number, quote.lines[0].title) == (number, title)
    assert [copy.values("rotation_plan") for copy in quote.lines[0].copies] == plans
    assert quote.lines[0].quantity == len(plans)


@pytest.mark.parametrize("name", names())
def test_what_is_assumed_is_a_key_of_the_profile(name: str) -> None:
    profile = shipped(name)
    data = profile.model_dump()
    for path in profile.assumed:
        inner = data
        for part in path.split("."):
            assert part in inner, f"{name}: assumed names {path}"
            inner = inner[part]


@pytest.mark.parametrize("name", names())
def test_a_profile_that_nobody_saw_at_work_says_what_is_assumed(name: str) -> None:
    profile = shipped(name)
    if "No file of" in profile.notes or "no file was seen" in profile.notes or "no invoice was seen" in profile.notes:
        assert {"order", "order.parties"} & set(profile.assumed)


def problems(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        build(text, "mine.yaml")
    return [str(problem) for problem in caught.value.problems]


HEAD = "profile: mine\nversion: 1\ntitle: Mine\ninherits: editeur-d96a\n"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        (HEAD + "invoice:\n  totalz: ['86']\n", 6, "invoice.totalz"),
        (HEAD + "meanings:\n  prices:\n    AAA: cheap\n", 7, "meanings.prices.AAA"),
        (HEAD + "envelope:\n  delimiters: ':+'\n", 6, "envelope.delimiters"),
        (HEAD + "envelope:\n  delimiters: ':+.?+x'\n", 5, "envelope"),
        (HEAD + "order:\n  number_length: many\n", 6, "order.number_length"),
        (HEAD + "order:\n  copies:\n    fields: [branch, moon]\n", 0, ""),
        (HEAD + "quirks: [UNT_COUNT, NO_SUCH_FLAG]\n", 5, "quirks"),
        (HEAD + "quirks: [TOTAL_UNEXPLAINED]\n", 5, "quirks"),
        (HEAD + "invoice:\n  totals: ['86']\n  totals: ['9']\n", 7, "invoice.totals"),
        ("profile: mine\nversion: 1\ntitle: Mine\ninherits: nobody\n", 4, "inherits"),
        (HEAD + "notes: [unclosed\n", 6, ""),
        (HEAD + "envelope: &a {una: never}\nfiles: *a\n", 5, "files"),
    ],
)
def test_a_fault_names_its_line_and_key(text: str, line: int, key: str) -> None:
    [problem] = problems(text)
    if line:
        assert f"mine.yaml, line {line}, {key or 'file'}:" in problem
    else:
        assert "moon" in problem


def test_all_faults_are_told_at_once() -> None:
    assert len(problems(HEAD + "invoice:\n  a: 1\n  b: 2\nfiles: 3\n")) == 3


def test_a_code_stays_text_as_it_is_written() -> None:
    profile = build(HEAD + "invoice:\n  totals: [086, 9, NO, 1e3]\n", "mine.yaml")
    assert profile.invoice.totals == ["086", "9", "NO", "1e3"]


def test_mappings_are_merged_and_lists_are_replaced() -> None:
    profile = build(HEAD + "meanings:\n  references: {XX: own_line}\ninvoice:\n  totals: ['9']\n", "mine.yaml")
    base = shipped(loader.BASE)
    assert profile.meanings.references == {"XX": "own_line", **base.meanings.references}
    assert next(iter(profile.meanings.references)) == "XX"
    assert profile.invoice.totals == ["9"]
    assert profile.invoice.line_amount == base.invoice.line_amount


def test_no_vendor_name_stands_in_the_code() -> None:
    """Dialects are data: a word of a vendor's title or identifier in Python code would be a special case."""
    common = {"library", "services", "service", "books", "solutions", "information", "company", "trade", "book", "internationale", "buchhandlung", "wissenschaftliche", "versandbuchhandlung", "taylor", "baker", "william"}  # fmt: skip
    words = set()
    for name in names():
        profile = shipped(name)
        if profile.status != "base":
            words |= set(re.findall(r"[a-z]{4,}", f"{profile.title} {name}".lower())) - common
            words |= {re.sub(r"[*\[].*|:.*", "", sender).lower() for sender in profile.identify.senders}
    words -= {""}
    for path in PACKAGE.joinpath("edi").rglob("*.py"):
        code = path.read_text("utf-8").lower()
        found = {word for word in words if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", code)}
        assert found == set(), f"{path.name} names {found}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inherits: " + "a" * 300, "There is no profile"),
        ("inherits: ../data/editeur-d96a", "There is no profile"),
        ("profile: " + "[" * 900 + "]" * 900, "20 levels"),
        ("profile: \ud800", "This is not YAML"),
    ],
)
def test_a_hostile_profile_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        build(text, "hostile.yaml")

"""Every EDIFACT message of the corpus as a canonical document against the facts of FACTS.jsonl, and the invoices' totals.

Where a document differs from the facts on purpose, the reason stands in `ON_PURPOSE`. The module ends with two tables:
cases met and not met with the reason, and explained totals per profile.
"""

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quire_vendors.edi import documents, words
from quire_vendors.edi.documents.model import Document, Invoice
from quire_vendors.edi.documents.parts import Quantity
from quire_vendors.edi.flags import CATALOGUE
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.syntax import Message, Reading

ROOT = Path(__file__).resolve().parents[3]
CURRENCY = "ISO 4217 codes are written in capital letters; the file has usd"
ON_PURPOSE = {
    ("edifact_sample.orders.edi", "currency"): CURRENCY,
    ("edifact_sample.orders.edi.long", "currency"): CURRENCY,
    (
        "ordrsp3.CEA",
        "quantities",
    ): "a typographic apostrophe stands where the terminator belongs; the segment is split there",
    ("issue128__wrapped_invoic_d97b_una.edi", "interchange"): "the file is hard-wrapped; line breaks are no text",
    ("issue128__wrapped_invoic_d97b_una.edi", "document_number"): "the file is hard-wrapped; line breaks are no text",
    ("issue128__wrapped_invoic_d97b_una.edi", "line_identifiers"): "the file is hard-wrapped; line breaks are no text",
    (
        "issue128__wrapped_invoic_d97b_una.edi",
        "quantities",
    ): "the facts lost the 1020 whose QTY is broken by a line wrap",
}


def corpus() -> Path:
    folder = (ROOT / os.environ.get("QUIRE_CORPORA", "../shared/corpora") / "edi").resolve()
    if not (folder / "FACTS.jsonl").is_file():
        message = f"No EDI corpus at {folder}: set QUIRE_CORPORA to the folder that holds edi/FACTS.jsonl."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="module")
def facts() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (corpus() / "FACTS.jsonl").read_text("utf-8").splitlines():
        fact = json.loads(line)
        found[fact["file"]].append(fact)
    return found


def documents_of(path: Path) -> Iterator[tuple[Message, Document]]:
    for message in Reading(path):
        yield message, documents.read(message, choose(message))


def summed(document: Document) -> dict[str, Decimal]:
    """Quantities by qualifier: those of the lines, of their locations and of their charges."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for line in document.lines:
        quantities: list[Quantity | None] = [*line.quantities]
        quantities += [location.quantity for location in line.locations]
        quantities += [charge.quantity for charge in line.charges]
        for quantity in quantities:
            if quantity is not None:
                total[quantity.qualifier] += quantity.value
    return dict(total)


def summary_totals(message: Message, document: Document) -> dict[str, Decimal]:
    """The first amount of each qualifier after UNS."""
    start = next(
        (segment.index for segment in message.segments if segment.tag == "UNS" and segment.get(0) == "S"), None
    )
    amounts = [*document.amounts]
    amounts += [amount for charge in document.charges for amount in charge.amounts]
    amounts += [amount for tax in document.taxes for amount in tax.amounts]
    found: dict[str, Decimal] = {}
    for amount in sorted(amounts, key=lambda entry: entry.at):
        if start is not None and amount.at > start:
            found.setdefault(amount.qualifier, amount.value)
    return found


def as_number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def compared(message: Message, document: Document, fact: dict[str, Any]) -> dict[str, tuple[object, object]]:
    got: dict[str, object] = {
        "type": message.type,
        "reference": message.reference,
        "document_code": document.code,
        "document_number": document.number,
        "currency": document.currency,
        "lines": len(document.lines),
        "line_identifiers": [
            next((entry.value for entry in line.identifiers if entry.role == "line"), "") for line in document.lines
        ],
        "quantities": summed(document),
        "totals": summary_totals(message, document),
    }
    if document.source is not None:
        got |= {"sender": document.source.sender, "recipient": document.source.recipient}
        got["interchange"] = document.source.interchange
    wanted = dict(fact)
    for key in ("quantities", "totals"):
        wanted[key] = {code: as_number(value) for code, value in fact[key].items()}
    return {key: (value, wanted[key]) for key, value in got.items() if value != wanted[key]}


def test_messages_say_what_the_facts_say(
    facts: dict[str, list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    met, purposeful, wrong = 0, Counter[str](), []
    unused = set(ON_PURPOSE)
    for name, expected in facts.items():
        read = list(documents_of(corpus() / name))
        assert len(read) == len(expected), name
        for (message, document), fact in zip(read, expected, strict=True):
            differences = compared(message, document, fact)
            for key in list(differences):
                known = [entry for entry in ON_PURPOSE if name.endswith(entry[0]) and entry[1] == key]
                if known:
                    del differences[key]
                    unused -= set(known)
                    purposeful[ON_PURPOSE[known[0]]] += 1
            if differences:
                wrong.append(f"{name}, message {message.index}: {differences}")
            else:
                met += 1
    with capsys.disabled():
        total = sum(map(len, facts.values()))
        print(f"\nEDI documents: {total} messages, {met} met, {len(wrong)} not met")
        for reason, count in purposeful.items():
            print(f"  different on purpose in {count} fields: {reason}")
    assert wrong == []
    assert unused == set(), "a difference on purpose is listed that does not occur any more"


def library_files() -> list[str]:
    rows = (corpus() / "INDEX.tsv").read_text("utf-8").splitlines()
    head = rows[0].split("\t")
    entries = [dict(zip(head, row.split("\t"), strict=False)) for row in rows[1:]]
    return [entry["file"] for entry in entries if entry["domain"] == "library" and "INVOIC" in entry["message_types"]]


def test_at_least_96_of_100_library_invoices_are_explained_and_the_others_say_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    review: list[str] = []
    for name in library_files():
        for message, document in documents_of(corpus() / name):
            if not isinstance(document, Invoice):
                continue
            found = document.reconciliation
            assert found is not None
            table[document.profile][found.status] += 1
            if found.status == "explained":
                assert found.stated is not None
                # The sum is made again here, from the amounts that the document shows.
                assert abs(found.candidates[found.candidate] - found.stated) <= Decimal("0.01")
                assert found.lines == sum((line.amount or Decimal(0) for line in document.lines), Decimal(0))
            else:
                assert found.reason
                assert not document.bookable
                assert "TOTAL_UNEXPLAINED" in {flag.code for flag in document.flags}
                review.append(f"{name}, message {message.index}, {document.number}: {found.reason}")
    messages = sum(sum(counts.values()) for counts in table.values())
    explained = sum(counts["explained"] for counts in table.values())
    with capsys.disabled():
        print(f"\n{'profile':16}{'invoices':>9}{'explained':>10}{'review':>8}")
        for profile, counts in sorted(table.items()):
            print(f"{profile:16}{sum(counts.values()):9}{counts['explained']:10}{counts['review']:8}")
        print(f"{'all':16}{messages:9}{explained:10}{messages - explained:8}")
        for line in review:
            print(f"  review: {line}")
    assert messages > 80
    assert explained / messages >= 0.96


def test_every_document_has_words_json_and_places_inside_of_its_file() -> None:
    for path in sorted(corpus().iterdir()):
        if path.suffix in (".jsonl", ".tsv", ".md"):
            continue
        size = path.stat().st_size
        for _, document in documents_of(path):
            assert json.dumps(document.as_json())
            for sentence in words.describe(document):
                assert sentence.text
                assert all(0 <= place.start < place.end <= size for place in sentence.places(document)), sentence


MUTANTS = int(os.environ.get("QUIRE_MUTANTS", "400"))


def test_a_damaged_file_never_raises() -> None:
    """One byte changed, removed, inserted or doubled, or the file cut. (`make fuzz NAME=edi` does this at length.)

    Nothing hides a fault: `tests/vendors/edi/test_no_fault_is_hidden.py` allows no handler for every exception.
    """
    chance = random.Random(20261124)
    files = [
        path
        for path in sorted(corpus().iterdir())
        if path.suffix not in (".jsonl", ".tsv", ".md") and path.stat().st_size < 12_000
    ]
    seen: set[str] = set()
    for _ in range(MUTANTS):
        data = bytearray(chance.choice(files).read_bytes())
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at]
            case 2:
                data.insert(at, chance.choice(b"'+:?\n\x00\xff9A"))
            case 3:
                data[at:at] = data[at : at + chance.randrange(1, 60)]
            case _:
                del data[at:]
        for message in Reading(bytes(data)):
            document = documents.read(message, choose(message))
            seen |= {flag.code for flag in document.flags}
            assert words.text(document)
            if not message.complete:
                assert document.needs_review
    assert seen <= set(CATALOGUE)

"""Sentences about a document. Every sentence names the segments that it was made of; `Document.place` gives bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from quire_vendors.edi.documents.common import plain
from quire_vendors.edi.documents.model import Acknowledgement, Despatch, Document, Invoice, Order, OrderResponse
from quire_vendors.edi.documents.parts import Line
from quire_vendors.edi.flags import Place

from . import phrases


@dataclass(frozen=True, slots=True)
class Sentence:
    """`kind`: summary, fact, line, detail, flag. `segments` are indexes in the message (UNH is 0)."""

    kind: str
    text: str
    segments: tuple[int, ...] = ()

    def places(self, document: Document) -> list[Place]:
        """The byte ranges that the sentence was made of."""
        return [document.place(at) for at in self.segments]


def describe(document: Document) -> Iterator[Sentence]:
    """The document in sentences: summary first, then facts, lines and what was odd."""
    yield _summary(document)
    yield from _facts(document)
    for line in document.lines:
        yield from _line(document, line)
    yield from _faults(document)
    for flag in document.flags:
        at = () if flag.place.segment is None else (flag.place.segment,)
        word = {"error": "Needs a person", "warning": "Note", "info": "Remark"}[document.severity(flag)]
        yield Sentence("flag", f"{word}: {flag.text} {flag.advice}", at)


def text(document: Document) -> str:
    """The sentences as plain text, details indented."""
    marks = {"summary": "", "fact": "  ", "line": "  ", "detail": "      ", "flag": "  ! "}
    return "\n".join(f"{marks[sentence.kind]}{sentence.text}" for sentence in describe(document))


def _summary(document: Document) -> Sentence:
    name = phrases.NAMES[document.kind]
    if isinstance(document, Invoice):
        return _invoice(document)
    if isinstance(document, Acknowledgement):
        return _acknowledgement(document)
    if isinstance(document, Order) and document.rush:
        name = "Rush order"
    parts = [f"{name} {document.number or 'without a number'}".strip()]
    if document.dated is not None:
        parts[0] += f" of {phrases.day(document.dated)}"
    titles = phrases.count(len(document.lines), "title", "titles")
    copies = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal(0))
    amount = f"{titles}, {phrases.count(copies, 'copy', 'copies')}" if copies else titles
    if isinstance(document, OrderResponse):
        amount += _outcome_totals(document)
    if isinstance(document, Despatch) and document.packages:
        amount += f" in {phrases.count(len(document.packages), 'package', 'packages')}"
    return Sentence("summary", f"{parts[0]}: {amount}{_function(document)}.", _ats(document, "BGM"))


def _invoice(invoice: Invoice) -> Sentence:
    found = invoice.reconciliation
    name = "Credit note" if invoice.credit_note else "Serials invoice" if invoice.serials else "Invoice"
    start = f"{name} {invoice.number or 'without a number'}"
    pieces: list[str] = []
    ats = list(_ats(invoice, "BGM"))
    lines = found.lines if found is not None else Decimal(0)
    currency = found.currency if found is not None else invoice.currency
    titles = phrases.count(len(invoice.lines), "title", "titles")
    if not invoice.lines:
        titles = "no titles"
    elif any(line.amount is not None for line in invoice.lines):
        titles += f" {phrases.money(lines, currency, named=False)}"
    pieces.append(titles)
    counted = found.candidate if found is not None else ""
    for charge in invoice.charges:
        if charge.amount is None or (counted and f"{charge.level}_charges" not in counted):
            continue
        if charge.currency and currency and charge.currency != currency:
            continue
        label = charge.text.lower() or phrases.CHARGES.get(charge.meaning, charge.meaning)
        pieces.append(f"{label} {phrases.money(charge.amount, currency, named=False)}")
        ats.append(charge.at)
    if found is not None and found.tax and "tax" in counted:
        pieces.append(f"tax {phrases.money(found.tax, currency, named=False)}")
    if found is not None and found.stated is not None:
        pieces.append(f"total {phrases.money(found.stated, currency)}")
        ats.append(found.at)
        pieces.append("explained" if found.status == "explained" else "not explained")
    else:
        pieces.append("no total stated")
    return Sentence("summary", f"{start}: {', '.join(pieces)}{_function(invoice)}.", tuple(ats))


def _acknowledgement(document: Acknowledgement) -> Sentence:
    what = "interchange" if document.scope == "syntax" else "document"
    outcome = {"accepted": "was accepted", "rejected": "was rejected", "partly": "was accepted in part",
               "received": "was received", "unknown": "was answered without a clear result"}[document.outcome]  # fmt: skip
    named = f" {document.acknowledged}" if document.acknowledged else ""
    ats = _ats(document, "UCI") or _ats(document, "BGM")
    return Sentence("summary", f"Acknowledgement: our {what}{named} {outcome}.", ats)


def _function(document: Document) -> str:
    notes = []
    if document.function not in ("original",) and document.function in phrases.FUNCTIONS:
        notes.append(phrases.FUNCTIONS[document.function])
    if document.test:
        notes.append("test")
    if not document.complete:
        notes.append("cut off")
    return f" ({', '.join(notes)})" if notes else ""


def _outcome_totals(response: OrderResponse) -> str:
    copies: dict[str, Decimal] = {}
    titles: dict[str, int] = {}  # of lines that say what happens, but not to how many copies
    for line in response.lines:
        for entry in line.outcomes:
            if entry.quantity is None:
                titles[entry.outcome] = titles.get(entry.outcome, 0) + 1
            else:
                copies[entry.outcome] = copies.get(entry.outcome, Decimal(0)) + entry.quantity
    shown = [f"{phrases.count(count, 'title', 'titles')} {phrases.OUTCOMES[name]}" for name, count in titles.items()]
    shown += [f"{plain(value)} {phrases.OUTCOMES[name]}" for name, value in copies.items()]
    return f": {', '.join(shown)}" if shown else ""


def _facts(document: Document) -> Iterator[Sentence]:
    if document.dated is not None:
        at = next((entry.at for entry in document.dates if entry.value == document.dated), -1)
        yield Sentence("fact", f"Dated {phrases.day(document.dated)}.", _known(at))
    for role, word in (("supplier", "From"), ("buyer", "For"), ("delivery", "Deliver to")):
        party = document.party(role)
        name = phrases.party_name(party)
        if party is not None and name:
            yield Sentence("fact", f"{word} {name}.", _known(party.at))
    if document.party("supplier") is None and document.source is not None and document.source.sender:
        yield Sentence("fact", f"From the sender {document.source.sender}.")
    for reference in document.references:
        if reference.value and reference.kind in phrases.REFERENCES:
            yield Sentence(
                "fact", f"Refers to {phrases.REFERENCES[reference.kind]} {reference.value}.", _known(reference.at)
            )
    if isinstance(document, Invoice):
        found = document.reconciliation
        if found is not None and found.status == "review" and found.stated is not None:
            yield Sentence("fact", found.reason, _known(found.at))
        for term in document.terms:
            if term.due is not None:
                yield Sentence("fact", f"Due on {phrases.day(term.due)}.", _known(term.at))
            elif term.days is not None:
                yield Sentence("fact", f"Due within {phrases.count(term.days, 'day', 'days')}.", _known(term.at))
    if isinstance(document, Despatch):
        for package in document.packages:
            marks = f", marked {', '.join(package.marks)}" if package.marks else ""
            yield Sentence("fact", f"Package {package.number}{marks}.", _known(package.at))
    for note in document.notes:
        if note.text:
            yield Sentence("fact", f"The sender notes: {note.text}", _known(note.at))


def _line(document: Document, line: Line) -> Iterator[Sentence]:
    pieces = []
    if line.quantity is not None:
        pieces.append(phrases.count(line.quantity, "copy", "copies"))
    if line.amount is not None:
        pieces.append(phrases.money(line.amount, document.currency))
    else:
        price = next(
            (value for value in (line.net_price, line.gross_price, line.list_price) if value is not None), None
        )
        if price is not None:
            pieces.append(f"at {phrases.money(price, document.currency)}")
    entry = phrases.best_identifier(line)
    name = phrases.title(line)
    if entry is not None and line.title:
        name += f", {phrases.identifier(entry)}"
    ats = [line.at, *(item.at for item in line.quantities), *(item.at for item in line.descriptions[:1])]
    ats += [amount.at for amount in line.amounts if amount.value == line.amount][:1]
    told = f": {', '.join(pieces)}" if pieces else ""
    yield Sentence("line", f"{line.number or '–'}. {name}{told}.", tuple(at for at in ats if at >= 0))
    yield from _line_details(line)


def _line_details(line: Line) -> Iterator[Sentence]:
    for outcome in line.outcomes:
        number = f"{plain(outcome.quantity)} " if outcome.quantity is not None else ""
        reason = outcome.text or (outcome.code if outcome.list not in ("QTY", "1229", "1225") else "")
        why = f" ({reason})" if reason else ""
        yield Sentence("detail", f"{number}{phrases.OUTCOMES[outcome.outcome]}{why}.", _known(outcome.at))
    shown = [
        (f"{phrases.REFERENCES[entry.kind]} {entry.value}", entry.at)
        for entry in line.references
        if entry.value and entry.kind in phrases.REFERENCES
    ]
    if shown:
        told = ", ".join(part for part, _ in shown)
        yield Sentence("detail", f"{told[0].upper()}{told[1:]}.", tuple(at for _, at in shown if at >= 0))
    start, end = line.period
    if start is not None and end is not None:
        ats = tuple(entry.at for entry in line.dates if entry.kind in ("period_start", "period_end"))
        yield Sentence("detail", f"For {phrases.day(start)} to {phrases.day(end)}.", ats)
    for copy in line.copies:
        fields = [
            f"{kind.replace('_', ' ')} {value}" for kind in phrases.COPY_FIELDS for value in copy.values(kind) if value
        ]
        if fields:
            ats = tuple(dict.fromkeys(field.at for field in copy.fields if field.at >= 0))
            yield Sentence("detail", f"Copy {copy.number.lstrip('0') or copy.number}: {', '.join(fields)}.", ats)
    for charge in line.charges:
        if charge.percentage:
            word = "discount" if charge.allowance else phrases.CHARGES.get(charge.meaning, charge.meaning)
            yield Sentence("detail", f"{plain(charge.percentage)} % {word}.", _known(charge.at))
        elif charge.amount:
            label = phrases.CHARGES.get(charge.meaning, charge.meaning)
            yield Sentence(
                "detail", f"{label[0].upper()}{label[1:]} {phrases.money(charge.amount)}.", _known(charge.at)
            )
    told_already = {outcome.text for outcome in line.outcomes}
    for note in line.notes:
        if note.text and note.text not in told_already:
            yield Sentence("detail", f"Note: {note.text}", _known(note.at))


def _faults(document: Document) -> Iterator[Sentence]:
    if not isinstance(document, Acknowledgement):
        return
    for message in document.messages:
        yield Sentence("line", f"Message {message.reference} ({message.type}): {message.outcome}.", _known(message.at))
    for fault in document.faults:
        where = f" in {fault.place}" if fault.place else ""
        said = f": {fault.text}" if fault.text else ""
        yield Sentence("line", f"Fault {fault.code}{where}{said}.", _known(fault.at))


def _ats(document: Document, tag: str) -> tuple[int, ...]:
    return tuple(at for at, (name, _, _) in enumerate(document.provenance()) if name == tag)[:1]


def _known(at: int) -> tuple[int, ...]:
    return (at,) if at >= 0 else ()

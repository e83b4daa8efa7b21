"""What a supplier sends, for the vendor simulator and for rehearsals: QUOTES, ORDRSP, DESADV, INVOIC, OSTRPT.

The document is written as it stands: parts with a qualifier keep it, the others get the first code that the profile
has for their meaning.
"""

from collections.abc import Mapping
from dataclasses import replace

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile

from .model import ClaimReport, Despatch, Document, Invoice, OrderResponse, Quote
from .parts import Amount, Description, Line, Note, Price, Quantity
from .pen import Draft, Pen, code_for

COUNTS = ("2",)


def write_quote(quote: Quote, profile: Profile) -> Draft:
    """QUOTES."""
    return _write("QUOTES", quote, _code(quote, profile, quote.selection or "library_selection"), profile, "discrete")


def write_response(response: OrderResponse, profile: Profile) -> Draft:
    """ORDRSP: outcomes become quantities and coded notes."""
    lines = [_with_outcomes(line, profile) for line in response.lines]
    document = response.model_copy(update={"lines": lines})
    return _write("ORDRSP", document, _code(response, profile, "order_response"), profile, "ordered")


def write_report(report: ClaimReport, profile: Profile) -> Draft:
    """OSTRPT."""
    lines = [_with_outcomes(line, profile) for line in report.lines]
    return _write("OSTRPT", report.model_copy(update={"lines": lines}), report.code or "220", profile, "ordered")


def write_invoice(invoice: Invoice, profile: Profile) -> Draft:
    """INVOIC: invoice, credit note, or serials invoice."""
    meaning = "credit_note" if invoice.credit_note else "invoice"
    name = invoice.name or ("JINV" if invoice.serials else "")
    return _write("INVOIC", invoice, _code(invoice, profile, meaning), profile, "invoiced", name)


def write_despatch(despatch: Despatch, profile: Profile) -> Draft:
    """DESADV: lines stand below their package."""
    report = Flags(500)
    pen = Pen("DESADV", profile, report)
    pen.head(despatch, _code(despatch, profile, "despatch"))
    packages = despatch.packages
    position = 0
    for package in packages:
        pen.put("CPS", package.number, package.parent)
        if package.quantity is not None or package.type:
            pen.put("PAC", pen.number(package.quantity) if package.quantity is not None else "", "", package.type)
        for mark in package.marks:
            pen.put("GIN", "BJ", mark)
        for line in despatch.lines:
            if line.package == package.number:
                position += 1
                pen.line(_filled(line, profile, "despatched"), position)
    known = {package.number for package in packages}
    for line in despatch.lines:
        if line.package not in known:
            position += 1
            pen.line(_filled(line, profile, "despatched"), position)
    pen.summary(despatch, COUNTS)
    return Draft("DESADV", despatch.number, pen.segments, report)


def _write(kind: str, document: Document, code: str, profile: Profile, quantity: str, name: str = "") -> Draft:
    report = Flags(500)
    pen = Pen(kind, profile, report)
    pen.head(document, code, name=name)
    for position, line in enumerate(document.lines, start=1):
        pen.line(_filled(line, profile, quantity), position)
    pen.summary(document, sorted({count.qualifier for count in document.counts} & {"1", "2"}) or COUNTS)
    return Draft(kind, document.number, pen.segments, report)


def _code(document: Document, profile: Profile, meaning: str) -> str:
    return document.code or code_for(profile.meanings.documents, meaning)


def _filled(line: Line, profile: Profile, quantity: str) -> Line:
    """The line with its lists filled from what it says in short: title, quantity, prices, amount."""
    update = replace(line)
    if line.title and not any(entry.field == "title" for entry in line.descriptions):
        update.descriptions = [Description("title", line.title, type="L"), *line.descriptions]
    if line.quantity is not None and not any(entry.value == line.quantity for entry in line.quantities):
        update.quantities = [Quantity(quantity, line.quantity), *line.quantities]
    if not line.prices:
        update.prices = [
            Price(meaning, value)
            for meaning, value in (
                ("net", line.net_price),
                ("gross", line.gross_price),
                ("list_with_tax", line.list_price),
            )
            if value is not None
        ]
    if line.amount is not None and not line.amounts:
        source = next((where for where in profile.invoice.line_amount if where.isdigit()), "203")
        value = line.amount
        if source in profile.invoice.per_unit and line.quantity:
            value = line.amount / line.quantity
        update.amounts = [Amount("line", value, source)]
    return update


def _with_outcomes(line: Line, profile: Profile) -> Line:
    if not line.outcomes:
        return line
    update = replace(line)
    rules = profile.response
    codes: dict[str, str] = {outcome: code for code, outcome in reversed(list(rules.quantities.items()))}
    if line.quantity is not None and not any(entry.kind == "ordered" for entry in line.quantities):
        update.quantities = [Quantity("ordered", line.quantity)]
    for outcome in line.outcomes:
        code = codes.get(outcome.outcome)
        if code and outcome.quantity is not None and not any(entry.qualifier == code for entry in update.quantities):
            update.quantities = [*update.quantities, Quantity("other", outcome.quantity, code)]
        if outcome.code and outcome.list in rules.lists and not any(note.code == outcome.code for note in update.notes):
            update.notes = [*update.notes, Note("LIN", outcome.text if not rules.texts.get(outcome.code) else "",
                                                outcome.code, outcome.list, "28")]  # fmt: skip
        elif not outcome.code and not code:
            known = _status_code(rules.order_status, outcome.outcome)
            if known:
                update.notes = [*update.notes, Note("LIN", "", known, "12B", "28")]
    if not update.action:
        actions: dict[str, str] = {outcome: code for code, outcome in reversed(list(rules.actions.items()))}
        told = {entry.outcome for entry in line.outcomes}
        update.action = actions.get(next(iter(told)), "24") if len(told) == 1 else "24"
    return update


def _status_code(codes: Mapping[str, str], outcome: str) -> str:
    return next((code for code, meaning in codes.items() if meaning == outcome), "")

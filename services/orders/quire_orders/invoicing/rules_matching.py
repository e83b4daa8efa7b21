"""Which order line an invoice line is: a scored cascade over the vendor's references, with its evidence. Pure.

Research on EDI §9.6: our own line reference in all its shapes, then quote, supplier and subscription references, then
order number with ISBN or ISSN. A standard number alone and a title are suggestions only. Every finding is kept as
evidence; what contradicts costs score; a draw or a low score goes to a person with the candidates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from uuid import UUID

THRESHOLD = 80
"""Scores from here on match by themselves; below, a person decides."""

CONTRADICTION = 30
"""What a standard number that is another one than the ordered costs."""

LIKE = 0.6
"""Titles less alike than this are no suggestion."""

MAX_CANDIDATES = 10

_PAIR = re.compile(r"(?P<order>.+?)\s*/\s*(?P<line>[^/]+)")
_HYPHENED = re.compile(r"(?P<order>[^/]*[0-9][^/]*)-(?P<line>\d{1,4})")
_ORDER_KINDS = frozenset({"order", "own_order"})
_OWN_KINDS = frozenset({"own_line", "library_subscription"})
_QUOTE_KINDS = frozenset({"quote_line", "quote"})
_SUPPLIER_KINDS = frozenset({"supplier_line", "supplier", "supplier_subscription", "subscription"})


class Rule(StrEnum):
    """What told the order line, strongest first."""

    CONFIRMED = "confirmed_by_person"
    OWN_LINE = "own_line_reference"
    QUOTE = "quote_reference"
    SUPPLIER = "supplier_reference"
    ORDER_AND_IDENTIFIER = "order_number_and_identifier"
    ORDER_SINGLE_LINE = "order_number_with_one_line"
    IDENTIFIER = "identifier"
    TITLE = "title"


#: What each rule is worth by itself. Only the first four reach the threshold.
SCORES: dict[Rule, int] = {
    Rule.CONFIRMED: 100,
    Rule.OWN_LINE: 100,
    Rule.QUOTE: 95,
    Rule.SUPPLIER: 95,
    Rule.ORDER_AND_IDENTIFIER: 90,
    Rule.ORDER_SINGLE_LINE: 70,
    Rule.IDENTIFIER: 60,
    Rule.TITLE: 40,
}


class MatchState(StrEnum):
    """``suggested``: there are candidates below the threshold, or several alike; ``none``: nothing looks like it."""

    MATCHED = "matched"
    CONFIRMED = "confirmed"
    SUGGESTED = "suggested"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of the vendor's line; ``kind`` is the canonical document's."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice line as far as matching asks. Identifiers are (kind, normalized), ISBN as 13 digits."""

    references: Sequence[Reference]
    identifiers: frozenset[tuple[str, str]]
    title: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order line as far as matching asks. ``own_keys``: how our system and the one before it name the line."""

    line_id: UUID
    order_number: str
    position: int
    own_keys: frozenset[str]
    quote_reference: str | None
    vendor_reference: str | None
    identifiers: frozenset[tuple[str, str]]
    title: str
    lines_of_order: int
    same_vendor: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding for or against a candidate: what the invoice says, what the order says."""

    rule: str
    invoice_value: str
    order_value: str
    supports: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    line_id: UUID
    score: int
    rule: Rule
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome for one invoice line. ``reason`` says in words why it was not matched by itself."""

    state: MatchState
    best: Candidate | None
    candidates: tuple[Candidate, ...]
    reason: str = ""


def fold(text: str) -> str:
    """A reference as it is compared: without case, blanks and the leading zeros of a plain number."""
    folded = "".join(text.split()).casefold()
    return folded.lstrip("0") or folded if folded.isdigit() else folded


def own_keys(line_number: str, order_number: str, position: int, source_key: str | None = None) -> frozenset[str]:
    """All shapes in which a vendor may give back our own line reference, folded."""
    shapes = {
        line_number,
        f"{order_number}/{line_number}",
        f"{order_number}/{position}",
        f"{order_number}-{position}",
    }
    if source_key:
        shapes |= {source_key, f"{order_number}/{source_key}"}
    return frozenset(fold(shape) for shape in shapes)


def reference_keys(value: str) -> frozenset[str]:
    """The keys by which an own reference of the vendor can be found: itself, and the line after the order number.

    ``2724/71178`` may be our line 71178, or line 71178 of order 2724.
    """
    keys = {fold(value)}
    pair = _PAIR.fullmatch(value.strip())
    if pair is not None:
        keys.add(fold(pair["line"]))
    return frozenset(keys)


def order_of(value: str) -> str | None:
    """The order number inside an own line reference, if there is one."""
    found = _PAIR.fullmatch(value.strip()) or _HYPHENED.fullmatch(value.strip())
    return fold(found["order"]) if found else None


def title_words(title: str) -> list[str]:
    """Words of a title for comparing: no accents, no case, no punctuation."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain)


def title_likeness(one: str, other: str) -> float:
    """How alike two titles are, 0 to 1; vendors cut titles off, so a beginning counts as the whole."""
    a, b = title_words(one), title_words(other)
    if not a or not b:
        return 0.0
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) >= 2 and longer[: len(shorter)] == shorter:
        return 1.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def match(line: Invoiced, ordered: Iterable[Ordered]) -> Match:
    """Finds the order line of one invoice line among those that could be it."""
    candidates = [found for found in (_weigh(line, one) for one in ordered) if found is not None]
    candidates.sort(key=lambda c: (-c.score, c.line_id))
    kept = tuple(candidates[:MAX_CANDIDATES])
    if not kept:
        return Match(MatchState.NONE, None, (), "Nothing that was ordered looks like this line.")
    best = kept[0]
    if best.score < THRESHOLD:
        return Match(MatchState.SUGGESTED, None, kept, _why_low(best))
    if len(kept) > 1 and kept[1].score == best.score:
        return Match(MatchState.SUGGESTED, None, kept, "Several order lines fit equally well.")
    return Match(MatchState.MATCHED, best, kept)


def _why_low(best: Candidate) -> str:
    against = [e for e in best.evidence if not e.supports]
    if against:
        return f"The best candidate is contradicted: {against[0].invoice_value} is not {against[0].order_value}."
    if best.rule is Rule.TITLE:
        return "Only the title is alike."
    if best.rule is Rule.IDENTIFIER:
        return "Only the standard number is the same; no reference names the order line."
    return "The order number fits, but nothing names the line."


def _weigh(line: Invoiced, one: Ordered) -> Candidate | None:
    evidence: list[Evidence] = []
    rules: list[Rule] = []
    order_named = False
    for reference in line.references:
        value = reference.value
        if reference.kind in _OWN_KINDS:
            if fold(value) in one.own_keys or (
                order_of(value) in {None, fold(one.order_number)} and _is_own(value, one)
            ):
                rules.append(Rule.OWN_LINE)
                evidence.append(Evidence(Rule.OWN_LINE.value, value, f"{one.order_number}/{one.position}", True))
            elif order_of(value) == fold(one.order_number):
                order_named = True
            elif reference.kind == "library_subscription" and _same(value, one.vendor_reference):
                rules.append(Rule.SUPPLIER)
                evidence.append(Evidence(Rule.SUPPLIER.value, value, one.vendor_reference or "", True))
        elif reference.kind in _ORDER_KINDS and fold(value) == fold(one.order_number):
            order_named = True
        elif reference.kind in _QUOTE_KINDS and _same(value, one.quote_reference):
            rules.append(Rule.QUOTE)
            evidence.append(Evidence(Rule.QUOTE.value, value, one.quote_reference or "", True))
        elif reference.kind in _SUPPLIER_KINDS and one.same_vendor and _same(value, one.vendor_reference):
            rules.append(Rule.SUPPLIER)
            evidence.append(Evidence(Rule.SUPPLIER.value, value, one.vendor_reference or "", True))
    shared = sorted(line.identifiers & one.identifiers)
    evidence += [Evidence(kind, number, number, True) for kind, number in shared]
    if shared:
        rules.append(Rule.ORDER_AND_IDENTIFIER if order_named else Rule.IDENTIFIER)
    elif order_named and one.lines_of_order == 1:
        rules.append(Rule.ORDER_SINGLE_LINE)
    if order_named:
        evidence.append(Evidence("order_number", one.order_number, one.order_number, True))
    likeness = title_likeness(line.title, one.title)
    if likeness >= LIKE:
        evidence.append(Evidence(Rule.TITLE.value, line.title, one.title, True))
        rules.append(Rule.TITLE)
    if not rules:
        return None
    rule = max(rules, key=lambda r: SCORES[r])
    score = SCORES[rule]
    against = [] if shared else _contradictions(line.identifiers, one.identifiers)
    if against:
        evidence += against
        score -= CONTRADICTION
    return Candidate(one.line_id, score, rule, tuple(evidence))


def _is_own(value: str, one: Ordered) -> bool:
    pair = _PAIR.fullmatch(value.strip())
    return pair is not None and fold(pair["line"]) in one.own_keys


def _same(value: str, known: str | None) -> bool:
    return known is not None and fold(value) == fold(known)


def _contradictions(invoiced: Collection[tuple[str, str]], ordered: Collection[tuple[str, str]]) -> list[Evidence]:
    """Numbers of the same kind of which none is the same: another thing, or another edition."""
    found = []
    for kind in sorted({kind for kind, _ in invoiced} & {kind for kind, _ in ordered}):
        theirs = ", ".join(sorted(number for k, number in invoiced if k == kind))
        ours = ", ".join(sorted(number for k, number in ordered if k == kind))
        found.append(Evidence(kind, theirs, ours, False))
    return found


class Index:
    """Order lines by all that a match can come from, so that each invoice line is held against a few only."""

    def __init__(self, ordered: Iterable[Ordered]) -> None:
        self._by: dict[tuple[str, str], list[Ordered]] = {}
        for one in ordered:
            for key in self._keys_of(one):
                self._by.setdefault(key, []).append(one)

    @staticmethod
    def _keys_of(one: Ordered) -> set[tuple[str, str]]:
        keys = {("reference", key) for key in one.own_keys}
        keys |= {("reference", fold(value)) for value in (one.vendor_reference, one.quote_reference) if value}
        keys |= set(one.identifiers)
        keys.add(("order", fold(one.order_number)))
        keys |= {("title", word) for word in title_words(one.title)[:1]}
        return keys

    def near(self, line: Invoiced) -> list[Ordered]:
        """The order lines that share a reference, an order, a standard number or a first word with the line."""
        keys: set[tuple[str, str]] = set(line.identifiers)
        for reference in line.references:
            keys |= {("reference", key) for key in reference_keys(reference.value)}
            order = order_of(reference.value) or (fold(reference.value) if reference.kind in _ORDER_KINDS else None)
            keys |= {("order", order)} if order else set()
        keys |= {("title", word) for word in title_words(line.title)[:1]}
        found = {one.line_id: one for key in keys for one in self._by.get(key, ())}
        return list(found.values())

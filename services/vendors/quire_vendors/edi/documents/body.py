"""Reads the segments of a trade message into header, lines and summary, by the groups of D.96A.

Segments that follow a group's first segment belong to it until another group begins: amounts after ALC are the
charge's, after TAX the tax's, references after NAD the party's. The groups are those of
`../shared/reference/edifact_d96a_structures.txt`, read tolerantly: order is not enforced.
"""

from collections.abc import Callable
from datetime import date

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message, Segment

from .groups import Elements
from .model import Count, Currency, Package, PaymentTerms
from .parts import Copy, CopyField
from .titles import Titles

Handler = Callable[[Segment, Elements], None]

_PASSED_OVER = frozenset(
    [
        "UNH",
        "UNT",
        "UNS",
        "ALI",
        "PAI",
        "MEA",
        "TOD",
        "TDT",
        "FII",
        "DOC",
        "ERC",
        "INP",
        "AJT",
        "RNG",
        "APR",
        "SCC",
        "EQD",
        "PGI",
    ]
)
"""Segments that are known and carry nothing that Quire acts upon."""


class Body(Titles):
    """Header, lines and summary of one message. Everything a reader of a document type needs is an attribute."""

    def __init__(self, message: Message, profile: Profile) -> None:
        super().__init__(message, profile)
        self._read()

    def _read(self) -> None:
        handlers: dict[str, Handler] = {
            "BGM": self._bgm, "DTM": self._dtm, "RFF": self._rff, "NAD": self._nad, "CTA": self._cta, "COM": self._com,
            "CUX": self._cux, "PAT": self._pat, "ALC": self._alc, "MOA": self._moa, "PCD": self._pcd, "RTE": self._rte,
            "TAX": self._tax_, "FTX": self._ftx, "LIN": self._lin, "PIA": self._pia, "IMD": self._imd, "QTY": self._qty,
            "PRI": self._pri, "GIR": self._gir, "LOC": self._loc, "UNS": self._uns, "CNT": self._cnt, "CPS": self._cps,
            "PAC": self._pac, "PCI": self._pci, "GIN": self._gin, "STS": self._sts,
        }  # fmt: skip
        for segment in self.message.segments:
            handler = handlers.get(segment.tag)
            if handler is not None:
                if segment.elements:
                    handler(segment, segment.elements)
            elif segment.tag not in _PASSED_OVER:
                self.flags.add("SEGMENT_UNUSED", segment.place(self.message.index), tag=segment.tag)
        self._finish_line()

    def _bgm(self, segment: Segment, el: Elements) -> None:
        first = el[0]
        self.code = first[0].strip()
        self.list_agency = first[2] if len(first) > 2 else ""
        self.name = first[3].strip() if len(first) > 3 else ""
        self.number = segment.get(1).strip()
        self.function_code = segment.get(2).strip()
        self.response_type = segment.get(3).strip()

    def _cux(self, segment: Segment, el: Elements) -> None:
        if self.line is not None:
            return
        self._party = None
        rate = self._value(segment, segment.get(2), 2, 0, "The rate of exchange")
        for index, composite in enumerate(el[:2]):
            if len(composite) > 1 and composite[1]:
                role = {"2": "reference", "3": "target"}.get(composite[0], "other")
                self.currencies.append(
                    Currency(
                        role=role, code=composite[1].strip().upper(), rate=rate if index else None, at=segment.index
                    )
                )

    def _pat(self, segment: Segment, el: Elements) -> None:
        term = PaymentTerms(type=el[0][0], at=segment.index)
        if len(el) > 2:
            composite = el[2]
            term.unit = composite[2] if len(composite) > 2 else ""
            if len(composite) > 3:
                term.days = self._value(segment, composite[3], 2, 3, "The term of payment")
        self._term = term
        if self.line is None:
            self.terms.append(term)

    def _cps(self, segment: Segment, el: Elements) -> None:
        self._finish_line()
        self._leave_group()
        self._party = None
        self.packages.append(Package(number=el[0][0], parent=segment.get(1), at=segment.index))
        self._in_package = True

    def _pac(self, segment: Segment, el: Elements) -> None:
        if self.packages and self.line is None:
            self.packages[-1].quantity = self._value(segment, el[0][0], 0, 0, "The number of packages")
            self.packages[-1].type = segment.get(2)

    def _pci(self, segment: Segment, el: Elements) -> None:
        if self.packages and self.line is None:
            self.packages[-1].marks.extend(text for text in (el[1] if len(el) > 1 else []) if text)

    def _gin(self, segment: Segment, el: Elements) -> None:
        marks = [composite[0] for composite in el[1:] if composite[0]]
        if self.line is None and self.packages:
            self.packages[-1].marks.extend(marks)
        elif self.line is not None:
            copy_fields = [CopyField("serial", mark, el[0][0], segment.index) for mark in marks]
            if copy_fields:
                self.line.copies.append(Copy("", copy_fields, segment.index))

    def _uns(self, segment: Segment, el: Elements) -> None:
        if el[0][0] == "S" or self.lines:
            self._finish_line()
            self._leave_group()
            self._party = None
            self.level = "summary"

    def _cnt(self, segment: Segment, el: Elements) -> None:
        composite = el[0]
        if len(composite) > 1:
            value = self._value(segment, composite[1], 0, 1, "The count")
            if value is not None:
                self.counts.append(Count(qualifier=composite[0], value=value, at=segment.index))
        if self.level == "line":
            self._finish_line()
            self.level = "summary"
            self._leave_group()

    def dated(self, *kinds: str) -> date | None:
        for kind in kinds:
            for entry in self.dates:
                if entry.kind == kind and entry.value is not None:
                    return entry.value
        return None

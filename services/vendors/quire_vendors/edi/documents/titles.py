"""The lines of a trade message: titles with identifiers, descriptions, prices and copies."""

from quire_vendors.edi.syntax.model import Segment

from .groups import NO_ELEMENT, Elements, Groups
from .parts import Copy, CopyField, Description, Identifier, Line, Price, Reference, Status

_ROLES = {"1": "additional", "2": "substitute", "3": "substituted_by", "4": "substitute", "5": "product",
          "5S": "part_start", "1S": "part_start", "5E": "part_end"}  # fmt: skip


class Titles(Groups):
    """Reads LIN and what belongs to it."""

    def _lin(self, segment: Segment, el: Elements) -> None:
        self._finish_line()
        if self.level == "summary":
            self.flags.add("LINE_AFTER_SUMMARY", segment.place(self.message.index))
        line = Line(number=el[0][0], action=el[1][0] if len(el) > 1 else "", at=segment.index)
        self._leave_group()
        self._party = None
        self._copy_numbers = {}
        self.line = line
        self.level = "line"
        if self._in_package and self.packages:
            line.package = self.packages[-1].number
        if len(el) > 2:
            composite = el[2]
            value = composite[0].strip()
            qualifier = composite[1] if len(composite) > 1 else ""
            if value:
                line.identifiers.append(
                    Identifier(value, self._type(value, qualifier), qualifier, "line", segment.index, 2)
                )
        self.lines.append(line)

    def _type(self, value: str, qualifier: str) -> str:
        kind = self._identifiers.get(qualifier, "other" if qualifier else "ean")
        if kind in ("ean", "isbn"):
            if len(value) == 13 and value[:3] in ("978", "979"):
                return "ismn" if value[3] == "0" and value[2] == "9" else "isbn13"
            if kind == "isbn" or not qualifier:
                bare = value.replace("-", "")
                if len(bare) == 10:
                    return "isbn10"
                if len(bare) == 13 and bare[:3] in ("978", "979"):
                    return "isbn13"
        return kind

    def _pia(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        role = _ROLES.get(el[0][0], "product")
        identifiers = line.identifiers
        for position in range(1, len(el)):
            composite = el[position]
            value = composite[0].strip()
            if value:
                qualifier = composite[1] if len(composite) > 1 else ""
                identifiers.append(
                    Identifier(value, self._type(value, qualifier), qualifier, role, segment.index, position)
                )

    def _pri(self, segment: Segment, el: Elements) -> None:
        line = self.line
        composite = el[0]
        if line is None or len(composite) < 2:
            return
        amount, flag = self._number(composite[1])
        if flag:
            amount = self._value(segment, composite[1], 0, 1, "The price")
        if amount is None:
            return
        self._leave_group()
        qualifier = composite[0]
        price = Price(
            self._prices.get(qualifier, "other"),
            amount,
            qualifier,
            composite[2] if len(composite) > 2 else "",
            composite[3] if len(composite) > 3 else "",
            self._value(segment, composite[4], 0, 4, "The price basis") if len(composite) > 4 else None,
            segment.index,
        )
        line.prices.append(price)

    def _sts(self, segment: Segment, el: Elements) -> None:
        if self.line is not None:
            self.line.statuses.append(
                Status(segment.get(1), el[0][0], segment.get(2), segment.get(2, 3), segment.index)
            )

    def _imd(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        code = el[1][0] if len(el) > 1 else ""
        composite = el[2] if len(el) > 2 else NO_ELEMENT
        pieces = [piece for piece in composite[3:5] if piece]
        if not pieces:
            return
        name = self._described.get(code, "title" if not code else "other")
        current = self._description
        if current is None or current.code != code or (name != "title" and self._last_piece < self._width):
            self._finish_description()
            current = Description(name, "", code, el[0][0], segment.index)
            line.descriptions.append(current)
            self._description = current
        for piece in pieces:
            tight = self._join == "tight" or (self._join == "width" and self._last_piece >= self._width)
            self._pieces.append(piece if tight or not self._pieces else f" {piece}")
            self._last_piece = len(piece)

    def _finish_description(self) -> None:
        if self._description is not None:
            self._description.text = "".join(self._pieces)
        self._description = None
        self._pieces = []
        self._last_piece = 0

    def _gir(self, segment: Segment, el: Elements) -> None:
        line = self.line
        if line is None:
            return
        number = el[0][0].strip()
        copy = self._copy_numbers.get(number) if number else None
        if copy is None:
            copy = self._copy_numbers[number] = Copy(number, at=segment.index)
            line.copies.append(copy)
        for composite in el[1:]:
            qualifier = composite[1] if len(composite) > 1 else ""
            if composite[0] or qualifier:
                copy.fields.append(
                    CopyField(self._copies.get(qualifier, "other"), composite[0], qualifier, segment.index)
                )

    def _finish_line(self) -> None:
        line = self.line
        if line is None:
            return
        self._finish_description()
        parts = [entry.text for entry in line.descriptions if entry.field == "title"]
        if parts:
            line.title = " ".join(parts[0].split())
        elif self._title_identifier:
            line.title = next((x.value for x in line.identifiers if x.qualifier == self._title_identifier), "")
        if self._own_line_identifier:
            line.references += [
                Reference("own_line", entry.value, entry.qualifier, at=entry.at)
                for entry in line.identifiers
                if entry.role == self._own_line_identifier and entry.type == "supplier"
            ]
        self.line = None

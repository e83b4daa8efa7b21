"""Workbooks that loads give: a result file with every row's outcome, and our own templates. Formulas are neutralized."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Font

from quire_orders.imports.tables import LoadKind, LoadRow

TEMPLATES: dict[LoadKind, tuple[str, ...]] = {
    LoadKind.FUNDS: (
        "Level 1 code",
        "Level 1 name",
        "Level 2 code",
        "Level 2 name",
        "Level 3 code",
        "Level 3 name",
        "Budget",
        "Encumbrance limit %",
        "Expenditure limit %",
    ),
    LoadKind.ORDER_SHEET: (
        "Line",
        "Title",
        "Author",
        "ISBN",
        "Publisher",
        "Year",
        "Quantity",
        "Price",
        "Currency",
        "Fund",
        "Fund %",
        "Fund 2",
        "Fund 2 %",
        "Vendor",
        "Vendor reference",
        "Note",
    ),
}
#: The mapping that reads the order template.
ORDER_TEMPLATE_MAPPING = {
    "name": "Quire template",
    "default_currency": "EUR",
    "key": "Line",
    "title": "Title",
    "contributor": "Author",
    "isbn": "ISBN",
    "publisher": "Publisher",
    "published": "Year",
    "quantity": "Quantity",
    "unit_price": "Price",
    "currency": "Currency",
    "vendor_code": "Vendor",
    "vendor_reference": "Vendor reference",
    "note": "Note",
    "funds": [{"fund": "Fund", "percent": "Fund %"}, {"fund": "Fund 2", "percent": "Fund 2 %"}],
}


def safe(text: object) -> object:
    """A cell that no spreadsheet program takes for a formula."""
    return f"'{text}" if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _book(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    sheet = book.create_sheet("Quire", 0)
    sheet.append(list(headings))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([safe(v) for v in row])
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def template(kind: LoadKind) -> bytes:
    return _book(TEMPLATES[kind], [])


def result(rows: Sequence[LoadRow]) -> bytes:
    """Every row of the file with its state and, line by line, what is wrong and what to do."""
    return _book(
        ("Place", "Key", "What", "State", "Result", "Faults"),
        [
            (
                row.place,
                row.key,
                row.label,
                row.state.value,
                str(row.result_id or ""),
                "\n".join(f"{f['place']}: {f['detail']} {f['fix']}".strip() for f in row.faults),
            )
            for row in rows
        ],
    )

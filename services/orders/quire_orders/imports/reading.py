"""From bytes and a mapping to rows: the parsers behind one shape. Runs in a thread; no database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel

from quire_orders.imports.faults import ImportFault, Severity
from quire_orders.imports.fund_mapping import FundStructureMapping
from quire_orders.imports.fund_structure import FundStructure, read_fund_structure
from quire_orders.imports.marc_orders import MarcOrderProfile, read_marc_orders
from quire_orders.imports.order_lines import ImportedLine, ImportedOrder
from quire_orders.imports.order_sheet import OrderSheetMapping, read_order_sheet
from quire_orders.imports.tables import LoadKind, RowState
from quire_orders.imports.tables_in import kind_of, read_tables
from quire_shared.values.money import Money

MODELS: dict[LoadKind, type[BaseModel]] = {
    LoadKind.FUNDS: FundStructureMapping,
    LoadKind.ORDER_SHEET: OrderSheetMapping,
    LoadKind.ORDER_MARC: MarcOrderProfile,
}


@dataclass
class ReadRow:
    """A row as it will be kept."""

    place: str
    key: str
    label: str
    state: RowState
    data: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class ReadFile:
    head: dict[str, Any]
    rows: list[ReadRow]
    faults: list[dict[str, Any]]


def check_mapping(kind: LoadKind, mapping: dict[str, Any]) -> BaseModel:
    """The mapping as its own model. Raises pydantic's ValidationError."""
    return MODELS[kind].model_validate(mapping)


def read(kind: LoadKind, content: bytes, mapping: dict[str, Any]) -> ReadFile:
    """Read a file. Raises UnreadableFile when it is of another kind, damaged or too large."""
    model = check_mapping(kind, mapping)
    if isinstance(model, MarcOrderProfile):
        return _orders(read_marc_orders(content, model))
    tables = read_tables(content, kind_of(content), getattr(model, "encoding", None))
    if isinstance(model, FundStructureMapping):
        return _funds(read_fund_structure(tables, model))
    if isinstance(model, OrderSheetMapping):
        return _orders(read_order_sheet(tables, model))
    raise TypeError(f"no reader for {kind}")


def _orders(order: ImportedOrder) -> ReadFile:
    return ReadFile({}, [_line(line) for line in order.lines], [_fault(f) for f in order.faults])


def _line(line: ImportedLine) -> ReadRow:
    data = {
        "title": line.title,
        "contributor": "; ".join(line.contributors) or None,
        "edition": line.edition,
        "publisher": line.publisher,
        "published": line.published,
        "url": line.url,
        "identifiers": [i.given for i in line.identifiers],
        "material": line.material.value,
        "quantity": line.quantity,
        "unit_price": _money(line.unit_price),
        "vendor_code": line.vendor_code,
        "vendor_reference": line.vendor_reference,
        "note": line.note or "",
        "subscription_from": line.subscription_from.isoformat() if line.subscription_from else None,
        "subscription_to": line.subscription_to.isoformat() if line.subscription_to else None,
        "shares": [
            {
                "place": s.place,
                "fund_code": s.fund_code,
                "copies": s.copies,
                "percent": None if s.percent is None else str(s.percent),
                "amount": None if s.amount is None else str(s.amount.amount),
                "location": s.location,
            }
            for s in line.shares
        ],
    }
    return ReadRow(
        line.place,
        line.key,
        line.title[:500],
        RowState.GOOD if line.acceptable else RowState.BAD,
        data,
        [_fault(f) for f in line.faults],
    )


def _money(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": f"{money.amount:f}", "currency": money.currency}


def _funds(structure: FundStructure) -> ReadFile:
    head = {
        "fiscal_year_code": structure.fiscal_year_code,
        "fiscal_year_start": structure.fiscal_year_start.isoformat(),
        "fiscal_year_end": structure.fiscal_year_end.isoformat(),
        "ledger_code": structure.ledger_code,
        "ledger_name": structure.ledger_name,
        "currency": structure.currency,
    }
    budgets = {b.fund_code: b for b in structure.budgets}
    bad_places = {f.place for f in structure.faults if f.severity is Severity.ERROR}
    rows = []
    for fund in structure.funds:
        budget = budgets.get(fund.code)
        data: dict[str, Any] = {
            "code": fund.code,
            "name": fund.name,
            "parent_code": fund.parent_code,
            "level": fund.level,
        }
        if budget is not None:
            data |= {
                "amount": _money(budget.amount),
                "limits": {k: None if v is None else str(v) for k, v in asdict(budget.limits).items()},
                "sources": [{"account": a, "place": p, "amount": _money(m)} for a, p, m in budget.sources],
            }
        state = RowState.BAD if fund.place in bad_places else RowState.GOOD
        rows.append(ReadRow(fund.place, fund.code, f"{fund.code} {fund.name}"[:500], state, data))
    rows += [ReadRow(s.place, "", s.reason[:500], RowState.SKIPPED) for s in structure.skipped]
    return ReadFile(head, rows, [_fault(f) for f in structure.faults])


def _fault(fault: ImportFault) -> dict[str, Any]:
    return {
        "place": fault.place,
        "code": fault.code,
        "detail": fault.detail,
        "fix": fault.fix,
        "severity": fault.severity.value,
    }

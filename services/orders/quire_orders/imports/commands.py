"""Commands on loads: keep what was read, accept the good rows, undo a whole load."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from quire_orders.funds import commands as fund_commands
from quire_orders.funds import commands_budgets, commands_money
from quire_orders.funds import schemas as fund_schemas
from quire_orders.funds.rules import BudgetStatus
from quire_orders.funds.rules_distribution import DistributionKind
from quire_orders.funds.schemas_ledger import AllocationIn
from quire_orders.funds.tables import Budget, Fund, RecordStatus
from quire_orders.imports import reading, schemas, store
from quire_orders.imports.tables import Load, LoadKind, LoadRow, LoadState, MappingProfile, RowState
from quire_orders.purchasing import commands as purchasing
from quire_orders.purchasing import schemas as orders
from quire_orders.purchasing import store as purchasing_store
from quire_orders.purchasing.rules import OrderStatus
from quire_orders.purchasing.tables import Order, OrderLine
from quire_shared.api.problems import Conflict, Fault, Invalid
from quire_shared.database.work import Work
from quire_shared.values.money import Money


async def save_profile(work: Work, body: schemas.ProfileIn) -> schemas.ProfileOut:
    """Keep a mapping under a name; the same name again replaces it."""
    standing = await store.profile(work.session, body.kind, body.name)
    if standing is None:
        standing = work.add(MappingProfile(kind=body.kind, name=body.name, mapping=body.mapping))
    else:
        standing = await work.lock(MappingProfile, standing.id, "mapping")
        standing.mapping = dict(body.mapping)
    await work.session.flush()
    return schemas.ProfileOut(**standing.model_dump(exclude={"created_at", "updated_at"}))


async def keep_load(
    work: Work,
    kind: LoadKind,
    file_name: str,
    content: bytes,
    mapping: dict[str, Any],
    source: str,
    read: reading.ReadFile,
    unit_id: UUID | None = None,
) -> schemas.LoadOut:
    """Keep a file and what was read of it as a preview; nothing is made yet."""
    load = work.add(
        Load(
            kind=kind,
            file_name=file_name,
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            mapping=mapping,
            source=source,
            head=read.head,
            faults=read.faults,
            unit_id=unit_id,
        )
    )
    await work.session.flush()
    await _judge(work, load, read)
    work.session.add_all(
        [
            LoadRow(
                load_id=load.id,
                position=n,
                place=row.place[:200],
                key=row.key[:300],
                label=row.label,
                state=row.state,
                data=row.data,
                faults=row.faults,
            )
            for n, row in enumerate(read.rows, 1)
        ]
    )
    await work.session.flush()
    work.audit("imports.keep_load", load.id, kind=kind.value, rows=len(read.rows))
    return await load_out(work, load)


async def _judge(work: Work, load: Load, read: reading.ReadFile) -> None:
    """What only the database knows: rows that came before, funds and vendors that are not there."""
    if load.kind is LoadKind.FUNDS:
        standing = await store.funds(work.session, [row.key for row in read.rows if row.key])
        for row in read.rows:
            if row.state is RowState.GOOD and row.key in standing:
                row.faults.append(
                    _note(row.place, "fund_stands", f"Fund {row.key} is there already; only its budget is made.", "")
                )
        return
    known = await purchasing_store.known_keys(work.session, load.source, [row.key for row in read.rows])
    codes = {share["fund_code"] for row in read.rows for share in row.data["shares"]}
    standing = await store.funds(work.session, codes)
    vendors = await store.vendors(
        work.session, [row.data["vendor_code"] for row in read.rows if row.data["vendor_code"]]
    )
    for row in read.rows:
        if row.key in known:
            row.state = RowState.KNOWN
            row.faults.append(_note(row.place, "known_already", f"This is line {known[row.key]} already.", ""))
            continue
        for share in row.data["shares"]:
            if share["fund_code"] not in standing:
                row.state = RowState.BAD
                row.faults.append(
                    _error(
                        share["place"],
                        "fund_unknown",
                        f"There is no fund “{share['fund_code']}”.",
                        "Mend the code, or make the fund.",
                    )
                )
        code = row.data["vendor_code"]
        if code and code not in vendors:
            row.state = RowState.BAD
            row.faults.append(
                _error(
                    row.place, "vendor_unknown", f"There is no vendor “{code}”.", "Mend the code, or make the vendor."
                )
            )


def _note(place: str, code: str, detail: str, fix: str) -> dict[str, Any]:
    return {"place": place, "code": code, "detail": detail, "fix": fix, "severity": "warning"}


def _error(place: str, code: str, detail: str, fix: str) -> dict[str, Any]:
    return {"place": place, "code": code, "detail": detail, "fix": fix, "severity": "error"}


async def accept(work: Work, load_id: UUID, body: schemas.AcceptIn, today: date) -> schemas.LoadOut:
    """Make what the good rows say, all or nothing; bad rows stay in the list to be mended."""
    load = await work.lock(Load, load_id, "load")
    if load.state is not LoadState.PREVIEWED:
        raise Conflict(f"This load was {load.state.value} already.")
    rows = await store.good_rows(work.session, load.id)
    if not rows:
        raise Conflict("No row of this load can be accepted; mend the file and load it again.")
    blocking = [f for f in load.faults if f["severity"] == "error" and load.kind is LoadKind.FUNDS]
    if blocking:
        raise Invalid(
            "The budget file has faults; a structure is loaded whole or not at all.",
            [Fault(pointer=f["place"], code=f["code"], detail=f["detail"], fix=f["fix"]) for f in blocking[:200]],
        )
    if load.kind is LoadKind.FUNDS:
        made = await _make_funds(work, load, rows, body, today)
    else:
        made = await _make_orders(work, load, rows, body, today)
    load.made = made
    load.state = LoadState.ACCEPTED
    load.accepted_at = work.now
    for row in rows:
        row.state = RowState.ACCEPTED
    await work.session.flush()
    work.audit("imports.accept", load.id, rows=len(rows))
    return await load_out(work, load)


async def _make_funds(
    work: Work, load: Load, rows: list[LoadRow], body: schemas.AcceptIn, today: date
) -> dict[str, Any]:
    head = load.head
    calendar = await store.calendar(work.session, body.calendar_code)
    calendar_id = (
        calendar.id
        if calendar
        else (
            await fund_commands.create_calendar(
                work,
                fund_schemas.CalendarIn(code=body.calendar_code, name=body.calendar_code.title(), unit_id=body.unit_id),
            )
        ).id
    )
    year = await store.year(work.session, head["fiscal_year_code"])
    if year is None:
        made_year = await fund_commands.create_year(
            work,
            fund_schemas.YearIn(
                calendar_id=calendar_id,
                code=head["fiscal_year_code"],
                name=head["fiscal_year_code"],
                starts_on=date.fromisoformat(head["fiscal_year_start"]),
                ends_on=date.fromisoformat(head["fiscal_year_end"]),
                unit_id=body.unit_id,
            ),
        )
        year_id = made_year.id
    else:
        year_id = year.id
    ledger = await store.ledger(work.session, head["ledger_code"])
    ledger_id = (
        ledger.id
        if ledger
        else (
            await fund_commands.create_ledger(
                work,
                fund_schemas.LedgerIn(
                    code=head["ledger_code"],
                    name=head["ledger_name"],
                    calendar_id=calendar_id,
                    currency=head["currency"],
                    unit_id=body.unit_id,
                ),
            )
        ).id
    )
    standing = {code: fund.id for code, fund in (await store.funds(work.session, [r.key for r in rows])).items()}
    with_budget = await store.budgets(work.session, list(standing.values()), year_id)
    made_funds: list[str] = []
    made_budgets: list[str] = []
    for row in rows:
        data = row.data
        if row.key not in standing:
            parent = data["parent_code"]
            fund = await fund_commands.create_fund(
                work,
                fund_schemas.FundIn(
                    code=row.key,
                    name=data["name"] or row.key,
                    ledger_id=ledger_id,
                    parent_id=standing[parent] if parent else None,
                    external_account=data["sources"][0]["account"] if len(data.get("sources", [])) == 1 else "",
                    unit_id=body.unit_id,
                ),
            )
            standing[row.key] = fund.id
            made_funds.append(str(fund.id))
        row.result_id = standing[row.key]
        if data.get("amount") and standing[row.key] not in with_budget:
            budget = await commands_budgets.create_budget(
                work,
                fund_schemas.BudgetIn(
                    fund_id=standing[row.key],
                    fiscal_year_id=year_id,
                    initial=Money.of(data["amount"]["amount"], data["amount"]["currency"]),
                    limits=_limits(data["limits"]),
                    unit_id=body.unit_id,
                ),
                today,
            )
            made_budgets.append(str(budget.id))
    return {"fiscal_year_id": str(year_id), "ledger_id": str(ledger_id), "funds": made_funds, "budgets": made_budgets}


def _limits(given: dict[str, str | None]) -> fund_schemas.BudgetLimits:
    return fund_schemas.BudgetLimits(
        **{
            name.removesuffix("_percent"): fund_schemas.LimitValue(percent=None if value is None else Decimal(value))
            for name, value in given.items()
        }
    )


async def _make_orders(
    work: Work, load: Load, rows: list[LoadRow], body: schemas.AcceptIn, today: date
) -> dict[str, Any]:
    vendors = await store.vendors(work.session, [r.data["vendor_code"] for r in rows if r.data["vendor_code"]])
    funds = await store.funds(work.session, {s["fund_code"] for r in rows for s in r.data["shares"]})
    grouped: dict[tuple[UUID, str], list[LoadRow]] = {}
    homeless = []
    for row in rows:
        vendor = vendors.get(row.data["vendor_code"] or "") or body.vendor_id
        if vendor is None:
            homeless.append(row)
            continue
        grouped.setdefault((vendor, row.data["unit_price"]["currency"]), []).append(row)
    if homeless:
        raise Invalid(
            "Some rows name no vendor.",
            [
                Fault(
                    pointer=r.place,
                    code="vendor_missing",
                    detail=f"“{r.label}” has no vendor.",
                    fix="Choose the vendor for this load.",
                )
                for r in homeless[:200]
            ],
        )
    made = []
    for (vendor_id, currency), group in grouped.items():
        lines = [_line(row, load.source, funds) for row in group]
        order = await purchasing.create_order(
            work,
            orders.OrderIn(vendor_id=vendor_id, currency=currency, unit_id=body.unit_id or load.unit_id, lines=lines),
            today,
            load.id,
        )
        made.append(str(order.id))
        for row, line in zip(group, order.lines, strict=True):
            row.result_id = line.id
    return {"orders": made}


def _line(row: LoadRow, source: str, funds: dict[str, Fund]) -> orders.LineIn:
    data = row.data
    shares = data["shares"]
    if any(s["amount"] is not None for s in shares):
        kind, value = DistributionKind.AMOUNT, "amount"
    elif any(s["copies"] is not None for s in shares):
        kind, value = DistributionKind.COPIES, "copies"
    else:
        kind, value = DistributionKind.PERCENT, "percent"
    merged: dict[UUID, Decimal] = {}
    for share in shares:
        fund_id = funds[share["fund_code"]].id
        given = (
            share[value]
            if share[value] is not None
            else (100 if kind is DistributionKind.PERCENT else data["quantity"])
        )
        merged[fund_id] = merged.get(fund_id, Decimal(0)) + Decimal(str(given))
    copies = [
        orders.CopyIn(quantity=s["copies"], fund_id=funds[s["fund_code"]].id, location=s["location"])
        for s in shares
        if s["copies"]
    ]
    return orders.LineIn(
        **{
            name: data[name]
            for name in (
                "title",
                "contributor",
                "edition",
                "publisher",
                "published",
                "url",
                "identifiers",
                "material",
                "quantity",
                "unit_price",
                "vendor_reference",
                "note",
                "subscription_from",
                "subscription_to",
            )
        },
        distribution=kind,
        funds=[orders.FundIn(fund_id=fund_id, value=amount) for fund_id, amount in merged.items()],
        copies=copies if sum(c.quantity for c in copies) == data["quantity"] else [],
        source=source,
        source_key=row.key or None,
    )


async def undo(work: Work, load_id: UUID, reason: str, today: date) -> schemas.LoadOut:
    """Take back a whole load. Raises Conflict, naming what stands in the way, once its records were used."""
    load = await work.lock(Load, load_id, "load")
    if load.state is not LoadState.ACCEPTED:
        raise Conflict(f"This load is {load.state.value}; only an accepted one can be undone.")
    if load.kind is LoadKind.FUNDS:
        await _undo_funds(work, load, reason, today)
    else:
        await _undo_orders(work, load)
    load.state = LoadState.UNDONE
    await store.mark(work.session, load.id, RowState.ACCEPTED, RowState.UNDONE)
    await work.session.flush()
    work.audit("imports.undo", load.id, reason=reason)
    return await load_out(work, load)


async def _undo_funds(work: Work, load: Load, reason: str, today: date) -> None:
    budget_ids = [UUID(b) for b in load.made["budgets"]]
    used = await store.used_budgets(work.session, budget_ids)
    if used:
        raise Conflict(f"Orders or invoices are booked on {', '.join(used)}; the load can't be undone any more.")
    rows = await work.session.exec(
        select(LoadRow).where(LoadRow.load_id == load.id, LoadRow.state == RowState.ACCEPTED)
    )
    by_fund = {row.result_id: row for row in rows}
    for budget_id in budget_ids:
        budget = await work.lock(Budget, budget_id, "budget")
        row = by_fund[budget.fund_id]
        initial = Money.of(row.data["amount"]["amount"], row.data["amount"]["currency"])
        if initial:
            await commands_money.change_allocation(
                work, AllocationIn(budget_id=budget_id, change=-initial, reason=f"load undone: {reason}"), today
            )
        budget.status = BudgetStatus.INACTIVE
    for fund in (await work.lock_all(Fund, [UUID(f) for f in load.made["funds"]], "fund")).values():
        fund.status = RecordStatus.INACTIVE
    await work.session.flush()


async def _undo_orders(work: Work, load: Load) -> None:
    locked = await work.lock_all(Order, [UUID(o) for o in load.made["orders"]], "order")
    moved = [order.number for order in locked.values() if order.status is not OrderStatus.PENDING]
    if moved:
        raise Conflict(f"{', '.join(moved)} were opened already; unopen them first.")
    for order in locked.values():
        lines = (await work.session.exec(select(OrderLine.id).where(col(OrderLine.order_id) == order.id))).all()
        for line_id in lines:
            await purchasing.remove_line(work, line_id)
        order.note = f"{order.note}\nThe load that made this order was undone.".strip()
        order.status = OrderStatus.CLOSED
        order.close_reason = "load undone"
    await work.session.flush()


async def load_out(work: Work, load: Load) -> schemas.LoadOut:
    counts = await store.counts(work.session, [load.id])
    seen = await store.earlier(work.session, load.kind, load.sha256, load.id)
    return as_out(load, counts[load.id], seen)


def as_out(load: Load, rows: dict[str, int], seen_before: UUID | None = None) -> schemas.LoadOut:
    return schemas.LoadOut(
        **load.model_dump(exclude={"content", "mapping", "updated_at", "unit_id"}), rows=rows, seen_before=seen_before
    )

"""What the postings say: folds as of any time, the postings behind a figure, and the proofs of consistency."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds.rules import Account, Figures

_BUDGETS = """
    SELECT b.id, b.fund_id, f.code AS fund_code, f.name AS fund_name, f.path, f.ledger_id, l.code AS ledger_code,
           b.fiscal_year_id, y.code AS year_code, b.currency, b.status, b.unit_id
      FROM budget b JOIN fund f ON f.id = b.fund_id JOIN fiscal_year y ON y.id = b.fiscal_year_id
           JOIN ledger l ON l.id = f.ledger_id
     WHERE (CAST(:year AS uuid) IS NULL OR b.fiscal_year_id = :year)
       AND (CAST(:ledger AS uuid) IS NULL OR f.ledger_id = :ledger)
       AND (CAST(:fund AS uuid) IS NULL OR f.path @> ARRAY[CAST(:fund AS uuid)])
       AND (CAST(:fund_group AS uuid) IS NULL OR EXISTS (
             SELECT 1 FROM fund_group_member m WHERE m.group_id = :fund_group AND m.fund_id = f.id))
       AND (CAST(:ids AS uuid[]) IS NULL OR b.id = ANY(CAST(:ids AS uuid[])))
"""
_NOW = text(
    f"WITH chosen AS ({_BUDGETS}) SELECT c.*, a.kind, a.balance FROM chosen c JOIN account a ON a.budget_id = c.id"
    ' ORDER BY c.fund_code COLLATE "C", c.id'
)
_THEN = text(
    f"""
    WITH chosen AS ({_BUDGETS}), moved AS (
      SELECT p.budget_id, s.kind, s.change FROM posting p JOIN chosen c ON c.id = p.budget_id,
             LATERAL (VALUES (p.debit, p.amount), (p.credit, -p.amount)) AS s(kind, change)
       WHERE p.recorded_at <= :as_of),
    folded AS (SELECT budget_id, kind, sum(change) AS balance FROM moved GROUP BY budget_id, kind)
    SELECT c.*, m.kind, m.balance FROM chosen c LEFT JOIN folded m ON m.budget_id = c.id
     ORDER BY c.fund_code COLLATE "C", c.id
    """
)


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A budget with its figures as they stand, or as they stood."""

    id: UUID
    fund_id: UUID
    fund_code: str
    fund_name: str
    path: tuple[UUID, ...]
    ledger_id: UUID
    ledger_code: str
    fiscal_year_id: UUID
    year_code: str
    currency: str
    status: str
    unit_id: UUID | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which budgets a report is about; a fund stands for itself and all its descendants."""

    year: UUID | None = None
    ledger: UUID | None = None
    fund: UUID | None = None
    fund_group: UUID | None = None
    ids: list[UUID] | None = None


async def budgets(
    session: AsyncSession, chosen: Chosen, units: Collection[UUID] | None, as_of: datetime | None = None
) -> tuple[list[BudgetRow], int]:
    """The chosen budgets with their figures now, or folded from what was recorded by ``as_of``.

    Answers also how many budgets are hidden because they belong to units that the asker does not see.
    """
    values: dict[str, Any] = {
        "year": chosen.year,
        "ledger": chosen.ledger,
        "fund": chosen.fund,
        "fund_group": chosen.fund_group,
        "ids": chosen.ids,
    }
    if as_of is not None:
        values["as_of"] = as_of
    rows: dict[UUID, RowMapping] = {}
    balances: dict[UUID, dict[Account, Decimal]] = {}
    hidden: set[UUID] = set()
    for row in (await session.execute(_NOW if as_of is None else _THEN, values)).mappings():
        if units is not None and row["unit_id"] is not None and row["unit_id"] not in units:
            hidden.add(row["id"])
            continue
        rows[row["id"]] = row
        held = balances.setdefault(row["id"], {})
        if row["kind"] is not None:
            held[Account(row["kind"])] = row["balance"]
    names = [name for name in BudgetRow.__dataclass_fields__ if name not in ("figures", "path")]
    return [
        BudgetRow(
            **{name: row[name] for name in names},
            path=tuple(row["path"]),
            figures=Figures.from_balances(row["currency"], balances[row["id"]]),
        )
        for row in rows.values()
    ], len(hidden)


_POSTINGS = text(
    """
    SELECT p.id, p.transaction_id, t.purpose, t.document_type, t.document_id, t.reason, t.actor, t.reverses_id,
           p.budget_id, p.debit, p.credit, p.amount, p.currency, p.original_amount, p.original_currency, p.rate_id,
           p.commitment_id, p.charge_id, p.gl_account, p.recorded_at, p.effective_on
      FROM posting p JOIN transaction t ON t.id = p.transaction_id JOIN budget b ON b.id = p.budget_id
     WHERE (CAST(:units AS uuid[]) IS NULL OR b.unit_id IS NULL OR b.unit_id = ANY(CAST(:units AS uuid[])))
       AND (CAST(:budget AS uuid) IS NULL OR p.budget_id = :budget)
       AND (CAST(:document AS uuid) IS NULL OR t.document_id = :document)
       AND (CAST(:account AS text) IS NULL OR p.debit = :account OR p.credit = :account)
       AND (CAST(:as_of AS timestamptz) IS NULL OR p.recorded_at <= :as_of)
       AND (CAST(:after AS uuid) IS NULL OR p.id > :after)
     ORDER BY p.id LIMIT :limit
    """
)


async def postings(
    session: AsyncSession,
    *,
    budget: UUID | None = None,
    document: UUID | None = None,
    account: Account | None = None,
    as_of: datetime | None = None,
    after: UUID | None = None,
    limit: int = 100,
    units: Collection[UUID] | None = None,
) -> list[RowMapping]:
    """The postings behind a figure, oldest first, from after the id ``after``."""
    values = {
        "budget": budget,
        "document": document,
        "account": None if account is None else account.value,
        "as_of": as_of,
        "after": after,
        "limit": limit,
        "units": None if units is None else sorted(units),
    }
    return list((await session.execute(_POSTINGS, values)).mappings())


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """A row that the postings contradict: where it is, what it says and what it should say."""

    table: str
    row: str
    detail: str


_PROOFS = {
    "account": """
        WITH moved AS (
          SELECT p.budget_id, s.kind, sum(s.change) AS fold FROM posting p,
                 LATERAL (VALUES (p.debit, p.amount), (p.credit, -p.amount)) AS s(kind, change)
           GROUP BY p.budget_id, s.kind)
        SELECT coalesce(a.budget_id, m.budget_id)::text || '/' || coalesce(a.kind, m.kind) AS row,
               'The balance is ' || coalesce(a.balance::text, 'missing') || ', its postings make '
               || coalesce(m.fold, 0)::text || '.' AS detail
          FROM account a FULL JOIN moved m ON m.budget_id = a.budget_id AND m.kind = a.kind
         WHERE coalesce(a.balance, 0) <> coalesce(m.fold, 0) OR a.budget_id IS NULL
         ORDER BY 1 LIMIT 100""",
    "posting": """
        SELECT p.id::text AS row, 'The posting was changed after it was written: its seal does not fit.' AS detail
          FROM posting p
         WHERE p.digest <> sha256(convert_to(concat_ws('|', p.id::text, p.transaction_id::text, p.budget_id::text,
               p.debit, p.credit, p.amount::numeric(19, 4)::text, p.currency,
               coalesce(p.original_amount::numeric(19, 4)::text, ''), coalesce(p.original_currency, ''),
               coalesce(p.rate_id::text, ''),
               to_char(p.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
               to_char(p.effective_on, 'YYYY-MM-DD')), 'UTF8'))
         ORDER BY 1 LIMIT 100""",
    "transaction": """
        SELECT t.id::text AS row, 'The transaction says ' || t.amount || ' in ' || t.postings || ' postings; there are '
               || coalesce(sum(p.amount), 0) || ' in ' || count(p.id) || '.' AS detail
          FROM transaction t LEFT JOIN posting p ON p.transaction_id = t.id
         GROUP BY t.id HAVING t.amount <> coalesce(sum(p.amount), 0) OR t.postings <> count(p.id)
         ORDER BY 1 LIMIT 100""",
    "posting (year, currency)": """
        SELECT p.id::text AS row, 'The posting and its budget differ in fiscal year or currency.' AS detail
          FROM posting p JOIN budget b ON b.id = p.budget_id JOIN transaction t ON t.id = p.transaction_id
         WHERE (p.fiscal_year_id, p.currency) <> (b.fiscal_year_id, b.currency)
            OR (p.fiscal_year_id, p.currency) <> (t.fiscal_year_id, t.currency)
         ORDER BY 1 LIMIT 100""",
    "commitment": """
        SELECT c.id::text AS row, 'The commitment says that ' || c.encumbered || ' is encumbered, its postings make '
               || coalesce(p.fold, 0) || '.' AS detail
          FROM commitment c LEFT JOIN (
               SELECT commitment_id, sum(CASE WHEN debit = 'encumbered' THEN amount WHEN credit = 'encumbered'
                      THEN -amount ELSE 0 END) AS fold FROM posting WHERE commitment_id IS NOT NULL
                GROUP BY commitment_id) p ON p.commitment_id = c.id
         WHERE c.encumbered <> coalesce(p.fold, 0) ORDER BY 1 LIMIT 100""",
    "charge": """
        WITH folded AS (
          SELECT p.charge_id,
                 sum(CASE WHEN p.debit = 'awaiting' THEN p.amount WHEN p.credit = 'awaiting' THEN -p.amount ELSE 0 END)
                   AS awaiting,
                 sum(CASE WHEN p.debit IN ('expended', 'credited') THEN p.amount ELSE 0 END)
                 - sum(CASE WHEN p.credit IN ('expended', 'credited') THEN p.amount ELSE 0 END) AS paid
            FROM posting p WHERE p.charge_id IS NOT NULL GROUP BY p.charge_id)
        SELECT c.id::text AS row, 'The charge is ' || c.state || ' with ' || c.amount || '; its postings leave '
               || coalesce(f.awaiting, 0) || ' awaiting and ' || coalesce(f.paid, 0) || ' paid.' AS detail
          FROM charge c LEFT JOIN folded f ON f.charge_id = c.id
         WHERE coalesce(f.awaiting, 0) <> CASE WHEN c.state = 'approved' THEN c.amount ELSE 0 END
            OR coalesce(f.paid, 0) <> CASE WHEN c.state = 'paid' THEN coalesce(c.paid, c.amount) ELSE 0 END
         ORDER BY 1 LIMIT 100""",
    "charge (shares)": """
        SELECT c.id::text AS row, 'The shares of the charge make ' || sum(s.amount) || ', not '
               || coalesce(c.paid, c.amount) || '.' AS detail
          FROM charge c JOIN charge_share s ON s.charge_id = c.id JOIN commitment k ON k.id = s.commitment_id
         WHERE c.state <> 'cancelled' AND k.currency = c.currency
         GROUP BY c.id HAVING sum(s.amount) <> coalesce(c.paid, c.amount) ORDER BY 1 LIMIT 100""",
}


async def inconsistencies(session: AsyncSession) -> list[Inconsistency]:
    """Every row that contradicts the postings, at most 100 of each kind. An empty list is the proof."""
    found: list[Inconsistency] = []
    for table, proof in _PROOFS.items():
        for row, detail in await session.execute(text(proof)):
            found.append(Inconsistency(table, row, detail))
    return found


_COUNTS = text(
    "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM transaction), (SELECT count(*) FROM posting),"
    " (SELECT count(*) FROM commitment), (SELECT count(*) FROM charge)"
)


async def proved_rows(session: AsyncSession) -> dict[str, int]:
    """How many rows the proofs looked at."""
    row = (await session.execute(_COUNTS)).one()
    return dict(zip(("account", "transaction", "posting", "commitment", "charge"), row, strict=True))


_COMMITMENTS = text(
    """
    SELECT c.id, c.initial, c.encumbered, c.order_state, c.released_by_hand, c.unreleased_step, c.active,
           h.state, s.amount, h.releases, s.step
      FROM commitment c LEFT JOIN charge_share s ON s.commitment_id = c.id LEFT JOIN charge h ON h.id = s.charge_id
     ORDER BY c.id
    """
)


async def commitment_facts(session: AsyncSession) -> AsyncIterator[RowMapping]:
    """Every commitment with each of its shares, one row a share, for the proof of the encumbrance function."""
    result = await session.stream(_COMMITMENTS)
    async for row in result.mappings():
        yield row

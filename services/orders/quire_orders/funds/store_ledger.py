"""The SQL of the ledger: budgets locked with their balances, postings written in one statement, folds and proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_orders.funds import rules
from quire_orders.funds.rules import Account, BudgetStatus, Figures, Purpose, YearState
from quire_orders.funds.rules_limits import Limit, Limits
from quire_orders.funds.tables import PartnerDirection, RecordStatus
from quire_orders.funds.tables_ledger import DocumentType
from quire_shared.values.ids import uuid7


@dataclass(frozen=True, slots=True)
class LockedBudget:
    """A budget that this transaction holds, with all that the rules ask for."""

    id: UUID
    fund_id: UUID
    fund_code: str
    fund_name: str
    parent_fund_id: UUID | None
    fund_status: RecordStatus
    external_account: str
    locations: frozenset[str]
    ledger_id: UUID
    fiscal_year_id: UUID
    year_code: str
    year_state: YearState
    starts_on: date
    ends_on: date
    currency: str
    status: BudgetStatus
    limits: Limits
    unit_id: UUID | None
    figures: Figures

    @property
    def name(self) -> str:
        return f"{self.fund_code}/{self.year_code}"

    def day(self, wanted: date) -> date:
        """The day within the fiscal year that is nearest to the wanted one."""
        return min(max(wanted, self.starts_on), self.ends_on)


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting with what it was for."""

    posting: rules.Posting
    commitment_id: UUID | None = None
    charge_id: UUID | None = None
    expense_class_id: UUID | None = None
    gl_account: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction to be written. All its entries lie in one fiscal year and currency."""

    fiscal_year_id: UUID
    currency: str
    purpose: Purpose
    document_type: DocumentType
    document_id: UUID
    effective_on: date
    entries: Sequence[Entry]
    reason: str = ""
    reverses_id: UUID | None = None
    batch_id: UUID | None = None
    funding_source_id: UUID | None = None
    id: UUID = field(default_factory=uuid7)


# The year, fund and ledger are held too, so that none of them can be closed or frozen while money moves.
_LOCK = text(
    """
    SELECT b.id, b.fund_id, f.code AS fund_code, f.name AS fund_name,
           f.parent_id AS parent_fund_id, f.status AS fund_status, f.external_account, f.locations,
           f.ledger_id, b.fiscal_year_id, y.code AS year_code, y.state AS year_state, y.starts_on, y.ends_on,
           b.currency, b.status, b.unit_id,
           b.encumbrance_warn_percent, b.encumbrance_warn_amount, b.encumbrance_stop_percent, b.encumbrance_stop_amount,
           b.expenditure_warn_percent, b.expenditure_warn_amount, b.expenditure_stop_percent, b.expenditure_stop_amount,
           l.restrict_encumbrance, l.restrict_expenditure
      FROM budget b JOIN fund f ON f.id = b.fund_id JOIN fiscal_year y ON y.id = b.fiscal_year_id
           JOIN ledger l ON l.id = f.ledger_id
     WHERE b.id = ANY(CAST(:ids AS uuid[]))
     ORDER BY b.id
       FOR NO KEY UPDATE OF b FOR KEY SHARE OF f, y, l
    """
)
_BALANCES = text("SELECT budget_id, kind, balance FROM account WHERE budget_id = ANY(CAST(:ids AS uuid[]))")


async def lock_budgets(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, LockedBudget]:
    """Locks budgets in the order of their ids and reads their balances as they are now (two statements)."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = (await session.execute(_LOCK, {"ids": wanted})).mappings().all()
    # Read after the locks were given: a statement's snapshot is older than the locks it waited for.
    balances: dict[UUID, dict[Account, Decimal]] = {row["id"]: {} for row in rows}
    for budget_id, kind, balance in await session.execute(_BALANCES, {"ids": wanted}):
        balances[budget_id][Account(kind)] = balance
    locked: dict[UUID, LockedBudget] = {}
    for row in rows:
        limits = {
            f"{check}_{level}": Limit(row[f"{check}_{level}_percent"], row[f"{check}_{level}_amount"])
            for check in ("encumbrance", "expenditure")
            for level in ("warn", "stop")
        }
        locked[row["id"]] = LockedBudget(
            id=row["id"],
            fund_id=row["fund_id"],
            fund_code=row["fund_code"],
            fund_name=row["fund_name"],
            parent_fund_id=row["parent_fund_id"],
            fund_status=RecordStatus(row["fund_status"]),
            external_account=row["external_account"],
            locations=frozenset(row["locations"]),
            ledger_id=row["ledger_id"],
            fiscal_year_id=row["fiscal_year_id"],
            year_code=row["year_code"],
            year_state=YearState(row["year_state"]),
            starts_on=row["starts_on"],
            ends_on=row["ends_on"],
            currency=row["currency"],
            status=BudgetStatus(row["status"]),
            limits=Limits(
                **limits,
                restrict_encumbrance=row["restrict_encumbrance"],
                restrict_expenditure=row["restrict_expenditure"],
            ),
            unit_id=row["unit_id"],
            figures=Figures.from_balances(row["currency"], balances[row["id"]]),
        )
    return locked


_WRITE = text(
    """
    WITH transactions AS (
      INSERT INTO transaction (id, fiscal_year_id, currency, purpose, document_type, document_id, amount, postings,
                               recorded_at, effective_on, actor, reason, reverses_id, batch_id, funding_source_id)
      SELECT id, fiscal_year_id, currency, purpose, document_type, document_id, amount, postings,
             CAST(:recorded_at AS timestamptz), effective_on, CAST(:actor AS text), reason, reverses_id, batch_id,
             funding_source_id
        FROM unnest(CAST(:t_id AS uuid[]), CAST(:t_fiscal_year_id AS uuid[]), CAST(:t_currency AS text[]),
                    CAST(:t_purpose AS text[]), CAST(:t_document_type AS text[]), CAST(:t_document_id AS uuid[]),
                    CAST(:t_amount AS numeric[]), CAST(:t_postings AS int[]), CAST(:t_effective_on AS date[]),
                    CAST(:t_reason AS text[]), CAST(:t_reverses_id AS uuid[]), CAST(:t_batch_id AS uuid[]),
                    CAST(:t_funding_source_id AS uuid[]))
          AS t(id, fiscal_year_id, currency, purpose, document_type, document_id, amount, postings, effective_on,
               reason, reverses_id, batch_id, funding_source_id)),
    postings AS (
      INSERT INTO posting (id, transaction_id, budget_id, fiscal_year_id, debit, credit, amount, currency,
                           original_amount, original_currency, rate_id, commitment_id, charge_id, expense_class_id,
                           gl_account, recorded_at, effective_on, digest)
      SELECT id, transaction_id, budget_id, fiscal_year_id, debit, credit, amount, currency,
             original_amount, original_currency, rate_id, commitment_id, charge_id, expense_class_id,
             gl_account, CAST(:recorded_at AS timestamptz), effective_on, digest
        FROM unnest(CAST(:p_id AS uuid[]), CAST(:p_transaction_id AS uuid[]), CAST(:p_budget_id AS uuid[]),
                    CAST(:p_fiscal_year_id AS uuid[]), CAST(:p_debit AS text[]), CAST(:p_credit AS text[]),
                    CAST(:p_amount AS numeric[]), CAST(:p_currency AS text[]), CAST(:p_original_amount AS numeric[]),
                    CAST(:p_original_currency AS text[]), CAST(:p_rate_id AS uuid[]), CAST(:p_commitment_id AS uuid[]),
                    CAST(:p_charge_id AS uuid[]), CAST(:p_expense_class_id AS uuid[]), CAST(:p_gl_account AS text[]),
                    CAST(:p_effective_on AS date[]), CAST(:p_digest AS bytea[]))
          AS p(id, transaction_id, budget_id, fiscal_year_id, debit, credit, amount, currency, original_amount,
               original_currency, rate_id, commitment_id, charge_id, expense_class_id, gl_account, effective_on,
               digest))
    UPDATE account a SET balance = a.balance + c.change
      FROM unnest(CAST(:c_budget_id AS uuid[]), CAST(:c_kind AS text[]), CAST(:c_change AS numeric[]))
        AS c(budget_id, kind, change)
     WHERE a.budget_id = c.budget_id AND a.kind = c.kind
    """
)


def digest(
    posting_id: UUID,
    transaction_id: UUID,
    posting: rules.Posting,
    recorded_at: datetime,
    effective_on: date,
) -> bytes:
    """SHA-256 that seals a posting; the same text is built by ``_BROKEN_SEALS`` in SQL."""
    original = posting.original
    sealed = (
        str(posting_id),
        str(transaction_id),
        str(posting.budget_id),
        posting.debit.value,
        posting.credit.value,
        f"{posting.amount.amount:.4f}",
        posting.amount.currency,
        "" if original is None else f"{original.amount:.4f}",
        "" if original is None else original.currency,
        "" if posting.rate_id is None else str(posting.rate_id),
        recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        effective_on.isoformat(),
    )
    return hashlib.sha256("|".join(sealed).encode()).digest()


async def write(session: AsyncSession, drafts: Sequence[Draft], actor: str, recorded_at: datetime) -> None:
    """Writes transactions and postings and moves the balances, in one statement. The budgets must be locked.

    Raises RuntimeError when an account is missing, which the tables rule out.
    """
    drafts = [draft for draft in drafts if draft.entries]
    if not drafts:
        return
    entries = [(draft, entry, uuid7()) for draft in drafts for entry in draft.entries]
    moved = rules.changes(entry.posting for _, entry, _ in entries)
    parameters = {
        "recorded_at": recorded_at,
        "actor": actor,
        "t_id": [d.id for d in drafts],
        "t_fiscal_year_id": [d.fiscal_year_id for d in drafts],
        "t_currency": [d.currency for d in drafts],
        "t_purpose": [d.purpose.value for d in drafts],
        "t_document_type": [d.document_type.value for d in drafts],
        "t_document_id": [d.document_id for d in drafts],
        "t_amount": [sum((e.posting.amount.amount for e in d.entries), rules.ZERO) for d in drafts],
        "t_postings": [len(d.entries) for d in drafts],
        "t_effective_on": [d.effective_on for d in drafts],
        "t_reason": [d.reason for d in drafts],
        "t_reverses_id": [d.reverses_id for d in drafts],
        "t_batch_id": [d.batch_id for d in drafts],
        "t_funding_source_id": [d.funding_source_id for d in drafts],
        "p_id": [posting_id for _, _, posting_id in entries],
        "p_transaction_id": [d.id for d, _, _ in entries],
        "p_budget_id": [e.posting.budget_id for _, e, _ in entries],
        "p_fiscal_year_id": [d.fiscal_year_id for d, _, _ in entries],
        "p_debit": [e.posting.debit.value for _, e, _ in entries],
        "p_credit": [e.posting.credit.value for _, e, _ in entries],
        "p_amount": [e.posting.amount.amount for _, e, _ in entries],
        "p_currency": [e.posting.amount.currency for _, e, _ in entries],
        "p_original_amount": [None if e.posting.original is None else e.posting.original.amount for _, e, _ in entries],
        "p_original_currency": [
            None if e.posting.original is None else e.posting.original.currency for _, e, _ in entries
        ],
        "p_rate_id": [e.posting.rate_id for _, e, _ in entries],
        "p_commitment_id": [e.commitment_id for _, e, _ in entries],
        "p_charge_id": [e.charge_id for _, e, _ in entries],
        "p_expense_class_id": [e.expense_class_id for _, e, _ in entries],
        "p_gl_account": [e.gl_account for _, e, _ in entries],
        "p_effective_on": [d.effective_on for d, _, _ in entries],
        "p_digest": [digest(i, d.id, e.posting, recorded_at, d.effective_on) for d, e, i in entries],
        "c_budget_id": [budget_id for budget_id, _ in moved],
        "c_kind": [kind.value for _, kind in moved],
        "c_change": list(moved.values()),
    }
    result = await session.execute(_WRITE, parameters)
    if result.rowcount != len(moved):  # type: ignore[attr-defined]
        raise RuntimeError("A budget has no row for one of its accounts.")


_CREATE_ACCOUNTS = text(
    "INSERT INTO account (budget_id, kind, balance)"
    " SELECT b, k, 0 FROM unnest(CAST(:budgets AS uuid[])) b, unnest(CAST(:kinds AS text[])) k"
)


async def create_accounts(session: AsyncSession, budget_ids: Sequence[UUID]) -> None:
    """Opens the accounts of new budgets."""
    await session.execute(
        _CREATE_ACCOUNTS, {"budgets": list(budget_ids), "kinds": [account.value for account in Account]}
    )


_EXTENSIONS = text("SELECT id, account_extension FROM expense_class WHERE id = ANY(CAST(:ids AS uuid[]))")


async def account_extensions(session: AsyncSession, class_ids: Collection[UUID]) -> dict[UUID, str]:
    """The general-ledger extensions of expense classes; no statement when there are none."""
    if not class_ids:
        return {}
    return {row[0]: row[1] for row in await session.execute(_EXTENSIONS, {"ids": sorted(class_ids)})}


_ENTRIES = text(
    """
    SELECT t.id, t.fiscal_year_id, t.currency, t.purpose, t.document_type, t.document_id, t.funding_source_id,
           p.budget_id, p.debit, p.credit, p.amount, p.original_amount, p.original_currency, p.rate_id,
           p.expense_class_id, EXISTS (SELECT 1 FROM transaction r WHERE r.reverses_id = t.id) AS is_reversed
      FROM transaction t JOIN posting p ON p.transaction_id = t.id
     WHERE t.id = ANY(CAST(:ids AS uuid[])) ORDER BY t.id, p.id
    """
)


async def entries_of(session: AsyncSession, transaction_ids: Collection[UUID]) -> list[RowMapping]:
    """The postings of transactions, for their reversal."""
    return list((await session.execute(_ENTRIES, {"ids": sorted(transaction_ids)})).mappings())


async def transactions_of_batch(session: AsyncSession, batch_id: UUID) -> list[UUID]:
    rows = await session.execute(text("SELECT id FROM transaction WHERE batch_id = :id ORDER BY id"), {"id": batch_id})
    return [row[0] for row in rows]


_PARTNERS = text(
    """
    SELECT p.fund_id, p.direction, f.code FROM transfer_partner p JOIN fund f ON f.id = p.partner_id
     WHERE p.fund_id = ANY(CAST(:ids AS uuid[]))
    """
)


async def partner_codes(
    session: AsyncSession, fund_ids: Collection[UUID]
) -> dict[tuple[UUID, PartnerDirection], frozenset[str]]:
    """The codes of the allowed transfer partners of funds, by fund and direction."""
    found: dict[tuple[UUID, PartnerDirection], set[str]] = {}
    for fund_id, direction, code in await session.execute(_PARTNERS, {"ids": sorted(fund_ids)}):
        found.setdefault((fund_id, PartnerDirection(direction)), set()).add(code)
    return {key: frozenset(codes) for key, codes in found.items()}

"""funds and ledger"""

import sqlalchemy as sa
from alembic import op

from quire_shared.database.mechanisms import append_only

revision = "0002_funds_and_ledger"
down_revision = "0001_mechanisms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committed_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_committed_line")),
    )
    op.create_index(op.f("ix_committed_line_order_id"), "committed_line", ["order_id"], unique=False)
    op.create_table(
        "exchange_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.CHAR(length=3), nullable=False),
        sa.Column("quote", sa.CHAR(length=3), nullable=False),
        sa.Column("value", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=9), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "source IN ('contract', 'manual', 'published', 'bank')", name=op.f("ck_exchange_rate_source_known")
        ),
        sa.CheckConstraint("base <> quote", name=op.f("ck_exchange_rate_two_currencies")),
        sa.CheckConstraint("value > 0", name=op.f("ck_exchange_rate_value_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rate")),
    )
    op.create_index("ix_exchange_rate_lookup", "exchange_rate", ["base", "quote", "valid_on"], unique=False)
    op.create_index(
        "uq_exchange_rate_published",
        "exchange_rate",
        ["base", "quote", "valid_on", "note"],
        unique=True,
        postgresql_where=sa.text("source = 'published'"),
    )
    op.create_table(
        "expense_class",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("account_extension", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.CheckConstraint("status IN ('active', 'frozen', 'inactive')", name=op.f("ck_expense_class_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_class")),
        sa.UniqueConstraint("code", name=op.f("uq_expense_class_code")),
    )
    op.create_table(
        "fiscal_calendar",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_calendar")),
        sa.UniqueConstraint("code", name=op.f("uq_fiscal_calendar_code")),
    )
    op.create_index(op.f("ix_fiscal_calendar_unit_id"), "fiscal_calendar", ["unit_id"], unique=False)
    op.create_table(
        "fund_group",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_group")),
        sa.UniqueConstraint("code", name=op.f("uq_fund_group_code")),
    )
    op.create_index(op.f("ix_fund_group_unit_id"), "fund_group", ["unit_id"], unique=False)
    op.create_table(
        "fund_type",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_type")),
        sa.UniqueConstraint("code", name=op.f("uq_fund_type_code")),
    )
    op.create_table(
        "funding_source",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_source")),
        sa.UniqueConstraint("code", name=op.f("uq_funding_source_code")),
    )
    op.create_index(op.f("ix_funding_source_unit_id"), "funding_source", ["unit_id"], unique=False)
    op.create_table(
        "fiscal_year",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closing', 'closed')", name=op.f("ck_fiscal_year_state_known")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_fiscal_year_period")),
        sa.ForeignKeyConstraint(["calendar_id"], ["fiscal_calendar.id"], name=op.f("fk_fiscal_year_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_year")),
        sa.UniqueConstraint("calendar_id", "starts_on", name=op.f("uq_fiscal_year_calendar_id_starts_on")),
        sa.UniqueConstraint("code", name=op.f("uq_fiscal_year_code")),
    )
    op.create_index(op.f("ix_fiscal_year_unit_id"), "fiscal_year", ["unit_id"], unique=False)
    op.create_table(
        "funding_credit",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=255), server_default="", nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_funding_credit_amount_positive")),
        sa.CheckConstraint("expires_on IS NULL OR expires_on >= effective_on", name=op.f("ck_funding_credit_period")),
        sa.ForeignKeyConstraint(["source_id"], ["funding_source.id"], name=op.f("fk_funding_credit_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_credit")),
    )
    op.create_index(op.f("ix_funding_credit_source_id"), "funding_credit", ["source_id"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("restrict_encumbrance", sa.Boolean(), nullable=False),
        sa.Column("restrict_expenditure", sa.Boolean(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'frozen', 'inactive')", name=op.f("ck_ledger_status_known")),
        sa.ForeignKeyConstraint(["calendar_id"], ["fiscal_calendar.id"], name=op.f("fk_ledger_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_code")),
    )
    op.create_index(op.f("ix_ledger_unit_id"), "ledger", ["unit_id"], unique=False)
    op.create_table(
        "allocation_batch",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("undoes_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["fiscal_year_id"], ["fiscal_year.id"], name=op.f("fk_allocation_batch_fiscal_year_id")
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["allocation_batch.id"], name=op.f("fk_allocation_batch_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_batch")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_allocation_batch_undoes_id")),
    )
    op.create_index(op.f("ix_allocation_batch_fiscal_year_id"), "allocation_batch", ["fiscal_year_id"], unique=False)
    op.create_index(op.f("ix_allocation_batch_unit_id"), "allocation_batch", ["unit_id"], unique=False)
    op.create_table(
        "fund",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("fund_type_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("external_account", sa.String(length=255), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("locations", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("donor_ids", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.CheckConstraint("status IN ('active', 'frozen', 'inactive')", name=op.f("ck_fund_status_known")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_fund_not_its_own_parent")),
        sa.CheckConstraint("path[cardinality(path)] = id", name=op.f("ck_fund_path_ends_here")),
        sa.ForeignKeyConstraint(["fund_type_id"], ["fund_type.id"], name=op.f("fk_fund_fund_type_id")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_fund_ledger_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["fund.id"], name=op.f("fk_fund_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("code", name=op.f("uq_fund_code")),
    )
    op.create_index(op.f("ix_fund_ledger_id"), "fund", ["ledger_id"], unique=False)
    op.create_index(op.f("ix_fund_parent_id"), "fund", ["parent_id"], unique=False)
    op.create_index("ix_fund_path", "fund", ["path"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_fund_unit_id"), "fund", ["unit_id"], unique=False)
    op.create_table(
        "budget",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("encumbrance_warn_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("encumbrance_warn_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("encumbrance_stop_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("encumbrance_stop_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("expenditure_warn_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("expenditure_warn_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("expenditure_stop_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("expenditure_stop_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.CheckConstraint(
            "status IN ('planned', 'active', 'frozen', 'inactive', 'closed')", name=op.f("ck_budget_status_known")
        ),
        sa.CheckConstraint(
            "coalesce(encumbrance_stop_percent, 0) >= 0 AND coalesce(encumbrance_stop_amount, 0) >= 0",
            name=op.f("ck_budget_encumbrance_stop_sign"),
        ),
        sa.CheckConstraint(
            "coalesce(encumbrance_warn_percent, 0) >= 0 AND coalesce(encumbrance_warn_amount, 0) >= 0",
            name=op.f("ck_budget_encumbrance_warn_sign"),
        ),
        sa.CheckConstraint(
            "coalesce(expenditure_stop_percent, 0) >= 0 AND coalesce(expenditure_stop_amount, 0) >= 0",
            name=op.f("ck_budget_expenditure_stop_sign"),
        ),
        sa.CheckConstraint(
            "coalesce(expenditure_warn_percent, 0) >= 0 AND coalesce(expenditure_warn_amount, 0) >= 0",
            name=op.f("ck_budget_expenditure_warn_sign"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(encumbrance_stop_percent, encumbrance_stop_amount) <= 1",
            name=op.f("ck_budget_encumbrance_stop_one"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(encumbrance_warn_percent, encumbrance_warn_amount) <= 1",
            name=op.f("ck_budget_encumbrance_warn_one"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(expenditure_stop_percent, expenditure_stop_amount) <= 1",
            name=op.f("ck_budget_expenditure_stop_one"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(expenditure_warn_percent, expenditure_warn_amount) <= 1",
            name=op.f("ck_budget_expenditure_warn_one"),
        ),
        sa.ForeignKeyConstraint(["fiscal_year_id"], ["fiscal_year.id"], name=op.f("fk_budget_fiscal_year_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_budget_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
        sa.UniqueConstraint("fund_id", "fiscal_year_id", name=op.f("uq_budget_fund_id_fiscal_year_id")),
        sa.UniqueConstraint("id", "fiscal_year_id", "currency", name=op.f("uq_budget_id_fiscal_year_id_currency")),
    )
    op.create_index(op.f("ix_budget_fiscal_year_id"), "budget", ["fiscal_year_id"], unique=False)
    op.create_index(op.f("ix_budget_unit_id"), "budget", ["unit_id"], unique=False)
    op.create_table(
        "fund_group_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_group_member_fund_id")),
        sa.ForeignKeyConstraint(["group_id"], ["fund_group.id"], name=op.f("fk_fund_group_member_group_id")),
        sa.PrimaryKeyConstraint("group_id", "fund_id", name=op.f("pk_fund_group_member")),
    )
    op.create_index(op.f("ix_fund_group_member_fund_id"), "fund_group_member", ["fund_id"], unique=False)
    op.create_table(
        "transaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=15), nullable=False),
        sa.Column("document_type", sa.String(length=8), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("funding_source_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "document_type IN ('budget', 'batch', 'order', 'invoice', 'rollover', 'import')",
            name=op.f("ck_transaction_document_type_known"),
        ),
        sa.CheckConstraint(
            "purpose IN ('allocation', 'allocation_move', 'transfer', 'encumbrance', 'approval', 'payment', 'rate_difference', 'cancellation', 'rollover', 'reversal')",
            name=op.f("ck_transaction_purpose_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transaction_amount_positive")),
        sa.CheckConstraint("postings > 0", name=op.f("ck_transaction_postings_positive")),
        sa.ForeignKeyConstraint(["batch_id"], ["allocation_batch.id"], name=op.f("fk_transaction_batch_id")),
        sa.ForeignKeyConstraint(["fiscal_year_id"], ["fiscal_year.id"], name=op.f("fk_transaction_fiscal_year_id")),
        sa.ForeignKeyConstraint(
            ["funding_source_id"], ["funding_source.id"], name=op.f("fk_transaction_funding_source_id")
        ),
        sa.ForeignKeyConstraint(["reverses_id"], ["transaction.id"], name=op.f("fk_transaction_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction")),
        sa.UniqueConstraint("id", "fiscal_year_id", "currency", name=op.f("uq_transaction_id_fiscal_year_id_currency")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_transaction_reverses_id")),
    )
    op.create_index(op.f("ix_transaction_batch_id"), "transaction", ["batch_id"], unique=False)
    op.create_index("ix_transaction_document", "transaction", ["document_type", "document_id"], unique=False)
    op.create_index(op.f("ix_transaction_funding_source_id"), "transaction", ["funding_source_id"], unique=False)
    op.create_index("ix_transaction_recorded", "transaction", ["fiscal_year_id", "recorded_at"], unique=False)
    op.create_table(
        "transfer_partner",
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("direction IN ('gives_to', 'takes_from')", name=op.f("ck_transfer_partner_direction_known")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_transfer_partner_fund_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["fund.id"], name=op.f("fk_transfer_partner_partner_id")),
        sa.PrimaryKeyConstraint("fund_id", "direction", "partner_id", name=op.f("pk_transfer_partner")),
    )
    op.create_table(
        "account",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("balance", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.CheckConstraint("kind <> 'encumbered' OR balance >= 0", name=op.f("ck_account_encumbered_not_negative")),
        sa.CheckConstraint(
            "kind IN ('initial', 'allocated_in', 'allocated_out', 'transferred', 'available', 'encumbered', 'awaiting', 'expended', 'credited')",
            name=op.f("ck_account_kind_known"),
        ),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_account_budget_id")),
        sa.PrimaryKeyConstraint("budget_id", "kind", name=op.f("pk_account")),
    )
    op.create_table(
        "budget_expense_class",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("expense_class_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'frozen', 'inactive')", name=op.f("ck_budget_expense_class_status_known")
        ),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_budget_expense_class_budget_id")),
        sa.ForeignKeyConstraint(
            ["expense_class_id"], ["expense_class.id"], name=op.f("fk_budget_expense_class_expense_class_id")
        ),
        sa.PrimaryKeyConstraint("budget_id", "expense_class_id", name=op.f("pk_budget_expense_class")),
    )
    op.create_table(
        "charge",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("expense_class_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("paid", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("original_amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("original_currency", sa.CHAR(length=3), nullable=False),
        sa.Column("rate_id", sa.Uuid(), nullable=True),
        sa.Column("releases", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.CheckConstraint("state IN ('approved', 'paid', 'cancelled')", name=op.f("ck_charge_state_known")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_charge_budget_id")),
        sa.ForeignKeyConstraint(["expense_class_id"], ["expense_class.id"], name=op.f("fk_charge_expense_class_id")),
        sa.ForeignKeyConstraint(["fiscal_year_id"], ["fiscal_year.id"], name=op.f("fk_charge_fiscal_year_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_charge_fund_id")),
        sa.ForeignKeyConstraint(["rate_id"], ["exchange_rate.id"], name=op.f("fk_charge_rate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    op.create_index(op.f("ix_charge_budget_id"), "charge", ["budget_id"], unique=False)
    op.create_index("ix_charge_invoice_id", "charge", ["invoice_id"], unique=False)
    op.create_index("ix_charge_line_id", "charge", ["line_id"], unique=False)
    op.create_index(
        "uq_charge_live",
        "charge",
        ["invoice_line_id", "budget_id", "expense_class_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "commitment",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("expense_class_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("initial", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("encumbered", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("original_amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("original_currency", sa.CHAR(length=3), nullable=False),
        sa.Column("rate_id", sa.Uuid(), nullable=True),
        sa.Column("order_state", sa.String(length=7), nullable=False),
        sa.Column("released_by_hand", sa.Boolean(), nullable=False),
        sa.Column("unreleased_step", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "order_state IN ('pending', 'open', 'closed')", name=op.f("ck_commitment_order_state_known")
        ),
        sa.CheckConstraint("encumbered BETWEEN 0 AND initial", name=op.f("ck_commitment_encumbered_within_initial")),
        sa.CheckConstraint("initial >= 0", name=op.f("ck_commitment_initial_not_negative")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_commitment_budget_id")),
        sa.ForeignKeyConstraint(
            ["expense_class_id"], ["expense_class.id"], name=op.f("fk_commitment_expense_class_id")
        ),
        sa.ForeignKeyConstraint(["fiscal_year_id"], ["fiscal_year.id"], name=op.f("fk_commitment_fiscal_year_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_commitment_fund_id")),
        sa.ForeignKeyConstraint(["line_id"], ["committed_line.line_id"], name=op.f("fk_commitment_line_id")),
        sa.ForeignKeyConstraint(["rate_id"], ["exchange_rate.id"], name=op.f("fk_commitment_rate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint(
            "line_id",
            "fund_id",
            "fiscal_year_id",
            "expense_class_id",
            name=op.f("uq_commitment_line_id_fund_id_fiscal_year_id_expense_class_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_commitment_budget_id"), "commitment", ["budget_id"], unique=False)
    op.create_index("ix_commitment_order_id", "commitment", ["order_id"], unique=False)
    op.create_table(
        "charge_share",
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_share_charge_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_charge_share_commitment_id")),
        sa.PrimaryKeyConstraint("charge_id", "commitment_id", name=op.f("pk_charge_share")),
    )
    op.create_index(op.f("ix_charge_share_commitment_id"), "charge_share", ["commitment_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.String(length=13), nullable=False),
        sa.Column("credit", sa.String(length=13), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("original_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("original_currency", sa.CHAR(length=3), nullable=True),
        sa.Column("rate_id", sa.Uuid(), nullable=True),
        sa.Column("commitment_id", sa.Uuid(), nullable=True),
        sa.Column("charge_id", sa.Uuid(), nullable=True),
        sa.Column("expense_class_id", sa.Uuid(), nullable=True),
        sa.Column("gl_account", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "amount = round(amount, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 WHEN currency IN ('CLF', 'UYW') THEN 4 ELSE 2 END)",
            name=op.f("ck_posting_amount_minor_unit"),
        ),
        sa.CheckConstraint(
            "credit IN ('initial', 'allocated_in', 'allocated_out', 'transferred', 'available', 'encumbered', 'awaiting', 'expended', 'credited')",
            name=op.f("ck_posting_credit_known"),
        ),
        sa.CheckConstraint(
            "debit IN ('initial', 'allocated_in', 'allocated_out', 'transferred', 'available', 'encumbered', 'awaiting', 'expended', 'credited')",
            name=op.f("ck_posting_debit_known"),
        ),
        sa.CheckConstraint(
            "(original_amount IS NULL) = (original_currency IS NULL)", name=op.f("ck_posting_original_whole")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_posting_amount_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_posting_two_accounts")),
        sa.ForeignKeyConstraint(
            ["budget_id", "fiscal_year_id", "currency"],
            ["budget.id", "budget.fiscal_year_id", "budget.currency"],
            name="fk_posting_budget",
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_posting_charge_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_posting_commitment_id")),
        sa.ForeignKeyConstraint(["expense_class_id"], ["expense_class.id"], name=op.f("fk_posting_expense_class_id")),
        sa.ForeignKeyConstraint(["rate_id"], ["exchange_rate.id"], name=op.f("fk_posting_rate_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id", "fiscal_year_id", "currency"],
            ["transaction.id", "transaction.fiscal_year_id", "transaction.currency"],
            name="fk_posting_transaction",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index("ix_posting_budget", "posting", ["budget_id", "recorded_at"], unique=False)
    op.create_index(
        "ix_posting_charge_id",
        "posting",
        ["charge_id"],
        unique=False,
        postgresql_where=sa.text("charge_id IS NOT NULL"),
    )
    op.create_index(
        "ix_posting_commitment_id",
        "posting",
        ["commitment_id"],
        unique=False,
        postgresql_where=sa.text("commitment_id IS NOT NULL"),
    )
    op.create_index("ix_posting_transaction_id", "posting", ["transaction_id"], unique=False)
    for table in ("transaction", "posting", "exchange_rate"):
        for statement in append_only(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Quire goes forward only; restore a backup instead.")

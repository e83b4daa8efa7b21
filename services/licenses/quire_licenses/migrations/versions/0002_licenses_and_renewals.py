"""licenses and renewals"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_licenses_and_renewals"
down_revision = "0001_mechanisms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("unit_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'library')", name=op.f("ck_calendar_feed_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_index(op.f("ix_calendar_feed_person_id"), "calendar_feed", ["person_id"], unique=False)
    op.create_table(
        "holiday_calendar",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("weekend", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_calendar")),
        sa.UniqueConstraint("name", name=op.f("uq_holiday_calendar_name")),
    )
    op.create_table(
        "line_copy",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=50), nullable=True),
        sa.Column("title", sa.String(length=2000), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=True),
        sa.Column("price", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_line_copy")),
    )
    op.create_index(op.f("ix_line_copy_number"), "line_copy", ["number"], unique=False)
    op.create_table(
        "person_copy",
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("unit_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_copy")),
    )
    op.create_table(
        "vendor_copy",
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("vendor_id", name=op.f("pk_vendor_copy")),
    )
    op.create_table(
        "license",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("sort_name", sa.String(length=500), nullable=False),
        sa.Column("alternate_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.String(length=19), nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("responsible_id", sa.String(length=100), nullable=True),
        sa.Column("second_id", sa.String(length=100), nullable=True),
        sa.Column("rule", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("steps", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("fee_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("fee_currency", sa.CHAR(length=3), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("renewals_agreed", sa.Integer(), nullable=False),
        sa.Column("settled_through", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("term_number", sa.Integer(), nullable=True),
        sa.Column("term_start", sa.Date(), nullable=True),
        sa.Column("term_end", sa.Date(), nullable=True),
        sa.Column("notice_deadline", sa.Date(), nullable=True),
        sa.Column("act_by", sa.Date(), nullable=True),
        sa.Column("review_opens", sa.Date(), nullable=True),
        sa.Column("committed_until", sa.Date(), nullable=True),
        sa.Column("if_nothing_is_done", sa.Text(), nullable=False),
        sa.Column("next_check", sa.Date(), nullable=True),
        sa.Column("said", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "fee_amount = round(fee_amount, CASE WHEN fee_currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN fee_currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 WHEN fee_currency IN ('CLF', 'UYW') THEN 4 ELSE 2 END)",
            name=op.f("ck_license_fee_minor_unit"),
        ),
        sa.CheckConstraint(
            "kind IN ('license', 'master', 'amendment', 'seru', 'no_license_required')",
            name=op.f("ck_license_kind_known"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'in_negotiation', 'active', 'expired', 'terminated', 'rejected', 'superseded')",
            name=op.f("ck_license_status_known"),
        ),
        sa.CheckConstraint("(fee_amount IS NULL) = (fee_currency IS NULL)", name=op.f("ck_license_fee_whole")),
        sa.CheckConstraint("renewals_agreed >= 0", name=op.f("ck_license_renewals_agreed_not_negative")),
        sa.ForeignKeyConstraint(["calendar_id"], ["holiday_calendar.id"], name=op.f("fk_license_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license")),
    )
    op.create_index(op.f("ix_license_act_by"), "license", ["act_by"], unique=False)
    op.create_index(op.f("ix_license_calendar_id"), "license", ["calendar_id"], unique=False)
    op.create_index(
        "ix_license_next_check",
        "license",
        ["next_check"],
        unique=False,
        postgresql_where=sa.text("next_check IS NOT NULL"),
    )
    op.create_index(op.f("ix_license_responsible_id"), "license", ["responsible_id"], unique=False)
    op.create_index(op.f("ix_license_second_id"), "license", ["second_id"], unique=False)
    op.create_index(op.f("ix_license_sort_name"), "license", ["sort_name"], unique=False)
    op.create_index(op.f("ix_license_unit_id"), "license", ["unit_id"], unique=False)
    op.create_index(op.f("ix_license_vendor_id"), "license", ["vendor_id"], unique=False)
    op.create_table(
        "license_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("confidentiality", sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "confidentiality IN ('public', 'internal', 'strict')",
            name=op.f("ck_license_document_confidentiality_known"),
        ),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_license_document_license_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_document")),
    )
    op.create_index(op.f("ix_license_document_license_id"), "license_document", ["license_id"], unique=False)
    op.create_table(
        "license_line",
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_license_line_license_id")),
        sa.PrimaryKeyConstraint("license_id", "line_id", name=op.f("pk_license_line")),
    )
    op.create_index(op.f("ix_license_line_line_id"), "license_line", ["line_id"], unique=False)
    op.create_table(
        "license_party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT is_primary OR role = 'licensor'", name=op.f("ck_license_party_primary_is_licensor")),
        sa.CheckConstraint(
            "role IN ('licensor', 'licensee', 'consortium', 'agent', 'provider')",
            name=op.f("ck_license_party_role_known"),
        ),
        sa.CheckConstraint("vendor_id IS NOT NULL OR name <> ''", name=op.f("ck_license_party_somebody")),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_license_party_license_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_party")),
    )
    op.create_index(op.f("ix_license_party_license_id"), "license_party", ["license_id"], unique=False)
    op.create_index(
        "uq_license_party_primary", "license_party", ["license_id"], unique=True, postgresql_where=sa.text("is_primary")
    )
    op.create_table(
        "license_relation",
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.CheckConstraint("kind IN ('supersedes', 'amends', 'related')", name=op.f("ck_license_relation_kind_known")),
        sa.CheckConstraint("license_id <> other_id", name=op.f("ck_license_relation_not_itself")),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_license_relation_license_id")),
        sa.ForeignKeyConstraint(["other_id"], ["license.id"], name=op.f("fk_license_relation_other_id")),
        sa.PrimaryKeyConstraint("license_id", "other_id", name=op.f("pk_license_relation")),
    )
    op.create_index(op.f("ix_license_relation_other_id"), "license_relation", ["other_id"], unique=False)
    op.create_table(
        "license_status_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'in_negotiation', 'active', 'expired', 'terminated', 'rejected', 'superseded')",
            name=op.f("ck_license_status_change_status_known"),
        ),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_license_status_change_license_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_status_change")),
    )
    op.create_index(op.f("ix_license_status_change_license_id"), "license_status_change", ["license_id"], unique=False)
    op.create_table(
        "renewal_case",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("term_number", sa.Integer(), nullable=False),
        sa.Column("ends_term", sa.Boolean(), nullable=False),
        sa.Column("stretch_first", sa.Date(), nullable=False),
        sa.Column("stretch_last", sa.Date(), nullable=False),
        sa.Column("notice_deadline", sa.Date(), nullable=True),
        sa.Column("decide_by", sa.Date(), nullable=False),
        sa.Column("act_by", sa.Date(), nullable=False),
        sa.Column("review_opens", sa.Date(), nullable=False),
        sa.Column("quote_due", sa.Date(), nullable=False),
        sa.Column("if_nothing_is_done", sa.Text(), nullable=False),
        sa.Column("deferred_until", sa.Date(), nullable=True),
        sa.Column("missed_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=18), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("price_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("price_currency", sa.CHAR(length=3), nullable=True),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "decision IN ('renew', 'renew_with_changes', 'cancel', 'let_lapse', 'replaced')",
            name=op.f("ck_renewal_case_decision_known"),
        ),
        sa.CheckConstraint(
            "price_amount = round(price_amount, CASE WHEN price_currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN price_currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 WHEN price_currency IN ('CLF', 'UYW') THEN 4 ELSE 2 END)",
            name=op.f("ck_renewal_case_price_minor_unit"),
        ),
        sa.CheckConstraint(
            "state IN ('scheduled', 'gathering', 'review', 'decided', 'executing', 'done', 'missed', 'withdrawn')",
            name=op.f("ck_renewal_case_state_known"),
        ),
        sa.CheckConstraint("(decision IS NULL) = (decided_on IS NULL)", name=op.f("ck_renewal_case_decision_whole")),
        sa.CheckConstraint("stretch_first <= stretch_last", name=op.f("ck_renewal_case_stretch_in_order")),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_renewal_case_license_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_case")),
    )
    op.create_index(op.f("ix_renewal_case_act_by"), "renewal_case", ["act_by"], unique=False)
    op.create_index(op.f("ix_renewal_case_license_id"), "renewal_case", ["license_id"], unique=False)
    op.create_index(op.f("ix_renewal_case_unit_id"), "renewal_case", ["unit_id"], unique=False)
    op.create_index(
        "uq_renewal_case_running",
        "renewal_case",
        ["license_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('scheduled', 'gathering', 'review')"),
    )
    op.create_table(
        "renewal_invoice",
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("renewal_date", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["license.id"], name=op.f("fk_renewal_invoice_license_id")),
        sa.PrimaryKeyConstraint("license_id", "renewal_date", name=op.f("pk_renewal_invoice")),
    )
    op.create_table(
        "renewal_reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("act_by", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=11), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('responsible', 'second')", name=op.f("ck_renewal_reminder_role_known")),
        sa.ForeignKeyConstraint(["case_id"], ["renewal_case.id"], name=op.f("fk_renewal_reminder_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_reminder")),
        sa.UniqueConstraint(
            "case_id", "act_by", "days", "role", name=op.f("uq_renewal_reminder_case_id_act_by_days_role")
        ),
    )
    op.create_index(op.f("ix_renewal_reminder_case_id"), "renewal_reminder", ["case_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Quire goes forward only; restore a backup instead.")

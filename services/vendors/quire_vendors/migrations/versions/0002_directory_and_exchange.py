"""directory and exchange"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from quire_shared.database.mechanisms import append_only

revision = "0002_directory_and_exchange"
down_revision = "0001_mechanisms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "control_series",
        sa.Column("sender", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "recipient", name=op.f("pk_control_series")),
    )
    op.create_table(
        "order_part",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "part", name=op.f("pk_order_part")),
    )
    op.create_table(
        "raw_content",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_raw_content_sha256_length")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_raw_content")),
    )
    op.create_table(
        "vendor",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sort_name", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.Column("tolerance_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("tolerance_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("claim_days", sa.Integer(), nullable=True),
        sa.Column("days_to_deliver", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'inactive')", name=op.f("ck_vendor_status_known")),
        sa.CheckConstraint("claim_days >= 0", name=op.f("ck_vendor_claim_days_not_negative")),
        sa.CheckConstraint("days_to_deliver >= 0", name=op.f("ck_vendor_days_to_deliver_not_negative")),
        sa.CheckConstraint("tolerance_amount >= 0", name=op.f("ck_vendor_tolerance_amount_not_negative")),
        sa.CheckConstraint(
            "tolerance_amount IS NULL OR currency IS NOT NULL", name=op.f("ck_vendor_tolerance_has_currency")
        ),
        sa.CheckConstraint("tolerance_percent BETWEEN 0 AND 100", name=op.f("ck_vendor_tolerance_percent_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("code", name=op.f("uq_vendor_code")),
    )
    op.create_index(op.f("ix_vendor_sort_name"), "vendor", ["sort_name"], unique=False)
    op.create_table(
        "vendor_account",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=True),
        sa.Column("sends_edi", sa.Boolean(), nullable=False),
        sa.Column("receives_edi", sa.Boolean(), nullable=False),
        sa.Column("folder_in", sa.String(length=200), nullable=True),
        sa.Column("folder_out", sa.String(length=200), nullable=True),
        sa.Column("library_id", sa.String(length=35), nullable=False),
        sa.Column("library_qualifier", sa.String(length=4), nullable=False),
        sa.Column("branch_id", sa.String(length=35), nullable=False),
        sa.Column("recipient_id", sa.String(length=35), nullable=False),
        sa.Column("recipient_qualifier", sa.String(length=4), nullable=False),
        sa.CheckConstraint(
            "NOT receives_edi OR (profile IS NOT NULL AND folder_out IS NOT NULL)",
            name=op.f("ck_vendor_account_somewhere_to_send"),
        ),
        sa.CheckConstraint("folder_in <> folder_out", name=op.f("ck_vendor_account_two_folders")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_account_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_account")),
        sa.UniqueConstraint("vendor_id", "number", name=op.f("uq_vendor_account_vendor_id_number")),
    )
    op.create_index(
        "ix_vendor_account_folder_in", "vendor_account", ["folder_in"], unique=True, postgresql_where="active"
    )
    op.create_index(op.f("ix_vendor_account_unit_id"), "vendor_account", ["unit_id"], unique=False)
    op.create_index(op.f("ix_vendor_account_vendor_id"), "vendor_account", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_alias",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sort_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_alias_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_alias")),
        sa.UniqueConstraint("vendor_id", "sort_name", name=op.f("uq_vendor_alias_vendor_id_sort_name")),
    )
    op.create_index("ix_vendor_alias_sort_name", "vendor_alias", ["sort_name"], unique=False)
    op.create_table(
        "vendor_contact",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_contact_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_contact")),
    )
    op.create_index(op.f("ix_vendor_contact_vendor_id"), "vendor_contact", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_identifier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("agency", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "scheme IN ('san', 'gln', 'sender', 'supplier', 'buyer', 'other')",
            name=op.f("ck_vendor_identifier_scheme_known"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_vendor_identifier_period_forwards")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_identifier_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_identifier")),
    )
    op.create_index("ix_vendor_identifier_value", "vendor_identifier", ["value", "scheme"], unique=False)
    op.create_index(op.f("ix_vendor_identifier_vendor_id"), "vendor_identifier", ["vendor_id"], unique=False)
    op.create_table(
        "edi_file",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("source", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(length=80), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_edi_file_direction_known")),
        sa.CheckConstraint("source IN ('upload', 'folder', 'written')", name=op.f("ck_edi_file_source_known")),
        sa.CheckConstraint(
            "state IN ('stored', 'read', 'unreadable', 'written')", name=op.f("ck_edi_file_state_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["vendor_account.id"], name=op.f("fk_edi_file_account_id")),
        sa.ForeignKeyConstraint(["sha256"], ["raw_content.sha256"], name=op.f("fk_edi_file_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edi_file")),
        sa.UniqueConstraint("sha256", "direction", name=op.f("uq_edi_file_sha256_direction")),
    )
    op.create_index(op.f("ix_edi_file_account_id"), "edi_file", ["account_id"], unique=False)
    op.create_index(op.f("ix_edi_file_received_at"), "edi_file", ["received_at"], unique=False)
    op.create_index(op.f("ix_edi_file_unit_id"), "edi_file", ["unit_id"], unique=False)
    op.create_table(
        "endpoint",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["vendor_account.id"], name=op.f("fk_endpoint_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_endpoint")),
    )
    op.create_table(
        "edi_message",
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("position_in_file", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message_type", sa.String(length=40), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("recognized_by", sa.String(length=40), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("interchange_reference", sa.String(length=200), nullable=False),
        sa.Column("prepared", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document_number", sa.String(length=200), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("document_key", sa.String(length=300), nullable=True),
        sa.Column("function", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("stated_total", sa.String(length=60), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("control_reference", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cause IN ('unreadable', 'cut_off', 'sender_unknown', 'sender_ambiguous', 'needs_person', 'incomplete', 'same_interchange', 'same_document', 'test', 'copy', 'dismissed', 'superseded', 'no_edi', 'not_writable', 'not_delivered', 'sent_before', 'fault')",
            name=op.f("ck_edi_message_cause_known"),
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_edi_message_direction_known")),
        sa.CheckConstraint(
            "state IN ('applied', 'read', 'quarantined', 'duplicate', 'ignored', 'drafted', 'rendered', 'sent', 'by_hand', 'acknowledged', 'rejected')",
            name=op.f("ck_edi_message_state_known"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["vendor_account.id"], name=op.f("fk_edi_message_account_id")),
        sa.ForeignKeyConstraint(["duplicate_of"], ["edi_message.id"], name=op.f("fk_edi_message_duplicate_of")),
        sa.ForeignKeyConstraint(["file_id"], ["edi_file.id"], name=op.f("fk_edi_message_file_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_edi_message_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edi_message")),
        sa.UniqueConstraint("file_id", "position_in_file", name=op.f("uq_edi_message_file_id_position_in_file")),
    )
    op.create_index(
        "ix_edi_message_interchange",
        "edi_message",
        ["sender", "interchange_reference", "prepared", "position"],
        unique=False,
    )
    op.create_index("ix_edi_message_order", "edi_message", ["order_id"], unique=False)
    op.create_index("ix_edi_message_state", "edi_message", ["state", "created_at"], unique=False)
    op.create_index(op.f("ix_edi_message_unit_id"), "edi_message", ["unit_id"], unique=False)
    op.create_index(op.f("ix_edi_message_vendor_id"), "edi_message", ["vendor_id"], unique=False)
    op.create_index(
        "uq_edi_message_document",
        "edi_message",
        ["vendor_id", "document_key"],
        unique=True,
        postgresql_where=sa.text(
            "direction = 'in' AND document_key IS NOT NULL AND state IN ('applied', 'read', 'quarantined', 'acknowledged')"
        ),
    )
    op.create_table(
        "edi_message_document",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["edi_message.id"], name=op.f("fk_edi_message_document_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_edi_message_document")),
    )
    for statement in append_only("raw_content"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Quire goes forward only; restore a backup instead.")

"""The tables of the mechanisms, the same in every service's database (DESIGN §3)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def add_mechanism_tables(metadata: MetaData) -> None:
    """Declare outbox, idempotency, offsets, inbox, parked, skipped, projection, audit and job in ``metadata``."""
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        _text("topic"),
        _text("key"),
        _text("type"),
        Column("version", Integer, nullable=False),
        Column("payload", JSON, nullable=False),
        Column("headers", JSON, nullable=False),
        _time("created_at"),
        _time("published_at", nullable=True),
        Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    )
    Table(
        "idempotency",
        metadata,
        _text("principal", primary_key=True),
        _text("method", primary_key=True),
        _text("path", primary_key=True),
        _text("key", primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("status", Integer, nullable=True),
        Column("body", LargeBinary, nullable=True),
        Column("headers", JSON, nullable=True),
        Column("one_time", Integer, nullable=False, server_default=text("0")),
        _time("created_at"),
        Index("ix_idempotency_created_at", "created_at"),
    )
    Table(
        "consumer_offset",
        metadata,
        _text("consumer", primary_key=True),
        _text("topic", primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False, server_default=text("0")),
        _text("cluster", nullable=True),
        _time("updated_at"),
        CheckConstraint("next_offset >= 0", name="offset_not_negative"),
    )
    Table(
        "inbox",
        metadata,
        _text("consumer", primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        _time("received_at"),
        Index("ix_inbox_received_at", "received_at"),
    )
    Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        _text("consumer"),
        _text("topic"),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("event_id", Uuid, nullable=False),
        _text("key"),
        _text("type"),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", JSON, nullable=False),
        _text("error"),
        _text("behind", nullable=True),
        Column("attempts", Integer, nullable=False, server_default=text("1")),
        _time("parked_at"),
        UniqueConstraint("consumer", "event_id"),
        Index("ix_parked_consumer_key", "consumer", "topic", "key", "id"),
    )
    Table(
        "skipped",
        metadata,
        _text("handler_group", primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        _text("reason"),
        _text("skipped_by"),
        _time("skipped_at"),
    )
    Table(
        "projection",
        metadata,
        _text("name", primary_key=True),
        Column("active", Integer, nullable=False, server_default=text("1")),
        Column("building", Integer, nullable=True),
        _time("fresh_at", nullable=True),
    )
    Table(
        "audit",
        metadata,
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _time("at"),
        _text("actor"),
        _text("action"),
        _text("subject", nullable=True),
        Column("detail", JSONB, nullable=False),
        _text("correlation_id", nullable=True),
        Column("previous_hash", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Index("ix_audit_subject", "subject", "seq"),
    )
    Table(
        "audit_head",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        CheckConstraint("id = 1", name="single"),
    )
    Table(
        "job",
        metadata,
        Column("id", Uuid, primary_key=True),
        _text("kind"),
        Column("arguments", JSONB, nullable=False),
        _text("state"),
        _text("requested_by"),
        Column("unit_id", Uuid, nullable=True),
        Column("done", BigInteger, nullable=False, server_default=text("0")),
        Column("total", BigInteger, nullable=True),
        _text("words", nullable=True),
        Column("checkpoint", JSONB, nullable=True),
        Column("result", JSONB, nullable=True),
        _text("error", nullable=True),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("cancel", Integer, nullable=False, server_default=text("0")),
        _text("lease", nullable=True),
        _time("lease_until", nullable=True),
        _time("run_after"),
        _time("created_at"),
        _time("finished_at", nullable=True),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'canceled')", name="state_known"),
        Index("ix_job_due", "run_after", postgresql_where=text("state IN ('waiting', 'running')")),
    )


#: What the initial migration of every service adds besides the tables: append-only audit, an eager vacuum of the queue.
AFTER_CREATE = (
    "INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '\\x00') ON CONFLICT DO NOTHING",
    "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000,"
    " autovacuum_vacuum_cost_delay = 0)",
    """CREATE OR REPLACE FUNCTION quire_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23000'; END $$""",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW"
    " EXECUTE FUNCTION quire_refuse_change()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT"
    " EXECUTE FUNCTION quire_refuse_change()",
)


def append_only(table: str) -> tuple[str, str]:
    """DDL that makes UPDATE, DELETE and TRUNCATE of ``table`` fail in the database."""
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION quire_refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
        " EXECUTE FUNCTION quire_refuse_change()",
    )

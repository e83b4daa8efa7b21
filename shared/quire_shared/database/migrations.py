"""Migrations: one alembic history per service, in its package under ``migrations/``."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from quire_shared.database.engine import plain_dsn


async def create_database(dsn: str) -> bool:
    """Create the database that ``dsn`` names if it is not there; answers whether it was made."""
    url = make_url(plain_dsn(dsn))
    name = url.database or ""
    connection = await asyncpg.connect(url.set(database="postgres").render_as_string(hide_password=False), timeout=10)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return False
        try:
            await connection.execute(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        except asyncpg.DuplicateDatabaseError:
            return False
        return True
    finally:
        await connection.close()


def _config(package: str) -> Config:
    config = Config()
    config.set_main_option("file_template", "%%(rev)s")
    config.set_main_option("script_location", str(Path(str(importlib.resources.files(package))) / "migrations"))
    return config


async def upgrade(package: str, metadata: MetaData, dsn: str) -> None:
    """Bring a service's database to the newest revision. Concurrent callers wait for each other."""
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_advisory_lock(7214002)")
        try:
            config = _config(package)
            config.attributes.update(connection=connection, metadata=metadata)
            command.upgrade(config, "head")
            connection.commit()
        except BaseException:
            connection.rollback()  # else the unlock fails too and hides what went wrong
            raise
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(7214002)")

    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
            await connection.commit()
    finally:
        await engine.dispose()


async def make_revision(package: str, metadata: MetaData, dsn: str, message: str, rev_id: str) -> None:
    """Write the revision that brings the database to what the tables say (for developers)."""
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))

    def work(connection: Connection) -> None:
        config = _config(package)
        config.attributes.update(connection=connection, metadata=metadata)
        command.revision(config, message=message, autogenerate=True, rev_id=rev_id)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


async def differences(metadata: MetaData, dsn: str) -> list[Any]:
    """What the tables say and the database has not, or the other way round; empty when they agree."""
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))

    def work(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts=_OPTIONS), metadata))

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


_OPTIONS: dict[str, Any] = {"compare_type": True, "compare_server_default": False, "target_metadata": None}


def run_env() -> None:
    """The body of every service's ``migrations/env.py``."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        compare_type=True,
        render_item=_render,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render(kind: str, item: Any, autogen_context: Any) -> Any:
    """Render our column types as what they are in the database, so that old migrations do not depend on our code."""
    from sqlalchemy.types import TypeDecorator

    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}" if not repr(item.impl).startswith("sa.") else repr(item.impl)
    return False

"""What the tables of all services have in common. Each service declares its own base with its own metadata::

class Base(SQLModel, registry=registry(metadata=new_metadata())): ...
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, MetaData, String, TypeDecorator
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from quire_shared.values import clock
from quire_shared.values.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Metadata with the naming convention and the tables of the mechanisms (outbox, inbox, audit, jobs …)."""
    from quire_shared.database.mechanisms import add_mechanism_tables

    metadata = MetaData(naming_convention=NAMING)
    add_mechanism_tables(metadata)
    return metadata


class Identified(SQLModel):
    """A row with a time-ordered id made in Python."""

    id: uuid.UUID = Field(default_factory=uuid7, primary_key=True)


class Versioned(SQLModel):
    """A row whose version is the optimistic lock, the ETag and the aggregate version of its events."""

    version: int = Field(default=1, nullable=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Stamped(SQLModel):
    """When the row was made and last changed (UTC)."""

    created_at: datetime = Field(default_factory=clock.now, nullable=False)
    updated_at: datetime = Field(default_factory=clock.now, nullable=False, sa_column_kwargs={"onupdate": clock.now})


class Owned(SQLModel):
    """A row that belongs to a unit; people whose role is limited to units see only theirs. None belongs to the whole house."""

    unit_id: uuid.UUID | None = Field(default=None, index=True)


class _TextEnum(TypeDecorator[StrEnum]):
    impl = String
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__(length=max(len(m.value) for m in enum))
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: Any, dialect: Any) -> StrEnum | None:
        return None if value is None else self.enum(value)


def text_enum(enum: type[StrEnum]) -> Any:
    """Column type for an enum kept by its value; pair it with :func:`one_of` as CHECK."""
    return _TextEnum(enum)


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{m.value}'" for m in enum)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")

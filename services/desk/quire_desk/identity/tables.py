"""People by id, their names in one erasable table, roles, units, sessions, API keys, one-time links."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Text
from sqlalchemy import Uuid as UuidColumn
from sqlmodel import Field

from quire_desk.base import Base
from quire_shared.database.tables import Identified, Stamped, Versioned
from quire_shared.values import clock


class Unit(Identified, Versioned, Stamped, Base, table=True):
    """A branch or faculty library. Never deleted; events and rows of all services carry its id."""

    __tablename__ = "unit"

    code: str = Field(max_length=50, unique=True)
    name: str = Field(max_length=255)
    active: bool = True


class Person(Identified, Versioned, Stamped, Base, table=True):
    """Somebody who signs in, without a name. The row stays when the person is erased, so that history stays whole."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("erased_at IS NULL OR NOT active", name="erased_is_inactive"),)

    active: bool = True
    whole_house: bool = True
    password_hash: str | None = Field(default=None, sa_type=Text)
    erased_at: datetime | None = None


class PersonDetail(Base, table=True):
    """The only place of a person's names and addresses; erasure deletes the row."""

    __tablename__ = "person_detail"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    user_name: str = Field(max_length=100, unique=True)
    name: str = Field(max_length=200)
    email: str | None = Field(default=None, max_length=254)


class Role(Identified, Versioned, Stamped, Base, table=True):
    """A set of scopes. The scopes of a built-in role follow from what the installed services offer."""

    __tablename__ = "role"

    code: str = Field(max_length=50, unique=True)
    name: str = Field(max_length=100)
    description: str = Field(default="", max_length=500)
    built_in: bool = False
    scopes: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))


class PersonRole(Base, table=True):
    __tablename__ = "person_role"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    role_id: UUID = Field(foreign_key="role.id", primary_key=True, index=True)


class PersonUnit(Base, table=True):
    __tablename__ = "person_unit"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", primary_key=True, index=True)


class SessionRow(Identified, Base, table=True):
    """A browser that is signed in; only the hash of its token is kept."""

    __tablename__ = "session"

    token_hash: bytes = Field(unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(default_factory=clock.now)
    last_used_at: datetime = Field(default_factory=clock.now)


class ApiKey(Identified, Versioned, Stamped, Base, table=True):
    """A key of a program. It never does more than the person who made it may do now."""

    __tablename__ = "api_key"

    secret_hash: bytes = Field(unique=True)
    label: str = Field(max_length=100)
    owner_id: UUID = Field(foreign_key="person.id", index=True)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    whole_house: bool = True
    unit_ids: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(UuidColumn), nullable=False, server_default="{}")
    )
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class SignInLink(Identified, Base, table=True):
    """A link that works once: without a person it makes the first administrator, else it sets that person's password."""

    __tablename__ = "sign_in_link"

    token_hash: bytes = Field(unique=True)
    person_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id"), nullable=True, index=True))
    created_at: datetime = Field(default_factory=clock.now)
    expires_at: datetime
    used_at: datetime | None = None


class SignInAttempt(Base, table=True):
    """Counts attempts to sign in within a window. The subject is a hash: user names of strangers are not kept."""

    __tablename__ = "sign_in_attempt"

    kind: str = Field(max_length=10, primary_key=True)
    subject: bytes = Field(primary_key=True)
    window_start: datetime = Field(index=True)
    count: int

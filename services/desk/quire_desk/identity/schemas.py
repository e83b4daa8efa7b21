"""What the API of identity takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
UserName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}$")]
Scope = Annotated[str, StringConstraints(pattern=r"^([a-z_]+|\*):([a-z_]+|\*)$", max_length=100)]
Password = Annotated[SecretStr, Field(max_length=200)]
Token = Annotated[SecretStr, Field(max_length=200)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FirstSignInIn(_In):
    """The first sign-in, with the token of the link that was printed at the start."""

    token: Token
    user_name: UserName
    name: Name
    password: Password
    email: Email | None = None


class LinkSignInIn(_In):
    """A new password, with the token of a link that an administrator gave."""

    token: Token
    password: Password


class SignInIn(_In):
    user_name: UserName
    password: Password


class PasswordIn(_In):
    old_password: Password
    new_password: Password


class SessionOut(BaseModel):
    """Who is signed in. ``csrf_token`` goes with every change as the header ``X-CSRF-Token``."""

    person_id: UUID
    user_name: str
    name: str
    roles: list[str]
    scopes: list[str]
    unit_ids: list[UUID] | None
    expires_at: datetime
    csrf_token: str


class PersonIn(_In):
    """A new person. Without a password, give them the one-time link of ``POST /people/{id}/sign-in-link``."""

    user_name: UserName
    name: Name
    email: Email | None = None
    roles: list[Code] = Field(default_factory=list, max_length=50)
    unit_ids: list[UUID] | None = Field(
        None, max_length=500, description="Units whose rows this person sees; null for the whole house."
    )
    password: Password | None = None


class PersonChange(_In):
    """What is to change; fields that are left out stay."""

    user_name: UserName | None = None
    name: Name | None = None
    email: Email | None = None
    roles: list[Code] | None = Field(None, max_length=50)
    unit_ids: list[UUID] | None = Field(None, max_length=500)
    active: bool | None = None


class PersonOut(BaseModel):
    """A person; ``user_name`` and ``name`` are null after erasure."""

    id: UUID
    version: int
    active: bool
    erased: bool
    user_name: str | None
    name: str | None
    email: str | None
    roles: list[str]
    unit_ids: list[UUID] | None
    has_password: bool
    created_at: datetime


class PeopleOut(BaseModel):
    items: list[PersonOut]
    total: int


class LinkOut(BaseModel):
    """A link that works once."""

    link: str
    expires_at: datetime


class RoleIn(_In):
    code: Code
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    description: str = Field("", max_length=500)
    scopes: list[Scope] = Field(max_length=500)


class RoleChange(_In):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    description: str | None = Field(None, max_length=500)
    scopes: list[Scope] | None = Field(None, max_length=500)


class RoleOut(BaseModel):
    id: UUID
    version: int
    code: str
    name: str
    description: str
    built_in: bool
    scopes: list[str]


class RolesOut(BaseModel):
    items: list[RoleOut]
    total: int


class ScopeOut(BaseModel):
    scope: str
    service: str
    description: str


class UnitIn(_In):
    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class UnitChange(_In):
    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)] | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)] | None = None
    active: bool | None = None


class UnitOut(BaseModel):
    id: UUID
    version: int
    code: str
    name: str
    active: bool


class UnitsOut(BaseModel):
    items: list[UnitOut]
    total: int


class ApiKeyIn(_In):
    """A new key. Its scopes and units must be among your own; it ends after a year at the latest."""

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="What the key is for; no names of people."
    )
    scopes: list[Scope] = Field(min_length=1, max_length=200)
    unit_ids: list[UUID] | None = Field(None, max_length=500)
    expires_at: datetime


class ApiKeyOut(BaseModel):
    id: UUID
    version: int
    label: str
    owner_id: UUID
    scopes: list[str]
    unit_ids: list[UUID] | None
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewApiKeyOut(ApiKeyOut):
    """``secret`` is shown only this once."""

    secret: str


class ApiKeysOut(BaseModel):
    items: list[ApiKeyOut]
    total: int

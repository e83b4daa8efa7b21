"""All SQL of people, roles and units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_desk.identity import rules
from quire_desk.identity.schemas import PersonOut, RoleOut
from quire_desk.identity.tables import ApiKey, Person, PersonDetail, PersonRole, PersonUnit, Role, SessionRow, Unit
from quire_shared.access.principal import Principal
from quire_shared.service.definition import installed


def offered_scopes() -> dict[str, dict[str, str]]:
    """The scopes of each installed service with their sentences."""
    return {name: service.scopes for name, service in installed().items()}


def scopes_of(code: str, built_in: bool, own: Iterable[str]) -> frozenset[str]:
    return rules.seed_scopes(code, offered_scopes()) if built_in else frozenset(own)


_PRINCIPAL = """
    SELECT p.id, p.active, p.whole_house,
           COALESCE((SELECT array_agg(u.unit_id) FROM person_unit u WHERE u.person_id = p.id), '{}') AS unit_ids,
           COALESCE((SELECT json_agg(json_build_object('code', r.code, 'built_in', r.built_in, 'scopes', r.scopes)
                                     ORDER BY r.code)
                       FROM person_role pr JOIN role r ON r.id = pr.role_id WHERE pr.person_id = p.id), '[]') AS roles
      FROM person p
"""


def principal_of(row: Any) -> Principal:
    """The principal of a row of ``_PRINCIPAL``."""
    scopes: set[str] = set()
    for role in row.roles:
        scopes |= scopes_of(role["code"], role["built_in"], role["scopes"])
    return Principal(str(row.id), frozenset(scopes), None if row.whole_house else frozenset(row.unit_ids))


async def principal(session: AsyncSession, person_id: UUID) -> Principal | None:
    """What a person may do and see at this moment; None for an inactive or unknown one."""
    row = (await session.execute(text(f"{_PRINCIPAL} WHERE p.id = :id AND p.active"), {"id": person_id})).one_or_none()
    return None if row is None else principal_of(row)


_PEOPLE = """
      FROM person p LEFT JOIN person_detail d ON d.person_id = p.id
     WHERE (CAST(:units AS uuid[]) IS NULL OR EXISTS (
             SELECT 1 FROM person_unit u WHERE u.person_id = p.id AND u.unit_id = ANY(CAST(:units AS uuid[]))))
       AND (CAST(:id AS uuid) IS NULL OR p.id = :id)
       AND (CAST(:q AS text) IS NULL OR d.user_name ILIKE :q OR d.name ILIKE :q OR d.email ILIKE :q)
       AND (CAST(:role AS text) IS NULL OR EXISTS (
             SELECT 1 FROM person_role pr JOIN role r ON r.id = pr.role_id WHERE pr.person_id = p.id AND r.code = :role))
       AND (CAST(:active AS boolean) IS NULL OR p.active = :active)
"""


async def people(
    session: AsyncSession,
    units: Collection[UUID] | None,
    *,
    person_id: UUID | None = None,
    q: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[PersonOut], int]:
    """People whom somebody limited to ``units`` sees: those who share one of them."""
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") if q else None
    where = {
        "units": None if units is None else list(units),
        "id": person_id,
        "q": f"%{escaped}%" if escaped else None,
        "role": role,
        "active": active,
    }
    total = (await session.execute(text(f"SELECT count(*) {_PEOPLE}"), where)).scalar_one()
    rows = await session.execute(
        text(
            f"""
            SELECT p.id, p.version, p.active, p.erased_at, p.whole_house, p.password_hash IS NOT NULL AS has_password,
                   p.created_at, d.user_name, d.name, d.email,
                   COALESCE((SELECT array_agg(r.code ORDER BY r.code) FROM person_role pr JOIN role r
                             ON r.id = pr.role_id WHERE pr.person_id = p.id), '{{}}') AS roles,
                   COALESCE((SELECT array_agg(u.unit_id ORDER BY u.unit_id) FROM person_unit u
                             WHERE u.person_id = p.id), '{{}}') AS unit_ids
            {_PEOPLE}
             ORDER BY d.user_name COLLATE "C" NULLS LAST, p.id OFFSET :offset LIMIT :limit
            """
        ),
        {**where, "offset": offset, "limit": limit},
    )
    return [
        PersonOut(
            id=r.id,
            version=r.version,
            active=r.active,
            erased=r.erased_at is not None,
            user_name=r.user_name,
            name=r.name,
            email=r.email,
            roles=r.roles,
            unit_ids=None if r.whole_house else r.unit_ids,
            has_password=r.has_password,
            created_at=r.created_at,
        )
        for r in rows
    ], total


async def person(session: AsyncSession, person_id: UUID, units: Collection[UUID] | None = None) -> PersonOut | None:
    found, _ = await people(session, units, person_id=person_id, limit=1)
    return found[0] if found else None


async def user_name_taken(session: AsyncSession, user_name: str, by_other_than: UUID | None) -> bool:
    found = await session.exec(select(PersonDetail.person_id).where(PersonDetail.user_name == user_name))
    holder = found.first()
    return holder is not None and holder != by_other_than


async def anybody(session: AsyncSession) -> bool:
    return (await session.exec(select(Person.id).limit(1))).first() is not None


async def roles_by_code(session: AsyncSession, codes: Iterable[str]) -> dict[str, Role]:
    found = await session.exec(select(Role).where(col(Role.code).in_(list(codes))))
    return {role.code: role for role in found}


async def known_units(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    return set(await session.exec(select(Unit.id).where(col(Unit.id).in_(list(ids)))))


async def set_roles(session: AsyncSession, person_id: UUID, roles: Iterable[Role]) -> None:
    await session.execute(delete(PersonRole).where(col(PersonRole.person_id) == person_id))
    session.add_all(PersonRole(person_id=person_id, role_id=role.id) for role in roles)


async def set_units(session: AsyncSession, person_id: UUID, unit_ids: Iterable[UUID]) -> None:
    await session.execute(delete(PersonUnit).where(col(PersonUnit.person_id) == person_id))
    session.add_all(PersonUnit(person_id=person_id, unit_id=unit) for unit in sorted(set(unit_ids)))


async def other_administrators(session: AsyncSession, person_id: UUID) -> int:
    """How many active people besides this one are administrators of the whole house; locks the role, so that two cannot resign at once."""
    await session.execute(text("SELECT 1 FROM role WHERE code = :c FOR UPDATE"), {"c": rules.ADMINISTRATOR})
    found = await session.exec(
        select(func.count())
        .select_from(PersonRole)
        .join(Role, col(Role.id) == PersonRole.role_id)
        .join(Person, col(Person.id) == PersonRole.person_id)
        .where(
            Role.code == rules.ADMINISTRATOR,
            col(Person.active),
            col(Person.whole_house),
            Person.id != person_id,
        )
    )
    return found.one()


async def forget_person(session: AsyncSession, person_id: UUID) -> None:
    """Delete names and everything to sign in with, and empty stored answers that still show the names."""
    await session.execute(delete(PersonDetail).where(col(PersonDetail.person_id) == person_id))
    await session.execute(
        text(
            "UPDATE idempotency SET body = '', one_time = 1"
            " WHERE position(convert_to(:id, 'UTF8') in body) > 0 OR principal = :id"
        ),
        {"id": str(person_id)},
    )
    await session.execute(text("DELETE FROM sign_in_link WHERE person_id = :id"), {"id": person_id})
    await end_sessions(session, person_id)


async def end_sessions(session: AsyncSession, person_id: UUID, *, but: UUID | None = None) -> int:
    statement = delete(SessionRow).where(col(SessionRow.person_id) == person_id)
    if but is not None:
        statement = statement.where(col(SessionRow.id) != but)
    ended = await session.execute(statement.returning(col(SessionRow.id)))
    return len(ended.all())


async def revoke_keys(session: AsyncSession, person_id: UUID, now: Any) -> None:
    await session.execute(
        text("UPDATE api_key SET revoked_at = :now, version = version + 1 WHERE owner_id = :id AND revoked_at IS NULL"),
        {"id": person_id, "now": now},
    )


def role_out(role: Role) -> RoleOut:
    return RoleOut(
        id=role.id,
        version=role.version,
        code=role.code,
        name=role.name,
        description=role.description,
        built_in=role.built_in,
        scopes=sorted(scopes_of(role.code, role.built_in, role.scopes)),
    )


async def roles(session: AsyncSession) -> Sequence[Role]:
    return (await session.exec(select(Role).order_by(col(Role.code).collate("C")))).all()


async def people_with_role(session: AsyncSession, role_id: UUID) -> list[UUID]:
    found = await session.exec(
        select(PersonRole.person_id).where(PersonRole.role_id == role_id).order_by(col(PersonRole.person_id))
    )
    return list(found)


async def units(
    session: AsyncSession, visible: Collection[UUID] | None, *, active: bool | None, offset: int, limit: int
) -> tuple[Sequence[Unit], int]:
    statement = select(Unit)
    if visible is not None:
        statement = statement.where(col(Unit.id).in_(list(visible)))
    if active is not None:
        statement = statement.where(Unit.active == active)
    total = (await session.exec(select(func.count()).select_from(statement.subquery()))).one()
    rows = await session.exec(statement.order_by(col(Unit.code).collate("C"), col(Unit.id)).offset(offset).limit(limit))
    return rows.all(), total


async def unit_code_taken(session: AsyncSession, code: str, by_other_than: UUID | None) -> bool:
    holder = (await session.exec(select(Unit.id).where(Unit.code == code))).first()
    return holder is not None and holder != by_other_than


async def keys(session: AsyncSession, owner: UUID | None, *, offset: int, limit: int) -> tuple[Sequence[ApiKey], int]:
    statement = select(ApiKey)
    if owner is not None:
        statement = statement.where(ApiKey.owner_id == owner)
    total = (await session.exec(select(func.count()).select_from(statement.subquery()))).one()
    rows = await session.exec(statement.order_by(col(ApiKey.created_at), col(ApiKey.id)).offset(offset).limit(limit))
    return rows.all(), total


def offered_or_unknown(scopes: Iterable[str], offered: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Scopes that no installed service offers; patterns with ``*`` are taken as they are."""
    known = {scope for service in offered.values() for scope in service}
    return sorted(s for s in scopes if "*" not in s and s not in known)

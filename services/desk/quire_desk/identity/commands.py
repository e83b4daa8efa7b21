"""Changes of people, roles and units; each function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from quire_desk.identity import rules, store
from quire_desk.identity.schemas import (
    PersonChange,
    PersonIn,
    PersonOut,
    RoleChange,
    RoleIn,
    RoleOut,
    UnitChange,
    UnitIn,
    UnitOut,
)
from quire_desk.identity.tables import Person, PersonDetail, Role, Unit
from quire_shared.api.problems import Conflict, Fault, Forbidden, Invalid, NotFound
from quire_shared.contracts.desk import PersonChanged, UnitChanged
from quire_shared.database.work import Work


async def create_person(work: Work, body: PersonIn, password_hash: str | None) -> PersonOut:
    """Add a person. Raises ``Invalid`` with all faults, ``Conflict`` for a taken user name, ``Forbidden``."""
    user_name = rules.normal_user_name(body.user_name)
    faults = name_faults(user_name, None if body.password is None else body.password.get_secret_value())
    roles, more = await _roles(work, body.roles)
    faults += more + await _unit_faults(work, body.unit_ids)
    if faults:
        raise Invalid(f"{_so_many(faults)} to be put right before this person can be added.", faults)
    _may_give(work, roles, body.unit_ids)
    if await store.user_name_taken(work.session, user_name, None):
        raise _taken(user_name)
    person = work.add(Person(whole_house=body.unit_ids is None, password_hash=password_hash))
    await work.session.flush()
    work.session.add(PersonDetail(person_id=person.id, user_name=user_name, name=body.name, email=body.email))
    await store.set_roles(work.session, person.id, roles)
    await store.set_units(work.session, person.id, body.unit_ids or [])
    return await _changed(work, person, "identity.person_added")


async def change_person(work: Work, person_id: UUID, body: PersonChange) -> PersonOut:
    """Change what is given. Raises ``NotFound``, ``PreconditionNeeded``, ``Stale``, ``Invalid``, ``Conflict``, ``Forbidden``."""
    person, current = await _locked(work, person_id)
    work.match(person, current, body)
    if person.erased_at is not None:
        raise Conflict("This person was erased; only the history remains.")
    given = body.model_fields_set
    faults: list[Fault] = []
    user_name = None
    if body.user_name is not None:
        user_name = rules.normal_user_name(body.user_name)
        faults += name_faults(user_name, None)
    roles: list[Role] | None = None
    if body.roles is not None:
        roles, more = await _roles(work, body.roles)
        faults += more
    if "unit_ids" in given:
        faults += await _unit_faults(work, body.unit_ids)
    if faults:
        raise Invalid(f"{_so_many(faults)} to be put right before this can be saved.", faults)
    before, _ = await _roles(work, current.roles)
    _may_give(work, [*(roles or []), *before], body.unit_ids if "unit_ids" in given else current.unit_ids)
    await _somebody_remains(work, person, body, roles)
    if user_name is not None and await store.user_name_taken(work.session, user_name, person.id):
        raise _taken(user_name)

    detail = await work.session.get(PersonDetail, person.id)
    if detail is None:
        raise Conflict("This person has no name any more.")
    if user_name is not None:
        detail.user_name = user_name
    if body.name is not None:
        detail.name = body.name
    if "email" in given:
        detail.email = body.email
    if roles is not None:
        await store.set_roles(work.session, person.id, roles)
    if "unit_ids" in given:
        person.whole_house = body.unit_ids is None
        await store.set_units(work.session, person.id, body.unit_ids or [])
    if body.active is not None:
        person.active = body.active
    if body.active is False:
        await store.end_sessions(work.session, person.id)
    person.updated_at = work.now
    return await _changed(work, person, "identity.person_changed", fields=sorted(given))


async def erase_person(work: Work, person_id: UUID) -> PersonOut:
    """Delete the names, addresses and credentials of a person; what they did stays under their id. Cannot be undone."""
    person, current = await _locked(work, person_id)
    work.match(person, current)
    if person.erased_at is None:
        before, _ = await _roles(work, current.roles)
        _may_give(work, before, current.unit_ids)
        await _somebody_remains(work, person, PersonChange(active=False), None)
        await store.forget_person(work.session, person.id)
        await store.revoke_keys(work.session, person.id, work.now)
        await store.set_roles(work.session, person.id, [])
        person.active, person.password_hash, person.erased_at = False, None, work.now
    return await _changed(work, person, "identity.person_erased")


async def end_sessions(work: Work, person_id: UUID) -> None:
    """Sign a person out everywhere."""
    await _locked(work, person_id)
    ended = await store.end_sessions(work.session, person_id)
    work.audit("identity.sessions_ended", person_id, sessions=ended)


async def create_role(work: Work, body: RoleIn) -> RoleOut:
    """Add a role. Raises ``Invalid`` for scopes that nobody offers, ``Forbidden`` for scopes that one does not have."""
    _check_scopes(work, body.scopes)
    if await store.roles_by_code(work.session, [body.code]):
        raise Conflict(f"There is a role “{body.code}” already; take another code.")
    role = work.add(Role(code=body.code, name=body.name, description=body.description, scopes=sorted(set(body.scopes))))
    await work.session.flush()
    work.audit("identity.role_added", role.id, scopes=role.scopes)
    return store.role_out(role)


async def change_role(work: Work, role_id: UUID, body: RoleChange) -> RoleOut:
    """Change a role of one's own; the people who have it get the new scopes with their next request."""
    role = await work.lock(Role, role_id, "role")
    work.match(role, store.role_out(role), body)
    if role.built_in:
        raise Conflict(
            "A role that Quire brings cannot be changed. Make one of your own with the scopes that you want."
        )
    if body.scopes is not None:
        _check_scopes(work, [*body.scopes, *role.scopes], known_only=body.scopes)
        role.scopes = sorted(set(body.scopes))
    if body.name is not None:
        role.name = body.name
    if body.description is not None:
        role.description = body.description
    role.updated_at = work.now
    await work.session.flush()
    work.audit("identity.role_changed", role.id, scopes=role.scopes)
    return store.role_out(role)


async def create_unit(work: Work, body: UnitIn) -> UnitOut:
    """Add a unit. Raises ``Conflict`` for a taken code."""
    _whole_house(work)
    await _unit_code_free(work, body.code, None)
    return await _unit_changed(work, work.add(Unit(code=body.code, name=body.name)), "identity.unit_added")


async def change_unit(work: Work, unit_id: UUID, body: UnitChange) -> UnitOut:
    """Change a unit; an inactive one keeps its rows and takes no new ones."""
    _whole_house(work)
    unit = await work.lock(Unit, unit_id, "unit")
    work.match(unit, UnitOut.model_validate(unit, from_attributes=True), body)
    if body.code is not None:
        await _unit_code_free(work, body.code, unit.id)
        unit.code = body.code
    if body.name is not None:
        unit.name = body.name
    if body.active is not None:
        unit.active = body.active
    unit.updated_at = work.now
    return await _unit_changed(work, unit, "identity.unit_changed")


def name_faults(user_name: str, password: str | None) -> list[Fault]:
    """Everything that is wrong with a user name and a new password."""
    faults = []
    if words := rules.user_name_fault(user_name):
        faults.append(Fault(pointer="/user_name", code="user_name", detail=words))
    if password is not None and (words := rules.password_fault(password, user_name)):
        faults.append(Fault(pointer="/password", code="password", detail=words))
    return faults


async def announce(work: Work, person: Person) -> PersonOut:
    """Tell all services what a person may see now; answers the person. The row must be locked or new."""
    await work.session.flush()
    out = await store.person(work.session, person.id)
    if out is None:
        raise NotFound(f"There is no person with the id {person.id}.")
    work.emit(
        PersonChanged(person_id=person.id, active=out.active, roles=out.roles, unit_ids=out.unit_ids),
        person.id,
        aggregate_version=person.version,
    )
    return out


async def _changed(work: Work, person: Person, action: str, **detail: object) -> PersonOut:
    out = await announce(work, person)
    work.audit(action, person.id, roles=out.roles, unit_ids=out.unit_ids, active=out.active, **detail)
    return out


async def _locked(work: Work, person_id: UUID) -> tuple[Person, PersonOut]:
    current = await store.person(work.session, person_id, work.actor.units)
    if current is None:
        raise NotFound(f"There is no person with the id {person_id}.")
    person = await work.lock(Person, person_id, "person")
    current = await store.person(work.session, person_id)
    if current is None:
        raise NotFound(f"There is no person with the id {person_id}.")
    return person, current


async def _roles(work: Work, codes: Iterable[str]) -> tuple[list[Role], list[Fault]]:
    wanted = list(dict.fromkeys(codes))
    found = await store.roles_by_code(work.session, wanted)
    faults = [
        Fault(
            pointer=f"/roles/{n}",
            code="unknown_role",
            detail=f"There is no role “{code}”.",
            fix="Take one of those that GET /roles lists.",
            value=code,
        )
        for n, code in enumerate(wanted)
        if code not in found
    ]
    return list(found.values()), faults


async def _unit_faults(work: Work, unit_ids: list[UUID] | None) -> list[Fault]:
    if not unit_ids:
        return []
    known = await store.known_units(work.session, unit_ids)
    return [
        Fault(pointer=f"/unit_ids/{n}", code="unknown_unit", detail=f"There is no unit with the id {unit}.")
        for n, unit in enumerate(unit_ids)
        if unit not in known
    ]


def _may_give(work: Work, roles: Iterable[Role], unit_ids: list[UUID] | None) -> None:
    scopes = {s for role in roles for s in store.scopes_of(role.code, role.built_in, role.scopes)}
    if missing := rules.beyond(work.actor, scopes):
        raise Forbidden(
            "Nobody can give or take rights that they do not have themselves: " + ", ".join(missing[:10]) + "."
        )
    if rules.units_beyond(work.actor, unit_ids is None, unit_ids or []):
        raise Forbidden("You are limited to units; you can let others see only those.")


async def _somebody_remains(work: Work, person: Person, body: PersonChange, roles: list[Role] | None) -> None:
    stays = (
        body.active is not False
        and (roles is None or any(r.code == rules.ADMINISTRATOR for r in roles))
        and ("unit_ids" not in body.model_fields_set or body.unit_ids is None)
    )
    if stays or not person.active:
        return
    was = await store.principal(work.session, person.id)
    if was is None or not was.may("*:*") or await store.other_administrators(work.session, person.id):
        return
    raise Conflict("This is the last administrator of the whole house. Make somebody else administrator first.")


def _check_scopes(work: Work, scopes: list[str], known_only: list[str] | None = None) -> None:
    checked = scopes if known_only is None else known_only
    unknown = set(store.offered_or_unknown(checked, store.offered_scopes()))
    faults = [
        Fault(
            pointer=f"/scopes/{n}",
            code="unknown_scope",
            detail=f"No service offers the scope “{scope}”.",
            fix="Take one of those that GET /scopes lists.",
            value=scope,
        )
        for n, scope in enumerate(checked)
        if scope in unknown
    ]
    if faults:
        raise Invalid(f"{_so_many(faults)} to be put right in the scopes.", faults)
    if missing := rules.beyond(work.actor, scopes):
        raise Forbidden("Nobody can give rights that they do not have themselves: " + ", ".join(missing[:10]) + ".")


def _whole_house(work: Work) -> None:
    if work.actor.units is not None:
        raise Forbidden("Units are made and changed by people who see the whole house.")


async def _unit_code_free(work: Work, code: str, but: UUID | None) -> None:
    if await store.unit_code_taken(work.session, code, but):
        raise Conflict(f"There is a unit “{code}” already; take another code.")


async def _unit_changed(work: Work, unit: Unit, action: str) -> UnitOut:
    await work.session.flush()
    work.emit(
        UnitChanged(unit_id=unit.id, code=unit.code, name=unit.name, active=unit.active),
        unit.id,
        unit_id=unit.id,
        aggregate_version=unit.version,
    )
    work.audit(action, unit.id, code=unit.code, active=unit.active)
    return UnitOut.model_validate(unit, from_attributes=True)


def _taken(user_name: str) -> Conflict:
    return Conflict(
        f"The user name “{user_name}” is taken; choose another.",
        [Fault(pointer="/user_name", code="taken", detail="Somebody has this user name.")],
    )


def _so_many(faults: list[Fault]) -> str:
    return "1 thing has" if len(faults) == 1 else f"{len(faults)} things have"

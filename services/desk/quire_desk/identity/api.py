"""Routes of people, roles and units."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from quire_desk.identity import commands, commands_sessions, passwords, store
from quire_desk.identity.schemas import (
    LinkOut,
    PeopleOut,
    PersonChange,
    PersonIn,
    PersonOut,
    RoleChange,
    RoleIn,
    RoleOut,
    RolesOut,
    ScopeOut,
    UnitChange,
    UnitIn,
    UnitOut,
    UnitsOut,
)
from quire_desk.identity.tables import Role, Unit
from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_shared.database.work import Work

SCOPES = {
    "identity:read": "See people, roles and who has them.",
    "identity:write": "Add and change people, roles and units; give one-time sign-in links.",
    "identity:erase": "Erase the names and addresses of a person for good.",
    "units:read": "See the units of the library.",
    "keys:write": "Make and revoke one's own API keys.",
}

router = APIRouter()

Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/people", tags=["people"], response_model=PeopleOut, dependencies=[scope("identity:read")])
async def list_people(
    read: Read,
    who: Who,
    q: Annotated[str | None, Query(max_length=200)] = None,
    role: Annotated[str | None, Query(max_length=50)] = None,
    active: bool | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> PeopleOut:
    """People, by user name. Somebody limited to units sees the people who share one."""
    items, total = await store.people(read, who.units, q=q, role=role, active=active, offset=offset, limit=limit)
    return PeopleOut(items=items, total=total)


@router.post(
    "/people", tags=["people"], status_code=201, response_model=PersonOut, dependencies=[scope("identity:write")]
)
async def create_person(body: PersonIn, run: Run) -> Response:
    """Add a person with roles; one-time link or password for the first sign-in."""
    hashed = None if body.password is None else await passwords.make_hash(body.password.get_secret_value())
    # The stored hash of the request must be no shortcut to the password, so the password is not part of it.
    return await run.file(body.model_dump_json(exclude={"password"}).encode(), commands.create_person, body, hashed)


@router.get("/people/{person_id}", tags=["people"], response_model=PersonOut, dependencies=[scope("identity:read")])
async def get_person(person_id: UUID, read: Read, who: Who, response: Response) -> PersonOut:
    found = await store.person(read, person_id, who.units)
    if found is None:
        raise NotFound(f"There is no person with the id {person_id}.")
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/people/{person_id}", tags=["people"], response_model=PersonOut, dependencies=[scope("identity:write")])
async def change_person(person_id: UUID, body: PersonChange, run: Run) -> Response:
    """Change names, roles, units or activity. An inactive person is signed out at once."""
    return await run(commands.change_person, person_id, body)


@router.post(
    "/people/{person_id}/erase", tags=["people"], response_model=PersonOut, dependencies=[scope("identity:erase")]
)
async def erase_person(person_id: UUID, run: Run) -> Response:
    """Erase names, addresses and credentials. The history keeps the id; this cannot be undone."""
    return await run(commands.erase_person, person_id)


@router.post(
    "/people/{person_id}/sign-in-link",
    tags=["people"],
    status_code=201,
    response_model=LinkOut,
    dependencies=[scope("identity:write")],
)
async def make_link(person_id: UUID, request: Request, run: Run) -> Response:
    """A link, shown once, with which the person sets a password within 24 hours."""
    base = address_of(request)

    async def command(work: Work) -> LinkOut:
        token, expires_at = await commands_sessions.make_link(work, person_id)
        return LinkOut(link=f"{base}/#password={token}", expires_at=expires_at)

    return await run(command)


@router.delete("/people/{person_id}/sessions", tags=["people"], status_code=204, dependencies=[scope("identity:write")])
async def end_sessions(person_id: UUID, run: Run) -> Response:
    """Sign a person out everywhere."""
    return await run(commands.end_sessions, person_id)


@router.get("/roles", tags=["roles"], response_model=RolesOut, dependencies=[scope("identity:read")])
async def list_roles(read: Read) -> RolesOut:
    items = [store.role_out(role) for role in await store.roles(read)]
    return RolesOut(items=items, total=len(items))


@router.post("/roles", tags=["roles"], status_code=201, response_model=RoleOut, dependencies=[scope("identity:write")])
async def create_role(body: RoleIn, run: Run) -> Response:
    return await run(commands.create_role, body)


@router.get("/roles/{role_id}", tags=["roles"], response_model=RoleOut, dependencies=[scope("identity:read")])
async def get_role(role_id: UUID, read: Read, response: Response) -> RoleOut:
    role = await read.get(Role, role_id)
    if role is None:
        raise NotFound(f"There is no role with the id {role_id}.")
    response.headers["ETag"] = etag(role.version)
    return store.role_out(role)


@router.patch("/roles/{role_id}", tags=["roles"], response_model=RoleOut, dependencies=[scope("identity:write")])
async def change_role(role_id: UUID, body: RoleChange, run: Run) -> Response:
    return await run(commands.change_role, role_id, body)


@router.get("/scopes", tags=["roles"], dependencies=[scope("identity:read")])
async def list_scopes() -> list[ScopeOut]:
    """Every right that an installed service offers, in words."""
    return [
        ScopeOut(scope=name, service=service, description=words)
        for service, scopes in store.offered_scopes().items()
        for name, words in sorted(scopes.items())
    ]


@router.get("/units", tags=["units"], response_model=UnitsOut, dependencies=[scope("units:read")])
async def list_units(
    read: Read, who: Who, active: bool | None = None, offset: Offset = 0, limit: Limit = 100
) -> UnitsOut:
    items, total = await store.units(read, who.units, active=active, offset=offset, limit=limit)
    return UnitsOut(items=[UnitOut.model_validate(u, from_attributes=True) for u in items], total=total)


@router.post("/units", tags=["units"], status_code=201, response_model=UnitOut, dependencies=[scope("identity:write")])
async def create_unit(body: UnitIn, run: Run) -> Response:
    return await run(commands.create_unit, body)


@router.get("/units/{unit_id}", tags=["units"], response_model=UnitOut, dependencies=[scope("units:read")])
async def get_unit(unit_id: UUID, read: Read, who: Who, response: Response) -> UnitOut:
    unit = await read.get(Unit, unit_id)
    if unit is None or not who.sees(unit.id):
        raise NotFound(f"There is no unit with the id {unit_id}.")
    response.headers["ETag"] = etag(unit.version)
    return UnitOut.model_validate(unit, from_attributes=True)


@router.patch("/units/{unit_id}", tags=["units"], response_model=UnitOut, dependencies=[scope("identity:write")])
async def change_unit(unit_id: UUID, body: UnitChange, run: Run) -> Response:
    return await run(commands.change_unit, unit_id, body)


def address_of(request: Request) -> str:
    """The address under which people reach the desk."""
    public: str | None = request.app.state.settings.public_url
    return (public or str(request.base_url).removesuffix("api/desk/")).rstrip("/")

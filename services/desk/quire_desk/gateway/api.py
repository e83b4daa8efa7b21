"""Routes of the gateway itself: the state of all services, the public keys."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from quire_desk.gateway.neighbours import SERVICES, Neighbours
from quire_desk.gateway.schemas import ServicesOut, ServiceState
from quire_shared.access.principal import Principal
from quire_shared.api.operations import state_of
from quire_shared.api.problems import Problem
from quire_shared.api.requests import Who, scope

router = APIRouter()


@router.get("/services", tags=["operations"], dependencies=[scope("operations:read")])
async def list_services(request: Request, who: Who) -> ServicesOut:
    """Every service: ready or not, what is wrong, events waiting, lag and parked events."""
    items = await asyncio.gather(*(_state(request, service, who) for service in SERVICES))
    return ServicesOut(ready=all(i.ready for i in items), items=list(items))


@router.get("/jwks.json", tags=["sign-in"], openapi_extra={"x-public": True})
async def jwks(request: Request) -> dict[str, Any]:
    """The public keys with which access tokens are checked (RFC 7517)."""
    neighbours: Neighbours = request.app.state.neighbours
    return neighbours.jwks()


async def _state(request: Request, service: str, who: Principal) -> ServiceState:
    neighbours: Neighbours = request.app.state.neighbours
    try:
        if service == "desk":
            found = await state_of(neighbours.runtime)
        else:
            answer = await neighbours.get(service, "/operations/state", who, wait=5)
            if answer.status_code != 200:
                return ServiceState(
                    service=service,
                    reached=True,
                    ready=False,
                    troubles=[f"The service answers {answer.status_code}: {answer.json().get('detail', '')}"],
                )
            found = answer.json()
    except Problem as problem:
        return ServiceState(service=service, reached=False, ready=False, troubles=[problem.detail])
    return ServiceState(reached=True, **found)

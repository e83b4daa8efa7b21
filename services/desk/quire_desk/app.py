"""The desk service: what it is to the runner."""

from fastapi import FastAPI

from quire_desk.base import Base
from quire_desk.gateway import api as gateway_api
from quire_desk.gateway.neighbours import Neighbours
from quire_desk.gateway.proxy import Gateway
from quire_desk.identity import api as identity_api
from quire_desk.identity import api_sessions, commands_sessions
from quire_desk.identity import tables as identity_tables  # noqa: F401  (declares its tables)
from quire_desk.readmodels import api as readmodels_api
from quire_desk.readmodels import projections
from quire_desk.readmodels import tables as readmodel_tables  # noqa: F401  (declares its tables)
from quire_shared.service.definition import Service
from quire_shared.service.runtime import Runtime


def dress(app: FastAPI, runtime: Runtime) -> None:
    """Put the gateway in front, and tell the runner how to ask for the link of the first sign-in."""
    neighbours = Neighbours(runtime)
    app.state.neighbours = neighbours
    runtime.at_stop.append(neighbours.close)

    async def sign_in_link(address: str) -> str | None:
        """A fresh one-time link while there is nobody yet, else None."""
        token = await runtime.database.run(commands_sessions.prepare_first_link)
        return None if token is None else f"{address.rstrip('/')}/#first={token}"

    app.state.sign_in_link = sign_in_link
    app.add_middleware(Gateway, neighbours=neighbours, database=runtime.database)


service = Service(
    name="desk",
    package="quire_desk",
    title="Desk",
    metadata=Base.metadata,
    scopes={**identity_api.SCOPES, **readmodels_api.SCOPES},
    routers=[identity_api.router, api_sessions.router, gateway_api.router, readmodels_api.router],
    projections=list(projections.ALL.values()),
    jobs={readmodels_api.REBUILD: readmodels_api.run_rebuild},
    dress=dress,
)

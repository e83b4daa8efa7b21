"""The desk service: what it is to the runner."""

from quire_desk.base import Base
from quire_shared.service.definition import Service

service = Service(
    name="desk",
    package="quire_desk",
    title="Desk",
    metadata=Base.metadata,
    scopes={},
    routers=[],
)

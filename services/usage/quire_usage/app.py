"""The usage service: what it is to the runner."""

from quire_usage.base import Base
from quire_shared.service.definition import Service

service = Service(
    name="usage",
    package="quire_usage",
    title="Usage",
    metadata=Base.metadata,
    scopes={},
    routers=[],
)

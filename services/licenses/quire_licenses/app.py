"""The licenses service: what it is to the runner."""

from quire_licenses.base import Base
from quire_shared.service.definition import Service

service = Service(
    name="licenses",
    package="quire_licenses",
    title="Licenses",
    metadata=Base.metadata,
    scopes={},
    routers=[],
)

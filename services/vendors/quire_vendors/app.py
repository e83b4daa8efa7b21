"""The vendors service: what it is to the runner."""

from quire_vendors.base import Base
from quire_shared.service.definition import Service

service = Service(
    name="vendors",
    package="quire_vendors",
    title="Vendors",
    metadata=Base.metadata,
    scopes={},
    routers=[],
)

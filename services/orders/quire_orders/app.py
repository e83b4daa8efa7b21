"""The orders service: what it is to the runner."""

from quire_orders.base import Base
from quire_shared.service.definition import Service

service = Service(
    name="orders",
    package="quire_orders",
    title="Orders",
    metadata=Base.metadata,
    scopes={},
    routers=[],
)

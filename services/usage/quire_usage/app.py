"""The usage service: what it is to the runner."""

from quire_shared.service.definition import Service
from quire_usage import consumers
from quire_usage.base import Base
from quire_usage.costs import api as costs
from quire_usage.facts import api as facts

service = Service(
    name="usage",
    package="quire_usage",
    title="Usage",
    metadata=Base.metadata,
    scopes={**facts.SCOPES, **costs.SCOPES},
    routers=[facts.router, costs.router],
    reactions=[consumers.costs],
)

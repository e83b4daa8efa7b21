"""The licenses service: what it is to the runner."""

from quire_licenses import consumers
from quire_licenses.agreements import api as agreements
from quire_licenses.base import Base
from quire_licenses.renewals import api as renewals
from quire_licenses.renewals.clock import keep_time
from quire_shared.service.definition import Service

service = Service(
    name="licenses",
    package="quire_licenses",
    title="Licenses",
    metadata=Base.metadata,
    scopes={**agreements.SCOPES, **renewals.SCOPES},
    routers=[agreements.router, renewals.router],
    reactions=[consumers.neighbors],
    background=[keep_time],
)

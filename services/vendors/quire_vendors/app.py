"""The vendors service: what it is to the runner."""

from quire_shared.service.definition import Service
from quire_vendors.base import Base
from quire_vendors.directory import api as directory
from quire_vendors.exchange import api as exchange
from quire_vendors.exchange import commands, jobs

service = Service(
    name="vendors",
    package="quire_vendors",
    title="Vendors",
    metadata=Base.metadata,
    scopes={**directory.SCOPES, **exchange.SCOPES},
    routers=[directory.router, exchange.router],
    jobs={commands.READ_FILE: jobs.read_file},
)

"""The vendors service: what it is to the runner."""

from quire_shared.service.definition import Service
from quire_vendors import consumers
from quire_vendors.base import Base
from quire_vendors.directory import api as directory
from quire_vendors.exchange import api as exchange
from quire_vendors.exchange import api_out, commands, commands_out
from quire_vendors.exchange import jobs as exchange_jobs
from quire_vendors.transport import folder
from quire_vendors.transport import jobs as transport_jobs

service = Service(
    name="vendors",
    package="quire_vendors",
    title="Vendors",
    metadata=Base.metadata,
    scopes={**directory.SCOPES, **exchange.SCOPES},
    routers=[directory.router, exchange.router, api_out.router],
    reactions=[consumers.orders],
    jobs={commands.READ_FILE: exchange_jobs.read_file, commands_out.SEND: transport_jobs.send_order},
    background=[folder.watch],
)

"""The orders service: what it is to the runner."""

from quire_orders import consumers
from quire_orders.base import Base
from quire_orders.funds import api as funds
from quire_orders.funds import api_ledger
from quire_orders.purchasing import api as purchasing
from quire_shared.service.definition import Service

service = Service(
    name="orders",
    package="quire_orders",
    title="Orders",
    metadata=Base.metadata,
    scopes={**funds.SCOPES, **purchasing.SCOPES},
    # The ledger first: /funds/consistency must be found before /funds/{fund_id}.
    routers=[api_ledger.router, funds.router, purchasing.router],
    reactions=[consumers.directory],
)

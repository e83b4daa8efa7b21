"""The orders service: what it is to the runner."""

from quire_orders import consumers, consumers_invoices
from quire_orders.base import Base
from quire_orders.funds import api as funds
from quire_orders.funds import api_ledger
from quire_orders.imports import api as loads
from quire_orders.invoicing import api as invoicing
from quire_orders.purchasing import api as purchasing
from quire_orders.receiving import api as receiving
from quire_shared.service.definition import Service

service = Service(
    name="orders",
    package="quire_orders",
    title="Orders",
    metadata=Base.metadata,
    scopes={**funds.SCOPES, **purchasing.SCOPES, **receiving.SCOPES, **invoicing.SCOPES, **loads.SCOPES},
    # The ledger first: /funds/consistency must be found before /funds/{fund_id}.
    routers=[
        api_ledger.router,
        funds.router,
        purchasing.router,
        receiving.router,
        invoicing.router,
        loads.router,
    ],
    reactions=[consumers.directory, consumers_invoices.invoices],
)

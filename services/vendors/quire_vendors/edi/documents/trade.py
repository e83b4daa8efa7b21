"""QUOTES, ORDERS, ORDCHG, DESADV and OSTENQ → canonical documents (EDItEUR L.1 to L.7)."""

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message

from .body import Body
from .common import count_quantities, finish, head, resolve_prices, resolve_quantity
from .model import Claim, Despatch, Order, OrderChange, Quote


def read_quote(message: Message, profile: Profile) -> Quote:
    """QUOTES: titles that are offered or were selected; copies with branch and fund in `Line.copies`."""
    body = Body(message, profile)
    resolve_prices(body)
    resolve_quantity(body, "discrete", "ordered")
    quote = Quote.model_construct(
        **head(body),
        kind="quote",
        selection=profile.meanings.documents.get(body.code, ""),
        booking=profile.booking,
    )
    quote._message = message
    count_quantities(quote, body)
    return finish(quote, body)


def read_order(message: Message, profile: Profile) -> Order:
    """ORDERS, as the vendor simulator and the preview read them."""
    body = Body(message, profile)
    resolve_prices(body)
    resolve_quantity(body, "ordered", "discrete")
    rush = profile.meanings.documents.get(body.code) == "rush_order" or body.code == profile.order.codes.get(
        "rush_order"
    )
    order = Order.model_construct(**head(body), kind="order", rush=rush)
    order._message = message
    count_quantities(order, body)
    return finish(order, body)


def read_change(message: Message, profile: Profile) -> OrderChange:
    """ORDCHG: `Line.action` 2 cancels, 3 changes the line that `own_line` names."""
    body = Body(message, profile)
    resolve_prices(body)
    resolve_quantity(body, "ordered", "discrete")
    return finish(OrderChange.model_construct(**head(body, "change"), kind="order_change"), body)


def read_despatch(message: Message, profile: Profile) -> Despatch:
    """DESADV: what is on its way; `Line.package` names the package that holds it."""
    body = Body(message, profile)
    resolve_quantity(body, "despatched", "ordered", "discrete")
    despatch = Despatch.model_construct(**head(body), kind="despatch", packages=body.packages)
    despatch._message = message
    count_quantities(despatch, body)
    return finish(despatch, body)


def read_claim(message: Message, profile: Profile) -> Claim:
    """OSTENQ: claims of a library."""
    body = Body(message, profile)
    resolve_quantity(body, "ordered", "discrete")
    return finish(Claim.model_construct(**head(body), kind="claim"), body)

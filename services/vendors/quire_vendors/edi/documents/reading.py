"""Message → document, by the type of the message."""

from collections.abc import Callable

from quire_vendors.edi.flags import Flag
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message

from .acknowledgement import read_aperak, read_contrl
from .body import Body
from .common import head, place
from .invoice import read_invoice
from .model import AnyDocument, Unknown
from .response import read_report, read_response
from .trade import read_change, read_claim, read_despatch, read_order, read_quote

READERS: dict[str, Callable[[Message, Profile], AnyDocument]] = {
    "INVOIC": read_invoice, "QUOTES": read_quote, "ORDERS": read_order, "ORDCHG": read_change, "ORDRSP": read_response,
    "DESADV": read_despatch, "OSTENQ": read_claim, "OSTRPT": read_report, "CONTRL": read_contrl, "APERAK": read_aperak,
}  # fmt: skip


def read(message: Message, profile: Profile) -> AnyDocument:
    """The document of one message. What is odd becomes a flag; nothing that a message holds raises.

    A message of a type without a reader becomes `Unknown`, with its head and lines as far as they follow the common
    pattern.
    """
    reader = READERS.get(message.type)
    if reader is not None:
        return reader(message, profile)
    body = Body(message, profile)
    document = Unknown.model_construct(**head(body), kind="unknown")
    document._message = message
    unknown = Flag("MESSAGE_TYPE_UNKNOWN", place(body, "UNH"), {"type": message.type})
    # What is odd about its content is not said: the common pattern may not be the one of this type.
    document._flags = [*message.flags, unknown]
    return document

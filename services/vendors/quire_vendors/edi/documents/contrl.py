"""CONTRL: Quire's answer to an interchange (ISO 9735-4): received, or which messages could not be taken."""

from collections.abc import Iterable

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Interchange, Message

from .pen import Draft, Pen


def write_contrl(
    interchange: Interchange, messages: Iterable[tuple[Message, bool]], profile: Profile, number: str
) -> Draft:
    """Acknowledges an interchange; each message with whether it was taken. A refused one is answered with 18
    (unspecified error), because what is wrong with it is said in words to the library, not by a syntax code.

    `number` is the acknowledgement's own reference.
    """
    report = Flags()
    pen = Pen("CONTRL", profile, report)
    answers = list(messages)
    sender = [interchange.sender, interchange.sender_qualifier]
    recipient = [interchange.recipient, interchange.recipient_qualifier]
    refused = [message for message, taken in answers if not taken]
    action = "4" if answers and len(refused) == len(answers) else "7"
    pen.put("UCI", interchange.reference, sender, recipient, action, "18" if action == "4" else "")
    for message, taken in answers:
        kind = [message.type, message.version, message.release, message.agency, message.association]
        pen.put("UCM", message.reference, kind, "7" if taken else "4", "" if taken else "18")
    return Draft("CONTRL", number, pen.segments, report)

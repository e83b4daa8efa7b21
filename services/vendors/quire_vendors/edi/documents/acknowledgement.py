"""CONTRL (ISO 9735-4, syntax acknowledgement) and APERAK (application acknowledgement) → Acknowledgement."""

from typing import Literal

from quire_vendors.edi.flags import Flags
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message

from .body import Body
from .common import finish, head, source
from .model import Acknowledged, Acknowledgement, Fault

Outcome = Literal["accepted", "rejected", "partly", "received", "unknown"]

ACTIONS: dict[str, Outcome] = {"4": "rejected", "7": "accepted", "8": "received"}
"""DE 0083: 4 this level and all lower levels rejected; 7 acknowledged; 8 interchange received."""

SYNTAX_ERRORS = {
    "2": "syntax version or level not supported",
    "7": "interchange recipient not actual recipient",
    "12": "invalid value",
    "13": "missing",
    "14": "value not supported in this position",
    "15": "not supported in this position",
    "16": "too many constituents",
    "17": "no agreement",
    "18": "unspecified error",
    "19": "invalid decimal notation",
    "20": "character invalid as service character",
    "21": "invalid character",
    "22": "invalid service character",
    "23": "unknown interchange sender",
    "24": "too old",
    "25": "test indicator not supported",
    "26": "duplicate detected",
    "28": "references do not match",
    "29": "control count does not match number of instances received",
    "30": "groups and messages mixed",
    "32": "lower level empty",
    "33": "invalid occurrence outside message or group",
    "35": "too many data elements or repetitions",
    "36": "too many segment group repetitions",
    "37": "invalid type of character",
    "39": "data element too long",
    "40": "data element too short",
}
"""DE 0085 of ISO 9735, in words."""


def read_contrl(message: Message, profile: Profile) -> Acknowledgement:
    """CONTRL: the outcome of an interchange (UCI) and of its messages (UCM), with each fault (UCS, UCD)."""
    flags = Flags()
    document = Acknowledgement.model_construct(
        kind="acknowledgement",
        scope="syntax",
        number=message.reference,
        test=message.interchange.test,
        complete=message.complete,
        dated=message.interchange.prepared_on,
        source=source(message),
        profile=profile.profile,
        profile_version=profile.version,
        quirks=profile.quirks,
        outcome="unknown",
        acknowledged="",
        faults=[],
        messages=[],
    )
    where = "interchange"
    for segment in message.segments:
        if segment.tag == "UCI":
            document.acknowledged = segment.get(0)
            document.outcome = ACTIONS.get(segment.get(3), "unknown")
            _fault(document, segment.get(4), "interchange", segment.index)
        elif segment.tag in ("UCM", "UCF"):
            where = f"message {segment.get(0)}"
            action = segment.get(2) if segment.tag == "UCM" else segment.get(3)
            if segment.tag == "UCM":
                document.messages.append(
                    Acknowledged(
                        reference=segment.get(0),
                        type=segment.get(1),
                        outcome=ACTIONS.get(action, "unknown"),
                        code=action,
                        at=segment.index,
                    )
                )
            _fault(document, segment.get(3 if segment.tag == "UCM" else 4), where, segment.index)
        elif segment.tag == "UCS":
            _fault(document, segment.get(1), f"{where}, segment {segment.get(0)}", segment.index)
        elif segment.tag == "UCD":
            place = f"{where}, element {segment.get(1)}" + (
                f", component {segment.get(1, 1)}" if segment.get(1, 1) else ""
            )
            _fault(document, segment.get(0), place, segment.index)
    refused = [entry for entry in document.messages if entry.outcome == "rejected"]
    if document.outcome in ("accepted", "received") and refused:
        document.outcome = "partly" if len(refused) < len(document.messages) else "rejected"
    if document.outcome == "unknown":
        flags.add("ACKNOWLEDGEMENT_UNCLEAR", message.segments[0].place(message.index), what="the interchange")
    document._message = message
    document._flags = [*message.flags, *flags]
    return document


def _fault(document: Acknowledgement, code: str, place: str, at: int) -> None:
    if code:
        document.faults.append(Fault(code=code, text=SYNTAX_ERRORS.get(code, ""), place=place, at=at))


def read_aperak(message: Message, profile: Profile) -> Acknowledgement:
    """APERAK: accepted or rejected by BGM 1225 (29, 27), else by BGM 1001 (312, 313), else by the profile's ERC codes."""
    body = Body(message, profile)
    fields = head(body, "other")
    faults: list[Fault] = []
    codes: list[str] = []
    for segment in message.segments:
        if segment.tag == "ERC":
            codes.append(segment.get(0))
            faults.append(Fault(code=segment.get(0), at=segment.index))
        elif segment.tag == "FTX" and faults:
            text = " ".join(piece for piece in (segment.elements[3] if len(segment.elements) > 3 else []) if piece)
            faults[-1].text = f"{faults[-1].text} {text}".strip()
    outcome: Outcome = "unknown"
    meaning = profile.meanings.documents.get(body.code, "")
    told = {profile.acknowledge.codes.get(code) for code in codes}
    if fields["function"] in ("accepted", "not_accepted"):
        outcome = "accepted" if fields["function"] == "accepted" else "rejected"
    elif meaning == "application_error" or "rejected" in told:
        outcome = "rejected"
    elif (meaning == "acknowledgement" and not codes) or told == {"accepted"}:
        outcome = "accepted"
    acknowledged = next((entry.value for entry in body.references if entry.kind == "acknowledged"), "")
    if not acknowledged:
        acknowledged = next((entry.value for entry in body.references if entry.value), "")
    if outcome == "unknown":
        body.flags.add("ACKNOWLEDGEMENT_UNCLEAR", message.segments[0].place(message.index), what="the document")
    document = Acknowledgement.model_construct(
        **fields,
        kind="acknowledgement",
        scope="application",
        outcome=outcome,
        acknowledged=acknowledged,
        faults=faults,
        messages=[],
    )
    return finish(document, body, expects_lines=False)

"""Pure decisions of the exchange: states, what a message may become, and the keys that tell a duplicate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class FileSource(StrEnum):
    UPLOAD = "upload"
    FOLDER = "folder"
    WRITTEN = "written"


class FileState(StrEnum):
    """``stored``: kept, not read yet. ``read``: every message has its row. ``unreadable``: no message was found."""

    STORED = "stored"
    READ = "read"
    UNREADABLE = "unreadable"
    WRITTEN = "written"


class MessageState(StrEnum):
    """The life of a message (research on EDI §5.2).

    In: ``applied`` handed on; ``read`` kept and shown, nobody acts on its kind yet; ``quarantined`` waits for a
    person or for the rest of its file; ``duplicate``; ``ignored`` (test, copy, dismissed).
    Out: ``drafted`` → ``rendered`` (bytes and reference stand) → ``sent`` → ``acknowledged`` or ``rejected``;
    ``by_hand`` waits for a person to send it; ``quarantined`` can't be written or delivered as it is.
    """

    APPLIED = "applied"
    READ = "read"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    DRAFTED = "drafted"
    RENDERED = "rendered"
    SENT = "sent"
    BY_HAND = "by_hand"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"


class Cause(StrEnum):
    """Why a message waits in quarantine, or was not taken."""

    UNREADABLE = "unreadable"
    CUT_OFF = "cut_off"
    SENDER_UNKNOWN = "sender_unknown"
    SENDER_AMBIGUOUS = "sender_ambiguous"
    NEEDS_PERSON = "needs_person"
    INCOMPLETE = "incomplete"
    SAME_INTERCHANGE = "same_interchange"
    SAME_DOCUMENT = "same_document"
    TEST = "test"
    COPY = "copy"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"
    NO_EDI = "no_edi"
    NOT_WRITABLE = "not_writable"
    NOT_DELIVERED = "not_delivered"
    SENT_BEFORE = "sent_before"
    FAULT = "fault"


#: States in which a message stands for its keys: a later one with the same key is the duplicate.
STANDING = (MessageState.APPLIED, MessageState.READ, MessageState.QUARANTINED, MessageState.ACKNOWLEDGED)

#: States from which a person may read a message again. What was handed on is never handed on twice.
REPLAYABLE = frozenset({MessageState.QUARANTINED, MessageState.DUPLICATE, MessageState.IGNORED})

#: Kinds of documents whose number is given once by the vendor; others may come again under the same number.
NUMBERED_ONCE = frozenset({"invoice", "credit_note", "despatch", "quote"})

#: Functions that are never booked: a duplicate (7) and a copy (31) of something that was sent before.
NEVER_BOOKED = frozenset({"duplicate", "copy"})

#: Functions of an invoice that a person must decide: nothing is booked by them alone.
DECIDED_BY_PERSON = frozenset({"cancellation", "change", "accepted", "not_accepted", "other"})


@dataclass(frozen=True, slots=True)
class Interchanged:
    """The second key: sender and reference of the interchange, and the message's position in it.

    ``prepared`` is the date and time that the sender wrote. It belongs to the key, because there are vendors that give
    every interchange the reference 1: another time under the same reference is another interchange.
    """

    sender: str
    reference: str
    prepared: str
    position: int

    @property
    def usable(self) -> bool:
        return bool(self.sender and self.reference)


def document_key(kind: str, function: str, number: str) -> str | None:
    """The third key within a supplier: type and number; None for documents that have no number of their own.

    A replacement and a cancellation bear the number of the document that they replace: they are no duplicates of it.
    """
    if kind not in NUMBERED_ONCE or not number.strip():
        return None
    apart = function if function in ("replacement", "cancellation", "change") else "original"
    return f"{kind}:{apart}:{number.strip().casefold()}"


def message_kind(kind: str, *, credit_note: bool) -> str:
    return "credit_note" if credit_note else kind


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message: its state, the cause of a stop, and one sentence for the librarian."""

    state: MessageState
    cause: Cause | None = None
    reason: str = ""

    @property
    def hands_on(self) -> bool:
        return self.state is MessageState.APPLIED


@dataclass(frozen=True, slots=True)
class Facts:
    """What the verdict on one message is made of."""

    kind: str
    complete: bool
    test: bool
    function: str
    number: str
    vendor_id: UUID | None
    vendor_problem: str = ""
    vendor_ambiguous: bool = False
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    accepted_by_person: bool = False
    fault: str = ""


def judge(facts: Facts) -> Verdict:
    """The verdict on a message that is no duplicate. Order counts: what can't be read comes before who sent it."""
    if not facts.complete:
        return Verdict(
            MessageState.QUARANTINED,
            Cause.CUT_OFF,
            "The file ends in the middle of this message. It waits: when the whole file arrives, it is read and this"
            " one is closed by itself.",
        )
    if facts.fault:
        return Verdict(MessageState.QUARANTINED, Cause.FAULT, facts.fault)
    if facts.test:
        return Verdict(
            MessageState.IGNORED, Cause.TEST, "The sender marked the interchange as a test; nothing is booked."
        )
    if facts.function in NEVER_BOOKED:
        word = "duplicate" if facts.function == "duplicate" else "copy"
        return Verdict(
            MessageState.IGNORED,
            Cause.COPY,
            f"The sender says that this is a {word} of a document sent before; it is kept and not booked.",
        )
    if facts.vendor_id is None:
        cause = Cause.SENDER_AMBIGUOUS if facts.vendor_ambiguous else Cause.SENDER_UNKNOWN
        return Verdict(MessageState.QUARANTINED, cause, facts.vendor_problem)
    if facts.kind not in ("invoice", "credit_note"):
        if facts.problems and not facts.accepted_by_person:
            return Verdict(MessageState.QUARANTINED, Cause.NEEDS_PERSON, _joined(facts.problems))
        return Verdict(MessageState.READ)
    if facts.missing:
        return Verdict(MessageState.QUARANTINED, Cause.INCOMPLETE, _joined(facts.missing))
    if not facts.accepted_by_person:
        if facts.function in DECIDED_BY_PERSON:
            return Verdict(
                MessageState.QUARANTINED,
                Cause.NEEDS_PERSON,
                f"The vendor sends this document with the function “{facts.function.replace('_', ' ')}”. Decide"
                " whether it is to be handed to invoices.",
            )
        if facts.problems:
            return Verdict(MessageState.QUARANTINED, Cause.NEEDS_PERSON, _joined(facts.problems))
    return Verdict(MessageState.APPLIED)


def _joined(sentences: tuple[str, ...]) -> str:
    shown = sentences[:5]
    more = f" … and {len(sentences) - 5} more." if len(sentences) > 5 else ""
    return " ".join(shown) + more


def same_interchange(file_name: str, day: date) -> Verdict:
    return Verdict(
        MessageState.DUPLICATE,
        Cause.SAME_INTERCHANGE,
        f"This interchange of the sender came before, on {day.isoformat()} in “{file_name}”; nothing was done.",
    )


def same_document(kind: str, number: str, day: date) -> Verdict:
    return Verdict(
        MessageState.DUPLICATE,
        Cause.SAME_DOCUMENT,
        f"The {kind.replace('_', ' ')} {number} of this vendor came before, on {day.isoformat()}; nothing was done. If"
        " it is another one under the same number, say so and read it again.",
    )


def may_replay(state: MessageState, direction: Direction) -> str | None:
    """Why a message can't be read again, in words; None when it can."""
    if direction is Direction.OUT:
        return "This message goes out; use “send again”."
    if state not in REPLAYABLE:
        return "This message was already handed on. It is never handed on twice."
    return None

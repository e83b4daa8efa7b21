"""Bytes → messages with their documents, for a worker thread: no database, no event loop.

One bad message never stops the others: a fault of Quire itself in one message puts that message into quarantine, with
the fault in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

import structlog

from quire_shared.values.text import sort_key
from quire_vendors.edi import documents, words
from quire_vendors.edi.documents.model import Acknowledgement, AnyDocument, Invoice
from quire_vendors.edi.flags import Flag
from quire_vendors.edi.profiles import loader
from quire_vendors.edi.profiles.branch import branch_ids
from quire_vendors.edi.profiles.choose import choose
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Interchange, Message, Reading
from quire_vendors.exchange import rules, rules_vendor
from quire_vendors.exchange.invoices import InvoiceFacts, facts_of

log = structlog.get_logger()

SUPPLIER_ROLES = ("supplier", "supplier_agent", "seller")


@dataclass(frozen=True, slots=True)
class Override:
    """What a person says of one message instead of what it says itself."""

    vendor_id: UUID | None = None
    profile: str | None = None


@dataclass(slots=True)
class Taken:
    """One message as it was read, ready for the database."""

    position_in_file: int
    key: rules.Interchanged
    kind: str
    message_type: str = ""
    complete: bool = True
    test: bool = False
    number: str = ""
    dated: date | None = None
    function: str = "original"
    currency: str = ""
    stated_total: str = ""
    lines: int = 0
    recognized: rules_vendor.Recognized = field(default_factory=rules_vendor.Recognized)
    profile: str = ""
    profile_version: int = 0
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fault: str = ""
    invoice: InvoiceFacts | None = None
    acknowledged: str = ""
    outcome: str = ""
    document: dict[str, Any] | None = None
    words: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class WholeFile:
    """What is known once a file has been read to its end."""

    messages: int
    flags: list[dict[str, Any]]
    reason: str


class FileReading:
    """One reading of one file, in batches."""

    def __init__(
        self,
        data: bytes,
        directory: rules_vendor.Directory,
        day: date,
        *,
        account_id: UUID | None = None,
        only: int | None = None,
        override: Override | None = None,
    ) -> None:
        self._reading = Reading(data)
        self._directory = directory
        self._day = day
        self._account_id = account_id
        self._only = only
        self._override = override or Override()
        self._count = 0
        self._messages = self._all()

    def batch(self, size: int = 10) -> list[Taken]:
        """The next messages; empty at the end."""
        return list(islice(self._messages, size))

    def end(self) -> WholeFile:
        """What the file was, after its last message."""
        flags = self._reading.flags
        errors = [flag for flag in flags if flag.severity == "error"]
        told = " ".join(f"{flag.text} {flag.advice}" for flag in (errors or flags)[:3])
        return WholeFile(self._count, [flag_out(flag) for flag in flags[:200]], storable(told))

    def _all(self) -> Iterator[Taken]:
        interchange: Interchange | None = None
        position = 0
        for message in self._reading:
            position = position + 1 if message.interchange is interchange else 1
            interchange = message.interchange
            self._count += 1
            if self._only is None or message.index == self._only:
                yield self._take(message, position)
            if message.index == self._only:
                return

    def _take(self, message: Message, position: int) -> Taken:
        envelope = message.interchange
        key = rules.Interchanged(
            storable(envelope.sender)[:200],
            storable(envelope.reference)[:200],
            storable(f"{envelope.date}:{envelope.time}")[:40],
            position,
        )
        taken = Taken(
            message.index,
            key,
            "unknown",
            message_type=storable(message.type)[:40],
            complete=message.complete,
            test=envelope.test,
        )
        try:
            self._read(message, taken)
        except Exception as error:
            log.exception("message_not_read", message=message.index, type=message.type)
            taken.fault = f"Quire made a mistake in reading this message ({type(error).__name__}); please report it."
        return taken

    def _read(self, message: Message, taken: Taken) -> None:
        chosen = choose(message)
        document = documents.read(message, chosen)
        profile = chosen
        if self._override.vendor_id is not None:
            vendor = self._directory.get(self._override.vendor_id)
            account = rules_vendor.account_of(vendor, self._hints(message, document, chosen)) if vendor else None
            taken.recognized = rules_vendor.Recognized(vendor, account, "person")
        else:
            taken.recognized = rules_vendor.recognize(
                self._hints(message, document, chosen), self._directory, self._day
            )
        wanted = self._override.profile
        if wanted is None and taken.recognized.vendor is not None:
            wanted = rules_vendor.profile_of(taken.recognized.vendor, taken.recognized.account)
        if wanted is not None and wanted != chosen.profile:
            profile = loader.shipped(wanted)
            document = documents.read(message, profile)
        self._fill(taken, document, profile)

    def _hints(self, message: Message, document: AnyDocument, chosen: Profile) -> rules_vendor.Hints:
        suppliers = [party for party in document.parties if party.role in SUPPLIER_ROLES]
        return rules_vendor.Hints(
            sender=storable(message.interchange.sender.strip()),
            supplier_ids=tuple(party.id for party in suppliers if party.id),
            supplier_names=tuple(sort_key(party.name) for party in suppliers if party.name),
            profile=chosen.profile if chosen.status != "base" else None,
            own_ids=tuple(found.id for found in branch_ids(document, message.interchange, chosen)),
            account_id=self._account_id,
        )

    def _fill(self, taken: Taken, document: AnyDocument, profile: Profile) -> None:
        taken.profile, taken.profile_version = profile.profile, profile.version
        taken.kind = rules.message_kind(
            document.kind, credit_note=isinstance(document, Invoice) and document.credit_note
        )
        taken.test = taken.test or document.test
        taken.number = storable(document.number.strip())[:200]
        taken.dated = document.dated
        taken.function = document.function
        taken.currency = storable(document.currency)[:10]
        taken.lines = len(document.lines)
        errors = [flag for flag in document.flags if document.severity(flag) == "error"]
        taken.problems = tuple(dict.fromkeys(storable(f"{flag.text} {flag.advice}") for flag in errors))
        if document.kind == "unknown":
            taken.problems = (
                f"Quire keeps and shows messages of the type {taken.message_type or '(none)'}, but does not act on"
                " them. See to it by hand, then close it.",
                *taken.problems,
            )
        if isinstance(document, Invoice):
            found = document.reconciliation
            if found is not None and found.stated is not None:
                taken.stated_total = str(found.stated)[:60]
            vendor = taken.recognized.vendor
            taken.invoice, missing = facts_of(document, vendor.currency if vendor is not None else None)
            taken.missing = tuple(storable(sentence) for sentence in missing)
            if taken.invoice is not None:
                taken.currency = taken.invoice.head["currency"]
        if isinstance(document, Acknowledgement):
            taken.acknowledged = storable(document.acknowledged.strip())[:40]
            taken.outcome = document.outcome
        taken.document = storable(document.as_json())
        taken.words = sentences(document)


def sentences(document: AnyDocument) -> list[dict[str, Any]]:
    """The document in words; ``segments`` are the segments that a sentence was made of."""
    return [
        {"kind": sentence.kind, "text": storable(sentence.text), "segments": list(sentence.segments)}
        for sentence in words.describe(document)
    ]


def flag_out(flag: Flag) -> dict[str, Any]:
    return {
        "code": flag.code,
        "severity": flag.severity,
        "text": storable(flag.text),
        "advice": storable(flag.advice),
        "start": flag.place.start,
        "end": flag.place.end,
    }


def storable(value: Any) -> Any:
    """The value without what PostgreSQL can't hold in a text: NUL and lone surrogates become U+FFFD."""
    if isinstance(value, str):
        if "\0" in value or not value.isprintable():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
        return value
    if isinstance(value, dict):
        return {storable(key): storable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(entry) for entry in value]
    return value

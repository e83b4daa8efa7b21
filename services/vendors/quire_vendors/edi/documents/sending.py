"""Drafts → the bytes of one interchange, in the envelope that the profile asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quire_vendors.edi.flags import Flag, Place
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax import Delimiters, OutEnvelope, OutGroup, OutMessage, OutStyle, write_interchange

from .library import Account
from .pen import Draft

LINE_BREAKS: dict[str, Literal["", "\n", "\r\n"]] = {"none": "", "lf": "\n", "crlf": "\r\n"}


@dataclass(frozen=True)
class Prepared:
    """Bytes that are ready to be sent, and everything that writing them changed or left out (`report`)."""

    data: bytes
    report: list[Flag]

    @property
    def refused(self) -> bool:
        """Something in it must be corrected before it may be sent."""
        return any(flag.severity == "error" for flag in self.report)


def interchange(
    drafts: Sequence[Draft],
    profile: Profile,
    account: Account,
    reference: str,
    prepared: datetime,
    test: bool = False,
) -> Prepared:
    """One interchange with a message per draft. `prepared` is the library's local time.

    Message references are the interchange's with a number behind (DE 0062, at most 14 characters). Raises `ValueError`
    without drafts or when there are more than `order.messages_per_interchange`.
    """
    rules = profile.envelope
    if len(drafts) > profile.order.messages_per_interchange:
        raise ValueError(
            f"{profile.title} takes at most {profile.order.messages_per_interchange} messages in one interchange; "
            f"these are {len(drafts)}."
        )
    sender = account.ids.get(rules.sender_from) or account.ids.get("account", "")
    recipient = account.ids.get("vendor") or rules.recipient
    sender_qualifier = account.sender_qualifier or rules.sender_qualifier
    recipient_qualifier = account.recipient_qualifier or rules.recipient_qualifier
    group = None
    if rules.group:
        group = OutGroup(sender, recipient, reference, sender_qualifier, recipient_qualifier)
    envelope = OutEnvelope(
        sender=sender,
        recipient=recipient,
        reference=reference,
        prepared=prepared,
        sender_qualifier=sender_qualifier,
        recipient_qualifier=recipient_qualifier,
        syntax=(rules.syntax, str(rules.syntax_version)),
        password=account.password,
        application_reference=drafts[0].type if rules.application_reference == "message_type" and drafts else "",
        acknowledgement_requested=rules.acknowledgement_request,
        test=test,
        group=group,
    )
    component, element, decimal, release, _, segment = (mark.encode("ascii") for mark in rules.delimiters)
    style = OutStyle(
        una=rules.una,
        delimiters=Delimiters(
            component=component,
            element=element,
            decimal=decimal,
            release=release.strip(),
            segment=segment,
        ),
        line_break=LINE_BREAKS[rules.line_breaks],
        transliterate=rules.transliterate,
        upper_case=rules.upper_case,
    )
    messages = [
        OutMessage(
            type=draft.type,
            reference=_message_reference(reference, number),
            segments=draft.segments,
            association=rules.association,
        )
        for number, draft in enumerate(drafts, start=1)
    ]
    written = write_interchange(envelope, messages, style)
    nobody = [
        Flag("PARTY_MISSING", Place(tag="UNB"), {"who": who})
        for who, number in (("sender", sender), ("recipient", recipient))
        if not number
    ]
    return Prepared(written.data, [*nobody, *(flag for draft in drafts for flag in draft.report), *written.report])


def _message_reference(reference: str, number: int) -> str:
    tail = str(number)
    return f"{reference[: 14 - len(tail)]}{tail}" if reference else tail

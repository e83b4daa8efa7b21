"""Commands of what goes out: an order becomes a message, its bytes, and the note that it is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from quire_shared.api.problems import Conflict, NotFound
from quire_shared.contracts.orders import OrderSendRequested
from quire_shared.contracts.vendors import OrderSent
from quire_shared.database.work import Work
from quire_shared.values.ids import uuid7
from quire_vendors.directory.rules import VendorStatus
from quire_vendors.directory.tables import Vendor, VendorAccount
from quire_vendors.edi.documents.library import Account
from quire_vendors.edi.profiles import loader
from quire_vendors.edi.profiles.model import Profile
from quire_vendors.exchange import orders_out, outputs, rules_out, schemas, store, store_out
from quire_vendors.exchange.commands import tell
from quire_vendors.exchange.rules import Cause, Direction, FileSource, FileState, MessageState
from quire_vendors.exchange.tables import EdiFile, Message, MessageDocument

SEND = "vendors.send_order"


@dataclass(frozen=True, slots=True)
class House:
    """What of the settings stands in an order: the library's name, and its clock."""

    library_name: str
    zone: ZoneInfo


async def request_order(work: Work, event: OrderSendRequested) -> None:
    """Keep a part of an order; when all are there, draft its message and have it sent."""
    parts = await store_out.keep_part(work.session, event)
    if [p.part for p in parts] != list(range(1, event.parts + 1)) or any(p.parts != event.parts for p in parts):
        return
    whole = [OrderSendRequested.model_validate(p.payload) for p in parts]
    request = whole[0].model_copy(
        update={"part": 1, "parts": 1, "lines": [line for part in whole for line in part.lines]}
    )
    await store_out.forget_parts(work.session, event.order_id)
    await _draft(work, request)


async def _draft(work: Work, request: OrderSendRequested) -> None:
    earlier = await store_out.messages_of_order(work.session, request.order_id)
    vendor = await work.session.get(Vendor, request.vendor_id)
    message = work.add(
        Message(
            direction=Direction.OUT,
            state=MessageState.DRAFTED,
            kind="order",
            message_type="ORDERS",
            vendor_id=vendor.id if vendor is not None else None,
            document_number=request.number[:200],
            document_date=request.ordered_on,
            currency=request.currency,
            lines=len(request.lines),
            order_id=request.order_id,
            unit_id=request.unit_id,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    if vendor is None or vendor.status is not VendorStatus.ACTIVE:
        message.state, message.cause = MessageState.QUARANTINED, Cause.SENDER_UNKNOWN
        message.reason = "The vendor of this order is not in the directory, or is inactive. Make it active, then send."
    elif rules_out.sent_before(m.state for m in earlier):
        message.state, message.cause = MessageState.QUARANTINED, Cause.SENT_BEFORE
        message.reason = (
            "This order went to the vendor before. Sending it again tells the vendor to replace the earlier one; do"
            " so only if it has changed."
        )
    for other in earlier:
        if other.state in rules_out.NOT_GONE:
            other.state, other.cause = MessageState.IGNORED, Cause.SUPERSEDED
            other.reason = "The order was asked to be sent again before this message left; the later one counts."
            other.updated_at = work.now
    await work.session.flush()
    for other in earlier:
        work.hold(other.id)
        if other.cause is Cause.SUPERSEDED and other.updated_at == work.now:
            tell(work, other)
    work.session.add(MessageDocument(message_id=message.id, request=request.model_dump(mode="json")))
    if message.state is MessageState.DRAFTED:
        await work.enqueue(SEND, {"message_id": message.id}, unit_id=message.unit_id)
    tell(work, message)
    work.audit("exchange.draft_order", message.id, order=str(request.order_id), state=message.state.value)


async def render(work: Work, message_id: UUID, house: House) -> None:
    """Turn a drafted order into bytes under a control reference, once; or into a letter to be sent by hand."""
    message = await work.lock(Message, message_id, "message")
    if message.state is not MessageState.DRAFTED:
        return
    request = await store_out.request_of(work.session, message.id)
    row = await store.document_of(work.session, message.id)
    if request is None or row is None:
        raise NotFound(f"The message {message_id} has no order to be sent.")
    earlier = await store_out.messages_of_order(work.session, request.order_id, message.id)
    again = rules_out.sent_before(m.state for m in earlier)
    out = await _written(work, request, house, again)
    message.account_id = out.account_id
    message.updated_at = work.now
    message.attempts = 0
    row.report, row.letter = out.preview.report, out.preview.letter
    if out.preview.by_hand:
        message.state, message.cause, message.reason = MessageState.BY_HAND, Cause.NO_EDI, out.preview.reason
    elif out.preview.refused:
        message.state, message.cause = MessageState.QUARANTINED, Cause.NOT_WRITABLE
        message.reason = out.preview.reason
    else:
        message.file_id = await _keep(work, message, out)
        message.position_in_file = 1
        message.state, message.cause, message.reason = MessageState.RENDERED, None, ""
        message.profile, message.profile_version = out.preview.profile, out.profile_version
        message.function = "replacement" if again else "original"
        message.control_reference, message.file_name = out.preview.control_reference, out.preview.file_name
        message.interchange_reference = out.preview.control_reference
        message.sender, message.position = out.sender[:200], 1
        row.document, row.words = out.preview.document, [w.model_dump() for w in out.preview.words]
    await work.session.flush()
    tell(work, message)
    work.audit("exchange.render_order", message.id, state=message.state.value, reference=message.control_reference)


@dataclass(frozen=True, slots=True)
class _Out:
    preview: schemas.OrderPreview
    data: bytes
    account_id: UUID | None
    sender: str
    profile_version: int


async def _written(work: Work, request: OrderSendRequested, house: House, again: bool) -> _Out:
    """The order as it goes out; takes the next control reference when it can be sent by EDI."""
    vendor = await work.session.get(Vendor, request.vendor_id)
    if vendor is None:
        raise NotFound(f"There is no vendor with the id {request.vendor_id}.")
    account = await store_out.account_for(work.session, vendor.id, request.account_number)
    if account is None or not account.receives_edi or account.profile is None or account.folder_out is None:
        reason = f"{vendor.name} takes no orders by EDI under this account. Send the letter, then say how it was sent."
        preview = schemas.OrderPreview(
            by_hand=True,
            refused=False,
            reason=reason,
            profile="",
            file_name="",
            control_reference="",
            document=None,
            words=[],
            segments=[],
            report=[],
            letter=orders_out.letter(request, vendor.name, house.library_name),
            size=0,
        )
        return _Out(preview, b"", account.id if account is not None else None, "", 0)
    profile = loader.shipped(account.profile)
    ids = await _ids(work, vendor, account, profile)
    partner = Account(
        ids=ids,
        sender_qualifier=account.library_qualifier,
        recipient_qualifier=account.recipient_qualifier,
        account_number=account.number,
        vendor_number=account.number,
        name=house.library_name,
    )
    document = orders_out.order_document(request, again=again)
    prepared = work.now.astimezone(house.zone)
    sender = ids.get(profile.envelope.sender_from) or ids["account"]
    # Only what can be sent takes a number: the series has no gaps.
    out = orders_out.render(document, profile, partner, "1", prepared)
    reference = ""
    if not out.refused:
        reference = str(await store_out.next_reference(work.session, sender, ids["vendor"]))
        out = orders_out.render(document, profile, partner, reference, prepared)
    name = rules_out.file_name(
        profile.files.outgoing,
        {
            "type": "ORDERS",
            "reference": reference,
            "counter": reference,
            "date": prepared.strftime("%Y%m%d"),
            "suffix": profile.files.suffixes.get("order", "edi"),
        },
        profile.files.longest_name,
    )
    preview = schemas.OrderPreview(
        by_hand=False,
        refused=out.refused,
        reason=out.reason,
        profile=profile.profile,
        file_name="" if out.refused else name,
        control_reference=reference,
        document=out.document,
        words=[schemas.Sentence.model_validate(w) for w in out.words],
        segments=outputs.segments_out((out.document or {}).get("segments", []), out.data),
        report=out.report,
        letter=None,
        size=len(out.data),
    )
    return _Out(preview, out.data, account.id, sender, profile.version)


async def _ids(work: Work, vendor: Vendor, account: VendorAccount, profile: Profile) -> dict[str, str]:
    """The numbers of both partners. Our own is the account's, else the account number; the vendor's is what the account
    says, else the profile, else its SAN, else its code."""
    own = account.library_id or account.number
    recipient = account.recipient_id or profile.envelope.recipient
    return {
        "account": own[:35],
        "branch": (account.branch_id or own)[:35],
        "account_user": own[:35],
        "vendor": (recipient or await store_out.san_of(work.session, vendor.id) or vendor.code)[:35],
        "vendor_account": account.number[:35],
    }


async def _keep(work: Work, message: Message, out: _Out) -> UUID:
    digest = hashlib.sha256(out.data).digest()
    await store.keep_bytes(work.session, digest, out.data)
    file = EdiFile(
        id=uuid7(),
        direction=Direction.OUT,
        source=FileSource.WRITTEN,
        state=FileState.WRITTEN,
        name=out.preview.file_name,
        sha256=digest,
        size=len(out.data),
        account_id=out.account_id,
        received_at=work.now,
        received_by=work.actor.id[:80],
        unit_id=message.unit_id,
    )
    work.session.add(file)
    await work.session.flush()
    return file.id


async def preview_order(work: Work, request: OrderSendRequested, house: House) -> schemas.OrderPreview:
    """The order as it would be sent now: the code that sends it, rolled back by the caller."""
    earlier = await store_out.messages_of_order(work.session, request.order_id)
    out = await _written(work, request, house, rules_out.sent_before(m.state for m in earlier))
    return out.preview


async def delivered(work: Work, message_id: UUID, day: date) -> None:
    """Note that the bytes lie in the vendor's folder."""
    message = await work.lock(Message, message_id, "message")
    if not store_out.deliverable(message):
        return
    await _sent(work, message, day, message.control_reference)


async def _sent(work: Work, message: Message, day: date, reference: str) -> None:
    message.state, message.cause, message.reason = MessageState.SENT, None, ""
    message.sent_at = message.updated_at = work.now
    await work.session.flush()
    if message.order_id is not None and message.vendor_id is not None:
        work.emit(
            OrderSent(
                message_id=message.id,
                order_id=message.order_id,
                vendor_id=message.vendor_id,
                sent_on=day,
                control_reference=reference,
            ),
            message.id,
            unit_id=message.unit_id,
            aggregate_version=message.version,
        )
    tell(work, message)
    work.audit("exchange.sent", message.id, reference=reference)


async def not_delivered(work: Work, message_id: UUID, fault: str) -> None:
    """Note a failed attempt and try again later with the same bytes; after five attempts a person is told."""
    message = await work.lock(Message, message_id, "message")
    if not store_out.deliverable(message):
        return
    message.attempts += 1
    message.updated_at = work.now
    message.reason = f"Attempt {message.attempts} to deliver “{message.file_name}” failed: {fault}"
    if message.attempts >= rules_out.ATTEMPTS_BEFORE_ALARM:
        message.state, message.cause = MessageState.QUARANTINED, Cause.NOT_DELIVERED
    if message.attempts < rules_out.MOST_ATTEMPTS:
        after = work.now + rules_out.pause(message.attempts)
        await work.enqueue(SEND, {"message_id": message.id}, after=after, unit_id=message.unit_id)
    await work.session.flush()
    tell(work, message)
    work.audit("exchange.not_delivered", message.id, attempts=message.attempts)


async def send_again(work: Work, message_id: UUID) -> schemas.MessageOut:
    """Send a message: a draft in quarantine for the first time, bytes that stand as the same bytes again. Needs If-Match."""
    message = await work.lock(Message, message_id, "message")
    work.match(message, await outputs.message_out(work.session, message))
    if message.direction is not Direction.OUT:
        raise Conflict("This message came in; only what goes out can be sent.")
    if message.state in (MessageState.DRAFTED, MessageState.IGNORED):
        raise Conflict(message.reason or "This message is on its way.")
    message.state = MessageState.RENDERED if message.file_id is not None else MessageState.DRAFTED
    if message.vendor_id is None:
        await _find_vendor(work, message)
    message.cause, message.reason = None, ""
    message.attempts = 0
    message.updated_at = work.now
    await work.enqueue(SEND, {"message_id": message.id}, unit_id=message.unit_id)
    await work.session.flush()
    tell(work, message)
    work.audit("exchange.send_again", message.id)
    return await outputs.message_out(work.session, message)


async def _find_vendor(work: Work, message: Message) -> None:
    request = await store_out.request_of(work.session, message.id)
    vendor = await work.session.get(Vendor, request.vendor_id) if request is not None else None
    if vendor is None or vendor.status is not VendorStatus.ACTIVE:
        raise Conflict("The vendor of this order is not in the directory, or is inactive. Make it active first.")
    message.vendor_id = vendor.id


async def sent_by_hand(work: Work, message_id: UUID, body: schemas.SentByHandIn, today: date) -> schemas.MessageOut:
    """Note that an order was sent by hand, and how. Needs If-Match."""
    message = await work.lock(Message, message_id, "message")
    work.match(message, await outputs.message_out(work.session, message))
    if message.direction is not Direction.OUT or message.state in rules_out.GONE:
        raise Conflict("This message is not one that waits to be sent by hand.")
    if message.state not in (MessageState.BY_HAND, MessageState.QUARANTINED) or message.vendor_id is None:
        raise Conflict("This message is not one that waits to be sent by hand.")
    await _sent(work, message, body.sent_on or today, f"by hand: {body.way}"[:200])
    work.audit("exchange.sent_by_hand", message.id, way=body.way)
    return await outputs.message_out(work.session, message)

"""SQL of what goes out: parts of orders, control references, accounts, leases of folders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.contracts.orders import OrderSendRequested
from quire_vendors.directory.tables import VendorAccount, VendorIdentifier
from quire_vendors.exchange.rules import Direction, MessageState
from quire_vendors.exchange.tables import Endpoint, Message, MessageDocument, OrderPart


async def keep_part(session: AsyncSession, event: OrderSendRequested) -> list[OrderPart]:
    """Keep a part of an order; answers all parts that are there, in order.

    The first part of a new request forgets what an earlier request has left.
    """
    if event.part == 1:
        await session.execute(delete(OrderPart).where(col(OrderPart.order_id) == event.order_id))
    payload = event.model_dump(mode="json")
    values = {"order_id": event.order_id, "part": event.part, "parts": event.parts, "payload": payload}
    statement = insert(OrderPart).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id", "part"], set_={"parts": event.parts, "payload": payload}
        )
    )
    query = select(OrderPart).where(OrderPart.order_id == event.order_id).order_by(col(OrderPart.part))
    return list(await session.exec(query.execution_options(populate_existing=True)))


async def forget_parts(session: AsyncSession, order_id: UUID) -> None:
    await session.execute(delete(OrderPart).where(col(OrderPart.order_id) == order_id))


async def messages_of_order(session: AsyncSession, order_id: UUID, but: UUID | None = None) -> list[Message]:
    """Our messages of an order, the oldest first, locked."""
    query = select(Message).where(Message.order_id == order_id, Message.direction == Direction.OUT)
    if but is not None:
        query = query.where(Message.id != but)
    query = query.order_by(col(Message.id)).with_for_update().execution_options(populate_existing=True)
    return list(await session.exec(query))


async def account_for(session: AsyncSession, vendor_id: UUID, number: str | None) -> VendorAccount | None:
    """The account under which an order goes: the one named, else the first that receives EDI, else the first."""
    query = (
        select(VendorAccount)
        .where(VendorAccount.vendor_id == vendor_id, col(VendorAccount.active))
        .order_by(col(VendorAccount.receives_edi).desc(), col(VendorAccount.number))
    )
    if number:
        query = query.where(VendorAccount.number == number)
    return (await session.exec(query)).first()


async def san_of(session: AsyncSession, vendor_id: UUID) -> str | None:
    query = select(VendorIdentifier.value).where(
        VendorIdentifier.vendor_id == vendor_id, col(VendorIdentifier.scheme) == "san"
    )
    return (await session.exec(query.order_by(col(VendorIdentifier.id)))).first()


async def next_reference(session: AsyncSession, sender: str, recipient: str) -> int:
    """The next control reference between two partners: without gaps, the row stays locked until the commit."""
    row = await session.execute(
        text(
            "INSERT INTO control_series (sender, recipient, last) VALUES (:s, :r, 1)"
            " ON CONFLICT (sender, recipient) DO UPDATE SET last = control_series.last + 1 RETURNING last"
        ),
        {"s": sender[:80], "r": recipient[:80]},
    )
    return int(row.scalar_one())


async def request_of(session: AsyncSession, message_id: UUID) -> OrderSendRequested | None:
    row = await session.get(MessageDocument, message_id)
    return None if row is None or row.request is None else OrderSendRequested.model_validate(row.request)


def deliverable(message: Message) -> bool:
    """Whether the bytes of a message stand and have not reached their folder yet."""
    return bool(message.file_id) and message.state in (MessageState.RENDERED, MessageState.QUARANTINED)


async def take_lease(
    connection: AsyncConnection, account_id: UUID, holder: str, until: datetime, now: datetime
) -> bool:
    """Take or renew the lease of an account's folder; false while another worker holds it."""
    taken = await connection.execute(
        text(
            "INSERT INTO endpoint (account_id, holder, lease_until, trouble) VALUES (:a, :h, :u, '')"
            " ON CONFLICT (account_id) DO UPDATE SET holder = :h, lease_until = :u"
            " WHERE endpoint.holder = :h OR endpoint.holder IS NULL OR endpoint.lease_until < :n RETURNING 1"
        ),
        {"a": account_id, "h": holder, "u": until, "n": now},
    )
    return taken.scalar_one_or_none() is not None


async def polled(connection: AsyncConnection, account_id: UUID, holder: str, now: datetime, trouble: str) -> None:
    """Note the last look into a folder and what was wrong with it."""
    await connection.execute(
        text("UPDATE endpoint SET polled_at = :n, trouble = :t WHERE account_id = :a AND holder = :h"),
        {"a": account_id, "h": holder, "n": now, "t": trouble},
    )


async def endpoints(session: AsyncSession) -> list[tuple[VendorAccount, Endpoint | None]]:
    query = (
        select(VendorAccount, Endpoint)
        .outerjoin(Endpoint, col(Endpoint.account_id) == col(VendorAccount.id))
        .where(col(VendorAccount.active), col(VendorAccount.folder_in).is_not(None))
        .order_by(col(VendorAccount.folder_in))
    )
    return [(account, endpoint) for account, endpoint in await session.exec(query)]

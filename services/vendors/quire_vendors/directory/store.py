"""All SQL of the directory."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.values.text import sort_key
from quire_vendors.directory.rules import VendorStatus
from quire_vendors.directory.tables import Vendor, VendorAccount, VendorAlias, VendorContact, VendorIdentifier


async def code_taken(session: AsyncSession, code: str, but: UUID | None) -> bool:
    query = select(Vendor.id).where(func.lower(col(Vendor.code)) == code.lower())
    if but is not None:
        query = query.where(Vendor.id != but)
    return (await session.exec(query)).first() is not None


async def hold_numbers(session: AsyncSession) -> None:
    """Only one command at a time gives numbers, folders or codes to vendors: who has which must not change meanwhile."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('vendors.directory.numbers'))"))


async def same_numbers(session: AsyncSession, values: Collection[str], but: UUID | None) -> list[VendorIdentifier]:
    """Numbers of other vendors with one of these values."""
    if not values:
        return []
    query = select(VendorIdentifier).where(
        func.lower(col(VendorIdentifier.value)).in_(sorted({v.lower() for v in values}))
    )
    if but is not None:
        query = query.where(VendorIdentifier.vendor_id != but)
    return list(await session.exec(query))


async def folder_owner(session: AsyncSession, folder: str, but: UUID | None) -> VendorAccount | None:
    """Another active account that reads or writes in this folder."""
    query = select(VendorAccount).where(
        or_(col(VendorAccount.folder_in) == folder, col(VendorAccount.folder_out) == folder), col(VendorAccount.active)
    )
    if but is not None:
        query = query.where(VendorAccount.id != but)
    return (await session.exec(query)).first()


async def aliases(session: AsyncSession, vendor_id: UUID) -> list[VendorAlias]:
    query = select(VendorAlias).where(VendorAlias.vendor_id == vendor_id).order_by(col(VendorAlias.sort_name))
    return list(await session.exec(query))


async def identifiers(session: AsyncSession, vendor_id: UUID) -> list[VendorIdentifier]:
    query = (
        select(VendorIdentifier)
        .where(VendorIdentifier.vendor_id == vendor_id)
        .order_by(col(VendorIdentifier.scheme), col(VendorIdentifier.value), col(VendorIdentifier.id))
    )
    return list(await session.exec(query))


async def accounts(session: AsyncSession, vendor_id: UUID, who: Principal | None = None) -> list[VendorAccount]:
    """The accounts of a vendor by number; with ``who`` only those of units that they see."""
    query = select(VendorAccount).where(VendorAccount.vendor_id == vendor_id)
    if who is not None and who.units is not None:
        query = query.where(
            or_(col(VendorAccount.unit_id).is_(None), col(VendorAccount.unit_id).in_(sorted(who.units)))
        )
    return list(await session.exec(query.order_by(col(VendorAccount.number))))


async def contacts(session: AsyncSession, vendor_id: UUID) -> list[VendorContact]:
    query = select(VendorContact).where(VendorContact.vendor_id == vendor_id).order_by(col(VendorContact.name))
    return list(await session.exec(query))


async def forget_aliases(session: AsyncSession, vendor_id: UUID) -> None:
    await session.execute(delete(VendorAlias).where(col(VendorAlias.vendor_id) == vendor_id))


async def forget_identifiers(session: AsyncSession, vendor_id: UUID) -> None:
    await session.execute(delete(VendorIdentifier).where(col(VendorIdentifier.vendor_id) == vendor_id))


async def vendors_page(
    session: AsyncSession, *, q: str, status: VendorStatus | None, offset: int, limit: int
) -> tuple[list[Vendor], int]:
    """Vendors by name; ``q`` looks in code, names, aliases and numbers."""
    where: list[ColumnElement[bool]] = []
    if status is not None:
        where.append(col(Vendor.status) == status)
    if q.strip():
        key = sort_key(q)
        numbers = select(VendorIdentifier.vendor_id).where(
            col(VendorIdentifier.value).istartswith(q.strip(), autoescape=True)
        )
        choices: list[ColumnElement[bool]] = [
            col(Vendor.code).icontains(q.strip(), autoescape=True),
            col(Vendor.id).in_(numbers),
        ]
        if key:
            names = select(VendorAlias.vendor_id).where(col(VendorAlias.sort_name).contains(key, autoescape=True))
            choices += [col(Vendor.sort_name).contains(key, autoescape=True), col(Vendor.id).in_(names)]
        where.append(or_(*choices))
    total = (await session.exec(select(func.count()).select_from(Vendor).where(*where))).one()
    query = select(Vendor).where(*where).order_by(col(Vendor.sort_name), col(Vendor.id)).offset(offset).limit(limit)
    return list(await session.exec(query)), total

"""Rows of the directory as the API gives them."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_shared.access.principal import Principal
from quire_shared.values.money import Money
from quire_vendors.directory import schemas, store
from quire_vendors.directory.tables import Vendor


async def vendor_out(session: AsyncSession, vendor: Vendor, who: Principal) -> schemas.VendorOut:
    """A vendor with the accounts that ``who`` sees; whether it exchanges EDI follows from all of its accounts."""
    accounts = await store.accounts(session, vendor.id)
    amount = None
    if vendor.tolerance_amount is not None and vendor.currency is not None:
        amount = Money(vendor.tolerance_amount, vendor.currency)
    return schemas.VendorOut(
        id=vendor.id,
        version=vendor.version,
        code=vendor.code,
        name=vendor.name,
        aliases=[a.name for a in await store.aliases(session, vendor.id)],
        status=vendor.status,
        identifiers=[schemas.IdentifierOut.model_validate(i) for i in await store.identifiers(session, vendor.id)],
        currency=vendor.currency,
        tolerance_amount=amount,
        tolerance_percent=vendor.tolerance_percent,
        claim_days=vendor.claim_days,
        days_to_deliver=vendor.days_to_deliver,
        address=vendor.address,
        note=vendor.note,
        sends_edi=any(a.sends_edi for a in accounts if a.active),
        receives_edi=any(a.receives_edi for a in accounts if a.active),
        accounts=[schemas.AccountOut.model_validate(a) for a in accounts if who.sees(a.unit_id)],
    )

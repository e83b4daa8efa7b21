"""Routes of the directory."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from quire_shared.api.etag import etag
from quire_shared.api.problems import NotFound
from quire_shared.api.requests import Read, Run, Who, scope
from quire_vendors.directory import commands, schemas, store
from quire_vendors.directory.outputs import vendor_out
from quire_vendors.directory.rules import VendorStatus
from quire_vendors.directory.tables import Vendor
from quire_vendors.edi.profiles import loader

SCOPES = {
    "vendors:read": "See vendors, their accounts and terms",
    "vendors:write": "Make and change vendors and their accounts",
    "contacts:read": "See the people at vendors",
    "contacts:write": "Add people at vendors and erase them",
}

router = APIRouter(tags=["vendors"])
may_read = scope("vendors:read")
may_write = scope("vendors:write")


@router.post("/vendors", status_code=201, response_model=schemas.VendorOut, dependencies=[may_write])
async def create_vendor(body: schemas.VendorIn, run: Run) -> Response:
    """Make a vendor, with its accounts when they are given."""
    return await run(commands.create_vendor, body)


@router.get("/vendors", dependencies=[may_read])
async def list_vendors(
    read: Read,
    q: Annotated[str, Query(max_length=200)] = "",
    status: VendorStatus | None = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> schemas.VendorPage:
    """Vendors by name; q looks in codes, names and numbers."""
    rows, total = await store.vendors_page(read, q=q, status=status, offset=offset, limit=limit)
    return schemas.VendorPage(items=[schemas.VendorRow.model_validate(r) for r in rows], total=total)


@router.get("/vendors/{vendor_id}", dependencies=[may_read])
async def get_vendor(vendor_id: UUID, read: Read, who: Who, response: Response) -> schemas.VendorOut:
    """A vendor with its accounts, names and numbers."""
    vendor = await read.get(Vendor, vendor_id)
    if vendor is None:
        raise NotFound(f"There is no vendor with the id {vendor_id}.")
    response.headers["ETag"] = etag(vendor.version)
    return await vendor_out(read, vendor, who)


@router.patch("/vendors/{vendor_id}", response_model=schemas.VendorOut, dependencies=[may_write])
async def change_vendor(vendor_id: UUID, body: schemas.VendorPatch, run: Run) -> Response:
    """Change a vendor; needs If-Match."""
    return await run(commands.change_vendor, vendor_id, body)


@router.post(
    "/vendors/{vendor_id}/accounts", status_code=201, response_model=schemas.VendorOut, dependencies=[may_write]
)
async def add_account(vendor_id: UUID, body: schemas.AccountIn, run: Run) -> Response:
    """Add an account to a vendor."""
    return await run(commands.add_account, vendor_id, body)


@router.patch("/vendors/{vendor_id}/accounts/{account_id}", response_model=schemas.VendorOut, dependencies=[may_write])
async def change_account(vendor_id: UUID, account_id: UUID, body: schemas.AccountPatch, run: Run) -> Response:
    """Change an account; needs If-Match with the vendor's version."""
    return await run(commands.change_account, vendor_id, account_id, body)


@router.get("/vendors/{vendor_id}/contacts", dependencies=[scope("contacts:read")])
async def list_contacts(vendor_id: UUID, read: Read) -> schemas.ContactList:
    """The people at a vendor."""
    if await read.get(Vendor, vendor_id) is None:
        raise NotFound(f"There is no vendor with the id {vendor_id}.")
    rows = await store.contacts(read, vendor_id)
    return schemas.ContactList(items=[schemas.ContactOut.model_validate(r) for r in rows], total=len(rows))


@router.post(
    "/vendors/{vendor_id}/contacts",
    status_code=201,
    response_model=schemas.ContactMade,
    dependencies=[scope("contacts:write")],
)
async def add_contact(vendor_id: UUID, body: schemas.ContactIn, run: Run) -> Response:
    """Add a person at a vendor."""
    return await run(commands.add_contact, vendor_id, body)


@router.delete(
    "/vendors/{vendor_id}/contacts/{contact_id}",
    response_model=schemas.Erased,
    dependencies=[scope("contacts:write")],
)
async def erase_contact(vendor_id: UUID, contact_id: UUID, run: Run) -> Response:
    """Erase a person at a vendor for good."""
    return await run(commands.erase_contact, vendor_id, contact_id)


@router.get("/profiles", dependencies=[may_read])
async def list_profiles() -> schemas.ProfileList:
    """The EDI profiles that an account can have."""
    found = [loader.shipped(name) for name in loader.names()]
    rows = [schemas.ProfileRow(name=p.profile, title=p.title, version=p.version, status=p.status) for p in found]
    return schemas.ProfileList(items=rows, total=len(rows))

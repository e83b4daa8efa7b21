"""Commands of the directory. A vendor with its accounts, numbers and names is one aggregate under one version."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from quire_shared.api.problems import Fault, Invalid, NotFound
from quire_shared.contracts.vendors import VendorChanged
from quire_shared.database.work import Work
from quire_shared.values.money import Money
from quire_shared.values.text import sort_key
from quire_vendors.directory import rules, schemas, store
from quire_vendors.directory.outputs import vendor_out
from quire_vendors.directory.tables import Vendor, VendorAccount, VendorAlias, VendorContact, VendorIdentifier
from quire_vendors.edi.profiles import loader

_ACCOUNT_FIELDS = set(schemas.AccountPatch.model_fields)


async def create_vendor(work: Work, body: schemas.VendorIn) -> schemas.VendorOut:
    """Make a vendor, with its accounts when they are given. All faults are told at once."""
    await store.hold_numbers(work.session)
    faults: list[Fault] = []
    if await store.code_taken(work.session, body.code, None):
        faults.append(_code_taken(body.code))
    vendor = Vendor(
        code=body.code,
        name=body.name,
        sort_name=sort_key(body.name)[:300],
        status=body.status,
        currency=body.currency,
        tolerance_amount=body.tolerance_amount.amount if body.tolerance_amount else None,
        tolerance_percent=body.tolerance_percent,
        claim_days=body.claim_days,
        days_to_deliver=body.days_to_deliver,
        address=body.address,
        note=body.note,
        created_at=work.now,
        updated_at=work.now,
    )
    faults += _terms(body.tolerance_amount, body.currency)
    numbers = await _numbers(work, vendor, body.identifiers, faults)
    seen: set[str] = set()
    folders: set[str] = set()
    for n, account in enumerate(body.accounts):
        faults += await _account_faults(work, account, f"/accounts/{n}", None)
        if account.number in seen:
            faults.append(_number_taken(f"/accounts/{n}/number", account.number))
        for name in ("folder_in", "folder_out"):
            folder = getattr(account, name)
            if folder is not None and account.active and folder in folders:
                faults.append(_folder_taken(f"/accounts/{n}/{name}", folder))
        seen.add(account.number)
        folders |= {f for f in (account.folder_in, account.folder_out) if f and account.active}
    if faults:
        raise Invalid("The vendor was not made; what has to be mended is listed.", faults)
    work.add(vendor)
    await work.session.flush()
    _names(work, vendor, body.aliases)
    work.session.add_all(numbers)
    for account in body.accounts:
        work.session.add(VendorAccount(vendor_id=vendor.id, **account.model_dump()))
    work.audit("directory.create_vendor", vendor.id, code=vendor.code)
    return await _answer(work, vendor)


async def change_vendor(work: Work, vendor_id: UUID, body: schemas.VendorPatch) -> schemas.VendorOut:
    """Change a vendor. Needs If-Match."""
    await store.hold_numbers(work.session)
    vendor = await work.lock(Vendor, vendor_id, "vendor")
    work.match(vendor, await vendor_out(work.session, vendor, work.actor), body)
    given = body.model_dump(exclude_unset=True, exclude={"aliases", "identifiers", "tolerance_amount"})
    faults: list[Fault] = []
    for name in ("code", "name", "status", "address", "note"):
        if name in given and given[name] is None:
            faults.append(
                Fault(pointer=f"/{name}", code="needed", detail=f"A vendor needs its {name}.", fix="Give it.")
            )
    if body.code is not None and await store.code_taken(work.session, body.code, vendor.id):
        faults.append(_code_taken(body.code))
    currency = body.currency if "currency" in body.model_fields_set else vendor.currency
    tolerance = body.tolerance_amount
    if "tolerance_amount" not in body.model_fields_set and vendor.tolerance_amount is not None and vendor.currency:
        tolerance = Money(vendor.tolerance_amount, vendor.currency)
    faults += _terms(tolerance, currency)
    numbers = None
    if body.identifiers is not None:
        numbers = await _numbers(work, vendor, body.identifiers, faults)
    if faults:
        raise Invalid("The vendor was not changed; what has to be mended is listed.", faults)
    for name, value in given.items():
        setattr(vendor, name, value)
    vendor.sort_name = sort_key(vendor.name)[:300]
    vendor.tolerance_amount = tolerance.amount if tolerance else None
    if body.aliases is not None:
        await store.forget_aliases(work.session, vendor.id)
        _names(work, vendor, body.aliases)
    if numbers is not None:
        await store.forget_identifiers(work.session, vendor.id)
        work.session.add_all(numbers)
    work.audit("directory.change_vendor", vendor.id, fields=sorted(body.model_fields_set))
    return await _answer(work, vendor)


async def add_account(work: Work, vendor_id: UUID, body: schemas.AccountIn) -> schemas.VendorOut:
    """Add an account to a vendor."""
    await store.hold_numbers(work.session)
    vendor = await work.lock(Vendor, vendor_id, "vendor")
    faults = await _account_faults(work, body, "", None)
    if any(a.number == body.number for a in await store.accounts(work.session, vendor.id)):
        faults.append(_number_taken("/number", body.number))
    if faults:
        raise Invalid("The account was not made; what has to be mended is listed.", faults)
    account = VendorAccount(vendor_id=vendor.id, **body.model_dump())
    work.session.add(account)
    work.audit("directory.add_account", vendor.id, account=str(account.id))
    return await _answer(work, vendor)


async def change_account(
    work: Work, vendor_id: UUID, account_id: UUID, body: schemas.AccountPatch
) -> schemas.VendorOut:
    """Change an account. Needs If-Match with the vendor's version."""
    await store.hold_numbers(work.session)
    vendor = await work.lock(Vendor, vendor_id, "vendor")
    account = await work.lock(VendorAccount, account_id, "account")
    if account.vendor_id != vendor.id:
        raise NotFound(f"This vendor has no account with the id {account_id}.")
    work.match(vendor, await vendor_out(work.session, vendor, work.actor))
    current = {name: getattr(account, name) for name in _ACCOUNT_FIELDS}
    wanted = {**current, **body.model_dump(exclude_unset=True)}
    faults = [
        Fault(pointer=f"/{name}", code="needed", detail="This can be changed, but not taken away.", fix="Give a value.")
        for name, value in wanted.items()
        if value is None and name not in ("profile", "folder_in", "folder_out")
    ]
    if not faults:
        merged = schemas.AccountIn.model_validate({**wanted, "unit_id": account.unit_id})
        faults = await _account_faults(work, merged, "", account.id)
        others = [a for a in await store.accounts(work.session, vendor.id) if a.id != account.id]
        if any(a.number == merged.number for a in others):
            faults.append(_number_taken("/number", merged.number))
    if faults:
        raise Invalid("The account was not changed; what has to be mended is listed.", faults)
    for name, value in wanted.items():
        setattr(account, name, value)
    work.audit("directory.change_account", vendor.id, account=str(account.id), fields=sorted(body.model_fields_set))
    return await _answer(work, vendor)


async def add_contact(work: Work, vendor_id: UUID, body: schemas.ContactIn) -> schemas.ContactMade:
    """Add a person at the vendor. Answer and audit entry hold the id only: both are kept when the person is erased."""
    await work.lock(Vendor, vendor_id, "vendor")
    contact = VendorContact(vendor_id=vendor_id, **body.model_dump())
    work.session.add(contact)
    work.audit("directory.add_contact", vendor_id, contact=str(contact.id))
    return schemas.ContactMade(id=contact.id)


async def erase_contact(work: Work, vendor_id: UUID, contact_id: UUID) -> schemas.Erased:
    """Erase a person at the vendor: the row is deleted, no event and no audit entry ever held its content."""
    contact = await work.lock(VendorContact, contact_id, "contact")
    if contact.vendor_id != vendor_id:
        raise NotFound(f"This vendor has no contact with the id {contact_id}.")
    await work.session.delete(contact)
    work.audit("directory.erase_contact", vendor_id, contact=str(contact_id))
    return schemas.Erased(id=contact_id)


async def _answer(work: Work, vendor: Vendor) -> schemas.VendorOut:
    """Count the aggregate's version up, say what it is now, answer it."""
    vendor.updated_at = work.now
    await work.session.flush()
    accounts = [a for a in await store.accounts(work.session, vendor.id) if a.active]
    work.emit(
        VendorChanged(
            vendor_id=vendor.id,
            code=vendor.code,
            name=vendor.name,
            status=vendor.status,
            currency=vendor.currency,
            sends_edi=any(a.sends_edi for a in accounts),
            receives_edi=any(a.receives_edi for a in accounts),
            tolerance_amount=Money(vendor.tolerance_amount, vendor.currency)
            if vendor.tolerance_amount is not None and vendor.currency
            else None,
            tolerance_percent=vendor.tolerance_percent,
            days_to_deliver=vendor.days_to_deliver,
        ),
        vendor.id,
        aggregate_version=vendor.version,
    )
    return await vendor_out(work.session, vendor, work.actor)


def _names(work: Work, vendor: Vendor, aliases: Sequence[str]) -> None:
    keys: set[str] = set()
    for name in aliases:
        key = sort_key(name)[:300]
        if key and key not in keys:
            keys.add(key)
            work.session.add(VendorAlias(vendor_id=vendor.id, name=name, sort_name=key))


async def _numbers(
    work: Work, vendor: Vendor, given: Sequence[schemas.IdentifierIn], faults: list[Fault]
) -> list[VendorIdentifier]:
    rows = []
    for n, entry in enumerate(given):
        value: str | None = entry.value
        if entry.scheme is rules.IdentifierScheme.SAN:
            value = rules.normalize_san(entry.value)
        elif entry.scheme is rules.IdentifierScheme.GLN:
            value = rules.normalize_gln(entry.value)
        if value is None:
            faults.append(
                Fault(
                    pointer=f"/identifiers/{n}/value",
                    code="check_digit",
                    detail=f"{entry.value} is no valid {entry.scheme.upper()}: its check digit or length is wrong.",
                    fix="Compare it with the vendor's papers.",
                )
            )
            continue
        rows.append(VendorIdentifier(vendor_id=vendor.id, **{**entry.model_dump(), "value": value}))
    taken = await store.same_numbers(work.session, [r.value for r in rows], vendor.id)
    faults += [
        Fault(**_plain(w)) for w in rules.number_faults([_numbered(r) for r in rows], [_numbered(t) for t in taken])
    ]
    return rows


def _numbered(row: VendorIdentifier) -> rules.Numbered:
    return rules.Numbered(row.vendor_id, row.scheme, row.value, row.valid_from, row.valid_to)


def _plain(wrong: rules.Wrong, before: str = "") -> dict[str, str]:
    return {"pointer": before + wrong.pointer, "code": wrong.code, "detail": wrong.detail, "fix": wrong.fix}


async def _account_faults(work: Work, body: schemas.AccountIn, before: str, but: UUID | None) -> list[Fault]:
    faults = [
        Fault(**_plain(w, before))
        for w in rules.account_faults(
            profile=body.profile,
            profiles=loader.names(),
            folder_in=body.folder_in,
            folder_out=body.folder_out,
            sends_edi=body.sends_edi,
            receives_edi=body.receives_edi,
        )
    ]
    if not work.actor.sees(body.unit_id):
        faults.append(
            Fault(
                pointer=f"{before}/unit_id",
                code="unit_not_yours",
                detail="You do not work for this unit.",
                fix="Choose your unit.",
            )
        )
    if body.active:
        for name in ("folder_in", "folder_out"):
            folder = getattr(body, name)
            if folder is not None and await store.folder_owner(work.session, folder, but) is not None:
                faults.append(_folder_taken(f"{before}/{name}", folder))
    return faults


def _terms(tolerance: Money | None, currency: str | None) -> list[Fault]:
    if tolerance is None:
        return []
    if currency is None or tolerance.currency != currency:
        return [
            Fault(
                pointer="/tolerance_amount",
                code="other_currency",
                detail=f"The tolerance is in {tolerance.currency}, the vendor's currency is {currency or 'not set'}.",
                fix="Give both in the same currency.",
            )
        ]
    if tolerance.amount < 0:
        return [
            Fault(
                pointer="/tolerance_amount",
                code="below_zero",
                detail="A tolerance is not below zero.",
                fix="Give the amount without a sign.",
            )
        ]
    return []


def _code_taken(code: str) -> Fault:
    return Fault(
        pointer="/code",
        code="code_taken",
        detail=f"There is a vendor with the code “{code}”.",
        fix="Choose another code.",
    )


def _number_taken(pointer: str, number: str) -> Fault:
    return Fault(
        pointer=pointer,
        code="account_number_taken",
        detail=f"This vendor has an account with the number {number}.",
        fix="Change the account that is there, or correct the number.",
    )


def _folder_taken(pointer: str, folder: str) -> Fault:
    return Fault(
        pointer=pointer,
        code="folder_taken",
        detail=f"Another account uses the folder “{folder}”.",
        fix="Give each account its own folders.",
    )


async def remember_sender(work: Work, vendor_id: UUID, sender: str) -> None:
    """Add the id of a sender of interchanges to a vendor, so that its next files are recognized."""
    await store.hold_numbers(work.session)
    vendor = await work.lock(Vendor, vendor_id, "vendor")
    row = VendorIdentifier(vendor_id=vendor.id, scheme=rules.IdentifierScheme.SENDER, value=sender[:80])
    held = await store.identifiers(work.session, vendor.id)
    if any(h.scheme == row.scheme and h.value.casefold() == row.value.casefold() for h in held):
        return
    taken = await store.same_numbers(work.session, [row.value], vendor.id)
    faults = rules.number_faults([_numbered(row)], [_numbered(t) for t in taken])
    if faults:
        raise Invalid("The sender can't be remembered.", [Fault(**_plain(w)) for w in faults])
    work.session.add(row)
    work.audit("directory.remember_sender", vendor.id)
    await _answer(work, vendor)

"""The job that sends an order: bytes once, then delivery, then the note that it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quire_shared.jobs.worker import Job
from quire_shared.values import clock
from quire_vendors.directory.tables import VendorAccount
from quire_vendors.exchange import commands_out, store, store_out
from quire_vendors.exchange.tables import EdiFile, Message
from quire_vendors.settings import EdiSettings
from quire_vendors.transport import delivery


async def send_order(job: Job) -> Mapping[str, Any]:
    """Render an order if it has no bytes yet, then put them into the vendor's folder.

    When the process dies between the rename and the commit, the next run finds the file, or writes the same bytes under
    the same name and reference again.
    """
    if job.runtime is None:
        raise RuntimeError("This job needs the settings of a running service.")
    message_id = UUID(job.arguments["message_id"])
    settings = job.runtime.settings
    house = commands_out.House(settings.library_name, settings.zone)
    await job.database.run(commands_out.render, message_id, house)
    async with job.database.read() as session:
        message = await session.get(Message, message_id)
        if message is None or not store_out.deliverable(message):
            return {"delivered": False}
        file = await session.get(EdiFile, message.file_id)
        account = await session.get(VendorAccount, message.account_id) if message.account_id else None
        if file is None or account is None or account.folder_out is None:
            fault = "The account of this order has no folder for what goes out."
            name, folder, data = "", "", b""
        else:
            fault, name, folder = "", message.file_name, account.folder_out
            data = await store.raw(session, file)
    try:
        if fault:
            raise delivery.NotDelivered(fault)
        await asyncio.to_thread(delivery.put, EdiSettings().root(settings), folder, name, data)
    except delivery.NotDelivered as error:
        await job.database.run(commands_out.not_delivered, message_id, str(error))
        return {"delivered": False, "reason": str(error)}
    await job.database.run(commands_out.delivered, message_id, clock.today(settings.time_zone))
    return {"delivered": True, "file": name}

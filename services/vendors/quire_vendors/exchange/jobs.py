"""Jobs of the exchange: reading a file that was stored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quire_shared.database.run import Database
from quire_shared.jobs.worker import Job
from quire_vendors.exchange import commands, store
from quire_vendors.exchange.reading import FileReading, Override, Taken
from quire_vendors.exchange.rules import FileState
from quire_vendors.exchange.tables import EdiFile, Message


async def read_file(job: Job) -> Mapping[str, Any]:
    """Read a file in a worker thread, message by message; each is a transaction of its own, taken once."""
    file_id = UUID(job.arguments["file_id"])
    async with job.database.read() as session:
        file = await session.get(EdiFile, file_id)
        if file is None or file.state is not FileState.STORED:
            return {"messages": 0}
        data = await store.raw(session, file)
        directory = await store.directory(session)
        session.expunge(file)
    reading = FileReading(data, directory, commands.received_on(file), account_id=file.account_id)
    done = 0
    while batch := await asyncio.to_thread(reading.batch):
        for taken in batch:
            await job.database.run(commands.take_message, file_id, taken)
        done += len(batch)
        await job.progress(done, words=f"{done} messages of “{file.name}” read")
    await job.database.run(commands.finish_file, file_id, reading.end())
    return {"messages": done}


async def reread(database: Database, message: Message, override: Override) -> Taken | None:
    """Read one message of a file again, outside of any transaction; None when the file has no such message."""
    async with database.read() as session:
        file = await session.get(EdiFile, message.file_id)
        if file is None or not message.position_in_file:
            return None
        data = await store.raw(session, file)
        directory = await store.directory(session)
        session.expunge(file)
    reading = FileReading(
        data,
        directory,
        commands.received_on(file),
        account_id=file.account_id,
        only=message.position_in_file,
        override=override,
    )
    batch = await asyncio.to_thread(reading.batch, 1)
    return batch[0] if batch else None

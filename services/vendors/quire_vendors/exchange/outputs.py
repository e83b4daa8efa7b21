"""Rows of the exchange as the API gives them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_vendors.exchange import schemas, store
from quire_vendors.exchange.tables import EdiFile, Message, MessageDocument


async def file_out(session: AsyncSession, file: EdiFile) -> schemas.FileOut:
    """A file with the number of its messages by state."""
    states = await store.states_of_file(session, file.id)
    return schemas.FileOut(
        **file.model_dump(exclude={"sha256", "received_by"}),
        sha256=file.sha256.hex(),
        messages=dict(states),
    )


async def message_out(session: AsyncSession, message: Message) -> schemas.MessageOut:
    """A message with its document, its words and, for what goes out, its report and letter."""
    row = await store.document_of(session, message.id) or MessageDocument(message_id=message.id)
    return schemas.MessageOut(
        **schemas.MessageRow.model_validate(message).model_dump(),
        document=row.document,
        words=[schemas.Sentence.model_validate(sentence) for sentence in row.words],
        report=row.report,
        letter=row.letter,
    )


def segments_out(provenance: Sequence[Sequence[object]], data: bytes) -> list[schemas.SegmentOut]:
    """The segments of a document from its provenance (tag, start, end) and the raw bytes of its file."""
    found = []
    for index, (tag, start, end) in enumerate(provenance):
        if isinstance(start, int) and isinstance(end, int):
            text = data[start:end].decode("utf-8", errors="replace")
            found.append(schemas.SegmentOut(index=index, tag=str(tag), text=text, start=start, end=end))
    return found

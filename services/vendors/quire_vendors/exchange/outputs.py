"""Rows of the exchange as the API gives them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from quire_vendors.exchange import schemas, store
from quire_vendors.exchange.tables import EdiFile, Message, MessageDocument


async def file_out(session: AsyncSession, file: EdiFile) -> schemas.FileOut:
    """A file with the number of its messages by state."""
    return (await files_out(session, [file]))[0]


async def files_out(session: AsyncSession, files: Sequence[EdiFile]) -> list[schemas.FileOut]:
    """Files with the number of their messages by state, in one statement."""
    states = await store.states_of_files(session, [file.id for file in files])
    return [
        schemas.FileOut(
            **file.model_dump(exclude={"sha256", "received_by"}),
            sha256=file.sha256.hex(),
            messages=states.get(file.id, {}),
        )
        for file in files
    ]


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
            found.append(
                schemas.SegmentOut(index=index, tag=str(tag), text=_shown(data[start:end]), start=start, end=end)
            )
    return found


def _shown(raw: bytes) -> str:
    """Bytes as text for the eye: UTF-8 when they are, else ISO 8859-1, in which every byte is a character."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

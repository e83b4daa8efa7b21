"""The envelope: CloudEvents 1.0 in binary mode, its attributes in the headers of the record (CloudEvents Kafka binding §3.2)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from quire_shared.contracts.base import Event, read_event
from quire_shared.events.bus.base import Record

SPEC_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: who, in which conversation, set off by what."""

    actor: str = "system"
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it was received, with where it came from."""

    event_id: uuid.UUID
    type: str
    version: int
    source: str
    time: datetime
    key: str
    cause: Cause
    unit_id: uuid.UUID | None
    aggregate_version: int | None
    record: Record = field(repr=False)

    def event(self) -> Event:
        """Read the payload. Raises ``UnknownEvent``, ``ValidationError`` or ``ValueError`` for bytes that are no JSON."""
        payload: dict[str, Any] = orjson.loads(self.record.value)
        return read_event(self.type, self.version, payload)


def headers_for(
    event: Event,
    event_id: uuid.UUID,
    source: str,
    now: datetime,
    cause: Cause,
    unit_id: uuid.UUID | None,
    aggregate_version: int | None,
) -> dict[str, str]:
    """The headers of an outgoing event."""
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_source": f"/quire/{source}",
        "ce_type": event.type,
        "ce_time": now.isoformat(),
        "ce_dataversion": str(event.version),
        "ce_actor": cause.actor,
        "content-type": "application/json",
    }
    optional = {
        "ce_correlationid": cause.correlation_id,
        "ce_causationid": cause.causation_id,
        "traceparent": cause.traceparent,
        "ce_unit": str(unit_id) if unit_id else None,
        "ce_aggregateversion": str(aggregate_version) if aggregate_version is not None else None,
    }
    headers.update({k: v for k, v in optional.items() if v is not None})
    return headers


def open_envelope(record: Record) -> Envelope:
    """Read the headers of a record. Raises ``ValueError`` when it is not one of ours."""
    h = record.headers
    try:
        return Envelope(
            event_id=uuid.UUID(h["ce_id"]),
            type=h["ce_type"],
            version=int(h["ce_dataversion"]),
            source=h["ce_source"],
            time=datetime.fromisoformat(h["ce_time"]),
            key=record.key,
            cause=Cause(
                actor=h.get("ce_actor", "system"),
                correlation_id=h.get("ce_correlationid"),
                causation_id=h.get("ce_causationid"),
                traceparent=h.get("traceparent"),
            ),
            unit_id=uuid.UUID(h["ce_unit"]) if "ce_unit" in h else None,
            aggregate_version=int(h["ce_aggregateversion"]) if "ce_aggregateversion" in h else None,
            record=record,
        )
    except KeyError as missing:
        raise ValueError(f"a record without the header {missing} is not a Quire event") from None

"""The catalogue of metrics. Whatever is measured is declared here, with what it means; nothing else is exported."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

OUTBOX_UNPUBLISHED = Gauge(
    "quire_outbox_unpublished", "Committed events that have not reached the bus yet.", ["service"], registry=REGISTRY
)
RELAY_PUBLISHED = Counter(
    "quire_relay_published", "Events that the relay has given to the bus.", ["service"], registry=REGISTRY
)
CONSUMER_LAG = Gauge(
    "quire_consumer_lag",
    "Records between a consumer's stored offsets and the end of the log.",
    ["consumer"],
    registry=REGISTRY,
)
CONSUMER_APPLIED = Counter(
    "quire_consumer_applied", "Events whose effects were committed.", ["consumer"], registry=REGISTRY
)
CONSUMER_DUPLICATES = Counter(
    "quire_consumer_duplicates",
    "Events that the inbox dropped because they came twice.",
    ["consumer"],
    registry=REGISTRY,
)
CONSUMER_PARKED = Counter(
    "quire_consumer_parked", "Events put aside because they could not be applied.", ["consumer"], registry=REGISTRY
)
COMMAND_RETRIES = Counter(
    "quire_command_retries", "Commands run again after a deadlock or a serialization failure.", registry=REGISTRY
)
HTTP_REQUESTS = Histogram(
    "quire_http_request_seconds",
    "Time to the end of the answer, in seconds.",
    ["service", "method", "route", "status"],
    registry=REGISTRY,
)

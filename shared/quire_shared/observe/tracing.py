"""Traces by OpenTelemetry, sent when a collector is set; otherwise the API's own no-op tracer costs nothing.

Trace context follows the work in the W3C header ``traceparent`` (Trace Context, level 1): through HTTP, and in the
headers of events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attribute = str | int | float | bool

_propagator = TraceContextTextMapPropagator()
_providers: dict[str, TracerProvider] = {}


def configure(service: str, endpoint: str | None, exporter: SpanExporter | None = None) -> None:
    """Send a service's spans to an OTLP/HTTP collector, for instance ``http://localhost:4318``.

    Without an endpoint (or an exporter of a test's own) nothing is recorded or sent. Several services of one process
    each have their own provider. Configured again, a service's earlier spans are sent first.
    """
    close(service)
    if exporter is None:
        if endpoint is None:
            return
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider = TracerProvider(resource=Resource.create({"service.name": f"quire-{service}"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _providers[service] = provider


def close(service: str) -> None:
    """Send what is left of a service's spans and end its exporter."""
    provider = _providers.pop(service, None)
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(
    service: str, name: str, headers: Mapping[str, str] | None = None, **attributes: Attribute
) -> Iterator[trace.Span]:
    """Measure a piece of work; ``headers`` with a ``traceparent`` continue the trace of whoever caused it.

    An exception is recorded on the span and goes on. Attributes never hold a secret or a person's name.
    """
    parent = None if headers is None else _propagator.extract(headers)
    provider = _providers.get(service)
    if provider is None:
        # Nothing is recorded, but a caller's trace still passes through to whatever this work causes.
        token = context.attach(parent) if parent is not None else None
        try:
            yield trace.get_current_span()
        finally:
            if token is not None:
                context.detach(token)
        return
    with provider.get_tracer("quire").start_as_current_span(name, parent, attributes=attributes) as current:
        yield current


def traceparent() -> str | None:
    """Return the ``traceparent`` of the current work for outgoing headers; None outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")

"""Traces: sent when set, continued over a header, and nothing at all otherwise."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from quire_shared.observe import tracing

# The example of W3C Trace Context, section 3.2.
HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4736


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.configure("orders", None, exporter)
    yield exporter
    tracing.close("orders")


def test_spans_nest_and_carry_the_service(exporter: InMemorySpanExporter) -> None:
    with tracing.span("orders", "open order", lines=3), tracing.span("orders", "encumber"):
        pass
    tracing._providers["orders"].force_flush()
    inner, outer = exporter.get_finished_spans()
    assert outer.name == "open order"
    assert outer.attributes == {"lines": 3}
    assert outer.resource.attributes["service.name"] == "quire-orders"
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id


def test_a_header_continues_the_trace_and_goes_on(exporter: InMemorySpanExporter) -> None:
    with tracing.span("orders", "apply", {"traceparent": HEADER}):
        onward = tracing.traceparent()
    assert onward is not None
    assert onward.split("-")[1] == HEADER.split("-")[1]
    assert onward.split("-")[2] != HEADER.split("-")[2]
    tracing._providers["orders"].force_flush()
    [finished] = exporter.get_finished_spans()
    assert finished.context.trace_id == TRACE


def test_an_exception_is_recorded_and_goes_on(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(KeyError), tracing.span("orders", "fails"):
        raise KeyError("missing")
    tracing._providers["orders"].force_flush()
    [finished] = exporter.get_finished_spans()
    assert not finished.status.is_ok
    assert finished.events[0].name == "exception"


def test_without_a_collector_nothing_is_recorded_but_a_callers_trace_passes_through() -> None:
    tracing.configure("usage", None)
    with tracing.span("usage", "harvest") as current:
        assert not current.is_recording()
        assert tracing.traceparent() is None
    with tracing.span("usage", "harvest", {"traceparent": HEADER}):
        assert tracing.traceparent() == HEADER
    assert tracing.traceparent() is None

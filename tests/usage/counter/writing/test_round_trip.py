"""What is written is read back the same: every release, report, attribute choice and format."""

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quire_usage.counter.model import Header, Record
from quire_usage.counter.reading import open_report
from quire_usage.counter.writing import write
from quire_usage.counter.writing.report import Format
from tests.usage.counter.writing.strategies import Made, made_reports


def _written(made: Made, form: Format) -> bytes:
    file = io.BytesIO()
    write(made.header, made.records, form, file)
    return file.getvalue()


def _read(data: bytes) -> tuple[Header, list[Record]]:
    with open_report(data) as reading:
        records = list(reading)
        assert reading.quarantined == []
        return reading.header, records


def _comparable(header: Header) -> Header:
    """All that a header says; what it was found in (format, raw) is no content."""
    return replace(header, format="", raw={})


def _content(records: list[Record]) -> list[Record]:
    return [replace(record, place=0) for record in records]


@pytest.mark.parametrize("form", ["json", "tsv", "csv", "xlsx"])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_write_then_read_is_the_identity(form: Format, data: st.DataObject) -> None:
    made = data.draw(made_reports("json" if form == "json" else "tabular"))
    header, records = _read(_written(made, form))
    assert header.format == form
    assert _comparable(header) == made.header
    read, written = _content(records), _content(made.records)
    if form == "json":
        # items of one parent stand together, so the order may differ; nothing else may
        read.sort(key=repr)
        written.sort(key=repr)
    assert read == written

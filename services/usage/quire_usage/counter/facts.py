"""Records as flat rows, one per metric and month, for CSV, Parquet and other programs."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from quire_usage.counter.model import Header, Record

_TEXTS = (
    "report_id", "release", "institution", "platform", "name", "publisher", "doi", "proprietary_id", "isbn",
    "print_issn", "online_issn", "uri", "parent", "component", "data_type", "section_type", "yop", "access_type",
    "access_method", "format", "extensions", "metric", "month",
)  # fmt: skip
COLUMNS = (*_TEXTS, "count")
"""Columns of a flat row. `extensions` is a JSON object; `month` is yyyy-mm, or `totals` in a report without months."""

_BATCH = 50_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def flat_rows(header: Header, records: Iterable[Record]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of COLUMNS; zero counts are left out as in COUNTER itself."""
    report = (header.report_id, header.release, header.institution_name)
    for record in records:
        ids = {kind: "|".join(values) for kind, values in record.identifiers.items()}
        item = (
            record.platform,
            record.name,
            record.publisher,
            *(ids.get(kind, "") for kind in ("DOI", "Proprietary", "ISBN", "Print_ISSN", "Online_ISSN", "URI")),
            record.parent.name if record.parent is not None else "",
        )
        attributes = (
            record.data_type,
            record.section_type,
            record.yop,
            record.access_type,
            record.access_method,
            record.format,
            json.dumps(record.extensions, ensure_ascii=False) if record.extensions else "",
        )
        counted = [("", record.counts), *((component.name, component.counts) for component in record.components)]
        for component, counts in counted:
            for metric, months in counts.items():
                for month, count in months.items():
                    if count:
                        yield (*report, *item, component, *attributes, metric, month, count)


def write_csv(rows: Iterable[tuple[Any, ...]], file: TextIO) -> None:
    """CSV for spreadsheets. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])


def _harmless(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_parquet(rows: Iterable[tuple[Any, ...]], path: str) -> int:
    """One Parquet file, written in batches; the number of rows. Texts are exact: no program runs them as formulas."""
    schema = pa.schema([*((name, pa.string()) for name in _TEXTS), ("count", pa.int64())])
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            batch.append(row)
            if len(batch) >= _BATCH:
                writer.write_table(_table(batch, schema))
                written += len(batch)
                batch = []
        writer.write_table(_table(batch, schema))
        return written + len(batch)


def _table(batch: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*batch, strict=True)) if batch else [()] * len(COLUMNS)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)

"""Writing COUNTER reports of releases 5 and 5.1 as JSON, TSV or XLSX, in one pass over the records."""

from quire_usage.counter.writing.report import FORMATS, Format, NotWritable, write

__all__ = ["FORMATS", "Format", "NotWritable", "write"]

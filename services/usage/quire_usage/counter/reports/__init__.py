"""Verdicts for people and programs: HTML that can be sent to a vendor, XLSX, JSON and plain text."""

from quire_usage.counter.reports.judged import Judged
from quire_usage.counter.reports.page import html_page
from quire_usage.counter.reports.plain import plain_text, to_json
from quire_usage.counter.reports.workbook import write_workbook

__all__ = ["Judged", "html_page", "plain_text", "to_json", "write_workbook"]

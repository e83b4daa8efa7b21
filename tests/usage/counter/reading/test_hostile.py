"""Input that means harm, or that is no report at all, is refused within limits and in words."""

from __future__ import annotations

import io
import json
import resource
import zipfile
from pathlib import Path

import pytest

from quire_usage.counter.model import Level
from quire_usage.counter.reading import Limits, NotReadable, open_report

HEADER_JSON = {
    "Report_Name": "Title Report",
    "Report_ID": "TR",
    "Release": "5.1",
    "Institution_Name": "Test University",
    "Institution_ID": {"ISNI": ["1234123412341234"]},
    "Report_Filters": {"Begin_Date": "2024-01-01", "End_Date": "2024-02-29"},
    "Created": "2024-03-01T00:00:00Z",
    "Created_By": "Test",
    "Registry_Record": "",
}
ITEM = {
    "Title": "A",
    "Item_ID": {"DOI": "10.9999/a"},
    "Publisher": "P",
    "Platform": "X",
    "Attribute_Performance": [
        {"Data_Type": "Journal", "Performance": {"No_License": {"2024-01": 1}}},
    ],
}


def drain(data: bytes | Path, limits: Limits | None = None) -> tuple[int, Level, set[str]]:
    with open_report(data, limits=limits) as reading:
        records = sum(1 for _ in reading)
        return records, reading.level, {finding.code for finding in reading.findings}


def refused(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(NotReadable) as caught:
        drain(data, limits)
    return str(caught.value)


def workbook(sheet: bytes, extra: dict[str, bytes] | None = None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr(
            "xl/workbook.xml",
            '<workbook xmlns:r="urn:r"><sheets><sheet name="TR" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, data in (extra or {}).items():
            book.writestr(name, data)
    return packed.getvalue()


def test_a_workbook_that_unpacks_beyond_reason_is_not_opened() -> None:
    bomb = workbook(b"<worksheet><sheetData>" + b" " * (64 * 1024**2) + b"</sheetData></worksheet>")
    assert len(bomb) < 200_000
    assert "unpacks from" in refused(bomb)


def test_xml_entities_in_a_workbook_are_refused() -> None:
    entities = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><styleSheet>&b;</styleSheet>'
    assert "entities" in refused(workbook(b"<worksheet/>", {"xl/styles.xml": entities}))


def test_xml_entities_in_a_sushi_answer_are_refused() -> None:
    entities = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaa">]><ReportResponse>&a;</ReportResponse>'
    assert refused(entities)


def test_json_without_end_stops_at_the_limit() -> None:
    class Endless(io.RawIOBase):
        """A report whose items never end: what a generated stream of 10 GB looks like from here."""

        def __init__(self) -> None:
            head = json.dumps({"Report_Header": HEADER_JSON})[:-1] + ', "Report_Items": ['
            self._ready = head.encode()
            self._more = (json.dumps(ITEM) + ",").encode() * 1000
            self.given = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            while len(self._ready) < size:
                self._ready += self._more
            part, self._ready = self._ready[:size], self._ready[size:]
            self.given += len(part)
            assert self.given < 200 * 1024**2, "the limit did not stop the stream"
            return part

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NotReadable, match="larger than 64 MB"):
        open_report(Endless(), "endless.json", Limits(bytes=64 * 1024**2))  # type: ignore[arg-type]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 60, f"{grown} MB more memory"


def test_counts_beyond_belief_are_not_counted() -> None:
    item = json.loads(json.dumps(ITEM))
    item["Attribute_Performance"][0]["Performance"]["No_License"] = {"2024-01": 1, "2024-02": "@"}
    for count in ("1e308", "9" * 400, "-5", "1e999"):
        text = json.dumps({"Report_Header": HEADER_JSON, "Report_Items": [item]}).replace('"@"', count)
        with open_report(text.encode()) as reading:
            totals = [record.totals() for record in reading]
            assert totals in ([{"No_License": 1}], [])
            assert reading.level >= Level.CRITICAL, count


def test_a_million_columns_are_refused() -> None:
    head = "Report_Name\tTitle Report\nReport_ID\tTR\nRelease\t5.1\n"
    assert "columns" in refused((head + "x\t" * 1_000_000 + "\n").encode())


def test_a_line_without_end_is_refused() -> None:
    assert "line of more than" in refused(b"Report_Name\tTitle Report\n" + b"x" * (20 * 1024**2))


def test_deeply_nested_json_is_refused() -> None:
    text = '{"Report_Header": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert "nested" in refused(text.encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "sign-in page"),
        (b"just some words\nand more\n", "no COUNTER report"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLSX"),
        (b"PK\x03\x04 damaged", "damaged"),
    ],
)
def test_what_is_no_report_is_said_so(data: bytes, words: str) -> None:
    assert words in refused(data)


def test_a_zip_is_not_taken_for_a_workbook() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.tsv", "Report_Name\tTitle Report\n")
    assert "report.tsv" in refused(packed.getvalue())


def test_a_sign_in_page_saved_as_xlsx_is_recognized_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "TR.xlsx"
    path.write_bytes(b"\n<html><head><title>Sign in</title></head></html>")
    with pytest.raises(NotReadable, match="sign-in page"):
        open_report(path)

"""Verdicts as pages and sheets: complete, harmless, and readable without colors."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import openpyxl
import pytest

from quire_usage.counter.model import Example, Finding, Header, Level, Quarantined
from quire_usage.counter.reports import Judged, html_page, plain_text, to_json, write_workbook
from quire_usage.counter.reports.style import STYLE

HOSTILE = '<script>alert("x")</script>\x1b[31m=HYPERLINK("http://example.org")'


def _judged(level: Level = Level.CRITICAL, **changes: object) -> Judged:
    findings = [
        Finding(
            code="total",
            level=Level.CRITICAL,
            summary="Reporting_Period_Total is not the sum of the months",
            message="Reporting_Period_Total 6 is not the sum of the months 5",
            place="row 16, column K",
            value="6",
            advice="Ask the provider which figure is right.",
            count=1200,
            examples=[Example("row 16, column K", "6"), Example("row 17, column K", HOSTILE)],
        ),
        Finding("spike", Level.WARNING, "Spike", f"Spike {HOSTILE}", "", ours=True, advice="Ask."),
    ]
    made = Judged(
        name="tr.tsv",
        level=level,
        checked_at=datetime(2025, 3, 1, 9, 30, tzinfo=UTC),
        header=Header(
            report_id="TR", report_name="Title Report", release="5.1", institution_name=HOSTILE, format="tsv"
        ),
        findings=findings,
        quarantined=[Quarantined("row 20", "no Metric_Type", HOSTILE)],
        records=3,
        totals={"Total_Item_Requests": 1234567},
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


class _Page(HTMLParser):
    """Collects what a browser would run, load or announce."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "tags nest"


def _parsed(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_says_what_is_wrong_where_how_often_and_what_to_do() -> None:
    page = html_page([_judged()])
    for words in (
        "Critical error",
        "1,200 times",
        "row 16, column K",
        "Ask the provider which figure",
        "1,234,567",
        "… and 1,198 more.",
    ):
        assert words in page
    assert page.index("not the sum of the months") < page.index("Further remarks by Quire") < page.index("Spike")


def test_nothing_of_a_hostile_file_runs_or_is_loaded() -> None:
    parsed = _parsed(html_page([_judged(), _judged()]))
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(parsed.tags)
    assert not [entry for entry in parsed.attributes if entry[1].startswith("on") or entry[1] == "src"]
    links = [value for _, name, value in parsed.attributes if name == "href"]
    assert links == ["#f1", "#f2"], "links lead within the page only"
    assert "url(" not in STYLE
    assert "\x1b" not in html_page([_judged()])


def test_the_page_is_accessible() -> None:
    page = html_page([_judged(), _judged(Level.PASSED)])
    parsed = _parsed(page)
    assert ("html", "lang", "en") in parsed.attributes
    assert {"main", "header", "footer", "h1"} <= set(parsed.tags)
    assert parsed.tags.count("h1") == 1
    assert parsed.tags.count("table") == parsed.tags.count("caption")
    assert len(re.findall(r"<th(?: |>)", page)) == len(re.findall(r'<th scope="(?:col|row)"', page)), (
        "headers name their direction"
    )
    ids = [value for _, name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labels = {value for _, name, value in parsed.attributes if name == "aria-labelledby"}
    assert labels <= set(ids)
    assert ">Critical error<" in page
    assert ">Passed<" in page


def _luminance(color: str) -> float:
    wide = color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:])
    channels = [int(wide[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_text_color_has_enough_contrast(scheme: int) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5:1 against the page and the panels."""
    blocks = re.findall(r":root\{([^}]*--bg[^}]*)\}", STYLE)
    assert len(blocks) == 3
    colors = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})", blocks[scheme]))
    for name in ("ink", "soft", "passed", "notice", "warning", "error", "critical", "fatal"):
        for ground in ("bg", "panel"):
            light, dark = sorted((_luminance(colors[name]), _luminance(colors[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{name} on {ground}"


def test_the_sheet_holds_texts_and_no_formulas() -> None:
    file = io.BytesIO()
    write_workbook([_judged()], file)
    book = openpyxl.load_workbook(file)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert book["Findings"].max_row == 1 + 2
    assert book["Places"].max_row == 1 + 2
    assert book["Totals"]["C2"].value == 1234567
    evil = _judged(name="=1+1")
    file = io.BytesIO()
    write_workbook([evil], file)
    cell = openpyxl.load_workbook(file)["Files"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_the_terminal_gets_no_control_characters() -> None:
    text = plain_text(_judged())
    assert "\x1b" not in text
    assert "Critical error: Reporting_Period_Total 6" in text
    assert "(1,200 times)" in text
    assert "[Quire]" in text


def test_json_has_every_finding_with_its_official_level() -> None:
    found = to_json(_judged())
    assert [finding["level"] for finding in found["findings"]] == ["Critical error", "Warning"]
    assert found["totals"] == {"Total_Item_Requests": 1234567}


def test_history_and_mapped_tables_are_not_said_to_have_passed() -> None:
    old = _judged(Level.PASSED, header=Header(report_id="JR1", release="4"), findings=[])
    assert "official validation does not cover" in old.meaning
    mapped = _judged(Level.PASSED, header=Header(report_id="Acme", counter=False), findings=[])
    assert "official validation does not cover" in mapped.meaning
    assert _judged(Level.PASSED).meaning == "The report has no faults."


def test_a_refused_file_is_shown_with_the_reason() -> None:
    refused = Judged("x.xlsx", Level.FATAL, datetime(2025, 3, 1, tzinfo=UTC), refusal="This is a web page.")
    page = html_page([refused])
    assert "This is a web page." in page
    _parsed(page)
    assert "x.xlsx: Fatal error\n  This is a web page." in plain_text(refused)

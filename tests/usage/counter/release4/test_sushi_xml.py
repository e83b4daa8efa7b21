"""SUSHI XML of release 4: read item by item, and refused where it is an attack."""

from __future__ import annotations

import io

import pytest

from quire_usage.counter.model import Level
from quire_usage.counter.reading import Limits, NotReadable, open_report
from quire_usage.counter.reading.sink import Sink
from quire_usage.counter.reading.sushi_xml import read, recognizes

HEAD = """<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<r:ReportResponse xmlns:r="http://www.niso.org/schemas/sushi/counter" xmlns:q="http://www.niso.org/schemas/sushi">
<q:ReportDefinition Name="JR1" Release="4"><q:Filters><q:UsageDateRange>
<q:Begin>2014-01-01</q:Begin><q:End>2014-02-28</q:End></q:UsageDateRange></q:Filters></q:ReportDefinition>
<r:Report><Report xmlns="http://www.niso.org/schemas/counter" Name="Journal Report 1 (R4)" Version="4"
 Created="2014-03-02T00:00:00Z"><Vendor><Name>Sample Platform</Name></Vendor>
<Customer><Name>Sample University</Name><ID>inst-1</ID>"""
TAIL = "</Customer></Report></r:Report></r:ReportResponse></s:Body></s:Envelope>"


def _item(name: str, performance: str) -> str:
    return (
        f"<ReportItems><ItemIdentifier><Type>Online_ISSN</Type><Value>2049-3630</Value></ItemIdentifier>"
        f"<ItemPlatform>Plat</ItemPlatform><ItemPublisher>Press</ItemPublisher><ItemName>{name}</ItemName>"
        f"<ItemDataType>Journal</ItemDataType>{performance}</ReportItems>"
    )


def _month(begin: str, end: str, count: str, metric: str = "ft_total", attributes: str = "") -> str:
    return (
        f"<ItemPerformance{attributes}><Period><Begin>{begin}</Begin><End>{end}</End></Period><Category>Requests</Category>"
        f"<Instance><MetricType>{metric}</MetricType><Count>{count}</Count></Instance></ItemPerformance>"
    )


JANUARY = _month("2014-01-01", "2014-01-31", "5")
FEBRUARY = _month("2014-02-01", "2014-02-28", "0")


def test_an_answer_is_read_with_its_header() -> None:
    with open_report((HEAD + _item("J1", JANUARY + FEBRUARY) + TAIL).encode()) as reading:
        (journal,) = list(reading)
    header = reading.header
    assert (header.report_id, header.release, header.format) == ("JR1", "4", "xml")
    assert (header.institution_name, header.institution_ids) == ("Sample University", {"Proprietary": ("inst-1",)})
    assert (str(header.begin), str(header.end), header.created_by) == ("2014-01-01", "2014-02-28", "Sample Platform")
    assert journal.counts == {"ft_total": {"2014-01": 5}}
    assert (journal.name, journal.publisher, journal.platform) == ("J1", "Press", "Plat")
    assert journal.identifiers == {"Online_ISSN": ("2049-3630",)}
    assert reading.findings == []


def test_years_of_publication_are_records_of_their_own() -> None:
    item = _item("J1", _month("2014-01-01", "2014-01-31", "5", attributes=' PubYr="2013"') + JANUARY)
    with open_report((HEAD + item + TAIL).encode()) as reading:
        assert [(record.yop, record.totals()) for record in reading] == [
            ("2013", {"ft_total": 5}),
            ("", {"ft_total": 5}),
        ]


@pytest.mark.parametrize(
    ("performance", "code"),
    [
        (_month("2014-01-01", "2014-02-28", "5"), "sushi_period"),
        (_month("2014-01-01", "2014-01-31", "many"), "sushi_instance"),
        (_month("2014-01-01", "2014-01-31", "-5"), "sushi_instance"),
        (_month("2014-01-01", "2014-01-31", "9" * 400), "sushi_instance"),
        (_month("2014-01-01", "2014-01-31", "5", metric="smiles"), "sushi_instance"),
    ],
)
def test_what_cannot_be_used_is_put_aside_and_the_next_item_is_read(performance: str, code: str) -> None:
    with open_report((HEAD + _item("J1", performance) + _item("J2", JANUARY) + TAIL).encode()) as reading:
        records = list(reading)
    assert [record.totals() for record in records] == [{}, {"ft_total": 5}]
    assert [(finding.code, finding.level, finding.place) for finding in reading.findings] == [
        (code, Level.ERROR, "item 1")
    ]
    assert len(reading.quarantined) == 1


def test_items_before_a_damage_are_kept_and_the_damage_is_said() -> None:
    with open_report((HEAD + _item("J1", JANUARY) * 2 + "<ReportItems><Item").encode()) as reading:
        records = list(reading)
    assert [record.name for record in records] == ["J1", "J1"]
    assert [(finding.code, finding.level) for finding in reading.findings] == [("sushi_damaged", Level.CRITICAL)]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Report>&b;</Report>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Report>&x;</Report>'


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ('<?xml version="1.0"?>' + BOMB, "document type or entities"),
        ('<?xml version="1.0"?>' + OUTSIDE, "document type or entities"),
        ("<?xml version='1.0'?><rss><channel/></rss>", "no SUSHI answer"),
        ("<?xml version='1.0'?><Report", "damaged"),
        ("<?xml version='1.0'?>" + "<a>" * 100, "levels"),
        (HEAD + "<x/>" * 250_000, "elements"),
    ],
)
def test_what_is_no_report_or_an_attack_is_refused_in_words(xml: str, words: str) -> None:
    with pytest.raises(NotReadable, match=words), open_report(xml.encode()) as reading:
        list(reading)


def test_one_endless_element_stops_at_the_limit() -> None:
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.sent = False

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            if self.sent:
                return b"x" * 65536
            self.sent = True
            return HEAD.encode()

    limits = Limits(item_bytes=1024 * 1024)
    with pytest.raises(NotReadable, match="larger than 1 MB"):
        read(Endless(), limits, Sink(limits))  # type: ignore[arg-type]


def test_a_web_page_is_not_taken_for_a_report() -> None:
    assert not recognizes(b"<!doctype html><html><body>Please log in</body></html>")
    assert not recognizes(b"<html><head></head></html>")
    assert not recognizes(b'{"a": 1}')
    assert recognizes(b'\xef\xbb\xbf <?xml version="1.0"?><Report/>')

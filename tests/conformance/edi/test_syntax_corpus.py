"""Every file of the corpus reads; message by message the envelope equals FACTS.jsonl, which other programs wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quire_vendors.edi.flags import CATALOGUE
from quire_vendors.edi.syntax import Message, Reading, tokenize

DIFFERENT_ON_PURPOSE = {
    # The file is wrapped at 15 bytes; the facts kept the line breaks inside of the texts.
    "xlate__staedi__src__test__resources__EDIFACT__issue128__wrapped_invoic_d97b_una.edi": {
        "interchange": "00000000000778",
        "document_number": "342459",
    },
}
NOT_IN_FACTS = {
    # The facts begin at the first bytes of a file; here 362 bytes of another format stand before UNB.
    "nerdocs__pydifact__tests__data__sage_coala.ped": [("00001", "INFENT")],
    # One segment each, no message.
    "gitpan__XML-Edifact__examples__linux.edi": [],
    "gitpan__XML-Edifact__examples__pia_isbn.edi": [],
    # HL7-like lines in an envelope, no UNH.
    "nerdocs__pydifact__tests__data__hl7.lab": [],
}
X12 = {
    # ST01 of each transaction set, read off the files.
    "EDIandXML__OBOE__testFiles__lfTestCase.edi": ["855"] * 12,
    "EDIandXML__OBOE__testFiles__sample.001": ["001"],
    "EDIandXML__OBOE__testFiles__sample.001.badnum": ["001"],
    "EDIandXML__OBOE__testFiles__withTA1TestCase.edi": ["840"],
    "xlate__staedi__src__test__resources__x12__extraDelimiter997.edi": ["997"],
    "xlate__staedi__src__test__resources__x12__invalid997.edi": ["997"],
    "xlate__staedi__src__test__resources__x12__invoice810_po850_dual.edi": ["810", "810", "850"],
    "xlate__staedi__src__test__resources__x12__simple810.edi": ["810", "810"],
    "xlate__staedi__src__test__resources__x12__simple997.edi": ["997"],
}
KEYS = ("message", "reference", "type", "sender", "recipient", "interchange", "document_code", "document_number")


def envelope(message: Message) -> dict[str, object]:
    begin = next((segment for segment in message.segments if segment.tag == "BGM"), None)
    interchange = message.interchange
    return {
        "message": message.index,
        "reference": message.reference,
        "type": message.type,
        "sender": interchange.sender,
        "recipient": interchange.recipient,
        "interchange": interchange.reference,
        "document_code": begin.get(0) if begin else "",
        "document_number": begin.get(1) if begin else "",
    }


def test_envelope_equals_facts(
    edi_file: Path, edi_facts: dict[str, list[dict[str, Any]]], outcome: Callable[[str, str, str, str], None]
) -> None:
    name = edi_file.name
    messages = list(Reading(edi_file))
    if name in X12:
        group, why = "X12 types", ""
        found: object = [message.type for message in messages]
        expected: object = X12[name]
    elif name in NOT_IN_FACTS:
        group, why = "EDIFACT without facts", ""
        found = [(message.reference, message.type) for message in messages]
        expected = NOT_IN_FACTS[name]
    else:
        group, why = "EDIFACT envelopes", ""
        found = [envelope(message) for message in messages]
        facts = [{key: fact[key] for key in KEYS} for fact in edi_facts[name]]
        if name in DIFFERENT_ON_PURPOSE:
            changed = DIFFERENT_ON_PURPOSE[name]
            assert all(fact[key].replace("\n", "") == value for fact in facts for key, value in changed.items())
            facts = [fact | changed for fact in facts]
            why = "different on purpose: line breaks of a wrapped file are no text"
        expected = facts
    outcome(group, name, "met" if found == expected else "not met", why)
    assert found == expected


def test_every_flag_can_be_said(edi_file: Path, edi_corpus: Path) -> None:
    reading = Reading(edi_file)
    flags = [flag for message in reading for flag in message.flags]
    for flag in [*flags, *reading.flags]:
        assert flag.code in CATALOGUE
        assert flag.text.strip()
        assert flag.advice.strip()


def test_each_byte_range_holds_its_text(edi_file: Path, edi_corpus: Path) -> None:
    """The bytes of a component's range, freed from release characters and line breaks, are its text."""
    data = edi_file.read_bytes()
    for message in Reading(data):
        for segment in message.segments:
            assert data[segment.start : segment.end] == segment.raw
            for element, components in enumerate(segment.elements):
                for component, text in enumerate(components):
                    start, end = segment.span(element, component)
                    assert segment.start <= start <= end <= segment.end
                    if not text.isascii():
                        continue
                    release = segment.layout.delimiters.release
                    raw = data[start:end]
                    if segment.layout.wrapped:
                        raw = raw.replace(b"\n", b"").replace(b"\r", b"")
                    if not release or release not in raw:
                        assert raw.decode("latin-1").rstrip("\r\n") == text.rstrip("\r\n")


def test_tokens_are_the_segments_of_the_messages(edi_file: Path, edi_corpus: Path) -> None:
    data = edi_file.read_bytes()
    tokens = {segment.start: segment.elements for segment in tokenize(data)}
    for message in Reading(data):
        for segment in message.segments:
            assert tokens[segment.start] == segment.elements


@pytest.mark.parametrize("name", X12)
def test_x12_segments_equal_a_plain_split(edi_corpus: Path, name: str) -> None:
    """ISA is of fixed width, so byte 106 is the terminator; none of these files uses it in a text."""
    data = (edi_corpus / name).read_bytes()
    segments = [part.strip(b"\r\n") for part in data.split(data[105:106])]
    element = data[3:4]
    expected: list[list[bytes]] = []
    for segment in segments:
        if segment.startswith(b"ST" + element):
            expected.append([])
        if expected and (not expected[-1] or not expected[-1][-1].startswith(b"SE" + element)):
            expected[-1].append(segment)
    messages = list(Reading(data))
    assert [[segment.raw for segment in message.segments] for message in messages] == expected
    counted = [str(len(segments)) for segments in expected]
    stated = [message.segments[-1].get(0) for message in messages]
    flagged = [any(flag.code == "SE_COUNT" for flag in message.flags) for message in messages]
    assert flagged == [one != other for one, other in zip(counted, stated, strict=True)]


EXPECTED_FLAGS = [
    # What ../research says of single files: file, code, number of flags in messages and interchanges.
    ("sul-dlss__libsys-airflow__tests__vendor__inv574076.edi.txt", "UNT_REF", 1),
    ("sul-dlss__libsys-airflow__tests__vendor__inv574076.edi.txt", "UNZ_COUNT", 1),
    ("gitpan__Business-Edifact-Interchange__examples__INVOIC_019371B.CEI", "UNT_COUNT", 1),
    ("folio-org__stripes-testing__cypress__fixtures__ediFileForC377019.edi", "REPAIRED_APOSTROPHE", 1),
    ("gitpan__XML-Edifact__examples__springer.edi", "UNH_VERSION_SWAPPED", 1),
    ("evergreen__Evergreen__extracted__35-acq-asn-edi.t.desadv.edi", "UNA_SHORT", 1),
    ("dfulmer__alma-edi-guide__202409239.edi", "MESSAGE_REFERENCE_MISSING", 1),
    ("nerdocs__pydifact__tests__data__patient3.edi", "MESSAGE_TRUNCATED", 1),
    ("evergreen__Evergreen__Open-ILS__src__edi_translator__data__bergware__bergware.net.flat.order",
     "INTERCHANGE_HEADER_MISSING", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "count"), EXPECTED_FLAGS)
def test_known_oddities_are_flagged(edi_corpus: Path, name: str, code: str, count: int) -> None:
    reading = Reading(edi_corpus / name)
    flags = [flag for message in reading for flag in message.flags] + reading.flags
    assert [flag.code for flag in flags].count(code) == count


def test_unclosed_messages_wait_and_all_others_are_complete(
    edi_corpus: Path, edi_facts: dict[str, list[dict[str, Any]]]
) -> None:
    for name, facts in edi_facts.items():
        for message, fact in zip(Reading(edi_corpus / name), facts, strict=True):
            assert message.complete == (not fact.get("unclosed", False)), name

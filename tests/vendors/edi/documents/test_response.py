"""Order responses, claims and acknowledgements: codes become outcomes with quantities."""

from decimal import Decimal

import pytest

from quire_vendors.edi.documents.model import Acknowledgement, Claim, ClaimReport, Despatch, OrderResponse
from tests.vendors.edi.messages import read

HEAD = ["BGM+231+R1+29", "DTM+137:20260101:102"]


def outcomes(*line: str, text: str = "") -> tuple[list[tuple[str, int | None]], set[str]]:
    document = read("ORDRSP", [*HEAD, *line, "UNS+S"], text)
    assert isinstance(document, OrderResponse)
    found = [
        (entry.outcome, None if entry.quantity is None else int(entry.quantity)) for entry in document.lines[0].outcomes
    ]
    return found, {flag.code for flag in document.flags}


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (["LIN+1+5", "QTY+21:3", "QTY+12:3"], [("shipped", 3)]),
        (
            ["LIN+1+24", "QTY+21:5", "QTY+12:2", "QTY+83:2", "QTY+85:1"],
            [("shipped", 2), ("backordered", 2), ("cancelled", 1)],
        ),
        (["LIN+1+5", "QTY+21:2"], [("accepted", 2)]),
        (["LIN+1+2", "QTY+21:2"], [("cancelled", 2)]),
        (["LIN+1+10", "QTY+21:2"], [("refused", 2)]),
        (["LIN+1+24", "QTY+21:2", "FTX+LIN++NP:8B:28"], [("backordered", 2)]),
        (["LIN+1+5", "QTY+21:2", "FTX+LIN++400:12B:28"], [("backordered", 2)]),
        (["LIN+1+5", "QTY+21:2", "FTX+LIN++400:1B:28"], [("backordered", 2)]),
        (["LIN+1+5", "QTY+21:2", "FTX+LIN++101:12B:28"], [("held", 2)]),
        (["LIN+1+5", "QTY+21:2", "FTX+LIN++800:12B:28"], [("shipped", 2)]),
        (["LIN+1+24", "QTY+21:4", "QTY+12:1", "FTX+LIN++400:1B:28"], [("shipped", 1), ("backordered", 3)]),
        (
            ["LIN+1+24", "PIA+5+9780000000019:EN", "PIA+3+9780000000026:EN", "QTY+21:1", "FTX+LIN++OP:8B:28"],
            [("changed", 1)],
        ),
        (["LIN+1+2", "QTY+21:2", "QTY+12:0", "FTX+LIN++200:1B:28"], [("refused", 2)]),
    ],
)
def test_a_line_becomes_quantities_per_outcome(segments: list[str], expected: list[tuple[str, int]]) -> None:
    found, flags = outcomes(*segments)
    assert found == expected
    assert flags == set()


def test_the_reason_is_told_in_words() -> None:
    document = read("ORDRSP", [*HEAD, "LIN+1+24", "QTY+21:2", "FTX+LIN++NP:8B:28", "UNS+S"])
    [outcome] = document.lines[0].outcomes
    assert (outcome.code, outcome.list, outcome.text) == ("NP", "8B", "not yet published")


def test_quantities_that_do_not_sum_up_are_told() -> None:
    found, flags = outcomes("LIN+1+5", "QTY+21:5", "QTY+12:3")
    assert found == [("shipped", 3)]
    assert flags == {"RESPONSE_QUANTITIES"}


@pytest.mark.parametrize(
    "segments", [["LIN+1+2", "QTY+21:2", "QTY+12:2"], ["LIN+1+5", "QTY+21:2", "QTY+12:2", "FTX+LIN++200:12B:28"]]
)
def test_a_refusal_beside_shipped_copies_is_told(segments: list[str]) -> None:
    found, flags = outcomes(*segments)
    assert found == [("shipped", 2)]
    assert flags == {"RESPONSE_CONFLICT"}


@pytest.mark.parametrize("code", ["FTX+LIN++ZZ:8B:28", "FTX+LIN++12345:12B:28"])
def test_a_code_that_nobody_knows_is_no_outcome(code: str) -> None:
    found, flags = outcomes("LIN+1", "QTY+21:2", code)
    assert found == [("unknown", 2)]
    assert "OUTCOME_UNKNOWN" in flags


def test_numeric_codes_are_the_partners_own() -> None:
    text = 'response: {availability: {"03": backordered}}'
    assert outcomes("LIN+1", "QTY+21:2", "FTX+LIN++03:8B:28", text=text)[0] == [("backordered", 2)]


def test_a_claim_and_its_report() -> None:
    claim = read(
        "OSTENQ", ["BGM+220+C1+9", "LIN+1", "STS+UP1::9+CSD::9+55", "QTY+21:1", "RFF+LI:PO1-1", "RFF+ACT:9", "UNS+S"]
    )
    assert isinstance(claim, Claim)
    assert (claim.lines[0].statuses[0].code, claim.lines[0].statuses[0].category) == ("CSD", "UP1")
    report = read(
        "OSTRPT", ["BGM+220+C1+9", "LIN+1", "STS++400", "QTY+21:1", "FTX+LIN++RP:8B:28", "RFF+LI:PO1-1", "UNS+S"]
    )
    assert isinstance(report, ClaimReport)
    assert [(entry.outcome, entry.quantity) for entry in report.lines[0].outcomes] == [("backordered", Decimal(1))]


def test_a_despatch_keeps_which_package_holds_what() -> None:
    segments = ["BGM+351+D1+9", "DTM+11:20260101:102", "CPS+1", "PAC+1++CT", "GIN+BJ+00012345", "LIN+1++9780000000019:EN", "QTY+12:2",
                "RFF+ON:PO1", "CPS+2+1", "GIN+BJ+00067890", "LIN+2++9780000000026:EN", "QTY+12:1", "CNT+2:2"]  # fmt: skip
    document = read("DESADV", segments)
    assert isinstance(document, Despatch)
    assert [(package.number, package.parent, package.marks) for package in document.packages] == [
        ("1", "", ["00012345"]),
        ("2", "1", ["00067890"]),
    ]
    assert [(line.package, line.quantity) for line in document.lines] == [("1", Decimal(2)), ("2", Decimal(1))]


@pytest.mark.parametrize(
    ("segments", "outcome", "faults"),
    [
        (["UCI+77+A:ZZ+B:ZZ+7"], "accepted", []),
        (["UCI+77+A:ZZ+B:ZZ+8"], "received", []),
        (["UCI+77+A:ZZ+B:ZZ+4+18"], "rejected", ["unspecified error"]),
        (["UCI+77+A:ZZ+B:ZZ+7", "UCM+1+ORDERS:D:96A:UN+7", "UCM+2+ORDERS:D:96A:UN+4+12", "UCS+5+13"], "partly", ["invalid value", "missing"]),
        (["UCI+77+A:ZZ+B:ZZ+3"], "unknown", []),
    ],
)  # fmt: skip
def test_contrl(segments: list[str], outcome: str, faults: list[str]) -> None:
    document = read("CONTRL", segments)
    assert isinstance(document, Acknowledgement)
    assert (document.scope, document.outcome, document.acknowledged) == ("syntax", outcome, "77")
    assert [fault.text for fault in document.faults] == faults
    assert document.needs_review == (outcome == "unknown")


@pytest.mark.parametrize(
    ("segments", "text", "outcome"),
    [
        (["BGM+312+A1+29", "RFF+ACW:PO1"], "", "accepted"),
        (["BGM+312+A1+27", "RFF+ACW:PO1"], "", "rejected"),
        (["BGM+313+A1+9", "RFF+ACW:PO1", "ERC+12", "FTX+AAI+++Unknown title"], "", "rejected"),
        (["BGM+312+A1+9", "RFF+ACW:PO1"], "", "accepted"),
        (["BGM+312+A1+9", "RFF+ACW:PO1", "ERC+1"], "", "unknown"),
        (["BGM+312+A1+9", "RFF+ACW:PO1", "ERC+1"], 'acknowledge: {codes: {"1": accepted}}', "accepted"),
        (["BGM+312+A1+9", "RFF+ACW:PO1", "ERC+1", "ERC+12"], 'acknowledge: {codes: {"1": accepted, "12": rejected}}', "rejected"),
    ],
)  # fmt: skip
def test_aperak_never_guesses(segments: list[str], text: str, outcome: str) -> None:
    document = read("APERAK", segments, text)
    assert isinstance(document, Acknowledgement)
    assert (document.outcome, document.acknowledged) == (outcome, "PO1")
    assert document.needs_review == (outcome == "unknown")


def test_a_type_that_quire_does_not_act_upon_is_kept() -> None:
    document = read("PRICAT", ["BGM+9+P1+9"])
    assert document.kind == "unknown"
    assert document.number == "P1"
    assert "MESSAGE_TYPE_UNKNOWN" in [flag.code for flag in document.flags]


def headed(function: str, *line: str) -> tuple[str, set[str]]:
    document = read("ORDRSP", [f"BGM+231+R1+{function}", "DTM+137:20260101:102", *line, "UNS+S"])
    [outcome] = document.lines[0].outcomes
    return outcome.outcome, {flag.code for flag in document.flags}


def test_a_line_without_any_answer_follows_the_header_and_else_is_flagged() -> None:
    bare = ["LIN+1++9780000000019:EN", "QTY+21:2"]
    assert headed("29", *bare) == ("accepted", set())
    assert headed("27", *bare) == ("refused", set())
    assert headed("9", *bare) == ("unknown", {"OUTCOME_UNKNOWN"})
    assert headed("29", *bare, "FTX+LIN+++Thank you") == ("accepted", set())


def test_the_header_does_not_speak_for_a_line_that_says_something_else() -> None:
    assert headed("29", "LIN+1+99", "QTY+21:2") == ("unknown", {"OUTCOME_UNKNOWN"})
    assert headed("29", "LIN+1", "QTY+21:2", "QTY+12:0") == ("unknown", {"OUTCOME_UNKNOWN"})
    assert headed("29", "LIN+1", "QTY+21:2", "FTX+LIN++ZZ:8B:28") == ("unknown", {"OUTCOME_UNKNOWN"})
    assert headed("27", "LIN+1+5", "QTY+21:2") == ("accepted", set())


def test_the_remark_on_a_missing_answer_is_a_sentence() -> None:
    document = read("ORDRSP", ["BGM+231+R1+9", "LIN+1", "QTY+21:2", "UNS+S"])
    [flag] = [entry for entry in document.flags if entry.code == "OUTCOME_UNKNOWN"]
    assert flag.text == "Line 1: it states neither a status nor an action."

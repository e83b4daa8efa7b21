"""`quire edi`: what it prints and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from quire_vendors.edi import documents
from quire_vendors.edi.cli import app
from quire_vendors.edi.documents.model import Order
from quire_vendors.edi.profiles.loader import names, shipped
from quire_vendors.edi.syntax import Reading
from tests.vendors.edi.messages import INVOICE, file, line

runner = CliRunner()
GOOD = [*INVOICE, *line(1, "10"), "UNS+S", "MOA+86:10"]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.edi"
    path.write_bytes(file("INVOIC", GOOD))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.edi"
    path.write_bytes(file("INVOIC", [*GOOD[:-1], "MOA+86:12"]))
    return path


def test_read_prints_words_and_says_by_its_exit_code_whether_a_person_is_needed(good: Path, bad: Path) -> None:
    result = runner.invoke(app, ["read", str(good)])
    assert (result.exit_code, result.stdout.split("\n")[0]) == (
        0,
        "Invoice INV1: 1 title 10.00, total 10.00 EUR, explained.",
    )
    result = runner.invoke(app, ["read", str(good), str(bad)])
    assert result.exit_code == 1
    assert "not explained" in result.stdout


def test_read_json_is_one_document_a_line_with_provenance(good: Path) -> None:
    result = runner.invoke(app, ["read", "--json", str(good)])
    [entry] = [json.loads(row) for row in result.stdout.strip().split("\n")]
    assert (entry["file"], entry["kind"], entry["number"], entry["lines"][0]["amount"]) == (
        "good.edi",
        "invoice",
        "INV1",
        "10",
    )
    tag, start, end = entry["segments"][entry["reconciliation"]["at"]]
    assert (tag, good.read_bytes()[start:end]) == ("MOA", b"MOA+86:10")


def test_read_needs_one_of_json_and_words(good: Path) -> None:
    assert runner.invoke(app, ["read", "--json", "--words", str(good)]).exit_code == 2


def test_a_file_that_is_no_edi_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<html></html>")
    for command in ("read", "check"):
        result = runner.invoke(app, [command, str(path)])
        assert result.exit_code == 1
        assert "NOT_EDI" in result.output


def test_check_lists_flags_with_places_and_counts(good: Path, bad: Path) -> None:
    result = runner.invoke(app, ["check", str(good)])
    assert (result.exit_code, result.stdout) == (0, "good.edi: 1 messages, 0 errors, 0 warnings, 0 notes.\n")
    result = runner.invoke(app, ["check", str(bad)])
    assert result.exit_code == 1
    assert "bad.edi: error TOTAL_UNEXPLAINED, message 1, segment 9, MOA" in result.stdout


def test_a_wrong_count_of_the_file_is_a_note_where_the_profile_calls_it_normal(good: Path, tmp_path: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"UNZ+1+", b"UNZ+20+"))
    assert "good.edi: warning UNZ_COUNT" in runner.invoke(app, ["check", str(good)]).stdout
    mine = tmp_path / "mine.yaml"
    mine.write_text("profile: mine\nversion: 1\ntitle: Mine\ninherits: editeur-d96a\nquirks: [UNZ_COUNT]\n")
    told = runner.invoke(app, ["check", "-p", str(mine), str(good)]).stdout
    assert "good.edi: info UNZ_COUNT" in told
    assert "0 warnings, 1 notes" in told
    assert "info UNZ_COUNT" in runner.invoke(app, ["read", "-p", str(mine), str(good)]).stdout


ORDER: dict[str, Any] = {
    "number": "PO77",
    "currency": "EUR",
    "dated": "2026-11-24",
    "lines": [{"identifiers": [{"value": "9780000000019", "type": "isbn13"}], "title": "Ein schöner Tag", "quantity": "2",
               "gross_price": "10.00", "references": [{"kind": "own_line", "value": "1"}]}],
}  # fmt: skip


def write(tmp_path: Path, order: object, *more: str) -> tuple[int, Path, str]:
    source, target = tmp_path / "order.json", tmp_path / "out.edi"
    source.write_text(json.dumps(order), "utf-8")
    result = runner.invoke(app, ["write", str(source), "-o", str(target), *more])
    return result.exit_code, target, result.output


def test_write_makes_the_partners_interchange(tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text('{"ids": {"account": "111", "branch": "222", "vendor": "333"}}')
    code, target, _ = write(
        tmp_path, ORDER, "-p", "editeur-d96a", "--account", str(account), "--prepared", "2026-11-24T09:30:00"
    )
    assert code == 0
    assert target.read_bytes() == (
        b"UNA:+.? 'UNB+UNOC:3+111:31B+333:31B+261124:0930+1'UNH+11+ORDERS:D:96A:UN:EAN008'BGM+220+PO77+9'"
        b"DTM+137:20261124:102'NAD+BY+222::31B'NAD+SU+333::31B'CUX+2:EUR:9'LIN+1++9780000000019:EN'"
        b"IMD+L+050+:::Ein sch\xf6ner Tag'QTY+21:2'PRI+AAB:10'RFF+LI:PO77/1'UNS+S'CNT+2:1'UNT+14+11'UNZ+1+1'"
    )


def test_write_tells_what_the_charset_changes(tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text('{"ids": {"account": "111", "vendor": "333"}}')
    code, target, output = write(tmp_path, ORDER, "-p", "ingram", "--account", str(account))
    assert code == 0
    assert "TEXT_CHANGED" in output
    [message] = Reading(target)
    order = documents.read(message, shipped("ingram"))
    assert isinstance(order, Order)
    assert order.lines[0].title == "Ein schoener Tag"


def test_write_refuses_what_must_be_corrected(tmp_path: Path) -> None:
    bad_reference = {
        **ORDER,
        "lines": [{**ORDER["lines"][0], "references": [{"kind": "own_line", "value": "line one"}]}],
    }
    code, target, output = write(tmp_path, bad_reference, "-p", "editeur-d96a")
    assert (code, target.exists()) == (1, False)
    assert "LINE_REFERENCE_BAD" in output
    assert write(tmp_path, bad_reference, "-p", "editeur-d96a", "--force")[0] == 0


def test_write_names_the_field_that_is_wrong(tmp_path: Path) -> None:
    code, _, output = write(tmp_path, {**ORDER, "lines": [{"quantity": "two"}]}, "-p", "editeur-d96a")
    assert code == 3
    assert "lines.0.quantity" in output
    assert write(tmp_path, ORDER, "-p", "nobody")[0] == 3


def test_profile_show_lists_and_shows() -> None:
    listed = runner.invoke(app, ["profile", "show"])
    assert listed.exit_code == 0
    assert [row.split()[0] for row in listed.stdout.strip().split("\n")] == names()
    shown = runner.invoke(app, ["profile", "show", "gobi"])
    assert "Assumed, not seen in a file:" in shown.stdout
    assert 'invoice.totals: ["86", "9"]' in shown.stdout
    assert json.loads(runner.invoke(app, ["profile", "show", "gobi", "--json"]).stdout)["profile"] == "gobi"


def test_profile_new_starts_one_that_passes_its_test(tmp_path: Path, good: Path) -> None:
    assert runner.invoke(app, ["profile", "new", "acme-books", "--folder", str(tmp_path)]).exit_code == 0
    path = tmp_path / "acme-books.yaml"
    assert runner.invoke(app, ["profile", "new", "acme-books", "--folder", str(tmp_path)]).exit_code == 2
    tested = runner.invoke(app, ["profile", "test", str(path), str(good)])
    assert tested.exit_code == 0
    assert "total explained (lines), not recognized by its sender" in tested.stdout
    path.write_text(path.read_text().replace("senders: []", "senders: [SENDER]"))
    assert "not recognized" not in runner.invoke(app, ["profile", "test", str(path), str(good)]).stdout
    assert runner.invoke(app, ["profile", "new", "Bad Name", "--folder", str(tmp_path)]).exit_code == 2


def test_profile_test_names_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("profile: mine\nversion: 1\ntitle: Mine\ninherits: editeur-d96a\ninvoice:\n  totalz: []\n")
    result = runner.invoke(app, ["profile", "test", str(path)])
    assert result.exit_code == 3
    assert "mine.yaml, line 6, invoice.totalz" in result.output

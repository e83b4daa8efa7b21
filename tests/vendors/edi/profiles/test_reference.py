"""The reference page is the schema's, and every key says what it means."""

import re
from pathlib import Path

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.profiles.reference import markdown

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "reference" / "edi_profiles.md"


def test_the_page_is_fresh() -> None:
    made = markdown()
    assert PAGE.read_text("utf-8") == made, (
        "Renew it: .venv/bin/python -m quire_vendors.edi.profiles.reference > docs/reference/edi_profiles.md"
    )


def test_every_key_has_a_meaning() -> None:
    rows = [row.split(" | ") for row in markdown().split("\n") if row.startswith("| `")]
    keys = [row for row in rows if len(row) == 4 and row[1] != "section"]
    assert len(keys) > 120
    sections = {"order.descriptions", "order.copies"}
    assert [row[0] for row in keys if row[3].startswith("see below") and row[0].strip("| `") not in sections] == []


def test_keys_that_no_program_reads_say_so() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "services").rglob("*.py"))
    said = {(row.split("`")[1], "not yet followed" in row) for row in markdown().split("\n") if row.startswith("| `")}
    for section in ("booking", "match", "files", "acknowledge", "identify"):
        for name in type(Profile.model_fields[section].default).model_fields:
            read = re.search(rf"\b{section}\.{name}\b(?!=)", source) is not None
            assert (f"{section}.{name}", not read) in said, f"{section}.{name}: read is {read}"

"""Where the COUNTER corpus is, and what it says of each file.

``QUIRE_CORPORA`` names the folder (default ``../shared/corpora`` beside the repository). A missing corpus is a loud
skip, and a failure where ``CI=true``.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from quire_usage.counter.model import Item, Level, Record
from quire_usage.counter.reading import NotReadable, open_report

_REPOSITORY = Path(__file__).resolve().parents[3]

LEVELS = {level.official: level for level in Level}


def corpus() -> Path:
    folder = Path(os.environ.get("QUIRE_CORPORA", "../shared/corpora"))
    return (folder if folder.is_absolute() else _REPOSITORY / folder) / "counter"


def need_corpus() -> Path:
    """The corpus, or a skip that cannot be overlooked."""
    root = corpus()
    if not (root / "INDEX.tsv").exists():
        message = f"No COUNTER corpus at {root}: set QUIRE_CORPORA to the folder that holds counter/INDEX.tsv."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return root


@dataclass(frozen=True)
class Indexed:
    """A report of the index with its totals per metric."""

    file: str
    release: str
    totals: dict[str, int]


def indexed_reports(root: Path) -> list[Indexed]:
    """Reports of releases 5 and 5.1."""
    with (root / "INDEX.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [
        Indexed(row["file"], row["release"], _totals(row["computed_totals_per_metric"]))
        for row in rows
        if row["release"] in ("5", "5.1") and row["kind"] == "report"
    ]


def _totals(text: str) -> dict[str, int]:
    pairs = (part.rpartition("=") for part in text.split("; ") if part)
    return {metric: int(number) for metric, _, number in pairs if int(number)}


def totals_of(path: Path) -> dict[str, int]:
    """Sum per metric over all records and components."""
    found: Counter[str] = Counter()
    with open_report(path) as reading:
        for record in reading:
            for counts in (record.counts, *(component.counts for component in record.components)):
                for metric, months in counts.items():
                    found[metric] += sum(months.values())
    return {metric: number for metric, number in found.items() if number}


def groups_of_formats(root: Path) -> dict[str, list[str]]:
    """The same report in several formats: files that differ in their extension only."""
    groups: dict[str, list[str]] = defaultdict(list)
    for report in indexed_reports(root):
        groups[report.file.rpartition(".")[0]].append(report.file)
    return {stem: sorted(files) for stem, files in groups.items() if len(files) > 1}


Facts = dict[tuple[object, ...], int]


def facts_of(path: Path) -> Facts:
    """Every count of a report under all that describes it."""
    facts: Facts = {}
    with open_report(path) as reading:
        for record in reading:
            described = _described(record)
            parts = [(None, record.counts), *((_item(part), part.counts) for part in record.components)]
            for component, counts in parts:
                for metric, months in counts.items():
                    for month, count in months.items():
                        if count:
                            key = (*described, component, metric, month)
                            facts[key] = facts.get(key, 0) + count
    return facts


def _item(item: Item | None) -> tuple[object, ...] | None:
    if item is None:
        return None
    authors = tuple((author.name, author.identifier) for author in item.authors)
    return (
        item.name,
        tuple(sorted(item.identifiers.items())),
        authors,
        item.publication_date,
        item.article_version,
        item.data_type,
    )


def _described(record: Record) -> tuple[object, ...]:
    return (
        record.name,
        record.publisher,
        tuple(sorted((kind, tuple(sorted(values))) for kind, values in record.publisher_ids.items())),
        record.platform,
        tuple(sorted(record.identifiers.items())),
        tuple((author.name, author.identifier) for author in record.authors),
        record.publication_date,
        record.article_version,
        _item(record.parent),
        record.data_type,
        record.section_type,
        record.yop,
        record.access_type,
        record.access_method,
        tuple(sorted(record.extensions.items())),
    )


@dataclass(frozen=True)
class Official:
    """What the official validator answers for a file."""

    file: str
    path: Path
    level: Level
    kinds: frozenset[tuple[Level, str]]
    """(level, summary) of its messages of level error and above."""


def official_verdicts(root: Path, list_name: str, folder: str) -> list[Official]:
    verdicts = []
    for line in (root / list_name).read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        kinds = frozenset(
            (LEVELS[message["level"]], message["summary"])
            for message in given["messages"]
            if LEVELS[message["level"]] >= Level.ERROR
        )
        verdicts.append(Official(given["file"], root / folder / given["file"], LEVELS[given["result"]], kinds))
    return verdicts


@dataclass(frozen=True)
class Ours:
    """What we answer for a file."""

    level: Level
    kinds: frozenset[tuple[Level, str]]
    codes: frozenset[str]


def our_verdict(path: Path) -> Ours:
    try:
        with open_report(path) as reading:
            for _ in reading:
                pass
            findings = reading.findings
            level = reading.level
    except NotReadable:
        # refused in words, which is the harshest verdict there is
        return Ours(Level.FATAL, frozenset(), frozenset({"not-readable"}))
    kinds = frozenset((f.level, f.summary) for f in findings if not f.ours and f.level >= Level.ERROR)
    return Ours(level, kinds, frozenset(f.code for f in findings))

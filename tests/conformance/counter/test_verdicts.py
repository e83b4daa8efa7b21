"""Our verdict on every sample and every single-fault mutant against the official validator's."""

from __future__ import annotations

import pytest

from quire_usage.counter.model import Level
from tests.conformance.counter.conftest import Table
from tests.conformance.counter.corpus import need_corpus, official_verdicts, our_verdict

SAME_LEVEL = 0.98
"""Share of files whose overall level must be the official one."""


@pytest.mark.parametrize(
    ("list_name", "folder"),
    [("validator_verdicts.jsonl", "samples"), ("mutations_verdicts.jsonl", "mutations")],
)
def test_verdicts_equal_the_official_ones(list_name: str, folder: str, table: Table) -> None:
    root = need_corpus()
    files = official_verdicts(root, list_name, folder)
    other_level, missing, invented, internal = [], [], [], []
    kinds = 0
    for official in files:
        ours = our_verdict(official.path)
        if ours.level != official.level:
            other_level.append(f"{official.file}: official {official.level.official}, ours {ours.level.official}")
        if "internal" in ours.codes:
            internal.append(official.file)
        if "not-readable" in ours.codes:
            # refused in words before anything could be judged; the official validator says fatal in its own words
            assert official.level == Level.FATAL, official.file
            continue
        kinds += len(official.kinds)
        missing += [f"{official.file}: {level.official}: {text}" for level, text in official.kinds - ours.kinds]
        invented += [f"{official.file}: {level.official}: {text}" for level, text in ours.kinds - official.kinds]
    table(
        "verdicts",
        f"{folder}: {len(files)} files, same level {len(files) - len(other_level)}; of {kinds} findings of level error "
        f"and above {kinds - len(missing)} found by kind, {len(missing)} missing, {len(invented)} invented",
    )
    for line in other_level + missing + invented:
        table("verdicts", f"  {line}")
    assert files
    assert not internal
    assert len(other_level) <= (1 - SAME_LEVEL) * len(files)
    assert not missing
    assert not invented

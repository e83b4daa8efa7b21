"""The tests that let right values through at once change the speed and never the verdict."""

from __future__ import annotations

import pytest

from quire_usage.counter.validation import quick
from tests.conformance.counter.corpus import need_corpus, official_verdicts, our_verdict


def test_verdicts_are_the_same_without_the_quick_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    root = need_corpus()
    files = [
        *official_verdicts(root, "validator_verdicts.jsonl", "samples"),
        *official_verdicts(root, "mutations_verdicts.jsonl", "mutations"),
    ]
    with_tests = {official.path: our_verdict(official.path) for official in files}
    for check in list(quick.TESTS):
        monkeypatch.delitem(quick.TESTS, check)
    assert not quick.TESTS
    different = [official.file for official in files if our_verdict(official.path) != with_tests[official.path]]
    assert not different

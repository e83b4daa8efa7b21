"""A small chaos run; the whole one is ``make chaos``. And: the judge sees what it is there for."""

from __future__ import annotations

import os

import pytest

from quire_shared.testing.kafka import KafkaUnavailable
from tests.chaos.run import chaos
from tests.chaos.verdict import order_faults

KILLS = 6


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled_when_everything_is_killed() -> None:
    try:
        outcome = await chaos(KILLS, 300, seed=7, freezes=1, long_freeze=False)
    except KafkaUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    assert outcome.verdict.found == []
    assert outcome.verdict.clean
    assert outcome.kills == KILLS
    assert all(outcome.per_role.values()), "every role is killed at least once"
    assert outcome.commands >= 300


@pytest.mark.parametrize(
    ("sequence", "faults"), [([], 0), ([1, 2, 5], 0), ([1, 3, 2, 4], 1), ([5, 1, 2], 2), ([2, 2, 3], 0)]
)
def test_what_comes_after_a_larger_number_is_out_of_order(sequence: list[int], faults: int) -> None:
    assert order_faults(sequence) == faults

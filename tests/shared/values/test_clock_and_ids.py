"""The clock is UTC, stands still only where told; ids sort by time."""

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from quire_shared.values import clock
from quire_shared.values.ids import uuid7

MOMENT = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def test_goes_on_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_stands_still_where_told_and_a_day_is_of_a_place() -> None:
    with clock.fixed(MOMENT):
        assert clock.now() == MOMENT
        assert clock.today("UTC") == date(2026, 12, 31)
        assert clock.today("Europe/Berlin") == date(2027, 1, 1)
        assert clock.today("America/Chicago") == date(2026, 12, 31)
        with clock.fixed(MOMENT + timedelta(days=1)):
            assert clock.now() == MOMENT + timedelta(days=1)
        assert clock.now() == MOMENT
    assert clock.now() != MOMENT


def test_takes_aware_instants_only_and_keeps_utc() -> None:
    with pytest.raises(ValueError, match="aware"), clock.fixed(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
    with clock.fixed(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))):
        assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
        assert clock.now().utcoffset() == timedelta(0)


async def test_is_fixed_for_its_own_task_only() -> None:
    async def other() -> datetime:
        return clock.now()

    outside = asyncio.ensure_future(other())
    with clock.fixed(MOMENT):
        assert await asyncio.create_task(other()) == MOMENT
        assert await outside != MOMENT


def test_ids_are_version_7_and_sort_by_time() -> None:
    ids = [uuid7() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert all(i.version == 7 and i.variant == uuid.RFC_4122 for i in ids)
    milliseconds = ids[0].int >> 80
    assert abs(milliseconds / 1000 - clock.now().timestamp()) < 60

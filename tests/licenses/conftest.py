"""The house of the tests of licenses. The clock of the tests stands at noon of 15 January 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from quire_shared.values import clock
from tests.licenses.house import House
from tests.support.service import ServiceUnderTest


@pytest.fixture
def house(licenses: ServiceUnderTest) -> Iterator[House]:
    with clock.fixed(datetime(2026, 1, 15, 12, tzinfo=UTC)):
        yield House(licenses)

"""Files of the corpus in place, and a platform to load them for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.service import ServiceUnderTest

SAMPLES = (
    Path(os.environ.get("QUIRE_CORPORA", Path(__file__).parents[2] / ".." / "shared" / "corpora")) / "counter/samples"
)


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The bytes of a sample report."""

    def read(name: str) -> bytes:
        path = SAMPLES / name
        if not path.is_file():
            if os.environ.get("CI"):
                pytest.fail(f"The corpus is missing: {name} is not in QUIRE_CORPORA.", pytrace=False)
            pytest.skip(f"no corpus: {name} is not in QUIRE_CORPORA")
        return path.read_bytes()

    return read


@pytest.fixture
async def client(usage: ServiceUnderTest) -> AsyncIterator[httpx.AsyncClient]:
    async with usage.client() as client:
        yield client


@pytest.fixture
async def platform(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/platforms", json={"name": "Delta", "material": "journals", "currency": "EUR"})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found

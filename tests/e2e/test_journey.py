"""The journey on real PostgreSQL with each bus."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from quire_shared.service.installation import Installation
from quire_shared.service.settings import Settings
from tests.e2e.journey import Journey
from tests.shared.kernel.conftest import empty

CORPORA = Path(os.environ.get("QUIRE_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
async def quire(request: pytest.FixtureRequest, postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """All services in one process on empty databases and the bus."""
    more: dict[str, object] = {}
    if request.param == "kafka":
        broker = request.getfixturevalue("kafka_broker")
        await empty(broker.bootstrap)
        more = {"bus": "kafka", "kafka_bootstrap": broker.bootstrap}
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "database_url": SecretStr(postgres_dsn),
            "database_prefix": f"j_{uuid.uuid4().hex[:10]}_",
            **more,
        }
    )
    async with Installation(settings) as quire:
        yield quire


async def test_the_journey(quire: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    if not (CORPORA / "edi").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the vendors' files are missing: {CORPORA}")
        pytest.skip(f"NO CORPUS at {CORPORA}: the journey needs the vendors' real files")
    with capsys.disabled():
        print()
        await Journey(quire, CORPORA, lambda words: print(f"    {words}")).all()

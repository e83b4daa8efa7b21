"""``python -m quire_shared.testing.revision SERVICE "what changes"``: write the migration that the tables ask for."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from quire_shared.database.embedded import EmbeddedPostgres
from quire_shared.database.migrations import create_database, make_revision, upgrade
from quire_shared.service.definition import installed


async def write(name: str, message: str, dsn: str) -> str:
    service = installed()[name]
    await create_database(dsn)
    await upgrade(service.package, service.metadata, dsn)
    folder = Path(sys.modules[service.package].__path__[0]) / "migrations" / "versions"
    number = len(list(folder.glob("[0-9]*.py"))) + 1
    revision = f"{number:04d}_{re.sub(r'[^a-z0-9]+', '_', message.lower()).strip('_')[:40]}"
    await make_revision(service.package, service.metadata, dsn, message, revision)
    return revision


def main() -> None:
    name, message = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="quire-rev-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            print(asyncio.run(write(name, message, server.dsn("revision"))))
        finally:
            server.stop()


if __name__ == "__main__":
    main()

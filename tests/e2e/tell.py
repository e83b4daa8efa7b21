"""``make journey``: the journey on a throw-away instance, told step by step with its figures."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from quire_shared.observe.logs import configure
from quire_shared.service.installation import Installation
from quire_shared.service.settings import Settings
from tests.e2e.journey import Journey

CORPORA = Path(os.environ.get("QUIRE_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))


async def tell(folder: Path, out: Console) -> None:
    settings = Settings(data_dir=folder)
    quire = Installation(settings)
    async with quire:
        journey = Journey(quire, CORPORA, lambda words: out.print(f"  ✓ {words}"))
        for step in journey.steps():
            out.print(f"[bold]{step.__name__.replace('_', ' ').capitalize()}[/bold]: {(step.__doc__ or '').strip()}")
            await step()
    if quire.postgres is not None:
        quire.postgres.destroy()


def main() -> None:
    out = Console()
    if not (CORPORA / "edi").is_dir():
        out.print(f"The vendors' files are not at {CORPORA}; set QUIRE_CORPORA to the folder that holds edi/.")
        sys.exit(1)
    configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="quire-journey-") as folder:
        Path(folder).chmod(0o755)
        asyncio.run(tell(Path(folder), out))
    out.print("[bold]The journey is at its end; every figure was as computed by hand.[/bold]")


if __name__ == "__main__":
    main()

"""``quire desk …``: commands of the desk."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from quire_desk.readmodels.projections import ALL
from quire_shared.events.rebuild import rebuild as fill_again
from quire_shared.service.cli import err, out, settings_or_exit
from quire_shared.service.definition import installed
from quire_shared.service.installation import Installation

app = typer.Typer(no_args_is_help=True, help="Read models of the web desk.")


@app.callback()
def desk() -> None:
    """Read models of the web desk."""


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="budgets, today or cost_per_use")]) -> None:
    """Fill a read model again from all events, then switch to it; the old one is read meanwhile."""
    projection = ALL.get(f"desk.{name.removeprefix('desk.')}")
    if projection is None:
        err.print(f"There is no read model “{name}”; there are {', '.join(n.removeprefix('desk.') for n in ALL)}.")
        raise typer.Exit(2)
    settings = settings_or_exit()

    async def run() -> int:
        async with Installation(settings, {"desk": installed()["desk"]}, roles=()) as quire:
            runtime = quire.runtimes["desk"]
            return await fill_again(runtime.database, runtime.dsn, runtime.bus, projection)

    out.print(f"{projection.name} was filled again; generation {asyncio.run(run())} is read now.")

"""``quire``: one command line. Services add groups by the entry point group ``quire.commands``."""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer
from fastapi import FastAPI
from rich.console import Console

from quire_shared.service.settings import Settings, SettingsError, load

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Quire: acquisitions and e-resources for libraries.")
out = Console()
err = Console(stderr=True)


def settings_or_exit() -> Settings:
    """The settings, or one line per mistake and exit code 2."""
    try:
        return load()
    except SettingsError as error:
        err.print(f"[red]Quire cannot start with these settings:[/red]\n{error}")
        raise typer.Exit(2) from None


async def tell_link(desk: FastAPI, address: str) -> None:
    """Print the one-time link while there is nobody yet; it stands on a line of its own, never wrapped."""
    link = await desk.state.sign_in_link(address)
    if link:
        out.print("Sign in once with this link:")
        out.print(link, soft_wrap=True, markup=False, highlight=False)
    else:
        out.print("Sign in with your user name.")


@app.command()
def up(port: Annotated[int | None, typer.Option(help="Port of the desk; 8300 unless set.")] = None) -> None:
    """Start everything in one process and print a sign-in link."""
    from quire_shared.service.installation import Installation
    from quire_shared.service.runner import serve_all

    settings = settings_or_exit()
    if port is not None:
        settings = settings.model_copy(update={"port": port})

    async def started(quire: Installation, actual: int) -> None:
        address = settings.public_url or f"http://{settings.host}:{actual}"
        out.print(f"\n[bold]Quire is up:[/bold] {address}")
        await tell_link(quire.apps["desk"], address)
        out.print("Ctrl+C ends it; the data stay in " + str(settings.data_dir.resolve()))

    asyncio.run(serve_all(settings, started))


@app.command()
def serve(
    service: str,
    roles: Annotated[str, typer.Option(help="Which parts run here: api,relay,consume,work")] = "api,relay,consume,work",
) -> None:
    """Serve one service as a process of its own (needs QUIRE_DATABASE_URL)."""
    from quire_shared.service.definition import installed
    from quire_shared.service.runner import serve_one

    settings = settings_or_exit()

    async def started(app: FastAPI, port: int) -> None:
        out.print(f"{service} answers on {settings.host}:{port}")
        if service == "desk" and "api" in wanted:
            await tell_link(app, settings.public_url or f"http://{settings.host}:{port}")

    wanted = tuple(r.strip() for r in roles.split(",") if r.strip())
    services = installed()
    if service not in services:
        err.print(f"There is no service “{service}”; there are {', '.join(services)}.")
        raise typer.Exit(2)
    asyncio.run(
        serve_one(
            services[service],
            settings,
            wanted,
            started,
        )
    )


@app.command()
def migrate() -> None:
    """Create missing databases and topics and bring all databases to the newest revision."""
    from quire_shared.service.definition import installed
    from quire_shared.service.installation import prepare

    asyncio.run(prepare(settings_or_exit(), installed().values()))
    out.print("All databases are at the newest revision.")


def main() -> None:
    """Entry point: adds the groups of the installed services, then runs."""
    for entry in entry_points(group="quire.commands"):
        app.add_typer(entry.load(), name=entry.name)
    try:
        app()
    except SettingsError as error:
        err.print(str(error))
        sys.exit(2)

"""The documentation says what the code does: generated pages are fresh, files that are named exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quire_shared.service.definition import installed
from quire_shared.service.settings import Settings
from quire_shared.testing import reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_the_generated_page_is_fresh(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == reference.PAGES[name](), (
        "run python -m quire_shared.testing.reference"
    )


def test_every_setting_is_documented() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_the_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {m for m in re.findall(r"`([\w./-]+\.(?:md|py))`", text) if "/" in m}
    folders = (ROOT, ROOT / "shared" / "quire_shared")
    missing = [n for n in sorted(named) if not any((folder / n).exists() for folder in folders)]
    assert missing == []


def test_every_make_command_of_the_readme_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    wanted = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert wanted <= targets


def test_every_route_needs_a_right_or_says_that_it_is_public() -> None:
    from fastapi.routing import APIRoute

    open_routes = [
        f"{service.name} {sorted(route.methods or ())} {route.path}"
        for service in installed().values()
        for router in service.routers
        for route in router.routes
        if isinstance(route, APIRoute) and not _guarded(route) and not (route.openapi_extra or {}).get("x-public")
    ]
    assert open_routes == []


def _guarded(route: object) -> bool:
    def walk(dependant: object) -> bool:
        if getattr(getattr(dependant, "call", None), "__name__", "") == "principal":
            return True
        return any(walk(d) for d in getattr(dependant, "dependencies", []))

    return walk(getattr(route, "dependant", None))

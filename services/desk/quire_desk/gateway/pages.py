"""The plain pages of the desk: files of this package only, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from starlette.responses import Response
from starlette.types import ASGIApp

_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_PAGES = {"/": "index.html", "/docs": "docs.html"}


def _load() -> dict[str, Response]:
    folder = files("quire_desk") / "static"
    found: dict[str, Response] = {}
    for file in folder.iterdir():
        kind = file.name.rpartition(".")[2]
        if kind in _TYPES:
            response = Response(file.read_bytes(), headers={"Cache-Control": "no-cache"}, media_type=_TYPES[kind])
            found[f"/static/{file.name}"] = response
    for path, name in _PAGES.items():
        found[path] = found[f"/static/{name}"]
    return found


_FILES = _load()


def find(method: str, path: str) -> ASGIApp | None:
    """The page or file at this path, None when there is none."""
    return _FILES.get(path) if method in ("GET", "HEAD") else None

"""The engine catches only exceptions it names: a fault of its own must reach the tests and the fuzzer, never be a flag."""

import ast
from pathlib import Path

import pytest

import quire_vendors.edi

PACKAGE = Path(quire_vendors.edi.__file__).parent
EVERYTHING = {"Exception", "BaseException"}


def hidden(source: str) -> list[int]:
    """The lines that catch, or suppress, every exception."""
    found: list[int] = []
    for node in ast.walk(ast.parse(source)):
        caught: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                found.append(node.lineno)
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "suppress":
            caught = node.args
        if any(ast.unparse(entry).split(".")[-1] in EVERYTHING for entry in caught):
            found.append(node.lineno)  # type: ignore[attr-defined]
    return found


def test_no_handler_catches_everything() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 40
    assert {str(path): lines for path in files if (lines := hidden(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    a()\nexcept:\n    pass",
        "try:\n    a()\nexcept Exception:\n    pass",
        "try:\n    a()\nexcept (ValueError, builtins.BaseException) as error:\n    pass",
        "with suppress(Exception):\n    a()",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert len(hidden(source)) == 1
    assert hidden("try:\n    a()\nexcept (ValueError, KeyError):\n    pass") == []

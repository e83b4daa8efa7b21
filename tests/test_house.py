"""The house rules that a machine can check: the six files of a feature folder, one clock, names that say something."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICES = ("orders", "vendors", "licenses", "usage", "desk")
LAYERS = ("rules", "tables", "schemas", "store", "commands", "api")
IMPURE = {"sqlalchemy", "sqlmodel", "asyncpg", "fastapi", "starlette", "httpx", "aiokafka", "structlog", "os", "socket"}
EMPTY_NAMES = re.compile(r"(^|_)(utils?|helpers?|misc|common_?utils?)$")


def layer(module: str) -> int | None:
    """Position of a module among the six, None if it is none of them; ``store_ledger`` is a ``store``."""
    stem = module.rsplit(".", 1)[-1]
    name = stem.split("_", 1)[0]
    return LAYERS.index(name) if name in LAYERS else None


def imports(path: Path, package: str) -> Iterator[str]:
    """Absolute names of everything a file imports, also inside functions; ``package`` is the file's own package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield base
            # "from package import store" names a module by its alias.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def wrong_imports(service: Path) -> list[str]:
    """Imports against the order of the six files within each feature folder below ``service``, a package's folder.

    Also against purity: ``rules`` of one feature take nothing but rules, and no library that does input or output.
    """
    wrong = []
    for path in sorted(service.rglob("*.py")):
        own = layer(path.stem)
        if own is None or path.parent == service:
            continue
        package = ".".join(path.parent.relative_to(service.parent).parts)
        for name in sorted(set(imports(path, package))):
            where = f"{path.relative_to(service.parent)} imports {name}"
            if own == 0 and name.split(".")[0] in IMPURE:
                wrong.append(f"{where}: rules do no input or output")
            if not name.startswith(f"{service.name}."):
                continue
            # The imported module is the one in a feature folder: quire_orders.funds.store(.balance).
            parts = name.split(".")
            index = next((i for i, part in enumerate(parts) if i >= 2 and layer(part) is not None), None)
            if index is None or not _is_module(service, parts[: index + 1]):
                continue
            other = layer(parts[index])
            same_feature = ".".join(parts[:index]) == package
            if other is not None and other > own and (same_feature or own == 0):
                wrong.append(f"{where}: {LAYERS[own]} comes before {LAYERS[other]}")
    return wrong


def _is_module(service: Path, parts: list[str]) -> bool:
    target = service.parent.joinpath(*parts)
    return target.with_suffix(".py").exists() or target.is_dir()


def packages() -> list[Path]:
    return [ROOT / "services" / name / f"quire_{name}" for name in SERVICES]


def sources(*bases: str) -> list[Path]:
    found = [path for base in bases for path in (ROOT / base).rglob("*.py")]
    return [path for path in found if not {"node_modules", ".venv", "build"} & set(path.parts)]


@pytest.mark.parametrize("service", packages(), ids=lambda path: path.name)
def test_the_six_files_import_in_one_direction(service: Path) -> None:
    assert service.is_dir()
    assert wrong_imports(service) == []


def test_the_check_notices_each_kind_of_wrong_import(tmp_path: Path) -> None:
    service = tmp_path / "quire_x"
    for feature in ("funds", "orders"):
        (service / feature).mkdir(parents=True)
        for name in ("rules", "rules_limits", "tables", "store", "store_ledger", "commands", "api"):
            (service / feature / f"{name}.py").write_text("")
    funds = service / "funds"
    (funds / "rules.py").write_text(
        "import sqlalchemy as sa\nfrom decimal import Decimal\nfrom quire_x.funds.rules_limits import limit\n"
        "from quire_x.orders.tables import Order\n"
    )
    (funds / "tables.py").write_text("def late():\n    from . import store\n")
    (funds / "store.py").write_text("from quire_x.funds import commands, tables\nfrom .rules import store_everything\n")
    (funds / "store_ledger.py").write_text("import quire_x.funds.api\nfrom .store import balance\n")
    (funds / "commands.py").write_text("from .store_ledger import post\nfrom quire_x.orders.api import route\n")
    assert wrong_imports(service) == [
        "quire_x/funds/rules.py imports quire_x.orders.tables: rules comes before tables",
        "quire_x/funds/rules.py imports quire_x.orders.tables.Order: rules comes before tables",
        "quire_x/funds/rules.py imports sqlalchemy: rules do no input or output",
        "quire_x/funds/store.py imports quire_x.funds.commands: store comes before commands",
        "quire_x/funds/store_ledger.py imports quire_x.funds.api: store comes before api",
        "quire_x/funds/tables.py imports quire_x.funds.store: tables comes before store",
    ]


def clock_calls(source: str) -> list[int]:
    """Lines that ask the machine for the time instead of ``clock``."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if (name, node.func.attr) in {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
            }:
                lines.append(node.lineno)
    return lines


def test_there_is_one_clock() -> None:
    clock = ROOT / "shared" / "quire_shared" / "values" / "clock.py"
    wrong = {
        str(path.relative_to(ROOT)): lines
        for path in sources("shared", "services")
        if path != clock and (lines := clock_calls(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}
    assert clock_calls("import datetime as d\nd.datetime.now(UTC)\ndate.today()\nclock.now()\n") == [2, 3]


def test_no_file_is_called_utils_or_helpers() -> None:
    found = sources("shared", "services", "tests")
    assert len(found) > 50
    wrong = [
        str(path.relative_to(ROOT))
        for path in found
        if any(EMPTY_NAMES.search(part) for part in (path.stem, *path.relative_to(ROOT).parts[:-1]))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "empty"), [("utils", True), ("edi_helpers", True), ("util", True), ("utility", False)]
)
def test_names_that_say_nothing(name: str, empty: bool) -> None:
    assert bool(EMPTY_NAMES.search(name)) is empty

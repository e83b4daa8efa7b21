"""Every metric stands in the catalogue with a name, a help text and labels; nothing is declared elsewhere."""

import ast
from pathlib import Path

import pytest

from quire_shared.observe import metrics

ROOT = Path(__file__).parents[3]
KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}


def declared_outside(source: str) -> list[str]:
    """Metric classes of prometheus_client that a module other than the catalogue takes hold of."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prometheus_client":
            found += [alias.name for alias in node.names if alias.name in KINDS | {"*"}]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] == "prometheus_client"]
    return found


def test_nothing_is_declared_outside_the_catalogue() -> None:
    sources = [
        p for base in ("shared", "services") for p in (ROOT / base).rglob("*.py") if "node_modules" not in p.parts
    ]
    assert len(sources) > 20
    catalogue = Path(metrics.__file__)
    wrong = {
        str(path.relative_to(ROOT)): names
        for path in sources
        if path != catalogue and (names := declared_outside(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "source",
    [
        "from prometheus_client import Counter",
        "import prometheus_client as p",
        "from prometheus_client.metrics import Gauge",
    ],
)
def test_a_metric_of_its_own_is_noticed(source: str) -> None:
    assert declared_outside(source)


def test_reading_the_catalogue_is_allowed() -> None:
    assert declared_outside("from prometheus_client import generate_latest") == []


def test_each_entry_is_named_and_explained() -> None:
    families = list(metrics.REGISTRY.collect())
    names = {family.name for family in families}
    for family in families:
        assert family.name.startswith("quire_")
        assert len(family.documentation) > 20
        assert family.documentation.endswith(".")
    assert {
        "quire_outbox_unpublished",
        "quire_relay_published",
        "quire_consumer_lag",
        "quire_consumer_applied",
        "quire_consumer_duplicates",
        "quire_consumer_parked",
        "quire_command_retries",
        "quire_http_request_seconds",
    } <= names

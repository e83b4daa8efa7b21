"""Canary: a secret put into every corner of a log call never comes out."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from quire_shared.observe import logs

CANARY = "c4n4ry/of the+mine"
QUOTED = ("c4n4ry%2Fof%20the%2Bmine", "c4n4ry%2Fof+the%2Bmine")


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logs as a running service writes them to standard error; the state of logging is put back."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    root = logging.getLogger()
    handlers, level, registered = root.handlers[:], root.level, set(logs._registered)
    logs.configure("INFO")
    assert isinstance(sys.stderr, io.StringIO)
    yield sys.stderr
    root.handlers, root.level = handlers, level
    logs._registered.clear()
    logs._registered.update(registered)
    structlog.reset_defaults()


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


class Thing:
    def __repr__(self) -> str:
        return f"Thing({CANARY})"


def test_a_registered_secret_is_hidden_wherever_it_stands(output: io.StringIO) -> None:
    logs.register_secret(CANARY)
    log = structlog.get_logger("quire")
    log.info(f"tried {CANARY}")
    log.info("in a value", detail=CANARY, data={"a": [{"b": (CANARY,)}]}, raw=CANARY.encode(), ids={CANARY: 1})
    log.info(
        "in an object", thing=Thing(), error=ValueError(CANARY), file=Path("/srv") / "c4n4ry", names=frozenset([CANARY])
    )
    log.info("in an address", url=f"https://example.org/?x={QUOTED[0]}&y={QUOTED[1]}")
    with structlog.contextvars.bound_contextvars(note=CANARY):
        log.info("in the context")
    try:
        raise ValueError(f"bad {CANARY}")
    except ValueError:
        log.exception("in a traceback")
        logging.getLogger("some.library").exception("by a library: %s", CANARY)
    written = output.getvalue()
    assert len(written.splitlines()) == 7
    for form in (CANARY, *QUOTED):
        assert form not in written
    assert "Thing([hidden])" in written
    assert "ValueError" in written


@pytest.mark.parametrize(
    "name",
    ["password", "sftp_password", "api_key", "apikey", "Authorization", "requestor_id", "cookie", "client_secret"],
)
def test_a_key_that_names_a_secret_hides_its_value(output: io.StringIO, name: str) -> None:
    structlog.get_logger().info("set", **{name: "hunter22"}, nested={name: ["hunter22"]})
    [line] = lines(output)
    assert line[name] == "[hidden]"
    assert line["nested"] == {name: "[hidden]"}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://quire:hunter22@127.0.0.1:5432/orders",
        "GET https://sushi.example.org/reports/tr?customer_id=hunter22&api_key=hunter22",
        "Authorization: Bearer hunter22.abc",
        "Authorization: Basic hunter22abc==",
    ],
)
def test_the_usual_shapes_of_a_secret_are_hidden_unregistered(output: io.StringIO, text: str) -> None:
    structlog.get_logger().info(text, also=text)
    assert "hunter22" not in output.getvalue()


def test_what_is_no_secret_stays(output: io.StringIO) -> None:
    structlog.get_logger().warning("order opened", order_id="o-1", lines=3, total=None, ok=True)
    logging.getLogger("some.library").warning("slow: %d ms", 12)
    first, second = lines(output)
    timestamp = str(first.pop("timestamp"))
    assert timestamp.endswith("Z")
    assert first == {
        "event": "order opened",
        "level": "warning",
        "order_id": "o-1",
        "lines": 3,
        "total": None,
        "ok": True,
    }
    assert second["event"] == "slow: 12 ms"

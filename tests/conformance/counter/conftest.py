"""The tables that the COUNTER conformance tests print at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_lines: dict[str, list[str]] = {}

Table = Callable[[str, str], None]


@pytest.fixture(scope="session")
def table() -> Table:
    """Adds a line to a named table that is printed after the run."""

    def add(name: str, line: str) -> None:
        _lines.setdefault(name, []).append(line)

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, lines in sorted(_lines.items()):
        terminalreporter.section(f"COUNTER: {name}")
        for line in lines:
            terminalreporter.write_line(line)

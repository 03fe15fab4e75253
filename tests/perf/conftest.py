"""Collect the ratios of the comparisons, and print them as one table when all are done.

pytest-benchmark has a table of times for the round trips; a comparison has no time worth telling.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.perf.comparison import ROUNDS
from tests.perf.table import Row, lines
from tests.support import machine

ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a hurried or a recording reader wants."""
    group = parser.getgroup("ratios")
    group.addoption("--rounds", type=int, default=ROUNDS, help="of each comparison")
    group.addoption("--ratios-json", type=Path, help="write the table of ratios to this file too")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty table."""
    config.stash[ROWS] = []


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Callable[[Row], None]:
    """Return what takes a row for the table."""
    return pytestconfig.stash[ROWS].append


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """Return how often each comparison is made."""
    number: int = pytestconfig.getoption("--rounds")
    return number


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table last, and save it where asked."""
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("ratios, ours / other")
    for line in lines(rows):
        terminalreporter.write_line(line)
    server, clients = machine.split()
    place = f"server on CPU {server}, clients on CPU {clients}"
    shared = f"server and clients share CPU {server}: these ratios say nothing"
    terminalreporter.write_line(shared if machine.shared() else place)
    if path := config.getoption("--ratios-json"):
        document = {"shared_cpu": machine.shared(), "rows": [row.as_json() for row in rows]}
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

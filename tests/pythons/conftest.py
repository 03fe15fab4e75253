"""Which interpreters there are, said at the end of a run."""

import pytest

from tests.support import pythons

FOUND = pythons.found()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which interpreters were tried, and which could not be."""
    tried = ", ".join(f"{name} ({python.runtime})" for name, python in sorted(FOUND.items()))
    terminalreporter.write_line(f"interpreters tried: {tried or 'none but that of the harness'}")
    if lacking := pythons.missing(FOUND):
        terminalreporter.write_line(f"not found here: {', '.join(lacking)} (name them in PYTHONS)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for it every interpreter."""
    if "python" in metafunc.fixturenames:
        metafunc.parametrize("python", FOUND.values(), ids=FOUND)

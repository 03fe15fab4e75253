"""What holds for all tests: skips are seen, and bounded where somebody counts on them."""

import os
import resource
from collections.abc import Iterator

import pytest

# Of a whole run, as many tests as may be skipped: set by what wants to be sure that it tests.
MOST = "SKIPS_MOST"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped more tests than it may."""
    most = os.environ.get(MOST)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if most is None or reporter is None:
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped > int(most) and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(
            f"{skipped} tests were skipped, at most {most} may be ({MOST})", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Let a test open as many files as the hard limit permits, as the house lets itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

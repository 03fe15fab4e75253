"""Where the files and the socket of a trial go."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.launch import places
from bench.running import preflight
from servers import terms


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Make Python forget which folder for temporary files it has found."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return monkeypatch


class TestPathsOfUnixSockets:
    def test_a_long_folder_is_passed_over_for_a_short_one(
        self, temporary: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        long = tmp_path / ("x" * 90)
        long.mkdir()
        temporary.setenv("TMPDIR", str(long))
        assert places.socket_folder() in places.SHORT_FOLDERS
        with places.trial_folder("unix") as folder:
            terms.bind("unix", places.wanted("unix", folder, 1)).close()
        with places.trial_folder("tcp") as folder:
            assert Path(folder).parent == long

    def test_no_folder_that_is_short_enough(
        self, temporary: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        temporary.setenv("TMPDIR", str(tmp_path))
        temporary.setattr(places, "socket_path_fits", lambda _: False)
        with pytest.raises(ConfigError, match="set TMPDIR to a shorter folder"):
            preflight.check_transport("unix")

    def test_the_longest_path_that_fits(self) -> None:
        below = Path(places.FOLDER_PREFIX + "x" * places.SUFFIX) / places.SOCKET_NAME.format(1)
        folder = "/".ljust(terms.UNIX_PATH_MOST - len(f"/{below}"), "x")
        assert places.socket_path_fits(folder)
        assert not places.socket_path_fits(folder + "x")


def test_a_socket_never_takes_the_number_of_a_standard_descriptor() -> None:
    code = (
        "import os, socket; from bench.launch import places; os.close(0); sock = socket.socket(); "
        "assert sock.fileno() == 0; print(places.above_standard(sock).fileno())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 3

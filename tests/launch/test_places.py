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
from tests.support.paths import ROOT


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
        folder = places.Folder()
        terms.bind("unix", places.wanted("unix", folder, 1)).close()
        folder.cleanup()
        assert not Path(folder.name).exists()

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


OWNER = """
import sys
from bench.launch import places
folder = places.Folder()
print(folder.name, flush=True)
sys.stdin.read()
"""


def test_folders_of_the_dead_are_removed_and_those_of_the_living_are_not(
    temporary: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = tmp_path / f"{places.FOLDER_PREFIX}mine"
    (foreign / "results").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        assert left.parent == tmp_path
        places.sweep()
        assert left.exists()
        owner.kill()
        owner.wait()
        places.sweep()
    assert not left.exists()
    # Somebody's own, which only has such a name; and behind a link nothing is looked at.
    assert (foreign / "results").exists()


def test_a_link_is_not_followed(temporary: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    folder = tmp_path / f"{places.FOLDER_PREFIX}x"
    folder.mkdir()
    (folder / places.OWNER).symlink_to(tmp_path / "mine")
    (tmp_path / f"{places.FOLDER_PREFIX}y").symlink_to(folder)
    places.sweep()
    assert folder.exists()


def test_a_socket_never_takes_the_number_of_a_standard_descriptor() -> None:
    code = (
        "import os, socket; from bench.launch import places; os.close(0); sock = socket.socket(); "
        "assert sock.fileno() == 0; print(places.above_standard(sock).fileno())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 3

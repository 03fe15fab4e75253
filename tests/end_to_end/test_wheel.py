"""The wheel: one name in site-packages, all that is needed inside, and commands that work."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadgen.version import version
from tests.support.paths import ROOT

INSIDE = "concurrency_bench"
# What `make native` leaves behind is not for other machines.
BUILT = ("echo", "witness")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with the build backend that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a folder."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-index", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def sources() -> Iterator[Path]:
    for folder in ("bench", "loadgen", "servers"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name not in BUILT:
                yield path.relative_to(ROOT)


def test_one_name_and_every_file_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert tops == {INSIDE, f"{INSIDE}-{version()}.dist-info"}
    missing = {f"{INSIDE}/{path.as_posix()}" for path in sources()} - names
    assert not missing
    assert not [name for name in names if name.endswith(("native/echo", "native/witness", ".pyc"))]


def run(site: Path, function: str, folder: Path, *words: str) -> str:
    """Run a command of the installed wheel, where neither the checkout nor its path can help."""
    program = f"import sys, {INSIDE}; sys.argv[0] = {function!r}; {INSIDE}.{function}()"
    libraries = [str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ended = subprocess.run(
        # -S: an editable install of the checkout puts it on the path by a file of site-packages.
        [sys.executable, "-S", "-c", program, *words],
        env=plain | {"PYTHONPATH": os.pathsep.join(libraries)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_its_commands_know_their_version_and_their_servers(site: Path, tmp_path: Path) -> None:
    assert run(site, "bench", tmp_path, "--version") == f"concurrency-bench {version()}\n"
    assert run(site, "loadgen", tmp_path, "--version") == f"concurrency-bench {version()}\n"
    assert "asyncio-streams" in run(site, "bench", tmp_path, "list")


@pytest.mark.slow
def test_it_measures_and_reports(site: Path, tmp_path: Path) -> None:
    words = ["run", "--suite", "quick", "--servers", "thread-per-client", "--workloads", "kept"]
    words += ["--connections", "2", "--duration", "0.2", "--warmup", "0.1", "--trials", "1"]
    run(site, "bench", tmp_path, *words, "--out", "mine")
    header = json.loads((tmp_path / "mine" / "run.json").read_text())
    assert (header["version"], header["commit"]) == (version(), None)
    assert (tmp_path / "mine" / "sources" / "servers" / "stream" / "thread_per_client.py").exists()
    assert (tmp_path / "mine" / "report.html").exists()

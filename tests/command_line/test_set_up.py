"""What `make` does before anything else: an environment of the interpreter that was asked for."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT


def _make(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make on a copy of what a set-up needs, with an environment that is of Python 3.12.1."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    here = tmp_path / ".venv" / "bin"
    here.mkdir(parents=True)
    _python(here / "python", "3.12.1")
    (tmp_path / ".venv" / ".ready").touch()
    return subprocess.run(
        ["make", "--dry-run", "setup", *words],
        cwd=tmp_path,
        env=_plain(),
        capture_output=True,
        text=True,
        check=False,
    )


def _plain() -> dict[str, str]:
    """Return the environment without what the make told that runs this test."""
    told = ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "PYTHON")
    return {name: value for name, value in os.environ.items() if name not in told}


def _python(path: Path, version: str) -> str:
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(("version", "anew"), [("3.13.0", True), ("3.12.1", False)])
def test_another_interpreter_makes_the_environment_anew(
    version: str, anew: bool, tmp_path: Path
) -> None:
    other = _python(tmp_path / "other", version)
    made = _make(tmp_path, f"PYTHON={other}")
    assert made.returncode == 0, made.stderr
    assert (f"{other} -m venv --clear .venv" in made.stdout) == anew


def test_without_a_word_the_environment_stays(tmp_path: Path) -> None:
    assert "venv" not in _make(tmp_path).stdout.replace(".venv/.ready", "")


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    made = subprocess.run(
        ["make", "setup", "PYTHON=/nonexistent/python"],
        cwd=tmp_path,
        env=_plain(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 2
    assert "error: there is no /nonexistent/python; choose one with make" in made.stderr

"""A commit with an environment of its own, in which the user's command has built it; cached."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.base.errors import ConfigError, in_words
from bench.plan import provision
from bench.proving import refs
from bench.proving.refs import Reference, Repository

# Written when all is there: what was cut off is made anew.
READY = "ready"
LOG = "build.log"


@dataclass(frozen=True)
class Build:
    """A commit as it can be measured: its work tree, and the interpreter that has it."""

    ref: Reference
    tree: Path
    python: str


def built(
    repository: Repository,
    ref: Reference,
    command: str | None,
    python: str,
    tell: Callable[[str], None],
) -> Build:
    """Return a commit, built by a command; what was built before is found again.

    command: run by a shell in the work tree, with the environment's programs first in PATH; None:
        there is nothing to build, and the interpreter itself runs it
    tell: is told what takes long

    Raises:
        ConfigError: git or the command failed; the line names the file with its output
    """
    folder = refs.place(repository, ref, command, python)
    found = Build(ref, folder / "tree", str(folder / "venv/bin/python") if command else python)
    try:
        with provision.alone(folder):
            if not (folder / READY).exists():
                _make(repository, found, command, python, tell)
    except OSError as error:
        raise ConfigError(in_words(error)) from None
    return found


def _make(
    repository: Repository,
    build: Build,
    command: str | None,
    python: str,
    tell: Callable[[str], None],
) -> None:
    folder = build.tree.parent
    for name in ("tree", "venv"):
        shutil.rmtree(folder / name, ignore_errors=True)
    repository.checked_out(build.ref, folder)
    if command is not None:
        tell(f"build: {build.ref} in {folder}")
        log = folder / LOG
        _logged(f"{build.ref}: no environment", [python, "-m", "venv", "venv"], folder, log)
        _logged(f"{build.ref}: its build failed", ["sh", "-c", command], build.tree, log)
    (folder / READY).touch()


def _logged(what: str, words: list[str], folder: Path, log: Path) -> None:
    """Run a program, its output in a file; raises ConfigError if it fails."""
    with log.open("w") as file:
        try:
            done = subprocess.run(
                words,
                cwd=folder,
                env=_environment(log.parent / "venv"),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            raise ConfigError(f"{what}: {in_words(error)}") from None
    if done.returncode:
        last = refs.last_line(log.read_text(errors="replace"))
        raise ConfigError(f"{what} with status {done.returncode}: {last} (all of it: {log})")


def _environment(venv: Path) -> dict[str, str]:
    """Return the user's environment with that of a build in front, and no other Python's."""
    plain = {
        name: value
        for name, value in refs.without_git(dict(os.environ)).items()
        if name not in ("PYTHONHOME", "PYTHONPATH")
    }
    path = os.pathsep.join([str(venv / "bin"), plain.get("PATH", os.defpath)])
    return plain | {"PATH": path, "VIRTUAL_ENV": str(venv)}

"""The interpreters of this machine: those of $PYTHONS, of pyenv, and in PATH, one of a release."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.base.errors import InterpreterError
from bench.model.interpreter import Interpreter, Runtime, here
from bench.plan import interpreters
from servers import discovery

# Those that this project is made for.
RELEASES = ("3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")


def label(runtime: Runtime) -> str:
    """Return what a release is called, as its program is: `3.14t`."""
    return ".".join(map(str, runtime.release)) + "t" * runtime.free_threaded


def found() -> dict[str, Interpreter]:
    """Return a CPython of each release that is here, without that of the harness."""
    packages = sorted({name for each in discovery.discover().values() for name in each.requires})
    by_label: dict[str, Interpreter] = {}
    for place in _places():
        try:
            python = interpreters.examine(f"py='{place}'", packages)
        except InterpreterError:
            continue  # a shim without a version behind it, or too old
        if python.runtime.implementation == "CPython":
            by_label.setdefault(label(python.runtime), python)
    by_label.pop(label(here()), None)
    return by_label


def missing(there: dict[str, Interpreter]) -> list[str]:
    """Return the releases that this project is made for, and that are not here."""
    return [each for each in RELEASES if each not in there and each != label(here())]


def _places() -> Iterator[Path]:
    yield from map(Path, os.environ.get("PYTHONS", "").replace(os.pathsep, " ").split())
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob("versions/*/bin/python3"))
    for release in RELEASES:
        if program := shutil.which(f"python{release}"):
            yield Path(program)

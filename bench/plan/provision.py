"""Environments of interpreters that lack what servers need: made by uv, outside the tree, once."""

import contextlib
import fcntl
import hashlib
import importlib.util
import itertools
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bench.base import wording
from bench.base.errors import ConfigError, in_words
from bench.model.interpreter import Interpreter
from bench.plan import interpreters
from loadgen.version import NAME

# Its environments are cut short by whoever stops it: this is written when all is there.
READY = "ready"
LIMIT_S = 600


@dataclass(frozen=True)
class Provided:
    """An interpreter with an environment of its own; lacking: why a package is not in it."""

    python: Interpreter
    lacking: dict[str, str]


def cache() -> Path:
    """Return the folder of what is made once and kept beside no tree."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home).absolute() / NAME


def provided(python: Interpreter, packages: Sequence[str], tell: Callable[[str], None]) -> Provided:
    """Return an interpreter that has packages, as far as there are wheels of them for it.

    Nothing is built: a wheel is what its authors tried. Each in the version that is installed here,
    if there is one, so that interpreters are compared and not releases; else in the newest.

    Raises:
        ConfigError: there is no uv, or no environment can be made
    """
    uv = _uv()
    program = _program(python)
    wanted = [_pinned(name) for name in sorted(packages)]
    key = shlex.join([program, str(python.runtime), *wanted])
    folder = cache() / "pythons" / hashlib.sha256(key.encode()).hexdigest()[:12]
    home = folder / "venv" / "bin" / "python"
    lacking: dict[str, str] = {}
    try:
        with alone(folder):
            if not (folder / READY).exists():
                tell(f"provision: {', '.join(wanted)} for {python.name}, in {folder}")
                venv = [*uv, "venv", "--clear", "--python", program, str(folder / "venv")]
                _done(venv, python.name)
            for name, spec in zip(sorted(packages), wanted, strict=True):
                if not (folder / f"{READY}-{name}").exists():
                    lacking |= _install(uv, home, name, spec, folder)
            (folder / READY).touch()
    except OSError as error:
        raise ConfigError(in_words(error)) from None
    words = tuple(str(home) if word == _word(python) else word for word in python.words)
    there = interpreters.examine(f"{python.name}={shlex.join(words)}", sorted(packages))
    return Provided(there, lacking)


def _install(uv: Sequence[str], home: Path, name: str, spec: str, folder: Path) -> dict[str, str]:
    """Install a package, in another version if need be; return why it cannot be, by its name."""
    for asked in dict.fromkeys((spec, name)):
        words = [*uv, "pip", "install", "--python", str(home), "--only-binary", ":all:", asked]
        why = _why_not(words)
        if not why:
            (folder / f"{READY}-{name}").touch()
            return {}
    return {name: why}


def _uv() -> list[str]:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        raise ConfigError("--provision: there is no uv to make environments with; pip install uv")
    return [found]


def _word(python: Interpreter) -> str:
    """Return the word that names the program: behind `env` and what is assigned there."""
    return next(itertools.dropwhile(lambda word: word == "env" or "=" in word, python.words))


def _program(python: Interpreter) -> str:
    found = shutil.which(_word(python))
    assert found is not None  # it has answered
    return str(Path(found).absolute())


def _pinned(name: str) -> str:
    """Return a package in the version that is installed here."""
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _done(words: Sequence[str], name: str) -> None:
    if why := _why_not(words):
        raise ConfigError(f"--provision: no environment for {name}: {why}")


def _why_not(words: Sequence[str]) -> str:
    """Run a command of uv's; return why it failed, empty if it did not."""
    plain = {n: v for n, v in os.environ.items() if n[:6] != "PYTHON" and n != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(
            words,
            env=plain | {"UV_NO_PROGRESS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done in {LIMIT_S} s"
    if not done.returncode:
        return ""
    return _reason(done.stderr)


def _reason(said: str) -> str:
    """Return what uv says of a failure, on one line."""
    if "no wheels" in said or "has no usable wheels" in said:
        return "there is no wheel of it for this interpreter"
    lines = [line.strip(" \u2570\u2500\u25b6\u00d7") for line in said.splitlines() if line.strip()]
    return wording.printable(" ".join(lines), 200)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold what is kept in a folder: nobody else makes it at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Environments of interpreters that lack what servers need: made by uv, outside the tree, once."""

import contextlib
import fcntl
import hashlib
import importlib.util
import itertools
import json
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
from bench.model.server import environment
from bench.plan import interpreters
from loadgen.version import NAME

# Written into an environment once it can be used, and once a package is in it: one that was cut
# short is made anew, or gets what it lacks.
READY = "ready"
LIMIT_S = 600
# What uv says where a version, or any, does not exist for an interpreter.
NO_WHEEL = ("has no wheels", "no usable wheels", "there is no version of")
TOLD_NO_WHEEL = "there is no wheel of it for this interpreter"
# Run by the interpreter: which program it is, and where its packages lie.
QUESTION = """
import json, os, sys
there = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
print(json.dumps([sys.executable, there]))
"""


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
    """Return an interpreter with what it has and those of the packages that it lacks.

    As far as there are wheels for it: nothing is built, a wheel is what its authors tried. Each in
    the version that is installed here, so that interpreters are compared and not releases; where
    there is no wheel of that one, in the newest, which is told.

    Raises:
        ConfigError: there is no uv, or no environment can be made
    """
    uv = _uv()
    lead, flags = _around(python)
    program, inherited = _asked(python)
    wanted = {name: _pinned(name) for name in sorted(set(packages) - python.packages.keys())}
    key = shlex.join([program, str(python.runtime), *wanted.values()])
    folder = cache() / "pythons" / hashlib.sha256(key.encode()).hexdigest()[:12]
    venv = folder / "venv"
    home = venv / "bin" / "python"
    lacking: dict[str, str] = {}
    try:
        with alone(folder):
            if not (venv / READY).exists():
                tell(f"provision: {', '.join(wanted.values())} for {python.name}, in {folder}")
                shutil.rmtree(venv, ignore_errors=True)
                if why := _why_not([*uv, "venv", "--python", program, str(venv)]):
                    raise ConfigError(f"--provision: no environment for {python.name}: {why}")
                (own,) = venv.glob("lib/python3*/site-packages")
                (own / "inherited.pth").write_text("".join(f"{place}\n" for place in inherited))
                (venv / READY).touch()
            for name, spec in wanted.items():
                if not (venv / f"{READY}-{name}").exists():
                    lacking |= _install(uv, venv, name, spec, tell)
    except OSError as error:
        raise ConfigError(in_words(error)) from None
    line = shlex.join([*lead, str(home), *flags])
    return Provided(interpreters.examine(f"{python.name}={line}", sorted(packages)), lacking)


def _install(
    uv: Sequence[str], venv: Path, name: str, spec: str, tell: Callable[[str], None]
) -> dict[str, str]:
    """Install a package, in another version if need be; return why it cannot be, by its name."""
    into = [*uv, "pip", "install", "--python", str(venv / "bin/python"), "--only-binary", ":all:"]
    why = _why_not([*into, spec])
    if why == TOLD_NO_WHEEL and spec != name:
        why = _why_not([*into, name])
        if not why:
            tell(f"provision: there is no wheel of {spec}; another version of {name} was taken")
    if why:
        return {name: why}
    (venv / f"{READY}-{name}").touch()
    return {}


def _uv() -> list[str]:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        raise ConfigError("--provision: there is no uv to make environments with; pip install uv")
    return [found]


def _around(python: Interpreter) -> tuple[list[str], list[str]]:
    """Return what stands before the program, `env` and what is assigned, and its options.

    Raises:
        ConfigError: which word is the program cannot be told
    """
    words = list(python.words)
    lead = words[:1] if Path(words[0]).name == "env" else []
    lead += itertools.takewhile(interpreters.ASSIGNMENT.match, words[len(lead) :])
    program, *flags = words[len(lead) :]
    if program.startswith("-"):
        raise ConfigError(
            f"--provision: {python.name} is {shlex.join(words)}; write NAME=[VARIABLE=value ...] "
            "/path/to/python [options]"
        )
    return lead, flags


def _asked(python: Interpreter) -> tuple[str, list[str]]:
    """Return the path of the program, and the folders of the packages that it has."""
    asked = [*python.words, "-c", QUESTION]
    try:
        done = subprocess.run(
            asked, env=environment(), capture_output=True, text=True, timeout=LIMIT_S, check=True
        )
        program, inherited = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError(f"--provision: {python.name} does not say what it is: {error}") from None
    return program, inherited


def _pinned(name: str) -> str:
    """Return a package in the version that is installed here."""
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


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
    # uv breaks its lines where a terminal ends.
    if any(words in " ".join(said.split()) for words in NO_WHEEL):
        return TOLD_NO_WHEEL
    lines = [line.strip(" \u2570\u2500\u25b6\u00d7") for line in said.splitlines() if line.strip()]
    return wording.printable(" ".join(lines), 200)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold what is kept in a folder: nobody else makes it at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

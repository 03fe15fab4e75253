"""Other interpreters that servers can be run under: found out about before anything starts."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.base import wording
from bench.base.errors import InterpreterError
from bench.model.interpreter import OWN, Interpreter, read
from bench.model.server import environment

# Run by the interpreter itself, with its standard library alone; the first line works with any.
QUESTION = """
import json, sys; print(json.dumps(sys.version_info[:3]))
sys.path = [place for place in sys.path if place]  # a server does not find what lies here, either
import importlib.util
from importlib import metadata
from servers import runtime
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "installed"
there = [name for name in sys.argv[1:] if importlib.util.find_spec(name)]
print(json.dumps(dict(runtime.facts(), packages={name: version(name) for name in there})))
"""
OLDEST = (3, 11)
LIMIT_S = 20
# Of what a program said that is no Python.
SAID = 80
# What a program that is no Python does when it is asked: end, answer otherwise, or not at all.
NOT_A_PYTHON = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
# As a shell has it before a program: PYTHON_GIL=0 python3.14t.
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def examine(text: str, packages: list[str]) -> Interpreter:
    """Return the interpreter of `NAME=[VARIABLE=value ...] /path [options]`, asked what it is.

    packages: of which it is asked whether it has them

    Raises:
        InterpreterError: it is not there, does not answer, or is too old.
    """
    name, equals, line = text.partition("=")
    if not equals or not name.isprintable() or not name or any(c in name for c in " ,:/*?[~"):
        raise InterpreterError(f"--python {text!r}: write NAME=/path/to/python")
    if name == OWN:
        raise InterpreterError(f"--python {name}: is what the harness's own is called")
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise InterpreterError(f"--python {name}: {error} in {line!r}") from None
    if words and ASSIGNMENT.match(words[0]):
        words = ("env", *words)
    if not words:
        raise InterpreterError(f"--python {name}: names no program; write NAME=/path/to/python")
    if Path(words[0]).is_dir():
        raise InterpreterError(f"--python {name}: {line!r} is a folder; name the program in it")
    if shutil.which(words[0]) is None:
        raise InterpreterError(f"--python {name}: the program {line!r} is not there")
    return _asked(name, words, line, packages)


def _asked(name: str, words: Sequence[str], line: str, packages: Iterable[str]) -> Interpreter:
    """Return an interpreter with what it says of itself; raises InterpreterError."""
    said = ""
    try:
        done = subprocess.run(
            [*words, "-c", QUESTION, *packages],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
        said = _last(done.stdout) or _last(done.stderr)
        said = f" (it said: {said})" if said else ""
        release, *answer = done.stdout.splitlines()
        major, minor, _ = json.loads(release)
        too_old = (major, minor) < OLDEST
        if not too_old:
            found = read(*answer)
            return Interpreter(name, tuple(words), replace(found, packages={}), found.packages)
    except subprocess.TimeoutExpired:
        said, too_old = f" within {LIMIT_S} s", False
    except NOT_A_PYTHON:
        too_old = False
    if too_old:
        raise InterpreterError(
            f"--python {name}: is Python {major}.{minor}; servers need 3.11 or later"
        )
    raise InterpreterError(f"--python {name}: {line!r} does not answer as a Python{said}")


def _last(text: str) -> str:
    return wording.printable(text.strip().rpartition("\n")[2], SAID)


def asked(python: Interpreter, packages: Sequence[str]) -> Interpreter:
    """Return an interpreter that was asked for these packages too; raises InterpreterError."""
    if python.packages.keys() >= set(packages):
        return python
    wanted = sorted({*packages, *python.packages})
    return _asked(python.name, python.words, shlex.join(python.words), wanted)

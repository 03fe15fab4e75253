"""Other interpreters that servers can be run under: found out about before anything starts."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from bench.base.errors import InterpreterError
from bench.model.interpreter import Interpreter
from bench.model.server import environment

# Run by the interpreter itself; it needs nothing but its standard library.
QUESTION = """
import importlib.util, json, platform, sys, sysconfig
from importlib import metadata
sys.path = [place for place in sys.path if place]  # a server does not find what lies here, either
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "installed"
jit = getattr(sys, "_jit", None)
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "pypy": ".".join(map(str, getattr(sys, "pypy_version_info", ())[:3])),
    "free_threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
    "jit": bool(jit and jit.is_enabled()),
    "packages": {n: version(n) for n in sys.argv[1:] if importlib.util.find_spec(n)},
}))
"""
OLDEST = (3, 11)
LIMIT_S = 20
# What a program that is no Python does when it is asked: end, answer otherwise, or not at all.
NOT_A_PYTHON = (
    *(OSError, ValueError, subprocess.SubprocessError),
    *(KeyError, TypeError, AttributeError, RecursionError),
)


def examine(text: str, packages: list[str]) -> Interpreter:
    """Return the interpreter of `NAME=/path [options]`, asked which of the packages it has.

    Raises:
        InterpreterError: it is not there, does not answer, or is too old.
    """
    name, equals, line = text.partition("=")
    if not equals or not name.isprintable() or not name or any(c in name for c in " ,:/*?[~"):
        raise InterpreterError(f"--python {text!r}: write NAME=/path/to/python")
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise InterpreterError(f"--python {name}: {error} in {line!r}") from None
    if not words or shutil.which(words[0]) is None:
        raise InterpreterError(f"--python {name}: the program {line!r} is not there")
    asked = [*words, "-c", QUESTION, *packages]
    try:
        answer = subprocess.run(
            asked,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        ).stdout
        facts = json.loads(answer)
        release = tuple(map(int, facts["version"].split(".")[:2]))
        pypy = facts.pop("pypy")
        facts["version"] += f" ({pypy})" if pypy else ""
        if not isinstance(facts["packages"], dict):
            raise TypeError
        found = Interpreter(name, words, **facts)
    except NOT_A_PYTHON:
        raise InterpreterError(f"--python {name}: {line!r} does not answer as a Python") from None
    if release < OLDEST:
        raise InterpreterError(
            f"--python {name}: is Python {found.version}; servers need 3.11 or later"
        )
    return found


def asked(python: Interpreter, packages: Sequence[str]) -> Interpreter:
    """Return an interpreter that was asked for these packages too; raises InterpreterError."""
    if python.packages.keys() >= set(packages):
        return python
    again = f"{python.name}={shlex.join(python.words)}"
    return examine(again, sorted({*packages, *python.packages}))

"""What `--python` takes: a program with options and switches of its own, asked what it is."""

import sys
from pathlib import Path

import pytest

from bench.base.errors import InterpreterError
from bench.model.interpreter import here
from bench.plan import interpreters
from bench.plan.interpreters import examine


def _program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_our_own_program_is_what_this_process_is() -> None:
    found = examine(f"py={sys.executable}", ["pytest", "no_such_package"])
    assert found.runtime == here()
    assert found.words == (sys.executable,)
    assert found.packages.keys() == {"pytest"}


@pytest.mark.parametrize("how", ["{} -X dev", "PYTHONDEVMODE=1 {}", "env PYTHONDEVMODE=1 {}"])
def test_switches_take_effect(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "malloc")  # the user's own are no server's
    found = examine(f"py={how.format(sys.executable)}", [])
    assert found.runtime.allocator == "pymalloc_debug"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo hello", r"does not answer as a Python \(it said: hello\)"),
        ("echo '[3, 8, 18]'", "is Python 3.8; servers need 3.11 or later"),
        (f'echo welcome; exec {sys.executable} "$@"', "does not answer as a Python"),
        ("exit 3", "does not answer as a Python$"),
    ],
)
def test_what_is_no_python_of_ours(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=message) as refused:
        examine(f"py={_program(tmp_path, text)}", [])
    assert "\n" not in str(refused.value)


def test_one_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "LIMIT_S", 0.3)
    with pytest.raises(InterpreterError, match=r"does not answer as a Python within 0.3 s"):
        examine(f"py={_program(tmp_path, 'exec sleep 1000')}", [])


def test_the_name_of_our_own_is_taken() -> None:
    with pytest.raises(InterpreterError, match="is what the harness's own is called"):
        examine(f"own={sys.executable}", [])

"""What may be added to a run."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.model.interpreter import Interpreter, Runtime
from bench.model.server import ServerSpec
from bench.running import resume
from servers.discovery import discover

OLD = Interpreter("py314", ("/a/python3.14",), Runtime("CPython", "3.14.2"), {"uvloop": "0.23.0"})
BLOCKING = discover()["stream", "blocking"]


def _spec(python: Interpreter) -> ServerSpec:
    return ServerSpec(f"{python.name}:blocking", "blocking", BLOCKING, python=python)


@pytest.mark.parametrize(
    "other",
    [
        replace(OLD, words=("/b/python3.14",)),
        replace(OLD, words=("env", "PYTHON_GIL=1", "/a/python3.14")),
        replace(OLD, runtime=Runtime("CPython", "3.14.9")),
    ],
)
def test_a_name_stays_with_its_interpreter(other: Interpreter) -> None:
    with pytest.raises(ConfigError, match=r"run: py314 is CPython 3\.14\.2 there") as refused:
        resume.check_pythons(Path("run"), [_spec(OLD)], [_spec(other)])
    assert "\n" not in str(refused.value)
    resume.check_pythons(Path("run"), [_spec(OLD)], [_spec(replace(other, name="another"))])


def test_the_same_one_may_run_more() -> None:
    more = replace(OLD, packages={"uvloop": "0.23.0", "trio": "0.30.0"})
    resume.check_pythons(Path("run"), [_spec(OLD)], [_spec(more)])

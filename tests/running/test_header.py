"""What must be the same for a run to go on, and what its header says of a server."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.base.errors import ConfigError
from bench.host import machine
from bench.model.header import Config, Header
from bench.model.interpreter import Interpreter, Runtime
from bench.model.server import ServerSpec
from bench.running import header
from loadgen.version import version
from servers.discovery import discover

CONFIG = Config("default", (), (), 1.0, 0.5, 3)


def _header(**changed: Any) -> Header:
    """Return the header of a run that was measured here and now."""
    here = Header(
        "a-run",
        header.now(),
        CONFIG,
        machine=machine.describe(),
        versions=machine.versions(),
        version=version(),
    )
    return dataclasses.replace(here, **changed)


def test_a_run_of_this_machine_goes_on(tmp_path: Path) -> None:
    header.check_same(tmp_path, _header())


@pytest.mark.parametrize(
    ("name", "value"),
    [("clock_source", "hpet"), ("cores", {"0": 446}), ("kernel", "2.4"), ("cpu_model", "Z80")],
)
def test_a_run_of_another_machine_does_not(name: str, value: object, tmp_path: Path) -> None:
    there: Any = {**machine.describe(), name: value}
    with pytest.raises(ConfigError, match=f"was measured with another machine {name}") as refused:
        header.check_same(tmp_path, _header(machine=there))
    assert "\n" not in str(refused.value)


def test_one_of_other_versions_does_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="was measured with another versions"):
        header.check_same(tmp_path, _header(versions={"python": "3.99"}))


@pytest.mark.parametrize(
    ("gil", "words"), [(False, "free-threaded"), (True, "free-threaded, GIL on")]
)
def test_a_free_threaded_interpreter_says_so(gil: bool, words: str) -> None:
    blocking = discover()["stream", "blocking"]
    runtime = Runtime("CPython", "3.14.2", free_threaded=True, gil=gil)
    python = Interpreter("py314t", ("python3.14t",), runtime, {})
    spec = ServerSpec("py314t:blocking", "blocking", blocking, python=python)
    assert header.python(spec) == f"CPython 3.14.2 {words}"
    assert header.describe(spec).gil is gil

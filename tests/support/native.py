"""Compile the yardsticks that are written in C, once for a test session."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT

SOURCES = {
    "echo": ROOT / "servers" / "native" / "echo.c",
    "witness": ROOT / "loadgen" / "native" / "witness.c",
    "client": ROOT / "tests" / "perf" / "client.c",
    "faults": ROOT / "tests" / "support" / "faults.c",
    "churn_client": ROOT / "tests" / "perf" / "churn_client.c",
}


def compiler() -> str | None:
    """Return the C compiler: $CC, else the first of the usual names that is there."""
    wanted = [os.environ.get("CC", ""), "cc", "gcc", "clang"]
    return next((found for name in wanted if name and (found := shutil.which(name))), None)


@functools.cache
def build(name: str) -> Path:
    """Return the compiled program; the test is skipped where there is no C compiler."""
    cc = compiler()
    if cc is None:
        pytest.skip("no C compiler: install gcc or clang, or set CC")
    program = _folder() / name
    shared = ["-shared", "-fPIC"] if name == "faults" else []
    words = [cc, "-O2", *shared, "-o", str(program), str(SOURCES[name]), "-lm"]
    subprocess.run(words, check=True)
    return program


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bench-native-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

"""Standard output that fails: nothing that goes on is lost by it, and it is told once."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

CODE = """
import sys
from loadgen.outlet import Outlet
outlet = Outlet.install()
for _ in range(3):
    print("x" * 100_000)
    sys.stdout.flush()
print("done", file=sys.stderr)
print(repr(outlet.failure()), file=sys.stderr)
"""


@pytest.mark.parametrize("place", ["/dev/full", "/dev/null"])
def test_a_full_place_is_told_at_the_end(place: str) -> None:
    with open(place, "w") as out:
        ended = subprocess.run(
            [sys.executable, "-c", CODE], stdout=out, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    told = "standard output: No space left on device; send it elsewhere" * (place == "/dev/full")
    assert ended.stderr == f"done\n{told!r}\n"
    assert ended.returncode == 0


def test_a_reader_that_is_gone_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", CODE], stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "done\n''\n")

"""A short run under every interpreter: measured, labelled, and without a word on standard error."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.model.interpreter import Interpreter, here
from tests.support import pythons
from tests.support.paths import ROOT

SERVERS = ("selectors-default", "thread-per-client", "process-pool", "asyncio-streams")
QUICK = ("--connections", "4", "--duration", "0.2", "--warmup", "0.1", "--trials", "1")


def test_a_short_run(python: Interpreter, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = [
        *(sys.executable, "-m", "bench", "run", "--workloads", "kept", *QUICK, "--aa", "none"),
        *("--python", f"py='{python.words[0]}' -W error", "--quiet", "--out", str(folder)),
        *("--servers", " ".join(f"py:{name}" for name in SERVERS)),
    ]
    # What the user's environment says to Python is nothing to the servers.
    environment = os.environ | {"PYTHONDEVMODE": "1", "PYTHON_GIL": "1"}
    done = subprocess.run(
        asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with (folder / "summary.csv").open(newline="") as file:
        rows = {row["server"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {f"py:{name}" for name in SERVERS}
    assert {row["python"] for row in rows.values()} == {str(python.runtime)}
    trials = [json.loads(line) for line in (folder / "trials.jsonl").open()]
    for trial in trials:
        assert trial["status"] == "measured"
        assert trial["server_end"] == "clean"
        told = trial["runtime"]
        assert told["version"] == python.runtime.version
        assert told["gil"] is python.runtime.gil
        assert told["packages"] == {}


def test_those_that_are_not_here_are_named() -> None:
    there = pythons.found()
    assert not set(pythons.missing(there)) & there.keys()
    assert set(pythons.missing(there)) | there.keys() | {pythons.label(here())} >= set(
        pythons.RELEASES
    )

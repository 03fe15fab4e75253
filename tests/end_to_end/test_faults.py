"""Calls that fail as on a full disk or a full machine: who is named, what stays, how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.report import files
from bench.report.view import run_view
from loadgen.exits import Exit
from tests.support import synthetic
from tests.support.faults import Fault
from tests.support.paths import ROOT

LIMIT_S = 60
HOUSE, SUPERVISOR = "tests.support.faults", "supervisor.py"
GENERATOR = "loadgen.worker"


def ran(
    *words: str, environment: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=cwd,
        env={**(environment or os.environ), "COLUMNS": "150", "PYTHONPATH": str(ROOT)},
        check=False,
    )


# A fault in one trial; its server; the verdict; and a part of the reason.
TRIALS = {
    "no fault": (Fault("fsync", "EIO", "nobody"), "blocking", "", ""),
    "no process for the supervisor": (
        Fault("fork", "EAGAIN", HOUSE),
        *("blocking", "instrument", "a server cannot be started: Resource temporarily"),
    ),
    "no process for the server": (
        Fault("fork", "EAGAIN", SUPERVISOR),
        *("blocking", "instrument", "cannot start"),
    ),
    "no process for the generator": (
        Fault("fork", "EAGAIN", HOUSE, after=1),
        *("blocking", "instrument", "generator process 0 cannot start"),
    ),
    "a server that cannot be run": (
        Fault("exec", "EACCES", SUPERVISOR),
        *("blocking", "failed", "Permission denied"),
    ),
    "no port for the house": (
        Fault("bind", "EADDRINUSE", HOUSE),
        *("blocking", "instrument", "Address already in use"),
    ),
    "no port for a worker of the server": (
        Fault("bind", "EADDRINUSE", "servers", after=0),
        *("selectors-per-core", "failed", "Address already in use"),
    ),
    "a server that cannot read": (
        Fault("recv", "ECONNRESET", "servers", "socket:", after=40),
        *("thread-per-client", "broken-echo", ""),
    ),
    "nobody listens any more": (
        Fault("connect", "ECONNREFUSED", GENERATOR),
        *("thread-per-client", "broken-echo", "after the probe: "),
    ),
    "no port for the generator": (
        Fault("connect", "EADDRNOTAVAIL", GENERATOR),
        *("thread-per-client", "instrument", "Cannot assign requested address"),
    ),
    "no buffer for the generator to send": (
        Fault("write", "ENOBUFS", GENERATOR, "socket:", after=40),
        *("thread-per-client", "instrument", "the kernel had no buffer left"),
    ),
    "no memory for the generator to read": (
        Fault("read", "ENOMEM", GENERATOR, "socket:", after=40),
        *("thread-per-client", "instrument", "the kernel had no memory left"),
    ),
    "no memory for the columns": (
        Fault("write", "ENOSPC", GENERATOR, "memfd:columns"),
        *("thread-per-client", "instrument", "No space left on device"),
    ),
    "no room for the samples": (
        Fault("write", "ENOSPC", HOUSE, ".npz"),
        *("thread-per-client", "", ""),
    ),
}


@pytest.mark.parametrize("case", TRIALS)
def test_a_trial_in_which_a_call_fails_names_whose_fault_it_is(case: str, tmp_path: Path) -> None:
    fault, server, verdict, words = TRIALS[case]
    samples = tmp_path / "samples.npz"
    ended = ran(HOUSE, server, str(samples), environment=fault.environment())
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    found = json.loads(ended.stdout)
    if verdict:
        assert found["verdict"] == verdict, found
    else:
        assert found["status"] == "measured"
    assert words in found["reason"] + found["why"]
    if case in ("no fault", "no room for the samples"):
        assert samples.exists() == (case == "no fault")


RUN = ["run", "--suite", "quick", "--servers", "selectors-default", "--connections", "3"]
RUN += ["--aa", "none", "--trials", "2", "--duration", "0.1", "--warmup", "0.05", "--budget", "0"]
RUN += ["--quiet"]
# A fault in a run; the status; the trials on disk; whether there is a page, and a part of the line.
RUNS = {
    "trials: disk full for good": (
        Fault("write", "ENOSPC", " bench ", "trials.jsonl", after=1),
        *(Exit.BAD_INPUT, 1, True, "trials.jsonl: No space left on device; make room"),
    ),
    "trials: disk full until the samples are gone": (
        Fault("write", "ENOSPC", " bench ", "trials.jsonl", after=1, times=1),
        *(Exit.MEASURED, 2, True, "left out: samples of 2 trials: they found no room"),
    ),
    "trials: the disk fails": (
        Fault("fsync", "EIO", " bench ", "trials.jsonl", after=1),
        *(Exit.BAD_INPUT, 1, True, "trials.jsonl: Input/output error; look at the disk"),
    ),
    "header: read-only at the start": (
        Fault("rename", "EROFS", " bench ", "run.json"),
        *(Exit.BAD_INPUT, 0, False, "run.json: Read-only file system"),
    ),
    "header: full at the end": (
        Fault("write", "ENOSPC", " bench ", "run.json", after=1),
        *(Exit.MEASURED, 2, True, "left out: the end of the run in run.json: No space"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", RUNS)
def test_a_run_keeps_what_it_measured_and_writes_what_it_can(case: str, tmp_path: Path) -> None:
    fault, status, trials, page, words = RUNS[case]
    folder = tmp_path / "run"
    ended = ran("bench", *RUN, "--out", str(folder), environment=fault.environment())
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) <= 1
    assert words in ended.stdout + ended.stderr
    path = folder / "trials.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    assert len([json.loads(line) for line in lines]) == trials
    assert (folder / "report.html").exists() == page
    assert (folder / "summary.csv").exists() == (trials > 0)
    assert not list(folder.rglob("*.part"))
    if "samples are gone" in case:
        assert not list((folder / "samples").iterdir())


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "run"
    files.write(run_view.view(synthetic.run(folder, synthetic.EIGHT[:2], [synthetic.MANY], 2)))
    return folder


# What cannot be written of a report; what the page then names.
REPORTS = {
    "charts: full": (Fault("write", "ENOSPC", " bench ", "/charts/"), "charts/"),
}


@pytest.mark.parametrize("case", REPORTS)
def test_a_part_of_a_report_that_fails_is_named_in_it(case: str, reported: Path) -> None:
    fault, words = REPORTS[case]
    ended = ran("bench", "report", str(reported), environment=fault.environment())
    assert ended.returncode == 0, ended.stderr
    assert f"left out: {words}" in ended.stdout
    assert words in (reported / "report.md").read_text()
    assert words.partition(":")[0] in (reported / "report.html").read_text()
    assert ended.stdout.splitlines()[-1].startswith("report: ")


def test_a_report_that_cannot_be_written_at_all_is_one_line(reported: Path) -> None:
    fault = Fault("open", "EROFS", " bench ", str(reported))
    ended = ran("bench", "report", str(reported), environment=fault.environment())
    assert ended.returncode == Exit.BAD_INPUT
    assert len(ended.stderr.splitlines()) == 1
    assert "requests/s" in ended.stdout
    exported = ran("bench", "export", str(reported), environment=fault.environment())
    assert exported.returncode == Exit.BAD_INPUT
    assert exported.stderr.count("\n") == 1
    assert "Read-only file system; choose a place that can be written to" in exported.stderr


@pytest.mark.parametrize("words", ["list", "--help"])
def test_a_full_standard_output_is_one_line(words: str) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bench", words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert ended.returncode == Exit.BAD_INPUT
    assert ended.stderr == "error: standard output: No space left on device; send it elsewhere\n"

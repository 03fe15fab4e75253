"""Ctrl-C and kill: what was measured stays, and nothing is left behind."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.paths import ROOT

BENCH = [sys.executable, "-m", "bench"]


QUICK = ["--duration", "0.2", "--warmup", "0.05", "--trials", "2", "--suite", "quick"]


LIMIT_S = 60


def bench(*words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*BENCH, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=cwd or ROOT,
        env=os.environ | {"COLUMNS": "150", "PYTHONPATH": str(ROOT), "DEFECT_AFTER_S": "0.12"},
        check=False,
    )


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open() as file:
        return list(csv.DictReader(file))


COLUMNS = (
    *("server", "family", "transport", "workload", "connections", "payload_bytes"),
    *("requests_per_connection", "offered_rps", "trials"),
    *("throughput_rps", "throughput_lo", "throughput_hi"),
    *("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "send_lag_p99_us", "connect_p99_us"),
    *("cpu_us_per_request", "ctx_switches_per_request", "memory_mib"),
    *("effective_concurrency", "fairness_jain", "errors", "verdict"),
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator["tuple[subprocess.Popen[str], Path]"]:
    """Yield a long run in its second trial, and its folder."""
    folder = tmp_path / "run"
    words = ["run", *QUICK, "--servers", "selectors-default,process-pool", "--out", str(folder)]
    process = subprocess.Popen(
        [*BENCH, *words, "--trials", "500"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        while not (folder / "trials.jsonl").exists() or process.stdout.readline()[:2] != "1/":
            assert process.poll() is None
        yield process, folder
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_keeps_what_was_measured_and_writes_the_report(
    running: "tuple[subprocess.Popen[str], Path]",
) -> None:
    process, folder = running
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert (folder / "report.html").exists()
    assert any(row["verdict"] for row in rows(folder))
    assert not psutil.wait_procs(below, timeout=3)[1]


def test_kill_leaves_no_process_and_a_run_that_can_be_reported(
    running: "tuple[subprocess.Popen[str], Path]",
) -> None:
    process, folder = running
    deadline = time.monotonic() + LIMIT_S
    # In the middle of a trial: supervisor, server and generator are there.
    while len(below := psutil.Process(process.pid).children(recursive=True)) < 3:
        assert time.monotonic() < deadline
    process.kill()
    assert not psutil.wait_procs(below, timeout=3)[1]
    ended = bench("report", str(folder))
    assert ended.returncode == 0, ended.stderr
    assert rows(folder)

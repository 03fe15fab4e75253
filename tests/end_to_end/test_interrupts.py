"""Ctrl-C and kill: what was measured stays, and nothing is left behind."""

import contextlib
import csv
import fcntl
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def ignoring_ctrl_c() -> None:
    """Be as a job that a script starts with `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def begun(*words: str, **more: Any) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, **more
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator["tuple[subprocess.Popen[str], Path]"]:
    """Yield a long run in its second trial, and its folder; Ctrl-C was ignored by its parent."""
    folder = tmp_path / "run"
    (tmp_path / "tmp").mkdir()
    words = ["run", *QUICK, "--servers", "selectors-default,process-pool", "--out", str(folder)]
    words += ["--transport", "unix", "--trials", "500"]
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    with begun(*BENCH, *words, env=environment, preexec_fn=ignoring_ctrl_c) as process:
        assert process.stdout is not None
        while not (folder / "trials.jsonl").exists() or process.stdout.readline()[:2] != "1/":
            assert process.poll() is None
        yield process, folder


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_keeps_what_was_measured_and_writes_the_report(
    which: signal.Signals, running: "tuple[subprocess.Popen[str], Path]"
) -> None:
    process, folder = running
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(which)
    if which is not signal.SIGINT:
        process.send_signal(signal.SIGHUP)  # a session's end sends several
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert (folder / "report.html").exists()
    assert any(row["verdict"] for row in rows(folder))
    assert not psutil.wait_procs(below, timeout=3)[1]
    assert not list((folder.parent / "tmp").iterdir())


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_ends_in_good_order(which: signal.Signals, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    words = [*BENCH, "serve", "blocking", "--transport", "unix"]
    with begun(*words, env=environment, preexec_fn=ignoring_ctrl_c) as process:
        assert process.stdout is not None
        assert "blocking serves unix on" in process.stdout.readline()
        process.send_signal(which)
        process.communicate(timeout=LIMIT_S)
    assert process.returncode in (0, 130)
    assert not list(tmp_path.iterdir())


def test_a_terminal_that_goes_away_costs_no_report(tmp_path: Path) -> None:
    ours, its = pty.openpty()

    def take_it() -> None:
        os.setsid()
        fcntl.ioctl(its, termios.TIOCSCTTY)

    words = ["run", *QUICK, "--servers", "blocking", "--trials", "500"]
    process = subprocess.Popen(
        [*BENCH, *words, "--connections", "1", "--out", str(tmp_path / "run")],
        stdin=its,
        stdout=its,
        stderr=its,
        preexec_fn=take_it,
        cwd=ROOT,
    )
    os.close(its)
    try:
        path = tmp_path / "run" / "trials.jsonl"
        while not (path.exists() and path.stat().st_size):
            os.read(ours, 4096)
        os.close(ours)
        assert process.wait(LIMIT_S) == 130
    finally:
        process.kill()
        process.wait()
    assert rows(tmp_path / "run")
    assert (tmp_path / "run" / "report.html").exists()


def test_nohup_is_respected() -> None:
    """A run that was told to outlive its terminal does."""
    code = (
        "import signal, os; from loadgen.signals import end_in_good_order as install; "
        "signal.signal(signal.SIGHUP, signal.SIG_IGN); install(); "
        "os.kill(os.getpid(), signal.SIGHUP); print('alive')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ended.stdout == "alive\n"


def test_a_run_whose_every_cell_failed_says_so_by_its_status(tmp_path: Path) -> None:
    bad = ROOT / "tests" / "defects" / "stream" / "exits_at_once.py"
    words = [
        "--servers",
        shlex.quote(str(bad)),
        "--connections",
        "5",
        "--out",
        str(tmp_path / "run"),
    ]
    ended = bench("run", *QUICK, "--trials", "1", *words)
    assert ended.returncode == 4, ended.stderr
    assert (tmp_path / "run" / "report.html").exists()


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

"""Each verdict, provoked by a server or a setting made for it, in a real run.

`failed`, `broken-echo` and `starved` are provoked in test_run.py.
"""

import csv
import json
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.support import machine
from tests.support.paths import ROOT, TESTS, python

# Other tenants of the machine may add a fault of their own to the one that is provoked: the
# majority of three runs decides. A verdict that is given in 95 of 100 runs passes in 993 of 1,000
# tests, one that is given in 30 in 216.
ATTEMPTS = 3
NEEDED = 2


def provoked(verdict: str, folder: Path, *words: str) -> dict[str, str]:
    """Return the row of a run whose verdict this is, in the majority of a few."""
    right: list[dict[str, str]] = []
    wrong: list[dict[str, str]] = []
    for attempt in range(ATTEMPTS):
        row = measured(folder / f"run-{attempt}", *words)
        (right if row["verdict"] == verdict else wrong).append(row)
        if len(right) == NEEDED:
            break
    if wrong:
        warnings.warn(f"{verdict}: {len(wrong)} of {ATTEMPTS} runs differ", stacklevel=2)
    assert len(right) == NEEDED, f"{verdict} was to be provoked: {wrong}"
    return right[-1]


def judged(folder: Path) -> list[dict[str, Any]]:
    """Return what holds for the one cell of each attempt below a folder."""
    return [json.loads(path.read_text())[0] for path in sorted(folder.glob("run-*/verdicts.json"))]


def foreign(name: str) -> tuple[str, ...]:
    """Return what measures a defective program that knows nothing of this project."""
    program = TESTS / "defects" / "foreign" / f"{name}.py"
    return ("--command", f"it={python(program, '{host}', '{port}')}", "--servers", "it")


def measured(folder: Path, *words: str) -> dict[str, str]:
    """Return the one row of a run of two short trials."""
    asked = ["--workloads", "kept", "--trials", "2", "--aa", "none", "--budget", "0"]
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "run", *asked, *words, "--out", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    with (folder / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    return row


def test_overloaded(tmp_path: Path) -> None:
    # A millisecond a request, so a thousand a second at most.
    queue = python(TESTS / "truth" / "single_queue.py", "{host}", "{port}")
    asked = ("--command", f"queue={queue} --mean-us 1000 --log {os.devnull}", "--servers", "queue")
    load = ("--connections", "20", "--rate", "3000", "--duration", "0.5", "--warmup", "0.2")
    row = provoked("overloaded", tmp_path, *asked, *load)
    assert float(row["throughput_rps"]) < 0.9 * float(row["offered_rps"])


def test_lossy(tmp_path: Path) -> None:
    server = shlex.quote(str(TESTS / "defects" / "datagram" / "drops_one_percent.py"))
    asked = ("--servers", server, "--transport", "udp", "--connections", "10", "--rate", "3000")
    row = provoked("lossy", tmp_path, *asked, "--duration", "0.5", "--warmup", "0.1")
    assert int(row["lost"]) > 0


@pytest.mark.slow
def test_a_short_backlog_is_named_as_what_turns_connections_away(tmp_path: Path) -> None:
    churn = ("--requests-per-connection", "1", "--connections", "50")
    times = ("--duration", "1", "--warmup", "0.2")
    provoked("lossy", tmp_path, *foreign("short_backlog"), *churn, *times)
    last = judged(tmp_path)[-1]
    assert "the server's accept queue was full" in last["reason"]
    assert "listen(4096)" in last["remedy"]
    assert last["facts"]["counters"]["ListenOverflows"] > 0


@pytest.mark.slow
def test_datagrams_dropped_at_the_servers_socket_are_named_so(tmp_path: Path) -> None:
    load = ("--transport", "udp", "--connections", "10", "--rate", "5000")
    times = ("--duration", "0.5", "--warmup", "0.2")
    row = provoked("lossy", tmp_path, *foreign("slow_datagrams"), *load, *times)
    last = judged(tmp_path)[-1]
    assert "datagrams were dropped at the server's socket: its receive buffer" in last["reason"]
    assert last["facts"]["counters"]["udp_drops"] > 0
    assert int(row["lost"]) > 0


@pytest.mark.slow
def test_nagle_against_delayed_acknowledgements_is_named_and_no_verdict(tmp_path: Path) -> None:
    asked = (*foreign("two_pieces"), "--connections", "4", "--duration", "1", "--warmup", "0.2")
    for attempt in range(ATTEMPTS):
        row = measured(tmp_path / f"run-{attempt}", *asked)
        assert row["verdict"] != "delayed-ack"
        notes = [note for note in judged(tmp_path)[-1]["notes"] if note["verdict"] == "delayed-ack"]
        if notes and notes[0]["facts"]["found_in"] == 2:
            assert "delayed acknowledgement (40 ms)" in notes[0]["reason"]
            return
    pytest.fail(f"a note was to be provoked: {judged(tmp_path)}")


def test_unsteady(tmp_path: Path) -> None:
    server = shlex.quote(str(TESTS / "truth" / "slows_down.py"))
    asked = ("--servers", server, "--connections", "10")
    provoked("unsteady", tmp_path, *asked, "--duration", "1.2", "--warmup", "0.1")


def test_a_leak_is_noted_with_what_stays_of_a_request(tmp_path: Path) -> None:
    server = shlex.quote(str(TESTS / "truth" / "leaks.py"))
    asked = ("--servers", server, "--connections", "10", "--rate", "4000")
    measured(tmp_path / "run-0", *asked, "--duration", "3", "--warmup", "0.2")
    (note,) = [note for note in judged(tmp_path)[0]["notes"] if note["verdict"] == "leaking"]
    assert note["facts"]["found_in"] == 2
    # A kilobyte, the object's head, its place in a list; some find room in the heap that is there.
    assert 500 < note["facts"]["bytes_per_request"] < 1500
    assert "Some memory of each request stays" in (tmp_path / "run-0/report.html").read_text()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a CPU for each side")
def test_generator_bound(tmp_path: Path) -> None:
    server_cpu, generator_cpu = machine.split()
    # Requests that a server takes by the dozen are more than a generator sends one by one.
    asked = ("--servers", "selectors-default", "--connections", "2", "--duration", "0.5")
    cpus = ("--server-cpus", str(server_cpu), "--generator-cpus", str(generator_cpu))
    provoked("generator-bound", tmp_path, *asked, *cpus, "--rate", "1000000")


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a CPU for each side")
def test_noisy(tmp_path: Path) -> None:
    server_cpu, generator_cpu = machine.split()
    asked = ("--servers", "selectors-default", "--connections", "1", "--duration", "0.5")
    cpus = ("--server-cpus", str(server_cpu), "--generator-cpus", str(generator_cpu))
    with machine.busy(server_cpu):
        provoked("noisy", tmp_path, *asked, *cpus)


def test_a_limit_of_open_files_is_the_result_of_who_met_it(tmp_path: Path) -> None:
    """More connections than one process may hold here: held by several, beside the load."""
    servers = ("thread-per-client", "asyncio-protocol", "uvloop-protocol")
    words = [*("--workloads", "kept", "--connections", "5", "--idle", "400", "--rate", "200")]
    words += [*("--trials", "1", "--duration", "0.3", "--warmup", "0.1", "--aa", "none")]
    words += [*("--budget", "0", "--servers", ",".join(servers), "--out", str(tmp_path / "run"))]
    ended = subprocess.run(
        [
            "bash",
            "-c",
            'ulimit -n 250; exec "$@"',
            "-",
            sys.executable,
            "-m",
            "bench",
            "run",
            *words,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 4, ended.stderr  # no server here has figures that stand
    held = json.loads((tmp_path / "run/verdicts.json").read_text())
    assert [cell["verdict"] for cell in held] == ["full"] * len(servers), held
    for cell in held:
        assert "405 connections, at the limit of open files of a process (250)" in cell["reason"]
        assert cell["remedy"] == "Raise it (ulimit -Hn)."

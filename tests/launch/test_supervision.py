"""What everybody can read of a trial, what a server prints, and who may die first."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.launch import output
from bench.launch.launcher import Allotment, Server
from bench.launch.observer import Observer
from bench.launch.probe import NotReady
from bench.model.cpus import Cpus
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Status, Trial, Workload
from bench.running import trials
from bench.verdicts import checks
from bench.verdicts.verdict import Name, Setup
from loadgen.fleet import Fleet
from loadgen.part import Moment
from loadgen.plan import Load
from servers import discovery
from tests.support import machine

SECRET = "hunter2-9f1c"
LIMIT_S = 10.0
KIB = 1024
SERVER, GENERATOR = machine.split()
CONDITIONS = trials.Conditions(Cpus((SERVER,), (GENERATOR,)), 3, 0.2, 0.05, 0.2, seed=1)
CELL = Cell("mine", Workload("kept", "tcp", Load(4)))
PREAMBLE = """
import os, signal, socket, subprocess, sys, threading
from servers.api import echo
FAMILY = "test"

def accept(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()

def serve(listener, settings):
"""
# A worker in its group, and one that has left group and session behind: both outlive their parent.
FAMILY_OF_THREE = ("os.fork() or signal.pause()", "os.fork() or (os.setsid(), signal.pause())")


def variant(folder: Path, *serve: str) -> ServerSpec:
    path = folder / "mine.py"
    path.write_text(PREAMBLE + "".join(f"    {line}\n" for line in (*serve, "accept(listener)")))
    return ServerSpec("mine", "test", discovery.read(path))


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def measured(
    spec: ServerSpec, at: Moment, act: Callable[["Observer", list[int]], Any], monkeypatch: Any
) -> tuple[Trial, list[psutil.Process]]:
    """Measure a trial in which something happens at a moment; return it and its processes."""
    seen: list[psutil.Process] = []

    class Acting(Observer):
        def __call__(self, moment: Moment, generators: list[int]) -> int:
            if moment is Moment.OPEN:
                seen.extend(below(os.getpid()))
            if moment is at:
                act(self, generators)
            return super().__call__(moment, generators)

    monkeypatch.setattr(trials, "Observer", Acting)
    trial = trials.measure(spec, CELL, CONDITIONS, (0, 0), Path(os.devnull))
    return trial, seen


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def server_of(observer: Observer) -> int:
    return psutil.Process(observer.root).children()[0].pid


VICTIMS: dict[str, tuple[Callable[[Observer, list[int]], Any], Status, Name]] = {
    "supervisor": (lambda seen, _: kill(seen.root), Status.INSTRUMENT, Name.INSTRUMENT),
    "generator": (lambda _, pids: kill(pids[0]), Status.INSTRUMENT, Name.INSTRUMENT),
    "server": (lambda seen, _: kill(server_of(seen)), Status.MEASURED, Name.BROKEN_ECHO),
    "nobody": (lambda *_: None, Status.MEASURED, Name.VALID),
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_whoever_dies_first_nothing_is_left_and_it_is_said(
    victim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, status, verdict = VICTIMS[victim]
    spec = variant(tmp_path, *FAMILY_OF_THREE)
    trial, processes = measured(spec, Moment.OPEN, act, monkeypatch)
    assert len(processes) >= 5  # supervisor, server and its two, generator
    assert not psutil.wait_procs(processes, LIMIT_S)[1]
    assert trial.status is status
    found = checks.judge([trial], Setup(1)).name
    assert (found is verdict) or victim == "nobody"
    if status is Status.INSTRUMENT:
        assert f"{victim}" in trial.reason
        assert "killed by" in trial.reason


def test_a_supervisor_that_dies_before_the_server_is_ready_is_the_instrument(
    tmp_path: Path,
) -> None:
    spec = variant(tmp_path, *FAMILY_OF_THREE, "os.kill(os.getppid(), 9)", "signal.pause()")
    trial = trials.measure(spec, CELL, CONDITIONS, (0, 0), tmp_path / "none")
    assert (trial.status, trial.server_end) == (Status.INSTRUMENT, "killed")
    assert "the supervisor of the server was killed by signal 9" in trial.reason
    assert not below(os.getpid())


@pytest.mark.parametrize("again", [False, True], ids=["once", "for ever"])
def test_a_server_that_stops_its_supervisor_is_ended(again: bool, tmp_path: Path) -> None:
    stop = "os.kill(os.getppid(), signal.SIGSTOP)"
    lines = [stop]
    if again:
        lines = [f"if os.fork() == 0:\n        while True: {stop.replace('getppid()', 'sup')}"]
        lines.insert(0, "sup = os.getppid()")
    spec = variant(tmp_path, *lines)
    fair = Allotment((SERVER,), 3, grace_s=0.3)
    with Server(spec, "tcp", fair) as server:
        processes = below(server.supervisor_pid)
    assert processes
    assert not psutil.wait_procs(processes, LIMIT_S)[1]
    assert server.ended in ("clean", "killed")


def test_nobody_can_read_what_is_a_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    for number in range(4):
        monkeypatch.setenv(f"LONG_{number}", "x" * 50 * KIB)
    folder = tmp_path / f"home-of-{SECRET}"
    folder.mkdir()
    lines: dict[int, bytes] = {}

    def look(*_: object) -> None:
        for process in below(os.getpid()):
            lines[process.pid] = Path(f"/proc/{process.pid}/cmdline").read_bytes()

    print_it = "print(os.environ['TOKEN'], len(os.environ['LONG_3']), flush=True)"
    spec = variant(folder, print_it, "os.fork() or signal.pause()")
    trial, _ = measured(spec, Moment.OPEN, look, monkeypatch)
    assert trial.status is Status.MEASURED, trial.reason
    assert len(lines) >= 4
    for line in lines.values():
        assert SECRET.encode() not in line
        assert len(line) < KIB
    with Server(spec, "tcp", Allotment((SERVER,), 3)) as server:
        assert server.output() == f"{SECRET} {50 * KIB}"


def test_a_server_finds_its_standard_input_empty(tmp_path: Path) -> None:
    spec = variant(
        tmp_path, "print(repr(sys.stdin.read()), os.ttyname(0) if 0 else '', flush=True)"
    )
    with Server(spec, "tcp", Allotment((SERVER,), 3)) as server:
        assert server.output() == "''"


def test_of_what_a_server_prints_head_and_tail_are_kept_and_memory_is_bounded(
    tmp_path: Path,
) -> None:
    flood = (
        "print('first'); sys.stdout.flush()\n    for _ in range(1600): os.write(1, b'x' * 65536)"
    )
    spec = variant(tmp_path, flood, "print('last', flush=True)")
    with Server(spec, "tcp", Allotment((SERVER,), 3)) as server:
        assert server._output is not None
        fd = server._output.fd
        assert os.fstat(fd).st_size > 100 * KIB * KIB
        # The supervisor looks ten times a second: an event to wait for there is none.
        while os.fstat(fd).st_blocks * 512 > 4 * 64 * KIB:
            os.sched_yield()
        assert os.pread(fd, 64 * KIB, 0) == b"first\n" + b"x" * (64 * KIB - 6)
        text = server.output()
        assert text.startswith("first\nx")
        assert text.endswith("xlast")
        assert "bytes left out" in text
        assert len(text) < output.HEAD_BYTES + output.TAIL_BYTES + 100
    assert server.last_words().endswith("last")


def test_a_flood_before_a_death_keeps_the_cause(tmp_path: Path) -> None:
    spec = variant(
        tmp_path, "print('no licence', flush=True)", "os.write(1, b'x' * 10**6)", "1 / 0"
    )
    with pytest.raises(NotReady, match=r"ZeroDivisionError(?s:.*)no licence"):
        Server(spec, "tcp", Allotment((SERVER,), 3)).__enter__()


def test_a_fleet_ends_its_processes_without_having_run(tmp_path: Path) -> None:
    with Server(variant(tmp_path), "tcp", Allotment((SERVER,), 3)) as server:
        plan = trials.load_plan(CELL.workload, CONDITIONS, server.address, 0, 0)
        with Fleet(plan) as fleet:
            workers = [psutil.Process(worker.pid) for worker in fleet.workers]
    assert workers
    assert not any(worker.is_running() for worker in workers)

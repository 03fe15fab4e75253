"""The generator's processes: what they are given, how they die, and what the house says of it."""

import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen import fleet
from loadgen.fleet import FleetError
from loadgen.plan import Load, Plan, PlanError, Target
from tests.support.echoes import serving
from tests.support.known import known
from tests.support.paths import ROOT


def plan(target: Target, load: Load | None = None) -> Plan:
    # The server is a thread of this process: it shares the generator's CPUs.
    return Plan(target, load or Load(4), 0.3, 0.1, 0.2, spin=False)


def generated(target: Target, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with more in the environment."""
    words = [sys.executable, "-m", "loadgen", str(target), "--connections", "4", *flags]
    return subprocess.run(
        [*words, "--duration", "0.2", "--warmup", "0.1", "--drain", "0.2"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("moment", ["open", "close"])
def test_a_process_that_is_killed_is_named_with_its_signal(moment: str) -> None:
    def watch(now: str, workers: list[int]) -> int:
        if now == moment:
            os.kill(workers[1], signal.SIGKILL)
        return time.monotonic_ns()

    with serving() as target, pytest.raises(FleetError, match=r"process 1 was killed by SIGKILL$"):
        fleet.run(dataclasses.replace(plan(target), processes=2), watch)


def test_a_process_that_raises_is_quoted() -> None:
    nowhere = dataclasses.replace(plan(Target.parse("127.0.0.1:9")), cpus=(1023,))
    with pytest.raises(FleetError, match=r"process 0 ended with status 1: OSError: \[Errno 22\]"):
        fleet.run(nowhere)


def test_a_process_that_refuses_the_plan_says_so_in_one_line() -> None:
    with pytest.raises(PlanError, match=r"^source 203.0.113.7: cannot be bound"):
        fleet.run(dataclasses.replace(plan(Target.parse("127.0.0.1:9")), sources=("203.0.113.7",)))
    with pytest.raises(PlanError, match=r"^target no\.such\.host\.invalid:9: "):
        fleet.run(plan(Target.parse("no.such.host.invalid:9")))


def test_switches_of_python_do_not_reach_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTRACEMALLOC", "10")
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    seen: list[str] = []

    def watch(_: str, workers: list[int]) -> int:
        environment = Path(f"/proc/{workers[0]}/environ").read_text(encoding="utf-8")
        seen.extend(word.partition("=")[0] for word in environment.split("\0"))
        return time.monotonic_ns()

    with serving() as target:
        fleet.run(plan(target), watch)
    assert {name for name in seen if name.startswith("PYTHON")} == {"PYTHONPATH"}
    assert "PATH" in seen


@pytest.mark.parametrize("folder", ["/no/such/folder", "/proc/self"])
def test_no_folder_for_temporary_files_is_needed(folder: str) -> None:
    with serving() as target:
        ended = generated(target, "--json", TMPDIR=folder, TMP=folder, TEMP=folder)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["samples"] > 0


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--payload", "65508"], "error: payload 65508: a datagram holds 65507 bytes at most"),
        (["--wait", "nap"], "error: wait 'nap': choose from spin, sleep"),
        (["--source", "::1"], "error: source ::1: cannot be bound"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(flags: list[str], line: str) -> None:
    ended = generated(Target.parse("udp:127.0.0.1:9"), *flags)
    assert ended.returncode == 2
    assert ended.stderr.startswith(line)
    assert ended.stderr.count("\n") == 1


def test_a_churn_whose_ports_are_bounded_says_so_before_it_starts() -> None:
    with serving() as target:
        ended = generated(target, "--requests-per-connection", "2")
    assert ended.returncode == 0
    assert "note: the ports of this machine allow" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_want_of_descriptors_in_mid_run_is_a_shortage_and_no_error_of_the_server() -> None:
    def watch(moment: str, workers: list[int]) -> int:
        if moment == "open":
            _, hard = resource.prlimit(workers[0], resource.RLIMIT_NOFILE)
            # Standard input, output and error are all that there may be: no socket any more.
            resource.prlimit(workers[0], resource.RLIMIT_NOFILE, (3, hard))
        return time.monotonic_ns()

    load = Load(40, requests_per_connection=3, rate=2000.0)
    with serving() as target:
        digest = fleet.run(plan(target, load), watch)
    assert digest.shortages.counts.keys() == {"no-descriptors"}
    assert digest.shortages.detail == "Too many open files"
    assert digest.errors == digest.mismatches == 0


def test_the_sources_go_on_from_load_to_load() -> None:
    with serving() as target:
        load = Load(4, requests_per_connection=2, rate=400.0)
        first = fleet.run(plan(target, load))
        assert first.next_source >= known(first.due) / 2
        again = fleet.run(dataclasses.replace(plan(target, load), first_source=1_000_000))
        assert again.next_source > 1_000_000


def all_due(path: Path) -> Any:
    """Return when the requests of a window fell due, answered or not, in order.

    What was outstanding when the window opened is on record as well, with a time before it.
    """
    samples = np.load(path)
    both = np.concatenate([samples["intended_ns"], samples["unanswered_intended_ns"]])
    return np.sort(both[both >= 0])


def test_two_servers_of_a_block_meet_the_same_schedule_and_other_blocks_another(
    tmp_path: Path,
) -> None:
    """Of the same seed and block the requests fall due at the same instants after the start."""
    load = Load(4, rate=1000.0)
    due = []
    for number, block in enumerate([3, 3, 4]):
        with serving() as target:
            path = tmp_path / f"{number}.npz"
            digest = fleet.run(dataclasses.replace(plan(target, load), block=block), samples=path)
        due.append((digest.due, digest.samples))
    assert due[0] == due[1]
    assert due[0][0] == due[0][1]
    intended, again, other = (all_due(tmp_path / f"{n}.npz") for n in range(3))
    assert (intended == again).all()
    assert len(other) != len(intended) or (other != intended).any()


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (0.3, []),
        (1.5, []),
        (1.6, [0.5, 1.0, 1.5]),
        (2.0, [0.5, 1.0, 1.5]),
        (600.0, [10.0 * number for number in range(1, 60)]),
    ],
)
def test_others_look_often_enough_and_not_for_ever(
    duration_s: float, expected: list[float]
) -> None:
    assert fleet.looks_within(duration_s) == pytest.approx(expected)


def test_others_are_told_of_the_moments_in_their_order() -> None:
    told: list[str] = []

    def watch(moment: str, _: list[int]) -> int:
        told.append(moment)
        return time.monotonic_ns()

    with serving() as target:
        order = dataclasses.replace(plan(target, Load(2, rate=200.0)), duration_s=1.6)
        fleet.run(order, watch)
    assert told == ["open", *["within"] * 3, "close", "drained"]

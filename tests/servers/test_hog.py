"""A thread beside a server that never stops: one in each process that serves."""

import os
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from bench.launch.launcher import Server
from tests.support import machine
from tests.support.paths import ROOT


def threads(server: Server) -> dict[int, int]:
    """Return how many threads each process of a server has, the first the server itself."""
    first = psutil.Process(server.pid)
    return {each.pid: each.num_threads() for each in (first, *first.children(recursive=True))}


@pytest.mark.parametrize("kind", ["spin", "release"])
def test_a_server_of_one_process_has_one(kind: str) -> None:
    spec = machine.variant("selectors-default")
    with Server(spec, "tcp", replace(machine.allotment(), hog=kind)) as server:
        assert list(threads(server).values()) == [2]
        before = machine.cpu_s(server.pid)
        # It works although nobody asks for anything; pytest's time limit ends a wait in vain.
        while machine.cpu_s(server.pid) < before + 0.05:
            os.sched_yield()


def test_workers_have_one_each_and_their_parent_none() -> None:
    spec = machine.variant("process-pool")
    fair = replace(machine.allotment(), hog="spin", pool_size=3)
    with Server(spec, "tcp", fair) as server:
        assert list(threads(server).values()) == [1, 2, 2, 2]


def test_without_one_there_is_none() -> None:
    with Server(machine.variant("selectors-default"), "tcp", machine.allotment()) as server:
        assert list(threads(server).values()) == [1]


@pytest.mark.parametrize("name", ["blocking", "selectors_default", "busy_poll"])
def test_a_server_of_plain_echoes_carries_nothing_of_work(name: str) -> None:
    """What work needs, a library for hashes above all, would stand in the memory of each server."""
    script = f"import sys, servers.stream.{name}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert not {"hashlib", "sched", "servers.hog"} & set(done.stdout.split())

"""The CPUs that a measurement uses: one for the server, another for its clients."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.launch.launcher import Allotment, Server
from bench.model.server import Command, ServerSpec
from loadgen.plan import Load, Plan, Target
from servers.discovery import discover
from tests.support import native


def split() -> tuple[int, int]:
    """Return the server's CPU and the clients'; they are the same where there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[0], cpus[-1]


def shared() -> bool:
    """Return whether the server and its clients have to share one CPU."""
    return len(set(split())) == 1


def allotment() -> Allotment:
    """Return terms that keep the server on its CPU."""
    return Allotment(cpus=(split()[0],), pool_size=4)


def plan(server: Server, load: Load, duration_s: float, **more: Any) -> Plan:
    """Return a load on a TCP server that leaves the server its CPU."""
    assert isinstance(server.address, tuple)
    target = Target("tcp", *server.address)
    return Plan(target, load, duration_s, cpus=(split()[1],), **more)


def native_echo() -> ServerSpec:
    """Return the echo server in C."""
    return ServerSpec(
        "native-echo", "native", command=Command((str(native.build("echo")), "{host}", "{port}"))
    )


def variant(name: str) -> ServerSpec:
    """Return a stream server of the tree; the test is skipped where its package is missing."""
    found = discover()["stream", name]
    if found.missing():
        pytest.skip(f"needs {', '.join(found.missing())}")
    return ServerSpec(name, found.family, found)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used, its threads included."""
    # Linux makes the number of a process's CPU clock of its id (man 3 clock_getcpuclockid).
    return time.clock_gettime((~pid << 3) | 2)


@contextlib.contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """Run this process, and what it starts meanwhile, on one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def busy(cpu: int) -> Iterator[None]:
    """Keep a CPU busy with something else."""
    code = f"import os; os.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()

"""The clients that are compared: the load generator, and the yardsticks beside it."""

import json
import subprocess
import sys
from typing import Any

from bench.launch.launcher import Server
from tests.perf.comparison import Client, Figures
from tests.support import machine, native
from tests.support.paths import ROOT

SECONDS = 0.5
WARMUP_S = 0.2  # the C clients have the same, built in
# From a client's start to its end; far more than any needs.
LIMIT_S = 30.0

RATE = "replies/s"
CYCLE = "CPU µs/cycle"
SERVER_CPU = "server's CPU µs/reply"


def run(words: list[str]) -> dict[str, Any]:
    """Run a client and read the document that it prints."""
    done = subprocess.run(words, cwd=ROOT, timeout=LIMIT_S, check=True, stdout=subprocess.PIPE)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def digest(server: Server, **options: object) -> dict[str, Any]:
    """Return what the load generator found: every byte verified, every reply recorded.

    Its process is pinned by `cpus`. What starts it is not, and sleeps through the window: a parent
    with one CPU would make it choose to sleep as well.
    """
    assert isinstance(server.address, tuple)
    given: dict[str, object] = {"duration": SECONDS, "warmup": WARMUP_S}
    given |= {"cpus": machine.split()[1], "wait": "spin"} | options
    flags = [word for name, value in given.items() for word in (option(name), str(value))]
    target = f"{server.address[0]}:{server.address[1]}"
    found = run([sys.executable, "-m", "loadgen", target, *flags, "--json"])
    assert found["mismatches"] == 0
    assert found["errors"] == 0
    assert found["connections_without_reply"] == 0
    return found


def option(name: str) -> str:
    """Return the flag of an option."""
    return f"--{name.replace('_', '-')}"


def generator(connections: int, payload_bytes: int, **options: object) -> Client:
    """Return the load generator as a client that counts replies."""

    def client(server: Server) -> Figures:
        found = digest(server, connections=connections, payload=payload_bytes, **options)
        return {RATE: found["throughput_rps"]}

    return client


def waiting_generator(wait: str) -> Client:
    """Return the generator on one kept connection, told how to wait: replies, and the server's CPU.

    Without a warm-up, so that the server's CPU belongs to the replies that are counted.
    """

    def client(server: Server) -> Figures:
        before_s = machine.cpu_s(server.pid)
        found = digest(server, connections=1, warmup=0, wait=wait)
        used_us = (machine.cpu_s(server.pid) - before_s) * 1e6
        replies = found["throughput_rps"] * found["window_s"]
        return {RATE: found["throughput_rps"], SERVER_CPU: used_us / replies}

    return client


def churning_generator(connections: int, payload_bytes: int, requests: int) -> Client:
    """Return the generator in churn: replies, and its CPU for each connection's whole life."""

    def client(server: Server) -> Figures:
        load = {"connections": connections, "payload": payload_bytes}
        found = digest(server, **load, requests_per_connection=requests)
        cycles = found["throughput_rps"] * found["window_s"] / requests
        return {RATE: found["throughput_rps"], CYCLE: busy_s(found) / cycles * 1e6}

    return client


def churning_c_client(connections: int, payload_bytes: int, requests: int) -> Client:
    """Return the client in C that does the same."""
    program = str(native.build("churn_client"))

    def client(server: Server) -> Figures:
        found = counted([program], server, connections, payload_bytes, str(requests))
        cycles = found["replies"] / requests
        rate = found["replies"] / found["seconds"]
        return {RATE: rate, CYCLE: (found["cpu_s"] - found["idle_s"]) / cycles * 1e6}

    return client


def busy_s(found: dict[str, Any]) -> float:
    """Return the generator's CPU seconds in the window, without polls that found nothing.

    Who spins always uses a whole CPU; what a cycle costs is the part of the window that was not
    idle. Who sleeps uses no CPU meanwhile: the smaller of the two figures is right for both.
    """
    used_s: float = found["generator"]["cpu_s"]
    busy: float = found["window_s"] * (1 - (found["generator_idle_fraction"] or 0.0))
    return min(used_s, busy)


def c_client(connections: int, payload_bytes: int) -> Client:
    """Return the closed loop in C, which spins."""
    return counting([str(native.build("client"))], connections, payload_bytes)


def processes(connections: int, payload_bytes: int) -> Client:
    """Return a blocking process for each connection, as uvloop's own benchmark has it."""
    program = ROOT / "tests" / "perf" / "blocking_client.py"
    return counting([sys.executable, str(program)], connections, payload_bytes)


def counting(words: list[str], connections: int, payload_bytes: int) -> Client:
    """Return a client that takes HOST PORT CONNECTIONS PAYLOAD SECONDS and counts replies."""

    def client(server: Server) -> Figures:
        found = counted(words, server, connections, payload_bytes)
        return {RATE: found["replies"] / found["seconds"]}

    return client


def counted(
    words: list[str], server: Server, connections: int, payload_bytes: int, *more: str
) -> dict[str, Any]:
    """Return what such a client prints, run on the clients' CPU."""
    load = [str(value) for value in (*server.address, connections, payload_bytes, SECONDS)]
    with machine.pinned(machine.split()[1]):
        found = run([*words, *load, *more])
    assert found["replies"] > 0
    return found

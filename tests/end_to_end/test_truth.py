"""Servers whose truth is known: the generator must report it."""

import os
import signal
import threading
import time
from typing import Any

import pytest

from bench.launch.launcher import Server
from bench.model.server import ServerSpec
from loadgen import fleet
from loadgen.plan import Load, Plan, Target
from loadgen.result import Result
from servers.discovery import discover
from tests.support import machine
from tests.support.known import known


def stalled(load: Load, stall_s: float) -> Result:
    """Return what is reported of a server that is stopped for a while in the window."""
    variant = discover()["stream", "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", machine.allotment()) as server:
        timers: list[threading.Timer] = []

        def watch(moment: str, _: list[int]) -> int:
            if moment == "open":
                for after_s, number in ((2.0, signal.SIGSTOP), (2.0 + stall_s, signal.SIGCONT)):
                    timers.append(threading.Timer(after_s, os.kill, (server.pid, number)))
                    timers[-1].start()
            return time.monotonic_ns()

        digest = fleet.run(machine.plan(server, load, 6.0, warmup_s=0.5), watch)
        for timer in timers:
            timer.join()
        return digest


@pytest.mark.slow
def test_an_open_loop_sees_a_stall_that_a_closed_loop_hides() -> None:
    stall_us = 1.4e6
    opened = stalled(Load(connections=20, rate=1000.0), stall_us / 1e6)
    closed = stalled(Load(connections=20), stall_us / 1e6)
    # 23 % of the requests fall due in the stall; the worst 1 % of all waited nearly all of it.
    assert 0.85 * stall_us < known(opened.response_us.p99) < 1.1 * stall_us
    # Twenty requests waited, among tens of thousands.
    assert known(closed.response_us.p99) < 0.1 * stall_us
    assert known(closed.response_us.max) > 0.9 * stall_us


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"requests_per_connection": 3}, id="churn"),
        pytest.param({"requests_per_connection": 3, "rate": 500.0}, id="churn in open loop"),
        pytest.param({"depth": 4}, id="pipelined"),
        pytest.param({"think_us": 2000}, id="think time"),
        pytest.param({"payload_bytes": 2**20, "connections": 3}, id="a mebibyte"),
        pytest.param({"payload_bytes": 1}, id="a byte"),
        pytest.param({"payload_bytes": 70_000, "rate": 200.0}, id="large in open loop"),
        pytest.param({"idle": 30}, id="idle connections"),
        pytest.param({"rate": 300.0, "arrivals": "constant"}, id="constant arrivals"),
        pytest.param({"rate": 300.0, "max_in_flight": 2}, id="bounded in flight"),
    ],
)
def test_every_shape_of_load_is_carried_by_a_good_server(change: dict[str, Any]) -> None:
    variant = discover()["stream", "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", machine.allotment()) as server:
        load = Load(**({"connections": 8} | change))
        digest = fleet.run(machine.plan(server, load, 0.5, warmup_s=0.1))
    assert digest.samples > 50
    for name in ("mismatches", "errors", "connections_without_reply", "not_connected"):
        assert getattr(digest, name) == 0, digest.evidence
    if load.rate is not None:
        assert digest.offered_rps == load.rate
        assert known(digest.send_lag_us.p50) >= 0
    elif load.think_us:
        # A client asks at most once per think time.
        assert digest.throughput_rps < load.connections * 1e6 / load.think_us
    if load.requests_per_connection and load.rate is None:
        assert known(digest.connect_us.p50) > 0


def test_processes_share_a_load_and_their_samples_are_merged() -> None:
    variant = discover()["stream", "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", machine.allotment()) as server:
        assert isinstance(server.address, tuple)
        target = Target("tcp", *server.address)
        digest = fleet.run(Plan(target, Load(connections=7), 0.5, 0.1, processes=3))
    assert digest.connections == len(digest.replies_per_connection) == 7
    assert min(digest.replies_per_connection) > 0
    # Beside the cohort, each connection has the reply that was outstanding as the window opened.
    answered = digest.samples - digest.censored
    assert answered <= sum(digest.replies_per_connection) <= answered + 7
    assert known(known(digest.generator).processes) == 3


def test_a_process_that_dies_fails_the_load_with_its_reason() -> None:
    variant = discover()["stream", "selectors-default"]
    spec = ServerSpec(variant.name, variant.family, variant)
    with Server(spec, "tcp", machine.allotment()) as server:

        def watch(moment: str, workers: list[int]) -> int:
            if moment == "open":
                os.kill(workers[0], signal.SIGKILL)
            return time.monotonic_ns()

        with pytest.raises(fleet.FleetError, match="process 0 was killed by SIGKILL"):
            fleet.run(machine.plan(server, Load(connections=2), 0.5, warmup_s=0.0), watch)

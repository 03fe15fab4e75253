"""Connections that say nothing: held beside the load, counted, and missed when they are gone."""

import contextlib
import dataclasses
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadgen import fleet
from loadgen.fleet import Fleet
from loadgen.holder import Holder
from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.sockets import Dialer
from tests.support.echoes import serving
from tests.support.known import known


def plan(target: Target, idle: int, **changed: object) -> Plan:
    load = Load(3, idle=idle, **changed)  # type: ignore[arg-type]
    return Plan(target, load, 0.3, 0.1, 0.2, spin=False)


def sockets_of(pid: int) -> int:
    """Return how many sockets a process has open."""
    links = (os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir())
    return sum(link.startswith("socket:") for link in links)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="kept"),
        pytest.param({"rate": 300.0}, id="offered"),
        pytest.param({"requests_per_connection": 2}, id="churn"),
    ],
)
def test_they_are_held_by_as_many_processes_as_have_descriptors(
    changed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "idle_per_process", lambda: 10)
    held: list[int] = []
    with serving() as target, Fleet(plan(target, 25, **changed)) as running:

        def watch(moment: str, _: list[int]) -> int:
            if moment == "drained":
                held.extend(sockets_of(holder.pid) for holder in running.holders)
            return time.monotonic_ns()

        parts, _ = running.generate(watch)
    assert held == [10, 10, 5]
    assert [part.facts["connections"] for part in parts] == [3]
    assert parts[0].facts["not_connected"] == parts[0].facts["errors"] == 0


class Silent:
    """Echoes who speaks within a second, and ends the connections of the others."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def target(self) -> Target:
        return Target("tcp", *self.listener.getsockname())

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client: socket.socket) -> None:
        client.settimeout(1.0)
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                client.sendall(data)


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.listener.close()


def test_a_server_that_ends_who_says_nothing_is_seen(silent: Silent) -> None:
    order = dataclasses.replace(plan(silent.target, 5), duration_s=1.6)
    result = fleet.run(order)
    assert result.errors == 5
    assert {piece.kind for piece in result.evidence} == {"idle-ended"}
    assert result.samples > 0


def test_those_that_nobody_accepts_are_counted() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        target = Target("tcp", *full.getsockname())
        holder = Holder(Dialer(plan(target, 4)))
        holder.hold(4, time.monotonic_ns() + 300_000_000)
        # One is in the queue, which has room for one more than is said.
        assert len(holder.held) == 1
        assert holder.facts.not_connected == 3
        assert holder.facts.evidence[0]["detail"] == "no answer to connect"
        holder.check()
        assert holder.facts.errors == 0


def test_those_that_wait_to_be_accepted_are_not_held() -> None:
    """The kernel connects them all; this server never accepts one."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as busy:
        target = Target("tcp", *busy.getsockname())
        holder = Holder(Dialer(plan(target, 5)))
        holder.hold(5, time.monotonic_ns() + 5_000_000_000)
        assert len(holder.held) == 5
        holder.prove(time.monotonic_ns() + 200_000_000)
        assert holder.facts.not_connected == 5
        assert holder.facts.evidence[0]["detail"] == "connected, and no answer"
        holder.check()
        assert holder.facts.errors == 0


def test_the_last_ones_are_answered_before_the_load_begins() -> None:
    with serving() as target:
        holder = Holder(Dialer(plan(target, 60)))
        holder.hold(60, time.monotonic_ns() + 5_000_000_000)
        holder.prove(time.monotonic_ns() + 5_000_000_000)
        assert len(holder.held) == 60
        holder.check()
    assert (holder.facts.not_connected, holder.facts.errors, holder.facts.mismatches) == (0, 0, 0)


def test_a_wrong_answer_to_them_is_a_mismatch() -> None:
    with serving(lambda data, _: data[:-1] + b"!") as target:
        holder = Holder(Dialer(plan(target, 2)))
        holder.hold(2, time.monotonic_ns() + 5_000_000_000)
        holder.prove(time.monotonic_ns() + 5_000_000_000)
    assert holder.facts.mismatches == 2


def test_a_target_that_refuses_them_is_told_once_for_each() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        target = Target("tcp", *gone.getsockname())
    holder = Holder(Dialer(plan(target, 3)))
    holder.hold(3, time.monotonic_ns() + 5_000_000_000)
    assert holder.facts.not_connected == holder.facts.errors == 3
    assert not holder.held


def test_datagrams_know_none() -> None:
    with pytest.raises(PlanError, match="UDP has no connections that could be idle"):
        plan(Target.parse("udp:127.0.0.1:9"), 3)


def test_a_holder_that_dies_fails_the_load() -> None:
    with serving() as target, Fleet(plan(target, 3)) as running:
        known(running.holders[0]).popen.kill()
        with pytest.raises(fleet.FleetError, match="killed by SIGKILL"):
            running.generate()

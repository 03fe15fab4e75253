"""The independent client in C, on real servers: every load that it takes, and what it refuses."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.launch.launcher import Allotment, Server
from bench.model.server import ServerSpec
from bench.running.trials import target
from loadgen import witness
from loadgen.plan import Load, Plan
from loadgen.result import Witness
from loadgen.witness import WitnessError
from servers.discovery import discover
from servers.terms import kind_of
from tests.support import machine, native
from tests.support.paths import TESTS

SECONDS, WARMUP_S = 0.1, 0.05


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "PROGRAM", native.build("witness"))


@contextmanager
def serving(name: str, transport: str = "tcp", tree: str = "") -> Iterator[Server]:
    if name == "native":
        spec = machine.native_echo()
    else:
        found = (discover(TESTS / tree) if tree else discover())[kind_of(transport), name]
        spec = ServerSpec(found.name, found.family, found)
    fair = Allotment((machine.split()[0],), pool_size=4, grace_s=0.3)
    with Server(spec, transport, fair) as server:
        yield server


def plan(server: Server, load: Load, processes: int = 1) -> Plan:
    where = target(server.transport, server.address)
    spin = not machine.shared()
    return Plan(where, load, processes=processes, cpus=(machine.split()[1],), spin=spin)


def driven(server: Server, load: Load, processes: int = 1) -> Witness:
    return witness.drive(plan(server, load, processes), SECONDS, WARMUP_S)


KEPT = {
    "one": Load(1),
    "fifty": Load(50),
    "pipelined": Load(5, depth=16),
    "pipelined, long": Load(2, 20_000, depth=8),
    "a mebibyte": Load(3, 2**20),
    "a byte": Load(3, 1),
    "idle ones beside": Load(3, idle=20),
    "asleep": Load(3, wait="sleep"),
}
CHURN = {
    "churn": Load(20, requests_per_connection=1),
    "churn, long": Load(5, 200_000, requests_per_connection=2),
    "churn of ten": Load(20, requests_per_connection=10, wait="sleep"),
}
OFFERED = {"offered": Load(20, rate=2000.0), "offered, asleep": Load(5, rate=500.0, wait="sleep")}
STREAMS = KEPT | CHURN | OFFERED
DATAGRAMS = {name: load for name, load in (KEPT | OFFERED).items() if "long" not in name}
DATAGRAMS |= {"a mebibyte": Load(3, 9000)}
del DATAGRAMS["idle ones beside"]  # what is not connected cannot be idle
CASES = [
    *itertools.product(["tcp", "tcp6", "unix"], ["selectors-default"], STREAMS),
    *itertools.product(["tcp"], ["native", "asyncio-streams"], STREAMS),
    *itertools.product(["udp"], ["selectors-default", "asyncio-protocol"], DATAGRAMS),
]


@pytest.mark.parametrize(("transport", "name", "kind"), CASES)
def test_a_good_server_answers_it_right(transport: str, name: str, kind: str) -> None:
    load = (DATAGRAMS if transport == "udp" else STREAMS)[kind]
    with serving(name, transport) as server:
        seen = driven(server, load)
    assert seen.wrong == 0
    assert seen.throughput_rps * seen.window_s > 5
    assert seen.window_s >= SECONDS
    if load.rate is not None:
        # Wide: what falls due while others have the CPU is sent afterwards.
        assert load.rate / 3 < seen.throughput_rps < 3 * load.rate


def test_processes_share_a_load_and_begin_together() -> None:
    with serving("selectors-default") as server:
        orders = [witness.order(plan(server, Load(7), 3), number) for number in range(3)]
        seen = driven(server, Load(7), 3)
    assert [order[3] for order in orders] == ["connections=3", "connections=2", "connections=2"]
    assert (seen.processes, seen.wrong) == (3, 0)
    assert seen.throughput_rps > 0


@pytest.mark.parametrize(
    ("name", "transport"),
    [("flipped-bit", "tcp"), ("other-request", "tcp"), ("surplus-byte", "tcp")],
)
def test_wrong_bytes_are_counted(name: str, transport: str) -> None:
    # Of eight bytes all are looked at: of longer ones the first eight.
    with serving(name, transport, "defects") as server:
        seen = driven(server, Load(8, 8))
    assert seen.wrong > 0


@pytest.mark.parametrize("name", ["drops-one-percent", "duplicates", "reorders"])
def test_datagrams_that_are_lost_doubled_or_out_of_order_are_not_wrong(name: str) -> None:
    # At a rate: in closed loop every place soon waits for what was lost. Nothing is counted
    # twice: what is doubled would come out at twice the rate.
    with serving(name, "udp", "defects") as server:
        seen = witness.drive(plan(server, Load(8, rate=1000.0)), 0.5, 0.1)
    assert seen.wrong == 0
    assert 0 < seen.throughput_rps < 1.5 * 1000


@pytest.mark.parametrize("name", ["closes-early", "resets"])
def test_one_that_hangs_up_is_told_in_a_line(name: str) -> None:
    with serving(name, "tcp", "defects") as server, pytest.raises(WitnessError) as error:
        witness.drive(plan(server, Load(8)), 1.0, WARMUP_S)
    assert "\n" not in str(error.value)


def test_one_that_is_gone_is_told_in_a_line() -> None:
    with serving("selectors-default") as server:
        gone = plan(server, Load(3))
    with pytest.raises(WitnessError, match="refused"):
        witness.drive(gone, SECONDS, WARMUP_S)


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (Load(3, think_us=10), "no think time"),
        (Load(3, rate=10.0, requests_per_connection=1), "no connections at a rate"),
        (Load(3, depth=2, requests_per_connection=1), "one request in flight"),
        (Load(3, rate=10.0, max_in_flight=3), "bound the requests in flight"),
    ],
)
def test_what_it_cannot_drive_is_said(load: Load, why: str) -> None:
    with serving("selectors-default") as server, pytest.raises(WitnessError, match=why):
        driven(server, load)


def test_where_it_is_not_built_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(witness, "PROGRAM", tmp_path / "none")
    with serving("selectors-default") as server:
        assert "not built" in witness.unfit(plan(server, Load(3)))

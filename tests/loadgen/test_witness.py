"""The independent client in C, on real servers: every load that it takes, and what it refuses."""

from pathlib import Path

import pytest

from bench.launch.launcher import Allotment, Server
from bench.model.server import ServerSpec
from loadgen import witness
from loadgen.plan import Load, Plan
from loadgen.witness import WitnessError
from servers.discovery import discover
from servers.terms import kind_of
from tests.support import machine, native
from tests.support.paths import TESTS

SECONDS, WARMUP_S = 0.2, 0.05


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "PROGRAM", native.build("witness"))


def _started(name: str, transport: str = "tcp", folder: str = "") -> Server:
    tree = discover(TESTS / folder) if folder else discover()
    found = tree[kind_of(transport), name]
    spec = ServerSpec(found.name, found.family, found)
    return Server(spec, transport, Allotment((machine.split()[0],), pool_size=4, grace_s=0.3))


def _plan(server: Server, load: Load, processes: int = 1) -> Plan:
    from bench.running.trials import target

    where = target(server.transport, server.address)
    cpus = (machine.split()[1],)
    return Plan(where, load, SECONDS, WARMUP_S, processes=processes, cpus=cpus)


LOADS = {
    "one connection": Load(1),
    "fifty": Load(50),
    "pipelined": Load(5, depth=16),
    "a mebibyte": Load(3, 2**20),
    "a byte": Load(3, 1),
    "idle ones beside": Load(3, idle=20),
    "offered": Load(20, rate=2000.0),
    "asleep": Load(3, wait="sleep"),
}


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
@pytest.mark.parametrize("transport", ["tcp", "tcp6", "unix"])
def test_it_is_answered_by_a_good_server(transport: str, load: Load) -> None:
    with _started("selectors-default", transport) as server:
        seen = witness.drive(_plan(server, load), SECONDS, WARMUP_S)
    assert seen.throughput_rps * seen.window_s > 20
    assert seen.wrong == 0
    if load.rate is not None:
        assert seen.throughput_rps == pytest.approx(load.rate, rel=0.35)


@pytest.mark.parametrize("load", [Load(20), Load(5, depth=4), Load(5, rate=2000.0)])
def test_datagrams(load: Load) -> None:
    with _started("selectors-default", "udp") as server:
        seen = witness.drive(_plan(server, load), SECONDS, WARMUP_S)
    assert seen.throughput_rps * seen.window_s > 20
    assert seen.wrong == 0


@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("requests", [1, 10])
def test_connections_that_are_renewed(transport: str, requests: int) -> None:
    with _started("asyncio-protocol", transport) as server:
        load = Load(20, requests_per_connection=requests)
        seen = witness.drive(_plan(server, load), SECONDS, WARMUP_S)
    assert seen.throughput_rps * seen.window_s > 20
    assert seen.wrong == 0


def test_processes_share_a_load() -> None:
    with _started("selectors-default") as server:
        seen = witness.drive(_plan(server, Load(7), processes=3), SECONDS, WARMUP_S)
    assert seen.processes == 3
    assert seen.throughput_rps > 0


@pytest.mark.parametrize("name", ["flipped-bit", "other-request", "surplus-byte"])
def test_wrong_bytes_are_counted(name: str) -> None:
    with _started(name, folder="defects") as server:
        try:
            seen = witness.drive(_plan(server, Load(8, 8)), SECONDS, WARMUP_S)
        except WitnessError:
            return  # or it ends, since nothing fits any more
    assert seen.wrong > 0


def test_one_that_is_gone_is_told_in_a_line() -> None:
    with _started("selectors-default") as server:
        plan = _plan(server, Load(3))
    with pytest.raises(WitnessError, match="refused"):
        witness.drive(plan, SECONDS, WARMUP_S)


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (Load(3, think_us=10), "think time"),
        (Load(3, rate=10.0, requests_per_connection=1), "renew connections at a rate"),
        (Load(3, rate=10.0, max_in_flight=3), "in flight"),
    ],
)
def test_what_it_cannot_drive_is_said(load: Load, why: str) -> None:
    with _started("selectors-default") as server, pytest.raises(WitnessError, match=why):
        witness.drive(_plan(server, load), SECONDS, WARMUP_S)


def test_where_it_is_not_built_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "PROGRAM", tmp_path / "witness")
    with _started("selectors-default") as server:
        assert "not built" in witness.unfit(_plan(server, Load(3)))

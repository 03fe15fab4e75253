"""Short loads on real servers: what comes back is verified, and what is claimed of time is so."""

from collections.abc import Callable
from typing import Any

import pytest

from bench.launch.launcher import Server
from loadgen import fleet
from loadgen.plan import Load, Plan, Target
from loadgen.result import Result, Shortages
from tests.support import machine
from tests.support.echoes import serving
from tests.support.known import known

SIZE = 64
TROUBLE = ("mismatches", "errors", "not_connected", "connections_without_reply", "censored")


def plan(target: Target, load: Load, duration_s: float = 0.5, **more: Any) -> Plan:
    return Plan(target, load, duration_s, 0.1, cpus=(machine.split()[1],), **more)


def measured(load: Load, duration_s: float = 0.5, **more: Any) -> Result:
    """Return what is found of the best server of the tree, on a CPU of its own."""
    with Server(machine.variant("selectors-default"), "tcp", machine.allotment()) as server:
        assert isinstance(server.address, tuple)
        return fleet.run(plan(Target("tcp", *server.address[:2]), load, duration_s, **more))


def flipped(data: bytes, number: int) -> bytes:
    """Flip a bit of byte 21 of the last reply, now and then."""
    if number % 50 != 49:
        return data
    at = len(data) - SIZE + 21
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def swapped(data: bytes, number: int) -> bytes:
    """Let two replies of a batch change places, now and then."""
    if number % 50 != 49:
        return data
    return data[SIZE : 2 * SIZE] + data[:SIZE] + data[2 * SIZE :]


def one_short(data: bytes, number: int) -> bytes:
    """Leave the first reply of a batch out, now and then."""
    return data[SIZE:] if number % 50 == 49 else data


@pytest.mark.parametrize("depth", [2, 16, 64])
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (flipped, "from offset 21:"),
        (swapped, "these bytes were sent as another request"),
        (one_short, "these bytes were sent as another request"),
    ],
)
def test_a_reply_that_is_wrong_in_a_batch_is_named(
    reply: Callable[[bytes, int], bytes], words: str, depth: int
) -> None:
    with serving(reply) as target:
        # The server is a thread of this process: it shares the generator's CPU where there is one.
        digest = fleet.run(plan(target, Load(3, SIZE, depth=depth), spin=False))
    assert digest.mismatches == 3
    assert {piece.kind for piece in digest.evidence} == {"wrong-bytes"}
    assert all(words in piece.detail for piece in digest.evidence)


@pytest.mark.parametrize("depth", [1, 4, 16, 64])
def test_every_byte_of_a_good_server_is_verified(depth: int) -> None:
    digest = measured(Load(10, SIZE, depth=depth))
    assert all(getattr(digest, name) == 0 for name in TROUBLE), digest.evidence
    assert digest.samples > 1000
    # And the replies to what was outstanding as the window opened.
    assert 0 <= sum(digest.replies_per_connection) - digest.samples <= 10 * depth
    assert digest.shortages == Shortages()


@pytest.mark.parametrize("requests", [1, 5])
def test_connections_that_fall_due_are_answered_and_timed_from_when_they_were_due(
    requests: int,
) -> None:
    load = Load(50, requests_per_connection=requests, rate=500.0 * requests)
    digest = measured(load)
    assert all(getattr(digest, name) == 0 for name in TROUBLE[:3]), digest.evidence
    # What falls due in the last moment of a window may find the generator without its CPU.
    assert digest.unsent <= 0.02 * known(digest.due)
    # Of a connection that falls due at the end of the window the later requests come after it.
    assert (
        known(digest.due) - 10 * (requests - 1)
        <= digest.samples
        <= known(digest.due) + 50 * requests
    )
    if requests == 1:
        assert digest.samples == known(digest.due)
    response, service = known(digest.response_us.mean), known(digest.service_us.mean)
    connecting = known(digest.connect_us.mean) / requests
    assert connecting > 0
    assert response - service >= 0.8 * connecting


def test_in_closed_loop_connecting_is_in_no_response() -> None:
    digest = measured(Load(20, requests_per_connection=1))
    assert known(digest.response_us.p50) == known(digest.service_us.p50)
    assert known(digest.connect_us.p50) > 0
    assert digest.due is None


@pytest.mark.skipif(machine.shared(), reason="a generator that spins needs a CPU of its own")
def test_a_generator_with_one_connection_is_idle_and_its_looks_are_not_full() -> None:
    one = measured(Load(1, wait="spin"))
    many = measured(Load(200, wait="spin"))
    assert known(one.generator_idle_fraction) > 0.3
    assert known(one.generator_full_polls) < 0.3
    assert known(one.generator_idle_fraction) > known(many.generator_idle_fraction)
    assert one.wait == many.wait == "spin"


@pytest.mark.parametrize("load", [Load(2, rate=50.0), Load(2, think_us=40_000)], ids=str)
def test_a_generator_that_sleeps_leaves_the_cpu_to_others(load: Load) -> None:
    used = {}
    for wait in ("spin", "sleep"):
        digest = measured(Load(**(vars(load) | {"wait": wait})))
        used[wait] = known(known(digest.generator).cpu_s)
        assert digest.wait == wait
        assert digest.samples > 5
    assert used["sleep"] < 0.5 * used["spin"]

"""The fast loops and readable ones, on the same scripted kernel: the same rows come of both."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loadgen import worker
from loadgen.open import OpenLoop
from loadgen.paced import PacedLoop
from loadgen.plan import Load
from tests.scripted.kernel import START_NS, Dialer, Kernel
from tests.scripted.loops import CONNECT_NS, short_plan
from tests.scripted.reference import Closed, Open, Pipelined, Reference, Row
from tests.scripted.servers import Both, Narrow, Pieces, Server

WINDOW_NS = 4_000_000
SERVERS = [Server, Pieces, Narrow, Both]
CASES = {
    "closed, one": (Load(1), Closed),
    "closed, three": (Load(3), Closed),
    "closed": (Load(50), Closed),
    "closed, large": (Load(20, 5000), Closed),
    "pipelined, 4": (Load(20, depth=4), Pipelined),
    "pipelined, 64": (Load(10, depth=64), Pipelined),
    "open": (Load(50, rate=2e6), Open),
    "open, by turns": (Load(3, rate=5e5, arrivals="constant", assignment="turns"), Open),
}


def fast_rows(load: Load, kernel: Kernel) -> list[Row]:
    plan = short_plan(load, WINDOW_NS / 1e9, 0.0)
    dialer: Any = Dialer(kernel)
    driver = worker.choose(plan, load.connections, dialer, kernel.system())
    driver.connect(kernel.now_ns + CONNECT_NS)
    begin_ns = kernel.now_ns = 2 * START_NS
    recorder = driver.recorder
    recorder.begin(begin_ns, begin_ns, begin_ns + WINDOW_NS)
    driver.run(begin_ns + WINDOW_NS)
    columns = (recorder.intended, recorder.sent, recorder.received, recorder.slot)
    return list(zip(*(column[: recorder.rows] for column in columns), strict=True))


def reference_rows(load: Load, kernel: Kernel, kind: Callable[..., Reference]) -> list[Row]:
    reference: Reference = kind(short_plan(load, WINDOW_NS / 1e9, 0.0), kernel)
    reference.connect()
    begin_ns = kernel.now_ns = 2 * START_NS
    reference.run(begin_ns + WINDOW_NS)  # type: ignore[attr-defined]
    return reference.rows


# What a socket does not take is put off in open loop, and its stamps are told further below.
PAIRS = [
    pytest.param(load, kind, server, id=f"{name}, {server.__name__}")
    for name, (load, kind) in CASES.items()
    for server in SERVERS
    if kind is not Open or not issubclass(server, Narrow)
]


@pytest.mark.parametrize(("load", "kind", "server"), PAIRS)
def test_a_fast_loop_records_what_a_readable_one_does(
    load: Load, kind: type[Reference], server: type[Server]
) -> None:
    # The closed loops see time pass by calls alone, so that where they look at the clock is free.
    clock_ns = 20 if kind is Open else 0
    kernels = [Kernel(server(load.payload_bytes), clock_ns=clock_ns) for _ in range(2)]
    rows, expected = fast_rows(load, kernels[0]), reference_rows(load, kernels[1], kind)
    assert len(rows) > 200
    assert len(rows) == len(expected)
    times = list(zip(rows, expected, strict=True))
    assert all(row[:2] == other[:2] and row[3] == other[3] for row, other in times)
    # A reply that did not come whole and alone is stamped after its read, not after the look.
    looked = sum(row[2] == other[2] for row, other in times)
    assert all(row[2] >= other[2] for row, other in times)
    assert looked == len(rows) or server is not Server


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "load",
    [
        Load(50, rate=2e6),
        Load(3, rate=5e5, arrivals="constant", assignment="turns"),
        Load(8, 5000, rate=1e5),
    ],
    ids=["many", "by turns", "large"],
)
def test_the_open_loop_and_the_paced_one_answer_for_the_same_requests(
    load: Load, seed: int, server: type[Server]
) -> None:
    """What falls due, on whom, is the schedule's; both must send all of it, and record each once.

    Where they look at the clock differs, so that their stamps do, by some of the kernel's calls.
    """
    played = []
    for kind in (OpenLoop, PacedLoop):
        kernel = Kernel(server(load.payload_bytes), clock_ns=20)
        plan = short_plan(load, WINDOW_NS / 1e9, 0.0, seed)
        dialer: Any = Dialer(kernel)
        loop = kind(plan, load.connections, dialer, kernel.system())
        loop.connect(kernel.now_ns + CONNECT_NS)
        begin_ns = kernel.now_ns = 2 * START_NS
        recorder = loop.recorder
        recorder.begin(begin_ns, begin_ns, begin_ns + WINDOW_NS)
        loop.run(begin_ns + WINDOW_NS)
        loop.drain(kernel.now_ns + CONNECT_NS)
        rows, close_ns = recorder.rows, begin_ns + WINDOW_NS
        left = np.asarray(recorder.unanswered, dtype=np.int64).reshape(-1, 4)
        answered = zip(recorder.intended[:rows], recorder.slot[:rows], strict=True)
        given_up = zip(left[:, 0].tolist(), left[:, 2].tolist(), strict=True)
        assert loop.facts.errors == loop.facts.mismatches == 0
        assert loop.ledger.in_flight == 0
        # What fell due while the last batch was sent is beyond the window, and no two do the same.
        inside = sorted(one for one in (*answered, *given_up) if one[0] < close_ns)
        assert len(inside) == loop.facts.due
        played.append((inside, rows))
    (fast, rows), (readable, _) = played
    assert fast == readable
    assert rows > 200

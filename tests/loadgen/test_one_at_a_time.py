"""An open loop with work: one request in flight on a connection, and what rests is taken."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from loadgen import worker
from loadgen.plan import Load
from tests.scripted.kernel import START_NS, Dialer, Kernel
from tests.scripted.loops import CONNECT_NS, short_plan
from tests.scripted.servers import Narrow, Pieces, Server

WINDOW_NS = 4_000_000
# Requests take some 7 µs: ten connections can answer 1.5 million a second.
LOADS = {"at rest": 1e5, "busy": 1e6, "overloaded": 3e6}
# Calls of the loop between a reply and the next request.
SLACK_NS = 20_000

Rows = NDArray[np.int64]


def played(rate: float, marked: float, server: type[Server]) -> tuple[Rows, Rows, int]:
    """Return the rows of the answered, those of the others, and how many fell due."""
    load = Load(10, rate=rate)
    kernel = Kernel(server(load.payload_bytes), clock_ns=20)
    plan = replace(short_plan(load, WINDOW_NS / 1e9, 0.0), duration_s=1.0, marked=marked)
    object.__setattr__(plan, "duration_s", WINDOW_NS / 1e9)
    dialer: Any = Dialer(kernel)
    driver: Any = worker.choose(plan, load.connections, dialer, kernel.system())
    driver.connect(kernel.now_ns + CONNECT_NS)
    begin_ns = kernel.now_ns = 2 * START_NS
    recorder = driver.recorder
    recorder.begin(begin_ns, begin_ns, begin_ns + WINDOW_NS)
    driver.run(begin_ns + WINDOW_NS)
    driver.drain(kernel.now_ns + CONNECT_NS)
    assert driver.facts.errors == driver.facts.mismatches == driver.ledger.in_flight == 0
    columns = (recorder.intended, recorder.sent, recorder.received, recorder.slot)
    rows = np.array([column[: recorder.rows] for column in columns])
    left = np.asarray(recorder.unanswered, dtype=np.int64).reshape(-1, 4).T
    return rows, left, driver.facts.due


@pytest.mark.parametrize("server", [Server, Pieces, Narrow])
@pytest.mark.parametrize("marked", [0.3, 1.0])
@pytest.mark.parametrize("rate", LOADS.values(), ids=LOADS)
def test_requests_share_no_connection_and_none_is_lost(
    rate: float, marked: float, server: type[Server]
) -> None:
    rows, left, due = played(rate, marked, server)
    intended, sent, received, slot = rows
    connection = np.maximum(slot, ~slot)
    assert ((slot < 0).any() and (slot >= 0).any()) == (marked < 1)
    for number in range(10):
        mine = np.argsort(sent[connection == number])
        ends, begins = received[connection == number][mine], sent[connection == number][mine]
        assert (begins[1:] >= ends[:-1]).all()
    inside = int((intended < 2 * START_NS + WINDOW_NS).sum())
    assert inside + int((left[0] < 2 * START_NS + WINDOW_NS).sum()) == due


def test_nobody_waits_while_a_connection_rests() -> None:
    intended, sent, received, slot = played(LOADS["busy"], 1.0, Server)[0]
    late = sent - intended > SLACK_NS
    for at in intended[late]:
        busy = (sent <= at + SLACK_NS) & (received > at)
        assert len(set(slot[busy].tolist())) == 10

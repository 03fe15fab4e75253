"""The generator's closed loop beside a client in C, and beside a process for each connection."""

from collections.abc import Callable

import pytest

from tests.perf.clients import RATE, c_client, generator, processes
from tests.perf.comparison import alternate, column
from tests.perf.table import Asked, Row, ratios
from tests.support import machine

# (connections, payload bytes): what part of the C client's rate is asked of ours.
ON_THE_C_SERVER = {(50, 64): 0.92, (50, 1024): 0.92, (10_000, 64): 0.95}
# connections: the same, or None where the figure only informs.
ON_UVLOOP = {1: 0.85, 2: None, 3: 0.85, 5: 0.85, 10: 0.85, 50: None}

Report = Callable[[Row], None]


@pytest.mark.parametrize(("connections", "payload_bytes"), ON_THE_C_SERVER)
def test_closed_loop_beside_a_c_client(
    report: Report, rounds: int, connections: int, payload_bytes: int
) -> None:
    clients = [make(connections, payload_bytes) for make in (generator, c_client)]
    ours, other = (
        column(found, RATE) for found in alternate(machine.native_echo(), clients, rounds)
    )
    asked = Asked(">=", ON_THE_C_SERVER[connections, payload_bytes])
    name = f"{connections:,} x {payload_bytes:,} B, C server: generator / C client"
    report(ratios(name, ours, other, RATE, asked))


@pytest.mark.parametrize("connections", ON_UVLOOP)
def test_closed_loop_on_uvloop_beside_a_c_client_and_processes(
    report: Report, rounds: int, connections: int
) -> None:
    clients = [make(connections, 64) for make in (generator, c_client, processes)]
    found = alternate(machine.variant("uvloop-protocol"), clients, rounds)
    ours, in_c, blocking = (column(figures, RATE) for figures in found)
    asked = ON_UVLOOP[connections]
    limit = None if asked is None else Asked(">=", asked)
    name = f"{connections} x 64 B, uvloop-protocol: generator / "
    report(ratios(name + "C client", ours, in_c, RATE, limit))
    report(ratios(name + "blocking processes", ours, blocking, RATE))

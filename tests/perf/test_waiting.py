"""A generator that sleeps for its reply measures its own waking, and what that costs the server."""

from collections.abc import Callable

from tests.perf.clients import RATE, SERVER_CPU, waiting_generator
from tests.perf.comparison import alternate, column
from tests.perf.table import Row, ratios
from tests.support import machine


def test_waiting_by_spinning_beside_sleeping(report: Callable[[Row], None], rounds: int) -> None:
    clients = [waiting_generator(wait) for wait in ("spin", "sleep")]
    spins, sleeps = alternate(machine.native_echo(), clients, rounds)
    for unit in (RATE, SERVER_CPU):
        name = f"1 x 64 B, C server, {unit}: spin / sleep"
        report(ratios(name, column(spins, unit), column(sleeps, unit), unit))

"""What several requests in flight on a connection bring: whole batches in one call each way."""

from collections.abc import Callable

from tests.perf.clients import RATE, generator
from tests.perf.comparison import alternate, column
from tests.perf.table import Asked, Row, ratios
from tests.support import machine

CONNECTIONS = 50
DEPTHS = (16, 64)
ASKED = Asked(">=", 4)


def test_pipelining_beside_one_request_in_flight(
    report: Callable[[Row], None], rounds: int
) -> None:
    clients = [generator(CONNECTIONS, 64, depth=depth) for depth in (1, *DEPTHS)]
    found = alternate(machine.native_echo(), clients, rounds)
    single, *deep = (column(figures, RATE) for figures in found)
    for depth, rates in zip(DEPTHS, deep, strict=True):
        name = f"{CONNECTIONS} x 64 B, C server: depth {depth} / depth 1"
        report(ratios(name, rates, single, RATE, ASKED))

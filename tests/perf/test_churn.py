"""Connections that live for a few requests: what a cycle costs, and whether runs repeat."""

import statistics
from collections.abc import Callable

import pytest

from bench.launch.launcher import Server
from tests.perf.clients import (
    CYCLE,
    RATE,
    churning_c_client,
    churning_generator,
    generator,
)
from tests.perf.comparison import Client, alternate, column
from tests.perf.table import Asked, Row, ratios
from tests.support import machine

CONNECTIONS = 50
PAYLOAD_BYTES = 64
ASKED = Asked("<=", 1.4)
RUNS_IN_A_ROW = 8

Report = Callable[[Row], None]


@pytest.mark.parametrize("requests", [1, 10])
def test_churn_cpu_of_a_cycle_beside_a_c_client(report: Report, rounds: int, requests: int) -> None:
    load = CONNECTIONS, PAYLOAD_BYTES, requests
    clients = [churning_generator(*load), churning_c_client(*load)]
    found = alternate(machine.native_echo(), clients, rounds)
    ours, other = (column(figures, CYCLE) for figures in found)
    plural = "request" if requests == 1 else "requests"
    name = f"churn, {requests} {plural} a connection, CPU: generator / C client"
    report(ratios(name, ours, other, CYCLE, ASKED))


def test_churn_repeats_as_well_as_kept_connections(report: Report) -> None:
    churn = churning_generator(CONNECTIONS, PAYLOAD_BYTES, 1)
    kept = generator(CONNECTIONS, PAYLOAD_BYTES)
    name = f"spread of {RUNS_IN_A_ROW} runs in a row, C server: churn / kept"
    report(ratios(name, [spread(churn)], [spread(kept)], "% of the mean"))


def spread(client: Client) -> float:
    """Return the coefficient of variation of runs in a row, in percent."""
    with Server(machine.native_echo(), "tcp", machine.allotment()) as server:
        rates = [client(server)[RATE] for _ in range(RUNS_IN_A_ROW)]
    return 100 * statistics.stdev(rates) / statistics.mean(rates)

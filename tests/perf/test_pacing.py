"""How far behind its schedule the open loop sends, against a C server on another CPU."""

import statistics
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.launcher import Server
from loadgen.fleet import run
from loadgen.plan import Load, Plan, Target
from tests import machine

RUNS = 8
RUN_S = 1.0
# A run in which the generator waited for its CPU longer than this says nothing of its pacing.
DISTURBED = 0.002


def driven(server: Server, rate: int) -> dict[str, Any]:
    """Return the digest of one run from the clients' CPU."""
    assert isinstance(server.address, tuple)
    target, cpus = Target("tcp", *server.address), (machine.split()[1],)
    return run(Plan(target, Load(50, 64, rate=rate), RUN_S, 0.2, cpus=cpus))


@pytest.mark.parametrize(("rate", "p99_limit_us"), [(20_000, 25), (60_000, 60), (100_000, None)])
def test_send_lag(benchmark: BenchmarkFixture, rate: int, p99_limit_us: float | None) -> None:
    digests: list[dict[str, Any]] = []

    def runs() -> None:
        with Server(machine.native_echo(), "tcp", machine.terms()) as server:
            digests.extend(driven(server, rate) for _ in range(RUNS))

    benchmark.pedantic(runs, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    lags = [digest["send_lag_us"]["p99"] for digest in digests]
    achieved = [digest["achieved_rps"] / rate for digest in digests]
    waits = [digest["generator"]["run_queue_s"] / digest["window_s"] for digest in digests]
    # Others use this machine too: the lower quartile of the runs tells what the generator does.
    lower = statistics.quantiles(lags, n=4)[0]
    benchmark.extra_info |= {
        "p99_us_lower_quartile": round(lower, 1),
        "p99_us": [round(lag, 1) for lag in lags],
        "achieved_of_offered": [round(share, 3) for share in achieved],
        "run_queue_share": [round(share, 4) for share in waits],
    }
    assert all(digest["mismatches"] == 0 for digest in digests)
    if machine.split()[0] == machine.split()[1] or statistics.quantiles(waits, n=4)[0] > DISTURBED:
        pytest.skip("the generator did not have a CPU to itself")
    assert max(achieved) > 0.98
    if p99_limit_us is not None:
        assert lower <= p99_limit_us

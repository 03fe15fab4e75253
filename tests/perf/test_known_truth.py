"""Response times against a server whose truth is known: Lindley's recursion, and M/M/1.

The server serves one request at a time, for programmed times which it logs. The same intended
arrivals and the same services give the response times that a perfect instrument would report.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from bench.launcher import Command, Server, ServerSpec
from loadgen.fleet import run
from loadgen.plan import Load, Plan, Target
from tests import machine, native
from tests.truth import lindley

# Long against what lies outside the queue: some 45 µs for two sends and a wake-up.
MEAN_S = 0.002
WINDOW_S = 8.0
CONNECTIONS = 20
WITHIN = 0.05
# One path through the queue is a sample of what the textbook says about all of them.
TEXTBOOK_WITHIN = 0.15
# Another tenant of the machine can hold up a server or a generator of one attempt.
ATTEMPTS = 3


@dataclass(frozen=True)
class Outcome:
    """Response times in milliseconds of the same requests, in order of arrival."""

    measured: NDArray[np.float64]
    computed: NDArray[np.float64]

    def figures(self) -> dict[str, float]:
        """Return mean and p99 of both, and their ratios."""
        found: dict[str, float] = {}
        for name, figure in (("mean", np.mean), ("p99", p99)):
            measured, computed = float(figure(self.measured)), float(figure(self.computed))
            found |= {f"{name}_ms": measured, f"{name}_lindley_ms": computed}
            found[f"{name}_ratio"] = measured / computed
        return found


def p99(times: NDArray[np.float64]) -> float:
    """Return the 99th percentile, by nearest rank."""
    return float(np.quantile(times, 0.99, method="inverted_cdf"))


def measure(folder: Path, distribution: str, load: float) -> Outcome:
    """Drive the single queue once, with exponential arrivals."""
    log, samples = folder / "log", folder / "samples.npz"
    program = str(native.ROOT / "tests" / "truth" / "single_queue.py")
    options = ("--mean-us", str(MEAN_S * 1e6), "--distribution", distribution, "--log", str(log))
    words = (sys.executable, program, "{host}", "{port}", *options)
    spec = ServerSpec("single-queue", "truth", command=Command(words))
    with Server(spec, "tcp", machine.terms()) as server:
        assert isinstance(server.address, tuple)
        target = Target("tcp", *server.address)
        rate = Load(CONNECTIONS, 64, rate=load / MEAN_S)
        cpus = (machine.split()[1],)
        run(Plan(target, rate, WINDOW_S, 0.0, drain_s=2.0, cpus=cpus), samples=samples)
    with np.load(samples) as rows:
        order = np.argsort(rows["intended_ns"])
        intended, received = rows["intended_ns"][order], rows["received_ns"][order]
    services = lindley.read_log(log)[:, 2]
    computed = lindley.response_times(intended.tolist(), services.tolist())
    return Outcome((received - intended) / 1e6, np.array(computed) / 1e6)


def close(figures: dict[str, float]) -> bool:
    """Return whether mean and p99 are within the limit of what they should be."""
    return all(abs(figures[f"{name}_ratio"] - 1) <= WITHIN for name in ("mean", "p99"))


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("distribution", ["exponential", "deterministic"])
def test_response_times_agree_with_the_recursion(
    benchmark: BenchmarkFixture, tmp_path: Path, distribution: str, load: float
) -> None:
    outcomes: list[Outcome] = []

    def attempt() -> None:
        for _ in range(ATTEMPTS):
            outcomes.append(measure(tmp_path, distribution, load))
            if close(outcomes[-1].figures()):
                break

    benchmark.pedantic(attempt, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    figures = outcomes[-1].figures()
    benchmark.extra_info |= {name: round(value, 3) for name, value in figures.items()}
    benchmark.extra_info["attempts"] = len(outcomes)
    assert close(figures), [outcome.figures() for outcome in outcomes]
    if distribution == "exponential" and load < 0.8:
        mean_ms = lindley.mm1_mean(load, MEAN_S) * 1e3
        p99_ms = lindley.mm1_percentile(load, MEAN_S, 0.99) * 1e3
        assert figures["mean_ms"] == pytest.approx(mean_ms, rel=TEXTBOOK_WITHIN)
        assert figures["p99_ms"] == pytest.approx(p99_ms, rel=TEXTBOOK_WITHIN)

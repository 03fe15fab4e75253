"""Whether an overload is told from a queue that is merely long, at rates low and high."""

import numpy as np
import pytest

from bench.verdicts import bounds
from bench.verdicts.verdict import Setup
from tests.simulation import queues

RUNS = 200
SETUP = Setup(server_cpus=1)
SHAPES = [(10.0, 5.0), (50.0, 1.0), (200.0, 1.0), (1000.0, 1.0), (20_000.0, 1.0)]


def _flagged(rate: float, window_s: float, load: float, services: str) -> float:
    source = np.random.default_rng(5)
    trials = (queues.trial(source, rate, window_s, load, services) for _ in range(RUNS))
    return sum(bounds.overloaded(trial, SETUP) is not None for trial in trials) / RUNS


@pytest.mark.parametrize("services", ["exponential", "constant"])
@pytest.mark.parametrize(("rate", "window_s"), SHAPES)
def test_a_server_that_keeps_up_is_seldom_called_overloaded(
    rate: float, window_s: float, services: str
) -> None:
    # 5 % are asked for at the limit itself, and that is the worst.
    assert _flagged(rate, window_s, 0.7, services) <= 0.02
    assert _flagged(rate, window_s, 0.9, services) <= 0.05
    assert _flagged(rate, window_s, 1.0, services) <= 0.12


@pytest.mark.parametrize(
    ("rate", "window_s", "capacity"),
    [(200.0, 1.0, 0.75), (1000.0, 1.0, 0.85), (20_000.0, 1.0, 0.93), (50.0, 5.0, 0.75)],
)
def test_a_server_that_does_not_keep_up_is(rate: float, window_s: float, capacity: float) -> None:
    assert _flagged(rate, window_s, 1 / capacity, "constant") >= 0.9
    assert _flagged(rate, window_s, 1 / capacity, "exponential") >= 0.75


@pytest.mark.parametrize(("rate", "window_s"), SHAPES)
def test_a_generator_that_keeps_its_schedule_is_never_the_limit(
    rate: float, window_s: float
) -> None:
    source = np.random.default_rng(6)
    for _ in range(100):
        trial = queues.trial(source, rate, window_s, 0.5, "exponential")
        assert bounds.generator_bound(trial, SETUP) is None

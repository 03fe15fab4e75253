"""Whoever adds blocks until two servers are apart is wrong no more often than is said."""

import numpy as np

from bench.base import levels
from bench.pairs import ranking
from tests.simulation.models import Noise, entrants

RUNS, LOOKS = 200, 8
FIRST, MORE = 5, 3
EQUAL = Noise("equal noise of 3 %")


def _ever_apart(source: np.random.Generator, *, corrected: bool) -> bool:
    logs = EQUAL.drawn(source, 2, FIRST + MORE * (LOOKS - 1))
    for look in range(1, LOOKS + 1):
        error = levels.ERROR / (look**levels.LOOKS if corrected else 1)
        seen = entrants(logs[: FIRST + MORE * (look - 1)])
        if ranking.rank(seen, error=error).pairs[0].apart:
            return True
    return False


def test_a_run_that_is_looked_at_again_and_again() -> None:
    source = np.random.default_rng(3)
    assert sum(_ever_apart(source, corrected=True) for _ in range(RUNS)) <= 0.12 * RUNS
    # The same without the correction, or this test could not fail.
    source = np.random.default_rng(3)
    assert sum(_ever_apart(source, corrected=False) for _ in range(RUNS)) >= 0.09 * RUNS

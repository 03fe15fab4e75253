"""What one more of something costs: known slopes are found again."""

import numpy as np
import pytest

from bench.analysis.slopes import slope
from tests.support.known import known

PLACES = (0.0, 500.0, 1000.0, 2000.0, 4000.0)


def test_the_interval_holds_a_known_slope() -> None:
    held = 0
    for seed in range(100):
        source = np.random.default_rng(seed)
        values = {n: (20 + 0.01 * n + source.normal(0, 1, 5)).tolist() for n in PLACES}
        found = known(slope(values))
        held += known(found.low) <= 0.01 <= known(found.high)
    # Of a hundred, 95 % are 95; below 88 with a chance of 1 in 400.
    assert held >= 88


def test_a_line_without_chance_is_exact() -> None:
    found = known(slope({n: [3 + 2 * n, 3 + 2 * n] for n in PLACES}))
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_two_places_or_three_trials_are_too_few() -> None:
    assert slope({0.0: [1.0, 2.0], 1.0: [2.0, 3.0]}) is None
    assert slope({n: [1.0] for n in PLACES[:3]}) is None

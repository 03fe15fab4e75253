"""Geometric means and ratios against values worked out by hand, and their intervals' coverage."""

import math
import random

import pytest

from bench.analysis import intervals
from bench.base.estimate import Estimate


def test_no_values_no_estimate() -> None:
    assert intervals.geometric([]) is None


def test_one_trial_has_no_interval() -> None:
    found = intervals.geometric([40_000.0])
    assert found is not None
    assert found.value == pytest.approx(40_000.0)
    assert (found.low, found.high) == (None, None)


def test_two_trials_by_hand() -> None:
    # logs 0 and ln 4: mean ln 2, standard deviation ln 4 / sqrt 2, t(1) = 12.7062
    found = intervals.geometric([1.0, 4.0])
    half = 12.7062 * math.log(4) / math.sqrt(2) / math.sqrt(2)
    assert found is not None
    assert found.value == pytest.approx(2)
    assert found.low == pytest.approx(2 * math.exp(-half), rel=1e-4)
    assert found.high == pytest.approx(2 * math.exp(half), rel=1e-4)


def test_equal_trials_have_an_interval_without_width() -> None:
    found = intervals.geometric([5.0] * 4)
    assert found is not None
    assert found.low == pytest.approx(5.0)
    assert found.relative_half_width == pytest.approx(0.0)


def test_a_trial_without_replies_makes_it_zero() -> None:
    assert intervals.geometric([1000.0, 0.0]) == Estimate(0.0)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_refuses_what_cannot_be_averaged(value: float) -> None:
    with pytest.raises(ValueError, match="cannot average"):
        intervals.geometric([1.0, value])


@pytest.mark.parametrize(("trials", "at_least"), [(5, 0.91), (12, 0.91), (60, 0.91)])
def test_intervals_cover_the_truth(trials: int, at_least: float) -> None:
    source = random.Random(7)
    covered = 0
    for _ in range(200):
        found = intervals.geometric([math.exp(source.gauss(10, 0.05)) for _ in range(trials)])
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= math.exp(10) <= found.high
    assert covered / 200 >= at_least


def test_a_rebuilt_bootstrap_is_the_same() -> None:
    values = [float(value) for value in range(70, 130)]
    assert intervals.geometric(values) == intervals.geometric(values)


@pytest.mark.parametrize(
    "values", [[5.0], [1.0, 4.0], [1000.0, 0.0], [float(n + 1) for n in range(12)]]
)
def test_the_centre_is_that_of_the_estimate(values: list[float]) -> None:
    found = intervals.geometric(values)
    assert found is not None
    assert intervals.centre(values) == pytest.approx(found.value)
    assert intervals.centre([]) is None


def test_ratio_pairs_by_block() -> None:
    first = {0: 100.0, 1: 200.0, 2: 400.0, 9: 1.0}
    second = {0: 50.0, 1: 100.0, 2: 200.0, 8: 1.0}
    found = intervals.ratio(first, second)
    assert found is not None
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0)


def test_ratio_without_a_shared_block() -> None:
    assert intervals.ratio({0: 1.0}, {1: 1.0}) is None
    assert intervals.ratio({0: 1.0}, {0: 0.0}) is None

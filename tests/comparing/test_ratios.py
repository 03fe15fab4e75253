"""The ratio of two sides by hand, and how often its interval holds the truth."""

import math
import random

import pytest

from bench.base import levels
from bench.comparing import ratios
from bench.pairs import pairwise


def test_one_run_a_side_by_hand() -> None:
    # Means of the logs 1 and 2, variances 1 and 4 of three: error sqrt(5/3), freedom 50/17.
    before, after = [math.exp(log) for log in (0, 1, 2)], [math.exp(log) for log in (0, 2, 4)]
    found = ratios.contrast([before], [after])
    assert found is not None
    assert found.log == pytest.approx(1)
    assert found.error == pytest.approx(math.sqrt(5 / 3))
    assert found.freedom == pytest.approx(50 / 17)


def test_two_runs_a_side_by_hand() -> None:
    # Run means 0 and 2 before, 3 and 5 after: a pooled variance of 2 with two degrees of freedom.
    sides = [[[math.exp(log)] * 3 for log in logs] for logs in ((0, 2), (3, 5))]
    found = ratios.contrast(*sides)
    assert found is not None
    assert found.log == pytest.approx(3)
    assert found.error == pytest.approx(math.sqrt(2 * (1 / 2 + 1 / 2)))
    assert found.freedom == 2


def test_one_trial_has_no_error() -> None:
    found = ratios.contrast([[100.0]], [[110.0, 110.0]])
    assert found is not None
    assert math.exp(found.log) == pytest.approx(1.1)
    assert found.error is None


@pytest.mark.parametrize(("before", "after"), [([], [1.0]), ([1.0], [0.0, 1.0])])
def test_no_ratio_without_values(before: list[float], after: list[float]) -> None:
    assert ratios.contrast([before], [after]) is None


def _holds(before: list[list[float]], after: list[list[float]]) -> bool:
    found = ratios.contrast(before, after)
    assert found is not None
    ratio, _ = pairwise.estimated(found, levels.LEVEL)
    assert ratio is not None
    return (ratio.low or 9) <= 1 <= (ratio.high or 0)


def test_one_run_a_side_covers_the_truth_where_the_machine_stands_still() -> None:
    source = random.Random(5)
    covered = sum(
        _holds(
            [[source.lognormvariate(10, 0.05) for _ in range(5)]],
            [[source.lognormvariate(10, 0.01) for _ in range(8)]],
        )
        for _ in range(300)
    )
    assert covered / 300 >= 0.92


@pytest.mark.parametrize(("runs", "least", "most"), [(1, 0.0, 0.7), (3, 0.92, 0.98)])
def test_a_machine_that_moves_between_runs(runs: int, least: float, most: float) -> None:
    source = random.Random(6)

    def side() -> list[list[float]]:
        moved = [source.gauss(10, 0.03) for _ in range(runs)]
        return [[source.lognormvariate(at, 0.03) for _ in range(8)] for at in moved]

    covered = sum(_holds(side(), side()) for _ in range(400)) / 400
    # One run a side takes the machine for the server; three a side know it.
    assert least <= covered <= most
